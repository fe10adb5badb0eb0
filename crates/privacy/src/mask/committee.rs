use core::fmt;

/// The most guardians: with seven and a threshold of five an asset adds 35 masks, and every guardian more multiplies them.
pub const GUARDIANS_MAX: u8 = 7;

/// How many guardians there are, how many must answer to open a round, and how many may be corrupt.
///
/// An asset shares one key with every subset of `guardians - threshold + 1` guardians, so any `threshold` of them hold all keys together, and fewer do not.
/// # Privacy
/// A round's masks stay secret while at most `corrupt` guardians collude, with the coordinator and with any assets.
/// The coordinator of a round, if it is a guardian, counts among them.
/// # Source
/// Cramer, Damgård, Ishai, "Share conversion, pseudorandom secret-sharing and applications to secure computation", TCC 2005, for the keys;
/// docs/protocol/03-secure-aggregation.md#committee for the conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committee {
    guardians: u8,
    threshold: u8,
    corrupt: u8,
    subsets: Vec<u8>,
}

impl Committee {
    /// A committee of `guardians`, of which `threshold` open a round and `corrupt` may collude.
    ///
    /// # Errors
    /// [`CommitteeError`]: too few would be asked for secrecy, or two sets could both be opened.
    pub fn new(guardians: u8, threshold: u8, corrupt: u8) -> Result<Self, CommitteeError> {
        if !(1..=GUARDIANS_MAX).contains(&guardians) {
            return Err(CommitteeError::Guardians { found: guardians });
        }
        if !(1..=guardians).contains(&threshold) {
            return Err(CommitteeError::Threshold { threshold, guardians });
        }
        if corrupt >= threshold {
            return Err(CommitteeError::NotSecret { threshold, corrupt });
        }
        if 2 * threshold <= guardians + corrupt {
            return Err(CommitteeError::TwoSets { guardians, threshold, corrupt });
        }
        let size = u32::from(guardians - threshold + 1);
        let subsets = (1_u8..1 << guardians).filter(|subset| subset.count_ones() == size).collect();
        Ok(Self { guardians, threshold, corrupt, subsets })
    }

    /// The committee that so many guardians form unless the roster says otherwise: a third may be corrupt, of three one.
    ///
    /// # Errors
    /// [`CommitteeError::Guardians`] below three and above [`GUARDIANS_MAX`].
    pub fn of(guardians: u8) -> Result<Self, CommitteeError> {
        if !(3..=GUARDIANS_MAX).contains(&guardians) {
            return Err(CommitteeError::Guardians { found: guardians });
        }
        let corrupt = ((guardians - 1) / 3).max(1);
        Self::new(guardians, (guardians + corrupt) / 2 + 1, corrupt)
    }

    /// How many guardians, `m`.
    pub fn guardians(&self) -> u8 {
        self.guardians
    }

    /// How many must answer, `t`.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    /// How many may be corrupt, `f`.
    pub fn corrupt(&self) -> u8 {
        self.corrupt
    }

    /// The subsets that share a key, ascending, each as a number whose bit `g` stands for guardian `g`.
    pub fn subsets(&self) -> &[u8] {
        &self.subsets
    }

    /// Whether these guardians, as bits, may open a round.
    pub fn opens(&self, responders: u8) -> bool {
        u16::from(responders) < 1 << self.guardians && responders.count_ones() >= u32::from(self.threshold)
    }

    /// Which responder answers for each subset, in the order of [`Committee::subsets`]; empty if the responders may not open a round.
    ///
    /// Subsets with the fewest responders among them come first, in their order; each goes to its responder with the least work, and among equals to the lowest.
    /// So the busiest of three responders out of four takes off two masks an asset.
    pub fn assignment(&self, responders: u8) -> Vec<u8> {
        if !self.opens(responders) {
            return Vec::new();
        }
        let mut order: Vec<usize> = (0..self.subsets.len()).collect();
        order.sort_by_key(|&k| (self.subsets[k] & responders).count_ones());
        let mut work = [0_u8; GUARDIANS_MAX as usize];
        let mut assigned = vec![0; self.subsets.len()];
        for k in order {
            let holders = self.subsets[k] & responders;
            let chosen = (0..self.guardians).filter(|g| holders >> g & 1 == 1).min_by_key(|&g| work[usize::from(g)]);
            // Every subset meets every set of responders, since their sizes add up to more than all guardians.
            let chosen = chosen.expect("cannot fail because a threshold of guardians meets every subset");
            assigned[k] = chosen;
            work[usize::from(chosen)] += 1;
        }
        assigned
    }

    /// The indices of the subsets that a guardian belongs to, ascending.
    pub fn held_by(&self, guardian: u8) -> impl Iterator<Item = usize> + '_ {
        self.subsets.iter().enumerate().filter(move |(_, subset)| **subset >> guardian & 1 == 1).map(|(k, _)| k)
    }
}

/// Why guardians form no committee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommitteeError {
    /// No guardian, or more than [`GUARDIANS_MAX`].
    Guardians {
        /// How many.
        found: u8,
    },
    /// A threshold that cannot be met, or of nobody.
    Threshold {
        /// The threshold.
        threshold: u8,
        /// The guardians.
        guardians: u8,
    },
    /// The corrupt guardians hold every key.
    NotSecret {
        /// The threshold.
        threshold: u8,
        /// The corrupt.
        corrupt: u8,
    },
    /// The corrupt guardians could help two sets of one round to be opened.
    TwoSets {
        /// The guardians.
        guardians: u8,
        /// The threshold.
        threshold: u8,
        /// The corrupt.
        corrupt: u8,
    },
}

impl fmt::Display for CommitteeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guardians { found } => {
                write!(f, "{found} guardians, where 3 to {GUARDIANS_MAX} form a committee; name more or fewer")
            }
            Self::Threshold { threshold, guardians } => {
                write!(f, "a threshold of {threshold} among {guardians} guardians; choose 1 to {guardians}")
            }
            Self::NotSecret { threshold, corrupt } => {
                write!(
                    f,
                    "{corrupt} corrupt guardians hold every key when {threshold} open a round; ask for more answers"
                )
            }
            Self::TwoSets { guardians, threshold, corrupt } => write!(
                f,
                "with {corrupt} corrupt of {guardians} guardians, {threshold} answers do not keep two sets of one round apart; ask for at least {}",
                (guardians + corrupt) / 2 + 1
            ),
        }
    }
}

impl std::error::Error for CommitteeError {}
