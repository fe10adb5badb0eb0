use core::fmt;

/// What is wrong with a problem, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct ProblemError {
    /// Where, as a path into the problem: `agents[2].rows.A[17]`. Empty for the whole.
    pub place: String,
    /// What.
    pub kind: ProblemErrorKind,
}

impl ProblemError {
    /// An error at a place.
    pub fn at(place: impl Into<String>, kind: ProblemErrorKind) -> Self {
        Self { place: place.into(), kind }
    }

    /// The same error seen from one level further out.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        self.place = match (outer.is_empty(), self.place.is_empty()) {
            (true, _) => self.place,
            (_, true) => outer.to_owned(),
            _ if self.place.starts_with('[') => format!("{outer}{}", self.place),
            _ => format!("{outer}.{}", self.place),
        };
        self
    }
}

/// The ways in which a problem can be wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ProblemErrorKind {
    /// A number is NaN or infinite where a finite one is needed.
    NotFinite {
        /// The number.
        value: f64,
    },
    /// A lower bound lies above its upper bound.
    CrossingBounds {
        /// The lower bound.
        lower: f64,
        /// The upper bound.
        upper: f64,
    },
    /// A bound that nothing can meet: a lower bound of +infinity or an upper bound of -infinity.
    ImpossibleBound {
        /// The bound.
        value: f64,
    },
    /// A list has another length than its neighbours.
    WrongLength {
        /// What the neighbours ask for.
        expected: usize,
        /// What is there.
        found: usize,
    },
    /// An index points outside its matrix or list.
    IndexOutOfRange {
        /// The index.
        index: u64,
        /// How many there are.
        count: usize,
    },
    /// The same entry, column or row is given twice.
    Duplicate {
        /// What is given twice.
        what: String,
    },
    /// An entry of `P` below the diagonal.
    BelowDiagonal {
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// `P` has a negative diagonal entry or is otherwise not positive semidefinite.
    NotConvex {
        /// What shows it.
        reason: String,
    },
    /// There is no asset.
    EmptyFleet,
    /// An asset without variables.
    NoVariables,
    /// A fleet row that no asset touches.
    UntouchedRow {
        /// Its name.
        name: String,
    },
    /// Two assets with one id.
    DuplicateId {
        /// The id.
        id: String,
    },
    /// An id that is not a name.
    Id(crate::IdError),
    /// A size beyond what this build accepts.
    TooLarge {
        /// What is too large.
        what: String,
        /// The size.
        size: usize,
        /// The largest accepted.
        limit: usize,
    },
}

impl fmt::Display for ProblemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        self.kind.fmt(f)
    }
}

impl fmt::Display for ProblemErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite { value } => {
                write!(f, "{value} is not a finite number; give a number, or null in a bound that is open")
            }
            Self::CrossingBounds { lower, upper } => {
                write!(f, "lower bound {lower} lies above upper bound {upper}; swap or correct them")
            }
            Self::ImpossibleBound { value } => {
                write!(f, "no value can meet a bound of {value}; write null for an open side")
            }
            Self::WrongLength { expected, found } => {
                write!(f, "has {found} entries where {expected} are needed; make the lists agree")
            }
            Self::IndexOutOfRange { index, count } => {
                write!(f, "index {index} is outside 0..{count}; indices count from zero")
            }
            Self::Duplicate { what } => write!(f, "{what} is given twice; add the values up or remove one"),
            Self::BelowDiagonal { row, column } => {
                write!(f, "entry ({row}, {column}) of P lies below the diagonal; list the upper triangle only")
            }
            Self::NotConvex { reason } => {
                write!(f, "P is not positive semidefinite ({reason}); the planner solves convex problems only")
            }
            Self::EmptyFleet => f.write_str("the fleet has no asset; add at least one"),
            Self::NoVariables => f.write_str("the asset has no variable; remove it or give it one"),
            Self::UntouchedRow { name } => {
                write!(f, "no asset touches fleet row `{name}`; remove the row or add its coefficients")
            }
            Self::DuplicateId { id } => write!(f, "the id `{id}` is used by two assets; rename one"),
            Self::Id(error) => error.fmt(f),
            Self::TooLarge { what, size, limit } => {
                write!(f, "{what} is {size}, at most {limit} is accepted; split or coarsen the problem")
            }
        }
    }
}

impl std::error::Error for ProblemError {}

impl From<crate::IdError> for ProblemErrorKind {
    fn from(error: crate::IdError) -> Self {
        Self::Id(error)
    }
}
