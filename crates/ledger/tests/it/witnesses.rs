//! Witnesses sign what grew and nothing else, also after a restart.

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_ledger::{Log, Note, Witness, WitnessError, WitnessRequest};

use crate::house::{NOW, ORIGIN, entries, log, policy, signer, verifier};

fn ask(
    witness: &mut Witness,
    store: &mut MemoryStore,
    request: &WitnessRequest,
) -> Result<cosmosmesh_ledger::NoteSignature, WitnessError> {
    let read = WitnessRequest::parse(request.to_string().as_bytes()).unwrap();
    assert_eq!(read, *request, "over the link");
    witness.add_checkpoint(&read, NOW, &[policy()], "w2", (&signer(2), &verifier()), store)
}

#[test]
fn a_growing_log_is_signed_and_becomes_final() {
    let (mut log, mut store) = log(7);
    let mut memories = [MemoryStore::new(), MemoryStore::new()];
    for contact in 0..4 {
        log.append(&mut store, &entries(contact + 1)).unwrap();
        log.sign(&mut store, &signer(1)).unwrap();
        for (k, memory) in memories.iter_mut().enumerate() {
            // Opened anew at each contact: a witness is what it remembers.
            let mut witness = Witness::open(memory, "witness").unwrap();
            let old = witness.last(ORIGIN).map_or(0, |last| last.size);
            let request = log.witness_request(old).unwrap();
            let seed = 2 + k as u8;
            let name = format!("w{seed}");
            let signature = witness
                .add_checkpoint(&request, NOW, &[policy()], &name, (&signer(seed), &verifier()), memory)
                .unwrap();
            log.add_cosignature(&mut store, signature).unwrap();
        }
        let note = log.checkpoint_note().unwrap().to_string();
        let open = policy().open(note.as_bytes(), &verifier()).unwrap();
        assert!(open.is_final());
        let again = Log::open(&store, "ledger", ORIGIN).unwrap();
        assert_eq!(again.checkpoint_note().map(Note::to_string), Some(note), "cosignatures are kept");
    }
}

#[test]
fn what_does_not_continue_is_not_signed() {
    let (mut log, mut store) = log(7);
    let mut memory = MemoryStore::new();
    let mut witness = Witness::open(&memory, "witness").unwrap();
    let first = log.witness_request(0).unwrap();
    ask(&mut witness, &mut memory, &first).unwrap();
    ask(&mut witness, &mut memory, &log.witness_request(7).unwrap()).unwrap();
    assert_eq!(ask(&mut witness, &mut memory, &first), Err(WitnessError::Behind { size: 7 }), "409 with the size");

    log.append(&mut store, &entries(4)).unwrap();
    log.sign(&mut store, &signer(1)).unwrap();
    let good = log.witness_request(7).unwrap();
    let spoilt = |spoil: &dyn Fn(&mut WitnessRequest)| {
        let mut request = good.clone();
        spoil(&mut request);
        request
    };
    let mut refused = |request: WitnessRequest| ask(&mut witness, &mut memory, &request).unwrap_err();
    assert!(matches!(refused(spoilt(&|r| r.proof.truncate(1))), WitnessError::Inconsistent(_)));
    assert!(matches!(refused(spoilt(&|r| r.proof.swap(0, 1))), WitnessError::Inconsistent(_)));
    assert_eq!(refused(spoilt(&|r| r.old_size = 12)), WitnessError::OldSize { old: 12, new: 11 });
    assert_eq!(refused(spoilt(&|r| r.old_size = 6)), WitnessError::Behind { size: 7 });
    let unsigned = |r: &mut WitnessRequest| {
        let mut note = Note::new(r.checkpoint.text()).unwrap();
        note.sign("somebody", &signer(9)).unwrap();
        r.checkpoint = note;
    };
    assert!(matches!(refused(spoilt(&unsigned)), WitnessError::Checkpoint(_)), "403");
    let elsewhere = |r: &mut WitnessRequest| {
        let mut note = Note::new(r.checkpoint.text().replace("ares", "mars")).unwrap();
        note.sign("example.com/mars/ledger", &signer(1)).unwrap();
        r.checkpoint = note;
    };
    assert!(matches!(refused(spoilt(&elsewhere)), WitnessError::UnknownLog { .. }), "404");
    ask(&mut witness, &mut memory, &good).unwrap();
    assert_eq!(Witness::open(&memory, "witness").unwrap().last(ORIGIN).unwrap().size, 11);
}

#[test]
fn a_signature_that_cannot_be_remembered_is_not_given() {
    let (log, _) = log(7);
    let mut memory = MemoryStore::new();
    let mut witness = Witness::open(&memory, "witness").unwrap();
    for writes in 0..2 {
        memory.fail_after(writes);
        let refused = ask(&mut witness, &mut memory, &log.witness_request(0).unwrap());
        assert!(matches!(refused, Err(WitnessError::Store(_))), "{refused:?}");
        assert!(witness.last(ORIGIN).is_none());
    }
}
