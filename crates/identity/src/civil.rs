//! Civil seconds as texts: the time scale of certificates and key events.

/// The second after the year 9999.
const END_S: i64 = 253_402_300_800;
/// The first second of the year 0.
const BEGIN_S: i64 = -62_167_219_200;

/// `2031-01-01T00:00:00Z`; nothing outside the years 0 to 9999.
///
/// # Units
/// Seconds since 1970, without leap seconds.
/// # Source
/// RFC 3339, section 5.6; days by Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
pub fn date(unix_s: i64) -> Option<String> {
    if !(BEGIN_S..END_S).contains(&unix_s) {
        return None;
    }
    let (days, second) = (unix_s.div_euclid(86_400) + 719_468, unix_s.rem_euclid(86_400));
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    Some(format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60))
}

/// The second that a text of [`date`]'s one form names; nothing for every other text, a 30th of February among them.
pub fn second(text: &str) -> Option<i64> {
    let shape = text.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    if !shape.eq("0000-00-00T00:00:00Z".bytes()) {
        return None;
    }
    let part = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap_or_default();
    let (year, month, day) = (part(0, 4), part(5, 7), part(8, 10));
    let shifted = if month > 2 { year } else { year - 1 };
    let (era, year) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + year * 365 + year / 4 - year / 100 + of_year - 719_468;
    let unix_s = days * 86_400 + part(11, 13) * 3_600 + part(14, 16) * 60 + part(17, 19);
    (date(unix_s).as_deref() == Some(text)).then_some(unix_s)
}
