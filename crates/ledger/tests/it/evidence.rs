//! A log that shows two trees is convicted by two of its own checkpoints, and an honest one by nothing.

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_ledger::{EvidenceError, Log, NoteKeyKind, SplitView, Tree, Witness, WitnessError};

use crate::house::{NOW, ORIGIN, entries, key, policy, signer, verifier};

/// The log's two faces: equal for `shared` entries, then different.
fn face(shared: usize, more: &[&str]) -> Log {
    let mut store = MemoryStore::new();
    let mut log = Log::open(&store, "l", ORIGIN).unwrap();
    log.append(&mut store, &entries(shared)).unwrap();
    log.append(&mut store, more).unwrap();
    log.sign(&mut store, &signer(1)).unwrap();
    log
}

fn convict(earlier: &Log, later: &Log, tree: &Tree) -> SplitView {
    let note = |log: &Log| (log.checkpoint_note().unwrap().clone(), log.size());
    SplitView::between(note(earlier), note(later), tree).unwrap()
}

#[test]
fn every_pair_of_sizes_convicts_a_forked_log_and_no_honest_one() {
    for shared in [0, 1, 3, 4, 6] {
        for (old, new) in [(1, 1), (1, 2), (2, 5), (3, 3), (4, 9)] {
            let mars = face(shared, &["m"; 9][..old]);
            let earth = face(shared, &["e"; 9][..new]);
            let evidence = convict(&mars, &earth, earth.tree());
            assert_eq!(evidence.verify(&policy(), &verifier()), Ok(()), "{shared} shared, then {old} and {new}");
            let honest = face(shared, &["e"; 9][..old]);
            let nothing = convict(&honest, &earth, earth.tree());
            assert_eq!(nothing.verify(&policy(), &verifier()), Err(EvidenceError::NoContradiction));
        }
    }
}

#[test]
fn evidence_is_carried_as_a_signed_note_and_cannot_be_made_up() {
    let (mars, earth) = (face(5, &["m"]), face(5, &["e", "f", "g"]));
    let evidence = convict(&mars, &earth, earth.tree());
    let finders = [key("rover-1", NoteKeyKind::Ed25519, 8)];
    let note = evidence.to_note("rover-1", &signer(8)).unwrap().to_string();
    let read = SplitView::from_note(note.as_bytes(), &finders, &verifier()).unwrap();
    assert_eq!(read, evidence);
    assert!(SplitView::from_note(note.as_bytes(), &[], &verifier()).is_err(), "an unknown finder");
    for at in 0..note.len() {
        let mut bytes = note.clone().into_bytes();
        bytes[at] ^= 1;
        let verdict = SplitView::from_note(&bytes, &finders, &verifier());
        assert!(verdict.is_err(), "byte {at} was changed");
    }
    // Somebody who hates the log invents a path; it leads nowhere.
    let mut invented = convict(&face(5, &["e"]), &earth, earth.tree());
    for k in 0..invented.path.len() {
        invented.path[k] = cosmosmesh_ledger::leaf_hash(&[k as u8]);
        assert_eq!(invented.verify(&policy(), &verifier()), Err(EvidenceError::NoContradiction));
    }
    // Somebody signs in the log's name without its key.
    let mut forged = evidence.clone();
    let mut note = cosmosmesh_ledger::Note::new(forged.later.text()).unwrap();
    note.sign(ORIGIN, &signer(9)).unwrap();
    forged.later = note;
    assert!(matches!(forged.verify(&policy(), &verifier()), Err(EvidenceError::Checkpoint(_))));
}

#[test]
fn a_witness_that_meets_the_second_face_holds_the_evidence() {
    // The same size, two roots: the notes alone.
    let (mars, earth) = (face(5, &["m"]), face(5, &["e"]));
    let evidence = second_face(&mars, &earth.witness_request(6).unwrap());
    assert_eq!(evidence.verify(&policy(), &verifier()), Ok(()));
    let evidence = second_face(&mars, &earth.witness_request(0).unwrap());
    assert_eq!(evidence.verify(&policy(), &verifier()), Ok(()), "whatever old size is named");
    // Another size, with the proof that the second face would send in good faith.
    let later = face(5, &["e", "f", "g"]);
    let evidence = second_face(&mars, &later.witness_request(6).unwrap());
    assert_eq!(evidence.verify(&policy(), &verifier()), Ok(()));
}

fn second_face(first: &Log, request: &cosmosmesh_ledger::WitnessRequest) -> SplitView {
    let mut memory = MemoryStore::new();
    let mut witness = Witness::open(&memory, "w").unwrap();
    let keys = (
        &signer(2) as &dyn cosmosmesh_contracts::traits::Signer,
        &verifier() as &dyn cosmosmesh_contracts::traits::Verifier,
    );
    witness.add_checkpoint(&first.witness_request(0).unwrap(), NOW, &[policy()], "w2", keys, &mut memory).unwrap();
    match witness.add_checkpoint(request, NOW, &[policy()], "w2", keys, &mut memory) {
        Err(WitnessError::SplitView(evidence)) => *evidence,
        other => panic!("the second face gets {other:?}"),
    }
}
