use std::collections::BTreeMap;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{TrustPolicy, Verifier};
use cosmosmesh_contracts::trust::{Act, Invalid, Moment, Roles, ShownError, Verdict};
use cosmosmesh_identity::certificate::{
    Certificate, CertificateError, Evidence, MissionEpoch, RUNGS_MAX, Token, Tolerance, judge,
};
use cosmosmesh_identity::role::{Members, Policy, PolicyError};
use cosmosmesh_ledger::governance::Governance;

use super::{FleetView, Shown, members, roles};

/// By what a fleet judges its members' certificates; the same everywhere in the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertifiedTerms {
    /// Where mission time 0 lies on the civil scale.
    pub epoch: MissionEpoch,
    /// How old governance may be until it is in doubt. What its grace window allows is for issuers; nobody is heard by it here.
    pub tolerance: Tolerance,
    /// The name of the policy in the log that says what roles may do; while the log has none, the standard policy counts.
    pub policy: String,
}

/// The most certificates that are kept of one key: a ladder and a half-used one before it do not fit, and the earliest go.
pub const CERTIFICATES_MAX: usize = RUNGS_MAX as usize;

/// The most keys whose certificates are kept.
pub const AUTHORS_MAX: usize = 1 << 16;

/// Hears whoever has a certificate that holds, and roles that allow what it does.
///
/// Roles in force are those of the certificate that the log gives the member as well.
/// Roles that were handed on to the member count too, unless its certificate was narrowed: it must carry every role that the log gives.
/// # Privacy
/// What was shown is kept in memory and told to nobody.
#[derive(Clone, Debug)]
pub struct Certified {
    terms: CertifiedTerms,
    log: Governance,
    heard: MissionTime,
    policy: Policy,
    members: Members,
    /// By key, in the order of their windows.
    shown: BTreeMap<NodeId, Vec<Certificate>>,
}

impl Certified {
    /// A judge that knows the log so far, heard at this time by its own clock, and no certificate yet.
    ///
    /// # Errors
    /// [`PolicyError`] if the log's policy cannot be read.
    pub fn new(terms: CertifiedTerms, log: Governance, heard: MissionTime) -> Result<Self, PolicyError> {
        let policy = policy_of(&log, &terms.policy)?;
        let members = members(&log, &policy);
        Ok(Self { terms, log, heard, policy, members, shown: BTreeMap::new() })
    }

    /// Goes on with the log as it is now: the same log, grown, or heard again.
    ///
    /// What was shown is kept and judged anew.
    /// # Errors
    /// [`PolicyError`] if the log's policy cannot be read: everything else of the log counts, under the policy before.
    /// # Panics
    /// If the log is shorter than the one before: a fold never loses entries.
    pub fn follow(&mut self, log: Governance, heard: MissionTime) -> Result<(), PolicyError> {
        assert!(log.entries >= self.log.entries, "a fold of a log grows, and this one has fewer entries than before");
        let policy = policy_of(&log, &self.terms.policy);
        self.log = log;
        self.heard = self.heard.max(heard);
        let found = policy.map(|policy| self.policy = policy);
        self.members = members(&self.log, &self.policy);
        found
    }

    /// How many entries of the log it knows.
    pub fn position(&self) -> u64 {
        self.log.entries
    }

    /// The certificates of a key that were shown, in the order of their windows.
    pub fn shown(&self, author: &NodeId) -> &[Certificate] {
        self.shown.get(author).map_or(&[], Vec::as_slice)
    }

    fn view(&self) -> FleetView<'_> {
        FleetView { state: &self.log, heard: self.heard }
    }

    fn judged(&self, certificate: &Certificate, at: &Moment) -> Verdict {
        let view = self.view();
        let position = at.position.unwrap_or(self.log.entries);
        let evidence = Evidence { now: at.now, clock_bound_ms: at.clock_bound_ms, position, view: &view };
        judge(certificate, &evidence, &self.terms.tolerance)
    }

    /// What is to be said of an act by one certificate.
    fn by(&self, certificate: &Certificate, act: Act, at: &Moment) -> Verdict {
        let verdict = self.judged(certificate, at);
        if matches!(verdict, Verdict::Invalid(_)) {
            return verdict;
        }
        let has = self.roles(certificate, at.position.unwrap_or(self.log.entries));
        if self.policy.allows(has, act.capability, act.contract, act.reach) {
            return verdict;
        }
        let refusal = self.policy.decide(has, act.capability, act.contract, act.reach).err();
        Verdict::Invalid(Invalid::Role { has, needed: refusal.map_or(Roles::NONE, |refusal| refusal.needed) })
    }

    /// What a key may do by a certificate: its own roles and, unless it was narrowed, what was handed on to it.
    fn roles(&self, certificate: &Certificate, position: u64) -> Roles {
        let member = self.log.members.get(certificate.asset.as_str());
        let given = member.filter(|member| member.node() == Some(certificate.subject)).map_or(Roles::NONE, roles);
        let both: Roles = given.iter().filter(|role| certificate.roles.contains(*role)).collect();
        if both != given {
            return both;
        }
        self.members.roles_of(&self.policy, &certificate.subject, position)
    }

    fn keep(&mut self, certificates: Vec<Certificate>) -> Result<(), ShownError> {
        let fresh = |certificate: &&Certificate| !self.shown.contains_key(&certificate.subject);
        let subjects: std::collections::BTreeSet<NodeId> =
            certificates.iter().filter(fresh).map(|c| c.subject).collect();
        if self.shown.len() + subjects.len() > AUTHORS_MAX {
            return Err(ShownError::Full { authors: self.shown.len() });
        }
        for certificate in certificates {
            let kept = self.shown.entry(certificate.subject).or_default();
            if !kept.contains(&certificate) {
                let place = |other: &Certificate| (other.window, other.positions, other.serial);
                let at = kept.partition_point(|other| place(other) <= place(&certificate));
                kept.insert(at, certificate);
            }
            let excess = kept.len().saturating_sub(CERTIFICATES_MAX);
            kept.drain(..excess);
        }
        Ok(())
    }
}

impl TrustPolicy for Certified {
    fn judge(&self, author: &NodeId, act: Act, at: &Moment) -> Verdict {
        let certificates = self.shown(author);
        let bound_ms = at.clock_bound_ms.max(0);
        let (earliest, latest) = (at.now.plus_ms(-bound_ms), at.now.plus_ms(bound_ms));
        let is_over = |certificate: &Certificate| certificate.window.not_after() <= earliest;
        let may_hold = |certificate: &&Certificate| certificate.window.not_before() <= latest && !is_over(certificate);
        // The one that says most; of equals the later window, so that a renewal counts as soon as it can.
        let candidates = certificates.iter().filter(may_hold).map(|certificate| self.by(certificate, act, at));
        let best = candidates.max_by_key(rank);
        let nearest = || certificates.iter().rfind(|certificate| is_over(certificate)).or_else(|| certificates.first());
        best.or_else(|| nearest().map(|certificate| self.judged(certificate, at)))
            .unwrap_or(Verdict::Invalid(Invalid::Unshown))
    }

    fn hear(&mut self, shown: &[u8], at: &Moment, verifier: &dyn Verifier) -> Result<(), ShownError> {
        let shown = Shown::decode(shown)?;
        let mut good = Vec::new();
        let mut last = None;
        let mut at_byte = 3;
        for (index, token) in shown.tokens().iter().enumerate() {
            let read = Token::read(token, self.terms.epoch, verifier).map_err(|error| match error {
                CertificateError::Token { at, expected } => ShownError::Malformed { at: at_byte + 1 + at, expected },
                CertificateError::Key(_) => ShownError::Signature { index },
                _ => ShownError::Malformed { at: at_byte + 1, expected: "a certificate in order" },
            })?;
            at_byte += 1 + token.len();
            // A rung whose time is over, or whose issuer is nobody, says nothing; one whose time will come does.
            match self.judged(read.certificate(), at) {
                verdict @ Verdict::Invalid(why) if why != Invalid::Early => last = Some(verdict),
                _ => good.push(read.certificate().clone()),
            }
        }
        match (good.is_empty(), last) {
            (true, Some(verdict)) => Err(ShownError::Refused { verdict }),
            _ => self.keep(good),
        }
    }
}

fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Valid { .. } => 2,
        Verdict::Indeterminate { .. } => 1,
        Verdict::Invalid(_) => 0,
    }
}

fn policy_of(log: &Governance, name: &str) -> Result<Policy, PolicyError> {
    log.policies.get(name).map_or_else(|| Ok(Policy::standard()), |policy| Policy::read(&policy.document))
}
