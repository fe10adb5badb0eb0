use crate::command::run;

fn help(arguments: &[&str]) -> String {
    let run = run(arguments);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    run.stdout
}

#[test]
fn help_of_the_command() {
    insta::assert_snapshot!(help(&["--help"]));
}

#[test]
fn help_of_solve() {
    insta::assert_snapshot!(help(&["solve", "--help"]));
}

#[test]
fn help_of_validate() {
    insta::assert_snapshot!(help(&["validate", "--help"]));
}

#[test]
fn help_of_simulate() {
    insta::assert_snapshot!(help(&["simulate", "--help"]));
}

#[test]
fn help_of_variants() {
    insta::assert_snapshot!(help(&["variants", "--help"]));
}

#[test]
fn help_of_sync() {
    for verb in ["inspect", "diff", "replay", "prune"] {
        let text = help(&["sync", verb, "--help"]);
        assert!(text.contains("Examples:") && text.contains("Exit codes:") && text.contains("--json"), "{text}");
    }
}

#[test]
fn variants_name_their_default_once() {
    let variants = run(&["variants", "--json"]).json();
    let variants = variants.as_array().unwrap();
    assert!(variants.iter().any(|variant| variant["name"] == "admm"), "{variants:?}");
    assert_eq!(variants.iter().filter(|variant| variant["default"] == true).count(), 1);
    let table = run(&["variants"]).stdout;
    for variant in variants {
        let line = table.lines().find(|line| line.split(' ').next() == variant["name"].as_str());
        assert!(line.is_some_and(|line| line.contains(variant["summary"].as_str().unwrap())), "{table}");
    }
}

#[test]
fn a_wrong_command_line_is_bad_input() {
    for arguments in [
        &["frobnicate"][..],
        &[],
        &["solve"],
        &["solve", "x.json", "--variant", "simplex"],
        &["solve", "x.json", "--tolerance", "0"],
        &["solve", "x.json", "--tolerance", "nan"],
        &["solve", "x.json", "--rounds-max", "0"],
        &["solve", "x.json", "--cost-scale", "-1"],
        &["solve", "x.json", "--link", "40min"],
        &["simulate"],
        &["sync"],
        &["sync", "diff", "a.db"],
        &["sync", "replay", "a.db", "--as-of", "noon"],
        &["simulate", "jezero-base", "--seed", "one"],
    ] {
        let run = run(arguments);
        assert_eq!(run.code, 64, "{arguments:?}: {}", run.stderr);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{arguments:?}");
    }
}
