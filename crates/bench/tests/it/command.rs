use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cosmosmesh-bench")).args(arguments).output().unwrap()
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_generated_problem_is_solved_centrally() {
    let path = folder("command").join("strong-3-12-4.json");
    let made = bench(&[
        "generate",
        "--family",
        "strong",
        "--assets",
        "3",
        "--coupling",
        "12",
        "--seed",
        "4",
        "--out",
        text(&path),
    ]);
    assert!(made.status.success(), "{made:?}");
    let solved = bench(&["central", text(&path)]);
    let report: serde_json::Value = serde_json::from_slice(&solved.stdout).unwrap();
    assert_eq!(report["problem"], "strong-3-12-4");
    assert_eq!(report["status"], "Optimal");
    assert_eq!(report["agents"].as_array().unwrap().len(), 3);
}

#[test]
fn bad_input_is_named_and_exits_64() {
    for (arguments, expected) in [
        (vec!["central", "nowhere.json"], "nowhere.json: "),
        (
            vec!["generate", "--family", "strong", "--assets", "0", "--coupling", "12", "--out", "x"],
            "0 assets; ask for",
        ),
    ] {
        let output = bench(&arguments);
        assert_eq!(output.status.code(), Some(64), "{output:?}");
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(words.contains(expected), "{words}");
    }
}
