use crate::codec::{CodecError, Reader, put_bytes};
use crate::entry::{BODY_BYTES_MAX, EntryId, put_id, read_id};

/// A value and the entry that wrote it: the last write of the order.
///
/// # Source
/// Johnson and Thomas, RFC 677 (1975): the last writer wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    written: Option<(EntryId, Box<[u8]>)>,
}

impl Register {
    /// The value.
    pub fn value(&self) -> Option<&[u8]> {
        self.written.as_ref().map(|(_, value)| &**value)
    }

    /// The entry that wrote it; what a next write names as `over`.
    pub fn entry(&self) -> Option<EntryId> {
        self.written.as_ref().map(|(id, _)| *id)
    }

    /// Gives the write that this one puts aside without its author having seen it.
    pub(super) fn write(&mut self, id: EntryId, value: &[u8], over: Option<EntryId>) -> Option<EntryId> {
        let before = self.written.replace((id, value.into())).map(|(id, _)| id);
        before.filter(|_| before != over)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        if let Some((id, value)) = &self.written {
            put_id(out, id);
            put_bytes(out, value);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self { written: Some((read_id(reader)?, reader.bytes(BODY_BYTES_MAX)?.into())) })
    }
}
