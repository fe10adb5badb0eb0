use core::fmt;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::Verifier;

use crate::base64;
use crate::note::{Note, NoteError};
use crate::note_key::{NoteKey, NoteKeyKind};

/// What a log says of itself: how many entries it has and what their root is.
///
/// # Source
/// C2SP tlog-checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root of its tree.
    pub root: Digest,
    /// Lines that mean something to somebody; we write none.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// Reads the text of a checkpoint's note.
    ///
    /// # Errors
    /// [`CheckpointError::Form`] if it is not the one text of a checkpoint.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::Form)?;
        let mut lines = lines.split('\n');
        let mut line = || lines.next().filter(|line| !line.is_empty()).ok_or(CheckpointError::Form);
        let origin = line()?.to_owned();
        let size = decimal(line()?).ok_or(CheckpointError::Form)?;
        let root = base64::decode(line()?).and_then(|root| Digest::from_slice(&root)).ok_or(CheckpointError::Form)?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(CheckpointError::Form);
        }
        Ok(Self { origin, size, root, extensions })
    }

    /// The text that is signed.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, base64::encode(self.root.as_bytes()));
        self.extensions.iter().for_each(|line| {
            text.push_str(line);
            text.push('\n');
        });
        text
    }
}

/// Whom to believe about one log: its own keys, the witnesses, and how many of them it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPolicy {
    /// Which log.
    pub origin: String,
    /// The log's own keys; one must have signed.
    pub keys: Vec<NoteKey>,
    /// Who watches it.
    pub witnesses: Vec<NoteKey>,
    /// How many of them make a checkpoint final.
    pub quorum: usize,
}

/// A checkpoint that the log signed, with who saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCheckpoint {
    /// What the log says.
    pub checkpoint: Checkpoint,
    /// The note it came in.
    pub note: Note,
    /// The witnesses that signed, each once with its latest time, in the policy's order.
    pub witnessed: Vec<Witnessed>,
    /// How many are needed.
    pub quorum: usize,
}

/// One witness's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// Whose.
    pub name: String,
    /// When it saw this as the log's largest tree.
    ///
    /// # Units
    /// Seconds since 1970, without leap seconds.
    pub time_posix_s: u64,
}

impl LogPolicy {
    /// Opens a note as a checkpoint of this log.
    ///
    /// # Errors
    /// [`CheckpointError`] if it is no checkpoint, another log's, or the log did not sign it.
    /// Too few witnesses are no error: [`OpenCheckpoint::is_final`].
    pub fn open(&self, note: &[u8], verifier: &dyn Verifier) -> Result<OpenCheckpoint, CheckpointError> {
        let note = Note::parse(note).map_err(CheckpointError::Note)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin != self.origin {
            return Err(CheckpointError::Origin { found: checkpoint.origin });
        }
        let keys: Vec<NoteKey> = self.keys.iter().chain(&self.witnesses).cloned().collect();
        let signed = note.verify(&keys, verifier).map_err(CheckpointError::Note)?;
        if !signed.iter().any(|signed| self.keys.contains(&signed.key)) {
            return Err(CheckpointError::Note(NoteError::NoSignature));
        }
        // A witness counts once however many names or lines it has: what counts is its key.
        let mut witnessed: Vec<Witnessed> = Vec::new();
        let mut counted = Vec::new();
        for witness in self.witnesses.iter().filter(|key| key.kind() == NoteKeyKind::Cosignature) {
            let times = signed.iter().filter(|signed| signed.key == *witness).filter_map(|signed| signed.time_posix_s);
            if let Some(time_posix_s) = times.max()
                && !counted.contains(&witness.node_id())
            {
                counted.push(witness.node_id());
                witnessed.push(Witnessed { name: witness.name().to_owned(), time_posix_s });
            }
        }
        Ok(OpenCheckpoint { checkpoint, note, witnessed, quorum: self.quorum })
    }
}

impl OpenCheckpoint {
    /// Whether enough witnesses saw it that no other tree of this log can be final too, as long as too few of them lie.
    pub fn is_final(&self) -> bool {
        self.witnessed.len() >= self.quorum
    }

    /// The latest time at which a whole quorum had seen it, if there is a quorum and it signed.
    ///
    /// # Units
    /// Seconds since 1970, by the witnesses' clocks.
    pub fn seen_posix_s(&self) -> Option<u64> {
        let mut times: Vec<u64> = self.witnessed.iter().map(|witnessed| witnessed.time_posix_s).collect();
        times.sort_unstable_by(|a, b| b.cmp(a));
        // A quorum vouches for the time of its slowest member.
        self.quorum.checked_sub(1).and_then(|k| times.get(k)).copied()
    }

    /// How old the newest view is that a whole quorum vouches for.
    ///
    /// `now_posix_s` is known to `uncertainty_s`; a witness's clock may be off as well, by as much as its policy says.
    /// # Units
    /// Seconds since 1970 and seconds.
    pub fn freshness(&self, now_posix_s: u64, uncertainty_s: u64, age_s_max: u64) -> Freshness {
        let Some(time) = self.seen_posix_s() else {
            return Freshness::Unknown { witnesses: self.witnessed.len(), quorum: self.quorum };
        };
        if time > now_posix_s.saturating_add(uncertainty_s) {
            return Freshness::FromFuture { by_s: time - now_posix_s };
        }
        // The age that cannot be ruled out: a late clock of ours makes everything look younger.
        let age_s = now_posix_s.saturating_add(uncertainty_s) - time;
        if age_s <= age_s_max { Freshness::Fresh { age_s } } else { Freshness::Stale { age_s } }
    }
}

/// How old a checkpoint's news is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// A quorum saw it, this long ago at most.
    Fresh {
        /// Seconds.
        age_s: u64,
    },
    /// A quorum saw it, but longer ago than was asked for.
    Stale {
        /// Seconds.
        age_s: u64,
    },
    /// Witnesses give a time that has not come: a clock is wrong.
    FromFuture {
        /// Seconds.
        by_s: u64,
    },
    /// Too few witnesses to say.
    Unknown {
        /// How many there are.
        witnesses: usize,
        /// How many it takes.
        quorum: usize,
    },
}

/// Why a note is not this log's checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The note is none, or not signed by the log.
    Note(NoteError),
    /// The text is no checkpoint.
    Form,
    /// It is of another log.
    Origin {
        /// Which.
        found: String,
    },
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note(error) => error.fmt(f),
            Self::Form => f.write_str("a checkpoint is origin, size and root, one line each; this is none"),
            Self::Origin { found } => write!(f, "the checkpoint is of another log, {found:?}; ask the right one"),
        }
    }
}

impl std::error::Error for CheckpointError {}

/// A number as the formats write it: digits only, no leading zero.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    text.parse().ok()
}
