use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::round::{FieldRange, Ranges, RoundQuery, WordWidth};
use cosmosmesh_contracts::traits::CryptoProvider;
use cosmosmesh_contracts::wire::{decode, encode};
use cosmosmesh_privacy::mask::{Roster, SignedHeader};
use cosmosmesh_privacy::{ranges_digest, state_digest};

/// What opens a round whose sum is masked: the signed header, the ranges and the query that it names by their hashes.
///
/// ```text
/// byte 0      0x41
/// byte 1..3   length of the signed header, little-endian
/// then        the signed header
/// then        how the round before ended: length (4) and the signed closing, empty before the first
/// then        ranges: bits of a word (1), most contributors (4), fields (4), per field exponent (2) and words (1)
/// then        the query's frame
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The header.
    pub header: SignedHeader,
    /// How the round before ended, as its facilitator signed it; empty if there was none.
    pub closing: Vec<u8>,
    /// How numbers become words.
    pub ranges: Ranges,
    /// What is asked.
    pub query: RoundQuery,
}

/// The first byte of a question.
pub const QUESTION_KIND: u8 = 0x41;

impl Question {
    /// As it travels.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![QUESTION_KIND];
        bytes.extend_from_slice(&(self.header.bytes().len() as u16).to_le_bytes());
        bytes.extend_from_slice(self.header.bytes());
        bytes.extend_from_slice(&(self.closing.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&self.closing);
        bytes.push(self.ranges.width.bits() as u8);
        bytes.extend_from_slice(&self.ranges.contributors_max.to_le_bytes());
        bytes.extend_from_slice(&(self.ranges.fields.len() as u32).to_le_bytes());
        for field in &self.ranges.fields {
            bytes.extend_from_slice(&field.exponent.to_le_bytes());
            bytes.push(field.words);
        }
        bytes.extend_from_slice(&encode(&self.query));
        bytes
    }

    /// The header of the round before, if there was one.
    pub fn follows(&self) -> Option<Digest> {
        let header = self.closing.get(2..)?.first_chunk::<32>()?;
        Some(Digest::from_bytes(*header))
    }

    /// Reads a question of this roster, and checks that the header speaks of these ranges and this query.
    ///
    /// # Errors
    /// In words: where, what, remedy.
    pub fn decode(bytes: &[u8], bytes_max: usize, roster: &Roster, crypto: &CryptoProvider) -> Result<Self, String> {
        let mut rest = bytes;
        let mut take = |count: usize| {
            let (head, tail) = rest.split_at_checked(count).ok_or("a question ends too early; refuse its sender")?;
            rest = tail;
            Ok::<&[u8], String>(head)
        };
        if take(1)? != [QUESTION_KIND] {
            return Err("a message is no question; refuse its sender".to_owned());
        }
        let header_len = number(take(2)?) as usize;
        let header = SignedHeader::read(take(header_len)?, roster, crypto).map_err(|error| error.to_string())?;
        let closing_len = number(take(4)?) as usize;
        let closing = take(closing_len)?.to_vec();
        let width = match take(1)? {
            [48] => WordWidth::Bits48,
            [64] => WordWidth::Bits64,
            _ => return Err("a question names no width of words; refuse its sender".to_owned()),
        };
        let contributors_max = number(take(4)?) as u32;
        let field_count = number(take(4)?) as usize;
        let fields = take(field_count.saturating_mul(3))?.as_chunks::<3>().0.iter();
        let fields = fields.map(|[a, b, words]| FieldRange { exponent: i16::from_le_bytes([*a, *b]), words: *words });
        let ranges = Ranges { width, contributors_max, fields: fields.collect() };
        let query: RoundQuery = decode(rest, bytes_max).map_err(|error| error.to_string())?;
        let fields = header.header();
        if fields.ranges != ranges_digest(&ranges, &*crypto.hasher)
            || fields.state != state_digest(rest, &*crypto.hasher)
        {
            return Err(
                "a question's header speaks of another query or other ranges; report its facilitator".to_owned()
            );
        }
        let terms = roster.terms();
        if ranges.width != terms.width || ranges.contributors_max < roster.agent_count() {
            return Err(
                "a question's ranges are too tight for the roster, sums could wrap; report its facilitator".to_owned()
            );
        }
        Ok(Self { header, closing, ranges, query })
    }
}

/// The signed header's bytes in a question, before anything is checked.
pub(crate) fn header_bytes(question: &[u8]) -> Option<&[u8]> {
    let length = question.get(1..3)?.first_chunk::<2>()?;
    question.get(3..)?.get(..usize::from(u16::from_le_bytes(*length)))
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
