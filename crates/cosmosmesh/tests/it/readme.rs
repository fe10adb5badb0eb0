use crate::command::run;

/// What a text says without its figures: every word with a digit is `#`, every rule is `-`, columns have no width.
fn skeleton(text: &str) -> Vec<String> {
    let word = |word: &str| {
        if word.contains(|c: char| c.is_ascii_digit()) {
            "#".to_owned()
        } else if word.chars().all(|c| c == '-') {
            "-".to_owned()
        } else {
            word.to_owned()
        }
    };
    text.lines().map(|line| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")).collect()
}

/// The first thing a reader tries prints what the README shows; figures may differ with the machine's arithmetic.
#[test]
fn the_output_in_the_readme_is_real() {
    let readme = include_str!("../../../../README.md");
    let shown = readme.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let run = run(&["simulate", "jezero-base"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let (shown, printed) = (skeleton(shown.trim_end()), skeleton(run.stdout.trim_end()));
    let first = shown.iter().zip(&printed).find(|(shown, printed)| shown != printed);
    assert!(first.is_none(), "the README shows another line, paste the new output there: {first:?}");
    assert_eq!(shown.len(), printed.len(), "the README shows more or fewer lines, paste the new output there");
}
