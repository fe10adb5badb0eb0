//! Units of measure that convert into each other by a factor alone.

/// Unit, quantity, and what one of it is in the quantity's first unit.
const KNOWN: [(&str, &str, f64); 33] = [
    ("W", "power", 1.0),
    ("mW", "power", 1e-3),
    ("kW", "power", 1e3),
    ("MW", "power", 1e6),
    ("J", "energy", 1.0),
    ("kJ", "energy", 1e3),
    ("MJ", "energy", 1e6),
    ("W h", "energy", 3_600.0),
    ("Wh", "energy", 3_600.0),
    ("kW h", "energy", 3_600_000.0),
    ("kWh", "energy", 3_600_000.0),
    ("s", "time", 1.0),
    ("ms", "time", 1e-3),
    ("min", "time", 60.0),
    ("h", "time", 3_600.0),
    ("m", "length", 1.0),
    ("mm", "length", 1e-3),
    ("km", "length", 1e3),
    ("kg", "mass", 1.0),
    ("g", "mass", 1e-3),
    ("t", "mass", 1e3),
    ("bit", "data", 1.0),
    ("kbit", "data", 1e3),
    ("Mbit", "data", 1e6),
    ("Gbit", "data", 1e9),
    ("bit/s", "data rate", 1.0),
    ("kbit/s", "data rate", 1e3),
    ("Mbit/s", "data rate", 1e6),
    ("K", "temperature", 1.0),
    ("m/s", "speed", 1.0),
    ("km/h", "speed", 1.0 / 3.6),
    ("1", "ratio", 1.0),
    ("%", "ratio", 0.01),
];

/// What is known about going from one unit to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Conversion {
    /// Multiply by this.
    Factor(f64),
    /// They measure different things.
    Never,
    /// At least one of them is not known here.
    Unknown,
}

/// How a number of `from` becomes one of `to`.
pub(crate) fn conversion(from: &str, to: &str) -> Conversion {
    if from == to {
        return Conversion::Factor(1.0);
    }
    let find = |unit: &str| KNOWN.iter().find(|known| known.0 == unit);
    match (find(from), find(to)) {
        (Some(a), Some(b)) if a.1 == b.1 => Conversion::Factor(a.2 / b.2),
        (Some(_), Some(_)) => Conversion::Never,
        _ => Conversion::Unknown,
    }
}

/// Whether `factor` takes `from` to `to`, up to rounding. Of units that are not known here the author of the wire is believed.
pub(crate) fn converts(from: &str, to: &str, factors: &[f64]) -> bool {
    let factor: f64 = factors.iter().product();
    match conversion(from, to) {
        Conversion::Factor(right) => (factor - right).abs() <= 1e-12 * right.abs(),
        Conversion::Never => false,
        Conversion::Unknown => !factors.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_units_convert_by_one_factor_only() {
        let cases = [
            ("kW", "W", &[1000.0][..], true),
            ("kW", "W", &[], false),
            ("kW", "W", &[10.0, 100.0], true),
            ("kW", "W", &[100.0], false),
            ("kW", "kg", &[1.0], false),
            ("W", "W", &[], true),
            ("W", "W", &[2.0], false),
            ("kWh", "J", &[3_600_000.0], true),
            ("crate", "pallet", &[0.025], true),
            ("crate", "pallet", &[], false),
            ("crate", "crate", &[], true),
        ];
        for (from, to, factors, expected) in cases {
            assert_eq!(converts(from, to, factors), expected, "{from} to {to} by {factors:?}");
        }
    }
}
