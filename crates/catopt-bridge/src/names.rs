//! Names that every free-format reader takes: no white space, none twice, none too long.

use std::collections::{BTreeMap, BTreeSet};

/// Gives out names and remembers which are taken, by a hash of each: two names of one hash count as one, and the later is numbered.
pub(crate) struct Names {
    letter: char,
    count: usize,
    seen: BTreeSet<u64>,
    /// The names that are not the safe form of what was wanted, by position.
    numbered: BTreeMap<usize, String>,
}

const BYTES_MAX: usize = 200;

impl Names {
    pub(crate) fn new(letter: char) -> Self {
        Self { letter, count: 0, seen: BTreeSet::new(), numbered: BTreeMap::new() }
    }

    /// Keeps a name from being given out.
    pub(crate) fn reserve(&mut self, name: &str) {
        self.seen.insert(fnv(name));
    }

    pub(crate) fn take(&mut self, wanted: &str) -> String {
        let mut name = safe(wanted);
        let at = self.count;
        self.count += 1;
        if name.is_empty() || name.len() > BYTES_MAX || self.seen.contains(&fnv(&name)) {
            name = format!("{}@{at}", self.letter);
            while self.seen.contains(&fnv(&name)) {
                name.push('@');
            }
            self.numbered.insert(at, name.clone());
        }
        self.seen.insert(fnv(&name));
        name
    }

    /// What is needed to give out the same names again in the same order.
    pub(crate) fn numbered(self) -> BTreeMap<usize, String> {
        self.numbered
    }
}

/// The name that was given to the `at`-th that wanted this one.
pub(crate) fn again(numbered: &BTreeMap<usize, String>, at: usize, wanted: &str) -> String {
    numbered.get(&at).cloned().unwrap_or_else(|| safe(wanted))
}

fn safe(wanted: &str) -> String {
    wanted.chars().map(|c| if c.is_ascii_graphic() && !"*$#\"<>=:".contains(c) { c } else { '_' }).collect()
}

/// FNV-1a, 64 bits: the same on every machine.
fn fnv(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_safe_single_and_given_again() {
        let wanted = ["a b", "a_b", "r@4", "", "r@3", "x", "x", "r@1"];
        let mut names = Names::new('r');
        names.reserve("x");
        let given: Vec<String> = wanted.iter().map(|name| names.take(name)).collect();
        assert_eq!(given, ["a_b", "r@1", "r@4", "r@3", "r@4@", "r@5", "r@6", "r@7"]);
        let numbered = names.numbered();
        for (at, (wanted, given)) in wanted.iter().zip(&given).enumerate() {
            assert_eq!(again(&numbered, at, wanted), *given);
        }
        let long = "n".repeat(BYTES_MAX + 1);
        assert_eq!(Names::new('c').take(&long), "c@0");
    }

    #[test]
    fn the_published_hash() {
        assert_eq!((fnv(""), fnv("foobar")), (0xcbf2_9ce4_8422_2325, 0x8594_4171_f739_67e8));
    }
}
