use core::fmt;

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::{AssetId, MissionTime};

use super::Certificate;

/// What a judge knows of the fleet's governance: a fold of its log, as far as the judge has it.
///
/// Implemented over `ledger`'s fold where the two meet.
pub trait GovernanceView {
    /// How many entries of the log the judge has.
    fn position(&self) -> u64;

    /// When the newest of them was heard, by the judge's clock.
    fn heard(&self) -> MissionTime;

    /// Whether a key was an approved issuer when the log had so many entries.
    fn issuer_approved(&self, issuer: &NodeId, position: u64) -> bool;

    /// From which number of entries on a certificate, by [`Certificate::name`], is revoked.
    fn revoked_since(&self, certificate: &str) -> Option<u64>;

    /// Whether the member of this name signed with this key when the log had so many entries.
    fn holds_key(&self, asset: &AssetId, key: &NodeId, position: u64) -> bool;
}

/// What a judge judges by.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// What the judge's clock reads.
    pub now: MissionTime,
    /// How far it may be off, in milliseconds.
    pub clock_bound_ms: i64,
    /// Where the act that is judged stands in the log; the judge's newest position for an act that stands nowhere yet.
    ///
    /// It is never the signer's own claim: a stolen key would date its acts back.
    pub position: u64,
    /// The governance as the judge knows it.
    pub view: &'a dyn GovernanceView,
}

/// What a fleet's policy tolerates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// How old the judge's governance may be, in milliseconds, until it is called unknown.
    pub evidence_age_ms_max: i64,
    /// How long after its end a certificate still serves to renew, in milliseconds.
    pub grace_ms: i64,
}

/// What a judge finds. Neither of the other two is valid; what to do with an indeterminate one is for the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Valid {
        /// How old the governance is by which it was judged, in milliseconds.
        evidence_age_ms: i64,
    },
    /// It does not hold, and more evidence would not change that.
    Invalid(Invalid),
    /// What is known does not settle it.
    Indeterminate {
        /// What is not known.
        unknown: Unknown,
        /// How old the governance is by which it was judged, in milliseconds.
        evidence_age_ms: i64,
    },
}

/// Why a certificate does not hold.
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

/// Judges a certificate whose signature was checked.
///
/// What is certainly wrong comes first, then what is unknown; so more evidence turns an indeterminate verdict into another, and never an invalid one into a valid one, except that time goes on.
/// An issuer that is no longer approved takes with it, from there on, every certificate it issued: whoever stole its key could date new ones back.
/// # Cost
/// Two questions to the view, and some comparisons.
pub fn judge(certificate: &Certificate, evidence: &Evidence<'_>, tolerance: &Tolerance) -> Verdict {
    let view = evidence.view;
    let evidence_age_ms = evidence.now.ms_since(view.heard()).max(0);
    let indeterminate = |unknown| Verdict::Indeterminate { unknown, evidence_age_ms };
    let (first, last) = certificate.positions;
    let known = view.position();

    if let Some(since) = view.revoked_since(&certificate.name())
        && since <= evidence.position
    {
        return Verdict::Invalid(Invalid::Revoked { since });
    }
    if evidence.position > last {
        return Verdict::Invalid(Invalid::Superseded);
    }
    let issuer_fails = |position| position <= known && !view.issuer_approved(&certificate.issuer, position);
    if issuer_fails(first) || issuer_fails(evidence.position) {
        return Verdict::Invalid(Invalid::Issuer);
    }
    if evidence.position <= known
        && !view.holds_key(&certificate.asset, &certificate.subject, evidence.position)
        && evidence.position >= first
    {
        return Verdict::Invalid(Invalid::Subject);
    }
    let bound_ms = evidence.clock_bound_ms.max(0);
    let (earliest, latest) = (evidence.now.plus_ms(-bound_ms), evidence.now.plus_ms(bound_ms));
    if latest < certificate.window.not_before() {
        return Verdict::Invalid(Invalid::Early);
    }
    if earliest >= certificate.window.not_after() {
        return Verdict::Invalid(Invalid::Expired);
    }

    let needed = first.max(evidence.position);
    if needed > known {
        return indeterminate(Unknown::Log { needed });
    }
    if evidence.position < first {
        return Verdict::Invalid(Invalid::Later);
    }
    if earliest < certificate.window.not_before() || latest >= certificate.window.not_after() {
        return indeterminate(Unknown::Time);
    }
    if evidence_age_ms > tolerance.evidence_age_ms_max {
        return indeterminate(Unknown::Freshness);
    }
    Verdict::Valid { evidence_age_ms }
}
