use std::collections::BTreeMap;
use std::sync::Arc;

use cosmosmesh_contracts::key::{Digest, NodeId};
use cosmosmesh_contracts::traits::CryptoProvider;

use super::closing::Closing;
use super::codec::{Kind, Reader, verify};
use super::promises::Promises;
use super::record::Checkpoint;
use super::request::{Member, OnlineSet, Request};
use super::stream::{EXTRA_WORDS, add_packed, check_words, reduce, subtract, unpack};
use super::{MaskError, Roster, SignedHeader};

/// The facilitator's side of one round: adds masked words up, asks guardians, and opens the sum.
///
/// # Privacy
/// It never holds anything that could unmask one agent; a message that is in the sum is kept no longer than it takes to add it.
pub struct Aggregator {
    roster: Arc<Roster>,
    header: SignedHeader,
    total: Vec<u64>,
    online: BTreeMap<u32, Member>,
    asked: Option<Asked>,
}

struct Asked {
    set: OnlineSet,
    responders: u8,
    /// By guardian.
    openings: BTreeMap<u8, Opening>,
}

/// A guardian's answer, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) words: Vec<u64>,
    pub(crate) checkpoint: Checkpoint,
}

/// A round's sum, with its masks off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The sum's data words, modulo `2^w`.
    pub words: Vec<u64>,
    /// Whose contributions are in it, ascending.
    pub agents: Vec<u32>,
    /// The online set's name.
    pub set: Digest,
    /// How far each answering guardian's record has grown: the log keeps it, so that a rolled-back disk is found out.
    pub checkpoints: Vec<(u8, Checkpoint)>,
}

impl Aggregator {
    /// Begins a round.
    pub fn new(roster: Arc<Roster>, header: SignedHeader) -> Self {
        let total = vec![0; header.header().word_count as usize + EXTRA_WORDS];
        Self { roster, header, total, online: BTreeMap::new(), asked: None }
    }

    /// The round's header.
    pub fn header(&self) -> &SignedHeader {
        &self.header
    }

    /// How many bytes a masked message of this round has.
    pub fn message_bytes(&self) -> usize {
        HEAD_BYTES + self.total.len() * self.roster.terms().width.bytes() + SIGNATURE_BYTES
    }

    /// Adds an agent's message to the sum; says whose it was. The same message may come again and changes nothing.
    ///
    /// # Errors
    /// [`MaskError::OtherRound`], [`MaskError::Spoken`] if the agent sent another message for this round, [`MaskError::OtherSet`] once guardians were asked;
    /// [`MaskError::Key`] for a bad signature. Nothing is added then.
    /// # Cost
    /// One hash of the message, one signature check, one addition a word.
    pub fn accept(&mut self, bytes: &[u8], crypto: &CryptoProvider) -> Result<u32, MaskError> {
        let mut reader = Reader::new(Kind::Masked, bytes)?;
        let (header, agent, nonce) = (reader.digest()?, reader.u32()?, reader.nonce()?);
        if header != self.header.hash() {
            return Err(MaskError::OtherRound);
        }
        let Some(signer) = self.roster.terms().agents.get(agent as usize) else {
            return Err(MaskError::NotInRoster { role: "agent" });
        };
        let signed = Signed::read(Kind::Masked, reader, self.total.len(), &self.roster, signer, crypto)?;
        let member = Member { agent, nonce, digest: signed.digest };
        match self.online.get(&agent) {
            Some(known) if *known == member => return Ok(agent),
            Some(_) => return Err(MaskError::Spoken { last: self.header.header().round }),
            None => self.check_promise(&member)?,
        }
        add_packed(&mut self.total, signed.payload, self.roster.terms().width);
        self.online.insert(agent, member);
        Ok(agent)
    }

    /// Once the set is fixed nobody joins, but whoever was promised with this nonce.
    fn check_promise(&self, member: &Member) -> Result<(), MaskError> {
        let Some(asked) = &self.asked else { return Ok(()) };
        let members = &asked.set.members;
        match members.binary_search_by_key(&member.agent, |known| known.agent) {
            Ok(at) if self.header.header().ahead && members[at].nonce == member.nonce => Ok(()),
            Ok(_) if self.header.header().ahead => Err(MaskError::Promise { agent: member.agent }),
            _ => Err(MaskError::OtherSet),
        }
    }

    /// Whether guardians were asked.
    pub fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// Whose messages are in the sum.
    pub fn agents(&self) -> impl Iterator<Item = u32> + '_ {
        self.online.keys().copied()
    }

    /// The nonces of the messages in the sum, in the order of their agents.
    pub fn nonces(&self) -> impl Iterator<Item = [u8; 16]> + '_ {
        self.online.values().map(|member| member.nonce)
    }

    /// The nonces of the next messages of the agents that were heard, if guardians answer ahead then.
    pub fn promises(&self, crypto: &CryptoProvider) -> Promises {
        Promises::after(self.online.values().map(|member| (member.agent, member.nonce)), crypto)
    }

    /// Fixes the online set before anybody answered, to be whoever promised, and asks these guardians, as bits, to open it ahead.
    ///
    /// # Errors
    /// [`MaskError::OtherSet`] if the header does not say so or messages were heard; else as of [`Aggregator::request`].
    pub fn request_ahead(
        &mut self,
        promises: &Promises,
        responders: u8,
        crypto: &CryptoProvider,
    ) -> Result<Vec<u8>, MaskError> {
        if !self.header.header().ahead || !self.online.is_empty() || self.asked.is_some() {
            return Err(MaskError::OtherSet);
        }
        let member = |(agent, nonce): (&u32, &[u8; 16])| Member { agent: *agent, nonce: *nonce, digest: NOTHING };
        self.ask(promises.0.iter().map(member).collect(), responders, crypto)
    }

    /// Fixes the online set and asks these guardians, as bits, to open it. If one of them fails, others may be asked for the same set.
    ///
    /// # Errors
    /// [`MaskError::TooFew`] contributors: the round is void; [`MaskError::Responders`]; [`MaskError::Key`];
    /// [`MaskError::OtherSet`] if the header says that guardians answer ahead and they were not asked then.
    pub fn request(&mut self, responders: u8, crypto: &CryptoProvider) -> Result<Vec<u8>, MaskError> {
        let members = match &self.asked {
            Some(asked) => asked.set.members.clone(),
            None if self.header.header().ahead => return Err(MaskError::OtherSet),
            None => self.online.values().copied().collect(),
        };
        self.ask(members, responders, crypto)
    }

    fn ask(&mut self, members: Vec<Member>, responders: u8, crypto: &CryptoProvider) -> Result<Vec<u8>, MaskError> {
        let min = self.header.header().contributors_min;
        if (members.len() as u64) < u64::from(min) {
            return Err(MaskError::TooFew { found: members.len() as u32, min });
        }
        let committee = self.roster.committee();
        if !committee.opens(responders) {
            return Err(MaskError::Responders { responders, threshold: committee.threshold() });
        }
        let header = &self.header;
        let asked = self.asked.get_or_insert_with(|| Asked {
            set: OnlineSet::new(members, &header.hash(), crypto),
            responders,
            openings: BTreeMap::new(),
        });
        if asked.responders != responders {
            // Work is shared out anew among other responders.
            asked.openings.clear();
            asked.responders = responders;
        }
        Request::sign(Kind::Request, &self.header, &asked.set, responders, crypto)
    }

    /// Asks for pieces, to find out who cheated.
    ///
    /// # Errors
    /// [`MaskError::OtherSet`] before a request; [`MaskError::Key`].
    pub fn request_pieces(&self, crypto: &CryptoProvider) -> Result<Vec<u8>, MaskError> {
        let asked = self.asked.as_ref().ok_or(MaskError::OtherSet)?;
        Request::sign(Kind::PiecesRequest, &self.header, &asked.set, asked.responders, crypto)
    }

    /// Takes a guardian's opening; says which guardian's it is.
    ///
    /// # Errors
    /// [`MaskError`] if it is malformed, for another round, set or responders, or not signed by its guardian.
    pub fn hear(&mut self, bytes: &[u8], crypto: &CryptoProvider) -> Result<u8, MaskError> {
        let asked = self.asked.as_mut().ok_or(MaskError::OtherSet)?;
        let mut reader = Reader::new(Kind::Opening, bytes)?;
        let (header, set, responders) = (reader.digest()?, reader.digest()?, reader.u8()?);
        let guardian = reader.u8()?;
        let checkpoint = Checkpoint { count: reader.u64()?, chain: reader.digest()? };
        if header != self.header.hash() {
            return Err(MaskError::OtherRound);
        }
        if (set, responders) != (asked.set.name, asked.responders) {
            return Err(MaskError::OtherSet);
        }
        if guardian >= self.roster.committee().guardians() || responders >> guardian & 1 == 0 {
            return Err(MaskError::NotInRoster { role: "guardian" });
        }
        let signer = &self.roster.terms().guardians[usize::from(guardian)].node;
        let signed = Signed::read(Kind::Opening, reader, self.total.len(), &self.roster, signer, crypto)?;
        let words = unpack(signed.payload, self.roster.terms().width);
        asked.openings.insert(guardian, Opening { words, checkpoint });
        Ok(guardian)
    }

    /// The guardians, as bits, whose openings are still missing; all of them before a request.
    pub fn missing(&self) -> u8 {
        match &self.asked {
            None => u8::MAX >> (8 - self.roster.committee().guardians()),
            Some(asked) => asked.openings.keys().fold(asked.responders, |missing, guardian| missing & !(1 << guardian)),
        }
    }

    /// The sum, with its masks off.
    ///
    /// # Errors
    /// [`MaskError::Missing`] openings; [`MaskError::Absent`] if somebody in a set that was fixed ahead was not heard; [`MaskError::Check`] if the head count or a check word is wrong: the round is void, and [`Aggregator::request_pieces`] finds who cheated.
    pub fn open(&self, crypto: &CryptoProvider) -> Result<Opened, MaskError> {
        let Some(asked) = self.asked.as_ref().filter(|_| self.missing() == 0) else {
            return Err(MaskError::Missing { guardians: self.missing() });
        };
        if let Some(member) = asked.set.members.iter().find(|member| !self.online.contains_key(&member.agent)) {
            return Err(MaskError::Absent { agent: member.agent });
        }
        let openings = asked.openings.values().map(|opening| opening.words.as_slice());
        let words = self.unmasked(openings, crypto).ok_or(MaskError::Check)?;
        let checkpoints = asked.openings.iter().map(|(guardian, opening)| (*guardian, opening.checkpoint)).collect();
        Ok(Opened { words, agents: asked.set.agents(), set: asked.set.name, checkpoints })
    }

    /// The data words under these mask sums, if head count and check words are right.
    pub(crate) fn unmasked<'m>(
        &self,
        masks: impl Iterator<Item = &'m [u64]>,
        crypto: &CryptoProvider,
    ) -> Option<Vec<u64>> {
        let width = self.roster.terms().width;
        let mut sum = self.total.clone();
        masks.for_each(|mask| subtract(&mut sum, mask));
        reduce(&mut sum, width);
        let extra = sum.split_off(sum.len() - EXTRA_WORDS);
        let mut expected = check_words(&*crypto.hasher, &self.header.hash(), &sum);
        reduce(&mut expected, width);
        (extra == [self.online.len() as u64, expected[0], expected[1]]).then_some(sum)
    }

    /// What is to be told to everybody when the round ends, opened or void.
    pub fn closing(&self, opened: bool) -> Closing {
        let (set, agents) = match &self.asked {
            Some(asked) => (asked.set.name, asked.set.agents()),
            None => (Digest::from_bytes([0; 32]), Vec::new()),
        };
        Closing { header: self.header.hash(), set, opened, agents }
    }

    /// Who takes part.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The set's name and the openings, once guardians were asked.
    pub(crate) fn asked(&self) -> Option<(Digest, u8, &BTreeMap<u8, Opening>)> {
        self.asked.as_ref().map(|asked| (asked.set.name, asked.responders, &asked.openings))
    }

    pub(crate) fn word_count(&self) -> usize {
        self.total.len()
    }
}

/// In the place of a message's digest where the message is not made yet.
pub(crate) const NOTHING: Digest = Digest::from_bytes([0; 32]);
const HEAD_BYTES: usize = 2 + 32 + 4 + 16;
const SIGNATURE_BYTES: usize = 64;

/// A message that ends in packed words and a signature over their digest.
pub(crate) struct Signed<'a> {
    pub(crate) payload: &'a [u8],
    pub(crate) digest: Digest,
}

impl<'a> Signed<'a> {
    /// Reads so many words and checks the signature.
    pub(crate) fn read(
        kind: Kind,
        mut reader: Reader<'a>,
        words: usize,
        roster: &Roster,
        signer: &NodeId,
        crypto: &CryptoProvider,
    ) -> Result<Self, MaskError> {
        let width = roster.terms().width.bytes();
        let found = reader.left().saturating_sub(SIGNATURE_BYTES) / width;
        if found != words {
            return Err(MaskError::WordCount { expected: words, found });
        }
        let head = reader.so_far();
        let payload = reader.bytes(words * width)?;
        let digest = crypto.hasher.digest("cosmosmesh/mask/payload/1", &[payload]);
        let signature = reader.signature()?;
        reader.end()?;
        verify(&*crypto.verifier, kind, signer, &[head, digest.as_ref()].concat(), &signature)?;
        Ok(Self { payload, digest })
    }
}
