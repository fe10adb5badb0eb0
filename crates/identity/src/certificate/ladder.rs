use cosmosmesh_contracts::MissionTime;

use super::{CertificateError, Window};

/// The most rungs of a ladder.
pub const RUNGS_MAX: u16 = 64;

/// The shortest life that a certificate should have: three times the longest planned gap between contacts, the light's way, and the clock's bound.
///
/// # Units
/// Milliseconds throughout.
pub const fn life_ms_min(gap_ms: i64, light_ms: i64, clock_bound_ms: i64) -> i64 {
    gap_ms.saturating_mul(3).saturating_add(light_ms).saturating_add(clock_bound_ms)
}

/// Successive windows, issued at one contact.
///
/// Rung `k` is for `start + k × rung_ms` to one `rung_ms` later, and its window is wider by three times the clock's bound at either end:
/// the holder's clock chooses the rung with one error, and a judge's clock adds an error and a declared bound.
/// So at any time on the ladder, the rung that the holder chooses is certainly valid for every judge whose clock keeps the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ladder {
    start: MissionTime,
    rung_ms: i64,
    rung_count: u16,
    clock_bound_ms: i64,
}

impl Ladder {
    /// A ladder of so many rungs from a start.
    ///
    /// # Errors
    /// [`CertificateError::Ladder`] or [`CertificateError::Window`] if a part is out of range.
    pub fn new(
        start: MissionTime,
        rung_ms: i64,
        rung_count: u16,
        clock_bound_ms: i64,
    ) -> Result<Self, CertificateError> {
        if rung_count == 0 || rung_count > RUNGS_MAX {
            return Err(CertificateError::Ladder { what: "choose between 1 and 64 rungs" });
        }
        if rung_ms < 1_000 {
            return Err(CertificateError::Ladder { what: "a rung lasts less than a second; choose longer ones" });
        }
        if !(0..=Window::SECONDS_MAX).contains(&clock_bound_ms) {
            return Err(CertificateError::Ladder { what: "the clock's bound is negative or beyond all clocks" });
        }
        let ladder = Self { start, rung_ms, rung_count, clock_bound_ms };
        let length = rung_ms.checked_mul(i64::from(rung_count)).ok_or(CertificateError::Window)?;
        start.as_ms().checked_add(length).ok_or(CertificateError::Window)?;
        for k in [0, rung_count - 1] {
            ladder.window(k)?;
        }
        Ok(ladder)
    }

    /// How many rungs.
    pub const fn len(&self) -> u16 {
        self.rung_count
    }

    /// Whether there is no rung; never so.
    pub const fn is_empty(&self) -> bool {
        self.rung_count == 0
    }

    /// When the last rung's own time ends.
    pub const fn end(&self) -> MissionTime {
        self.start.plus_ms(self.rung_ms * self.rung_count as i64)
    }

    /// The window to issue for a rung.
    ///
    /// # Errors
    /// [`CertificateError::Ladder`] if there is no such rung.
    pub fn window(&self, rung: u16) -> Result<Window, CertificateError> {
        if rung >= self.rung_count {
            return Err(CertificateError::Ladder { what: "there is no such rung; count from 0" });
        }
        let slack_ms = self.clock_bound_ms * 3;
        let from = self.start.plus_ms(self.rung_ms * i64::from(rung));
        // Windows end on whole seconds, rounded down: one more, so that nothing of the rung is lost.
        Window::new(from.plus_ms(-slack_ms), from.plus_ms(self.rung_ms).plus_ms(slack_ms).plus_ms(999))
    }

    /// The rung that a holder shows when its clock reads `now`: the first before the ladder, the last after it.
    pub fn rung_at(&self, now: MissionTime) -> u16 {
        let k = now.ms_since(self.start).div_euclid(self.rung_ms);
        k.clamp(0, i64::from(self.rung_count - 1)) as u16
    }
}
