use super::File;

/// Which files hold text that a stranger reads.
const ENDINGS: [&str; 5] = [".md", ".toml", ".yml", ".rs", ".json"];

/// Rules for text: no path that exists on one machine only.
pub(crate) fn check(file: &File) -> Vec<String> {
    let read_by_strangers = ENDINGS.iter().any(|ending| file.path.ends_with(ending)) || file.path.starts_with(".ci/");
    if !read_by_strangers {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        if let Some(path) = machine_paths().into_iter().find(|path| mentions(line, path)) {
            findings.push(format!("{}:{}: `{path}` exists on one machine only", file.path, number + 1));
        }
    }
    findings
}

/// The starts of such paths, put together here so that this file does not find itself.
fn machine_paths() -> [String; 5] {
    ["work", "tmp", "root", "home", "Users"].map(|name| format!("/{name}/"))
}

/// Whether a path starts with `start`, rather than having it in its middle as `crates/tmp/` has.
fn mentions(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-/~}>)".contains(c))
    }) || line.contains(&format!("..{}", "/shared"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> usize {
        check(&File { path: path.into(), text: text.into() }).len()
    }

    #[test]
    fn machine_paths_are_caught_where_people_read() {
        let path = format!("see `/{}/main`", "work");
        assert_eq!(findings("docs/a.md", &path), 1);
        assert_eq!(findings("crates/a/src/b.rs", &path), 1);
        assert_eq!(findings("a.png", &path), 0);
        assert_eq!(findings("docs/a.md", &format!("as in ..{}/design", "/shared")), 1);
    }

    #[test]
    fn relative_paths_and_addresses_are_not() {
        assert_eq!(findings("docs/a.md", &format!("crates/{}/x and https://example.org/{}/x", "work", "home")), 0);
    }
}
