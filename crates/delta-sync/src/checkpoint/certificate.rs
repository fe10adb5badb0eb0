use core::fmt;
use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::{Digest, NodeId};
use cosmosmesh_contracts::traits::ContentHasher;

use super::note::{CONTROL_TOPIC, VOTE_KIND, Vote};
use super::quorum::VOTERS_MAX;
use super::{Cut, Quorum};
use crate::codec::{CodecError, Reader, put_bytes, put_i64, put_u64};
use crate::entry::{Entry, HEADER_BYTES_MAX, MissionId, NO_ENTRY};
use crate::keys::Keys;
use crate::state::{State, digest_of};

/// What a quorum puts its name to: which entries written up to a time count, and the state that they come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The mission.
    pub mission: MissionId,
    /// Counts from one.
    pub number: u64,
    /// Up to when its entries were written, that included.
    pub at: MissionTime,
    /// Hash of the checkpoint before; zero for the first.
    pub before: Digest,
    /// Which entries.
    pub cut: Arc<Cut>,
    /// Length of the state.
    pub state_bytes: u64,
    /// Hash of the state.
    pub state_hash: Digest,
}

/// A checkpoint and the votes for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The votes, each a signed entry, by rising author.
    pub votes: Vec<Entry>,
}

/// All that a replica needs to begin at a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Which checkpoint, and who says so.
    pub certificate: Certificate,
    /// The state.
    pub state: State,
}

/// The longest snapshot that is sent or taken.
pub const SNAPSHOT_BYTES_MAX: u64 = 64 << 20;
const VERSION: u8 = 1;
const DOMAIN: &str = "cosmosmesh/sync/checkpoint/1";
/// The longest vote: header, signature, and the body with the byte before it.
const VOTE_BYTES_MAX: usize = HEADER_BYTES_MAX + 64 + 64;

impl Checkpoint {
    /// The one encoding: what is proposed and hashed.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend(self.mission.0);
        put_u64(out, self.number);
        put_i64(out, self.at.as_ms());
        out.extend(self.before.as_bytes());
        self.cut.encode(out);
        put_u64(out, self.state_bytes);
        out.extend(self.state_hash.as_bytes());
    }

    /// Reads what [`Checkpoint::encode`] wrote.
    ///
    /// # Errors
    /// [`CodecError`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let version = reader.byte()?;
        if version != VERSION {
            return Err(CodecError::Version { version });
        }
        let checkpoint = Self {
            mission: MissionId(reader.array()?),
            number: reader.u64()?,
            at: reader.time()?,
            before: reader.digest()?,
            cut: Arc::new(Cut::read(&mut reader)?),
            state_bytes: reader.up_to(SNAPSHOT_BYTES_MAX)?,
            state_hash: reader.digest()?,
        };
        reader.finish()?;
        if checkpoint.number == 0 || (checkpoint.number == 1) != (checkpoint.before == NO_ENTRY) {
            return Err(CodecError::Contradiction);
        }
        Ok(checkpoint)
    }

    /// The hash that votes name and the next checkpoint repeats.
    pub fn hash(&self, hasher: &dyn ContentHasher) -> Digest {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        hash_of(&bytes, hasher)
    }
}

pub(crate) fn hash_of(checkpoint: &[u8], hasher: &dyn ContentHasher) -> Digest {
    hasher.digest(DOMAIN, &[checkpoint])
}

impl Certificate {
    /// Whether enough voters of the quorum vote for exactly this.
    ///
    /// # Errors
    /// [`CertificateError`] with what is wrong.
    /// # Cost
    /// One signature for each vote.
    pub fn verify(&self, quorum: &Quorum, keys: &Keys) -> Result<(), CertificateError> {
        let checkpoint = &self.checkpoint;
        verify_votes(&self.votes, checkpoint.number, checkpoint.hash(&*keys.hasher), checkpoint.mission, quorum, keys)
    }
}

/// Whether enough voters of a quorum vote for a checkpoint, of which the hash is enough.
pub(crate) fn verify_votes(
    votes: &[Entry],
    number: u64,
    checkpoint: Digest,
    mission: MissionId,
    quorum: &Quorum,
    keys: &Keys,
) -> Result<(), CertificateError> {
    // Whatever the ballot, it is one.
    let ballot = votes.first().and_then(|vote| Vote::decode(vote.body()?).ok()).map_or(0, |vote| vote.ballot);
    let expected = Vote { number, ballot, checkpoint: Some(checkpoint) };
    let mut last = None;
    for vote in votes {
        let header = vote.header();
        let voter = header.id.log.author;
        let says = vote.body().is_some_and(|body| Vote::decode(body) == Ok(expected));
        let proper = header.mission == mission && header.kind == VOTE_KIND && header.id.log.topic == CONTROL_TOPIC;
        if !(says && proper && quorum.voters().contains(&voter)) || last.replace(voter) >= Some(voter) {
            return Err(CertificateError::Vote { voter });
        }
        if vote.verify(keys).is_err() {
            return Err(CertificateError::Signature { voter });
        }
    }
    if votes.len() < quorum.needed() {
        return Err(CertificateError::TooFew { votes: votes.len(), needed: quorum.needed() });
    }
    Ok(())
}

/// Writes votes, each after its length.
pub(crate) fn put_votes(out: &mut Vec<u8>, votes: &[Entry]) {
    put_u64(out, votes.len() as u64);
    let mut bytes = Vec::new();
    for vote in votes {
        bytes.clear();
        vote.encode(&mut bytes);
        put_bytes(out, &bytes);
    }
}

/// Reads votes: by rising author, at most [`VOTERS_MAX`] of them.
pub(crate) fn read_votes(reader: &mut Reader<'_>, hasher: &dyn ContentHasher) -> Result<Vec<Entry>, CodecError> {
    let count = reader.count(VOTE_BYTES_MIN)?;
    if count > VOTERS_MAX {
        return Err(CodecError::TooLong { bytes: count });
    }
    let mut votes: Vec<Entry> = Vec::with_capacity(count);
    for _ in 0..count {
        let vote = Entry::decode(reader.bytes(VOTE_BYTES_MAX)?, hasher)?;
        if votes.last().is_some_and(|last| last.id().log.author >= vote.id().log.author) {
            return Err(CodecError::Order);
        }
        votes.push(vote);
    }
    Ok(votes)
}

/// A vote cannot be shorter: a header of the shortest numbers, the signature, the byte before the body, the body.
const VOTE_BYTES_MIN: usize = 190;

impl Snapshot {
    /// Writes checkpoint and state, which every replica that has adopted the checkpoint writes the same, then the votes that it knows.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut state = Vec::new();
        self.state.encode(&mut state);
        put_snapshot(out, &self.certificate, &state);
    }

    /// Reads what [`Snapshot::encode`] wrote. The state has the length and the hash that the checkpoint says; whether the votes suffice is another question.
    ///
    /// # Errors
    /// [`CodecError`] for anything else.
    pub fn decode(bytes: &[u8], hasher: &dyn ContentHasher) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let (checkpoint, state) = read_front(&mut reader)?;
        if digest_of(state, hasher) != checkpoint.state_hash {
            return Err(CodecError::Contradiction);
        }
        let state = State::decode(state)?;
        let votes = read_votes(&mut reader, hasher)?;
        reader.finish()?;
        Ok(Self { certificate: Certificate { checkpoint, votes }, state })
    }
}

/// Writes a snapshot with its state as bytes; gives the length of the part that travels in pieces.
pub(crate) fn put_snapshot(out: &mut Vec<u8>, certificate: &Certificate, state: &[u8]) -> usize {
    let mut bytes = Vec::new();
    certificate.checkpoint.encode(&mut bytes);
    put_bytes(out, &bytes);
    out.extend_from_slice(state);
    let front = out.len();
    put_votes(out, &certificate.votes);
    front
}

/// Reads checkpoint and state of a snapshot, the state as bytes of which only the length was checked.
pub(crate) fn read_front<'a>(reader: &mut Reader<'a>) -> Result<(Checkpoint, &'a [u8]), CodecError> {
    let checkpoint = Checkpoint::decode(reader.bytes(SNAPSHOT_BYTES_MAX as usize)?)?;
    let state = reader.take(usize::try_from(checkpoint.state_bytes).map_err(|_| CodecError::Number)?)?;
    Ok((checkpoint, state))
}

/// Why a certificate does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateError {
    /// A vote is not one for this checkpoint by a voter.
    Vote {
        /// Whose.
        voter: NodeId,
    },
    /// A vote is not signed by its voter.
    Signature {
        /// Whose.
        voter: NodeId,
    },
    /// There are fewer votes than are needed.
    TooFew {
        /// How many there are.
        votes: usize,
        /// How many are needed.
        needed: usize,
    },
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vote { voter } => write!(f, "what {voter} says is no vote for this checkpoint; ask another peer"),
            Self::Signature { voter } => write!(f, "a vote is not signed by {voter}; ask another peer"),
            Self::TooFew { votes, needed } => {
                write!(f, "{votes} votes where {needed} are needed; wait for more, or ask another peer")
            }
        }
    }
}

impl std::error::Error for CertificateError {}
