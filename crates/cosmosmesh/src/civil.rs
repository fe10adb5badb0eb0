//! Seconds since 1970 as people write and read them.

use cosmosmesh_identity::civil;

use crate::exit::Failure;

/// `2031-01-01T00:00:00Z`; outside the years 0 to 9999 the seconds themselves.
pub(crate) fn date(unix_s: i64) -> String {
    civil::date(unix_s).unwrap_or_else(|| format!("{unix_s} s since 1970"))
}

/// The second that a date or a count of seconds since 1970 names.
///
/// # Errors
/// [`Failure`] that shows both forms.
pub(crate) fn second(text: &str) -> Result<i64, Failure> {
    text.parse().ok().or_else(|| civil::second(text)).ok_or_else(|| {
        Failure::bad_input(format!("{text:?} is no time; write 2031-01-01T00:00:00Z, or the seconds since 1970"))
    })
}
