use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::ContentHasher;

use super::{FrameType, start};
use crate::codec::{CodecError, Reader, put_i64, put_u64};
use crate::replica::Root;

/// The most cells of a sketch: enough for some ten thousand differences.
pub const SKETCH_CELLS_MAX: usize = 12_288;
/// In how many cells an entry is noted, one in each third.
const PLACES: usize = 3;

/// A set of entries in a fixed number of cells, from which two replicas read what only one of them has.
///
/// # Source
/// Eppstein, Goodrich, Uyeda and Varghese, "What's the difference?", SIGCOMM 2011: invertible Bloom lookup tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// Tag of the mission.
    pub mission: [u8; 8],
    /// Which topics it is over.
    pub scope: [u8; 4],
    /// Hash of the logs of that scope.
    pub root: Root,
    /// Keys the short names of entries, so that nobody can choose entries that collide.
    pub salt: [u8; 16],
    /// Whether the sender wants a sketch back.
    pub reply: bool,
    cells: Vec<Cell>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cell {
    count: i64,
    names: u64,
    check: u32,
}

/// What only one side has, by short names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Only in the first.
    pub first: Vec<u64>,
    /// Only in the second.
    pub second: Vec<u64>,
}

impl Sketch {
    /// An empty sketch of at least `cells` cells.
    pub fn new(mission: [u8; 8], scope: [u8; 4], root: Root, salt: [u8; 16], reply: bool, cells: usize) -> Self {
        let third = cells.min(SKETCH_CELLS_MAX).div_ceil(PLACES).max(1);
        Self { mission, scope, root, salt, reply, cells: vec![Cell::default(); third * PLACES] }
    }

    /// The short name of an entry under this sketch's salt.
    pub fn name(&self, entry: &Digest, hasher: &dyn ContentHasher) -> u64 {
        let digest = hasher.digest("cosmosmesh/sync/name/1", &[&self.salt, entry.as_bytes()]);
        digest.as_bytes()[..8].iter().fold(0, |name, &byte| name << 8 | u64::from(byte))
    }

    /// Notes an entry.
    pub fn add(&mut self, name: u64) {
        self.put(name, 1);
    }

    /// How many cells.
    pub fn cell_count(&self) -> usize {
        self.cells.len()
    }

    fn put(&mut self, name: u64, count: i64) {
        let third = self.cells.len() / PLACES;
        for place in 0..PLACES {
            let at = place * third + (mix(name ^ (place as u64 + 1)) % third as u64) as usize;
            let cell = &mut self.cells[at];
            cell.count = cell.count.wrapping_add(count);
            cell.names ^= name;
            cell.check ^= check(name);
        }
    }

    /// What differs between this set and another, if there is room enough for it; both must have equal salt and cells.
    pub fn difference(&self, other: &Self) -> Option<Difference> {
        if self.salt != other.salt || self.cells.len() != other.cells.len() {
            return None;
        }
        let mut rest = self.clone();
        for (cell, theirs) in rest.cells.iter_mut().zip(&other.cells) {
            cell.count = cell.count.wrapping_sub(theirs.count);
            cell.names ^= theirs.names;
            cell.check ^= theirs.check;
        }
        let mut difference = Difference::default();
        let mut open: Vec<usize> = (0..rest.cells.len()).collect();
        // Every step takes one name out; there cannot be more of them than cells, whatever somebody wrote into them.
        let mut steps_left = rest.cells.len();
        while let Some(at) = open.pop() {
            let cell = rest.cells[at];
            if cell.count.abs() != 1 || cell.check != check(cell.names) {
                continue;
            }
            steps_left = steps_left.checked_sub(1)?;
            let side = if cell.count == 1 { &mut difference.first } else { &mut difference.second };
            side.push(cell.names);
            rest.put(cell.names, -cell.count);
            let third = rest.cells.len() / PLACES;
            open.extend(
                (0..PLACES).map(|place| place * third + (mix(cell.names ^ (place as u64 + 1)) % third as u64) as usize),
            );
        }
        rest.cells.iter().all(|cell| *cell == Cell::default()).then_some(difference)
    }

    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        start(out, FrameType::Sketch, &self.mission);
        out.extend(self.scope);
        out.extend(self.root);
        out.extend(self.salt);
        out.push(u8::from(self.reply));
        put_u64(out, (self.cells.len() / PLACES) as u64);
        for cell in &self.cells {
            put_i64(out, cell.count);
            out.extend(cell.names.to_be_bytes());
            out.extend(cell.check.to_be_bytes());
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let mission = reader.array()?;
        let (scope, root, salt, reply) = (reader.array()?, reader.array()?, reader.array()?, reader.flag()?);
        let third = reader.count(PLACES * 13)?;
        if third == 0 || third > SKETCH_CELLS_MAX / PLACES {
            return Err(CodecError::TooLong { bytes: third });
        }
        let mut cells = Vec::with_capacity(third * PLACES);
        for _ in 0..third * PLACES {
            let count = reader.i64()?;
            let (names, check) = (u64::from_be_bytes(reader.array()?), u32::from_be_bytes(reader.array()?));
            cells.push(Cell { count, names, check });
        }
        Ok(Self { mission, scope, root, salt, reply, cells })
    }
}

/// Spreads a name over 64 bits.
///
/// # Source
/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014: the finaliser of SplitMix64.
fn mix(name: u64) -> u64 {
    let mut z = name.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

fn check(name: u64) -> u32 {
    (mix(name ^ 0xC0DE) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(cells: usize, names: impl Iterator<Item = u64>) -> Sketch {
        let mut sketch = Sketch::new([0; 8], [0; 4], [0; 16], [7; 16], false, cells);
        names.for_each(|name| sketch.add(mix(name)));
        sketch
    }

    #[test]
    fn differences_are_read_while_there_is_room_and_never_made_up() {
        let mut read = 0;
        for trial in 0..200_u64 {
            let base = trial << 32;
            let a = sketch(120, base..base + 1_020);
            let b = sketch(120, base + 20..base + 1_050);
            if let Some(difference) = a.difference(&b) {
                read += 1;
                let names = |from, to| {
                    let mut names: Vec<u64> = (from..to).map(|n| mix(base + n)).collect();
                    names.sort();
                    names
                };
                let sorted = |mut list: Vec<u64>| {
                    list.sort();
                    list
                };
                assert_eq!(sorted(difference.first), names(0, 20));
                assert_eq!(sorted(difference.second), names(1_020, 1_050));
            }
        }
        assert!(read > 190, "50 differences fit into 120 cells nearly always: {read} of 200");
        assert_eq!(sketch(12, 0..100).difference(&sketch(12, 200..300)), None, "too many for the cells");
    }

    #[test]
    fn cells_that_somebody_made_up_end_the_reading() {
        let mut hostile = sketch(9, 0..1);
        for k in 0..9 {
            let name = mix(k);
            hostile.cells[k as usize] = Cell { count: 1, names: name, check: check(name) };
        }
        assert_eq!(hostile.difference(&sketch(9, 0..0)), None);
    }
}
