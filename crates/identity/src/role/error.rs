use core::fmt;

use super::{Capability, Contract, FORMAT, Role};

/// Why a policy is not taken, or why a member may not have the roles it has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyError {
    /// It is no JSON of this form.
    Form {
        /// What the reader says, with line and column.
        detail: String,
    },
    /// Another format or version.
    Format {
        /// Which.
        found: String,
    },
    /// A rule that gives nothing to anybody, or gives what another rule gives already.
    Idle {
        /// Which rule, from 1.
        rule: usize,
    },
    /// A role would approve what it makes itself.
    Separation {
        /// The role.
        role: Role,
        /// What it may do.
        makes: (Capability, Contract),
        /// What it may do as well.
        judges: (Capability, Contract),
    },
    /// Two roles that the policy keeps apart are held by one member.
    Apart {
        /// One.
        one: Role,
        /// The other.
        other: Role,
    },
    /// A role is kept apart from itself.
    ApartFromItself {
        /// Which.
        role: Role,
    },
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { detail } => write!(f, "this is no policy: {}; correct it there", detail.escape_debug()),
            Self::Format { found } => {
                write!(
                    f,
                    "the format is `{}` and this reader knows `{FORMAT}`; write it in that form",
                    found.escape_debug()
                )
            }
            Self::Idle { rule } => write!(f, "rule {rule} gives nothing that is not given without it; take it out"),
            Self::Separation { role, makes, judges } => write!(
                f,
                "{role} may {} {} and {} {}: whoever makes something does not judge it; give one of the two to another role",
                makes.0, makes.1, judges.0, judges.1
            ),
            Self::Apart { one, other } => {
                write!(f, "the policy keeps {one} and {other} apart, and one member has both; take one away")
            }
            Self::ApartFromItself { role } => write!(f, "{role} is kept apart from itself; name two roles"),
        }
    }
}

impl std::error::Error for PolicyError {}
