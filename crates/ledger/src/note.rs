use core::fmt;

use cosmosmesh_contracts::key::{KeyError, Signature};
use cosmosmesh_contracts::traits::{Signer, Verifier};

use crate::base64;
use crate::note_key::{NoteKey, NoteKeyKind, is_key_name};

/// A text with the signatures under it; not to be believed before [`Note::verify`].
///
/// # Source
/// C2SP signed-note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line, not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name that the line gives.
    pub name: String,
    /// The key id that the line gives.
    pub id: [u8; 4],
    /// The rest: what it means depends on the key.
    pub bytes: Vec<u8>,
}

/// A signature that is the known key's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSigned {
    /// Whose it is.
    pub key: NoteKey,
    /// When a witness says it signed.
    ///
    /// # Units
    /// Seconds since 1970, without leap seconds.
    pub time_posix_s: Option<u64>,
}

/// The largest note that is read, in bytes.
pub const NOTE_BYTES_MAX: usize = 1 << 20;

/// The most signatures that are read; the format asks for sixteen at least.
pub const NOTE_SIGNATURES_MAX: usize = 128;

impl Note {
    /// A text without signatures.
    ///
    /// # Errors
    /// [`NoteError::Text`] if the text does not end with a newline, or holds control characters.
    pub fn new(text: impl Into<String>) -> Result<Self, NoteError> {
        let text = text.into();
        if !text.ends_with('\n') || has_control(&text) || text.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Text);
        }
        Ok(Self { text, signatures: Vec::new() })
    }

    /// Reads a note; nothing is verified.
    ///
    /// # Errors
    /// [`NoteError`] if it is not in the one form that [`fmt::Display`] writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong);
        }
        let whole = core::str::from_utf8(bytes).map_err(|_| NoteError::Text)?;
        let split = whole.rfind("\n\n").ok_or(NoteError::Form)?;
        let mut note = Self::new(&whole[..=split])?;
        let lines = whole[split + 2..].strip_suffix('\n').ok_or(NoteError::Form)?;
        for line in lines.split('\n') {
            if note.signatures.len() == NOTE_SIGNATURES_MAX {
                return Err(NoteError::TooLong);
            }
            note.signatures.push(NoteSignature::parse(line)?);
        }
        Ok(note)
    }

    /// The text, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, not verified.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds the signature of a key of this kind and name.
    ///
    /// # Errors
    /// [`NoteError::Name`] for a name that no key may have, [`NoteError::Key`] if the signer fails.
    pub fn sign(&mut self, name: &str, signer: &dyn Signer) -> Result<(), NoteError> {
        let key = NoteKey::new(name, NoteKeyKind::Ed25519, signer.node_id()).ok_or(NoteError::Name)?;
        let signature = signer.sign(self.text.as_bytes()).map_err(NoteError::Key)?;
        self.push(NoteSignature { name: name.to_owned(), id: key.id(), bytes: signature.as_bytes().to_vec() })
    }

    /// Adds a witness's signature with the time at which it signs.
    ///
    /// The caller has verified that the text is a checkpoint consistent with all it saw before; [`crate::Witness`] does.
    /// # Errors
    /// As [`Note::sign`]; [`NoteError::Form`] for a time beyond what the format holds.
    /// # Source
    /// C2SP tlog-cosignature, Ed25519.
    pub fn cosign(&mut self, name: &str, time_posix_s: u64, signer: &dyn Signer) -> Result<(), NoteError> {
        let key = NoteKey::new(name, NoteKeyKind::Cosignature, signer.node_id()).ok_or(NoteError::Name)?;
        if i64::try_from(time_posix_s).is_err() {
            return Err(NoteError::Form);
        }
        let message = cosigned_message(&self.text, time_posix_s);
        let signature = signer.sign(message.as_bytes()).map_err(NoteError::Key)?;
        let mut bytes = time_posix_s.to_be_bytes().to_vec();
        bytes.extend_from_slice(signature.as_bytes());
        self.push(NoteSignature { name: name.to_owned(), id: key.id(), bytes })
    }

    /// Adds a signature line that somebody else made; an equal line is not added twice.
    ///
    /// # Errors
    /// [`NoteError::TooLong`] beyond [`NOTE_SIGNATURES_MAX`].
    pub fn push(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.contains(&signature) {
            return Ok(());
        }
        if self.signatures.len() == NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooLong);
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// The signatures of known keys. Lines of unknown keys are passed over; a false line of a known key spoils the note.
    ///
    /// # Errors
    /// [`NoteError::Signature`] on a false line, [`NoteError::NoSignature`] if no known key signed.
    pub fn verify(&self, keys: &[NoteKey], verifier: &dyn Verifier) -> Result<Vec<NoteSigned>, NoteError> {
        let mut signed = Vec::new();
        for line in &self.signatures {
            let Some(key) = keys.iter().find(|key| key.name() == line.name && key.id() == line.id) else { continue };
            let time_posix_s = self.verify_line(key, line, verifier)?;
            signed.push(NoteSigned { key: key.clone(), time_posix_s });
        }
        if signed.is_empty() { Err(NoteError::NoSignature) } else { Ok(signed) }
    }

    fn verify_line(
        &self,
        key: &NoteKey,
        line: &NoteSignature,
        verifier: &dyn Verifier,
    ) -> Result<Option<u64>, NoteError> {
        let false_line = || NoteError::Signature { name: line.name.clone() };
        let (time, signature) = match key.kind() {
            NoteKeyKind::Ed25519 => (None, line.bytes.as_slice()),
            NoteKeyKind::Cosignature => {
                let (time, signature) = line.bytes.split_first_chunk::<8>().ok_or_else(false_line)?;
                (Some(u64::from_be_bytes(*time)), signature)
            }
        };
        let signature = Signature::from_slice(signature).ok_or_else(false_line)?;
        let verdict = match time {
            None => verifier.verify(&key.node_id(), self.text.as_bytes(), &signature),
            Some(time) if i64::try_from(time).is_err() => return Err(false_line()),
            Some(time) => verifier.verify(&key.node_id(), cosigned_message(&self.text, time).as_bytes(), &signature),
        };
        verdict.map_err(|_| false_line())?;
        Ok(time)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| write!(f, "{signature}"))
    }
}

impl NoteSignature {
    /// Reads one signature line without its newline.
    ///
    /// # Errors
    /// [`NoteError::Form`] or [`NoteError::Name`].
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        let (name, text) = line.strip_prefix("— ").and_then(|rest| rest.split_once(' ')).ok_or(NoteError::Form)?;
        if !is_key_name(name) {
            return Err(NoteError::Name);
        }
        let bytes = base64::decode(text).ok_or(NoteError::Form)?;
        let (id, bytes) = bytes.split_first_chunk::<4>().ok_or(NoteError::Form)?;
        if bytes.is_empty() {
            return Err(NoteError::Form);
        }
        Ok(Self { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "— {} {}", self.name, base64::encode(&[&self.id, self.bytes.as_slice()].concat()))
    }
}

fn cosigned_message(text: &str, time_posix_s: u64) -> String {
    format!("cosignature/v1\ntime {time_posix_s}\n{text}")
}

fn has_control(text: &str) -> bool {
    text.bytes().any(|byte| byte < 0x20 && byte != b'\n')
}

/// What is wrong with a note.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteError {
    /// The text does not end with a newline, is not UTF-8, or holds control characters.
    Text,
    /// The signature lines are not in the format.
    Form,
    /// A key's name is empty, or has white space or a plus.
    Name,
    /// More than [`NOTE_BYTES_MAX`] bytes or [`NOTE_SIGNATURES_MAX`] signatures.
    TooLong,
    /// A line in a known key's name is not that key's.
    Signature {
        /// The name.
        name: String,
    },
    /// No known key signed.
    NoSignature,
    /// The signer failed.
    Key(KeyError),
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => {
                f.write_str("a note's text ends with a newline and holds no control character; write it anew")
            }
            Self::Form => f.write_str("a note is a text, an empty line and signature lines; this is none"),
            Self::Name => {
                f.write_str("a key's name is not empty and has neither white space nor a plus; choose another")
            }
            Self::TooLong => f.write_str("the note is longer, or more often signed, than is read here; refuse it"),
            Self::Signature { name } => write!(f, "the signature line of {name} is false; refuse the note"),
            Self::NoSignature => f.write_str("no known key signed the note; ask for one that is signed"),
            Self::Key(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NoteError {}
