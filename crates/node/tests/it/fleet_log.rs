//! A fleet's governance log with real statements and signatures, and the ladders that its issuer gives.

use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_contracts::trust::{Role, Roles};
use cosmosmesh_contracts::{AssetId, Horizon, MissionTime};
use cosmosmesh_crypto::{Ed25519Verifier, seeded_signer};
use cosmosmesh_identity::certificate::{Certificate, Ladder, MissionEpoch, Token, Tolerance};
use cosmosmesh_ledger::governance::{
    ApprovalChange, Authority, Decision, Governance, Issuer, LogTrust, Membership, MembershipChange, Outcome, Quorum,
    Roles as RolesDecision, Root, Statement,
};
use cosmosmesh_ledger::{NoteKey, NoteKeyKind};
use cosmosmesh_node::round::{Gate, RefusalLog};
use cosmosmesh_node::standing::{Certified, CertifiedTerms, Shown};

use crate::world::node;

pub(crate) const SOL: i64 = Horizon::SOL_MS;
pub(crate) const BOUND: i64 = 10_000;
pub(crate) const RUNGS: u16 = 10;

pub(crate) fn name(k: usize) -> String {
    format!("node-{k}")
}

/// Three governors, an issuer, and members by the numbers of the world's nodes.
#[derive(Clone)]
pub(crate) struct FleetLog {
    pub(crate) state: Governance,
}

pub(crate) fn governor(k: usize) -> impl Signer {
    seeded_signer(7, &format!("governor-{k}"))
}

pub(crate) fn issuer(name: &str) -> impl Signer {
    seeded_signer(7, name)
}

impl FleetLog {
    /// Members with these roles, and the issuer `base`.
    pub(crate) fn new(members: &[(usize, Roles)]) -> Self {
        let keys: BTreeSet<NodeId> = (0..3).map(|k| governor(k).node_id()).collect();
        let log_key = NoteKey::new("example.org/ares", NoteKeyKind::Ed25519, issuer("log").node_id()).unwrap();
        let root = Root {
            expires_posix_s: u64::MAX / 2,
            governors: keys.iter().enumerate().map(|(k, key)| (*key, format!("governor-{k}"))).collect(),
            authorities: BTreeMap::from([(Authority::Root, Quorum { keys, threshold: 2 })]),
            log: LogTrust {
                origin: "example.org/ares".to_owned(),
                keys: vec![log_key.to_string()],
                witnesses: Vec::new(),
                quorum: 0,
            },
        };
        let mut log = Self { state: Governance::new() };
        log.append(Statement::founding("ares", 0, root), &[]);
        log.approve("base", ApprovalChange::Approve);
        for (k, roles) in members {
            let signer = node(*k).signer;
            let (member, change) = (name(*k), MembershipChange::Admit);
            let admit = Membership { member, node: signer.node_id(), next_key: None, change };
            log.decide(Decision::Membership(admit), &[&*signer]);
            log.give(*k, *roles);
        }
        log
    }

    pub(crate) fn approve(&mut self, which: &str, change: ApprovalChange) {
        let node = issuer(which).node_id();
        self.decide(Decision::Issuer(Issuer { issuer: which.into(), node, change }), &[]);
    }

    pub(crate) fn give(&mut self, k: usize, roles: Roles) {
        let roles = roles.iter().map(|role| role.word().to_owned()).collect();
        self.decide(Decision::Roles(RolesDecision { member: name(k), roles }), &[]);
    }

    /// Two governors sign, and whoever else is needed.
    pub(crate) fn decide(&mut self, decision: Decision, signers: &[&dyn Signer]) {
        let version = self.state.version_due(decision.kind(), &decision.subject());
        let fleet = self.state.fleet.unwrap();
        self.append(Statement { fleet_name: "ares".into(), fleet, version, issued_posix_s: 1, decision }, signers);
    }

    fn append(&mut self, statement: Statement, signers: &[&dyn Signer]) {
        let mut envelope = statement.to_envelope();
        (0..2).for_each(|k| envelope.sign(&governor(k)).unwrap());
        signers.iter().for_each(|signer| envelope.sign(*signer).unwrap());
        let outcome = self.state.apply(envelope.to_string().as_bytes(), &Ed25519Verifier::new());
        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    }

    /// An entry that decides nothing: the log goes on.
    pub(crate) fn pass(&mut self) {
        self.state.apply(b"a line of somebody's log", &Ed25519Verifier::new());
    }

    /// What a node carries away from a contact with this issuer: ten rungs of three sols.
    pub(crate) fn certificates(&self, from: &str, k: usize, roles: Roles, start: MissionTime) -> Vec<Certificate> {
        let ladder = Ladder::new(start, 3 * SOL, RUNGS, BOUND).unwrap();
        let certificate = |rung| Certificate {
            issuer: issuer(from).node_id(),
            // No two of one issuer are called the same: by node, beginning and rung.
            serial: (k as u64) << 48 | (start.as_ms() as u64 / 1_000 * 1_000 + u64::from(rung)),
            subject: node(k).signer.node_id(),
            asset: AssetId::new(name(k)).unwrap(),
            roles,
            window: ladder.window(rung).unwrap(),
            positions: (self.state.entries, self.state.entries + 1_000),
            rung,
        };
        (0..RUNGS).map(certificate).collect()
    }

    /// The same as a node shows it.
    pub(crate) fn ladder(&self, k: usize, roles: Roles, start: MissionTime) -> Vec<u8> {
        shown("base", &self.certificates("base", k, roles, start))
    }

    pub(crate) fn certified(&self, heard: MissionTime) -> Certified {
        Certified::new(terms(), self.state.clone(), heard).unwrap()
    }

    /// A gate of somebody who heard the log then.
    pub(crate) fn gate(&self, heard: MissionTime) -> Gate<Certified> {
        Gate::new(self.certified(heard), BOUND, RefusalLog::in_memory())
    }
}

pub(crate) fn token(from: &str, certificate: &Certificate) -> Token {
    Token::issue(certificate.clone(), MissionEpoch::default(), &issuer(from)).unwrap()
}

pub(crate) fn shown(from: &str, certificates: &[Certificate]) -> Vec<u8> {
    let tokens = certificates.iter().map(|certificate| token(from, certificate).to_bytes()).collect();
    Shown::new(tokens).unwrap().encode()
}

pub(crate) fn terms() -> CertifiedTerms {
    CertifiedTerms {
        epoch: MissionEpoch::default(),
        tolerance: Tolerance { evidence_age_ms_max: 40 * SOL, grace_ms: 15 * SOL },
        policy: "roles".to_owned(),
    }
}

pub(crate) fn asset() -> Roles {
    Roles::from(Role::Asset)
}

pub(crate) fn planner() -> Roles {
    asset().with(Role::Planner)
}

pub(crate) fn guardian() -> Roles {
    Roles::from(Role::Guardian)
}
