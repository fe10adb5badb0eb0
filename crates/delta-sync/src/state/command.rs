use core::fmt;

use cosmosmesh_contracts::MissionTime;

use super::Stamp;
use crate::codec::{CodecError, Reader, put_i64, put_u64};
use crate::entry::{LogicalTime, put_id, read_id};

/// How far a command has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Phase {
    /// It is in the log.
    Issued,
    /// The asset has it and will carry it out.
    Acknowledged,
    /// Another stands in its place.
    Superseded,
    /// Its time passed before it was carried out; only a reader who knows the time says so.
    Expired,
    /// The asset has carried it out, which no later word undoes.
    Executed,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Issued => "issued",
            Self::Acknowledged => "acknowledged",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
            Self::Executed => "executed",
        })
    }
}

/// One command's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    phase: Phase,
    /// What brought it there.
    last: Stamp,
    expiry: Option<MissionTime>,
}

impl Command {
    pub(super) fn issued(stamp: Stamp, expiry: Option<MissionTime>) -> Self {
        Self { phase: Phase::Issued, last: stamp, expiry }
    }

    /// How far it has come for a reader who stands at a time.
    ///
    /// The place in the order decides what the log says, and the reader's time whether it has expired since: nothing was dropped for it.
    pub fn phase(&self, now: MissionTime) -> Phase {
        match self.phase {
            Phase::Issued | Phase::Acknowledged if self.expiry.is_some_and(|expiry| expiry <= now) => Phase::Expired,
            phase => phase,
        }
    }

    /// The entry that brought it there.
    pub fn last(&self) -> Stamp {
        self.last
    }

    /// From when on it may be disregarded.
    pub fn expiry(&self) -> Option<MissionTime> {
        self.expiry
    }

    /// Moves it on; gives the phase that it was in if that was not the step's turn.
    ///
    /// Executed is a fact and is written down whenever it comes; anything else comes in turn or not at all.
    pub(super) fn advance(&mut self, to: Phase, stamp: Stamp) -> Option<Phase> {
        let from = self.phase(stamp.time.at);
        let in_turn = match to {
            Phase::Acknowledged => from == Phase::Issued,
            Phase::Superseded | Phase::Executed => matches!(from, Phase::Issued | Phase::Acknowledged),
            Phase::Issued | Phase::Expired => false,
        };
        let repeated = from == to;
        if in_turn || to == Phase::Executed && !repeated {
            (self.phase, self.last) = (to, stamp);
        }
        (!in_turn && !repeated).then_some(from)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.phase as u8);
        put_i64(out, self.last.time.at.as_ms());
        put_u64(out, u64::from(self.last.time.count));
        put_id(out, &self.last.id);
        out.push(u8::from(self.expiry.is_some()));
        if let Some(expiry) = self.expiry {
            put_i64(out, expiry.as_ms());
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let phase = match reader.byte()? {
            0 => Phase::Issued,
            1 => Phase::Acknowledged,
            2 => Phase::Superseded,
            4 => Phase::Executed,
            // Expired is what a reader says, never what is kept.
            _ => return Err(CodecError::Variant),
        };
        let time = LogicalTime { at: reader.time()?, count: reader.u32()? };
        let last = Stamp { time, id: read_id(reader)? };
        let expiry = if reader.flag()? { Some(reader.time()?) } else { None };
        Ok(Self { phase, last, expiry })
    }
}
