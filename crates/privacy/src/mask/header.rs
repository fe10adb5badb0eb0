use cosmosmesh_contracts::key::{Digest, NodeId};
use cosmosmesh_contracts::traits::{ContentHasher, CryptoProvider, Signer};

use super::codec::{Kind, Reader, Writer, verify};
use super::stream::ROUNDS_PER_STEP;
use super::{MaskError, Roster};

/// Whether contributions are whole or differences to the last included ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Whole; the total begins anew.
    Full,
    /// Differences, under the ranges and word count of the full round `base`.
    Delta {
        /// The last full round.
        base: u64,
    },
}

/// What a round is about: everything that its masks depend on.
///
/// # Source
/// docs/protocol/03-secure-aggregation.md.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The round, from 0 within its epoch.
    pub round: u64,
    /// Whole contributions or differences.
    pub mode: Mode,
    /// Whether guardians answer before contributions arrive: who is in the sum is then fixed beforehand, and a round that somebody is missing from is void.
    pub ahead: bool,
    /// What the sum is for: 1 to 32 of `a-z`, `0-9` and `-`.
    pub purpose: String,
    /// How many data words a contribution has.
    pub word_count: u32,
    /// A hash of the ranges by which numbers become words.
    pub ranges: Digest,
    /// A hash of what the contributions answer to.
    pub state: Digest,
    /// The fewest contributors, at least the roster's.
    pub contributors_min: u32,
    /// Who begins the round.
    pub facilitator: NodeId,
}

/// A header whose signature, roster and fields were checked, with its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeader {
    header: Header,
    hash: Digest,
    bytes: Vec<u8>,
}

/// Where headers stand before anybody uses them. Implemented by whoever keeps the fleet's log, and by a set of hashes.
pub trait HeaderLog {
    /// Whether the header with this hash stands in the log.
    fn holds(&self, header: &Digest) -> bool;
}

impl HeaderLog for std::collections::BTreeSet<Digest> {
    fn holds(&self, header: &Digest) -> bool {
        self.contains(header)
    }
}

impl Header {
    /// The header, signed by its facilitator.
    ///
    /// # Errors
    /// [`MaskError`] if a field is out of its range by the roster, or the signer is not the facilitator.
    pub fn sign(self, roster: &Roster, crypto: &CryptoProvider) -> Result<SignedHeader, MaskError> {
        self.check(roster)?;
        if crypto.signer.node_id() != self.facilitator {
            return Err(MaskError::NotInRoster { role: "facilitator" });
        }
        let text = self.text(roster);
        let hash = hash(&*crypto.hasher, &text);
        let bytes = sign(text, &*crypto.signer)?;
        Ok(SignedHeader { header: self, hash, bytes })
    }

    fn text(&self, roster: &Roster) -> Vec<u8> {
        let (mode, base) = match self.mode {
            Mode::Full => (0, self.round),
            Mode::Delta { base } => (1, base),
        };
        let terms = roster.terms();
        Writer::new(Kind::Header)
            .bytes(terms.mission)
            .u64(terms.epoch)
            .bytes(roster.hash())
            .u64(self.round)
            .u8(if self.ahead { mode | AHEAD } else { mode })
            .u64(base)
            .u8(self.purpose.len() as u8)
            .bytes(&self.purpose)
            .u32(self.word_count)
            .bytes(self.ranges)
            .bytes(self.state)
            .u32(self.contributors_min)
            .bytes(self.facilitator)
            .done()
    }

    fn check(&self, roster: &Roster) -> Result<(), MaskError> {
        let terms = roster.terms();
        if self.round >= Roster::ROUNDS {
            return Err(MaskError::Round { round: self.round, earliest: 0, latest: Roster::ROUNDS - 1 });
        }
        if let Mode::Delta { base } = self.mode
            && base >= self.round
        {
            return Err(MaskError::Round { round: base, earliest: 0, latest: self.round.saturating_sub(1) });
        }
        let known = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if !(1..=PURPOSE_MAX).contains(&self.purpose.len()) || !self.purpose.bytes().all(known) {
            let what = "has a purpose that is not 1 to 32 of a-z, 0-9 and -";
            return Err(MaskError::Malformed { message: Kind::Header.name(), byte: PURPOSE_AT, what });
        }
        if self.word_count > terms.words_max {
            return Err(MaskError::WordCount { expected: terms.words_max as usize, found: self.word_count as usize });
        }
        if self.contributors_min < terms.contributors_min {
            return Err(MaskError::TooFew { found: self.contributors_min, min: terms.contributors_min });
        }
        if !terms.facilitators.contains(&self.facilitator) {
            return Err(MaskError::NotInRoster { role: "facilitator" });
        }
        Ok(())
    }
}

/// The bit of the mode's byte that says that guardians answer ahead.
const AHEAD: u8 = 2;
const PURPOSE_MAX: usize = 32;
/// Where the purpose's length stands.
const PURPOSE_AT: usize = 2 + 32 + 8 + 32 + 8 + 1 + 8;

impl SignedHeader {
    /// Reads a signed header of this roster.
    ///
    /// # Errors
    /// [`MaskError`] if it is malformed, of another roster, out of range, or not signed by a facilitator of the roster.
    pub fn read(bytes: &[u8], roster: &Roster, crypto: &CryptoProvider) -> Result<Self, MaskError> {
        let mut reader = Reader::new(Kind::Header, bytes)?;
        let (mission, epoch, name) = (reader.digest()?, reader.u64()?, reader.digest()?);
        let terms = roster.terms();
        if (mission, epoch, name) != (terms.mission, terms.epoch, roster.hash()) {
            return Err(MaskError::OtherRoster);
        }
        let round = reader.u64()?;
        let (mode, base) = (reader.u8()?, reader.u64()?);
        let ahead = mode & AHEAD != 0;
        let mode = match mode & !AHEAD {
            0 if base == round => Mode::Full,
            1 => Mode::Delta { base },
            _ => return Err(reader.malformed("has no known mode")),
        };
        let len = usize::from(reader.u8()?);
        let purpose =
            core::str::from_utf8(reader.bytes(len)?).map_err(|_| reader.malformed("has no text for a purpose"))?;
        let header = Header {
            round,
            mode,
            ahead,
            purpose: purpose.to_owned(),
            word_count: reader.u32()?,
            ranges: reader.digest()?,
            state: reader.digest()?,
            contributors_min: reader.u32()?,
            facilitator: reader.node()?,
        };
        let text = reader.so_far();
        let signature = reader.signature()?;
        reader.end()?;
        header.check(roster)?;
        verify(&*crypto.verifier, Kind::Header, &header.facilitator, text, &signature)?;
        Ok(Self { header, hash: hash(&*crypto.hasher, text), bytes: bytes.to_vec() })
    }

    /// What it says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// `h`: the name of the round, on which its masks depend.
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// As it travels.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The step of the ratchet.
    pub(crate) fn step(&self) -> u64 {
        self.header.round / ROUNDS_PER_STEP
    }

    /// The first round whose contributions are in the total.
    pub(crate) fn base(&self) -> u64 {
        match self.header.mode {
            Mode::Full => self.header.round,
            Mode::Delta { base } => base,
        }
    }
}

fn hash(hasher: &dyn ContentHasher, text: &[u8]) -> Digest {
    hasher.digest("cosmosmesh/mask/header/1", &[text])
}

fn sign(text: Vec<u8>, signer: &dyn Signer) -> Result<Vec<u8>, MaskError> {
    Writer::bare().bytes(text).signed(Kind::Header, signer)
}
