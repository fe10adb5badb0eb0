use cosmosmesh_contracts::key::NodeId;

use super::Roster;
use super::codec::{Kind, Reader};

/// In whose name a message of this protocol speaks, before anything of it is checked; nothing if it names nobody of the roster, or is no such message.
///
/// So a receiver can ask whether that node may speak at all before it checks the signature, which is by the same key.
pub fn author_of(bytes: &[u8], roster: &Roster) -> Option<NodeId> {
    let terms = roster.terms();
    let agent = |skip: usize, kind| {
        let mut reader = after(kind, bytes, skip)?;
        terms.agents.get(reader.u32().ok()? as usize).copied()
    };
    let guardian = |skip: usize, kind| {
        let mut reader = after(kind, bytes, skip)?;
        terms.guardians.get(usize::from(reader.u8().ok()?)).map(|keys| keys.node)
    };
    match *bytes.first()? {
        // After the roster; after the header's hash; after the roster and the agent; after both hashes, and for an opening the responders.
        kind if kind == Kind::Bundle as u8 => agent(32, Kind::Bundle),
        kind if kind == Kind::Masked as u8 => agent(32, Kind::Masked),
        kind if kind == Kind::Acceptance as u8 => guardian(32 + 4, Kind::Acceptance),
        kind if kind == Kind::Opening as u8 => guardian(32 + 32 + 1, Kind::Opening),
        kind if kind == Kind::Pieces as u8 => guardian(32 + 32, Kind::Pieces),
        kind if kind == Kind::Header as u8 => facilitator(bytes, roster),
        kind if kind == Kind::Request as u8 => in_request(Kind::Request, bytes, roster),
        kind if kind == Kind::PiecesRequest as u8 => in_request(Kind::PiecesRequest, bytes, roster),
        _ => None,
    }
}

fn after(kind: Kind, bytes: &[u8], skip: usize) -> Option<Reader<'_>> {
    let mut reader = Reader::new(kind, bytes).ok()?;
    reader.bytes(skip).ok()?;
    Some(reader)
}

/// A header's last field, before its signature.
fn facilitator(header: &[u8], roster: &Roster) -> Option<NodeId> {
    let key = header.get(header.len().checked_sub(96)?..)?.first_chunk::<32>()?;
    let found = NodeId::from_bytes(*key);
    roster.terms().facilitators.contains(&found).then_some(found)
}

/// A request is its header's facilitator's.
fn in_request(kind: Kind, bytes: &[u8], roster: &Roster) -> Option<NodeId> {
    let mut reader = Reader::new(kind, bytes).ok()?;
    let length = usize::from(reader.u16().ok()?);
    facilitator(reader.bytes(length).ok()?, roster)
}
