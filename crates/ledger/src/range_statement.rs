use core::fmt;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::Verifier;

use crate::base64;
use crate::checkpoint::{Checkpoint, CheckpointError, LogPolicy, OpenCheckpoint, decimal};
use crate::hash::leaf_hash;
use crate::log::{Log, LogError};
use crate::note::{NOTE_BYTES_MAX, Note};
use crate::range::{RangeProof, verify_range};
use crate::tlog_proof::{TlogProofError, hashes};

/// Everything an outsider needs to be sure, offline, that some entries are *all* entries of a log from one index to another.
///
/// # Source
/// docs/protocol/04-log.md, section Ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeStatement {
    /// The first entry's index.
    pub begin: u64,
    /// The index behind the last.
    pub end: u64,
    /// The hashes beside the range.
    pub proof: RangeProof,
    /// The checkpoint with its signatures.
    pub checkpoint: Note,
}

impl RangeStatement {
    /// With what the text begins.
    pub const HEAD: &str = "cosmosmesh/range-proof/v1";

    /// Reads a statement; nothing is verified.
    ///
    /// # Errors
    /// [`TlogProofError::Form`] if it is not the one text of a statement, [`TlogProofError::Checkpoint`] if it ends with no note.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(TlogProofError::Form);
        }
        let text = core::str::from_utf8(bytes).map_err(|_| TlogProofError::Form)?;
        let (head, note) = text.split_once("\n\n").ok_or(TlogProofError::Form)?;
        let mut lines = head.split('\n');
        let mut next = |word: &str| lines.next().and_then(|line| line.strip_prefix(word)).ok_or(TlogProofError::Form);
        if !next(Self::HEAD)?.is_empty() {
            return Err(TlogProofError::Form);
        }
        let number = |text: &str| decimal(text).ok_or(TlogProofError::Form);
        let (begin, end) = next("range ")?.split_once(' ').ok_or(TlogProofError::Form)?;
        let (begin, end, left_count) = (number(begin)?, number(end)?, number(next("left ")?)?);
        let mut left = hashes(lines).ok_or(TlogProofError::Form)?;
        let at = usize::try_from(left_count).ok().filter(|at| *at <= left.len()).ok_or(TlogProofError::Form)?;
        let right = left.split_off(at);
        let checkpoint =
            Note::parse(note.as_bytes()).map_err(|error| TlogProofError::Checkpoint(CheckpointError::Note(error)))?;
        Ok(Self { begin, end, proof: RangeProof { left, right }, checkpoint })
    }

    /// Whether these are all entries of the range, in their order, in a checkpoint of this log; returns that checkpoint.
    ///
    /// Whether enough witnesses saw it, and how long ago, is the caller's question: [`OpenCheckpoint::is_final`], [`OpenCheckpoint::freshness`].
    /// # Errors
    /// [`TlogProofError`] if an entry is missing, put in, moved or changed, or the checkpoint is not the log's.
    pub fn verify<E: AsRef<[u8]>>(
        &self,
        entries: &[E],
        policy: &LogPolicy,
        verifier: &dyn Verifier,
    ) -> Result<OpenCheckpoint, TlogProofError> {
        let open = policy.open(self.checkpoint.to_string().as_bytes(), verifier).map_err(TlogProofError::Checkpoint)?;
        if self.end.checked_sub(self.begin) != Some(entries.len() as u64) {
            return Err(TlogProofError::Count { begin: self.begin, end: self.end, found: entries.len() });
        }
        let leaves: Vec<Digest> = entries.iter().map(|entry| leaf_hash(entry.as_ref())).collect();
        let Checkpoint { size, root, .. } = &open.checkpoint;
        verify_range(&leaves, self.begin, *size, &self.proof, root).map_err(TlogProofError::Proof)?;
        Ok(open)
    }
}

impl fmt::Display for RangeStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RangeProof { left, right } = &self.proof;
        writeln!(f, "{}\nrange {} {}\nleft {}", Self::HEAD, self.begin, self.end, left.len())?;
        left.iter().chain(right).try_for_each(|hash| writeln!(f, "{}", base64::encode(hash.as_bytes())))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl Log {
    /// What shows an outsider that some entries are all from `begin` to `end`, without it, in the last checkpoint.
    ///
    /// # Errors
    /// [`LogError::Unsigned`] if there is no checkpoint, [`LogError::Tree`] if the range goes beyond it.
    pub fn prove_range(&self, begin: u64, end: u64) -> Result<RangeStatement, LogError> {
        let (checkpoint, note) = self.checkpoint().zip(self.checkpoint_note()).ok_or(LogError::Unsigned)?;
        let proof = self.tree().range(begin, end, checkpoint.size).map_err(LogError::Tree)?;
        Ok(RangeStatement { begin, end, proof, checkpoint: note.clone() })
    }
}
