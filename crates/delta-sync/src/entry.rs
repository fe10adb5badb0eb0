//! One signed entry of one log: its header, its bytes, its hash.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::{Digest, KeyError, NodeId, Signature, Suite};
use cosmosmesh_contracts::message::Priority;
use cosmosmesh_contracts::traits::ContentHasher;

use crate::checkpoint::{REBASED_BYTES_MAX, REBASED_KIND};
use crate::codec::{CodecError, Reader, put_i64, put_u64};
use crate::keys::Keys;
use crate::range::SEQUENCE_END;

/// The version that every header begins with.
pub const ENTRY_VERSION: u8 = 1;
/// The most causal dependencies of one entry.
pub const DEPENDENCIES_MAX: usize = 16;
/// The longest body, in bytes: small enough for a batch to carry it whole.
pub const BODY_BYTES_MAX: usize = 32 << 10;
/// The longest body of a kind: what carries a late entry may be that much longer than what it carries.
pub(crate) const fn body_bytes_max(kind: u16) -> usize {
    if kind == REBASED_KIND { REBASED_BYTES_MAX } else { BODY_BYTES_MAX }
}
/// The longest header, in bytes.
pub(crate) const HEADER_BYTES_MAX: usize = 256 + DEPENDENCIES_MAX * 64;
/// What a signature covers before the header, so that it counts for nothing else.
const SIGNED_PREFIX: &[u8] = b"cosmosmesh/sync/entry/1";
const ENTRY_DOMAIN: &str = "cosmosmesh/sync/entry/1";
const BODY_DOMAIN: &str = "cosmosmesh/sync/body/1";

/// The mission that a replica belongs to; it is part of everything signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissionId(pub [u8; 16]);

impl MissionId {
    /// The first eight bytes, by which a frame tells missions apart.
    pub(crate) fn tag(&self) -> [u8; 8] {
        let mut tag = [0; 8];
        tag.copy_from_slice(&self.0[..8]);
        tag
    }
}

/// What a log is about, so that a replica may ask for some topics only. A number; the mission says what it stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Topic(pub u16);

/// One log: an author writes one for each topic, and starts a new epoch of them when it may have forgotten what it wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogId {
    /// Who writes it.
    pub author: NodeId,
    /// Which incarnation of the author: zero, and a larger number after each restore.
    pub epoch: u32,
    /// What it is about.
    pub topic: Topic,
}

/// One place in one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId {
    /// The log.
    pub log: LogId,
    /// Counts from zero.
    pub sequence: u64,
}

/// Hybrid logical time: the author's clock, pushed forward so that it is later than everything the author had seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogicalTime {
    /// The clock.
    pub at: MissionTime,
    /// Counts what happened within one millisecond.
    pub count: u32,
}

/// What an author signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The mission.
    pub mission: MissionId,
    /// Log and sequence number.
    pub id: EntryId,
    /// Hash of the entry before; zero for the first.
    pub previous: Digest,
    /// When it was written.
    pub time: LogicalTime,
    /// What the body is, for whoever reads bodies.
    pub kind: u16,
    /// In which order entries travel.
    pub priority: Priority,
    /// From when on a reader may disregard it. Nothing here ever drops it.
    pub expiry: Option<MissionTime>,
    /// Entries of other logs that the author had seen and that this one builds on, rising.
    pub dependencies: Vec<EntryId>,
    /// Length of the body.
    pub body_bytes: u32,
    /// Hash of the body.
    pub body_hash: Digest,
}

/// A signed entry. Its body may be absent: pruned, or not for this replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    header: Header,
    signature: Signature,
    hash: Digest,
    body: Option<Vec<u8>>,
}

impl Header {
    /// The one encoding of the header: what is signed after a fixed text, and what is stored.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend([ENTRY_VERSION, Suite::One.code()]);
        out.extend(self.mission.0);
        put_id(out, &self.id);
        out.extend(self.previous.as_bytes());
        put_i64(out, self.time.at.as_ms());
        put_u64(out, u64::from(self.time.count));
        put_u64(out, u64::from(self.kind));
        out.push(priority_code(self.priority));
        match self.expiry {
            None => out.push(0),
            Some(at) => {
                out.push(1);
                put_i64(out, at.as_ms());
            }
        }
        put_u64(out, self.dependencies.len() as u64);
        for id in &self.dependencies {
            put_id(out, id);
        }
        put_u64(out, u64::from(self.body_bytes));
        out.extend(self.body_hash.as_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let version = reader.byte()?;
        if version != ENTRY_VERSION {
            return Err(CodecError::Version { version });
        }
        if Suite::from_code(reader.byte()?).is_none() {
            return Err(CodecError::Variant);
        }
        let mission = MissionId(reader.array()?);
        let id = read_id(reader)?;
        let previous = reader.digest()?;
        let time = LogicalTime { at: reader.time()?, count: reader.u32()? };
        let kind = reader.u16()?;
        let priority = priority_of(reader.byte()?)?;
        let expiry = if reader.flag()? { Some(reader.time()?) } else { None };
        let count = reader.count(35)?;
        if count > DEPENDENCIES_MAX {
            return Err(CodecError::TooLong { bytes: count });
        }
        let mut dependencies = Vec::with_capacity(count);
        for _ in 0..count {
            dependencies.push(read_id(reader)?);
        }
        let body_bytes = reader.u32()?;
        let body_hash = reader.digest()?;
        let header = Self { mission, id, previous, time, kind, priority, expiry, dependencies, body_bytes, body_hash };
        header.check()?;
        Ok(header)
    }

    /// Whether the fields hold together.
    pub(crate) fn check(&self) -> Result<(), CodecError> {
        if (self.id.sequence == 0) != (self.previous == NO_ENTRY) {
            return Err(CodecError::Contradiction);
        }
        if self.id.sequence >= SEQUENCE_END || self.body_bytes as usize > body_bytes_max(self.kind) {
            return Err(CodecError::Number);
        }
        if self.dependencies.len() > DEPENDENCIES_MAX {
            return Err(CodecError::TooLong { bytes: self.dependencies.len() });
        }
        if !self.dependencies.is_sorted_by(|a, b| a < b) {
            return Err(CodecError::Order);
        }
        Ok(())
    }

    /// Exactly what the author's signature covers.
    pub fn signed_bytes(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(SIGNED_PREFIX);
        self.encode(out);
    }
}

/// What stands for the entry before the first.
pub(crate) const NO_ENTRY: Digest = Digest::from_bytes([0; 32]);

impl Entry {
    /// Signs a header over a body.
    ///
    /// # Errors
    /// [`KeyError`] if the key's device does not answer.
    pub fn sign(mut header: Header, body: Vec<u8>, keys: &Keys) -> Result<Self, KeyError> {
        header.body_bytes = body.len() as u32;
        header.body_hash = body_hash(&*keys.hasher, &body);
        let mut bytes = Vec::with_capacity(HEADER_BYTES_MAX);
        header.signed_bytes(&mut bytes);
        let signature = keys.signer.sign(&bytes)?;
        let hash = entry_hash(&*keys.hasher, &bytes[SIGNED_PREFIX.len()..], &signature);
        Ok(Self { header, signature, hash, body: Some(body) })
    }

    /// An entry from parts that were taken apart elsewhere. The signature is not checked here.
    pub(crate) fn from_parts(header: Header, signature: Signature, hash: Digest, body: Option<Vec<u8>>) -> Self {
        Self { header, signature, hash, body }
    }

    /// Reads the stored form, which is also how evidence travels; the signature is not checked, the body's hash is.
    ///
    /// # Errors
    /// [`CodecError`] for anything but the one encoding of an entry.
    pub fn decode(bytes: &[u8], hasher: &dyn ContentHasher) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let entry = Self::read(&mut reader, hasher)?;
        reader.finish()?;
        Ok(entry)
    }

    pub(crate) fn read(reader: &mut Reader<'_>, hasher: &dyn ContentHasher) -> Result<Self, CodecError> {
        let raw = RawEntry::read(reader)?;
        let body = match raw.body {
            Some(body) if body_hash(hasher, body) != raw.header.body_hash => return Err(CodecError::Contradiction),
            body => body.map(<[u8]>::to_vec),
        };
        let hash = entry_hash(hasher, raw.header_bytes, &raw.signature);
        Ok(Self { header: raw.header, signature: raw.signature, hash, body })
    }

    /// Writes the stored form: header, signature, and the body if it is there.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.header.encode(out);
        out.extend(self.signature.as_bytes());
        match &self.body {
            None => out.push(0),
            Some(body) => {
                out.push(1);
                out.extend_from_slice(body);
            }
        }
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Where it stands.
    pub fn id(&self) -> EntryId {
        self.header.id
    }

    /// The author's signature.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The hash over header and signature, which the next entry of the log repeats.
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// The body, if it is there.
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// The same entry without its body.
    #[must_use]
    pub fn without_body(mut self) -> Self {
        self.body = None;
        self
    }

    /// Whether the author signed this.
    ///
    /// # Errors
    /// [`KeyError::Signature`] if not.
    pub fn verify(&self, keys: &Keys) -> Result<(), KeyError> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES_MAX);
        self.header.signed_bytes(&mut bytes);
        keys.verifier.verify(&self.header.id.log.author, &bytes, &self.signature)
    }
}

/// An entry in its stored form, taken apart without copying the body or hashing anything.
pub(crate) struct RawEntry<'a> {
    pub(crate) header: Header,
    pub(crate) header_bytes: &'a [u8],
    pub(crate) signature: Signature,
    pub(crate) body: Option<&'a [u8]>,
}

impl<'a> RawEntry<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, CodecError> {
        let all = reader.rest();
        let header = Header::read(reader)?;
        let header_bytes = &all[..all.len() - reader.remaining()];
        let signature = reader.signature()?;
        let body = if reader.flag()? { Some(reader.take(header.body_bytes as usize)?) } else { None };
        Ok(Self { header, header_bytes, signature, body })
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let raw = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(raw)
    }

    pub(crate) fn hash(&self, hasher: &dyn ContentHasher) -> Digest {
        entry_hash(hasher, self.header_bytes, &self.signature)
    }
}

/// The length of the text before the header in what is signed.
pub(crate) const fn signed_prefix() -> &'static [u8] {
    SIGNED_PREFIX
}

pub(crate) fn entry_hash(hasher: &dyn ContentHasher, header: &[u8], signature: &Signature) -> Digest {
    hasher.digest(ENTRY_DOMAIN, &[header, signature.as_bytes()])
}

pub(crate) fn body_hash(hasher: &dyn ContentHasher, body: &[u8]) -> Digest {
    hasher.digest(BODY_DOMAIN, &[body])
}

pub(crate) fn put_id(out: &mut Vec<u8>, id: &EntryId) {
    put_log(out, &id.log);
    put_u64(out, id.sequence);
}

pub(crate) fn put_log(out: &mut Vec<u8>, log: &LogId) {
    out.extend(log.author.as_bytes());
    put_u64(out, u64::from(log.epoch));
    put_u64(out, u64::from(log.topic.0));
}

pub(crate) fn read_log(reader: &mut Reader<'_>) -> Result<LogId, CodecError> {
    Ok(LogId { author: reader.node()?, epoch: reader.u32()?, topic: Topic(reader.u16()?) })
}

pub(crate) fn read_id(reader: &mut Reader<'_>) -> Result<EntryId, CodecError> {
    Ok(EntryId { log: read_log(reader)?, sequence: reader.up_to(SEQUENCE_END - 1)? })
}

pub(crate) const fn priority_code(priority: Priority) -> u8 {
    match priority {
        Priority::Bulk => 0,
        Priority::Normal => 1,
        Priority::Expedited => 2,
        Priority::Emergency => 3,
    }
}

pub(crate) fn priority_of(code: u8) -> Result<Priority, CodecError> {
    match code {
        0 => Ok(Priority::Bulk),
        1 => Ok(Priority::Normal),
        2 => Ok(Priority::Expedited),
        3 => Ok(Priority::Emergency),
        _ => Err(CodecError::Variant),
    }
}
