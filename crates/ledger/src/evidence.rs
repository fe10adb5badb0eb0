use core::fmt;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::{Signer, Verifier};

use crate::base64;
use crate::checkpoint::{CheckpointError, LogPolicy};
use crate::note::{NOTE_BYTES_MAX, Note, NoteError};
use crate::note_key::NoteKey;
use crate::proof::roots_of_path;
use crate::tlog_proof::hashes;
use crate::tree::{Tree, TreeError};

/// Proof that a log signed two trees of which neither is the beginning of the other.
///
/// Two sizes: the path leads to the later root, and from it follows another root of the earlier size than the log signed.
/// One size: the two roots differ, and the path is empty.
/// Nobody needs to be trusted who checks it with the log's key; the finder's signature only says who carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitView {
    /// The smaller checkpoint, as the log signed it.
    pub earlier: Note,
    /// The larger, or the other of the same size.
    pub later: Note,
    /// As [`Tree::consistency_path`] of the later tree gives it.
    pub path: Vec<Digest>,
}

impl SplitView {
    /// With what the text begins.
    pub(crate) const HEAD: &str = "cosmosmesh/split-view/v1";

    /// What proves that `earlier`, a checkpoint of `size` entries, is not the beginning of the tree of which `later` is the checkpoint.
    ///
    /// # Errors
    /// [`TreeError`] if the tree is smaller than either.
    pub fn between(
        (earlier, size): (Note, u64),
        (later, later_size): (Note, u64),
        tree: &Tree,
    ) -> Result<Self, TreeError> {
        Ok(Self { earlier, later, path: tree.consistency_path(size, later_size)? })
    }

    /// Whether it proves what it says about this log.
    ///
    /// # Errors
    /// [`EvidenceError`]; the log is then not convicted by it.
    pub fn verify(&self, policy: &LogPolicy, verifier: &dyn Verifier) -> Result<(), EvidenceError> {
        let open = |note: &Note| policy.open(note.to_string().as_bytes(), verifier).map_err(EvidenceError::Checkpoint);
        let (earlier, later) = (open(&self.earlier)?.checkpoint, open(&self.later)?.checkpoint);
        let differs = if earlier.size == later.size {
            self.path.is_empty() && earlier.root != later.root
        } else {
            roots_of_path(earlier.size, later.size, &self.path)
                .is_ok_and(|(from_old, from_new)| from_new == later.root && from_old != earlier.root)
        };
        if differs { Ok(()) } else { Err(EvidenceError::NoContradiction) }
    }

    /// The evidence as a note that its finder signs, to be handed on.
    ///
    /// # Errors
    /// [`EvidenceError::Note`] if the signer fails.
    pub fn to_note(&self, finder: &str, signer: &dyn Signer) -> Result<Note, EvidenceError> {
        let note = |note: &Note| base64::encode(note.to_string().as_bytes());
        let mut text = format!("{}\nearlier {}\nlater {}\n", Self::HEAD, note(&self.earlier), note(&self.later));
        for hash in &self.path {
            text.push_str(&base64::encode(hash.as_bytes()));
            text.push('\n');
        }
        let mut note = Note::new(text).map_err(EvidenceError::Note)?;
        note.sign(finder, signer).map_err(EvidenceError::Note)?;
        Ok(note)
    }

    /// Reads what a finder signed. The evidence itself is not verified yet: [`SplitView::verify`].
    ///
    /// # Errors
    /// [`EvidenceError`] if it is not in the form, or none of the finders signed it.
    pub fn from_note(bytes: &[u8], finders: &[NoteKey], verifier: &dyn Verifier) -> Result<Self, EvidenceError> {
        let note = Note::parse(bytes).map_err(EvidenceError::Note)?;
        note.verify(finders, verifier).map_err(EvidenceError::Note)?;
        Self::parse(note.text()).ok_or(EvidenceError::Form)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next()? != Self::HEAD {
            return None;
        }
        let mut note = |word: &str| {
            let bytes = base64::decode(lines.next()?.strip_prefix(word)?)?;
            Note::parse(&bytes).ok().filter(|_| bytes.len() < NOTE_BYTES_MAX)
        };
        let (earlier, later) = (note("earlier ")?, note("later ")?);
        Some(Self { earlier, later, path: hashes(lines)? })
    }
}

/// Why evidence convicts nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The text is not in the form.
    Form,
    /// The note is none, or no finder signed it.
    Note(NoteError),
    /// One of the checkpoints is not the log's.
    Checkpoint(CheckpointError),
    /// Both checkpoints can be of one log that only grew.
    NoContradiction,
}

impl fmt::Display for EvidenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => {
                write!(f, "evidence begins with {:?}, two checkpoints and a path; this is none", SplitView::HEAD)
            }
            Self::Note(error) => error.fmt(f),
            Self::Checkpoint(error) => write!(f, "a checkpoint in the evidence is not the log's: {error}"),
            Self::NoContradiction => {
                f.write_str("the two checkpoints do not contradict each other; nobody is convicted")
            }
        }
    }
}

impl std::error::Error for EvidenceError {}
