use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::round::WordWidth;

use super::stream::reduce;
use super::{Mode, Opened, SignedHeader};

/// The fleet's total over rounds: whole sums begin it anew, differences are added to it.
///
/// A round that could not be opened changes nothing: the previous total stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Total {
    current: Option<Current>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Current {
    base: u64,
    ranges: Digest,
    words: Vec<u64>,
}

impl Total {
    /// No total yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How the next round must begin under these ranges and with so many words: differences while both stand, else whole.
    pub fn mode(&self, ranges: &Digest, word_count: u32) -> Mode {
        match &self.current {
            Some(current) if current.ranges == *ranges && current.words.len() == word_count as usize => {
                Mode::Delta { base: current.base }
            }
            _ => Mode::Full,
        }
    }

    /// Takes an opened sum in; gives the words of the total, or nothing if the difference is to another total than this.
    pub fn absorb(&mut self, header: &SignedHeader, opened: &Opened, width: WordWidth) -> Option<&[u64]> {
        let ranges = header.header().ranges;
        match (header.header().mode, &mut self.current) {
            (Mode::Full, current) => {
                *current = Some(Current { base: header.base(), ranges, words: opened.words.clone() });
            }
            (Mode::Delta { base }, Some(current))
                if current.base == base && current.ranges == ranges && current.words.len() == opened.words.len() =>
            {
                current.words.iter_mut().zip(&opened.words).for_each(|(word, more)| *word = word.wrapping_add(*more));
                reduce(&mut current.words, width);
            }
            (Mode::Delta { .. }, _) => return None,
        }
        self.words()
    }

    /// The total's words, if there is one.
    pub fn words(&self) -> Option<&[u64]> {
        self.current.as_ref().map(|current| current.words.as_slice())
    }
}
