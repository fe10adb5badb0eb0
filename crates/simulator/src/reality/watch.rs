use std::collections::BTreeMap;

use crate::report::{Margin, MarginKind, Violation};

/// Looks at every limit in every step: keeps the narrowest margin of each kind, and every stretch in which a limit was broken.
#[derive(Debug, Default)]
pub(super) struct Watch {
    narrowest: BTreeMap<MarginKind, Margin>,
    broken: Vec<Violation>,
    open: BTreeMap<(String, String), usize>,
}

/// One quantity held against one limit.
pub(super) struct Limit<'a> {
    pub(super) kind: MarginKind,
    pub(super) asset: &'a str,
    pub(super) quantity: &'a str,
    pub(super) unit: &'a str,
    pub(super) value: f64,
    pub(super) limit: f64,
    /// Whether the value must stay above the limit.
    pub(super) floor: bool,
    /// How far beyond the limit rounding may carry a value.
    pub(super) slack: f64,
}

impl Watch {
    /// Holds a value against its limit.
    pub(super) fn check(&mut self, time_ms: i64, look: &Limit<'_>) {
        let margin = if look.floor { look.value - look.limit } else { look.limit - look.value };
        // A value that is not a number is no margin at all.
        let margin = if margin.is_nan() { f64::NEG_INFINITY } else { margin };
        if self.narrowest.get(&look.kind).is_none_or(|known| margin < known.margin) {
            let (asset, quantity, unit) = (look.asset.to_owned(), look.quantity.to_owned(), look.unit.to_owned());
            self.narrowest.insert(look.kind, Margin { kind: look.kind, asset, quantity, time_ms, margin, unit });
        }
        let key = || (look.asset.to_owned(), look.quantity.to_owned());
        if margin >= -look.slack {
            if !self.open.is_empty() {
                self.open.remove(&key());
            }
            return;
        }
        match self.open.get(&key()) {
            Some(&k) => {
                let worst = &mut self.broken[k].value;
                *worst = if look.floor { worst.min(look.value) } else { worst.max(look.value) };
            }
            None => {
                self.open.insert(key(), self.broken.len());
                self.broken.push(Violation {
                    time_ms,
                    asset: look.asset.to_owned(),
                    quantity: look.quantity.to_owned(),
                    value: look.value,
                    limit: look.limit,
                    unit: look.unit.to_owned(),
                });
            }
        }
    }

    pub(super) fn finish(self) -> (Vec<Margin>, Vec<Violation>) {
        (self.narrowest.into_values().collect(), self.broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor(value: f64) -> Limit<'static> {
        Limit {
            kind: MarginKind::Battery,
            asset: "rover",
            quantity: "battery_floor",
            unit: "Wh",
            value,
            limit: 100.0,
            floor: true,
            slack: 1e-6,
        }
    }

    #[test]
    fn each_stretch_beyond_a_limit_is_one_violation_with_its_worst_value() {
        let mut watch = Watch::default();
        for (time_ms, value) in [(0, 120.0), (1, 99.0), (2, 90.0), (3, 95.0), (4, 101.0), (5, 99.5)] {
            watch.check(time_ms, &floor(value));
        }
        let (margins, violations) = watch.finish();
        assert_eq!((margins[0].time_ms, margins[0].margin), (2, -10.0));
        let seen: Vec<(i64, f64)> = violations.iter().map(|v| (v.time_ms, v.value)).collect();
        assert_eq!(seen, [(1, 90.0), (5, 99.5)]);
    }

    #[test]
    fn what_is_not_a_number_breaks_every_limit() {
        let mut watch = Watch::default();
        watch.check(0, &floor(f64::NAN));
        assert_eq!(watch.finish().1.len(), 1);
    }
}
