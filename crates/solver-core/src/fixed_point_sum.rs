use cosmosmesh_contracts::round::{Contribution, Quantiser, ReportLayout, RoundQuery, SummedReport, WordWidth};
use cosmosmesh_contracts::traits::{RangeRule, Sum, SumError};

use crate::Ranging;

/// Adds contributions as words in coded ranges, as a masked sum does, but in the open: what masking costs in accuracy and bytes, without its secrecy.
///
/// # Privacy
/// None, as of [`crate::PlainSum`].
/// # Cost
/// About a twentieth more words than numbers from the second round on, with 64 bits; twice as many in the first.
/// # Source
/// docs/math/federated-solver.md#words.
#[derive(Clone, Debug)]
pub struct FixedPointSum {
    ranging: Ranging,
    bytes: u64,
    clipped: u32,
}

impl FixedPointSum {
    /// A sum of at most so many contributions, in words of this width.
    pub fn new(width: WordWidth, contributors_max: u32) -> Self {
        Self { ranging: Ranging::new(width, contributors_max), bytes: 0, clipped: 0 }
    }

    /// Bytes of the words that each contributor has sent so far.
    pub fn bytes_up(&self) -> u64 {
        self.bytes
    }

    /// How many fields of sums were dropped so far because somebody clipped.
    pub fn fields_clipped(&self) -> u32 {
        self.clipped
    }
}

impl Sum for FixedPointSum {
    fn sum(
        &mut self,
        query: &RoundQuery,
        contributions: &mut dyn Iterator<Item = Contribution>,
    ) -> Result<SummedReport, SumError> {
        let layout = ReportLayout::of(query)?;
        let ranges = self.ranging.ranges(query, &layout);
        let width = ranges.width;
        let quantiser = Quantiser::new(layout, ranges)?;
        let mut total = vec![0; quantiser.word_count()];
        let mut contributors: u32 = 0;
        for contribution in contributions {
            quantiser.add(&mut total, &quantiser.quantise(&contribution)?);
            contributors += 1;
        }
        if contributors == 0 {
            return Err(SumError::Report(cosmosmesh_contracts::round::ReportError::Empty));
        }
        let summed = quantiser.restore(&total)?;
        self.ranging.hear(query, &summed);
        self.bytes += (quantiser.word_count() * width.bytes()) as u64;
        let fields = summed.layout().fields();
        self.clipped += fields.iter().filter(|f| !summed.is_sound(f.kind, f.point)).count() as u32;
        Ok(summed)
    }
}
