//! An identity through its keys: begun, rotated in its chain and in the log, ended, by running the binary.

use serde_json::json;

use crate::command::run;
use crate::govern::{PASSPHRASE, Place};

#[test]
fn an_identity_rotates_in_its_chain_and_in_the_log() {
    let place = Place::new("identity");
    place.found();
    place.admit();
    place.keys(&["rover2", "rover3", "thief"]);
    let begin = "identity begin rover-1 --key rover.key --next-key rover2.pub --domain ares.example --out rover.jsonl";
    let begun = place.keyed(&format!("{begin} --json")).json();
    let did = begun["chain"]["did"].as_str().unwrap().to_owned();
    assert!(did.starts_with("did:webvh:Qm") && did.ends_with(":ares.example:rover-1"), "{did}");
    let again = place.with(PASSPHRASE, begin);
    assert!(again.code == 64 && again.stderr.contains("never overwritten"), "{}", again.stderr);
    let show = "identity show rover-1 --ledger ares.log --chain rover.jsonl";
    assert_eq!(place.done(&format!("{show} --json")).json()["in_step"], true);
    let said = place.done(show).stdout;
    assert!(said.contains(&did) && said.contains("have the same key"), "{said}");
    let resolve = format!("identity resolve {did} --chain rover.jsonl");
    assert_eq!(place.done(&resolve).json()["id"], did);
    let unfetched = place.plain(&format!("identity resolve {did}"));
    assert!(unfetched.code == 64 && unfetched.stderr.contains("--chain FILE"), "{}", unfetched.stderr);

    // Neither the thief of the present key nor a stranger can rotate; the chain stays as it was.
    let before = std::fs::read(place.0.join("rover.jsonl")).unwrap();
    for key in ["rover", "thief"] {
        let run = place.with(PASSPHRASE, &format!("identity rotate rover.jsonl --key {key}.key --next-key thief.pub"));
        assert!(run.code == 7 && run.stderr.lines().count() == 1, "{key}: {}", run.stderr);
    }
    assert_eq!(std::fs::read(place.0.join("rover.jsonl")).unwrap(), before);

    place.keyed(
        "identity rotate rover.jsonl --key rover2.key --next-key rover3.pub \
         --ledger ares.log --member rover-1 --statement rotate.dsse",
    );
    let behind = place.done(&format!("{show} --json")).json();
    assert_eq!(behind["in_step"], false);
    // The log wants the old key too.
    let early = place.with(PASSPHRASE, "govern apply rotate.dsse --ledger ares.log --key log.key");
    assert_eq!(early.code, 7, "{}", early.stderr);
    place.sign("rotate.dsse", &["rover"]);
    place.keyed("govern apply rotate.dsse --ledger ares.log --key log.key");
    let shown = place.done(&format!("{show} --json")).json();
    assert_eq!((&shown["in_step"], &shown["chain"]["key"]), (&json!(true), &shown["node"]));
    assert_eq!(shown["chain"]["events"].as_array().unwrap().len(), 2);
    assert_eq!(shown["chain"]["did"], did, "the name stays");
    // The log, too, is now committed to the third key.
    place.done("govern propose rotate rover-1 --to thief.pub --ledger ares.log --out theft.dsse");
    place.sign("theft.dsse", &["rover2", "thief"]);
    let theft = place.with(PASSPHRASE, "govern apply theft.dsse --ledger ares.log --key log.key");
    assert!(theft.code == 7 && theft.stderr.contains("committed itself to another next key"), "{}", theft.stderr);

    // Somebody else's chain, and one that was changed.
    place.keyed("identity begin rover-1 --key thief.key --next-key rover3.pub --domain ares.example --out thief.jsonl");
    let other = place.plain("identity show rover-1 --ledger ares.log --chain thief.jsonl");
    assert!(other.code == 8 && other.stdout.contains("contradict"), "{}{}", other.stdout, other.stderr);
    assert_eq!(place.plain(&format!("identity resolve {did} --chain thief.jsonl")).code, 8);
    let text = std::fs::read_to_string(place.0.join("rover.jsonl")).unwrap();
    std::fs::write(place.0.join("changed.jsonl"), text.replacen("assertionMethod", "assertionMethoe", 1)).unwrap();
    let changed = place.plain("identity show rover2.pub --chain changed.jsonl");
    assert!(changed.code == 8 && changed.stderr.contains("event 1:"), "{}", changed.stderr);
    std::fs::write(place.0.join("changed.jsonl"), "{}").unwrap();
    assert_eq!(place.plain("identity show rover2.pub --chain changed.jsonl").code, 64);

    let ended = place.keyed("identity deactivate rover.jsonl --key rover3.key --json").json();
    assert_eq!((&ended["chain"]["deactivated"], &ended["chain"]["key"]), (&json!(true), &json!(null)));
    assert!(place.done(show).stdout.contains("the chain has ended"));
    assert!(place.done(&resolve).json()["verificationMethod"].is_null());
    place.keys(&["rover4"]);
    let after = place.with(PASSPHRASE, "identity rotate rover.jsonl --key rover4.key --next-key thief.pub");
    assert!(after.code == 7 && after.stderr.contains("ended"), "{}", after.stderr);
}

#[test]
fn help_has_examples_and_codes() {
    for verb in ["show", "resolve", "begin", "rotate", "deactivate"] {
        let help = run(&["identity", verb, "--help"]).stdout;
        assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{verb}");
    }
}
