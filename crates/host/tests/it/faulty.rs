use cosmosmesh_contracts::conformance;
use cosmosmesh_contracts::traits::{Store, StoreError};
use cosmosmesh_host::store::FaultyStore;
use proptest::prelude::*;

#[test]
fn a_sound_disk_makes_a_sound_store() {
    conformance::store(FaultyStore::new(), |store| store.crash(usize::MAX));
}

fn numbers(store: &FaultyStore, stream: &str) -> Vec<u8> {
    store.read(stream, 0, usize::MAX).unwrap().into_iter().map(|record| record[0]).collect()
}

#[test]
fn whatever_byte_the_power_fails_at_a_prefix_is_found_and_what_was_synced_is_in_it() {
    let mut store = FaultyStore::new();
    for k in 0..4 {
        store.append(if k % 2 == 0 { "a" } else { "b" }, &[k; 5]).unwrap();
    }
    store.sync().unwrap();
    for k in 4..8 {
        store.append(if k % 2 == 0 { "a" } else { "b" }, &[k; 5]).unwrap();
    }
    let volatile = store.volatile_bytes();
    let mut lengths = Vec::new();
    for kept in 0..=volatile {
        for rubbish in [&[][..], &[0; 40], &[0xff; 40]] {
            let found = store.clone().crash_with(kept, rubbish);
            let (a, b) = (numbers(&found, "a"), numbers(&found, "b"));
            assert!([0, 2, 4, 6].starts_with(&a) && a.len() >= 2, "{kept} bytes kept: {a:?}");
            assert!([1, 3, 5, 7].starts_with(&b) && b.len() >= 2, "{kept} bytes kept: {b:?}");
            lengths.push(a.len() + b.len());
        }
    }
    assert!(lengths.is_sorted() && lengths.first() == Some(&4) && lengths.last() == Some(&8), "{lengths:?}");
}

#[test]
fn a_lying_disk_loses_what_it_said_was_safe() {
    let mut store = FaultyStore::new();
    store.lose_syncs_from(1);
    for k in 0..3 {
        store.append("a", &[k]).unwrap();
        store.sync().unwrap();
    }
    assert_eq!(store.syncs(), 3);
    assert_eq!(numbers(&store.crash(0), "a"), [0]);
}

#[test]
fn a_full_disk_refuses_and_what_was_synced_stays() {
    let mut whole = FaultyStore::new();
    whole.append("a", &[0; 8]).unwrap();
    let frame = whole.volatile_bytes();
    for room in 0..3 * frame {
        let mut store = FaultyStore::new();
        store.fill_after(room);
        let mut synced = 0;
        for k in 0..3 {
            if store.append("a", &[k; 8]).is_err() || store.sync().is_err() {
                break;
            }
            synced = k + 1;
        }
        assert!(matches!(store.append("a", &[9; 8]), Err(StoreError::Failed { .. })), "{room} bytes of room");
        let found = numbers(&store.crash(0), "a");
        assert_eq!(found, (0..synced).collect::<Vec<u8>>(), "{room} bytes of room");
    }
}

proptest! {
    #[test]
    fn any_history_is_found_again_as_a_prefix(
        steps in prop::collection::vec((0_u8..4, prop::collection::vec(any::<u8>(), 0..20)), 1..40),
        kept in 0_usize..400,
    ) {
        let mut store = FaultyStore::new();
        let (mut written, mut synced) = (Vec::new(), 0);
        for (what, record) in steps {
            if what == 0 {
                store.sync().unwrap();
                synced = written.len();
            } else {
                store.append("s", &record).unwrap();
                written.push(record);
            }
        }
        let found = store.crash(kept).read("s", 0, usize::MAX).unwrap();
        prop_assert!(found.len() >= synced);
        prop_assert_eq!(&found[..], &written[..found.len()]);
    }
}
