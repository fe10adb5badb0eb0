//! Every class of bad input: a named error with place and remedy, exit code 64, no panic, bounded memory.

use serde_json::{Value, json};

use crate::command::{Run, binary, run, tiny, written};

/// Both verbs that read a fleet refuse `text`, naming `place` and `remedy`.
fn check_text(name: &str, text: &str, place: &str, remedy: &str) {
    let path = written(&format!("bad-{name}.json"), text);
    for verb in ["solve", "validate"] {
        let run = run(&[verb, &path]);
        assert_eq!(run.code, 64, "{verb} {name}: {}{}", run.stdout, run.stderr);
        assert_eq!(run.stdout, "", "{verb} {name}");
        assert_eq!(run.stderr.lines().count(), 1, "{verb} {name}: one line, not\n{}", run.stderr);
        for part in [path.as_str(), place, remedy] {
            assert!(run.stderr.contains(part), "{verb} {name}: no `{part}` in\n{}", run.stderr);
        }
    }
}

/// The tiny fleet with one change.
fn check(name: &str, change: impl Fn(&mut Value), place: &str, remedy: &str) {
    let mut fleet = tiny();
    change(&mut fleet);
    check_text(name, &fleet.to_string(), place, remedy);
}

#[test]
fn numbers_that_are_none() {
    let spelled = |word: &str| tiny().to_string().replace("\"q\":[-2.0,0.0]", &format!("\"q\":[{word},0.0]"));
    for (name, word, remedy) in [
        ("nan", "NaN", "neither NaN nor infinity"),
        ("infinity", "Infinity", "neither NaN nor infinity"),
        ("minus-infinity", "-Infinity", "neither NaN nor infinity"),
        ("overflow", "1e999", "overflows"),
    ] {
        assert!(spelled(word).contains(word));
        check_text(name, &spelled(word), "agents[0].objective.q", remedy);
    }
    check(
        "null",
        |fleet| fleet["agents"][0]["objective"]["q"][0] = json!(null),
        "agents[0].objective.q",
        "correct the value",
    );
    check("text", |fleet| fleet["coupling"]["upper"][0] = json!("3"), "coupling.upper", "correct the value");
}

#[test]
fn lists_of_the_wrong_length() {
    check(
        "q-short",
        |fleet| fleet["agents"][1]["objective"]["q"] = json!([1.0]),
        "agents[1].objective.q",
        "make the lists agree",
    );
    check("upper-short", |fleet| fleet["coupling"]["upper"] = json!([]), "coupling.upper", "make the lists agree");
    check(
        "names-long",
        |fleet| fleet["coupling"]["names"] = json!(["bus", "more"]),
        "coupling.names",
        "make the lists agree",
    );
}

#[test]
fn entries_given_twice() {
    check(
        "entry-twice",
        |fleet| fleet["agents"][2]["rows"]["A"] = json!([[0, 0, 1.0], [0, 0, 2.0]]),
        "agents[2].rows.A[1]",
        "add the values up or remove one",
    );
    check("id-twice", |fleet| fleet["agents"][2]["id"] = json!("rover"), "agents[2].id", "rename one");
    let twice = tiny().to_string().replacen("\"name\":", "\"name\":\"again\",\"name\":", 1);
    check_text("key-twice", &twice, "duplicate field", "keep one");
}

#[test]
fn a_cost_that_is_not_convex() {
    let p = |entries: Value| move |fleet: &mut Value| fleet["agents"][0]["objective"]["P"] = entries.clone();
    check("diagonal", p(json!([[0, 0, -1.0]])), "agents[0].objective.P", "convex");
    check("indefinite", p(json!([[0, 0, 1.0], [0, 1, 2.0], [1, 1, 1.0]])), "agents[0].objective.P", "convex");
    check("lower-triangle", p(json!([[1, 0, 0.1]])), "agents[0].objective.P", "upper triangle");
}

#[test]
fn a_fleet_that_is_none() {
    check("empty", |fleet| fleet["agents"] = json!([]), "agents", "add at least one");
    check(
        "no-variable",
        |fleet| {
            fleet["agents"][0]["variables"] = json!({ "names": [], "lower": [], "upper": [] });
            fleet["agents"][0]["objective"] = json!({ "P": [], "q": [], "c": 0.0 });
            fleet["agents"][0]["rows"] = json!({ "names": [], "A": [], "lower": [], "upper": [] });
            fleet["agents"][0]["coupling"] = json!([]);
        },
        "agents[0]",
        "remove it or give it one",
    );
    check(
        "untouched",
        |fleet| (0..3).for_each(|k| fleet["agents"][k]["coupling"] = json!([])),
        "`bus`",
        "remove the row or add its coefficients",
    );
    check("format", |fleet| fleet["format"] = json!("cosmosmesh.fleet/9"), "format", "cosmosmesh.fleet/1");
    check("unknown-key", |fleet| fleet["colour"] = json!("red"), "colour", "remove it or correct its name");
}

#[test]
fn bounds_that_cross() {
    check("fleet-cross", |fleet| fleet["coupling"]["lower"] = json!([4.0]), "coupling", "swap or correct them");
    check(
        "own-cross",
        |fleet| fleet["agents"][1]["variables"]["lower"] = json!([6.0, 0.0]),
        "agents[1].variables",
        "swap or correct them",
    );
}

#[test]
fn an_index_out_of_all_proportion() {
    let index: u64 = 100_000_000_000;
    check(
        "index-A",
        |fleet| fleet["agents"][0]["rows"]["A"] = json!([[index, 0, 1.0]]),
        "agents[0].rows.A[0]",
        "indices count from zero",
    );
    check(
        "index-G",
        |fleet| fleet["agents"][0]["coupling"] = json!([[0, index, 1.0]]),
        "agents[0].coupling[0]",
        "indices count from zero",
    );
    check(
        "index-integer",
        |fleet| fleet["agents"][0]["integer"] = json!([index]),
        "agents[0].integer[0]",
        "indices count from zero",
    );
    check(
        "index-negative",
        |fleet| fleet["agents"][0]["coupling"] = json!([[0, -1, 1.0]]),
        "agents[0].coupling[0]",
        "correct the value",
    );
}

#[test]
fn text_that_is_not_a_fleet() {
    for (name, text) in [("nothing", ""), ("prose", "once upon a time"), ("list", "[]"), ("binary", "\u{0}\u{1}")] {
        check_text(name, text, "line 1", ";");
    }
    let whole = tiny().to_string();
    check_text("cut", &whole[..whole.len() / 2], "line 1", "was the file cut off?");
    check_text("deep", &"[".repeat(100_000), "line 1", ";");
}

#[test]
fn paths_that_are_no_files() {
    let folder = env!("CARGO_MANIFEST_DIR");
    for (path, part) in [("/nowhere/fleet.json", "check the path"), (folder, "is a directory")] {
        let run = run(&["solve", path]);
        assert_eq!(run.code, 64);
        assert!(run.stderr.contains(path) && run.stderr.contains(part), "{}", run.stderr);
    }
    let tiny = written("bad-out.json", &tiny().to_string());
    let run = run(&["solve", &tiny, "--out", "/nowhere/result.json"]);
    assert_eq!(run.code, 64);
    assert!(run.stderr.contains("/nowhere") && run.stderr.contains("create it first"), "{}", run.stderr);
}

/// A small file that claims a gigabyte is refused within 400 MB of address space.
#[cfg(target_os = "linux")]
#[test]
fn memory_follows_the_file_and_not_its_claims() {
    let mut fleet = tiny();
    fleet["agents"][0]["coupling"] = json!([[0, 1_000_000_000_u64, 1.0]]);
    fleet["agents"][0]["integer"] = json!([999_999_999_u64]);
    let path = written("bad-claim.json", &fleet.to_string());
    let program = binary().get_program().to_owned();
    let shell = "ulimit -v 400000 && exec \"$0\" solve \"$1\"";
    let output = std::process::Command::new("sh").arg("-c").arg(shell).arg(program).arg(&path).output().unwrap();
    let run = Run::of(output);
    assert_eq!(run.code, 64, "{}", run.stderr);
    assert!(run.stderr.contains("agents[0].coupling[0]"), "{}", run.stderr);
}

/// An endless file ends the read, not the machine: refused by size before it is read.
#[cfg(target_os = "linux")]
#[test]
fn a_file_above_two_gibibytes_is_not_read() {
    let path = crate::command::scratch("bad-sparse.json");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len((1 << 31) + 1).unwrap();
    let run = run(&["validate", path.to_str().unwrap()]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(run.code, 64);
    assert!(run.stderr.contains("larger than 2147483648 bytes"), "{}", run.stderr);
}
