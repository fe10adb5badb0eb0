use core::fmt;

use cosmosmesh_contracts::traits::Sensitivity;

/// The integers in which an asset's shared numbers are sent when they are to carry noise: one public box, the same for all assets.
///
/// Entry `j` lies between minus and plus `bounds[j]` and is counted in steps of `bounds[j] / steps`; it is clipped before it is rounded.
/// # Privacy
/// Bounds and steps are public and chosen without looking at any asset's figures.
/// Two answers of one asset that touches `k` entries differ by at most `2 steps` in each of them, so the sensitivity squared is `4 k steps^2`, rounding included.
///
/// ```
/// use cosmosmesh_privacy::noise::Lattice;
///
/// let lattice = Lattice::new(vec![10.0, 4.0], 1000)?;
/// // Beyond the box nothing is sent.
/// assert_eq!(lattice.integers(&[2.5, -7.0])?, [250, -1000]);
/// assert_eq!(lattice.sensitivity(2).l2_squared, 2 * 2000 * 2000);
/// # Ok::<(), cosmosmesh_privacy::noise::LatticeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Lattice {
    bounds: Vec<f64>,
    steps: u32,
}

/// Why numbers have no place in a lattice.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum LatticeError {
    /// A bound is not a positive number.
    Bound {
        /// Which.
        index: usize,
        /// What it is.
        value: f64,
    },
    /// No steps, or more than [`Lattice::STEPS_MAX`].
    Steps {
        /// How many.
        found: u32,
    },
    /// There are not as many numbers as bounds.
    Length {
        /// The bounds.
        expected: usize,
        /// The numbers.
        found: usize,
    },
    /// A number is none.
    NotANumber {
        /// Which.
        index: usize,
    },
}

impl fmt::Display for LatticeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bound { index, value } => {
                write!(
                    f,
                    "the bound {value} of entry {index} is not a positive number; state how large one asset's part may be"
                )
            }
            Self::Steps { found } => {
                write!(f, "{found} steps are outside 1 to {}; choose another resolution", Lattice::STEPS_MAX)
            }
            Self::Length { expected, found } => {
                write!(f, "{found} numbers where the lattice has {expected}; they answer another question")
            }
            Self::NotANumber { index } => {
                write!(f, "entry {index} is not a number; the asset's answer must be dropped")
            }
        }
    }
}

impl std::error::Error for LatticeError {}

impl Lattice {
    /// The most steps from zero to a bound: `2^24`.
    pub const STEPS_MAX: u32 = 1 << 24;

    /// A box with so many steps from zero to each bound.
    ///
    /// # Errors
    /// [`LatticeError::Bound`]; [`LatticeError::Steps`].
    pub fn new(bounds: Vec<f64>, steps: u32) -> Result<Self, LatticeError> {
        if !(1..=Self::STEPS_MAX).contains(&steps) {
            return Err(LatticeError::Steps { found: steps });
        }
        match bounds.iter().position(|bound| !(bound.is_finite() && *bound > 0.0)) {
            Some(index) => Err(LatticeError::Bound { index, value: bounds[index] }),
            None => Ok(Self { bounds, steps }),
        }
    }

    /// The largest absolute number of every entry.
    pub fn bounds(&self) -> &[f64] {
        &self.bounds
    }

    /// How many steps lie between zero and a bound.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// The size of one step of an entry, in the entry's unit.
    pub fn step(&self, index: usize) -> f64 {
        self.bounds.get(index).map_or(0.0, |bound| bound / f64::from(self.steps))
    }

    /// How far one asset that touches so many entries can move the vector.
    pub fn sensitivity(&self, touched: usize) -> Sensitivity {
        let width = 2 * u128::from(self.steps);
        Sensitivity { l2_squared: touched as u128 * width * width, len: self.bounds.len() }
    }

    /// The numbers in steps, clipped, then rounded to the nearest.
    ///
    /// # Errors
    /// [`LatticeError::Length`]; [`LatticeError::NotANumber`]. Infinities are clipped like any large number.
    pub fn integers(&self, numbers: &[f64]) -> Result<Vec<i128>, LatticeError> {
        if numbers.len() != self.bounds.len() {
            return Err(LatticeError::Length { expected: self.bounds.len(), found: numbers.len() });
        }
        let steps = f64::from(self.steps);
        let place = |(index, (number, bound)): (usize, (&f64, &f64))| {
            if number.is_nan() {
                return Err(LatticeError::NotANumber { index });
            }
            // Rounding cannot leave the box, for its edge is a whole number of steps.
            Ok(((number.clamp(-bound, *bound) / bound * steps).round() as i128)
                .clamp(-i128::from(self.steps), i128::from(self.steps)))
        };
        numbers.iter().zip(&self.bounds).enumerate().map(place).collect()
    }
}
