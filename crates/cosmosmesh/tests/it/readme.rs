use crate::command::{Run, binary, run, scratch};

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

/// A new user types what docs/catopt.md shows and sees what it shows, to the letter; other programs than ours are not run here.
#[test]
fn the_page_on_catopt_is_real() {
    let page = include_str!("../../../../docs/catopt.md");
    let folder = scratch("page-on-catopt");
    std::fs::create_dir_all(&folder).unwrap();
    let blocks: Vec<&str> =
        page.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap().1).collect();
    let starts = |with: &str| *blocks.iter().find(|block| block.starts_with(with)).unwrap();
    let answer = starts("kind,name,value,dual");
    for (name, text) in [
        ("bus.json", starts("{\"format\"")),
        ("bus.csv", answer),
        ("apart.csv", &answer.replace("rover.drive,1.5", "rover.drive,2")),
        ("family-a.json", include_str!("../../../catopt-bridge/tests/data/family-a.json")),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let mut commands = 0;
    for block in &blocks {
        let Some((command, shown)) = block.strip_prefix("$ cosmosmesh ").and_then(|rest| rest.split_once('\n')) else {
            continue;
        };
        let found = Run::of(binary().current_dir(&folder).args(command.split_whitespace()).output().unwrap());
        assert_eq!((found.stdout + &found.stderr).trim(), shown.trim(), "{command}");
        commands += 1;
    }
    assert!(commands >= 8, "{commands} commands");
    std::fs::write(folder.join("bus.solution.json"), starts("{\"format\": \"cosmosmesh.solution/1\"")).unwrap();
    let certified = |answer: &str| {
        let arguments = ["catopt", "certify", "bus.json", answer];
        Run::of(binary().current_dir(&folder).args(arguments).output().unwrap()).stdout
    };
    assert!(certified("bus.csv").starts_with("feasible and optimal"));
    assert_eq!(certified("bus.solution.json"), certified("bus.csv"));
    // What the page says of the native form, line by line.
    let written = std::fs::read_to_string(folder.join("bus.catopt.json")).unwrap();
    let native = starts("{\"format\":\"cosmosmesh.catopt/1\"");
    assert!(native.lines().all(|line| line == "..." || written.contains(line)), "{written}");
}
