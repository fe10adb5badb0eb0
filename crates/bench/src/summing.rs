//! Which arithmetic adds the assets' contributions.

use core::fmt;
use core::str::FromStr;
use std::sync::Arc;

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::round::{Contribution, RoundQuery, SummedReport, WordWidth};
use cosmosmesh_contracts::traits::{Sum, SumError};
use cosmosmesh_crypto::{seeded_provider, seeded_signer};
use cosmosmesh_privacy::MaskedSum;
use cosmosmesh_privacy::mask::Roster;
use cosmosmesh_solver_core::{FixedPointSum, PlainSum, Ranging};

/// The arithmetic of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Summing {
    /// Floating-point numbers of 64 bits.
    Plain,
    /// Words of 64 bits in coded ranges, as masks need them.
    Fixed64,
    /// Words of 48 bits.
    Fixed48,
    /// Words of 64 bits under masks, with agents, guardians and aggregator in this process: the sums of [`Summing::Fixed64`].
    Masked64,
}

impl Summing {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Fixed64, Self::Fixed48, Self::Masked64];
    /// Those without masks.
    pub const OPEN: [Self; 3] = [Self::Plain, Self::Fixed64, Self::Fixed48];

    /// The name on command lines and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Fixed64 => "fixed-64",
            Self::Fixed48 => "fixed-48",
            Self::Masked64 => "masked-64",
        }
    }

    /// A sum of this arithmetic for a fleet of so many assets.
    pub fn open(self, asset_count: usize) -> Box<dyn Sum> {
        let contributors_max = u32::try_from(asset_count).unwrap_or(u32::MAX);
        match self {
            Self::Plain => Box::new(PlainSum),
            Self::Fixed64 => Box::new(FixedPointSum::new(WordWidth::Bits64, contributors_max)),
            Self::Fixed48 => Box::new(FixedPointSum::new(WordWidth::Bits48, contributors_max)),
            Self::Masked64 => masked(contributors_max),
        }
    }
}

/// A masked sum, or one that refuses everything if the fleet is too small for it.
fn masked(asset_count: u32) -> Box<dyn Sum> {
    let width = WordWidth::Bits64;
    let mut nodes = 0;
    // Masks cancel, so a seed for every node changes no figure.
    let mut node = || {
        nodes += 1;
        let name = format!("node-{nodes}");
        seeded_provider(Arc::new(seeded_signer(1, &name)), 1, &name)
    };
    let rule = Box::new(Ranging::new(width, asset_count));
    match MaskedSum::new(asset_count, width, rule, &mut node, &mut || Box::new(MemoryStore::new())) {
        Ok(sum) => Box::new(sum),
        Err(_) => Box::new(TooFew(asset_count)),
    }
}

struct TooFew(u32);

impl Sum for TooFew {
    fn sum(&mut self, _: &RoundQuery, _: &mut dyn Iterator<Item = Contribution>) -> Result<SummedReport, SumError> {
        Err(SumError::TooFew { found: self.0, min: Roster::CONTRIBUTORS_MIN })
    }
}

impl fmt::Display for Summing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Summing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|summing| summing.name() == text);
        found.ok_or_else(|| format!("there is no sum `{text}`; choose one of {names}"))
    }
}

/// A sum chosen at run time.
pub(crate) struct Adder(pub(crate) Box<dyn Sum>);

impl Sum for Adder {
    fn sum(
        &mut self,
        query: &RoundQuery,
        contributions: &mut dyn Iterator<Item = Contribution>,
    ) -> Result<SummedReport, SumError> {
        self.0.sum(query, contributions)
    }
}
