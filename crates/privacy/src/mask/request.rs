use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::CryptoProvider;

use super::aggregator::NOTHING;
use super::codec::{Kind, Reader, Writer, verify};
use super::{MaskError, Roster, SignedHeader};

/// One agent in the online set: which of its messages is in the sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) agent: u32,
    pub(crate) nonce: [u8; 16],
    pub(crate) digest: Digest,
}

/// Who is in a round's sum, ascending, and the set's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OnlineSet {
    pub(crate) members: Vec<Member>,
    pub(crate) name: Digest,
    text: Vec<u8>,
}

impl OnlineSet {
    /// A set of ascending members.
    pub(crate) fn new(members: Vec<Member>, header: &Digest, crypto: &CryptoProvider) -> Self {
        let mut text = Writer::bare().u32(members.len() as u32);
        for Member { agent, nonce, digest } in &members {
            text = text.u32(*agent).bytes(nonce).bytes(digest);
        }
        let text = text.done();
        let name = crypto.hasher.digest("cosmosmesh/mask/online/1", &[header.as_ref(), &text]);
        Self { members, name, text }
    }

    pub(crate) fn agents(&self) -> Vec<u32> {
        self.members.iter().map(|member| member.agent).collect()
    }
}

/// A request for openings or for pieces, checked against the roster; what the log and the record say of it is the guardian's to see.
pub(crate) struct Request {
    pub(crate) header: SignedHeader,
    pub(crate) set: OnlineSet,
    pub(crate) responders: u8,
}

const MEMBER_BYTES: usize = 4 + 16 + 32;

impl Request {
    /// As it travels, signed by the round's facilitator.
    pub(crate) fn sign(
        kind: Kind,
        header: &SignedHeader,
        set: &OnlineSet,
        responders: u8,
        crypto: &CryptoProvider,
    ) -> Result<Vec<u8>, MaskError> {
        let text = Writer::new(kind).u16(header.bytes().len() as u16).bytes(header.bytes());
        text.bytes(&set.text).u8(responders).signed(kind, &*crypto.signer)
    }

    pub(crate) fn read(kind: Kind, bytes: &[u8], roster: &Roster, crypto: &CryptoProvider) -> Result<Self, MaskError> {
        let mut reader = Reader::new(kind, bytes)?;
        let len = usize::from(reader.u16()?);
        let header = SignedHeader::read(reader.bytes(len)?, roster, crypto)?;
        let count = reader.u32()? as usize;
        if reader.left() / MEMBER_BYTES < count {
            return Err(reader.malformed("ends too early"));
        }
        let mut members: Vec<Member> = Vec::with_capacity(count);
        for _ in 0..count {
            let member = Member { agent: reader.u32()?, nonce: reader.nonce()?, digest: reader.digest()? };
            if members.last().is_some_and(|last| last.agent >= member.agent) {
                return Err(reader.malformed("lists agents out of order"));
            }
            // Which message will be in the sum is known only once it is made.
            if (member.digest == NOTHING) != header.header().ahead {
                return Err(reader.malformed("names messages ahead of their time, or none in time"));
            }
            members.push(member);
        }
        if members.last().is_some_and(|last| last.agent >= roster.agent_count()) {
            return Err(MaskError::NotInRoster { role: "agent" });
        }
        let responders = reader.u8()?;
        let text = reader.so_far();
        let signature = reader.signature()?;
        reader.end()?;
        verify(&*crypto.verifier, kind, &header.header().facilitator, text, &signature)?;
        let min = header.header().contributors_min;
        if (members.len() as u64) < u64::from(min) {
            return Err(MaskError::TooFew { found: members.len() as u32, min });
        }
        let committee = roster.committee();
        if !committee.opens(responders) {
            return Err(MaskError::Responders { responders, threshold: committee.threshold() });
        }
        let set = OnlineSet::new(members, &header.hash(), crypto);
        Ok(Self { header, set, responders })
    }
}
