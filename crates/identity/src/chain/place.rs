//! Where a chain says it lives. Nothing is fetched; the check keeps others from being led astray by an identifier of ours.

/// What follows `did:webvh:SCID:` in an identifier: a domain, and names after it.
///
/// # Source
/// did:webvh 1.0, "Method-Specific Identifier": a fully qualified domain name, a port as `%3A` and digits, path segments of RFC 3986, no IP address.
pub(super) fn is_place(text: &str) -> bool {
    let mut segments = text.split(':');
    segments.next().is_some_and(is_host) && segments.all(is_segment)
}

fn is_host(text: &str) -> bool {
    let (domain, port) = match text.split_once("%3A") {
        Some((domain, port)) => (domain, Some(port)),
        None => (text, None),
    };
    port.is_none_or(|port| !port.starts_with('0') && port.parse::<u16>().is_ok() && port.bytes().all(is_digit))
        && is_domain(domain)
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

/// Labels of letters, digits and inner hyphens, two at least, the last of which is no number, as in addresses.
pub(super) fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(is_label)
        && last.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !last.starts_with("0x")
}

/// A path segment that stays where it is, read once and with its percent signs undone.
fn is_segment(text: &str) -> bool {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
                match (digit(), digit()) {
                    (Some(high), Some(low)) => plain.push((high << 4 | low) as u8),
                    _ => return false,
                }
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => plain.push(byte),
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b'@' => {
                plain.push(byte);
            }
            _ => return false,
        }
    }
    let leaves = plain == b"." || plain == b".." || plain.iter().any(|byte| matches!(byte, b'/' | b'\\' | 0..0x20));
    !plain.is_empty() && !leaves
}

/// A name as a path segment: what may not stand there is written as percent and two digits.
///
/// # Source
/// RFC 3986, sections 2.1 and 2.3.
pub(crate) fn segment(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
