use core::fmt;

use super::{FieldKind, ReportLayout};

/// Why a report does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportError {
    /// The answer to the query would exceed [`ReportLayout::LEN_MAX`] numbers.
    TooLarge,
    /// A report has another length than its layout.
    WrongLength {
        /// What the layout asks for.
        expected: usize,
        /// What came.
        found: usize,
    },
    /// A number of a report is NaN or infinite.
    NotFinite {
        /// Its index.
        index: usize,
    },
    /// Nobody contributed.
    Empty,
    /// A sum of words stands for more assets than its ranges allow, or for none.
    Contributors {
        /// How many it says.
        found: i128,
        /// The most for which the words cannot wrap.
        max: u32,
    },
    /// A sum of words lies where no contributions could bring it: it was opened with a wrong mask, or somebody cheated.
    Impossible {
        /// The index of the word.
        word: usize,
    },
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(
                f,
                "the answer would exceed {} numbers; ask at fewer points or use a method without curvature",
                ReportLayout::LEN_MAX
            ),
            Self::WrongLength { expected, found } => {
                write!(f, "a report has {found} numbers where {expected} are needed; was it meant for another query?")
            }
            Self::NotFinite { index } => {
                write!(f, "number {index} of a report is not finite; its asset must be excluded from the round")
            }
            Self::Empty => f.write_str("nobody contributed to the sum; wait for at least one report"),
            Self::Contributors { found, max } => {
                write!(
                    f,
                    "a sum counts {found} contributors where 1 to {max} are possible; its masks do not match, void the round"
                )
            }
            Self::Impossible { word } => {
                write!(
                    f,
                    "word {word} of a sum is beyond what its contributors could reach; its masks do not match, void the round"
                )
            }
        }
    }
}

impl std::error::Error for ReportError {}

/// One asset's answer. Private: it goes into a sum and nowhere else.
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Contribution {
    values: Vec<f64>,
}

impl Contribution {
    /// An answer of the layout's length.
    ///
    /// # Errors
    /// [`ReportError`] on a wrong length or a number that is not finite.
    pub fn new(layout: &ReportLayout, values: Vec<f64>) -> Result<Self, ReportError> {
        check(layout, &values)?;
        Ok(Self { values })
    }

    /// Whether this could be an answer to the layout's query: what a receiver asks before adding.
    ///
    /// # Errors
    /// [`ReportError`] on a wrong length or a number that is not finite.
    pub fn check(&self, layout: &ReportLayout) -> Result<(), ReportError> {
        check(layout, &self.values)
    }

    /// The numbers, for whoever masks and sums them.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

// A contribution is private, so its numbers do not appear in logs.
impl fmt::Debug for Contribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Contribution({} private numbers)", self.values.len())
    }
}

/// The sum of a round's contributions: the only thing a coordinator can hold.
#[derive(Clone, Debug, PartialEq)]
pub struct SummedReport {
    layout: ReportLayout,
    values: Vec<f64>,
    /// One per field; empty if the numbers were never coded.
    quality: Vec<Quality>,
}

/// What coding did to the numbers of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quality {
    /// How far each number may be from the sum of the numbers before coding.
    pub(crate) error: f64,
    /// Whether a number of the field, or of the part it belongs to, was clipped.
    pub(crate) clipped: bool,
}

impl SummedReport {
    /// The sum as it was opened.
    ///
    /// # Errors
    /// [`ReportError`] on a wrong length, a number that is not finite, or no contributor.
    pub fn opened(layout: ReportLayout, values: Vec<f64>) -> Result<Self, ReportError> {
        check(&layout, &values)?;
        let sum = Self { layout, values, quality: Vec::new() };
        if sum.contributors() == 0 { Err(ReportError::Empty) } else { Ok(sum) }
    }

    /// The sum as it was restored from words.
    pub(crate) fn restored(layout: ReportLayout, values: Vec<f64>, quality: Vec<Quality>) -> Result<Self, ReportError> {
        Self::opened(layout, values).map(|sum| Self { quality, ..sum })
    }

    /// The same sum with other numbers, as when what is known of absent assets is added; coding did to them what it did to these.
    ///
    /// # Errors
    /// [`ReportError`], as of [`SummedReport::opened`].
    pub fn with_values(&self, values: Vec<f64>) -> Result<Self, ReportError> {
        Self::opened(self.layout.clone(), values).map(|sum| Self { quality: self.quality.clone(), ..sum })
    }

    /// Whether a field is the sum of what the assets meant: false if a number of it, or of the part of the answer it belongs to, was clipped.
    ///
    /// What was clipped must be dropped, not used.
    /// A plan (use and cost), a response (curvature and all that is computed from it) and a bound are parts of their own.
    pub fn is_sound(&self, kind: FieldKind, point: u16) -> bool {
        self.quality_of(kind, point).is_none_or(|quality| !quality.clipped)
    }

    /// How far each number of a field may be from the sum of the numbers before coding; zero for a sum in the open.
    ///
    /// Bounds are only ever too low by that much, and costs too high.
    pub fn error(&self, kind: FieldKind, point: u16) -> f64 {
        self.quality_of(kind, point).map_or(0.0, |quality| quality.error)
    }

    fn quality_of(&self, kind: FieldKind, point: u16) -> Option<&Quality> {
        let at = self.layout.fields().iter().position(|field| field.kind == kind && field.point == point)?;
        self.quality.get(at)
    }

    /// One field; empty if the query did not ask for it.
    pub fn field(&self, kind: FieldKind, point: u16) -> &[f64] {
        self.layout.range(kind, point).map_or(&[], |range| &self.values[range])
    }

    /// The first number of a field, or zero if the query did not ask for it.
    pub fn scalar(&self, kind: FieldKind, point: u16) -> f64 {
        self.field(kind, point).first().copied().unwrap_or(0.0)
    }

    /// How many assets are in the sum.
    pub fn contributors(&self) -> usize {
        self.scalar(FieldKind::Contributors, 0).round() as usize
    }

    /// The layout.
    pub fn layout(&self) -> &ReportLayout {
        &self.layout
    }

    /// All numbers in the layout's order.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

fn check(layout: &ReportLayout, values: &[f64]) -> Result<(), ReportError> {
    if values.len() != layout.len() {
        return Err(ReportError::WrongLength { expected: layout.len(), found: values.len() });
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(ReportError::NotFinite { index }),
        None => Ok(()),
    }
}
