/// The longest name, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 128;

/// What to do about a name that is none.
pub(crate) const REMEDY: &str = "a name is 1 to 128 characters of a-z, A-Z, 0-9, '-', '_', '.', ':', '/' and '*'";

/// Whether a text can name a member, a policy, a schema and the like: nothing that a terminal or a path would take otherwise.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/*".contains(&byte);
    !text.is_empty() && text.len() <= NAME_BYTES_MAX && text.bytes().all(fits)
}
