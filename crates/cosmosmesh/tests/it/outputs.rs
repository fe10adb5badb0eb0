//! What is written is whole or not there, whatever happens in between, and what was there before stays.

use std::fs;
use std::path::Path;

use crate::command::{Run, binary, run, tiny, written};
use crate::govern::{PASSPHRASE, Place};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Runs with a limit of `blocks` on the size of every written file, as on a disk that is full.
#[cfg(target_os = "linux")]
fn cramped(blocks: u32, arguments: &[&str]) -> Run {
    let program = binary().get_program().to_owned();
    let shell = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    Run::of(std::process::Command::new("sh").arg("-c").arg(shell).arg(program).args(arguments).output().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_what_was_there() {
    let folder = Place::new("out-full").0;
    let fleet = written("out-full.json", &tiny().to_string());
    let out = folder.join("out");
    let out = out.to_str().unwrap();
    let export = |format| vec!["catopt", "export", &fleet, "--include-private", "--format", format];
    for (verb, arguments) in [
        ("solve", vec!["solve", &fleet]),
        ("mps", export("mps")),
        ("mof", export("mof")),
        ("catopt", export("catopt")),
        ("redact", vec!["catopt", "redact", &fleet]),
        ("marginalise", vec!["catopt", "marginalise", &fleet, "--include-private"]),
    ] {
        let arguments: Vec<&str> = arguments.into_iter().chain(["--out", out]).collect();
        for before in [None, Some("before")] {
            let _ = fs::remove_file(out);
            before.into_iter().for_each(|text| fs::write(out, text).unwrap());
            let run = cramped(0, &arguments);
            assert_eq!(run.code, 74, "{verb}: {}{}", run.stdout, run.stderr);
            assert!(run.stderr.contains(out) && run.stderr.contains("make room"), "{verb}: {}", run.stderr);
            assert_eq!(fs::read_to_string(out).ok().as_deref(), before, "{verb}");
            assert_eq!(names(&folder).len(), usize::from(before.is_some()), "{verb}: {:?}", names(&folder));
        }
        // With room again it is written, whatever was there.
        assert_eq!(run(&arguments).code, 0, "{verb}");
        assert!(fs::metadata(out).unwrap().len() > 100, "{verb}");
        names(&folder).iter().for_each(|name| fs::remove_file(folder.join(name)).unwrap());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_may_go_where_no_file_is() {
    let fleet = written("out-pipe.json", &tiny().to_string());
    let run = run(&["solve", &fleet, "--out", "/dev/stdout", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.stdout.matches("cosmosmesh.result/1").count(), 2);
}

#[test]
fn a_refused_problem_leaves_no_folder() {
    let folder = Place::new("out-refused").0;
    let report = folder.join("report");
    let report = report.to_str().unwrap();
    let fleet = written("out-refused.json", "{}");
    let scenario = written("out-refused.toml", "name =");
    for arguments in [["solve", &fleet, "--report", report], ["simulate", &scenario, "--report", report]] {
        let run = run(&arguments);
        assert_eq!(run.code, 64, "{}", run.stderr);
        assert_eq!(names(&folder), [""; 0], "{arguments:?}");
    }
}

#[test]
fn a_key_is_never_overwritten_by_a_public_half() {
    let place = Place::new("out-keys");
    let refused = place.with(PASSPHRASE, "keygen --out rover.pub");
    assert_eq!(refused.code, 64, "{}", refused.stderr);
    assert!(refused.stderr.contains("let the key's name end in .key"), "{}", refused.stderr);
    assert_eq!(names(&place.0), [""; 0]);

    place.keyed("keygen --out rover.key");
    let public = fs::read(place.path("rover.pub")).unwrap();
    let refused = place.with(PASSPHRASE, "keygen --out rover.pem");
    assert_eq!(refused.code, 64, "{}", refused.stderr);
    assert!(refused.stderr.contains("another key's public half"), "{}", refused.stderr);
    assert_eq!(names(&place.0), ["rover.key", "rover.pub"]);
    assert_eq!(fs::read(place.path("rover.pub")).unwrap(), public);
}

/// Of two that make the same key at once, one makes it and the other is told.
#[test]
fn two_at_once_make_one_key() {
    let place = Place::new("out-two");
    let codes: Vec<i32> = std::thread::scope(|scope| {
        let both: Vec<_> =
            (0..2).map(|_| scope.spawn(|| place.with(PASSPHRASE, "keygen --out rover.key").code)).collect();
        both.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| [0, 64].contains(code)), "{codes:?}");
    assert_eq!(names(&place.0), ["rover.key", "rover.pub"]);
    // The public half is that of the key.
    let shown = place.done("identity show rover.pub --json").json();
    place.keyed("keygen --out next.key");
    place.keyed("identity begin rover --key rover.key --next-key next.pub --domain ares.example --out chain.jsonl");
    let chain = fs::read_to_string(place.path("chain.jsonl")).unwrap();
    let key = shown["did"].as_str().unwrap().trim_start_matches("did:key:");
    assert!(chain.contains(key), "{key} is not in {chain}");
}

/// An auditor's copy may lie on a medium that cannot be written to, and evidence is not touched.
#[test]
fn a_log_is_read_without_being_written_to() {
    let place = Place::new("out-readers");
    place.found();
    place.admit();
    let stamp = |name: &str| fs::metadata(place.path(name)).unwrap().modified().unwrap();
    let before = (stamp("ares.log"), stamp("."), names(&place.0));
    for words in [
        "ledger show --ledger ares.log",
        "ledger verify --ledger ares.log",
        "govern status --ledger ares.log",
        "identity show rover-1 --ledger ares.log",
    ] {
        place.done(words);
        assert_eq!((stamp("ares.log"), stamp("."), names(&place.0)), before, "{words}");
    }
    place.done("ledger prove 1 --ledger ares.log --out e.proof");
    assert_eq!(stamp("ares.log"), before.0);
    // What is no log is bad input for a reader, and is not touched by a writer.
    fs::write(place.path("no.log"), "something else").unwrap();
    for words in [
        "ledger show --ledger no.log",
        "ledger show --ledger nowhere",
        "ledger show --ledger .",
        "ledger show --ledger ares.log --entry 18446744073709551615",
        "sync inspect ares.log",
    ] {
        let run = place.plain(words);
        assert_eq!(run.code, 64, "{words}: {}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    }
    for ledger in ["no.log", ".", "nowhere/new.log"] {
        let words = format!("ledger append found.dsse --ledger {ledger} --origin example.org/x --key log.key");
        let run = place.with(PASSPHRASE, &words);
        assert_eq!(run.code, 64, "{words}: {}", run.stderr);
    }
    assert_eq!(fs::read(place.path("no.log")).unwrap(), b"something else");
}

#[test]
fn a_file_commands_no_terminal() {
    let policy = written("out-escape.json", "{\"\\u001b[31mred\": 1}");
    let refused = run(&["policy", "check", "asset", "publish:telemetry", "own", "--file", &policy]);
    assert_eq!(refused.code, 64);
    assert!(refused.stderr.contains("red") && !refused.stderr.contains('\u{1b}'), "{}", refused.stderr);
    // Names that are good ones for a solver.
    let mut fleet = tiny();
    fleet["name"] = "\u{1b}[2Jfleet".into();
    fleet["coupling"]["names"][0] = "\u{1b}[2Jbus".into();
    let fleet = written("out-escape.fleet.json", &fleet.to_string());
    for verb in ["validate", "solve"] {
        let run = run(&[verb, &fleet]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stdout.contains("fleet") && !run.stdout.contains('\u{1b}'), "{}", run.stdout);
        assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
    }
}

/// A judge's tolerance is a number, and a small one.
#[test]
fn no_judge_is_content_with_everything() {
    let fleet = written("out-judge.json", &tiny().to_string());
    let result = crate::command::scratch("out-judge.result.json");
    let result = result.to_str().unwrap();
    assert_eq!(run(&["solve", &fleet, "--out", result]).code, 0);
    for verb in ["certify", "explain"] {
        for tolerance in ["NaN", "inf", "1", "-1", "1e999"] {
            let run = run(&["catopt", verb, &fleet, result, &format!("--tolerance={tolerance}")]);
            assert_eq!(run.code, 64, "{verb} {tolerance}: {}", run.stdout);
            assert!(run.stderr.contains("between 0 and 0.5"), "{}", run.stderr);
        }
    }
}
