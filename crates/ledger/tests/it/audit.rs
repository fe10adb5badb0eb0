//! A stored log audited whole: its entries, its checkpoints, and who signed them.

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::traits::Store;
use cosmosmesh_ledger::governance::{Decision, Statement, fleet_id};
use cosmosmesh_ledger::{
    AuditFault, AuditTrust, Checkpoint, CheckpointError, Log, LogAudit, LogPolicy, Note, NoteError, NoteKeyKind,
    SplitView, audit_log,
};

use crate::governance::house::{ALICE, BOB, CAROL, ROVER, admit, first_root, signed, statement_of};
use crate::house::{NOW, ORIGIN, entries, key, policy, signer, verifier};

/// The streams of a log, to be changed and stored anew.
#[derive(Clone)]
struct Records {
    entries: Vec<Vec<u8>>,
    checkpoints: Vec<Vec<u8>>,
}

impl Records {
    fn of(store: &MemoryStore) -> Self {
        let read = |what: &str| store.read(&format!("ledger/{what}"), 0, usize::MAX).unwrap();
        Self { entries: read("entries"), checkpoints: read("checkpoints") }
    }

    fn store(&self) -> MemoryStore {
        let mut store = MemoryStore::new();
        for (what, records) in [("entries", &self.entries), ("checkpoints", &self.checkpoints)] {
            for record in records {
                store.append(&format!("ledger/{what}"), record).unwrap();
            }
        }
        store
    }

    fn audit(&self, trust: &AuditTrust) -> LogAudit {
        audit_log(&self.store(), "ledger", trust, &verifier()).unwrap()
    }
}

const SELF: AuditTrust = AuditTrust::Roots { fleet: None };

fn given() -> AuditTrust {
    AuditTrust::Given(policy())
}

/// A founded fleet's log: founding, admission, three notes; three checkpoints, the last one seen by two witnesses.
fn founded() -> (Log, MemoryStore) {
    let mut store = MemoryStore::new();
    let mut log = Log::open(&store, "ledger", ORIGIN).unwrap();
    let founding = signed(&Statement::founding("ares", NOW, first_root()), &[ALICE, BOB]);
    let admission = signed(&statement_of(1, admit("rover-1", ROVER)), &[ALICE, BOB, ROVER]);
    for batch in [vec![founding], vec![admission], entries(3)] {
        log.append(&mut store, &batch).unwrap();
        log.sign(&mut store, &signer(1)).unwrap();
    }
    for seed in [2, 3] {
        let mut note = Note::new(log.checkpoint_note().unwrap().text()).unwrap();
        note.cosign(&format!("w{seed}"), NOW, &signer(seed)).unwrap();
        log.add_cosignature(&mut store, note.signatures()[0].clone()).unwrap();
    }
    (log, store)
}

#[test]
fn a_sound_log_is_vouched_for_by_key_and_witnesses() {
    let records = Records::of(&founded().1);
    for trust in [SELF, AuditTrust::Roots { fleet: Some(fleet_id(&first_root())) }, given()] {
        let audit = records.audit(&trust);
        assert_eq!((audit.entries, audit.checkpoints, audit.signed, audit.sound), (5, 5, 5, 5));
        assert_eq!(audit.fault, None);
        assert!(audit.unknown.is_empty());
        let last = audit.last.unwrap();
        assert!(last.is_final());
        assert_eq!(last.witnessed.len(), 2);
    }
    // A log that founds nothing is judged by its hashes alone, and does not say otherwise.
    let plain = Records::of(&crate::house::log(4).1);
    let audit = plain.audit(&SELF);
    assert_eq!((audit.checkpoints, audit.signed, audit.fault, audit.last), (1, 0, None, None));
    assert_eq!(plain.audit(&given()).signed, 1);
    let asked = fleet_id(&first_root());
    assert_eq!(
        plain.audit(&AuditTrust::Roots { fleet: Some(asked) }).fault,
        Some(AuditFault::Fleet { asked }),
        "a log without a founding is not the fleet's"
    );
}

/// Whoever has the file, but not the log's key, changes an entry and writes a checkpoint that fits.
#[test]
fn a_checkpoint_forged_to_fit_changed_entries_is_noticed() {
    let sound = Records::of(&founded().1);
    let forge = |seed: u8, name: &str| {
        let mut records = sound.clone();
        *records.entries.last_mut().unwrap() = b"another end".to_vec();
        records.checkpoints.truncate(2);
        let mut store = records.store();
        let mut log = Log::open(&store, "ledger", ORIGIN).unwrap();
        let (size, root) = (log.size(), log.tree().root());
        let mut note =
            Note::new(Checkpoint { origin: ORIGIN.to_owned(), size, root, extensions: Vec::new() }.to_text()).unwrap();
        note.sign(name, &signer(seed)).unwrap();
        records.checkpoints.push(note.to_string().into_bytes());
        // The forger's own tools find nothing wrong.
        store.append("ledger/checkpoints", note.to_string().as_bytes()).unwrap();
        log = Log::open(&store, "ledger", ORIGIN).unwrap();
        assert_eq!(log.checkpoint().unwrap().size, 5);
        records
    };
    for trust in [SELF, given()] {
        for (seed, name) in [(66, ORIGIN), (1, "example.com/other"), (2, "w2")] {
            let audit = forge(seed, name).audit(&trust);
            let why = CheckpointError::Note(NoteError::NoSignature);
            assert_eq!(audit.fault, Some(AuditFault::Signature { checkpoint: 2, size: 5, why }), "{name}");
            assert_eq!((audit.checkpoints, audit.sound), (2, 2));
        }
        // With the log's own key it is no forgery, but then the witnesses have not seen it.
        let audit = forge(1, ORIGIN).audit(&trust);
        assert!(audit.fault.is_none() && !audit.last.unwrap().is_final());
    }
}

#[test]
fn every_changed_byte_of_a_signed_note_is_a_fault_or_leaves_fewer_witnesses() {
    let sound = Records::of(&founded().1);
    let last = sound.checkpoints.len() - 1;
    let (mut faults, mut fewer) = (0, 0);
    for trust in [SELF, given()] {
        for at in 0..sound.checkpoints[last].len() {
            for change in [1, 0x20, 0x80] {
                let mut records = sound.clone();
                records.checkpoints[last][at] ^= change;
                let audit = records.audit(&trust);
                match audit.fault {
                    Some(_) => faults += 1,
                    // A witness's line under another name or id is nobody's: it says nothing, and is told.
                    None => {
                        assert!(!audit.unknown.is_empty(), "byte {at}");
                        assert!(!audit.last.unwrap().is_final(), "byte {at}");
                        fewer += 1;
                    }
                }
            }
        }
    }
    assert!(faults > 10 * fewer && fewer > 0, "{faults} faults, {fewer} with fewer witnesses");
}

#[test]
fn a_forged_cosignature_of_a_known_witness_is_a_fault() {
    let (log, store) = founded();
    let sound = Records::of(&store);
    let mut note = Note::new(log.checkpoint_note().unwrap().text()).unwrap();
    // Another key in the witness's name has another id; so the forger writes the id too.
    note.cosign("w4", NOW, &signer(66)).unwrap();
    let mut line = note.signatures()[0].clone();
    let with = |line: cosmosmesh_ledger::NoteSignature| {
        let mut records = sound.clone();
        let mut note = log.checkpoint_note().unwrap().clone();
        note.push(line).unwrap();
        records.checkpoints.push(note.to_string().into_bytes());
        records.audit(&SELF)
    };
    let audit = with(line.clone());
    assert!(audit.fault.is_none() && audit.unknown.contains("w4"), "{audit:?}");
    assert_eq!(audit.last.unwrap().witnessed.len(), 2);
    line.id = key("w4", NoteKeyKind::Cosignature, 4).id();
    let why = CheckpointError::Note(NoteError::Signature { name: "w4".to_owned() });
    let fault = with(line).fault.unwrap();
    assert_eq!(fault, AuditFault::Signature { checkpoint: 5, size: 5, why });
    assert!(fault.to_string().contains("the signature line of w4 is false"), "{fault}");
}

#[test]
fn entries_taken_away_put_in_or_changed_are_told_with_their_place() {
    let sound = Records::of(&founded().1);
    let fault = |change: &dyn Fn(&mut Records)| {
        let mut records = sound.clone();
        change(&mut records);
        records.audit(&given()).fault.unwrap()
    };
    let short = fault(&|records| drop(records.entries.pop()));
    assert_eq!(short, AuditFault::Short { checkpoint: 2, size: 5, entries: 4 });
    let changed = fault(&|records| records.entries[1][0] ^= 1);
    assert_eq!(changed, AuditFault::Entries { from: 1, to: 2, checkpoint: 1 });
    assert!(changed.to_string().starts_with("entry 1 was changed after checkpoint 1"), "{changed}");
    let put_in = fault(&|records| records.entries.insert(3, b"put in".to_vec()));
    assert_eq!(put_in, AuditFault::Entries { from: 2, to: 5, checkpoint: 2 });
    let unreadable = fault(&|records| records.checkpoints[1].truncate(10));
    assert_eq!(unreadable, AuditFault::Unreadable { checkpoint: 1 });
    let swapped = fault(&|records| records.checkpoints[4] = records.checkpoints[0].replace_root());
    assert_eq!(swapped, AuditFault::Checkpoint { checkpoint: 4, size: 1 });
}

trait ReplaceRoot {
    fn replace_root(&self) -> Vec<u8>;
}

impl ReplaceRoot for Vec<u8> {
    fn replace_root(&self) -> Vec<u8> {
        let note = Note::parse(self).unwrap();
        let mut checkpoint = Checkpoint::parse(note.text()).unwrap();
        checkpoint.root = cosmosmesh_ledger::leaf_hash(b"another");
        let mut other = Note::new(checkpoint.to_text()).unwrap();
        other.sign(ORIGIN, &signer(1)).unwrap();
        other.to_string().into_bytes()
    }
}

/// The root names another key of the log: old checkpoints stay good, the old key signs nothing more.
#[test]
fn a_logs_key_rotates_with_its_root() {
    let (mut log, mut store) = founded();
    let mut next = first_root();
    next.log.keys = vec![key(ORIGIN, NoteKeyKind::Ed25519, 7).to_string()];
    log.append(&mut store, &[signed(&statement_of(2, Decision::Root(next)), &[ALICE, CAROL])]).unwrap();
    let rotated = (log.clone(), store.clone());
    let audit = |signers: &[u8]| {
        let (mut log, mut store) = rotated.clone();
        for seed in signers {
            log.sign(&mut store, &signer(*seed)).unwrap();
            log.append(&mut store, &[format!("after {seed}")]).unwrap();
        }
        Records::of(&store).audit(&SELF)
    };
    assert_eq!(audit(&[7, 7]).fault, None);
    // The checkpoint that covers the rotation may be signed by either key.
    assert_eq!(audit(&[1, 7, 7]).fault, None);
    let why = CheckpointError::Note(NoteError::NoSignature);
    assert_eq!(audit(&[7, 1]).fault, Some(AuditFault::Signature { checkpoint: 6, size: 7, why }));
    // By the old key alone, as somebody would who missed the rotation, the new checkpoints are nobody's.
    let mut old = policy();
    old.quorum = 0;
    let (mut log, mut store) = rotated.clone();
    log.sign(&mut store, &signer(7)).unwrap();
    let records = Records::of(&store);
    assert!(matches!(records.audit(&AuditTrust::Given(old.clone())).fault, Some(AuditFault::Signature { .. })));
    let both = LogPolicy { keys: vec![old.keys[0].clone(), key(ORIGIN, NoteKeyKind::Ed25519, 7)], ..old };
    assert_eq!(records.audit(&AuditTrust::Given(both)).fault, None);
}

#[test]
fn a_log_that_holds_evidence_against_itself_is_not_sound() {
    let (mut log, mut store) = founded();
    let mut twin_store = Records { entries: entries(5), checkpoints: Vec::new() }.store();
    let mut twin = Log::open(&twin_store, "ledger", ORIGIN).unwrap();
    let earlier = twin.sign(&mut twin_store, &signer(1)).unwrap().clone();
    let later = log.checkpoint_note().unwrap().clone();
    let evidence = SplitView { earlier, later, path: Vec::new() };
    let note = evidence.to_note("rover-1", &signer(ROVER)).unwrap();
    log.append(&mut store, &[note.to_string()]).unwrap();
    log.sign(&mut store, &signer(1)).unwrap();
    let audit = Records::of(&store).audit(&SELF);
    assert_eq!(audit.fault, Some(AuditFault::SplitView { at: 5, sizes: (5, 5) }));
}
