//! Virtual time: integer milliseconds since the scenario's epoch, moved only by events.

/// The present instant of a simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    now_ms: i64,
}

impl Clock {
    /// A clock that stands at the epoch.
    pub fn new() -> Self {
        Self::default()
    }

    /// The present instant.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Moves on to an instant.
    ///
    /// # Panics
    /// If the instant lies in the past: an event was scheduled before its cause.
    pub fn advance(&mut self, to_ms: i64) {
        assert!(
            to_ms >= self.now_ms,
            "an event at {to_ms} ms came after {} ms: time never runs backwards",
            self.now_ms
        );
        self.now_ms = to_ms;
    }

    /// An instant for people: `T+hh:mm:ss.mmm`.
    pub fn text(time_ms: i64) -> String {
        let sign = if time_ms < 0 { '-' } else { '+' };
        let ms = time_ms.unsigned_abs();
        let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        format!("T{sign}{hours:02}:{minutes:02}:{seconds:02}.{:03}", ms % 1000)
    }
}
