use super::layout::Part;
use super::report::Quality;
use super::short;
use super::{Contribution, RangeError, Ranges, ReportError, ReportLayout, Rounding, SummedReport};

/// Turns contributions into words that a private sum can add, and the sum of words into a summed report.
///
/// ```text
/// Contribution ──integers()──► integers (noise may be added here) ──words()──► words ──► masks, links
/// SummedReport ◄──restore()── sum of words modulo 2^w ◄────────────────────────────────────┘
/// ```
///
/// A number beyond its coded range is clipped, and the part of the answer that it belongs to is flagged: one word per part counts the assets that clipped.
/// The sum is exact, so the restored numbers differ from the sum of the true ones by what rounding did: see [`SummedReport::error`].
/// # Privacy
/// Nothing is hidden by quantising alone. With the numbers, the sums tell per part how many assets were beyond the public range.
/// # Cost
/// A multiplication and a shift per number; [`Quantiser::word_count`] words.
/// # Source
/// docs/math/federated-solver.md#words.
///
/// ```
/// use cosmosmesh_contracts::round::{Contribution, FieldRange, Quantiser, Ranges, ReportLayout, WordWidth};
/// # use cosmosmesh_contracts::round::{Ask, QueryPoint, RoundQuery};
/// # let query = RoundQuery {
/// #     round: 2, row_count: 0, row_scale: None, points: vec![],
/// #     ask: Ask::Proximal { penalty: 1.0, relaxation: 1.0, shift: vec![] },
/// #     bound_points: vec![], ray: None, retain: vec![],
/// # };
/// let layout = ReportLayout::of(&query)?;
/// let fields = vec![FieldRange::COUNT; layout.fields().len()];
/// let quantiser = Quantiser::new(layout.clone(), Ranges { width: WordWidth::Bits64, contributors_max: 100, fields })?;
/// let answer = Contribution::new(&layout, vec![1.0; layout.len()])?;
/// let mut total = vec![0; quantiser.word_count()];
/// for _ in 0..3 {
///     quantiser.add(&mut total, &quantiser.quantise(&answer)?);
/// }
/// assert_eq!(quantiser.restore(&total)?.contributors(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiser {
    layout: ReportLayout,
    ranges: Ranges,
    /// Which flag each field raises.
    flags: Vec<usize>,
    flag_count: usize,
    word_count: usize,
}

impl Quantiser {
    /// A quantiser for the answers to one query.
    ///
    /// # Errors
    /// [`RangeError`], as of [`Ranges::check`].
    pub fn new(layout: ReportLayout, ranges: Ranges) -> Result<Self, RangeError> {
        ranges.check(&layout)?;
        let mut parts: Vec<(Part, u16)> = Vec::new();
        let mut flags = Vec::with_capacity(layout.fields().len());
        for field in layout.fields() {
            let part = (field.kind.part(), field.point);
            // The fields of a part stand close together.
            let known = parts.iter().rposition(|p| *p == part);
            flags.push(known.unwrap_or_else(|| {
                parts.push(part);
                parts.len() - 1
            }));
        }
        let numbers: usize =
            layout.fields().iter().zip(&ranges.fields).map(|(field, range)| field.len * usize::from(range.words)).sum();
        Ok(Self { flag_count: parts.len(), word_count: numbers + parts.len(), layout, ranges, flags })
    }

    /// The layout of the answers.
    pub fn layout(&self) -> &ReportLayout {
        &self.layout
    }

    /// The coded ranges.
    pub fn ranges(&self) -> &Ranges {
        &self.ranges
    }

    /// How many words an answer has.
    pub fn word_count(&self) -> usize {
        self.word_count
    }

    /// How many integers an answer has: its numbers, then one flag per part.
    pub fn integer_count(&self) -> usize {
        self.layout.len() + self.flag_count
    }

    /// The largest absolute integer of every field, in the order of the layout: what clipping leaves, and the sensitivity of a sum to one asset.
    pub fn limits(&self) -> impl Iterator<Item = i128> + '_ {
        self.ranges.fields.iter().map(|range| self.ranges.limit(range.words))
    }

    /// An answer as integers: its numbers in units of their quanta, clipped, then one flag per part, 1 where something was clipped.
    ///
    /// # Errors
    /// [`ReportError::WrongLength`] if the answer is to another query.
    pub fn integers(&self, answer: &Contribution) -> Result<Vec<i128>, ReportError> {
        answer.check(&self.layout)?;
        let mut integers = Vec::with_capacity(self.integer_count());
        let mut flags = vec![0; self.flag_count];
        let fields = self.layout.fields().iter().zip(&self.ranges.fields).zip(&self.flags);
        for ((field, range), &flag) in fields {
            let limit = self.ranges.limit(range.words);
            let per_quantum = range.per_quantum();
            for value in &answer.values()[field.offset..field.offset + field.len] {
                let integer = integer(value * per_quantum, field.kind.rounding());
                if integer.unsigned_abs() > limit.unsigned_abs() {
                    flags[flag] = 1;
                }
                integers.push(integer.clamp(-limit, limit));
            }
        }
        integers.append(&mut flags);
        Ok(integers)
    }

    /// Integers as words, low word first: what is masked and added modulo `2^w`.
    ///
    /// # Panics
    /// If there are not [`Quantiser::integer_count`] integers, or one is beyond twice the limit of its field: noise may take it there, nothing else.
    pub fn words(&self, integers: &[i128]) -> Vec<u64> {
        assert_eq!(integers.len(), self.integer_count(), "one integer per number and flag");
        let mut words = Vec::with_capacity(self.word_count);
        let (l, mask) = (self.ranges.bits_per_word(), self.ranges.width.mask());
        let low = (1_i128 << l) - 1;
        for (integer, count) in integers.iter().zip(self.words_of_integers()) {
            assert!(integer.abs() <= 2 * self.ranges.limit(count), "an integer stays within twice its limit");
            let mut rest = *integer;
            for _ in 1..count {
                words.push((rest & low) as u64);
                rest >>= l;
            }
            words.push(rest as u64 & mask);
        }
        words
    }

    /// An answer as words: what [`Quantiser::words`] makes of [`Quantiser::integers`], with machine integers where one word is enough.
    ///
    /// # Errors
    /// [`ReportError::WrongLength`] if the answer is to another query.
    pub fn quantise(&self, answer: &Contribution) -> Result<Vec<u64>, ReportError> {
        answer.check(&self.layout)?;
        let mut words = Vec::with_capacity(self.word_count);
        let mut flags = vec![0; self.flag_count];
        let (l, mask) = (self.ranges.bits_per_word(), self.ranges.width.mask());
        let low = (1_i128 << l) - 1;
        let fields = self.layout.fields().iter().zip(&self.ranges.fields).zip(&self.flags);
        for ((field, range), &flag) in fields {
            let (rounding, per_quantum) = (field.kind.rounding(), range.per_quantum());
            let values = &answer.values()[field.offset..field.offset + field.len];
            let mut clipped = false;
            if range.words == 1 {
                let limit = self.ranges.limit(1) as i64;
                clipped = short::quantise(values, per_quantum, rounding, (limit, mask), &mut words);
            } else {
                let limit = self.ranges.limit(range.words);
                for value in values {
                    let integer = integer(value * per_quantum, rounding);
                    let mut rest = integer.clamp(-limit, limit);
                    clipped |= rest != integer;
                    for _ in 1..range.words {
                        words.push((rest & low) as u64);
                        rest >>= l;
                    }
                    words.push(rest as u64 & mask);
                }
            }
            flags[flag] |= u64::from(clipped);
        }
        words.append(&mut flags);
        Ok(words)
    }

    /// Adds words to a total, modulo `2^w`. The order of additions does not matter.
    ///
    /// # Panics
    /// If the lists are not equally long.
    pub fn add(&self, total: &mut [u64], words: &[u64]) {
        assert_eq!(total.len(), words.len(), "answers to one query are equally long");
        let mask = self.ranges.width.mask();
        total.iter_mut().zip(words).for_each(|(t, w)| *t = t.wrapping_add(*w) & mask);
    }

    /// The summed report that a sum of words stands for.
    ///
    /// # Errors
    /// [`ReportError::WrongLength`]; [`ReportError::Contributors`] or [`ReportError::Impossible`] if no answers add up to these words, as after a wrong mask: void the round;
    /// [`ReportError::NotFinite`] if a sum is beyond double precision.
    pub fn restore(&self, total: &[u64]) -> Result<SummedReport, ReportError> {
        if total.len() != self.word_count {
            return Err(ReportError::WrongLength { expected: self.word_count, found: total.len() });
        }
        let integers = self.joined(total);
        // The first number of every answer is the one that counts it.
        let max = self.ranges.contributors_max;
        let count = integers.first().copied().unwrap_or(0);
        if !(1..=i128::from(max)).contains(&count) {
            return Err(ReportError::Contributors { found: count, max });
        }
        self.possible(total, count)?;
        let (numbers, flags) = integers.split_at(self.layout.len());
        let mut values = Vec::with_capacity(numbers.len());
        let mut quality = Vec::with_capacity(self.flags.len());
        for ((field, range), &flag) in self.layout.fields().iter().zip(&self.ranges.fields).zip(&self.flags) {
            let (quantum, rounding) = (range.quantum(), field.kind.rounding());
            let stretch = &numbers[field.offset..field.offset + field.len];
            values.extend(stretch.iter().map(|integer| to_f64(*integer, rounding) * quantum));
            let per_asset = match (field.kind.is_count(), rounding) {
                (true, _) => 0.0,
                (_, Rounding::Nearest) => 0.5 * quantum,
                _ => quantum,
            };
            quality.push(Quality { error: count as f64 * per_asset, clipped: flags[flag] != 0 });
        }
        SummedReport::restored(self.layout.clone(), values, quality)
    }

    /// How many words each integer has: numbers by their field's range, flags one.
    fn words_of_integers(&self) -> impl Iterator<Item = u8> + '_ {
        let fields = self.layout.fields().iter().zip(&self.ranges.fields);
        fields
            .flat_map(|(field, range)| core::iter::repeat_n(range.words, field.len))
            .chain(core::iter::repeat_n(1, self.flag_count))
    }

    fn joined(&self, total: &[u64]) -> Vec<i128> {
        let l = self.ranges.bits_per_word();
        let mut rest = total;
        let join = |count: u8| {
            let (own, others) = rest.split_at(usize::from(count));
            rest = others;
            own.iter().enumerate().map(|(k, word)| self.signed(*word) << (k as u32 * l)).sum()
        };
        self.words_of_integers().map(join).collect()
    }

    /// A word as the signed integer that it stands for.
    fn signed(&self, word: u64) -> i128 {
        let unused = 64 - self.ranges.width.bits();
        i128::from(((word << unused) as i64) >> unused)
    }

    /// Whether so many answers, with noise up to their own size, could add up to these words.
    fn possible(&self, total: &[u64], count: i128) -> Result<(), ReportError> {
        let reach = count << (self.ranges.bits_per_word() + 1);
        let mut word = 0;
        for words in self.words_of_integers() {
            for k in 0..words {
                let value = self.signed(total[word]);
                let top = k + 1 == words;
                // Low words are never negative.
                if value.abs() > reach || (!top && value < 0) {
                    return Err(ReportError::Impossible { word });
                }
                word += 1;
            }
        }
        Ok(())
    }
}

/// A number as an integer; beyond the integers it saturates.
pub(super) fn integer(scaled: f64, rounding: Rounding) -> i128 {
    let rounded = match rounding {
        Rounding::Nearest => scaled.round(),
        Rounding::Down => scaled.floor(),
        Rounding::Up => scaled.ceil(),
    };
    rounded as i128
}

/// An integer as a float, rounded the way its field demands.
fn to_f64(integer: i128, rounding: Rounding) -> f64 {
    let near = integer as f64;
    match rounding {
        Rounding::Down if near as i128 > integer => near.next_down(),
        Rounding::Up if (near as i128) < integer => near.next_up(),
        _ => near,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_beyond_double_precision_are_rounded_the_safe_way() {
        let odd = (1_i128 << 60) + 1;
        assert_eq!(to_f64(odd, Rounding::Down) as i128, 1 << 60);
        assert_eq!(to_f64(odd, Rounding::Up) as i128, (1 << 60) + 256);
        assert_eq!(to_f64(-odd, Rounding::Down) as i128, -(1 << 60) - 256);
        assert_eq!(to_f64(-odd, Rounding::Up) as i128, -(1 << 60));
    }
}
