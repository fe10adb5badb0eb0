//! Numbers in text: the shortest digits that read back as the same double, and counts in words.

use core::fmt;

/// A finite number as text; minus zero loses its sign.
pub(crate) struct Shortest(pub(crate) f64);

impl fmt::Display for Shortest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.0 == 0.0 { 0.0 } else { self.0 };
        if value == value.trunc() && value.abs() < 1e15 { write!(f, "{value}") } else { write!(f, "{value:?}") }
    }
}

/// Such as `1 port` and `2 ports`.
pub(crate) fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::Shortest;

    #[test]
    fn short_and_exact() {
        for (value, text) in
            [(0.1 + 0.2, "0.30000000000000004"), (3.0, "3"), (-0.0, "0"), (1e-7, "1e-7"), (1e300, "1e300")]
        {
            assert_eq!(Shortest(value).to_string(), text);
            assert_eq!(text.parse::<f64>().unwrap(), value);
        }
    }
}
