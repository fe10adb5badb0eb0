//! A chain of key events in a file, as did:webvh publishes it.

use std::path::Path;

use cosmosmesh_crypto::Ed25519Verifier;
use cosmosmesh_identity::chain::{ChainError, Fault, KeyChain};

use crate::exit::{Exit, Failure};
use crate::file;

/// How much later than this machine's clock an event may be dated, in seconds, as did:webvh advises.
const AHEAD_S: i64 = 300;

/// Where the witnesses of a chain sign, in the chain's folder.
const WITNESS_FILE: &str = "did-witness.json";

/// Reads a chain and checks all of it; if it has witnesses, with their proofs in the file beside it.
///
/// # Errors
/// [`Failure`] naming the file and the event; exit code 8 if it was changed.
pub(crate) fn read(path: &Path, now_unix_s: i64) -> Result<KeyChain, Failure> {
    let text = file::read(path)?;
    let (latest, verifier) = (now_unix_s.saturating_add(AHEAD_S), Ed25519Verifier::new());
    let beside = path.with_file_name(WITNESS_FILE);
    let read = match KeyChain::read(&text, latest, &verifier) {
        Err(ChainError { fault: Fault::Witnesses, .. }) if beside.is_file() => {
            KeyChain::read_witnessed(&text, &file::read(&beside)?, latest, &verifier)
        }
        read => read,
    };
    read.map_err(|error| {
        let exit = match &error.fault {
            Fault::Length | Fault::Json { .. } | Fault::Number | Fault::Field { .. } | Fault::Method { .. } => {
                Exit::BadInput
            }
            Fault::Parameter { .. } | Fault::Witnesses | Fault::Place => Exit::BadInput,
            _ => Exit::Tampered,
        };
        // Event 0 is the file beside it.
        let shown = if error.event == 0 && beside.is_file() { &beside } else { path };
        Failure { message: format!("{}: {error}", shown.display()), exit }
    })
}

/// Writes a chain whole.
///
/// # Errors
/// [`Failure`] naming the file.
pub(crate) fn write(path: &Path, chain: &KeyChain) -> Result<(), Failure> {
    file::write(path, chain.to_text().as_bytes())
}

/// Why a chain was not begun or continued.
pub(crate) fn refused(path: &Path, error: &ChainError) -> Failure {
    match &error.fault {
        Fault::Place | Fault::Signature(_) => Failure::bad_input(format!("{}: {error}", path.display())),
        _ => Failure::refused(format!("{}: {error}", path.display())),
    }
}
