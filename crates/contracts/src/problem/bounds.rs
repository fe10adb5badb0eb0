use super::{ProblemError, ProblemErrorKind as Kind};

/// Two-sided bounds, `lower[k] <= value[k] <= upper[k]`.
///
/// # Shape
/// Both lists have the same length. `-infinity` below and `+infinity` above mean an open side; never NaN, never crossing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Bounds {
    /// Checks a pair of lists.
    ///
    /// # Errors
    /// [`ProblemError`] with the place `lower[k]` or `upper[k]`.
    pub fn new(lower: Vec<f64>, upper: Vec<f64>) -> Result<Self, ProblemError> {
        if lower.len() != upper.len() {
            return Err(ProblemError::at("upper", Kind::WrongLength { expected: lower.len(), found: upper.len() }));
        }
        for (k, (&l, &u)) in lower.iter().zip(&upper).enumerate() {
            for (side, value, impossible) in [("lower", l, f64::INFINITY), ("upper", u, f64::NEG_INFINITY)] {
                if value.is_nan() {
                    return Err(ProblemError::at(format!("{side}[{k}]"), Kind::NotFinite { value }));
                }
                if value == impossible {
                    return Err(ProblemError::at(format!("{side}[{k}]"), Kind::ImpossibleBound { value }));
                }
            }
            if l > u {
                return Err(ProblemError::at(format!("lower[{k}]"), Kind::CrossingBounds { lower: l, upper: u }));
            }
        }
        Ok(Self { lower, upper })
    }

    /// How many values are bounded.
    pub fn len(&self) -> usize {
        self.lower.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lower.is_empty()
    }

    /// The lower sides.
    pub fn lower(&self) -> &[f64] {
        &self.lower
    }

    /// The upper sides.
    pub fn upper(&self) -> &[f64] {
        &self.upper
    }

    /// Whether row `k` is an equality.
    pub fn is_equality(&self, k: usize) -> bool {
        self.lower[k] == self.upper[k]
    }

    /// The largest finite bound in absolute value, or zero: what relative violations are measured against.
    pub fn magnitude(&self) -> f64 {
        self.lower.iter().chain(&self.upper).filter(|v| v.is_finite()).fold(0.0, |worst, v| f64::max(worst, v.abs()))
    }

    /// How far `values` lie outside at worst, divided by `1 + magnitude`.
    ///
    /// # Shape
    /// `values` has [`Bounds::len`] entries.
    pub fn violation(&self, values: &[f64]) -> f64 {
        assert_eq!(values.len(), self.len(), "one value per bound");
        let worst = values
            .iter()
            .zip(self.lower.iter().zip(&self.upper))
            .fold(0.0_f64, |worst, (v, (l, u))| if v.is_nan() { f64::INFINITY } else { worst.max(v - u).max(l - v) });
        worst / (1.0 + self.magnitude())
    }
}
