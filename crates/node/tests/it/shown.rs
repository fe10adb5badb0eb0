//! Certificates as they are shown: one encoding, and hostile bytes.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::traits::{SecureRandom, TrustPolicy};
use cosmosmesh_contracts::trust::{Invalid, Moment, ShownError, Unknown, Verdict};
use cosmosmesh_crypto::{Ed25519Verifier, SeededRandom};
use cosmosmesh_node::standing::{CERTIFICATES_MAX, SHOWN_MAX, Shown};

use crate::fleet_log::{BOUND, FleetLog, SOL, asset, shown, token};
use crate::world::node;

const NOW: Moment = Moment::live(MissionTime(SOL), BOUND);

#[test]
fn what_is_shown_has_one_encoding() {
    let log = FleetLog::new(&[(1, asset())]);
    let bytes = log.ladder(1, asset(), MissionTime(0));
    assert!(bytes.len() <= SHOWN_MAX);
    let read = Shown::decode(&bytes).unwrap();
    assert_eq!((read.tokens().len(), read.encode()), (10, bytes.clone()));
    let mut judge = log.certified(MissionTime(0));
    assert_eq!(judge.hear(&bytes, &NOW, &Ed25519Verifier::new()), Ok(()));
    let kept = judge.shown(&node(1).signer.node_id()).to_vec();
    assert_eq!(kept.len(), 10);
    // Every changed bit of the first two tokens and of the head, and every cut, is refused or shows nothing else.
    for at in 0..3 + 2 * usize::from(bytes[3]) {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let found = log.certified(MissionTime(0)).hear(&changed, &NOW, &Ed25519Verifier::new());
            assert!(found.is_err(), "byte {at} bit {bit}");
        }
    }
    for cut in 0..bytes.len() {
        assert!(matches!(Shown::decode(&bytes[..cut]), Err(ShownError::Malformed { .. })), "cut to {cut}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(Shown::decode(&longer), Err(ShownError::Malformed { at, .. }) if at == bytes.len()));
    // The same again changes nothing.
    assert_eq!(judge.hear(&bytes, &NOW, &Ed25519Verifier::new()), Ok(()));
    assert_eq!(judge.shown(&node(1).signer.node_id()), kept);
}

#[test]
fn lengths_that_lie_are_refused_where_they_stand() {
    for (bytes, at) in [
        (&[][..], 0),
        (&[0x42][..], 1),
        (&[0x41, 1, 1, 1, 0][..], 0),
        (&[0x42, 2, 1, 1, 0][..], 1),
        (&[0x42, 1, 0][..], 2),
        (&[0x42, 1, 65][..], 2),
        (&[0x42, 1, 64][..], 3),
        (&[0x42, 1, 1, 0][..], 3),
        (&[0x42, 1, 1, 251][..], 3),
        (&[0x42, 1, 1, 250, 7][..], 3),
        (&[0x42, 1, 2, 1, 7][..], 5),
        (&[0x42, 1, 1, 1, 7, 7][..], 5),
    ] {
        assert!(
            matches!(Shown::decode(bytes), Err(ShownError::Malformed { at: found, .. }) if found == at),
            "{bytes:?}: {:?}",
            Shown::decode(bytes)
        );
    }
    assert!(Shown::new(vec![]).is_err() && Shown::new(vec![vec![1]; 65]).is_err());
    assert!(Shown::new(vec![vec![]]).is_err() && Shown::new(vec![vec![0; 251]]).is_err());
    assert!(Shown::new(vec![vec![0; 250]; 64]).is_ok_and(|shown| shown.encode().len() == SHOWN_MAX));
}

#[test]
fn random_bytes_and_mutants_never_panic_and_keep_nothing() {
    let log = FleetLog::new(&[(1, asset())]);
    let bytes = log.ladder(1, asset(), MissionTime(0));
    let mut random = SeededRandom::new(3, "shown");
    let mut draw = |below: usize| {
        let mut eight = [0; 8];
        random.fill(&mut eight).unwrap();
        (u64::from_le_bytes(eight) % below as u64) as usize
    };
    for _ in 0..400 {
        let mut mutant = bytes[..bytes.len() - draw(bytes.len() - 1)].to_vec();
        for _ in 0..=draw(3) {
            let at = draw(mutant.len());
            mutant[at] = draw(256) as u8;
        }
        let mut judge = log.certified(MissionTime(0));
        if judge.hear(&mutant, &NOW, &Ed25519Verifier::new()).is_err() {
            assert!(judge.shown(&node(1).signer.node_id()).is_empty(), "what is refused leaves nothing behind");
        } else {
            assert_eq!(mutant, bytes);
        }
    }
}

#[test]
fn only_what_may_come_to_hold_is_kept() {
    let log = FleetLog::new(&[(1, asset())]);
    let verifier = Ed25519Verifier::new();
    let hear = |bytes: &[u8], at: &Moment| {
        let mut judge = log.certified(MissionTime(0));
        let found = judge.hear(bytes, at, &verifier);
        found.map(|()| judge.shown(&node(1).signer.node_id()).len())
    };
    let own = log.certificates("base", 1, asset(), MissionTime(0));
    // Rungs whose time is over are left out, those whose time will come are not.
    let later = Moment::live(MissionTime(10 * SOL), BOUND);
    assert_eq!(hear(&shown("base", &own), &later), Ok(7));
    let after = Moment::live(MissionTime(31 * SOL), BOUND);
    let refused = |why| Err(ShownError::Refused { verdict: Verdict::Invalid(why) });
    assert_eq!(hear(&shown("base", &own), &after), refused(Invalid::Expired));
    // An issuer whom nobody approved fills nothing, and neither does a key that is no member's.
    let foreign = log.certificates("stranger", 1, asset(), MissionTime(0));
    assert_eq!(hear(&shown("stranger", &foreign), &NOW), refused(Invalid::Issuer));
    let nobody = log.certificates("base", 2, asset(), MissionTime(0));
    assert_eq!(hear(&shown("base", &nobody), &NOW), refused(Invalid::Subject));
    // One that names entries that this judge does not have is kept and in doubt.
    let mut grown = log.clone();
    grown.pass();
    let newer = grown.ladder(1, asset(), MissionTime(0));
    assert_eq!(hear(&newer, &NOW), Ok(10));
    let needed = grown.state.entries;
    let mut judge = log.certified(MissionTime(0));
    judge.hear(&newer, &NOW, &verifier).unwrap();
    let answer = crate::standing::ANSWER;
    let verdict = judge.judge(&node(1).signer.node_id(), answer, &NOW);
    assert!(
        matches!(verdict, Verdict::Indeterminate { unknown: Unknown::Log { needed: n }, .. } if n == needed),
        "{verdict}"
    );
    judge.follow(grown.state, MissionTime(SOL)).unwrap();
    assert!(matches!(judge.judge(&node(1).signer.node_id(), answer, &NOW), Verdict::Valid { .. }));
    // A false signature is named by its place.
    let mut tokens: Vec<Vec<u8>> = own.iter().map(|certificate| token("base", certificate).to_bytes()).collect();
    *tokens[3].last_mut().unwrap() ^= 1;
    let forged = Shown::new(tokens).unwrap().encode();
    assert_eq!(hear(&forged, &NOW), Err(ShownError::Signature { index: 3 }));
}

#[test]
fn a_key_keeps_so_many_certificates_and_no_more() {
    let log = FleetLog::new(&[(1, asset())]);
    let mut judge = log.certified(MissionTime(0));
    let key = node(1).signer.node_id();
    for k in 0..12 {
        let bytes = log.ladder(1, asset(), MissionTime(k * SOL));
        judge.hear(&bytes, &NOW, &Ed25519Verifier::new()).unwrap();
        assert!(judge.shown(&key).len() <= CERTIFICATES_MAX);
    }
    assert_eq!(judge.shown(&key).len(), CERTIFICATES_MAX);
    let windows: Vec<_> = judge.shown(&key).iter().map(|certificate| certificate.window).collect();
    assert!(windows.is_sorted(), "the earliest went");
}
