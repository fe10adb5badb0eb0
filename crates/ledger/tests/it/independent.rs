//! What we wrote, checked by programs of others in another language: PyPI's `pymerkle` and `cryptography`.

#![allow(clippy::print_stdout, reason = "a test that is skipped says why")]

use std::io::Write;
use std::process::{Command, Stdio};

use crate::house::{entries, log, policy};

/// The interpreter: `COSMOSMESH_PYTHON` or `python3`; nothing, with the reason printed, if it has not the module.
pub(crate) fn python(module: &str) -> Option<String> {
    let python = std::env::var("COSMOSMESH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", &format!("import {module}")]).output();
    match found {
        Ok(output) if output.status.success() => Some(python),
        Ok(_) => {
            println!(
                "skipped: {python} has no module {module}; `pip install {module}` or name another in COSMOSMESH_PYTHON"
            );
            None
        }
        Err(error) => {
            println!("skipped: {python} does not start: {error}");
            None
        }
    }
}

/// Runs a script of tests/python on a JSON document; returns what it printed, or what it complained of.
pub(crate) fn run(python: &str, script: &str, input: &serde_json::Value) -> Result<String, String> {
    let script = format!("{}/tests/python/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[test]
fn pymerkle_has_the_same_tree_and_accepts_our_proofs() {
    let Some(python) = python("pymerkle") else { return };
    let (log, _) = log(37);
    let entries: Vec<String> = entries(37).iter().map(|entry| String::from_utf8(entry.clone()).unwrap()).collect();
    let tree = log.tree();
    let hex =
        |hashes: Vec<cosmosmesh_contracts::key::Digest>| hashes.iter().map(ToString::to_string).collect::<Vec<_>>();
    let roots: Vec<String> = (1..=37).map(|size| tree.root_at(size).unwrap().to_string()).collect();
    let inclusion: Vec<_> = (0..37).map(|index| hex(tree.inclusion(index, 37).unwrap())).collect();
    let document = serde_json::json!({
        "entries": entries, "roots": roots, "inclusion": inclusion
    });
    assert_eq!(run(&python, "merkle.py", &document), Ok("37 roots, 37 inclusions, 36 growths".to_owned()));
    let mut spoilt = document.clone();
    spoilt["inclusion"][5][0] = serde_json::json!("00".repeat(32));
    let refused = run(&python, "merkle.py", &spoilt);
    assert!(refused.as_ref().is_err_and(|error| error.contains("inclusion of 5")), "{refused:?}");
}

#[test]
fn another_ed25519_accepts_our_checkpoint() {
    let Some(python) = python("cryptography") else { return };
    let (log, _) = log(37);
    let mut note = log.checkpoint_note().unwrap().clone();
    note.cosign("w2", crate::house::NOW, &crate::house::signer(2)).unwrap();
    let policy = policy();
    let keys = [policy.keys[0].to_string(), policy.witnesses[0].to_string()];
    let document = |note: String| serde_json::json!({ "note": note, "keys": keys });
    assert_eq!(run(&python, "note.py", &document(note.to_string())), Ok("2 signatures".to_owned()));
    let spoilt = note.to_string().replace("\n37\n", "\n38\n");
    assert!(run(&python, "note.py", &document(spoilt)).is_err());
}
