use core::fmt;

use super::ReportLayout;

/// How wide the words of a masked sum are; they are added modulo `2^bits`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub enum WordWidth {
    /// 48 bits: six bytes a word.
    Bits48,
    /// 64 bits: eight bytes a word.
    #[default]
    Bits64,
}

impl WordWidth {
    /// `w`.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Bits48 => 48,
            Self::Bits64 => 64,
        }
    }

    /// How many bytes a word takes on a link.
    pub const fn bytes(self) -> usize {
        self.bits() as usize / 8
    }

    /// The bits of a word that count: `2^w - 1`.
    pub const fn mask(self) -> u64 {
        u64::MAX >> (64 - self.bits())
    }
}

/// The coded range of one field: a number is an integer times `2^exponent`, and the integer is spread over `words` words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct FieldRange {
    /// The quantum is `2^exponent`, in the field's own unit.
    pub exponent: i16,
    /// How many words, 1 to [`FieldRange::WORDS_MAX`]. The bound grows by [`Ranges::bits_per_word`] bits with each.
    pub words: u8,
}

impl FieldRange {
    /// The most words of one number.
    pub const WORDS_MAX: u8 = 4;
    /// Exponents lie between plus and minus this.
    pub const EXPONENT_MAX: i16 = 900;
    /// What counts: integers of one word.
    pub const COUNT: Self = Self { exponent: 0, words: 1 };

    /// `2^exponent`.
    pub fn quantum(self) -> f64 {
        power_of_two(self.exponent)
    }

    /// `2^-exponent`.
    pub(crate) fn per_quantum(self) -> f64 {
        power_of_two(-self.exponent)
    }
}

/// The coded ranges of one round's answers: public, the same for everybody, part of what a round's header fixes.
///
/// They follow from queries and earlier sums alone (`solver_core::Ranging`), never from one asset's figures.
/// # Privacy
/// Who chooses ranges could choose them so tight that the summed flags tell how many assets lie beyond: a receiver that heard the sums recomputes them and refuses others.
/// # Source
/// docs/math/federated-solver.md#words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Ranges {
    /// How wide the words are.
    pub width: WordWidth,
    /// The most contributions that may be added.
    pub contributors_max: u32,
    /// One per field of the layout, in its order.
    pub fields: Vec<FieldRange>,
}

impl Ranges {
    /// The most contributions of any ranges.
    pub const CONTRIBUTORS_MAX: u32 = 1 << 24;
    /// What an integer and the sum of all contributors' must fit into.
    const INTEGER_BITS_MAX: u32 = 126;

    /// `l`: by how many bits of its integer a word grows a number's bound; `N 2 (2^l - 1) < 2^(w-1)`, so no sum can wrap.
    pub const fn bits_per_word(&self) -> u32 {
        self.width.bits() - 2 - bits_of(self.contributors_max)
    }

    /// The largest absolute integer of a number of so many words.
    pub(crate) const fn limit(&self, words: u8) -> i128 {
        let l = self.bits_per_word();
        ((1_i128 << l) - 1) << (l * (words as u32 - 1))
    }

    /// The largest absolute number that a field can carry without being clipped.
    ///
    /// `field` is an index into the layout's fields; zero beyond them.
    pub fn bound(&self, field: usize) -> f64 {
        self.fields.get(field).map_or(0.0, |range| self.limit(range.words) as f64 * range.quantum())
    }

    /// Whether the ranges are those of a layout, and no sum within them can wrap.
    ///
    /// # Errors
    /// [`RangeError`], which the sender of the ranges must answer for.
    pub fn check(&self, layout: &ReportLayout) -> Result<(), RangeError> {
        if !(1..=Self::CONTRIBUTORS_MAX).contains(&self.contributors_max) {
            return Err(RangeError::Contributors { found: self.contributors_max });
        }
        let expected = layout.fields().len();
        if self.fields.len() != expected {
            return Err(RangeError::Fields { expected, found: self.fields.len() });
        }
        let sum_bits = bits_of(self.contributors_max) + 1;
        for (index, (range, field)) in self.fields.iter().zip(layout.fields()).enumerate() {
            let words = (1..=FieldRange::WORDS_MAX).contains(&range.words)
                && u32::from(range.words) * self.bits_per_word() + sum_bits <= Self::INTEGER_BITS_MAX;
            let exponent = range.exponent.abs() <= FieldRange::EXPONENT_MAX;
            if !words || !exponent || (field.kind.is_count() && range.exponent != 0) {
                return Err(RangeError::Field { index, range: *range });
            }
        }
        Ok(())
    }
}

/// `2^exponent`, exactly and on every machine.
fn power_of_two(exponent: i16) -> f64 {
    let exponent = exponent.clamp(-FieldRange::EXPONENT_MAX, FieldRange::EXPONENT_MAX);
    f64::from_bits(((1023 + i64::from(exponent)) as u64) << 52)
}

/// The least `n` with `count <= 2^n`.
const fn bits_of(count: u32) -> u32 {
    u32::BITS - count.saturating_sub(1).leading_zeros()
}

/// Why ranges cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RangeError {
    /// They allow for nobody, or for more than [`Ranges::CONTRIBUTORS_MAX`].
    Contributors {
        /// How many.
        found: u32,
    },
    /// There is not one range per field.
    Fields {
        /// The layout's fields.
        expected: usize,
        /// The ranges.
        found: usize,
    },
    /// A field's range is none: too many words, an exponent beyond arithmetic, or a count in parts.
    Field {
        /// The field's index.
        index: usize,
        /// Its range.
        range: FieldRange,
    },
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contributors { found } => {
                write!(
                    f,
                    "ranges for {found} contributors where 1 to {} are possible; the sender must name the size of the roster",
                    Ranges::CONTRIBUTORS_MAX
                )
            }
            Self::Fields { expected, found } => {
                write!(f, "{found} ranges where the answer has {expected} fields; they belong to another query")
            }
            Self::Field { index, range } => {
                write!(
                    f,
                    "the range of field {index}, {} words with the exponent {}, is none; the sender must be asked again",
                    range.words, range.exponent
                )
            }
        }
    }
}

impl std::error::Error for RangeError {}
