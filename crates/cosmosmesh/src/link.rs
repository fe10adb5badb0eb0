use cosmosmesh_solver_core::{Link, Method};

use crate::figure::duration;

/// A link as people write it: `40min,2kB/s`, `1200s,64kbit/s`, `2400,2000` (seconds there and back, bytes a second).
///
/// # Errors
/// A sentence with the form.
pub(crate) fn read(text: &str) -> Result<Link, String> {
    let refused = || {
        format!(
            "`{text}` is no link: write the delay there and back and the rate, as `40min,2kB/s` or `1200s,64kbit/s`"
        )
    };
    let (delay, rate) = text.split_once(',').ok_or_else(refused)?;
    let delay = quantity(delay, &DELAYS).filter(|s| (0.0..=DELAY_MAX_S).contains(s)).ok_or_else(refused)?;
    let rate = quantity(rate, &RATES).filter(|rate| RATES_BYTES_PER_S.contains(rate)).ok_or_else(refused)?;
    Ok(Link { two_way_delay_s: delay, rate_bytes_per_s: rate })
}

/// What `auto` chose, and for which link; none of the methods named by hand is a choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) method: Method,
    /// None if all assets are on this machine.
    pub(crate) link: Option<Link>,
}

impl Choice {
    /// For people.
    pub(crate) fn text(&self) -> String {
        let method = self.method;
        match self.link {
            None => format!(
                "{method}, the least computing, since all assets are on this machine; --link asks for a far one's"
            ),
            Some(link) => {
                let delay = duration((1e3 * link.two_way_delay_s) as u64);
                format!("{method}, the soonest over a link of {delay} there and back and {} B/s", link.rate_bytes_per_s)
            }
        }
    }
}

/// Units, those that end in another one first.
const DELAYS: [(&str, f64); 5] = [("min", 60.0), ("ms", 1e-3), ("h", 3600.0), ("d", 86_400.0), ("s", 1.0)];
const RATES: [(&str, f64); 6] =
    [("Mbit/s", 1.25e5), ("kbit/s", 125.0), ("bit/s", 0.125), ("MB/s", 1e6), ("kB/s", 1e3), ("B/s", 1.0)];
const DELAY_MAX_S: f64 = 1e9;
const RATES_BYTES_PER_S: std::ops::RangeInclusive<f64> = 1e-3..=1e15;

fn quantity(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let text = text.trim();
    let of_unit = |(unit, factor): &(&str, f64)| Some((text.strip_suffix(unit)?, *factor));
    let (number, factor) = units.iter().find_map(of_unit).unwrap_or((text, 1.0));
    number.trim().parse::<f64>().ok().map(|number| number * factor)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn links_are_read_as_people_write_them() {
        let read = |text: &str| read(text).map(|link| (link.two_way_delay_s, link.rate_bytes_per_s));
        assert_eq!(read("40min,2kB/s"), Ok((2400.0, 2000.0)));
        assert_eq!(read("1200s,64kbit/s"), Ok((1200.0, 8000.0)));
        assert_eq!(read("2400, 2000"), Ok((2400.0, 2000.0)));
        assert_eq!(read("1.5 h,1MB/s"), Ok((5400.0, 1e6)));
        assert_eq!(read("2d,8bit/s"), Ok((172_800.0, 1.0)));
        assert_eq!(read("250ms,1Mbit/s"), Ok((0.25, 125_000.0)));
        for text in
            ["", "40min", "40min,0", "-1,5", "1,NaN", "inf,5", "1,inf", "1,2,3", "1 day,5", "5,40min", "min,B/s"]
        {
            assert!(read(text).is_err_and(|words| words.contains("is no link")), "{text}");
        }
    }
}
