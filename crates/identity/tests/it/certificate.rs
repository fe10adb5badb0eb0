use std::collections::BTreeMap;

use coset::cbor::value::Value;
use coset::cwt::{ClaimName, ClaimsSet, Timestamp};
use coset::{CborSerializable, CoseSign1, RegisteredLabelWithPrivate, TaggedCborSerializable, iana};
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_contracts::{AssetId, Horizon, MissionTime};
use cosmosmesh_crypto::{Ed25519Signer, Ed25519Verifier, Secret, SeededRandom};
use cosmosmesh_identity::certificate::{
    Certificate, CertificateError, Evidence, GRACE_ROLES, GovernanceView, Invalid, Ladder, MissionEpoch, REQUEST_MAX,
    Renewal, Request, TOKEN_MAX, Token, Tolerance, Unknown, Verdict, Window, judge, life_ms_min, renewal,
};
use cosmosmesh_identity::role::{Role, Roles};
use proptest::prelude::*;

pub(crate) fn signer(seed: u64) -> Ed25519Signer {
    Ed25519Signer::new(Secret::random(&mut SeededRandom::new(seed, "identity")).unwrap())
}

/// 2031-01-01T00:00:00Z.
pub(crate) fn epoch() -> MissionEpoch {
    MissionEpoch::from_unix_s(1_924_992_000).unwrap()
}

pub(crate) fn certificate(issuer: &Ed25519Signer, subject: &Ed25519Signer) -> Certificate {
    Certificate {
        issuer: issuer.node_id(),
        serial: 7,
        subject: subject.node_id(),
        asset: AssetId::new("rover-1").unwrap(),
        roles: Roles::from(Role::Asset).with(Role::Planner),
        window: Window::new(MissionTime(-10_000), MissionTime(100_000)).unwrap(),
        positions: (10, 20),
        rung: 3,
    }
}

/// A governance in which everything is as it should be until a test changes it.
#[derive(Clone)]
struct View {
    position: u64,
    heard: MissionTime,
    approved: BTreeMap<NodeId, (u64, u64)>,
    revoked: BTreeMap<String, u64>,
    members: BTreeMap<NodeId, u64>,
}

impl GovernanceView for View {
    fn position(&self) -> u64 {
        self.position
    }
    fn heard(&self) -> MissionTime {
        self.heard
    }
    fn issuer_approved(&self, issuer: &NodeId, position: u64) -> bool {
        self.approved.get(issuer).is_some_and(|(from, to)| (*from..*to).contains(&position))
    }
    fn revoked_since(&self, certificate: &str) -> Option<u64> {
        self.revoked.get(certificate).copied()
    }
    fn holds_key(&self, asset: &AssetId, key: &NodeId, position: u64) -> bool {
        asset.as_str() == "rover-1" && self.members.get(key).is_some_and(|until| position < *until)
    }
}

const TOLERANCE: Tolerance = Tolerance { evidence_age_ms_max: 1_000_000, grace_ms: 50_000 };

fn scene() -> (Certificate, View) {
    let (issuer, subject) = (signer(1), signer(2));
    let view = View {
        position: 15,
        heard: MissionTime(0),
        approved: BTreeMap::from([(issuer.node_id(), (5, u64::MAX))]),
        revoked: BTreeMap::new(),
        members: BTreeMap::from([(subject.node_id(), u64::MAX)]),
    };
    (certificate(&issuer, &subject), view)
}

fn at(view: &View, now: i64, position: u64) -> Evidence<'_> {
    Evidence { now: MissionTime(now), clock_bound_ms: 1_000, position, view }
}

#[test]
fn coset_reads_what_we_write_and_its_signature_text_is_ours() {
    let (issuer, subject) = (signer(1), signer(2));
    let said = certificate(&issuer, &subject);
    let bytes = Token::issue(said.clone(), epoch(), &issuer).unwrap().to_bytes();

    let cose = CoseSign1::from_tagged_slice(&bytes).unwrap();
    assert_eq!(cose.protected.header.alg, Some(coset::Algorithm::Assigned(iana::Algorithm::EdDSA)),);
    assert_eq!(cose.protected.header.key_id, said.issuer.as_bytes());
    cose.verify_signature(b"", |signature, text| {
        use cosmosmesh_contracts::traits::Verifier;
        let signature = cosmosmesh_contracts::key::Signature::from_slice(signature).unwrap();
        Ed25519Verifier::new().verify(&said.issuer, text, &signature)
    })
    .unwrap();
    let claims = ClaimsSet::from_slice(&cose.payload.clone().unwrap()).unwrap();
    assert_eq!(claims.subject.as_deref(), Some("rover-1"));
    assert_eq!(claims.expiration_time, Some(Timestamp::WholeSeconds(1_924_992_100)));
    assert_eq!(claims.not_before, Some(Timestamp::WholeSeconds(1_924_991_990)));
    assert_eq!(claims.cwt_id, Some(7_u64.to_be_bytes().to_vec()));
    let claim = |name: ClaimName| claims.rest.iter().find(|(label, _)| *label == name).map(|(_, value)| value.clone());
    let ours = claim(RegisteredLabelWithPrivate::PrivateUse(-65_537)).unwrap();
    assert_eq!(ours, Value::Array([6, 10, 20, 3].map(|n: u64| n.into()).to_vec()));
    let Some(Value::Map(cnf)) = claim(RegisteredLabelWithPrivate::Assigned(iana::CwtClaimName::Cnf)) else {
        panic!("a token names the subject's key");
    };
    let key = coset::AsCborValue::from_cbor_value(cnf[0].1.clone()).map(|key: coset::CoseKey| key).unwrap();
    assert_eq!(key.kty, coset::KeyType::Assigned(iana::KeyType::OKP));
    assert!(key.params.contains(&(coset::Label::Int(-2), Value::Bytes(said.subject.as_bytes().to_vec()))));
    assert_eq!(cose.to_tagged_vec().unwrap(), bytes, "and it writes the same bytes");
}

#[test]
fn the_longest_token_keeps_within_its_bound() {
    let (issuer, subject) = (signer(1), signer(2));
    let mut said = certificate(&issuer, &subject);
    said.asset = AssetId::new("x".repeat(32)).unwrap();
    said.roles = Role::ALL.iter().copied().collect();
    said.window = Window::from_seconds(Window::SECONDS_MAX - 1, Window::SECONDS_MAX).unwrap();
    said.positions = (u64::MAX - 1, u64::MAX);
    (said.serial, said.rung) = (u64::MAX, u16::MAX);
    let far = MissionEpoch::from_unix_s(Window::SECONDS_MAX).unwrap();
    let bytes = Token::issue(said.clone(), far, &issuer).unwrap().to_bytes();
    assert!(bytes.len() <= TOKEN_MAX, "{} bytes", bytes.len());
    assert_eq!(Token::read(&bytes, far, &Ed25519Verifier::new()).unwrap().certificate(), &said);
    said.asset = AssetId::new("x".repeat(33)).unwrap();
    assert_eq!(Token::issue(said, far, &issuer), Err(CertificateError::NameLength { bytes: 33 }));
}

#[test]
fn every_changed_bit_missing_byte_and_longer_token_is_refused() {
    let (issuer, subject) = (signer(1), signer(2));
    let bytes = Token::issue(certificate(&issuer, &subject), epoch(), &issuer).unwrap().to_bytes();
    let verifier = Ed25519Verifier::new();
    for k in 0..bytes.len() {
        assert!(Token::read(&bytes[..k], epoch(), &verifier).is_err(), "cut at {k}");
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[k] ^= 1 << bit;
            assert!(Token::read(&changed, epoch(), &verifier).is_err(), "bit {bit} of byte {k}");
        }
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(Token::read(&longer, epoch(), &verifier).is_err());
    assert_eq!(
        Token::issue(certificate(&issuer, &subject), epoch(), &subject),
        Err(CertificateError::Issuer),
        "nobody signs for another"
    );
}

#[test]
fn a_request_shows_the_old_token_and_the_key_it_names() {
    let (issuer, subject) = (signer(1), signer(2));
    let verifier = Ed25519Verifier::new();
    let old = Token::issue(certificate(&issuer, &subject), epoch(), &issuer).unwrap();
    let bytes = Request::sign(old.clone(), &subject).unwrap().to_bytes();
    assert!(bytes.len() <= REQUEST_MAX);
    let read = Request::read(&bytes, epoch(), &verifier).unwrap();
    assert_eq!((read.certificate(), read.to_bytes()), (old.certificate(), bytes.clone()));
    // coset agrees about what was signed.
    let cose = CoseSign1::from_tagged_slice(&bytes).unwrap();
    assert_eq!(cose.protected.header.key_id, subject.node_id().as_bytes());
    cose.verify_signature(b"cosmosmesh/certificate-renewal/1", |signature, text| {
        use cosmosmesh_contracts::traits::Verifier;
        let signature = cosmosmesh_contracts::key::Signature::from_slice(signature).unwrap();
        verifier.verify(&subject.node_id(), text, &signature)
    })
    .unwrap();
    assert_eq!(cose.to_tagged_vec().unwrap(), bytes);
    for k in 0..bytes.len() {
        assert!(Request::read(&bytes[..k], epoch(), &verifier).is_err(), "cut at {k}");
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[k] ^= 1 << bit;
            assert!(Request::read(&changed, epoch(), &verifier).is_err(), "bit {bit} of byte {k}");
        }
    }
    assert!(Request::read(&[&bytes[..], &[0]].concat(), epoch(), &verifier).is_err());
    assert!(Request::read(&old.to_bytes(), epoch(), &verifier).is_err(), "a token is no request");
    assert!(Token::read(&bytes, epoch(), &verifier).is_err(), "a request is no token");
    assert_eq!(Request::sign(old, &issuer), Err(CertificateError::Holder), "nobody asks for another");
}

#[test]
fn a_longer_form_of_an_integer_is_refused_by_its_place() {
    let (issuer, subject) = (signer(1), signer(2));
    let bytes = Token::issue(certificate(&issuer, &subject), epoch(), &issuer).unwrap().to_bytes();
    // The array of four, written with a byte of length that it does not need.
    let longer = [&bytes[..1], &[0x98, 4], &bytes[2..]].concat();
    assert_eq!(
        Token::read(&longer, epoch(), &Ed25519Verifier::new()),
        Err(CertificateError::Token { at: 1, expected: "an array of four" })
    );
}

#[test]
fn the_verdict_has_three_values_and_each_reason_is_reached() {
    let (said, view) = scene();
    let verdict = |view: &View, now, position| judge(&said, &at(view, now, position), &TOLERANCE);
    let unknown = |verdict| match verdict {
        Verdict::Indeterminate { unknown, .. } => unknown,
        other => panic!("{other} is not indeterminate"),
    };
    assert_eq!(verdict(&view, 50_000, 15), Verdict::Valid { evidence_age_ms: 50_000 });
    // The clock: certain outside, unknown at the ends.
    assert_eq!(verdict(&view, -11_001, 15), Verdict::Invalid(Invalid::Early));
    assert_eq!(unknown(verdict(&view, -9_001, 15)), Unknown::Time);
    assert_eq!(verdict(&view, -9_000, 15), Verdict::Valid { evidence_age_ms: 0 });
    assert_eq!(verdict(&view, 98_999, 15), Verdict::Valid { evidence_age_ms: 98_999 });
    assert_eq!(unknown(verdict(&view, 99_000, 15)), Unknown::Time);
    assert_eq!(verdict(&view, 101_000, 15), Verdict::Invalid(Invalid::Expired));
    // The log.
    assert_eq!(verdict(&view, 0, 9), Verdict::Invalid(Invalid::Later));
    assert_eq!(verdict(&view, 0, 21), Verdict::Invalid(Invalid::Superseded));
    assert_eq!(unknown(verdict(&view, 0, 16)), Unknown::Log { needed: 16 });
    let behind = View { position: 8, ..view.clone() };
    assert_eq!(unknown(verdict(&behind, 0, 8)), Unknown::Log { needed: 10 });
    let stale = View { heard: MissionTime(-1_000_001), ..view.clone() };
    assert_eq!(
        verdict(&stale, 0, 15),
        Verdict::Indeterminate { unknown: Unknown::Freshness, evidence_age_ms: 1_000_001 }
    );
    // Revocation counts from its position in the log, whatever the clock says.
    let revoked = View { revoked: BTreeMap::from([(said.name(), 13)]), ..view.clone() };
    assert!(matches!(verdict(&revoked, 0, 12), Verdict::Valid { .. }));
    assert_eq!(verdict(&revoked, 0, 13), Verdict::Invalid(Invalid::Revoked { since: 13 }));
    // An issuer that was withdrawn takes with it what it issued, also what it dates back.
    let withdrawn = View { approved: BTreeMap::from([(said.issuer, (5, 12))]), ..view.clone() };
    assert!(matches!(verdict(&withdrawn, 0, 11), Verdict::Valid { .. }));
    assert_eq!(verdict(&withdrawn, 0, 12), Verdict::Invalid(Invalid::Issuer));
    // One that was approved only after it had issued cannot make good what it issued before.
    let late = View { approved: BTreeMap::from([(said.issuer, (11, 30))]), ..view.clone() };
    assert_eq!(verdict(&late, 0, 15), Verdict::Invalid(Invalid::Issuer));
    let nobody = View { approved: BTreeMap::new(), ..view.clone() };
    assert_eq!(verdict(&nobody, 0, 15), Verdict::Invalid(Invalid::Issuer));
    // A key that was rotated away holds up to its last position, also for whoever stole it.
    let rotated = View { members: BTreeMap::from([(said.subject, 13)]), ..view.clone() };
    assert!(matches!(verdict(&rotated, 0, 12), Verdict::Valid { .. }));
    assert_eq!(verdict(&rotated, 0, 13), Verdict::Invalid(Invalid::Subject));
    // An issuer cannot give one member's name to another's key.
    let other = Certificate { asset: AssetId::new("rover-2").unwrap(), ..said.clone() };
    assert_eq!(judge(&other, &at(&view, 0, 15), &TOLERANCE), Verdict::Invalid(Invalid::Subject));
}

#[test]
fn renewal_narrows_in_the_grace_window_and_a_member_always_has_a_way_on() {
    let (said, view) = scene();
    let renew = |view: &View, now| renewal(&said, &at(view, now, 15), &TOLERANCE);
    assert!(matches!(renew(&view, 0), Renewal::Keep { due } if due.as_ms() > 26_000));
    assert_eq!(renew(&view, 60_000), Renewal::Same);
    let narrow = Renewal::Narrow { roles: Role::Asset.into() };
    assert_eq!(renew(&view, 101_000), narrow);
    assert_eq!(renew(&view, 150_999), narrow);
    assert_eq!(renew(&view, 151_000), Renewal::Readmission);
    assert_eq!(renew(&view, i64::MAX), Renewal::Readmission, "it never becomes too late");
    let stranger = View { members: BTreeMap::new(), ..view.clone() };
    assert_eq!(renew(&stranger, 60_000), Renewal::Refused);
    let revoked = View { revoked: BTreeMap::from([(said.name(), 1)]), ..view };
    assert_eq!(renew(&revoked, 60_000), Renewal::Refused);
    assert_eq!(GRACE_ROLES.iter().collect::<Vec<_>>(), [Role::Asset, Role::Observer]);
}

proptest! {
    /// The law of the ladder: what the holder's clock chooses is certainly valid to every judge whose clock keeps its bound.
    #[test]
    fn on_the_ladder_the_chosen_rung_is_valid_for_every_judge(
        start in -1_000_000_i64..1_000_000,
        rung_ms in 1_000_i64..1_000_000_000,
        count in 1_u16..=64,
        bound in 0_i64..10_000_000,
        when in 0.0..1.0_f64,
        holder in -1.0..=1.0_f64,
        judge_error in -1.0..=1.0_f64,
    ) {
        let ladder = Ladder::new(MissionTime(start), rung_ms, count, bound).unwrap();
        let now = start + (when * (rung_ms * i64::from(count)) as f64) as i64;
        let error = |part: f64| (part * bound as f64) as i64;
        let (mut said, mut view) = scene();
        said.rung = ladder.rung_at(MissionTime(now + error(holder)));
        said.window = ladder.window(said.rung).unwrap();
        let seen = MissionTime(now + error(judge_error));
        view.heard = seen;
        let evidence = Evidence { now: seen, clock_bound_ms: bound, position: 15, view: &view };
        prop_assert_eq!(judge(&said, &evidence, &TOLERANCE), Verdict::Valid { evidence_age_ms: 0 });
    }

    #[test]
    fn arbitrary_bytes_are_refused_and_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Token::read(&bytes, epoch(), &Ed25519Verifier::new()).is_err());
    }

    #[test]
    fn tokens_come_back(
        serial: u64, rung: u16, first: u64, more: u64,
        from in -1_000_000_000_i64..1_000_000_000, life in 1_i64..1_000_000_000, name in "[a-z]{1,32}",
    ) {
        let (issuer, subject) = (signer(1), signer(2));
        let mut said = certificate(&issuer, &subject);
        said.asset = AssetId::new(name).unwrap();
        (said.serial, said.rung, said.positions) = (serial, rung, (first, first.saturating_add(more)));
        said.window = Window::from_seconds(from, from + life).unwrap();
        let bytes = Token::issue(said.clone(), epoch(), &issuer).unwrap().to_bytes();
        let token = Token::read(&bytes, epoch(), &Ed25519Verifier::new()).unwrap();
        prop_assert_eq!(token.certificate(), &said);
        prop_assert_eq!(token.to_bytes(), bytes);
    }
}

/// Thirty sols without a contact, on a ladder of ten rungs of three sols, by clocks that are ten seconds off.
#[test]
fn thirty_sols_out_of_contact() {
    let sol = Horizon::SOL_MS;
    let bound = 10_000;
    let ladder = Ladder::new(MissionTime(0), 3 * sol, 10, bound).unwrap();
    assert_eq!(life_ms_min(sol, 1_300_000, bound), 3 * sol + 1_300_000 + bound);
    let tolerance = Tolerance { evidence_age_ms_max: 40 * sol, grace_ms: 15 * sol };
    let (issuer, subject) = (signer(1), signer(2));
    let (_, mut view) = scene();
    view.position = 10;
    // The bytes as the asset keeps them, all from the one contact at the start.
    let rungs: Vec<Vec<u8>> = (0..ladder.len())
        .map(|rung| {
            let window = ladder.window(rung).unwrap();
            let said = Certificate { window, rung, serial: rung.into(), ..certificate(&issuer, &subject) };
            Token::issue(said, epoch(), &issuer).unwrap().to_bytes()
        })
        .collect();
    let hour = 3_600_000;
    let (mut valid, mut narrowed, mut readmitted) = (0, 0, 0);
    for k in 0.. {
        let now = k * hour;
        if now > 60 * sol {
            break;
        }
        // One clock is slow, the other fast, and they change places.
        let wrong = if k % 2 == 0 { bound } else { -bound };
        let rung = ladder.rung_at(MissionTime(now + wrong));
        let token = Token::read(&rungs[usize::from(rung)], epoch(), &Ed25519Verifier::new()).unwrap();
        let seen = MissionTime(now - wrong);
        let evidence = Evidence { now: seen, clock_bound_ms: bound, position: 10, view: &view };
        let verdict = judge(token.certificate(), &evidence, &tolerance);
        if now < ladder.end().as_ms() {
            assert!(matches!(verdict, Verdict::Valid { .. }), "sol {}: {verdict}", now / sol);
            valid += 1;
        }
        match renewal(token.certificate(), &evidence, &tolerance) {
            Renewal::Refused => panic!("a member is locked out at sol {}", now / sol),
            Renewal::Narrow { roles } => {
                assert!(now >= ladder.end().as_ms() && roles == Role::Asset.into());
                narrowed += 1;
            }
            Renewal::Readmission => {
                assert!(now >= 45 * sol, "not before the grace window is over");
                readmitted += 1;
            }
            Renewal::Keep { .. } | Renewal::Same => {}
        }
    }
    assert!(valid >= 739 && narrowed > 300 && readmitted > 300, "{valid} {narrowed} {readmitted}");
}
