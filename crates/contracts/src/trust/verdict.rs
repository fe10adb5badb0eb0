use core::fmt;

use super::{Act, Roles};
use crate::key::NodeId;

/// What a judge finds. Neither of the other two is valid; what goes on in doubt, [`Act::goes_on_in_doubt`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Valid {
        /// How old the governance is by which it was judged, in milliseconds.
        evidence_age_ms: i64,
    },
    /// It does not hold, and more evidence of the same kind would not change that.
    Invalid(Invalid),
    /// What is known does not settle it.
    Indeterminate {
        /// What is not known.
        unknown: Unknown,
        /// How old the governance is by which it was judged, in milliseconds.
        evidence_age_ms: i64,
    },
}

/// Why something does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Invalid {
    /// Its time has certainly not come.
    Early,
    /// Its time is certainly over.
    Expired,
    /// It counts for log positions before the act's only.
    Superseded,
    /// It was issued after the act that it should cover.
    Later,
    /// It is revoked.
    Revoked {
        /// From this number of entries on.
        since: u64,
    },
    /// The issuer was not approved where it was issued, or is not where it is used.
    Issuer,
    /// The key is not that of the member it names: never admitted, removed, or rotated away.
    Subject,
    /// No certificate of the author was shown.
    Unshown,
    /// The author's roles do not give the right.
    Role {
        /// The roles in force: those of the certificate that the log gives as well, and what was handed on.
        has: Roles,
        /// Each of these roles would do.
        needed: Roles,
    },
}

/// What a judge would have to learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// The clock is too coarse to tell.
    Time,
    /// The certificate names log entries that the judge does not have.
    Log {
        /// How many entries are needed.
        needed: u64,
    },
    /// The governance is older than the policy allows.
    Freshness,
}

impl Verdict {
    /// How old the governance is by which it was judged, in milliseconds, where that matters.
    pub const fn evidence_age_ms(&self) -> Option<i64> {
        match self {
            Self::Valid { evidence_age_ms } | Self::Indeterminate { evidence_age_ms, .. } => Some(*evidence_age_ms),
            Self::Invalid(_) => None,
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Early => f.write_str("its time has not come; wait, or show the rung before"),
            Self::Expired => f.write_str("its time is over; show the next rung, or renew"),
            Self::Superseded => f.write_str("the log has gone past its last position; renew"),
            Self::Later => f.write_str("it was issued after what it should cover"),
            Self::Revoked { since } => write!(f, "revoked from {since} log entries on"),
            Self::Subject => {
                f.write_str("its key is not that of the member it names; ask for one for the member's present key")
            }
            Self::Issuer => f.write_str("its issuer is not approved; governors approve issuers"),
            Self::Unshown => f.write_str("no certificate of this key was shown; show one, or ask an issuer for one"),
            Self::Role { has, needed } if *needed == Roles::NONE => {
                write!(f, "{has} may not do this, and no rule lets anybody; governors change the policy")
            }
            Self::Role { has, needed } => {
                write!(f, "{has} may not do this; needed is one of: {needed}; governors give roles")
            }
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time => f.write_str("the clock's bound reaches over an end of its window; wait, or set the clock"),
            Self::Log { needed } => write!(f, "{needed} log entries are needed; fetch the log"),
            Self::Freshness => f.write_str("the governance is older than is tolerated; fetch the log"),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid { evidence_age_ms } => write!(f, "valid, by governance {evidence_age_ms} ms old"),
            Self::Invalid(why) => write!(f, "invalid: {why}"),
            Self::Indeterminate { unknown, evidence_age_ms } => {
                write!(f, "indeterminate: {unknown}; judged by governance {evidence_age_ms} ms old")
            }
        }
    }
}

/// An act that is not heard: whose, which, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustRefusal {
    /// Who is said to have done it.
    pub author: NodeId,
    /// What.
    pub act: Act,
    /// Invalid, or indeterminate for an act that does not go on in doubt.
    pub verdict: Verdict,
}

impl fmt::Display for TrustRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} may not {} now: {}", self.author, self.act, self.verdict)
    }
}

impl std::error::Error for TrustRefusal {}

/// Why what somebody showed is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShownError {
    /// Nobody is asked for anything here.
    Unwanted,
    /// The bytes are none.
    Malformed {
        /// The offset of the first byte that does not fit.
        at: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// A signature that does not fit.
    Signature {
        /// Which of those that were shown, from 0.
        index: usize,
    },
    /// Nothing of it holds.
    Refused {
        /// The verdict on the last.
        verdict: Verdict,
    },
    /// There is no room for further authors.
    Full {
        /// How many there are.
        authors: usize,
    },
}

impl fmt::Display for ShownError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unwanted => f.write_str("certificates were shown, and nobody is asked for any here; keep them"),
            Self::Malformed { at, expected } => {
                write!(f, "certificates were shown: byte {at} should begin {expected}; show them again")
            }
            Self::Signature { index } => {
                write!(f, "certificate {index} of those shown is not signed by the issuer it names; refuse its sender")
            }
            Self::Refused { verdict } => write!(f, "no certificate of those shown is kept; the last is {verdict}"),
            Self::Full { authors } => {
                write!(f, "certificates of {authors} keys are kept, and no more; begin a new epoch")
            }
        }
    }
}

impl std::error::Error for ShownError {}
