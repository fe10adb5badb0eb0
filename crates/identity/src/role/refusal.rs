use core::fmt;

use super::{Capability, Contract, Reach, Roles};

/// That something is not allowed, and what would be needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The roles of who asked.
    pub roles: Roles,
    /// What it wanted to do.
    pub capability: Capability,
    /// To what.
    pub contract: Contract,
    /// How far.
    pub reach: Reach,
    /// The roles that a rule gives this to; none if no rule gives it to anybody.
    pub needed: Roles,
    /// How far its own roles may do it, if at all.
    pub nearest: Option<Reach>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { roles, capability, contract, reach, needed, nearest } = self;
        let far = |reach: &Reach| match reach {
            Reach::Own => "of its own",
            Reach::Group => "of its group",
            Reach::Fleet => "of the whole fleet",
        };
        write!(f, "no rule lets {roles} {capability} {contract} {}", far(reach))?;
        if let Some(nearest) = nearest {
            write!(f, ", only {}", far(nearest))?;
        }
        if *needed == Roles::NONE {
            f.write_str("; the policy gives it to nobody, so a policy that does must be approved first")
        } else {
            let words: Vec<&str> = needed.iter().map(super::Role::word).collect();
            write!(f, "; needed is the role {}", words.join(" or "))
        }
    }
}

impl std::error::Error for Refusal {}
