use cosmosmesh_contracts::traits::ContentHasher;

use super::{FrameType, start};
use crate::codec::{CodecError, Reader};
use crate::replica::Fork;

/// The proof that an author wrote two entries in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Tag of the mission.
    pub mission: [u8; 8],
    /// The proof.
    pub fork: Fork,
}

impl Evidence {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        start(out, FrameType::Evidence, &self.mission);
        self.fork.encode(out);
    }

    pub(super) fn read(mut reader: Reader<'_>, hasher: &dyn ContentHasher) -> Result<Self, CodecError> {
        let mission = reader.array()?;
        Ok(Self { mission, fork: Fork::decode(reader.rest(), hasher)? })
    }
}
