use core::fmt;
use std::collections::BTreeSet;

use cosmosmesh_contracts::key::{KeyError, NodeId, Signature};
use cosmosmesh_contracts::traits::{Signer, Verifier};
use serde::{Deserialize, Serialize};

use crate::base64;
use crate::tile::ENTRY_BYTES_MAX;

/// A payload with the signatures over it; not to be believed before its signers are counted.
///
/// # Source
/// Dead Simple Signing Envelope (DSSE), protocol and envelope 1.0.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What the payload is; signed along with it.
    pub payload_type: String,
    /// What is signed.
    pub payload: Vec<u8>,
    /// Who says to have signed.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature, not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeSignature {
    /// Whose key it is said to be: here the public key in hexadecimal. Not protected, a hint only.
    pub key_id: String,
    /// The rest.
    pub bytes: Vec<u8>,
}

/// Who really signed, and in whose name somebody else did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signers {
    /// Keys whose signature holds, each once.
    pub valid: BTreeSet<NodeId>,
    /// Known keys in whose name there is a signature that is not theirs.
    pub forged: BTreeSet<NodeId>,
}

/// The payload type of every governance statement.
pub const STATEMENT_PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The most signatures that are read.
pub const ENVELOPE_SIGNATURES_MAX: usize = 128;

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Form {
    payload: String,
    payload_type: String,
    signatures: Vec<SignatureForm>,
}

#[derive(Deserialize, Serialize)]
struct SignatureForm {
    #[serde(default)]
    keyid: String,
    sig: String,
}

impl Envelope {
    /// An envelope nobody has signed yet.
    pub fn new(payload_type: impl Into<String>, payload: impl Into<Vec<u8>>) -> Self {
        Self { payload_type: payload_type.into(), payload: payload.into(), signatures: Vec::new() }
    }

    /// Reads an envelope; nothing is verified. Fields that this version does not know are passed over, as the format asks.
    ///
    /// # Errors
    /// [`EnvelopeError`] if it is no envelope, or longer than a log's entry.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(EnvelopeError::TooLong { bytes: bytes.len() });
        }
        let form: Form =
            serde_json::from_slice(bytes).map_err(|error| EnvelopeError::Form { detail: error.to_string() })?;
        if form.signatures.len() > ENVELOPE_SIGNATURES_MAX {
            return Err(EnvelopeError::Signatures { count: form.signatures.len() });
        }
        let decode = |what: &str, text: &str| {
            base64::decode(text).ok_or_else(|| EnvelopeError::Form { detail: format!("{what} is not padded base64") })
        };
        let payload = decode("payload", &form.payload)?;
        let signatures = form.signatures.into_iter().enumerate().map(|(k, line)| {
            Ok(EnvelopeSignature { key_id: line.keyid, bytes: decode(&format!("signatures[{k}].sig"), &line.sig)? })
        });
        let signatures = signatures.collect::<Result<_, _>>()?;
        Ok(Self { payload_type: form.payload_type, payload, signatures })
    }

    /// The bytes that are signed.
    ///
    /// # Source
    /// DSSE protocol, "Pre-Authentication Encoding".
    pub fn signed_bytes(&self) -> Vec<u8> {
        let (kind, payload) = (&self.payload_type, &self.payload);
        let mut bytes = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
        bytes.extend_from_slice(payload);
        bytes
    }

    /// Adds this key's signature, or replaces what stands there in its name.
    ///
    /// # Errors
    /// [`EnvelopeError::Key`] if the signer fails; [`EnvelopeError::Signatures`] beyond [`ENVELOPE_SIGNATURES_MAX`].
    pub fn sign(&mut self, signer: &dyn Signer) -> Result<(), EnvelopeError> {
        let signature = signer.sign(&self.signed_bytes()).map_err(EnvelopeError::Key)?;
        let key_id = signer.node_id().to_string();
        self.signatures.retain(|line| line.key_id != key_id);
        if self.signatures.len() == ENVELOPE_SIGNATURES_MAX {
            return Err(EnvelopeError::Signatures { count: ENVELOPE_SIGNATURES_MAX + 1 });
        }
        self.signatures.push(EnvelopeSignature { key_id, bytes: signature.as_bytes().to_vec() });
        Ok(())
    }

    /// Takes over the signatures that another copy of the same payload has.
    ///
    /// # Errors
    /// [`EnvelopeError::OtherPayload`] if it is not the same payload.
    pub fn merge(&mut self, other: &Self) -> Result<(), EnvelopeError> {
        if (&self.payload_type, &self.payload) != (&other.payload_type, &other.payload) {
            return Err(EnvelopeError::OtherPayload);
        }
        for line in &other.signatures {
            if self.signatures.contains(line) {
                continue;
            }
            if self.signatures.len() == ENVELOPE_SIGNATURES_MAX {
                return Err(EnvelopeError::Signatures { count: ENVELOPE_SIGNATURES_MAX + 1 });
            }
            self.signatures.push(line.clone());
        }
        Ok(())
    }

    /// Which of these keys signed. Lines of other keys are passed over.
    ///
    /// # Cost
    /// One check for each line in the name of a known key.
    pub fn signers(&self, known: &BTreeSet<NodeId>, verifier: &dyn Verifier) -> Signers {
        let message = self.signed_bytes();
        let mut signers = Signers::default();
        for line in &self.signatures {
            let Some(key) = NodeId::from_hex(&line.key_id).filter(|key| known.contains(key)) else { continue };
            let holds = Signature::from_slice(&line.bytes)
                .is_some_and(|signature| verifier.verify(&key, &message, &signature).is_ok());
            if holds {
                signers.valid.insert(key)
            } else {
                signers.forged.insert(key)
            };
        }
        // Anybody can put a false line beside a true one; it takes nothing away.
        signers.forged.retain(|key| !signers.valid.contains(key));
        signers
    }
}

/// The one line of JSON in which an envelope is written.
impl fmt::Display for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line =
            |line: &EnvelopeSignature| SignatureForm { keyid: line.key_id.clone(), sig: base64::encode(&line.bytes) };
        let form = Form {
            payload: base64::encode(&self.payload),
            payload_type: self.payload_type.clone(),
            signatures: self.signatures.iter().map(line).collect(),
        };
        f.write_str(&serde_json::to_string(&form).map_err(|_| fmt::Error)?)
    }
}

/// What is wrong with an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// It is not the JSON of an envelope.
    Form {
        /// Where and how it shows.
        detail: String,
    },
    /// It is longer than an entry of the log may be.
    TooLong {
        /// How long.
        bytes: usize,
    },
    /// It has more signatures than are read.
    Signatures {
        /// How many.
        count: usize,
    },
    /// Two copies that were to be merged are not copies.
    OtherPayload,
    /// The signer failed.
    Key(KeyError),
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { detail } => write!(f, "this is no DSSE envelope: {detail}; write it with `govern propose`"),
            Self::TooLong { bytes } => {
                write!(f, "the envelope has {bytes} bytes, at most {ENTRY_BYTES_MAX} can be logged; log its digest")
            }
            Self::Signatures { count } => {
                write!(f, "the envelope has {count} signatures, at most {ENVELOPE_SIGNATURES_MAX} are read; drop some")
            }
            Self::OtherPayload => f.write_str("the two envelopes hold different statements; sign the same one"),
            Self::Key(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for EnvelopeError {}
