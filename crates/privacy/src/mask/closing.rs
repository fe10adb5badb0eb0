use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::CryptoProvider;

use super::codec::{Kind, Reader, Writer, verify};
use super::{MaskError, SignedHeader};

/// How a round ended: what its agents must know before their next difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The round's header.
    pub header: Digest,
    /// The online set.
    pub set: Digest,
    /// Whether the sum was opened; if not, the previous one stands.
    pub opened: bool,
    /// Who is in the set, ascending.
    pub agents: Vec<u32>,
}

impl Closing {
    /// As it travels, signed by the round's facilitator.
    ///
    /// # Errors
    /// [`MaskError::Key`].
    pub fn sign(&self, crypto: &CryptoProvider) -> Result<Vec<u8>, MaskError> {
        let text = Writer::new(Kind::Closing).bytes(self.header).bytes(self.set).u8(u8::from(self.opened));
        let text = self.agents.iter().fold(text.u32(self.agents.len() as u32), |text, agent| text.u32(*agent));
        text.signed(Kind::Closing, &*crypto.signer)
    }

    /// Reads the closing of the round with this header.
    ///
    /// # Errors
    /// [`MaskError`] if it is malformed, of another round, or not signed by the round's facilitator.
    pub fn read(bytes: &[u8], header: &SignedHeader, crypto: &CryptoProvider) -> Result<Self, MaskError> {
        let mut reader = Reader::new(Kind::Closing, bytes)?;
        let (name, set) = (reader.digest()?, reader.digest()?);
        if name != header.hash() {
            return Err(MaskError::OtherRound);
        }
        let opened = match reader.u8()? {
            0 => false,
            1 => true,
            _ => return Err(reader.malformed("is neither opened nor void")),
        };
        let count = reader.u32()? as usize;
        if reader.left() / 4 < count {
            return Err(reader.malformed("ends too early"));
        }
        let mut agents = Vec::with_capacity(count);
        for _ in 0..count {
            agents.push(reader.u32()?);
        }
        if agents.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(reader.malformed("lists agents out of order"));
        }
        let text = reader.so_far();
        let signature = reader.signature()?;
        reader.end()?;
        verify(&*crypto.verifier, Kind::Closing, &header.header().facilitator, text, &signature)?;
        Ok(Self { header: name, set, opened, agents })
    }
}
