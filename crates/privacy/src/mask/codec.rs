use cosmosmesh_contracts::key::{Digest, NodeId, Signature, Suite};
use cosmosmesh_contracts::traits::{Signer, Verifier};

use super::MaskError;

/// The first byte of every message; docs/protocol/03-secure-aggregation.md has what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bundle = 0x31,
    Acceptance = 0x32,
    Header = 0x33,
    Masked = 0x34,
    Request = 0x35,
    Opening = 0x36,
    Closing = 0x37,
    PiecesRequest = 0x38,
    Pieces = 0x39,
    /// A guardian's durable record; never sent.
    Record = 0x3a,
}

impl Kind {
    /// What it is called in errors.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Acceptance => "acceptance",
            Self::Header => "header",
            Self::Masked => "masked message",
            Self::Request => "request",
            Self::Opening => "opening",
            Self::Closing => "closing",
            Self::PiecesRequest => "request for pieces",
            Self::Pieces => "set of pieces",
            Self::Record => "durable record",
        }
    }

    /// What its signature is for.
    pub(crate) fn domain(self) -> &'static str {
        match self {
            Self::Bundle => "cosmosmesh/mask/bundle/1",
            Self::Acceptance => "cosmosmesh/mask/acceptance/1",
            Self::Header => "cosmosmesh/mask/header/1",
            Self::Masked => "cosmosmesh/mask/words/1",
            Self::Request => "cosmosmesh/mask/request/1",
            Self::Opening => "cosmosmesh/mask/opening/1",
            Self::Closing => "cosmosmesh/mask/closing/1",
            Self::PiecesRequest => "cosmosmesh/mask/pieces-request/1",
            Self::Pieces => "cosmosmesh/mask/pieces/1",
            Self::Record => "cosmosmesh/mask/record/1",
        }
    }
}

/// Writes a message.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new(kind: Kind) -> Self {
        Self(vec![kind as u8, Suite::One.code()])
    }

    /// A text that is hashed and never sent, so it has no kind.
    pub(crate) fn bare() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(crate) fn u16(mut self, value: u16) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn u32(mut self, value: u32) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn u64(mut self, value: u64) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn bytes(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.0.extend_from_slice(bytes.as_ref());
        self
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }

    /// Ends the message with a signature over all of it.
    pub(crate) fn signed(self, kind: Kind, signer: &dyn Signer) -> Result<Vec<u8>, MaskError> {
        let signature = signer.sign(&signed_text(kind, &self.0))?;
        Ok(self.bytes(signature).done())
    }
}

/// What is signed: the domain, a zero byte, the text.
pub(crate) fn signed_text(kind: Kind, text: &[u8]) -> Vec<u8> {
    let mut signed = Vec::with_capacity(kind.domain().len() + 1 + text.len());
    signed.extend_from_slice(kind.domain().as_bytes());
    signed.push(0);
    signed.extend_from_slice(text);
    signed
}

/// Whether the signature is the signer's over a message of this kind.
pub(crate) fn verify(
    verifier: &dyn Verifier,
    kind: Kind,
    signer: &NodeId,
    text: &[u8],
    signature: &Signature,
) -> Result<(), MaskError> {
    verifier.verify(signer, &signed_text(kind, text), signature).map_err(MaskError::from)
}

/// Reads a message from its first byte to its last.
pub(crate) struct Reader<'a> {
    kind: Kind,
    whole: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A message of this kind and of a suite that is known.
    pub(crate) fn new(kind: Kind, bytes: &'a [u8]) -> Result<Self, MaskError> {
        let mut reader = Self { kind, whole: bytes, at: 0 };
        if reader.u8()? != kind as u8 {
            return Err(reader.malformed("starts as another message does"));
        }
        if Suite::from_code(reader.u8()?).is_none() {
            return Err(reader.malformed("names a suite that is not known here"));
        }
        Ok(reader)
    }

    /// A text without a kind of its own, such as a durable record.
    pub(crate) fn bare(kind: Kind, bytes: &'a [u8]) -> Self {
        Self { kind, whole: bytes, at: 0 }
    }

    pub(crate) fn malformed(&self, what: &'static str) -> MaskError {
        MaskError::Malformed { message: self.kind.name(), byte: self.at, what }
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], MaskError> {
        let end = self.at.checked_add(count).filter(|&end| end <= self.whole.len());
        let Some(end) = end else { return Err(self.malformed("ends too early")) };
        let bytes = &self.whole[self.at..end];
        self.at = end;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], MaskError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, MaskError> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, MaskError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, MaskError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, MaskError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn key(&mut self) -> Result<[u8; 32], MaskError> {
        self.array()
    }

    pub(crate) fn nonce(&mut self) -> Result<[u8; 16], MaskError> {
        self.array()
    }

    pub(crate) fn digest(&mut self) -> Result<Digest, MaskError> {
        self.array().map(Digest::from_bytes)
    }

    pub(crate) fn node(&mut self) -> Result<NodeId, MaskError> {
        self.array().map(NodeId::from_bytes)
    }

    pub(crate) fn signature(&mut self) -> Result<Signature, MaskError> {
        self.array().map(Signature::from_bytes)
    }

    /// Everything read so far.
    pub(crate) fn so_far(&self) -> &'a [u8] {
        &self.whole[..self.at]
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.whole.len() - self.at
    }

    /// Refuses bytes behind the message.
    pub(crate) fn end(self) -> Result<(), MaskError> {
        if self.left() == 0 { Ok(()) } else { Err(self.malformed("is followed by more bytes")) }
    }
}
