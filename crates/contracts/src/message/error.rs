use core::fmt;

use crate::HorizonError;

/// What is wrong with a message's body, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct BodyError {
    /// Where, as a path into the body: `slots[3].keep_alive_w`.
    pub place: String,
    /// What.
    pub kind: BodyErrorKind,
}

impl BodyError {
    /// An error at a place.
    pub fn at(place: impl Into<String>, kind: BodyErrorKind) -> Self {
        Self { place: place.into(), kind }
    }

    /// The same error seen from one level further out.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        self.place = format!("{outer}.{}", self.place);
        self
    }
}

/// The ways in which a body can be wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BodyErrorKind {
    /// A number is NaN or infinite.
    NotFinite {
        /// The number.
        value: f64,
    },
    /// A quantity that cannot be negative is.
    Negative {
        /// The number.
        value: f64,
    },
    /// An interval ends before it begins, or at once.
    EmptyInterval,
    /// A mean lies above its peak.
    AbovePeak,
    /// A list has another length than the horizon.
    WrongLength {
        /// What the horizon asks for.
        expected: usize,
        /// What is there.
        found: usize,
    },
    /// A name is empty, too long or has control characters.
    Name,
    /// A name is given twice.
    Duplicate,
    /// The horizon is none.
    Horizon(HorizonError),
    /// The horizon is not the fleet's.
    OtherHorizon,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        match &self.kind {
            BodyErrorKind::NotFinite { value } => write!(f, "{value} is not a finite number; send a number"),
            BodyErrorKind::Negative { value } => write!(f, "{value} is negative; this quantity cannot be"),
            BodyErrorKind::EmptyInterval => f.write_str("the interval does not end after its start; correct the times"),
            BodyErrorKind::AbovePeak => f.write_str("the mean power exceeds the peak power; raise the peak"),
            BodyErrorKind::WrongLength { expected, found } => {
                write!(f, "has {found} entries where the horizon has {expected} slots; give one per slot")
            }
            BodyErrorKind::Name => f.write_str("a name is empty, too long or has control characters; choose another"),
            BodyErrorKind::Duplicate => f.write_str("the name is used twice; rename one"),
            BodyErrorKind::Horizon(error) => error.fmt(f),
            BodyErrorKind::OtherHorizon => {
                f.write_str("not the horizon that the fleet's rows are laid out for; use that")
            }
        }
    }
}

impl std::error::Error for BodyError {}

/// Refuses a number that is NaN or infinite.
pub(crate) fn check_number(place: &str, value: f64) -> Result<(), BodyError> {
    if value.is_finite() { Ok(()) } else { Err(BodyError::at(place, BodyErrorKind::NotFinite { value })) }
}

/// Refuses a number that is NaN, infinite or negative.
pub(crate) fn check_quantity(place: &str, value: f64) -> Result<(), BodyError> {
    check_number(place, value)?;
    if value < 0.0 { Err(BodyError::at(place, BodyErrorKind::Negative { value })) } else { Ok(()) }
}
