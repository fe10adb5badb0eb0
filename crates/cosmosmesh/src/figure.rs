//! Numbers as people read them. Deterministic, no locale.

/// Four significant digits; powers of ten outside 0.001..1000000.
pub(crate) fn short(value: f64) -> String {
    digits(value, 4)
}

/// `count` significant digits, without trailing zeros.
pub(crate) fn digits(value: f64, count: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return if value.is_nan() {
            "none".to_owned()
        } else if value > 0.0 {
            "∞".to_owned()
        } else {
            "−∞".to_owned()
        };
    }
    let scientific = format!("{value:.*e}", count - 1);
    let exponent: i32 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    if (-3..6.max(count as i32)).contains(&exponent) {
        let decimals = (count as i32 - 1 - exponent).max(0) as usize;
        trimmed(&format!("{value:.decimals$}"))
    } else {
        let (mantissa, _) = scientific.split_once('e').unwrap_or((&scientific, ""));
        format!("{}e{exponent}", trimmed(mantissa))
    }
}

fn trimmed(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}

/// A quantity that is small when all is well, such as a gap: two significant digits, below a hundredth as a power of ten.
pub(crate) fn tiny(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if !value.is_finite() || value.abs() >= 0.01 {
        digits(value, 2)
    } else {
        format!("{value:.1e}")
    }
}

/// A count of bytes: `512 B`, `12.3 kB`, `1.05 MB`.
pub(crate) fn bytes(count: u64) -> String {
    let value = count as f64;
    if count < 1_000 {
        format!("{count} B")
    } else if value < 999_950.0 {
        format!("{} kB", digits(value / 1e3, 3))
    } else {
        format!("{} MB", digits(value / 1e6, 3))
    }
}

/// A stretch of time: `850 ms`, `12.4 s`, `3 min 05 s`, `1 h 02 min`.
pub(crate) fn duration(ms: u64) -> String {
    if ms < 1_000 {
        format!("{ms} ms")
    } else if ms < 60_000 {
        format!("{} s", digits(ms as f64 / 1e3, 3))
    } else if ms < 3_600_000 {
        format!("{} min {:02} s", ms / 60_000, ms / 1_000 % 60)
    } else {
        format!("{} h {:02} min", ms / 3_600_000, ms / 60_000 % 60)
    }
}

/// How long ago, in days from two on: `24 h 39 min`, `40 days`.
pub(crate) fn age(ms: u64) -> String {
    if ms < 172_800_000 { duration(ms) } else { format!("{} days", ms / 86_400_000) }
}

/// A count with its noun: `1 row`, `2 rows`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_four_digits_and_no_trailing_zeros() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (1234.5678, "1235"),
            (12345.6, "12346"),
            (123456.7, "123457"),
            (1234567.8, "1.235e6"),
            (0.001234567, "0.001235"),
            (0.0001234567, "1.235e-4"),
            (-2.5, "-2.5"),
            (9.99996, "10"),
            (f64::INFINITY, "∞"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn quantities_carry_their_unit() {
        assert_eq!([bytes(999), bytes(12_345), bytes(999_999)], ["999 B", "12.3 kB", "1 MB"]);
        assert_eq!([duration(999), duration(1_500), duration(185_000)], ["999 ms", "1.5 s", "3 min 05 s"]);
        assert_eq!(duration(88_775_244), "24 h 39 min");
        assert_eq!([age(88_775_244), age(172_800_000)], ["24 h 39 min", "2 days"]);
        assert_eq!([tiny(0.0), tiny(3.21e-7), tiny(2.776)], ["0", "3.2e-7", "2.8"]);
        assert_eq!([count(1, "row"), count(0, "row")], ["1 row", "0 rows"]);
    }
}
