//! Late entries in the bodies of those that carry them over a checkpoint.

use crate::codec::CodecError;
use crate::entry::{BODY_BYTES_MAX, Header, RawEntry};
use crate::replica::Draft;

/// The kind of an entry that carries a late one; its body is the late entry in its stored form.
pub const REBASED_KIND: u16 = 65_535;
/// The longest body of an entry of that kind: the longest other body, and what stands before it.
pub const REBASED_BYTES_MAX: usize = BODY_BYTES_MAX + (2 << 10);

/// The late entry that an entry carries, if it carries one.
pub fn late_of(entry: &crate::Entry) -> Option<crate::EntryId> {
    let body = entry.body().filter(|_| entry.header().kind == REBASED_KIND)?;
    carried_of(body).ok().map(|(header, _)| header.id)
}

/// The header of the late entry that a body carries, and what it said, if that is there.
pub(crate) fn carried_of(body: &[u8]) -> Result<(Header, Option<&[u8]>), CodecError> {
    let raw = RawEntry::decode(body)?;
    // A carrier is never carried itself.
    if raw.header.kind == REBASED_KIND {
        return Err(CodecError::Contradiction);
    }
    Ok((raw.header, raw.body))
}

/// What a replica writes to carry a late entry, given as its stored form.
pub(crate) fn carrier_of(record: &[u8]) -> Result<(Header, Draft), CodecError> {
    let raw = RawEntry::decode(record)?;
    let (topic, priority) = (raw.header.id.log.topic, raw.header.priority);
    let (late, body) = match raw.body {
        // What a carrier brought is carried on, and not the carrier.
        Some(body) if raw.header.kind == REBASED_KIND => (carried_of(body)?.0, body.to_vec()),
        _ => (raw.header, record.to_vec()),
    };
    let expiry = late.expiry;
    Ok((late, Draft { topic, kind: REBASED_KIND, priority, expiry, dependencies: Vec::new(), body }))
}
