use core::fmt;

/// An instant: whole milliseconds since the scenario's epoch.
///
/// # Units
/// Milliseconds of the spacecraft clock scale, without leap seconds. Negative before the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct MissionTime(pub i64);

impl MissionTime {
    /// The epoch itself.
    pub const EPOCH: Self = Self(0);

    /// The instant so many milliseconds after the epoch.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// The instant `ms` later (earlier, if negative); stays at the ends of the representable range.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to here; negative if `earlier` is later.
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for MissionTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// A stretch of time cut into slots of whole milliseconds, all equal but the last, which takes the remainder.
///
/// # Shape
/// Slot `k` covers `slot_start(k) <= t < slot_end(k)`; the slots tile `start..end()` without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Horizon {
    /// Where slot 0 begins.
    pub start: MissionTime,
    /// Length of every slot but the last.
    pub slot_ms: i64,
    /// How many slots.
    pub slot_count: u32,
    /// Length of the last slot.
    pub last_slot_ms: i64,
}

impl Horizon {
    /// One Martian solar day.
    ///
    /// # Source
    /// Allison and McEwen 2000: the mean sol is 88,775.244 s.
    pub const SOL_MS: i64 = 88_775_244;
    /// Slots of one sol in the reference scenarios: half a Martian hour each.
    pub const SOL_SLOTS: u32 = 48;
    /// The most slots a horizon may have.
    pub const SLOTS_MAX: u32 = 4096;

    /// One sol from `start` in [`Horizon::SOL_SLOTS`] slots of 1,849,484 ms; the last has 12 ms more.
    pub const fn sol(start: MissionTime) -> Self {
        let count = Self::SOL_SLOTS as i64;
        let slot_ms = Self::SOL_MS / count;
        let last_slot_ms = Self::SOL_MS - (count - 1) * slot_ms;
        Self { start, slot_ms, slot_count: Self::SOL_SLOTS, last_slot_ms }
    }

    /// `length_ms` from `start` in `slot_count` slots.
    ///
    /// # Errors
    /// [`HorizonError`] if there is no slot, too many of them, or less than a millisecond for each.
    pub fn divide(start: MissionTime, length_ms: i64, slot_count: u32) -> Result<Self, HorizonError> {
        if slot_count == 0 || slot_count > Self::SLOTS_MAX {
            return Err(HorizonError::SlotCount { slot_count });
        }
        let count = i64::from(slot_count);
        let slot_ms = length_ms / count;
        let horizon = Self { start, slot_ms, slot_count, last_slot_ms: length_ms - (count - 1) * slot_ms };
        horizon.check().map(|()| horizon)
    }

    /// Whether this is a horizon at all: what a receiver asks before using one.
    ///
    /// # Errors
    /// [`HorizonError`] on a slot count or length out of range, or an end beyond the representable time.
    pub fn check(&self) -> Result<(), HorizonError> {
        if self.slot_count == 0 || self.slot_count > Self::SLOTS_MAX {
            return Err(HorizonError::SlotCount { slot_count: self.slot_count });
        }
        if self.slot_ms < 1 || self.last_slot_ms < 1 {
            return Err(HorizonError::SlotLength { slot_ms: self.slot_ms.min(self.last_slot_ms) });
        }
        let length = self.slot_ms.checked_mul(i64::from(self.slot_count) - 1);
        match length.and_then(|l| l.checked_add(self.last_slot_ms)).and_then(|l| l.checked_add(self.start.0)) {
            Some(_) => Ok(()),
            None => Err(HorizonError::SlotLength { slot_ms: self.slot_ms }),
        }
    }

    /// How many slots, as an index type.
    pub const fn len(&self) -> usize {
        self.slot_count as usize
    }

    /// Whether there is no slot; never so for a checked horizon.
    pub const fn is_empty(&self) -> bool {
        self.slot_count == 0
    }

    /// Where the last slot ends.
    pub const fn end(&self) -> MissionTime {
        MissionTime(self.start.0 + self.slot_ms * (self.slot_count as i64 - 1) + self.last_slot_ms)
    }

    /// Where slot `k` begins.
    ///
    /// # Panics
    /// If there is no slot `k`.
    pub fn slot_start(&self, k: usize) -> MissionTime {
        assert!(k < self.len(), "slot {k} of a horizon of {}", self.slot_count);
        MissionTime(self.start.0 + self.slot_ms * k as i64)
    }

    /// Where slot `k` ends: where the next one begins.
    ///
    /// # Panics
    /// If there is no slot `k`.
    pub fn slot_end(&self, k: usize) -> MissionTime {
        if k + 1 == self.len() { self.end() } else { self.slot_start(k).plus_ms(self.slot_ms) }
    }

    /// Length of slot `k` in milliseconds.
    ///
    /// # Panics
    /// If there is no slot `k`.
    pub fn slot_length_ms(&self, k: usize) -> i64 {
        self.slot_end(k).ms_since(self.slot_start(k))
    }

    /// Length of slot `k` in hours of 3,600 s: what turns watts into watt-hours.
    ///
    /// # Panics
    /// If there is no slot `k`.
    pub fn slot_hours(&self, k: usize) -> f64 {
        self.slot_length_ms(k) as f64 / 3_600_000.0
    }

    /// The slot that covers an instant, if one does.
    pub fn slot_at(&self, at: MissionTime) -> Option<usize> {
        if at < self.start || at >= self.end() {
            return None;
        }
        let k = usize::try_from(at.ms_since(self.start) / self.slot_ms).ok()?;
        Some(k.min(self.len() - 1))
    }

    /// How many milliseconds of `from..to` lie in slot `k`.
    ///
    /// # Panics
    /// If there is no slot `k`.
    pub fn overlap_ms(&self, k: usize, from: MissionTime, to: MissionTime) -> i64 {
        to.min(self.slot_end(k)).ms_since(from.max(self.slot_start(k))).max(0)
    }
}

/// Why numbers are not a horizon.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HorizonError {
    /// No slot, or more than [`Horizon::SLOTS_MAX`].
    SlotCount {
        /// How many were asked for.
        slot_count: u32,
    },
    /// A slot without length, or an end beyond the representable time.
    SlotLength {
        /// The length.
        slot_ms: i64,
    },
}

impl fmt::Display for HorizonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SlotCount { slot_count } => {
                write!(f, "horizon: {slot_count} slots; choose between 1 and {}", Horizon::SLOTS_MAX)
            }
            Self::SlotLength { slot_ms } => write!(
                f,
                "horizon: a slot of {slot_ms} ms; every slot needs at least 1 ms and the end must be representable"
            ),
        }
    }
}

impl std::error::Error for HorizonError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sol_is_tiled_to_the_millisecond() {
        let sol = Horizon::sol(MissionTime(1_000));
        assert_eq!((sol.slot_ms, sol.last_slot_ms), (1_849_484, 1_849_496));
        assert_eq!((0..sol.len()).map(|k| sol.slot_length_ms(k)).sum::<i64>(), Horizon::SOL_MS);
        assert_eq!(Horizon::divide(MissionTime(1_000), Horizon::SOL_MS, 48), Ok(sol));
        for k in 0..sol.len() {
            assert_eq!(sol.slot_at(sol.slot_start(k)), Some(k));
            assert_eq!(sol.slot_at(sol.slot_end(k).plus_ms(-1)), Some(k), "the last millisecond belongs to its slot");
        }
        assert_eq!(sol.slot_at(sol.start.plus_ms(-1)), None);
        assert_eq!(sol.slot_at(sol.end()), None);
    }

    #[test]
    fn overlaps_add_up_to_the_interval_inside() {
        let horizon = Horizon::divide(MissionTime(0), 1_003, 10).unwrap();
        let overlap =
            |from, to| (0..10).map(|k| horizon.overlap_ms(k, MissionTime(from), MissionTime(to))).sum::<i64>();
        assert_eq!(overlap(150, 420), 270);
        assert_eq!(overlap(-50, 50), 50);
        assert_eq!(overlap(950, 2_000), 53);
        assert_eq!(overlap(500, 400), 0);
    }

    #[test]
    fn impossible_horizons_are_refused() {
        assert_eq!(Horizon::divide(MissionTime(0), 10, 0), Err(HorizonError::SlotCount { slot_count: 0 }));
        assert_eq!(Horizon::divide(MissionTime(0), 3, 4), Err(HorizonError::SlotLength { slot_ms: 0 }));
        assert_eq!(Horizon::divide(MissionTime(0), i64::MAX, 4097), Err(HorizonError::SlotCount { slot_count: 4097 }));
        assert!(Horizon::divide(MissionTime(1), i64::MAX, 4).is_err(), "an end beyond the representable time");
    }
}
