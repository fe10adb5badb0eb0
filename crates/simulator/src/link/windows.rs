use crate::report::Span;

/// When something is possible: stretches of time, ascending, apart from each other, none empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    spans: Vec<Span>,
}

impl Windows {
    /// As good as for ever: 139 years, so that microseconds still fit a 64-bit number.
    pub const FOREVER_MS: i64 = 1 << 42;

    /// Always.
    pub fn always() -> Self {
        Self { spans: vec![Span { start_ms: -Self::FOREVER_MS, end_ms: Self::FOREVER_MS }] }
    }

    /// These stretches, in any order; touching and overlapping ones become one, empty ones vanish.
    pub fn of(spans: impl IntoIterator<Item = Span>) -> Self {
        let mut sorted: Vec<Span> = spans.into_iter().filter(|span| span.start_ms < span.end_ms).collect();
        sorted.sort_by_key(|span| (span.start_ms, span.end_ms));
        let mut spans: Vec<Span> = Vec::with_capacity(sorted.len());
        for span in sorted {
            match spans.last_mut() {
                Some(last) if span.start_ms <= last.end_ms => last.end_ms = last.end_ms.max(span.end_ms),
                _ => spans.push(span),
            }
        }
        Self { spans }
    }

    /// The stretches.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The stretch that contains an instant.
    pub fn at(&self, time_ms: i64) -> Option<Span> {
        self.from(time_ms).filter(|span| span.start_ms <= time_ms)
    }

    /// The stretch that contains an instant or, failing that, the next one.
    pub fn from(&self, time_ms: i64) -> Option<Span> {
        let next = self.spans.partition_point(|span| span.end_ms <= time_ms);
        self.spans.get(next).copied()
    }

    /// What is left without these stretches.
    #[must_use]
    pub fn without(&self, cut: &Windows) -> Self {
        let mut spans = Vec::new();
        for span in &self.spans {
            let mut start_ms = span.start_ms;
            for gap in cut.spans.iter().filter(|gap| gap.end_ms > span.start_ms && gap.start_ms < span.end_ms) {
                spans.push(Span { start_ms, end_ms: gap.start_ms });
                start_ms = gap.end_ms;
            }
            spans.push(Span { start_ms, end_ms: span.end_ms });
        }
        Self::of(spans)
    }

    /// What lies in both.
    #[must_use]
    pub fn within(&self, start_ms: i64, end_ms: i64) -> Self {
        let clip = |span: &Span| Span { start_ms: span.start_ms.max(start_ms), end_ms: span.end_ms.min(end_ms) };
        Self::of(self.spans.iter().map(clip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(spans: &[(i64, i64)]) -> Windows {
        Windows::of(spans.iter().map(|&(start_ms, end_ms)| Span { start_ms, end_ms }))
    }

    #[test]
    fn touching_stretches_become_one_and_empty_ones_vanish() {
        assert_eq!(windows(&[(5, 9), (0, 2), (2, 3), (4, 4), (6, 7)]), windows(&[(0, 3), (5, 9)]));
    }

    #[test]
    fn the_end_is_outside() {
        let w = windows(&[(0, 3), (5, 9)]);
        assert_eq!(w.at(2), Some(Span { start_ms: 0, end_ms: 3 }));
        assert_eq!(w.at(3), None);
        assert_eq!(w.from(3), Some(Span { start_ms: 5, end_ms: 9 }));
        assert_eq!(w.from(9), None);
    }

    #[test]
    fn a_cut_leaves_both_ends() {
        assert_eq!(windows(&[(0, 10)]).without(&windows(&[(3, 5), (9, 20)])), windows(&[(0, 3), (5, 9)]));
        assert!(windows(&[(3, 5)]).without(&Windows::always()).is_empty());
        assert_eq!(windows(&[(0, 4), (6, 9)]).within(2, 7), windows(&[(2, 4), (6, 7)]));
    }
}
