//! Which arithmetic adds the assets' contributions.

use core::fmt;
use core::str::FromStr;

use cosmosmesh_contracts::round::{Contribution, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Sum, SumError};
use cosmosmesh_solver_core::PlainSum;

/// The arithmetic of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Summing {
    /// Floating-point numbers of 64 bits.
    Plain,
}

impl Summing {
    /// All there are.
    pub const ALL: [Self; 1] = [Self::Plain];

    /// The name on command lines and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
        }
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

impl Sum for Summing {
    fn sum(
        &mut self,
        query: &RoundQuery,
        contributions: &mut dyn Iterator<Item = Contribution>,
    ) -> Result<SummedReport, SumError> {
        match self {
            Self::Plain => PlainSum.sum(query, contributions),
        }
    }
}
