use core::fmt;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::Verifier;

use crate::base64;
use crate::checkpoint::{CheckpointError, LogPolicy, OpenCheckpoint, decimal};
use crate::hash::leaf_hash;
use crate::note::{NOTE_BYTES_MAX, Note};
use crate::proof::{PROOF_HASHES_MAX, ProofError, verify_inclusion};

/// Everything an outsider needs to be sure, offline, that an entry stands in a log: place, proof and checkpoint.
///
/// # Source
/// C2SP tlog-proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Said by nobody and protected by nothing; we write none.
    pub extra: Option<Vec<u8>>,
    /// Where the entry stands.
    pub index: u64,
    /// The inclusion proof.
    pub path: Vec<Digest>,
    /// The checkpoint with its signatures.
    pub checkpoint: Note,
}

const HEAD: &str = "c2sp.org/tlog-proof@v1";

impl TlogProof {
    /// Reads a proof; nothing is verified.
    ///
    /// # Errors
    /// [`TlogProofError::Form`] if it is not the one text of a proof.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(TlogProofError::Form);
        }
        let text = core::str::from_utf8(bytes).map_err(|_| TlogProofError::Form)?;
        let (head, note) = text.split_once("\n\n").ok_or(TlogProofError::Form)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEAD) {
            return Err(TlogProofError::Form);
        }
        let mut line = lines.next().ok_or(TlogProofError::Form)?;
        let mut extra = None;
        if let Some(text) = line.strip_prefix("extra ") {
            extra = Some(base64::decode(text).ok_or(TlogProofError::Form)?);
            line = lines.next().ok_or(TlogProofError::Form)?;
        }
        let index = line.strip_prefix("index ").and_then(decimal).ok_or(TlogProofError::Form)?;
        let path = hashes(lines).ok_or(TlogProofError::Form)?;
        let checkpoint =
            Note::parse(note.as_bytes()).map_err(|error| TlogProofError::Checkpoint(CheckpointError::Note(error)))?;
        Ok(Self { extra, index, path, checkpoint })
    }

    /// Whether the entry stands where the proof says, in a checkpoint of this log; returns that checkpoint.
    ///
    /// Whether enough witnesses saw it is the caller's question: [`OpenCheckpoint::is_final`].
    /// # Errors
    /// [`TlogProofError`] if the entry, the path or the checkpoint is not what was logged.
    pub fn verify(
        &self,
        entry: &[u8],
        policy: &LogPolicy,
        verifier: &dyn Verifier,
    ) -> Result<OpenCheckpoint, TlogProofError> {
        let open = policy.open(self.checkpoint.to_string().as_bytes(), verifier).map_err(TlogProofError::Checkpoint)?;
        let checkpoint = &open.checkpoint;
        verify_inclusion(&leaf_hash(entry), self.index, checkpoint.size, &self.path, &checkpoint.root)
            .map_err(TlogProofError::Proof)?;
        Ok(open)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", base64::encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", base64::encode(hash.as_bytes())))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Lines of one hash each, no more than a proof may have.
pub(crate) fn hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Vec<Digest>> {
    let mut hashes = Vec::new();
    for line in lines {
        if hashes.len() == PROOF_HASHES_MAX {
            return None;
        }
        hashes.push(Digest::from_slice(&base64::decode(line)?)?);
    }
    Some(hashes)
}

/// Why a proof does not show that the entry was logged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlogProofError {
    /// The text is no proof.
    Form,
    /// A range has another number of entries than were handed over.
    Count {
        /// Its first index.
        begin: u64,
        /// The index behind its last.
        end: u64,
        /// How many there are.
        found: usize,
    },
    /// The checkpoint is not the log's.
    Checkpoint(CheckpointError),
    /// The path does not lead from the entry to the checkpoint.
    Proof(ProofError),
}

impl fmt::Display for TlogProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => write!(f, "a proof begins with {HEAD:?} and goes on as the format says; this is none"),
            Self::Count { begin, end, found } => {
                write!(f, "the range is {begin}..{end}, and {found} entries are there; hand over all of them, in order")
            }
            Self::Checkpoint(error) => error.fmt(f),
            Self::Proof(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TlogProofError {}
