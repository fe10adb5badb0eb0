use cosmosmesh_contracts::round::{Contribution, ReportLayout, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Sum, SumError};

/// Adds contributions in the open, in the order in which they come.
///
/// # Privacy
/// None: whoever adds sees every contribution. It is the reference that private sums are compared with.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainSum;

impl Sum for PlainSum {
    fn sum(
        &mut self,
        query: &RoundQuery,
        contributions: &mut dyn Iterator<Item = Contribution>,
    ) -> Result<SummedReport, SumError> {
        let layout = ReportLayout::of(query)?;
        let mut total = vec![0.0; layout.len()];
        for contribution in contributions {
            contribution.check(&layout)?;
            total.iter_mut().zip(contribution.values()).for_each(|(t, v)| *t += v);
        }
        Ok(SummedReport::opened(layout, total)?)
    }
}
