use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;

use super::Key;
use crate::codec::{CodecError, Reader, put_bytes, put_i64, put_u64};
use crate::entry::{BODY_BYTES_MAX, EntryId, put_id, read_id};

/// The longest key.
pub const KEY_BYTES_MAX: usize = 256;
/// The most additions that one removal names.
pub const REMOVED_MAX: usize = 256;

/// What one entry does to the state; its body, as the author wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Writes a register: the last write of the order counts.
    Write {
        /// Which register.
        key: Key,
        /// The new value.
        value: Vec<u8>,
        /// The write that the author saw there; nothing if the register was empty.
        over: Option<EntryId>,
    },
    /// Adds an element to a set.
    Add {
        /// Which set.
        key: Key,
        /// What is added.
        element: Vec<u8>,
    },
    /// Takes an element out of a set: the additions that the author saw. One that it did not see stays.
    Remove {
        /// Which set.
        key: Key,
        /// What is taken out.
        element: Vec<u8>,
        /// The entries that added it, rising, at most [`REMOVED_MAX`].
        seen: Vec<EntryId>,
    },
    /// Adds a number to a counter.
    Count {
        /// Which counter.
        key: Key,
        /// How much, of either sign.
        by: i64,
    },
    /// Gives a node the right to spend, out of nothing: who may do so is a matter of roles.
    Grant {
        /// Which account.
        key: Key,
        /// Who may spend it.
        to: NodeId,
        /// How much.
        amount: u64,
    },
    /// Hands on a right of the author's.
    Transfer {
        /// Which account.
        key: Key,
        /// Who may spend it from now on.
        to: NodeId,
        /// How much.
        amount: u64,
    },
    /// Spends a right of the author's.
    Spend {
        /// Which account.
        key: Key,
        /// How much.
        amount: u64,
    },
    /// Issues a command, which is known by this entry from now on; its expiry is the entry's.
    Issue {
        /// The command in whose place it stands.
        over: Option<EntryId>,
    },
    /// Says that a command has arrived and will be carried out.
    Acknowledge {
        /// Which.
        command: EntryId,
    },
    /// Says that a command has been carried out.
    Execute {
        /// Which.
        command: EntryId,
    },
    /// Foretells a value for a span of time.
    Foretell {
        /// Of what.
        key: Key,
        /// From when on it holds.
        from: MissionTime,
        /// Until when, not included; later than `from`.
        until: MissionTime,
        /// What is foretold.
        value: Vec<u8>,
    },
}

impl Operation {
    /// Writes the operation as the body of an entry.
    ///
    /// # Errors
    /// [`CodecError`] if it is out of its bounds: a key or value too long, additions out of order, a span that ends before it begins.
    pub fn encode(&self) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::new();
        match self {
            Self::Write { key, value, over } => {
                start(&mut out, 0, key);
                put_bytes(&mut out, value);
                put_option(&mut out, over);
            }
            Self::Add { key, element } => {
                start(&mut out, 1, key);
                put_bytes(&mut out, element);
            }
            Self::Remove { key, element, seen } => {
                start(&mut out, 2, key);
                put_bytes(&mut out, element);
                put_u64(&mut out, seen.len() as u64);
                seen.iter().for_each(|id| put_id(&mut out, id));
            }
            Self::Count { key, by } => {
                start(&mut out, 3, key);
                put_i64(&mut out, *by);
            }
            Self::Grant { key, to, amount } | Self::Transfer { key, to, amount } => {
                start(&mut out, if matches!(self, Self::Grant { .. }) { 4 } else { 5 }, key);
                out.extend(to.as_bytes());
                put_u64(&mut out, *amount);
            }
            Self::Spend { key, amount } => {
                start(&mut out, 6, key);
                put_u64(&mut out, *amount);
            }
            Self::Issue { over } => {
                out.push(7);
                put_option(&mut out, over);
            }
            Self::Acknowledge { command } => {
                out.push(8);
                put_id(&mut out, command);
            }
            Self::Execute { command } => {
                out.push(9);
                put_id(&mut out, command);
            }
            Self::Foretell { key, from, until, value } => {
                start(&mut out, 10, key);
                put_i64(&mut out, from.as_ms());
                put_i64(&mut out, until.as_ms());
                put_bytes(&mut out, value);
            }
        }
        // The decoder knows the bounds; what it refuses is not written.
        Self::decode(&out).map(|_| out)
    }

    /// Reads the body of an entry.
    ///
    /// # Errors
    /// [`CodecError`] for anything but the one encoding of an operation.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        if bytes.len() > BODY_BYTES_MAX {
            return Err(CodecError::TooLong { bytes: bytes.len() });
        }
        let mut reader = Reader::new(bytes);
        let operation = match reader.byte()? {
            0 => {
                let (key, value) = (key(&mut reader)?, text(&mut reader)?);
                Self::Write { key, value, over: option(&mut reader)? }
            }
            1 => Self::Add { key: key(&mut reader)?, element: text(&mut reader)? },
            2 => {
                let (key, element) = (key(&mut reader)?, text(&mut reader)?);
                let count = reader.count(35)?;
                if count == 0 || count > REMOVED_MAX {
                    return Err(CodecError::TooLong { bytes: count });
                }
                let mut seen = Vec::with_capacity(count);
                for _ in 0..count {
                    seen.push(read_id(&mut reader)?);
                }
                if !seen.is_sorted_by(|a, b| a < b) {
                    return Err(CodecError::Order);
                }
                Self::Remove { key, element, seen }
            }
            3 => Self::Count { key: key(&mut reader)?, by: reader.i64()? },
            4 => Self::Grant { key: key(&mut reader)?, to: reader.node()?, amount: reader.u64()? },
            5 => Self::Transfer { key: key(&mut reader)?, to: reader.node()?, amount: reader.u64()? },
            6 => Self::Spend { key: key(&mut reader)?, amount: reader.u64()? },
            7 => Self::Issue { over: option(&mut reader)? },
            8 => Self::Acknowledge { command: read_id(&mut reader)? },
            9 => Self::Execute { command: read_id(&mut reader)? },
            10 => {
                let (key, from, until) = (key(&mut reader)?, reader.time()?, reader.time()?);
                if until <= from {
                    return Err(CodecError::Contradiction);
                }
                Self::Foretell { key, from, until, value: text(&mut reader)? }
            }
            _ => return Err(CodecError::Variant),
        };
        reader.finish()?;
        Ok(operation)
    }
}

fn start(out: &mut Vec<u8>, code: u8, key: &[u8]) {
    out.push(code);
    put_bytes(out, key);
}

fn put_option(out: &mut Vec<u8>, id: &Option<EntryId>) {
    match id {
        None => out.push(0),
        Some(id) => {
            out.push(1);
            put_id(out, id);
        }
    }
}

fn option(reader: &mut Reader<'_>) -> Result<Option<EntryId>, CodecError> {
    if reader.flag()? { read_id(reader).map(Some) } else { Ok(None) }
}

fn key(reader: &mut Reader<'_>) -> Result<Key, CodecError> {
    reader.bytes(KEY_BYTES_MAX).map(<[u8]>::to_vec)
}

fn text(reader: &mut Reader<'_>) -> Result<Vec<u8>, CodecError> {
    reader.bytes(BODY_BYTES_MAX).map(<[u8]>::to_vec)
}
