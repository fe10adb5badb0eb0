use std::collections::BTreeMap;

use cosmosmesh_contracts::traits::CryptoProvider;

use super::aggregator::Signed;
use super::codec::{Kind, Reader};
use super::stream::{reduce, unpack};
use super::{Aggregator, MaskError};

/// Finds out which guardian cheated in a round whose masks did not come off.
///
/// # Privacy
/// Pieces are pseudo-random and add up to what the openings show anyway.
pub struct Blame<'a> {
    round: &'a Aggregator,
    /// By guardian: the mask sums of its subsets.
    pieces: BTreeMap<u8, Vec<Vec<u64>>>,
}

/// What the pieces show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// These guardians cheated, ascending; with them left out of what they hold, the checks hold or their own statements contradict each other.
    Guardians(Vec<u8>),
    /// The guardians agree with each other and the sum is wrong: an agent sent words that are no sum of masks and a contribution.
    Agents,
    /// Not enough pieces, or too many cheats, to name anybody.
    Open,
}

impl<'a> Blame<'a> {
    /// Begins to look at a round.
    pub fn new(round: &'a Aggregator) -> Self {
        Self { round, pieces: BTreeMap::new() }
    }

    /// Takes a guardian's pieces; says whose they are.
    ///
    /// # Errors
    /// [`MaskError`] if they are malformed, for another round or set, or not signed by their guardian.
    pub fn hear(&mut self, bytes: &[u8], crypto: &CryptoProvider) -> Result<u8, MaskError> {
        let (roster, word_count) = (self.round.roster(), self.round.word_count());
        let mut reader = Reader::new(Kind::Pieces, bytes)?;
        let (header, set, guardian) = (reader.digest()?, reader.digest()?, reader.u8()?);
        if header != self.round.header().hash() {
            return Err(MaskError::OtherRound);
        }
        if self.round.asked().is_none_or(|(asked, ..)| asked != set) {
            return Err(MaskError::OtherSet);
        }
        let Some(keys) = roster.terms().guardians.get(usize::from(guardian)) else {
            return Err(MaskError::NotInRoster { role: "guardian" });
        };
        let held = roster.committee().held_by(guardian).count();
        let signed = Signed::read(Kind::Pieces, reader, held * word_count, roster, &keys.node, crypto)?;
        let words = unpack(signed.payload, roster.terms().width);
        self.pieces.insert(guardian, words.chunks(word_count).map(<[u64]>::to_vec).collect());
        Ok(guardian)
    }

    /// Who cheated, by the pieces heard so far.
    pub fn verdict(&self, crypto: &CryptoProvider) -> Verdict {
        let committee = self.round.roster().committee();
        let Some((_, responders, openings)) = self.round.asked() else { return Verdict::Open };
        let assigned = committee.assignment(responders);
        let mut guilty: Vec<u8> = Vec::new();
        // An opening that is not the sum of its guardian's own pieces: two signatures that contradict each other.
        for (guardian, opening) in openings {
            let Some(pieces) = self.pieces.get(guardian) else { continue };
            let mut sum = vec![0_u64; self.round.word_count()];
            for (k, piece) in committee.held_by(*guardian).zip(pieces) {
                if assigned[k] == *guardian {
                    sum.iter_mut().zip(piece).for_each(|(sum, word)| *sum = sum.wrapping_add(*word));
                }
            }
            reduce(&mut sum, self.round.roster().terms().width);
            if sum != opening.words {
                guilty.push(*guardian);
            }
        }
        // A piece that more than half of its other holders contradict.
        for (k, subset) in committee.subsets().iter().enumerate() {
            let stated = self.stated(k, *subset);
            for (guardian, piece) in &stated {
                let against = stated.iter().filter(|(_, other)| other != piece).count();
                if 2 * against > stated.len() {
                    guilty.push(*guardian);
                }
            }
        }
        guilty.sort_unstable();
        guilty.dedup();
        if !guilty.is_empty() {
            return Verdict::Guardians(guilty);
        }
        // Whoever must be left out for the checks to hold.
        let disputed = committee.subsets().iter().enumerate().any(|(k, subset)| {
            let stated = self.stated(k, *subset);
            stated.windows(2).any(|pair| pair[0].1 != pair[1].1)
        });
        if !disputed {
            let complete = (0..committee.guardians()).all(|guardian| self.pieces.contains_key(&guardian));
            let alone = committee.threshold() == committee.guardians();
            return if complete && !alone { Verdict::Agents } else { Verdict::Open };
        }
        let suspects = (1_u8..1 << committee.guardians())
            .filter(|suspects| suspects.count_ones() <= u32::from(committee.corrupt()))
            .filter(|suspects| {
                self.without(*suspects)
                    .is_some_and(|masks| self.round.unmasked(masks.iter().map(|mask| &mask[..]), crypto).is_some())
            });
        match suspects.min_by_key(|suspects| suspects.count_ones()) {
            Some(suspects) => Verdict::Guardians((0..8).filter(|g| suspects >> g & 1 == 1).collect()),
            None => Verdict::Open,
        }
    }

    /// What its holders say about a subset.
    fn stated(&self, subset_index: usize, subset: u8) -> Vec<(u8, &[u64])> {
        let committee = self.round.roster().committee();
        let holders = (0..committee.guardians()).filter(|guardian| subset >> guardian & 1 == 1);
        let piece = |guardian: u8| {
            let at = committee.held_by(guardian).position(|k| k == subset_index)?;
            Some((guardian, self.pieces.get(&guardian)?.get(at)?.as_slice()))
        };
        holders.filter_map(piece).collect()
    }

    /// One mask sum per subset, none of them a suspect's; nothing if the others contradict each other, or a subset has nobody else.
    fn without(&self, suspects: u8) -> Option<Vec<&[u64]>> {
        let subsets = self.round.roster().committee().subsets().iter().enumerate();
        subsets
            .map(|(k, subset)| {
                let mut stated = self.stated(k, *subset);
                stated.retain(|(guardian, _)| suspects >> guardian & 1 == 0);
                let (_, piece) = stated.first()?;
                stated.iter().all(|(_, other)| other == piece).then_some(*piece)
            })
            .collect()
    }
}
