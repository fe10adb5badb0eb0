use super::package::{Kind, Package};

/// Every crate has the same shape: lints of the workspace, a head comment, an example, one integration binary, its place in the documents.
pub(crate) fn check<'a>(packages: &[Package], document: impl Fn(&str) -> &'a str) -> Vec<String> {
    let mut findings = Vec::new();
    for package in packages {
        let mut find = |what: String| findings.push(format!("{}: {what}", package.folder));
        if !inherits_lints(&package.manifest) {
            find("does not inherit the lints; add `[lints] workspace = true`".into());
        }
        let (kind, root) = match package.target("lib") {
            Some(target) => ("library", target),
            None => match package.target("bin") {
                Some(target) => ("command", target),
                None => continue,
            },
        };
        for finding in head(kind, document(&format!("{}/{}", package.folder, root.path))) {
            find(format!("{}: {finding}", root.path));
        }
        if kind == "library" && !package.outside && package.target("example").is_none() {
            find("has no example; a library shows how it is used alone".into());
        }
        for test in package.targets.iter().filter(|target| target.kind == "test" && target.path != "tests/it/main.rs") {
            find(format!("{} is a test binary of its own; make it a module of tests/it/main.rs", test.path));
        }
        if package.dependencies.iter().any(|found| found.kind == Kind::Build) {
            find(
                "has a build script's dependency; generated code is committed and checked by `codegen --check`".into(),
            );
        }
        let row = format!("| `{}` |", package.short_name());
        if !document("docs/crates.md").contains(&row) {
            find(format!("has no row in docs/crates.md; it starts with {row}"));
        }
        if !document("docs/architecture.md").contains(&format!("`{}`", package.short_name())) {
            find("is not mentioned in docs/architecture.md".into());
        }
    }
    findings
}

fn inherits_lints(manifest: &str) -> bool {
    let section = manifest.lines().skip_while(|line| line.trim() != "[lints]").skip(1);
    section.take_while(|line| !line.starts_with('[')).any(|line| line.replace(' ', "") == "workspace=true")
        || manifest.lines().any(|line| line.replace(' ', "") == "lints.workspace=true")
}

/// A head comment says what the crate is and what it is not; a library's shows an example that is compiled.
fn head(kind: &str, text: &str) -> Vec<&'static str> {
    let comment: String = text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n");
    let mut findings = Vec::new();
    if comment.is_empty() {
        findings.push("starts without a head comment");
        return findings;
    }
    let mut words = comment.split(|c: char| !c.is_alphanumeric());
    if !words.any(|word| ["not", "no", "nothing", "never"].contains(&word)) {
        findings.push("the head comment does not say what the crate is not");
    }
    if kind == "library" && !comment.contains("//! ```") && !comment.contains("examples/") {
        findings.push("the head comment neither shows an example nor names one in examples/");
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lints_are_found_in_both_spellings_and_nowhere_else() {
        assert!(inherits_lints("[package]\n\n[lints]\nworkspace = true\n"));
        assert!(inherits_lints("[package]\nlints.workspace = true\n"));
        assert!(!inherits_lints("[lints]\n[dependencies]\nworkspace = true\n"));
        assert!(!inherits_lints("[package]\nversion.workspace = true\n"));
    }

    #[test]
    fn heads_say_is_and_is_not_and_show_it() {
        let whole = "//! Adds.\n//!\n//! It does not subtract.\n//!\n//! ```\n//! let x = 1;\n//! ```\n\npub mod sum;";
        assert!(head("library", whole).is_empty());
        assert_eq!(head("library", "pub mod sum;"), ["starts without a head comment"]);
        assert_eq!(head("command", "//! Adds.\n"), ["the head comment does not say what the crate is not"]);
        assert_eq!(
            head("library", "//! Adds, does not subtract.\n"),
            ["the head comment neither shows an example nor names one in examples/"]
        );
        assert!(head("command", "//! Adds, does not subtract.\n").is_empty());
    }
}
