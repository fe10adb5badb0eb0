//! Out of contact for thirty sols, through the real log, its fold, real tokens and real signatures.

use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_contracts::{AssetId, Horizon};
use cosmosmesh_crypto::{Ed25519Signer, Ed25519Verifier, Secret};
use cosmosmesh_identity::certificate::{Invalid, Ladder, MissionEpoch, Request, Token};
use cosmosmesh_identity::role::Role;
use cosmosmesh_ledger::governance::{
    ApprovalChange, Authority, Decision, Issuer, KeyRotation, LogTrust, Membership, MembershipChange, Outcome, Quorum,
    Revocation, Roles as RolesDecision, Root, Statement,
};
use cosmosmesh_ledger::{NoteKey, NoteKeyKind};

use super::*;

const SOL: i64 = Horizon::SOL_MS;
const BOUND: i64 = 10_000;
const WAIT: Wait = Wait { clock_bound_ms: BOUND, grace_ms: 15 * SOL };

fn key(seed: u8) -> Ed25519Signer {
    Ed25519Signer::new(Secret::take(&mut [seed; 32]))
}

/// A fleet with three governors, an issuer, and a rover that is asset and planner; the log is folded as it grows.
struct Fleet {
    state: Governance,
    governors: [Ed25519Signer; 3],
    issuer: Ed25519Signer,
    rover: Ed25519Signer,
}

impl Fleet {
    fn new() -> Self {
        let (governors, issuer, rover) = ([key(1), key(2), key(3)], key(4), key(5));
        let keys: BTreeSet<NodeId> = governors.iter().map(Signer::node_id).collect();
        let log_key = NoteKey::new("example.org/ares", NoteKeyKind::Ed25519, key(9).node_id()).unwrap();
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
        let mut fleet = Self { state: Governance::new(), governors, issuer, rover };
        fleet.log(Statement::founding("ares", 0, root), &[]);
        let (node, rover) = (fleet.issuer.node_id(), fleet.rover.node_id());
        fleet.decide(Decision::Issuer(Issuer { issuer: "base".into(), node, change: ApprovalChange::Approve }), &[]);
        let change = MembershipChange::Admit;
        let admit = Membership { member: "rover-1".into(), node: rover, next_key: None, change };
        fleet.decide(Decision::Membership(admit), &[5]);
        fleet.give(&["asset", "planner"]);
        fleet
    }

    fn give(&mut self, roles: &[&str]) {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        self.decide(Decision::Roles(RolesDecision { member: "rover-1".into(), roles }), &[]);
    }

    /// Two governors sign, and whoever holds these keys.
    fn decide(&mut self, decision: Decision, seeds: &[u8]) {
        let version = self.state.version_due(decision.kind(), &decision.subject());
        let fleet = self.state.fleet.unwrap();
        self.log(Statement { fleet_name: "ares".into(), fleet, version, issued_posix_s: 1, decision }, seeds);
    }

    fn log(&mut self, statement: Statement, seeds: &[u8]) {
        let mut envelope = statement.to_envelope();
        self.governors[..2].iter().for_each(|governor| envelope.sign(governor).unwrap());
        seeds.iter().for_each(|seed| envelope.sign(&key(*seed)).unwrap());
        let outcome = self.state.apply(envelope.to_string().as_bytes(), &Ed25519Verifier::new());
        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    }

    /// What the rover carries away from one contact, as bytes.
    fn ladder(&self, start: MissionTime, roles: Roles) -> (Ladder, Vec<Vec<u8>>) {
        let ladder = Ladder::new(start, 3 * SOL, 10, BOUND).unwrap();
        let rung = |rung| {
            let certificate = Certificate {
                issuer: self.issuer.node_id(),
                serial: u64::from(rung),
                subject: self.rover.node_id(),
                asset: AssetId::new("rover-1").unwrap(),
                roles,
                window: ladder.window(rung).unwrap(),
                positions: (self.state.entries, self.state.entries + 1_000),
                rung,
            };
            Token::issue(certificate, MissionEpoch::default(), &self.issuer).unwrap().to_bytes()
        };
        (ladder, (0..ladder.len()).map(rung).collect())
    }

    /// What somebody finds who last heard of the log at time 0 and whose clock reads `now`.
    fn judged(&self, token: &[u8], now: MissionTime) -> Verdict {
        let token = Token::read(token, MissionEpoch::default(), &Ed25519Verifier::new()).unwrap();
        let view = FleetView { state: &self.state, heard: MissionTime(0) };
        let evidence = Evidence { now, clock_bound_ms: BOUND, position: self.state.entries, view: &view };
        judge(token.certificate(), &evidence, &Tolerance { evidence_age_ms_max: 31 * SOL, grace_ms: 0 })
    }

    /// The rover asks with this token, and the issuer answers; both signatures travel as bytes.
    fn asked(&self, token: &[u8], now: MissionTime) -> Renewed {
        let (epoch, verifier) = (MissionEpoch::default(), Ed25519Verifier::new());
        let old = Token::read(token, epoch, &verifier).unwrap();
        let request = Request::sign(old, &self.rover).unwrap().to_bytes();
        renewed(&self.state, Request::read(&request, epoch, &verifier).unwrap().certificate(), now, WAIT)
    }
}

#[test]
fn thirty_sols_without_contact_and_never_a_deadlock() {
    let mut fleet = Fleet::new();
    let roles = Roles::from(Role::Asset).with(Role::Planner);
    let (ladder, rungs) = fleet.ladder(MissionTime(0), roles);
    let hour = 3_600_000;
    let mut valid = 0;
    for k in 0.. {
        let now = MissionTime(k * hour);
        if now >= ladder.end() {
            break;
        }
        // The holder's clock and the judge's are wrong in opposite ways, and change places.
        let wrong = if k % 2 == 0 { BOUND } else { -BOUND };
        let rung = &rungs[usize::from(ladder.rung_at(now.plus_ms(wrong)))];
        let verdict = fleet.judged(rung, now.plus_ms(-wrong));
        assert!(matches!(verdict, Verdict::Valid { .. }), "sol {}: {verdict}", now.as_ms() / SOL);
        assert!(!matches!(fleet.asked(rung, now), Renewed::Refused(_) | Renewed::RolesAwaited));
        valid += 1;
    }
    assert_eq!(valid, 30 * SOL / hour + 1);

    // The ladder is over: no longer valid, and renewed with the narrower rights.
    let last = &rungs[9];
    let end = ladder.end();
    assert_eq!(fleet.judged(last, end.plus_ms(SOL)), Verdict::Invalid(Invalid::Expired));
    let asset = Roles::from(Role::Asset);
    assert_eq!(fleet.asked(last, end.plus_ms(SOL)), Renewed::Granted { roles: asset, narrowed: true });
    assert_eq!(fleet.asked(last, end.plus_ms(14 * SOL)), Renewed::Granted { roles: asset, narrowed: true });
    // What comes of it is valid at once, and at the next contact renewed as it is.
    let (next, narrow) = fleet.ladder(end.plus_ms(SOL), asset);
    let soon = end.plus_ms(3 * SOL);
    let view = FleetView { state: &fleet.state, heard: soon };
    let evidence = Evidence { now: soon, clock_bound_ms: BOUND, position: fleet.state.entries, view: &view };
    let token = Token::read(&narrow[0], MissionEpoch::default(), &Ed25519Verifier::new()).unwrap();
    let tolerance = Tolerance { evidence_age_ms_max: SOL, grace_ms: 0 };
    assert_eq!(judge(token.certificate(), &evidence, &tolerance), Verdict::Valid { evidence_age_ms: 0 });
    assert_eq!(
        fleet.asked(&narrow[usize::from(next.rung_at(soon))], soon),
        Renewed::Granted { roles: asset, narrowed: false }
    );

    // Years later the grace window is over. The governors give the roles again; nothing they need has expired.
    let late = end.plus_ms(2_000 * SOL);
    assert_eq!(fleet.asked(last, late), Renewed::RolesAwaited);
    fleet.give(&["asset", "planner"]);
    assert_eq!(fleet.asked(last, late), Renewed::Granted { roles, narrowed: false });
    assert_eq!(fleet.asked(last, MissionTime(i64::MAX)), Renewed::Granted { roles, narrowed: false });
}

#[test]
fn what_governance_decides_meanwhile_counts_from_its_place_on() {
    let roles = Roles::from(Role::Asset).with(Role::Planner);
    let at = MissionTime(2 * SOL);
    let verdict_at = |fleet: &Fleet, token: &[u8], position| {
        let token = Token::read(token, MissionEpoch::default(), &Ed25519Verifier::new()).unwrap();
        let view = FleetView { state: &fleet.state, heard: at };
        let evidence = Evidence { now: at, clock_bound_ms: BOUND, position, view: &view };
        judge(token.certificate(), &evidence, &Tolerance { evidence_age_ms_max: SOL, grace_ms: 0 })
    };
    // Each decision comes as entry 4; acts up to position 4 are as valid as before, later ones are not.
    let check = |decide: &dyn Fn(&Fleet) -> (Decision, Vec<u8>), expected: Invalid| {
        let mut fleet = Fleet::new();
        let (_, rungs) = fleet.ladder(MissionTime(0), roles);
        assert_eq!(fleet.state.entries, 4);
        let (decision, seeds) = decide(&fleet);
        fleet.decide(decision, &seeds);
        assert_eq!(verdict_at(&fleet, &rungs[0], 4), Verdict::Valid { evidence_age_ms: 0 });
        assert_eq!(verdict_at(&fleet, &rungs[0], 5), Verdict::Invalid(expected));
        assert_eq!(fleet.asked(&rungs[0], at), Renewed::Refused(Verdict::Invalid(expected)));
    };
    check(
        &|fleet| {
            let (certificate, reason) = (format!("{:016x}", 0), "seized".to_owned());
            (Decision::Revocation(Revocation { issuer: fleet.issuer.node_id(), certificate, reason }), Vec::new())
        },
        Invalid::Revoked { since: 5 },
    );
    check(
        &|fleet| {
            let (node, change) = (fleet.issuer.node_id(), ApprovalChange::Revoke);
            (Decision::Issuer(Issuer { issuer: "base".into(), node, change }), Vec::new())
        },
        Invalid::Issuer,
    );
    check(
        &|fleet| {
            let (node, change) = (fleet.rover.node_id(), MembershipChange::Remove);
            (Decision::Membership(Membership { member: "rover-1".into(), node, next_key: None, change }), Vec::new())
        },
        Invalid::Subject,
    );
    check(
        &|fleet| {
            let (old, new) = (fleet.rover.node_id(), key(6).node_id());
            (Decision::KeyRotation(KeyRotation { member: "rover-1".into(), old, new, next_key: None }), vec![5, 6])
        },
        Invalid::Subject,
    );
    // Roles that are taken away do not come back by a renewal.
    let mut fleet = Fleet::new();
    let (_, rungs) = fleet.ladder(MissionTime(0), roles);
    fleet.give(&["observer", "asset"]);
    let granted = Renewed::Granted { roles: Roles::from(Role::Asset), narrowed: false };
    assert_eq!(fleet.asked(&rungs[0], at), granted);
}
