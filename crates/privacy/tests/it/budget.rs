//! The ledger: what it refuses, and what is left of it after a crash at any byte.

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::traits::{
    Mechanism, MechanismError, PrivacyLoss, SecureRandom, Sensitivity, Store, StoreError,
};
use cosmosmesh_crypto::SystemRandom;
use cosmosmesh_host::store::FaultyStore;
use cosmosmesh_privacy::budget::{
    Budget, Ledger, LedgerError, Permit, RecordError, ReleaseError, decode_record, release,
};
use cosmosmesh_privacy::noise::LocalGaussian;
use proptest::prelude::*;

fn asset(name: &str) -> AssetId {
    AssetId::new(name).expect("a name")
}

fn units(units: u128) -> PrivacyLoss {
    PrivacyLoss::from_units(units)
}

fn budget(rho: u128) -> Budget {
    Budget::of_loss(units(rho), 1e-6).expect("a budget")
}

const STREAM: &str = "privacy/budget";

#[test]
fn what_is_spent_is_spent_after_a_restart() {
    let (rover, drone) = (asset("rover"), asset("Drohne Ä"));
    let mut ledger = Ledger::open(MemoryStore::new(), STREAM).expect("a ledger");
    ledger.grant(&rover, budget(100)).expect("a grant");
    ledger.grant(&drone, budget(50)).expect("a grant");
    let permits = ledger.spend(&[(rover.clone(), units(60)), (drone.clone(), units(50))]).expect("both can pay");
    assert_eq!((permits[1].asset(), permits[1].loss()), (&drone, units(50)));
    let mut ledger = Ledger::open(ledger.into_store(), STREAM).expect("the same ledger");
    assert_eq!(ledger.standing(&rover).map(|s| (s.left(), s.spent(), s.releases())), Some((units(40), units(60), 1)));
    let refused = ledger.spend(&[(rover.clone(), units(40)), (drone.clone(), units(1))]);
    assert_eq!(refused, Err(LedgerError::Overspent { asset: drone.clone(), loss: units(1), left: units(0) }));
    // All or nobody: the rover still has its forty, and may be named twice.
    assert!(matches!(
        ledger.spend(&[(rover.clone(), units(20)), (rover.clone(), units(21))]),
        Err(LedgerError::Overspent { .. })
    ));
    assert_eq!(ledger.spend(&[(rover.clone(), units(20)), (rover.clone(), units(20))]).map(|p| p.len()), Ok(2));
    assert_eq!(ledger.grant(&rover, budget(100)), Ok(()), "the same grant changes nothing");
    let granted = budget(100);
    assert_eq!(ledger.grant(&rover, budget(101)), Err(LedgerError::AlreadyGranted { asset: rover.clone(), granted }));
    assert_eq!(ledger.standing(&rover).map(|s| s.left()), Some(PrivacyLoss::NONE));
    let nobody = asset("nobody");
    assert_eq!(ledger.spend(&[(nobody.clone(), units(0))]), Err(LedgerError::NoAccount { asset: nobody }));
    assert!(
        ledger.standing(&rover).is_some_and(|s| s.epsilon_left() == 0.0 && s.epsilon_spent() == s.budget().epsilon())
    );
}

#[test]
fn a_store_that_fails_closes_the_ledger() {
    let rover = asset("rover");
    let mut store = MemoryStore::new();
    // Opening syncs, the grant appends and syncs, the spending appends; then the disk is full.
    store.fail_after(4);
    let mut ledger = Ledger::open(store, STREAM).expect("a ledger");
    ledger.grant(&rover, budget(100)).expect("a grant");
    let failed = ledger.spend(&[(rover.clone(), units(60))]);
    assert!(matches!(failed, Err(LedgerError::Store(StoreError::Failed { .. }))), "{failed:?}");
    assert_eq!(ledger.spend(&[(rover.clone(), units(60))]), Err(LedgerError::Closed));
    // The record may be there: whoever opens again counts it.
    let ledger = Ledger::open(ledger.into_store().crash(1), STREAM).expect("the same ledger");
    assert_eq!(ledger.standing(&rover).map(|s| s.left()), Some(units(40)));
}

/// Spends until refused or the disk is full, and counts what permits allowed.
fn spend_on(ledger: &mut Ledger<FaultyStore>, fleet: &[AssetId], given: &mut [u128]) -> Result<(), LedgerError> {
    for (k, name) in fleet.iter().enumerate() {
        ledger.grant(name, budget(100 + k as u128))?;
    }
    loop {
        let losses: Vec<_> = fleet.iter().map(|name| (name.clone(), units(13))).collect();
        for permit in ledger.spend(&losses)? {
            let k = fleet.iter().position(|name| name == permit.asset()).expect("one of the fleet");
            given[k] += permit.loss().units();
        }
    }
}

/// Killed after any number of bytes, with any number of the bytes since the last sync on the disk, and started again: nobody overspends.
#[test]
fn killed_at_any_byte_no_asset_overspends() {
    let fleet = [asset("rover"), asset("drone"), asset("habitat")];
    let mut crashes = 0;
    for bytes in (0..).step_by(1) {
        let mut store = FaultyStore::new();
        store.fill_after(bytes);
        let mut given = [0; 3];
        let opened = Ledger::open(store, STREAM);
        let Ok(mut ledger) = opened else { continue };
        let stopped = spend_on(&mut ledger, &fleet, &mut given).expect_err("ends by a full disk or an empty budget");
        let finished = matches!(stopped, LedgerError::Overspent { .. });
        let store = ledger.into_store();
        let volatile = store.volatile_bytes();
        for kept in 0..=volatile {
            let mut given = given;
            let mut ledger = Ledger::open(store.clone().crash(kept), STREAM).expect("a prefix is a ledger");
            for (name, given) in fleet.iter().zip(given) {
                let spent = ledger.standing(name).map_or(0, |s| s.spent().units());
                assert!(spent >= given, "{name}: {spent} recorded, {given} given away");
            }
            let stopped = spend_on(&mut ledger, &fleet, &mut given).expect_err("the budget ends");
            assert!(matches!(stopped, LedgerError::Overspent { .. }), "{stopped}");
            for (k, given) in given.iter().enumerate() {
                assert!(*given <= 100 + k as u128, "{given} given away of {}", 100 + k);
            }
            crashes += 1;
        }
        if finished {
            break;
        }
    }
    assert!(crashes > 500, "{crashes} crashes were tried");
}

/// No engine can help it: a disk that lies about syncing forgets what was spent. What was given away is then more than is recorded.
#[test]
fn a_disk_that_lies_about_syncing_is_not_defended_against() {
    let rover = asset("rover");
    let mut ledger = Ledger::open(FaultyStore::new(), STREAM).expect("a ledger");
    ledger.grant(&rover, budget(100)).expect("a grant");
    let mut store = ledger.into_store();
    store.lose_syncs_from(0);
    let mut ledger = Ledger::open(store, STREAM).expect("a ledger");
    let _given = ledger.spend(&[(rover.clone(), units(100))]).expect("paid");
    let ledger = Ledger::open(ledger.into_store().crash(0), STREAM).expect("a ledger");
    assert_eq!(ledger.standing(&rover).map(|s| s.spent()), Some(PrivacyLoss::NONE));
}

#[test]
fn a_damaged_record_closes_the_ledger() {
    let check = |record: &[u8], expected: &str| {
        let mut store = MemoryStore::new();
        store.append(STREAM, record).expect("a record");
        let refused = Ledger::open(store, STREAM).expect_err("refused").to_string();
        assert!(refused.contains("record 0") && refused.contains(expected), "{refused}");
    };
    check(&[], "0 bytes");
    check(&[2, 0, 0], "version 2");
    check(&[1, 7, 0], "kind 7");
    check(&[1, 1, 200, 65], "4 bytes instead of 219");
    let spend = |name: &[u8], loss: u128| [&[1, 1, name.len() as u8], name, &loss.to_be_bytes()].concat();
    check(&spend(b"a\n", 1), "no asset's");
    check(&spend(&[0xff], 1), "no asset's");
    check(&spend(b"", 1), "no asset's");
    check(&spend(b"rover", 1), "never granted");
    let grant = |delta: f64| [&[1, 0, 1, b'a'][..], &9_u128.to_be_bytes(), &delta.to_bits().to_be_bytes()].concat();
    check(&grant(f64::NAN), "delta");
    assert_eq!(decode_record(&grant(1e-6)), Ok((asset("a"), units(9))));
    assert_eq!(decode_record(&spend(b"b", 7)), Ok((asset("b"), units(7))));
    assert_eq!(decode_record(&grant(2.0)), Err(RecordError::Delta));
    let mut store = MemoryStore::new();
    for record in [grant(1e-6), spend(b"a", 5), spend(b"a", 5)] {
        store.append(STREAM, &record).expect("a record");
    }
    assert_eq!(Ledger::open(store, STREAM).err(), Some(LedgerError::Impossible { index: 2 }));
}

/// The corpus of the fuzz target: what is valid is read, everything else refused, and nothing panics.
#[test]
fn the_corpus_of_records_is_read_as_it_is_named() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/budget_record");
    let files = std::fs::read_dir(folder).expect("the corpus").map(|entry| entry.expect("an entry").path());
    let mut read = 0;
    for file in files {
        let valid = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("valid"));
        let bytes = std::fs::read(&file).expect("bytes");
        assert_eq!(decode_record(&bytes).is_ok(), valid, "{}", file.display());
        read += 1;
    }
    assert!(read >= 13, "the corpus is there");
}

fn permit(loss: u128) -> Permit {
    let mut ledger = Ledger::open(MemoryStore::new(), STREAM).expect("a ledger");
    ledger.grant(&asset("a"), budget(loss)).expect("a grant");
    ledger.spend(&[(asset("a"), units(loss))]).expect("paid").remove(0)
}

#[test]
fn a_release_is_made_only_if_it_is_paid() {
    let mechanism = LocalGaussian::new(1 << 30).expect("a mechanism");
    let sensitivity = Sensitivity { l2_squared: 1 << 20, len: 4 };
    let loss = mechanism.loss(sensitivity);
    let mut values = [5; 4];
    let paid = units(loss.units() - 1);
    let refused = release(permit(paid.units()), &mechanism, sensitivity, &mut values, &mut SystemRandom::new());
    assert_eq!(refused, Err(ReleaseError::Unpaid { loss, paid }));
    assert_eq!(values, [5; 4], "what is not paid is not touched");
    release(permit(loss.units()), &mechanism, sensitivity, &mut values, &mut SystemRandom::new()).expect("paid");
    assert_ne!(values, [5; 4], "four draws of a deviation of 32768 are all zero once in 10^19");
    assert!(values.iter().all(|value| value.unsigned_abs() < 1 << 20));
}

/// A mechanism of somebody else's is bound by the same rule.
#[test]
fn a_free_mechanism_needs_no_more_than_its_loss() {
    #[derive(Debug)]
    struct Nothing;
    impl Mechanism for Nothing {
        fn loss(&self, _: Sensitivity) -> PrivacyLoss {
            PrivacyLoss::NONE
        }
        fn release(&self, values: &mut [i128], _: &mut dyn SecureRandom) -> Result<(), MechanismError> {
            values.fill(0);
            Ok(())
        }
    }
    let mut values = [9];
    let sensitivity = Sensitivity { l2_squared: u128::MAX, len: 1 };
    assert_eq!(release(permit(0), &Nothing, sensitivity, &mut values, &mut SystemRandom::new()), Ok(()));
    assert_eq!(values, [0]);
}

proptest! {
    /// Any bytes are an entry or a named error; an entry reads back as it is written.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_record(&bytes);
        let mut likely = bytes;
        if likely.len() > 3 {
            likely[0] = 1;
            likely[1] &= 1;
            likely[2] = (likely.len() as u8).saturating_sub(if likely[1] == 0 { 27 } else { 19 });
        }
        let _ = decode_record(&likely);
    }

    /// Whatever is asked, in whatever order: the sum of what was allowed stays within the budget.
    #[test]
    fn permits_never_sum_beyond_the_budget(total in 0_u128..1000, asked in prop::collection::vec(0_u128..400, 0..20)) {
        let rover = asset("rover");
        let mut ledger = Ledger::open(MemoryStore::new(), STREAM).expect("a ledger");
        ledger.grant(&rover, budget(total)).expect("a grant");
        let mut given = 0;
        for loss in asked {
            match ledger.spend(&[(rover.clone(), units(loss))]) {
                Ok(_) => given += loss,
                Err(error) => prop_assert!(given + loss > total, "{}", error),
            }
        }
        prop_assert!(given <= total);
        prop_assert_eq!(ledger.standing(&rover).map(|s| s.left().units()), Some(total - given));
    }
}
