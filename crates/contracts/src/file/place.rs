//! Where in a document a position of its text lies. Runs only after a refusal, over text that is valid up to there.

use super::error::printable;

/// Bytes before the position: lines count from 1, columns count bytes.
pub(super) fn offset_of(text: &[u8], line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match text[start..].iter().position(|&byte| byte == b'\n') {
            Some(length) => start += length + 1,
            None => break,
        }
    }
    start.saturating_add(column).min(text.len())
}

enum Step {
    Key(Option<String>),
    Index(usize),
}

/// The path to the value that the first `offset` bytes end in or just after.
pub(super) fn place_at(text: &[u8], offset: usize) -> String {
    let text = &text[..offset];
    let mut steps: Vec<Step> = Vec::new();
    let mut key_is_next = false;
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'{' => {
                steps.push(Step::Key(None));
                key_is_next = true;
            }
            b'[' => {
                steps.push(Step::Index(0));
                key_is_next = false;
            }
            b'}' | b']' => {
                steps.pop();
                key_is_next = false;
            }
            b',' => match steps.last_mut() {
                Some(Step::Index(index)) => *index += 1,
                Some(Step::Key(key)) => {
                    *key = None;
                    key_is_next = true;
                }
                None => {}
            },
            b'"' => {
                let end = string_end(text, at + 1);
                if let (true, Some(Step::Key(key))) = (key_is_next, steps.last_mut()) {
                    *key = Some(key_text(&text[at + 1..end]));
                    key_is_next = false;
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    let mut place = String::new();
    for step in &steps {
        match step {
            Step::Key(Some(key)) if place.is_empty() => place.push_str(key),
            Step::Key(Some(key)) => place.extend([".", key]),
            Step::Key(None) => {}
            Step::Index(index) => place.push_str(&format!("[{index}]")),
        }
    }
    place
}

/// Where the string that begins at `at` has its closing quote, or the end of the text.
fn string_end(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at.min(text.len())
}

fn key_text(bytes: &[u8]) -> String {
    const BYTES_MAX: usize = 64;
    let cut = &bytes[..bytes.len().min(BYTES_MAX)];
    let mut key = printable(&String::from_utf8_lossy(cut));
    if cut.len() < bytes.len() {
        key.push_str("...");
    }
    key
}

/// The bare word or number around the position, at most 32 characters to either side; empty between tokens.
pub(super) fn token_at(text: &[u8], offset: usize) -> String {
    const REACH: usize = 32;
    let in_token = |&&byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_');
    let before = text[..offset].iter().rev().take(REACH).take_while(in_token).count();
    let after = text[offset..].iter().take(REACH).take_while(in_token).count();
    String::from_utf8_lossy(&text[offset - before..offset + after]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_of_every_kind_of_position() {
        let check = |text: &str, expected: &str| assert_eq!(place_at(text.as_bytes(), text.len()), expected, "{text}");
        check("", "");
        check("{", "");
        check(r#"{"a""#, "a");
        check(r#"{"a": 1"#, "a");
        check(r#"{"a": 1,"#, "");
        check(r#"{"a": {"b": [[0, 1], [2"#, "a.b[1][0]");
        check(r#"{"a": {"b": [[0, 1], [2]"#, "a.b[1]");
        check(r#"{"a": {"b": [[0, 1], [2]]}"#, "a");
        check(r#"{"x\"{": [3, "[", "}\\", 7"#, r#"x\"{[3]"#);
        check(r#"[[], {}, {"k": tru"#, "[2].k");
        check(r#"}]],""#, "");
    }

    #[test]
    fn token_around_a_position() {
        let text = b"[1, -Infinity, 2]";
        for offset in 4..=13 {
            assert_eq!(token_at(text, offset), "-Infinity", "{offset}");
        }
        assert_eq!((token_at(text, 3), token_at(text, 17)), (String::new(), String::new()));
    }

    #[test]
    fn offset_of_line_and_column() {
        assert_eq!(offset_of(b"ab\ncd\n", 2, 1), 4);
        assert_eq!(offset_of(b"ab\ncd", 9, 9), 5);
        assert_eq!(offset_of(b"", 1, usize::MAX), 0);
    }
}
