//! Scales from quantities to pixels, and the values worth a tick.

use cosmosmesh_simulator::clock::Clock;

use super::drawing::{Anchor, Drawing};

/// A straight or logarithmic map from a range of values to a range of pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    from: [f64; 2],
    to: [f64; 2],
    logarithmic: bool,
}

impl Scale {
    /// A straight map; an empty range is widened around its value.
    pub(super) fn linear(from: [f64; 2], to: [f64; 2]) -> Self {
        let [low, high] = from;
        let from = if high > low { from } else { [low - 0.5, low + 0.5] };
        Self { from, to, logarithmic: false }
    }

    /// A logarithmic map between two positive values.
    pub(super) fn logarithmic(from: [f64; 2], to: [f64; 2]) -> Self {
        assert!(0.0 < from[0] && from[0] < from[1], "a logarithmic range is positive and not empty");
        Self { from: from.map(f64::log10), to, logarithmic: true }
    }

    /// Where a value stands, held inside the range.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = if self.logarithmic { value.max(f64::MIN_POSITIVE).log10() } else { value };
        let part = ((value - self.from[0]) / (self.from[1] - self.from[0])).clamp(0.0, 1.0);
        self.to[0] + part * (self.to[1] - self.to[0])
    }
}

/// About `count` round values inside a range: multiples of 1, 2 or 5 times a power of ten.
pub(super) fn round_values([low, high]: [f64; 2], count: usize) -> Vec<f64> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 {
        return vec![low];
    }
    let rough = span / count.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|k| k * power).find(|step| *step >= rough * 0.75);
    let step = step.unwrap_or(10.0 * power);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|k| k as f64 * step).collect()
}

/// The powers of ten inside a range, thinned to at most `count`.
pub(super) fn decades([low, high]: [f64; 2], count: usize) -> Vec<i32> {
    let (first, last) = (low.log10().ceil() as i32, high.log10().floor() as i32);
    let step = ((last - first).max(0) as usize / count.max(1) + 1) as i32;
    (first..=last).filter(|k| (k - last) % step == 0).collect()
}

/// The span of the sol on a drawing's x axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeAxis {
    start_ms: i64,
    end_ms: i64,
    scale: Scale,
}

impl TimeAxis {
    const STEPS_MIN: [i64; 10] = [1, 5, 10, 15, 30, 60, 120, 180, 240, 360];

    /// The time from `start_ms` to `end_ms` between two pixels.
    pub(super) fn new(start_ms: i64, end_ms: i64, left: f64, right: f64) -> Self {
        Self { start_ms, end_ms, scale: Scale::linear([start_ms as f64, end_ms as f64], [left, right]) }
    }

    /// Where an instant stands.
    pub(super) fn at(&self, time_ms: i64) -> f64 {
        self.scale.at(time_ms as f64)
    }

    /// The part of a stretch that the axis shows, if any, as left edge and width.
    pub(super) fn stretch(&self, start_ms: i64, end_ms: i64) -> Option<(f64, f64)> {
        let (start, end) = (start_ms.max(self.start_ms), end_ms.min(self.end_ms));
        (start < end).then(|| (self.at(start), self.at(end) - self.at(start)))
    }

    /// Vertical rules at round times, labelled below.
    pub(super) fn draw(&self, drawing: &mut Drawing, top: f64, bottom: f64, ticks_max: usize) {
        const LABEL_HALF: f64 = 22.0;
        let right = self.at(self.end_ms);
        for time_ms in self.ticks(ticks_max) {
            let x = self.at(time_ms);
            drawing.line("rule", [x, top], [x, bottom]);
            // A label at the very end would leave the drawing: it is pulled in.
            let (x, anchor) = if right - x < LABEL_HALF { (right + 4.0, Anchor::End) } else { (x, Anchor::Middle) };
            drawing.text("tick", [x, bottom + 14.0], anchor, &clock(time_ms));
        }
    }

    fn ticks(&self, ticks_max: usize) -> Vec<i64> {
        const MINUTE_MS: i64 = 60_000;
        let span = (self.end_ms - self.start_ms).max(1);
        let fits = |step: &i64| span / (step * MINUTE_MS) <= ticks_max as i64;
        let days = || (1..).map(|days| days * 720).find(fits).unwrap_or(720);
        let step = Self::STEPS_MIN.into_iter().find(fits).unwrap_or_else(days) * MINUTE_MS;
        let first = self.start_ms.div_euclid(step) + i64::from(self.start_ms.rem_euclid(step) != 0);
        (first..=self.end_ms.div_euclid(step)).map(|k| k * step).collect()
    }
}

/// An instant as `T+hh:mm`.
pub(super) fn clock(time_ms: i64) -> String {
    Clock::text(time_ms)
        .chars()
        .take_while(|c| *c != '.')
        .collect::<String>()
        .rsplit_once(':')
        .map_or_else(|| Clock::text(time_ms), |(minutes, _)| minutes.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_values_cover_the_range() {
        assert_eq!(round_values([0.0, 10.0], 5), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(round_values([-0.3, 0.31], 3), [-0.2, 0.0, 0.2]);
        assert_eq!(round_values([7.0, 7.0], 3), [7.0]);
    }

    #[test]
    fn decades_are_thinned_from_the_top() {
        assert_eq!(decades([3e-7, 2.0], 10), [-6, -5, -4, -3, -2, -1, 0]);
        assert_eq!(decades([1e-9, 1.0], 5), [-8, -6, -4, -2, 0]);
    }

    #[test]
    fn a_sol_gets_a_tick_every_two_or_three_hours() {
        let axis = TimeAxis::new(3_600_000, 3_600_000 + 88_775_244, 0.0, 100.0);
        let ticks: Vec<String> = axis.ticks(13).into_iter().map(clock).collect();
        assert_eq!(ticks.first().map(String::as_str), Some("T+02:00"));
        assert_eq!(ticks.len(), 12);
        assert_eq!(axis.stretch(0, 3_600_000), None);
    }

    #[test]
    fn a_logarithmic_scale_holds_zero_at_its_end() {
        let scale = Scale::logarithmic([1e-4, 1.0], [100.0, 0.0]);
        assert_eq!([scale.at(1.0), scale.at(1e-2), scale.at(0.0)], [0.0, 50.0, 100.0]);
    }
}
