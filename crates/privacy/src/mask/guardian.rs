use std::collections::BTreeMap;
use std::sync::Arc;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::{CryptoProvider, Store};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::bundle;
use super::codec::{Kind, Writer, signed_text};
use super::header::HeaderLog;
use super::record::{self, Checkpoint, Record};
use super::request::Request;
use super::stream::{EXTRA_WORDS, KeyRing, MaskContext, Masker, pack, reduce};
use super::{MaskError, Roster};

/// One guardian: holds a part of the mask keys, and takes masks off sums, never off reports.
///
/// # Privacy
/// For one round it answers for one header and one online set, for ever: what it answered is durable before the answer leaves, and is read again on start.
/// What it gives is pseudo-random to everybody who does not hold the other guardians' answers for the same set.
pub struct Guardian {
    roster: Arc<Roster>,
    index: u8,
    secret: Zeroizing<[u8; 32]>,
    store: Box<dyn Store + Send>,
    record: Record,
    /// By agent: the accepted bundle's name, and the keys of this guardian's subsets.
    agents: BTreeMap<u32, (Digest, KeyRing)>,
}

/// Its secret and all keys are wiped when it is dropped.
impl ZeroizeOnDrop for Guardian {}

impl Guardian {
    /// Opens a guardian on its store: everything that it ever answered in this epoch is read again.
    ///
    /// `secret` is its X25519 secret; `known` what the log says of its record, if anything.
    /// # Errors
    /// [`MaskError::NotInRoster`] if the signer or the secret is not this guardian's; [`MaskError::OtherRoster`] if it served another roster in this epoch;
    /// [`MaskError::RolledBack`]; [`MaskError::Store`].
    pub fn open(
        roster: Arc<Roster>,
        index: u8,
        secret: &[u8; 32],
        mut store: Box<dyn Store + Send>,
        known: Option<Checkpoint>,
        crypto: &CryptoProvider,
    ) -> Result<Self, MaskError> {
        let keys = roster.terms().guardians.get(usize::from(index));
        let own = |keys: &super::GuardianKeys| {
            keys.node == crypto.signer.node_id() && keys.agreement == crypto.agreement.public_key(secret)
        };
        if !keys.is_some_and(own) {
            return Err(MaskError::NotInRoster { role: "guardian" });
        }
        let record = Record::open(&roster, index, &mut *store, known, &*crypto.hasher)?;
        let mut guardian =
            Self { roster, index, secret: Zeroizing::new(*secret), store, record, agents: BTreeMap::new() };
        guardian.read_bundles(crypto)?;
        Ok(guardian)
    }

    fn bundles(&self) -> String {
        format!("{}/bundles", record::stream(&self.roster, self.index))
    }

    fn read_bundles(&mut self, crypto: &CryptoProvider) -> Result<(), MaskError> {
        let mut from = 0;
        loop {
            let bundles = self.store.read(&self.bundles(), from, BUNDLES_AT_ONCE)?;
            if bundles.is_empty() {
                return Ok(());
            }
            from += bundles.len() as u64;
            for bytes in bundles {
                let (agent, name) = bundle::peek(&bytes, &self.roster, crypto)?;
                let keys = bundle::take(&bytes, &self.roster, self.index, &self.secret, crypto)?;
                self.agents.insert(agent, (name, keys));
            }
        }
    }

    /// Takes an agent's bundle in, durably, and gives the acceptance to send back. The same bundle may come again.
    ///
    /// # Errors
    /// [`MaskError::Commitment`] and [`MaskError::SecondBundle`] convict the agent; the others say what is wrong with the bytes, or [`MaskError::Store`].
    pub fn accept(&mut self, bytes: &[u8], crypto: &CryptoProvider) -> Result<Vec<u8>, MaskError> {
        let (agent, name) = bundle::peek(bytes, &self.roster, crypto)?;
        match self.agents.get(&agent) {
            Some((known, _)) if *known == name => {}
            Some(_) => {
                // Only a bundle that the agent really signed convicts it.
                bundle::take(bytes, &self.roster, self.index, &self.secret, crypto)?;
                return Err(MaskError::SecondBundle { agent });
            }
            None => {
                let keys = bundle::take(bytes, &self.roster, self.index, &self.secret, crypto)?;
                self.store.append(&self.bundles(), bytes)?;
                self.store.sync()?;
                self.agents.insert(agent, (name, keys));
            }
        }
        bundle::acceptance(&self.roster, agent, self.index, name, crypto)
    }

    /// The roster that it serves.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// How far the record has grown, for the log.
    pub fn checkpoint(&self) -> Checkpoint {
        self.record.checkpoint()
    }

    /// Answers a request for an opening: the sum of this guardian's assigned masks over the online set.
    ///
    /// # Errors
    /// [`MaskError::Answered`] if another header or set of the round was answered before; [`MaskError::Store`] if the answer could not be made durable: open the guardian again;
    /// the others say what the request lacks.
    /// # Cost
    /// One stream of the words' length per agent and assigned subset; one durable write a round.
    pub fn answer(&mut self, bytes: &[u8], log: &dyn HeaderLog, crypto: &CryptoProvider) -> Result<Vec<u8>, MaskError> {
        let request = Request::read(Kind::Request, bytes, &self.roster, crypto)?;
        self.admit(&request, log, crypto)?;
        let committee = self.roster.committee();
        let assigned = committee.assignment(request.responders);
        let own: Vec<usize> = committee
            .held_by(self.index)
            .enumerate()
            .filter(|(_, k)| assigned[*k] == self.index)
            .map(|(at, _)| at)
            .collect();
        let Checkpoint { count, chain } = self.record.checkpoint();
        let head = Writer::new(Kind::Opening).bytes(request.header.hash()).bytes(request.set.name);
        let head = head.u8(request.responders).u8(self.index).u64(count).bytes(chain);
        let mut sum = self.blank(&request);
        self.add_masks(&request, &own, &mut sum, crypto)?;
        self.reply(Kind::Opening, head, &[sum], crypto)
    }

    /// Answers a request for pieces: the mask sum of each of its subsets on its own, by which a cheat is found.
    ///
    /// # Errors
    /// As of [`Guardian::answer`].
    /// # Cost
    /// As of [`Guardian::answer`], for all subsets.
    pub fn pieces(&mut self, bytes: &[u8], log: &dyn HeaderLog, crypto: &CryptoProvider) -> Result<Vec<u8>, MaskError> {
        let request = Request::read(Kind::PiecesRequest, bytes, &self.roster, crypto)?;
        self.admit(&request, log, crypto)?;
        let head = Writer::new(Kind::Pieces).bytes(request.header.hash()).bytes(request.set.name).u8(self.index);
        let held = self.roster.committee().held_by(self.index).count();
        let mut pieces = Vec::with_capacity(held);
        for at in 0..held {
            let mut sum = self.blank(&request);
            self.add_masks(&request, &[at], &mut sum, crypto)?;
            pieces.push(sum);
        }
        self.reply(Kind::Pieces, head, &pieces, crypto)
    }

    /// The five conditions of the protocol; the last makes the answer durable.
    fn admit(&mut self, request: &Request, log: &dyn HeaderLog, crypto: &CryptoProvider) -> Result<(), MaskError> {
        let Request { header, set, .. } = request;
        if self.record.failed() {
            let detail = "an earlier write failed".to_owned();
            return Err(MaskError::Store(cosmosmesh_contracts::traits::StoreError::Failed { detail }));
        }
        if !log.holds(&header.hash()) {
            return Err(MaskError::NotLogged);
        }
        for member in &set.members {
            let Some((_, keys)) = self.agents.get(&member.agent) else {
                return Err(MaskError::NoBundle { agent: member.agent });
            };
            if header.step() < keys.step() {
                let earliest = keys.step() * super::stream::ROUNDS_PER_STEP;
                return Err(MaskError::Round { round: header.header().round, earliest, latest: Roster::ROUNDS - 1 });
            }
        }
        let round = header.header().round;
        if !self.record.answered(round, &header.hash(), &set.name)? {
            let agents = set.agents();
            self.check_churn(&agents)?;
            self.record.remember(round, header.hash(), set.name, agents, &mut *self.store, &*crypto.hasher)?;
            let oldest = header.step().saturating_sub(1);
            self.agents.values_mut().for_each(|(_, keys)| keys.forget_before(oldest, &*crypto.hasher));
        }
        Ok(())
    }

    fn check_churn(&self, agents: &[u32]) -> Result<(), MaskError> {
        let min = self.roster.terms().churn_min;
        let Some(last) = self.record.last_set() else { return Ok(()) };
        let common = agents.iter().filter(|agent| last.binary_search(agent).is_ok()).count();
        let found = (agents.len() + last.len() - 2 * common) as u32;
        if found != 0 && found < min { Err(MaskError::Churn { found, min }) } else { Ok(()) }
    }

    fn blank(&self, request: &Request) -> Vec<u64> {
        vec![0; request.header.header().word_count as usize + EXTRA_WORDS]
    }

    /// Adds the masks of these of its subsets, counted among its own, over the whole set.
    fn add_masks(
        &self,
        request: &Request,
        own: &[usize],
        sum: &mut [u64],
        crypto: &CryptoProvider,
    ) -> Result<(), MaskError> {
        let Request { header, set, .. } = request;
        let (width, round) = (self.roster.terms().width, header.header().round);
        let subsets: Vec<u8> =
            self.roster.committee().held_by(self.index).map(|k| self.roster.committee().subsets()[k]).collect();
        let mut masker = Masker::new(&*crypto.hasher, width, sum.len());
        for member in &set.members {
            let Some((_, keys)) = self.agents.get(&member.agent) else {
                return Err(MaskError::NoBundle { agent: member.agent });
            };
            for &at in own {
                let context = MaskContext {
                    header: &header.hash(),
                    agent: member.agent,
                    subset: subsets[at],
                    nonce: &member.nonce,
                };
                let added = keys.with_key(at, round, &*crypto.hasher, |key| masker.add(key, &context, sum));
                added.expect("cannot fail because forgotten rounds are refused when a request is admitted");
            }
        }
        reduce(sum, width);
        Ok(())
    }

    fn reply(
        &self,
        kind: Kind,
        head: Writer,
        sums: &[Vec<u64>],
        crypto: &CryptoProvider,
    ) -> Result<Vec<u8>, MaskError> {
        let mut message = head.done();
        let head = message.len();
        sums.iter().for_each(|sum| pack(sum, self.roster.terms().width, &mut message));
        let digest = crypto.hasher.digest("cosmosmesh/mask/payload/1", &[&message[head..]]);
        let signed = [&message[..head], digest.as_ref()].concat();
        let signature = crypto.signer.sign(&signed_text(kind, &signed))?;
        message.extend_from_slice(signature.as_ref());
        Ok(message)
    }

    /// Gives the store back, as a process that ends does; keys are wiped.
    pub fn close(mut self) -> Box<dyn Store + Send> {
        self.secret.zeroize();
        self.store
    }
}

const BUNDLES_AT_ONCE: usize = 64;
