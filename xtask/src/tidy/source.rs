use super::File;

/// Names that say nothing about what is inside.
const NAMES_FORBIDDEN: [&str; 9] =
    ["common", "helper", "helpers", "manager", "managers", "misc", "util", "utils", "utilities"];
/// Past this many lines a file explains itself.
const LINES_MAX: usize = 1000;
/// With which words it does.
const EXCUSE: &str = "one file because";

/// Rules for one file of Rust.
pub(crate) fn check(file: &File) -> Vec<String> {
    let mut findings = Vec::new();
    if !file.path.ends_with(".rs") {
        return findings;
    }
    for part in file.path.trim_end_matches(".rs").split('/') {
        if NAMES_FORBIDDEN.contains(&part) {
            findings.push(format!("{}: `{part}` says nothing; name the noun that is inside", file.path));
        }
    }
    let lines = file.text.lines().count();
    if lines > LINES_MAX && !head(&file.text).contains(EXCUSE) {
        findings.push(format!("{}: has {lines} lines; split it, or start it with `//! ... {EXCUSE} ...`", file.path));
    }
    let product = file.path.contains("/src/");
    for (number, line) in file.text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let mut find = |what: &str| findings.push(format!("{}:{}: {what}", file.path, number + 1));
        if breaks_bincode(&file.path, code) {
            find("bincode is spoken in contracts' wire.rs only; call its encode and decode");
        }
        if code.trim_start().starts_with("#[ignore") {
            find("a test is ignored; assert today's answer and say why it is wrong");
        }
        if product && code.trim_start().starts_with("#![allow(") && code == line && !code.contains("reason") {
            find("a lint is switched off for a whole module without a reason");
        }
    }
    findings
}

fn head(text: &str) -> String {
    text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join(" ")
}

/// Within contracts a type may derive or implement the traits where it stands; encoding and decoding happen in wire.rs, or in modules below it.
fn breaks_bincode(path: &str, code: &str) -> bool {
    if !path.starts_with("crates/") || !code.contains("bincode") {
        return false;
    }
    let contracts = path.starts_with("crates/contracts/src/");
    if contracts && (path == "crates/contracts/src/wire.rs" || path.starts_with("crates/contracts/src/wire/")) {
        return false;
    }
    let speaks =
        ["bincode::encode_", "bincode::decode_", "bincode::borrow_decode_", "bincode::config", "use bincode::{"];
    !contracts || speaks.iter().any(|call| code.contains(call))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_one(path: &str, text: &str, expected: &str) {
        let findings = check(&File { path: path.into(), text: text.into() });
        assert_eq!(findings.len(), usize::from(!expected.is_empty()), "{findings:?}");
        assert!(findings.iter().all(|finding| finding.contains(expected)), "{findings:?}");
    }

    #[test]
    fn bincode_stays_in_one_place() {
        let derive = "#[cfg_attr(feature = \"wire\", derive(bincode::Encode, bincode::Decode))]";
        check_one("crates/contracts/src/plan.rs", derive, "");
        check_one("crates/contracts/src/plan.rs", "bincode::encode_to_vec(x, c)", "spoken in contracts' wire.rs only");
        check_one("crates/contracts/src/wire.rs", "bincode::encode_to_vec(x, c)", "");
        check_one("crates/contracts/src/wire/strict.rs", "bincode::encode_to_vec(x, c)", "");
        check_one("crates/simulator/src/link.rs", derive, "spoken in contracts' wire.rs only");
        check_one("crates/simulator/src/link.rs", "let x = 1; // not bincode", "");
    }

    #[test]
    fn long_files_explain_themselves() {
        let long = "let x = 1;\n".repeat(LINES_MAX + 1);
        check_one("crates/a/src/b.rs", &long, "has 1001 lines");
        check_one("crates/a/src/b.rs", &format!("//! {EXCUSE} it is a table.\n{long}"), "");
        check_one("crates/a/src/b.rs", &"let x = 1;\n".repeat(LINES_MAX), "");
    }

    #[test]
    fn empty_names_are_caught_in_files_and_folders() {
        check_one("crates/a/src/util.rs", "", "`util` says nothing");
        check_one("crates/a/src/helpers/sum.rs", "", "`helpers` says nothing");
        check_one("crates/a/src/utility_function.rs", "", "");
    }

    #[test]
    fn switched_off_tests_and_lints_are_caught() {
        check_one("crates/a/tests/it/x.rs", "    #[ignore = \"slow\"]\n", "a test is ignored");
        check_one("crates/a/src/lib.rs", "#![allow(dead_code)]\n", "without a reason");
        check_one("crates/a/src/lib.rs", "#![allow(dead_code, reason = \"because\")]\n", "");
        check_one("crates/a/src/lib.rs", "#![allow(dead_code)] // Because.\n", "");
        check_one("crates/a/benches/x.rs", "#![allow(missing_docs)]\n", "");
    }
}
