//! Evidence that the log has two faces is kept in the log, and only if it proves what it says.

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_ledger::governance::{Governance, Outcome};
use cosmosmesh_ledger::{Log, Note, SplitView};

use super::house::founded;
use crate::house::{ORIGIN, entries, signer, verifier};

fn face(count: usize, last: &str) -> (Log, Note) {
    let mut store = MemoryStore::new();
    let mut log = Log::open(&store, "ledger", ORIGIN).unwrap();
    let mut entries = entries(count);
    entries[count - 1] = last.as_bytes().to_vec();
    log.append(&mut store, &entries).unwrap();
    let note = log.sign(&mut store, &signer(1)).unwrap().clone();
    (log, note)
}

#[test]
fn a_split_view_is_kept_with_its_place() {
    let ((_, one), (log, other)) = (face(5, "one"), face(9, "other"));
    let evidence = SplitView::between((one, 5), (other, 9), log.tree()).unwrap();
    let entry = evidence.to_note("rover-1", &signer(21)).unwrap().to_string();
    let mut state = founded();
    let Outcome::Fork(fork) = state.apply(entry.as_bytes(), &verifier()) else { panic!("not seen") };
    assert_eq!((fork.at, fork.sizes, fork.origin.as_str()), (1, (5, 9), ORIGIN));
    assert_eq!(state.forks, [fork]);
    // Whose name is under it does not matter, what it proves does.
    let anybody = evidence.to_note("anybody", &signer(99)).unwrap().to_string();
    assert!(matches!(state.apply(anybody.as_bytes(), &verifier()), Outcome::Fork(_)));
}

#[test]
fn what_convicts_nobody_is_refused_with_the_reason() {
    let (log, note) = face(9, "one");
    let mut honest = SplitView { earlier: note.clone(), later: note, path: Vec::new() };
    let refused = |state: &mut Governance, entry: &str| {
        assert!(matches!(state.apply(entry.as_bytes(), &verifier()), Outcome::Refused(_)));
        assert!(state.forks.is_empty());
        state.refused.last().unwrap().needed.clone()
    };
    let mut state = founded();
    let entry = honest.to_note("rover-1", &signer(21)).unwrap().to_string();
    assert!(refused(&mut state, &entry).contains("do not contradict"));
    assert!(refused(&mut state, "cosmosmesh/split-view/v1\nnonsense").contains("this is none"));
    // A checkpoint that the log did not sign.
    let mut store = MemoryStore::new();
    let mut other = Log::open(&store, "ledger", ORIGIN).unwrap();
    other.append(&mut store, &entries(4)).unwrap();
    honest.earlier = other.sign(&mut store, &signer(66)).unwrap().clone();
    honest.path = log.tree().consistency_path(4, 9).unwrap();
    let entry = honest.to_note("rover-1", &signer(21)).unwrap().to_string();
    assert!(refused(&mut state, &entry).contains("is not the log's"));
    assert!(refused(&mut Governance::new(), &entry).contains("no root yet"));
}
