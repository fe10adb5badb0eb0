//! What is asked of every decoder on every input; shared by the fuzz target and the tests that replay its corpus.

use cosmosmesh_crypto::Ed25519Verifier;
use cosmosmesh_ledger::governance::{Envelope, Governance, Statement};
use cosmosmesh_ledger::{
    Checkpoint, Note, NoteKey, NoteSignature, RangeStatement, Tile, TileLevel, TlogProof, WitnessRequest,
};

/// Reads the bytes by every decoder of the crate. Whatever is read is written back as it was, and nothing panics.
pub(crate) fn decoders(bytes: &[u8]) {
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes);
        let _ = Checkpoint::parse(note.text()).map(|checkpoint| assert_eq!(checkpoint.to_text(), note.text()));
    }
    if let Ok(proof) = TlogProof::parse(bytes) {
        assert_eq!(proof.to_string().as_bytes(), bytes);
    }
    if let Ok(statement) = RangeStatement::parse(bytes) {
        assert_eq!(statement.to_string().as_bytes(), bytes);
    }
    if let Ok(request) = WitnessRequest::parse(bytes) {
        assert_eq!(request.to_string().as_bytes(), bytes);
    }
    if let Ok(text) = core::str::from_utf8(bytes) {
        if let Ok(checkpoint) = Checkpoint::parse(text) {
            assert_eq!(checkpoint.to_text(), text);
        }
        if let Some(key) = NoteKey::parse(text) {
            assert_eq!(key.to_string(), text);
        }
        if let Ok(signature) = NoteSignature::parse(text) {
            assert_eq!(signature.to_string(), format!("{text}\n"));
        }
    }
    if let Ok(envelope) = Envelope::parse(bytes) {
        assert_eq!(Envelope::parse(envelope.to_string().as_bytes()).as_ref(), Ok(&envelope));
        let _ = Statement::of_envelope(&envelope);
    }
    if let Ok(statement) = Statement::parse(bytes) {
        assert_eq!(statement.to_payload().as_bytes(), bytes);
    }
    for width in [1, 3, 256] {
        let tile = Tile { level: TileLevel::Entries, index: 0, width };
        if let Ok(entries) = tile.entries(bytes) {
            assert_eq!(Tile::bundle(&entries).as_deref(), Ok(bytes));
        }
    }
    let mut state = Governance::new();
    state.apply(bytes, &Ed25519Verifier::new());
    assert_eq!(state.entries, 1);
}
