use std::borrow::Cow;

/// Text that commands no terminal: whatever is printed may quote a stranger's file, and an escape sequence in it could hide or fake lines.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let commands = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.contains(commands) { text.replace(commands, "\u{fffd}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_commands_is_replaced() {
        assert_eq!(printable("a\tb\nµ"), "a\tb\nµ");
        assert_eq!(printable("\u{1b}[31m\u{9b}\r"), "\u{fffd}[31m\u{fffd}\u{fffd}");
    }
}
