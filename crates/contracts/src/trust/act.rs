use core::fmt;

use super::{Capability, Contract, Reach};
use crate::MissionTime;

/// What a message does: somebody does this to that, so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Act {
    /// What is done.
    pub capability: Capability,
    /// To what.
    pub contract: Contract,
    /// How far, as seen from who does it.
    pub reach: Reach,
}

impl Act {
    /// An act.
    pub const fn new(capability: Capability, contract: Contract, reach: Reach) -> Self {
        Self { capability, contract, reach }
    }

    /// Whether it goes on when the author's standing is in doubt: a fleet reads and solves then, and commits to nothing.
    ///
    /// To read, to say what is one's own, to run rounds and to open sums goes on.
    /// Plans and commands for others, approvals and what hands rights on wait until the doubt is gone.
    pub const fn goes_on_in_doubt(self) -> bool {
        match self.capability {
            Capability::Read => true,
            Capability::Publish => matches!(self.reach, Reach::Own) || matches!(self.contract, Contract::Round),
            Capability::Open => matches!(self.contract, Contract::Sum),
            Capability::Approve | Capability::Delegate => false,
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let far = match self.reach {
            Reach::Own => "of its own",
            Reach::Group => "of its group",
            Reach::Fleet => "of the fleet",
        };
        write!(f, "{} {} {far}", self.capability, self.contract)
    }
}

/// When and where in the log somebody judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What the judge's clock reads.
    pub now: MissionTime,
    /// How far it may be off, in milliseconds.
    pub clock_bound_ms: i64,
    /// How many entries the governance log has where the act stands; without it the act stands nowhere yet, and the newest that the judge knows count.
    ///
    /// It is never the author's own claim: a stolen key would date its acts back.
    pub position: Option<u64>,
}

impl Moment {
    /// Now, for an act that stands in no log yet.
    pub const fn live(now: MissionTime, clock_bound_ms: i64) -> Self {
        Self { now, clock_bound_ms, position: None }
    }
}
