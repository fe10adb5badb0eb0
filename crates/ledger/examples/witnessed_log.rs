//! A log that appends, signs, is witnessed, and shows an outsider one entry: `cargo run -p cosmosmesh-ledger --example witnessed_log`.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_crypto::{Ed25519Signer, Ed25519Verifier, Secret, SystemRandom};
use cosmosmesh_ledger::{Log, LogPolicy, NoteKey, NoteKeyKind, Witness};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut random = SystemRandom::new();
    let log_signer = Ed25519Signer::new(Secret::random(&mut random)?);
    let rover_signer = Ed25519Signer::new(Secret::random(&mut random)?);
    let verifier = Ed25519Verifier::new();
    let origin = "example.com/ares/ledger";
    let key = |name: &str, kind, signer: &Ed25519Signer| NoteKey::new(name, kind, signer.node_id()).ok_or("a name");
    let policy = LogPolicy {
        origin: origin.to_owned(),
        keys: vec![key(origin, NoteKeyKind::Ed25519, &log_signer)?],
        witnesses: vec![key("rover-1", NoteKeyKind::Cosignature, &rover_signer)?],
        quorum: 1,
    };

    let mut store = MemoryStore::new();
    let mut log = Log::open(&store, "ledger", origin)?;
    log.append(&mut store, &["schema approved", "roster 7", "policy 3"])?;
    log.sign(&mut store, &log_signer)?;

    let mut memory = MemoryStore::new();
    let mut rover = Witness::open(&memory, "witness")?;
    let request = log.witness_request(0)?;
    let keys = (&rover_signer as &dyn Signer, &verifier as &dyn cosmosmesh_contracts::traits::Verifier);
    let word =
        rover.add_checkpoint(&request, 1_795_000_000, std::slice::from_ref(&policy), "rover-1", keys, &mut memory)?;
    log.add_cosignature(&mut store, word)?;

    let proof = log.prove(1)?;
    let open = proof.verify(b"roster 7", &policy, &verifier)?;
    println!("{proof}\nentry 1 of {} is proven; final: {}", open.checkpoint.size, open.is_final());
    Ok(())
}
