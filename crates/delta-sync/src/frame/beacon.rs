use cosmosmesh_contracts::MissionTime;

use super::{FrameType, start};
use crate::codec::{CodecError, Reader, put_i64, put_u64};
use crate::replica::Root;

/// Thirty-four to forty-seven bytes that say: I am here, and my logs hash to this.
///
/// A receiver whose root is the same has nothing to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beacon {
    /// Tag of the mission.
    pub mission: [u8; 8],
    /// Whether the sender wants an answer even if the roots are equal.
    pub reply: bool,
    /// Which topics the root is over.
    pub scope: [u8; 4],
    /// Hash of the logs of that scope.
    pub root: Root,
    /// The sender's clock.
    pub clock: MissionTime,
    /// How many KiB the sender takes now; zero asks for silence.
    pub room_kib: u32,
}

impl Beacon {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        start(out, FrameType::Beacon, &self.mission);
        out.push(u8::from(self.reply));
        out.extend(self.scope);
        out.extend(self.root);
        put_i64(out, self.clock.as_ms());
        put_u64(out, u64::from(self.room_kib));
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            mission: reader.array()?,
            reply: reader.flag()?,
            scope: reader.array()?,
            root: reader.array()?,
            clock: reader.time()?,
            room_kib: reader.u32()?,
        })
    }
}
