use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::trust::{Invalid, Unknown, Verdict};
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
