use std::sync::Arc;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::CryptoProvider;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::bundle::{self, Acceptance};
use super::closing::Closing;
use super::codec::{Kind, Writer, signed_text};
use super::header::{Mode, SignedHeader};
use super::promises::next_nonce;
use super::stream::{KeyRing, MaskContext, Masker, check_words, pack, reduce};
use super::{MaskError, Roster};

/// One asset's side of the masked sum: makes its keys once an epoch, and one message a round.
///
/// # Privacy
/// A masked message is uniformly random to everybody who lacks one of the subsets' keys.
/// A round is answered once, and rounds only upwards; every message has a nonce of its own, so no two share a mask, not even after the agent was set back to an old snapshot.
/// Where guardians answer ahead, the nonce follows from the last one, which was drawn; then it is the round's header that no two messages share.
pub struct Agent {
    roster: Arc<Roster>,
    index: u32,
    bundle: Digest,
    keys: KeyRing,
    accepted: u8,
    last: Option<u64>,
    /// The last message's nonce, from which the next one follows where guardians answer ahead.
    nonce: Option<[u8; 16]>,
    /// What the last message was about, until its closing is heard.
    sent: Option<Sent>,
    included: Option<Sent>,
}

/// Keys and figures are wiped when it is dropped.
impl ZeroizeOnDrop for Agent {}

struct Sent {
    round: u64,
    header: Digest,
    /// Its own figures in the clear, which the next difference is to.
    words: Zeroizing<Vec<u64>>,
}

/// What an agent knows by itself of a round, so that it answers no header that speaks of something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The hash of the ranges that it used.
    pub ranges: Digest,
    /// The hash of what it answers to.
    pub state: Digest,
}

impl Agent {
    /// Draws the epoch's keys and seals them for the guardians: the agent, and its bundle.
    ///
    /// # Errors
    /// [`MaskError::NotInRoster`] if the signer is not the agent with this index; [`MaskError::Key`].
    pub fn enrol(roster: Arc<Roster>, index: u32, crypto: &mut CryptoProvider) -> Result<(Self, Vec<u8>), MaskError> {
        if roster.terms().agents.get(index as usize) != Some(&crypto.signer.node_id()) {
            return Err(MaskError::NotInRoster { role: "agent" });
        }
        let (keys, bundle) = bundle::make(&roster, index, crypto)?;
        let name = bundle::name(&bundle, crypto);
        let agent = Self {
            roster,
            index,
            bundle: name,
            keys,
            accepted: 0,
            last: None,
            nonce: None,
            sent: None,
            included: None,
        };
        Ok((agent, bundle))
    }

    /// Hears that a guardian accepted this agent's bundle; acceptances of others change nothing.
    ///
    /// # Errors
    /// [`MaskError::SecondBundle`] if a guardian accepted another bundle in this agent's name: its signing key is in other hands.
    pub fn hear_acceptance(&mut self, bytes: &[u8], crypto: &CryptoProvider) -> Result<(), MaskError> {
        let acceptance = Acceptance::read(bytes, &self.roster, crypto)?;
        if acceptance.agent != self.index {
            return Ok(());
        }
        if acceptance.bundle != self.bundle {
            return Err(MaskError::SecondBundle { agent: self.index });
        }
        self.accepted |= 1 << acceptance.guardian;
        Ok(())
    }

    /// Its place in the roster.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Which guardians, as bits, hold this agent's keys; a threshold of them must, or its rounds cannot be opened.
    pub fn accepted(&self) -> u8 {
        self.accepted
    }

    /// The round's one message: these words, or in a delta round their difference to what was last included, under masks.
    ///
    /// # Shape
    /// As many words as the header says, each modulo `2^w`.
    /// # Errors
    /// [`MaskError`]: a header of another roster, state or ranges; a round that was answered; a wrong number of words, or one out of range.
    /// # Cost
    /// One stream of the words' length per subset, and one for the check words.
    pub fn mask(
        &mut self,
        header: &SignedHeader,
        expected: Expected,
        words: &[u64],
        crypto: &mut CryptoProvider,
    ) -> Result<Vec<u8>, MaskError> {
        let fields = header.header();
        if (fields.ranges, fields.state) != (expected.ranges, expected.state) {
            return Err(MaskError::OtherState);
        }
        if let Some(last) = self.last.filter(|last| fields.round <= *last) {
            return Err(MaskError::Spoken { last });
        }
        if words.len() != fields.word_count as usize {
            return Err(MaskError::WordCount { expected: fields.word_count as usize, found: words.len() });
        }
        self.check_range(words)?;
        let nonce = match self.nonce.filter(|_| fields.ahead) {
            Some(last) => next_nonce(&last, &*crypto.hasher),
            None => {
                let mut fresh = [0; 16];
                crypto.random.fill(&mut fresh)?;
                fresh
            }
        };
        self.nonce = Some(nonce);
        // From here on the round counts as answered, whatever happens.
        self.last = Some(fields.round);
        self.keys.forget_before(header.step(), &*crypto.hasher);

        let mut masked = self.difference(header, words);
        let checks = check_words(&*crypto.hasher, &header.hash(), &masked);
        masked.push(1);
        masked.extend_from_slice(&checks);
        let width = self.roster.terms().width;
        let mut masker = Masker::new(&*crypto.hasher, width, masked.len());
        for (k, subset) in self.roster.committee().subsets().iter().enumerate() {
            let context = MaskContext { header: &header.hash(), agent: self.index, subset: *subset, nonce: &nonce };
            let added =
                self.keys.with_key(k, fields.round, &*crypto.hasher, |key| masker.add(key, &context, &mut masked));
            added.expect("cannot fail because the keys were brought to this round's step");
        }
        reduce(&mut masked, width);

        let mut message = Writer::new(Kind::Masked).bytes(header.hash()).u32(self.index).bytes(nonce).done();
        let head = message.len();
        pack(&masked, width, &mut message);
        let digest = crypto.hasher.digest("cosmosmesh/mask/payload/1", &[&message[head..]]);
        let signed = [&message[..head], digest.as_ref()].concat();
        let signature = crypto.signer.sign(&signed_text(Kind::Masked, &signed))?;
        message.extend_from_slice(signature.as_ref());
        self.sent = Some(Sent { round: fields.round, header: header.hash(), words: Zeroizing::new(words.to_vec()) });
        Ok(message)
    }

    /// Hears how the round ended, so that the next difference is to what was really included.
    pub fn hear_closing(&mut self, closing: &Closing) {
        if let Some(sent) = self.sent.take_if(|sent| sent.header == closing.header)
            && closing.opened
            && closing.agents.binary_search(&self.index).is_ok()
        {
            self.included = Some(sent);
        }
    }

    fn difference(&self, header: &SignedHeader, words: &[u64]) -> Vec<u64> {
        let mut difference = words.to_vec();
        difference.reserve_exact(super::stream::EXTRA_WORDS);
        if let (Mode::Delta { base }, Some(included)) = (header.header().mode, &self.included)
            && included.round >= base
            && included.words.len() == words.len()
        {
            super::stream::subtract(&mut difference, &included.words);
            reduce(&mut difference, self.roster.terms().width);
        }
        difference
    }

    /// Words within twice `2^l - 1`: the contribution, and noise as large.
    fn check_range(&self, words: &[u64]) -> Result<(), MaskError> {
        let terms = self.roster.terms();
        // Without noise every word is a contribution's own; that is seen from all of them at once.
        let half = 1_u64 << terms.bits_per_word;
        let seen = words.iter().fold(0, |seen, word| seen | word.wrapping_add(half) & terms.width.mask());
        let high = words.iter().fold(0, |high, word| high | *word & !terms.width.mask());
        if seen >> (terms.bits_per_word + 1) == 0 && high == 0 {
            return Ok(());
        }
        let unused = 64 - terms.width.bits();
        let most = 2 * ((1_u64 << terms.bits_per_word) - 1);
        let beyond = |word: &u64| {
            (((*word << unused) as i64) >> unused).unsigned_abs() > most || *word & !terms.width.mask() != 0
        };
        match words.iter().position(beyond) {
            Some(word) => Err(MaskError::OutOfRange { word }),
            None => Ok(()),
        }
    }
}
