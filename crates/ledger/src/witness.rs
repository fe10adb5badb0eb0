use core::fmt;
use std::collections::BTreeMap;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::{Signer, Store, StoreError, Verifier};

use crate::base64;
use crate::checkpoint::{Checkpoint, CheckpointError, LogPolicy, decimal};
use crate::evidence::SplitView;
use crate::note::{NOTE_BYTES_MAX, Note, NoteError, NoteSignature};
use crate::proof::{ProofError, roots_of_path, verify_consistency};
use crate::tlog_proof::hashes;

/// What a log asks of a witness at a contact: look, this is still the log you saw.
///
/// # Source
/// C2SP tlog-witness, `add-checkpoint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessRequest {
    /// The size of the checkpoint that the witness signed last; zero if none.
    pub old_size: u64,
    /// The consistency proof from there.
    pub proof: Vec<Digest>,
    /// The checkpoint.
    pub checkpoint: Note,
}

impl WitnessRequest {
    /// Reads a request; nothing is verified.
    ///
    /// # Errors
    /// [`WitnessError::Form`].
    pub fn parse(bytes: &[u8]) -> Result<Self, WitnessError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(WitnessError::Form);
        }
        let text = core::str::from_utf8(bytes).map_err(|_| WitnessError::Form)?;
        let (head, note) = text.split_once("\n\n").ok_or(WitnessError::Form)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal);
        let old_size = old.ok_or(WitnessError::Form)?;
        let proof = hashes(lines).filter(|proof| proof.len() <= PROOF_LINES_MAX).ok_or(WitnessError::Form)?;
        let checkpoint = Note::parse(note.as_bytes()).map_err(|_| WitnessError::Form)?;
        Ok(Self { old_size, proof, checkpoint })
    }
}

/// "The client MUST NOT send more than 63 consistency proof lines."
const PROOF_LINES_MAX: usize = 63;

impl fmt::Display for WitnessRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", base64::encode(hash.as_bytes())))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Remembers of every log the largest checkpoint it signed, and signs only what grew out of that one.
///
/// Every asset is a witness of every log whose checkpoints it meets.
/// This type holds no key and no clock; both are handed in.
#[derive(Clone, Debug)]
pub struct Witness {
    stream: String,
    logs: BTreeMap<String, Seen>,
}

#[derive(Clone, Debug)]
struct Seen {
    checkpoint: Checkpoint,
    note: Note,
}

impl Witness {
    /// Takes up the memory that a stream of the store holds.
    ///
    /// # Errors
    /// [`WitnessError::Store`]; [`WitnessError::Memory`] if a record is not a checkpoint.
    pub fn open(store: &dyn Store, stream: impl Into<String>) -> Result<Self, WitnessError> {
        let stream = stream.into();
        let mut witness = Self { stream, logs: BTreeMap::new() };
        let mut from = 0;
        loop {
            let records = store.read(&witness.stream, from, RECORDS_AT_ONCE).map_err(WitnessError::Store)?;
            if records.is_empty() {
                return Ok(witness);
            }
            for record in &records {
                let note = Note::parse(record).map_err(|_| WitnessError::Memory)?;
                let checkpoint = Checkpoint::parse(note.text()).map_err(|_| WitnessError::Memory)?;
                witness.logs.insert(checkpoint.origin.clone(), Seen { checkpoint, note });
            }
            from += records.len() as u64;
        }
    }

    /// The checkpoint signed last for a log.
    pub fn last(&self, origin: &str) -> Option<&Checkpoint> {
        self.logs.get(origin).map(|seen| &seen.checkpoint)
    }

    /// The same with its signatures, as it is shown to others on the next contact.
    pub fn last_note(&self, origin: &str) -> Option<&Note> {
        self.logs.get(origin).map(|seen| &seen.note)
    }

    /// Signs the checkpoint of a request, if it is the log's and grew out of what was signed before.
    ///
    /// The memory is durable before the signature is returned.
    /// `policies` are the logs that this witness knows; `name` is what it signs as.
    /// # Errors
    /// [`WitnessError`]; those with evidence mean that the log has lied.
    pub fn add_checkpoint(
        &mut self,
        request: &WitnessRequest,
        now_posix_s: u64,
        policies: &[LogPolicy],
        name: &str,
        (signer, verifier): (&dyn Signer, &dyn Verifier),
        store: &mut dyn Store,
    ) -> Result<NoteSignature, WitnessError> {
        let claimed = Checkpoint::parse(request.checkpoint.text()).map_err(WitnessError::Checkpoint)?;
        let policy = policies.iter().find(|policy| policy.origin == claimed.origin);
        let policy = policy.ok_or_else(|| WitnessError::UnknownLog { origin: claimed.origin.clone() })?;
        let note = request.checkpoint.to_string();
        let open = policy.open(note.as_bytes(), verifier).map_err(WitnessError::Checkpoint)?;
        let new = open.checkpoint;
        if request.old_size > new.size {
            return Err(WitnessError::OldSize { old: request.old_size, new: new.size });
        }
        let last = self.logs.get(&new.origin);
        let last_size = last.map_or(0, |seen| seen.checkpoint.size);
        if let Some(seen) = last.filter(|seen| seen.checkpoint.size == new.size && seen.checkpoint.root != new.root) {
            // The same size twice with two roots: the two notes alone prove it, whatever old size was named.
            let evidence = SplitView { earlier: seen.note.clone(), later: open.note, path: Vec::new() };
            return Err(WitnessError::SplitView(Box::new(evidence)));
        }
        if request.old_size != last_size {
            return Err(WitnessError::Behind { size: last_size });
        }
        if let Some(seen) = last {
            let old = &seen.checkpoint;
            verify_consistency(old.size, &old.root, new.size, &new.root, &request.proof)
                .map_err(|error| inconsistent(error, seen, &new, &open.note, &request.proof))?;
        } else if !request.proof.is_empty() {
            return Err(WitnessError::Inconsistent(ProofError::Length { found: request.proof.len() }));
        }

        let mut cosigned = Note::new(request.checkpoint.text()).map_err(WitnessError::Note)?;
        cosigned.cosign(name, now_posix_s, signer).map_err(WitnessError::Note)?;
        let signature = cosigned.signatures()[0].clone();
        let mut note = open.note;
        note.push(signature.clone()).map_err(WitnessError::Note)?;
        store.append(&self.stream, note.to_string().as_bytes()).map_err(WitnessError::Store)?;
        store.sync().map_err(WitnessError::Store)?;
        self.logs.insert(new.origin.clone(), Seen { checkpoint: new, note });
        Ok(signature)
    }
}

/// A proof that fails may itself convict the log: if it leads to the new root, but from another old one.
fn inconsistent(error: ProofError, seen: &Seen, new: &Checkpoint, note: &Note, proof: &[Digest]) -> WitnessError {
    let old = &seen.checkpoint;
    match roots_of_path(old.size, new.size, proof) {
        Ok((from_old, from_new)) if from_new == new.root && from_old != old.root => {
            let evidence = SplitView { earlier: seen.note.clone(), later: note.clone(), path: proof.to_vec() };
            WitnessError::SplitView(Box::new(evidence))
        }
        _ => WitnessError::Inconsistent(error),
    }
}

const RECORDS_AT_ONCE: usize = 1024;

/// Why a witness does not sign.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WitnessError {
    /// The request is not in the format: 400.
    Form,
    /// The checkpoint is none, or the log did not sign it: 403.
    Checkpoint(CheckpointError),
    /// The log is not among those watched: 404.
    UnknownLog {
        /// Which.
        origin: String,
    },
    /// The old size is larger than the new: 400.
    OldSize {
        /// The old.
        old: u64,
        /// The new.
        new: u64,
    },
    /// The witness signed another size last; prove from there: 409.
    Behind {
        /// Which.
        size: u64,
    },
    /// The proof does not lead from the old checkpoint to the new: 422.
    Inconsistent(ProofError),
    /// The log showed two trees, and this proves it: 409.
    SplitView(Box<SplitView>),
    /// The witness cannot sign.
    Note(NoteError),
    /// The memory holds something else than checkpoints.
    Memory,
    /// The memory cannot be kept.
    Store(StoreError),
}

impl fmt::Display for WitnessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("the request is an old size, a proof and a checkpoint; this is none"),
            Self::Checkpoint(error) => error.fmt(f),
            Self::UnknownLog { origin } => write!(f, "the log {origin:?} is not watched here; add it to the policy"),
            Self::OldSize { old, new } => {
                write!(f, "the old size {old} is larger than the new, {new}; prove forwards")
            }
            Self::Behind { size } => write!(f, "this witness signed size {size} last; prove from there"),
            Self::Inconsistent(error) => write!(f, "the checkpoint does not continue the last one: {error}"),
            Self::SplitView(_) => f.write_str("the log showed two different trees; pass the evidence on"),
            Self::Note(error) => error.fmt(f),
            Self::Memory => f.write_str("the witness's memory is damaged; sign nothing and restore it from a copy"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WitnessError {}
