//! Sets of sequence numbers as sorted half-open ranges.

use crate::codec::{CodecError, Reader, put_u64};

/// A set of sequence numbers, kept as sorted, disjoint ranges that do not touch.
///
/// # Cost
/// Memory and time follow the number of ranges, never the number of members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RangeSet {
    ranges: Vec<(u64, u64)>,
}

impl RangeSet {
    /// The empty set.
    pub const fn new() -> Self {
        Self { ranges: Vec::new() }
    }

    /// The numbers from `start` up to, not including, `end`.
    pub fn from_range(start: u64, end: u64) -> Self {
        let mut set = Self::new();
        set.insert(start, end);
        set
    }

    /// The ranges, rising, each from its first number to the one after its last.
    pub fn ranges(&self) -> &[(u64, u64)] {
        &self.ranges
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many members.
    pub fn count(&self) -> u64 {
        self.ranges.iter().map(|(start, end)| end - start).sum()
    }

    /// The number after the largest member; zero for the empty set.
    pub fn end(&self) -> u64 {
        self.ranges.last().map_or(0, |range| range.1)
    }

    /// The number up to which every number is a member.
    pub fn contiguous(&self) -> u64 {
        self.ranges.first().filter(|range| range.0 == 0).map_or(0, |range| range.1)
    }

    /// Whether a number is a member.
    pub fn contains(&self, number: u64) -> bool {
        let after = self.ranges.partition_point(|range| range.0 <= number);
        after > 0 && number < self.ranges[after - 1].1
    }

    /// Adds the numbers of a range.
    pub fn insert(&mut self, start: u64, end: u64) {
        if start >= end {
            return;
        }
        // The usual case: just after the last one, or apart from it.
        match self.ranges.last_mut() {
            None => return self.ranges.push((start, end)),
            Some(last) if start == last.1 => {
                last.1 = end;
                return;
            }
            Some(last) if start > last.1 => return self.ranges.push((start, end)),
            Some(_) => {}
        }
        let first = self.ranges.partition_point(|range| range.1 < start);
        let last = self.ranges.partition_point(|range| range.0 <= end);
        let merged =
            self.ranges[first..last].iter().fold((start, end), |m, range| (m.0.min(range.0), m.1.max(range.1)));
        self.ranges.splice(first..last, [merged]);
    }

    /// Adds every member of another set.
    pub fn union(&mut self, other: &Self) {
        for &(start, end) in &other.ranges {
            self.insert(start, end);
        }
    }

    /// The members that are not in another set.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut out = Vec::new();
        let mut theirs = other.ranges.iter().peekable();
        for &(mut start, end) in &self.ranges {
            while let Some(&&(from, to)) = theirs.peek() {
                if to <= start {
                    theirs.next();
                    continue;
                }
                if from >= end {
                    break;
                }
                if from > start {
                    out.push((start, from));
                }
                start = to;
                if to >= end {
                    break;
                }
                theirs.next();
            }
            if start < end {
                out.push((start, end));
            }
        }
        Self { ranges: out }
    }

    /// The members that are in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.minus(&self.minus(other))
    }

    /// Takes away every number from `from` on.
    pub fn truncate(&mut self, from: u64) {
        self.ranges.retain(|range| range.0 < from);
        if let Some(last) = self.ranges.last_mut() {
            last.1 = last.1.min(from);
        }
    }

    /// Writes the ranges as gaps and lengths. A gap of one, a single hole, is the usual one and costs nothing.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_u64(out, self.ranges.len() as u64);
        let mut at = 0;
        for (k, &(start, end)) in self.ranges.iter().enumerate() {
            let gap = start - at;
            let usual = u64::from(k > 0);
            let length = u128::from(end - start) << 1 | u128::from(gap != usual);
            // A length of 2^63 or more cannot be: sequence numbers end below.
            put_u64(out, length as u64);
            if gap != usual {
                put_u64(out, gap);
            }
            at = end;
        }
    }

    /// Reads what [`RangeSet::encode`] wrote and keeps at most `kept_max` ranges, the lowest; `usize::MAX` keeps all.
    pub(crate) fn decode(reader: &mut Reader<'_>, kept_max: usize) -> Result<Self, CodecError> {
        let count = reader.count(1)?;
        Self::decode_some(reader, count, kept_max)
    }

    /// The same where each range brings `bytes_min` bytes with it, itself included: more than the rest can hold is refused.
    pub(crate) fn decode_counted(reader: &mut Reader<'_>, bytes_min: usize) -> Result<Self, CodecError> {
        let count = reader.count(bytes_min)?;
        Self::decode_some(reader, count, usize::MAX)
    }

    /// The same where more than `ranges_max` ranges are refused.
    pub(crate) fn decode_at_most(reader: &mut Reader<'_>, ranges_max: usize) -> Result<Self, CodecError> {
        let count = reader.count(1)?;
        if count > ranges_max {
            return Err(CodecError::TooLong { bytes: count });
        }
        Self::decode_some(reader, count, ranges_max)
    }

    /// The lowest ranges, at most `ranges_max` of them.
    pub(crate) fn lowest(mut self, ranges_max: usize) -> Self {
        self.ranges.truncate(ranges_max);
        self
    }

    fn decode_some(reader: &mut Reader<'_>, count: usize, kept_max: usize) -> Result<Self, CodecError> {
        let mut set = Self { ranges: Vec::with_capacity(count.min(kept_max)) };
        let mut at = 0_u64;
        for k in 0..count {
            let usual = u64::from(k > 0);
            let length = reader.u64()?;
            let gap = if length & 1 == 0 { usual } else { reader.u64()? };
            if length & 1 == 1 && gap == usual || k > 0 && gap == 0 {
                return Err(CodecError::Order);
            }
            let start = at.checked_add(gap).ok_or(CodecError::Number)?;
            let end = start.checked_add(length >> 1).filter(|&end| end <= SEQUENCE_END).ok_or(CodecError::Number)?;
            if start == end {
                return Err(CodecError::Order);
            }
            if k < kept_max {
                set.ranges.push((start, end));
            }
            at = end;
        }
        Ok(set)
    }
}

/// Sequence numbers lie below this: 2^62.
pub const SEQUENCE_END: u64 = 1 << 62;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn members(set: &RangeSet) -> BTreeSet<u64> {
        set.ranges().iter().flat_map(|&(start, end)| start..end).collect()
    }

    fn build(pieces: &[(u64, u64)]) -> (RangeSet, BTreeSet<u64>) {
        let mut set = RangeSet::new();
        let mut model = BTreeSet::new();
        for &(start, length) in pieces {
            set.insert(start, start + length);
            model.extend(start..start + length);
        }
        (set, model)
    }

    proptest! {
        #[test]
        fn ranges_behave_as_sets(a in prop::collection::vec((0..60_u64, 0..9_u64), 0..12), b in prop::collection::vec((0..60_u64, 0..9_u64), 0..12), cut in 0..70_u64) {
            let (mut x, mut p) = build(&a);
            let (y, q) = build(&b);
            prop_assert_eq!(members(&x), p.clone());
            prop_assert!(x.ranges().windows(2).all(|pair| pair[0].1 < pair[1].0));
            prop_assert_eq!(members(&x.minus(&y)), p.difference(&q).copied().collect());
            prop_assert_eq!(members(&x.intersection(&y)), p.intersection(&q).copied().collect());
            prop_assert_eq!(x.contains(cut), p.contains(&cut));
            prop_assert_eq!(x.count(), p.len() as u64);
            let mut bytes = Vec::new();
            x.encode(&mut bytes);
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(RangeSet::decode(&mut reader, usize::MAX), Ok(x.clone()));
            prop_assert_eq!(reader.remaining(), 0);
            x.union(&y);
            p.extend(&q);
            prop_assert_eq!(members(&x), p.clone());
            x.truncate(cut);
            p.retain(|&n| n < cut);
            prop_assert_eq!(members(&x), p);
        }

        #[test]
        fn what_is_read_is_written_the_same(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut reader = Reader::new(&bytes);
            if let Ok(set) = RangeSet::decode(&mut reader, usize::MAX) {
                let mut again = Vec::new();
                set.encode(&mut again);
                prop_assert_eq!(&again[..], &bytes[..bytes.len() - reader.remaining()]);
            }
        }
    }
}
