//! Certificates as their users meet them: issued, judged, revoked, renewed, by running the binary.

use std::process::Command;

use serde_json::json;

use crate::command::run;
use crate::govern::{PASSPHRASE, Place};

/// A founded fleet with rover-1, and base as its issuer.
fn fleet(name: &str) -> Place {
    let place = Place::new(name);
    place.found();
    place.admit();
    place.keys(&["issuer"]);
    give(&place, "--role asset --role planner");
    place
}

fn give(place: &Place, roles: &str) {
    place.done(&format!("govern propose roles rover-1 {roles} --ledger ares.log --out roles.dsse"));
    apply(place, "roles.dsse", &["alice", "bob"]);
}

fn apply(place: &Place, statement: &str, who: &[&str]) {
    place.sign(statement, who);
    place.keyed(&format!("govern apply {statement} --ledger ares.log --key log.key"));
}

fn approve(place: &Place) {
    place.done("govern propose issuer base --key issuer.pub --ledger ares.log --out issuer.dsse");
    apply(place, "issuer.dsse", &["alice", "carol"]);
}

const ISSUE: &str = "cert issue rover-1 --ledger ares.log --key issuer.key";
const DAY: i64 = 86_400;

#[test]
fn a_ladder_is_issued_judged_and_revoked() {
    let place = fleet("cert");
    let verify = |words: &str, code: i32, says: &str| {
        let run = place.plain(&format!("cert verify {words} --ledger ares.log"));
        assert_eq!(run.code, code, "{words}: {}{}", run.stdout, run.stderr);
        assert!(format!("{}{}", run.stdout, run.stderr).contains(says), "{words}: {}{}", run.stdout, run.stderr);
    };
    // Nobody issues without the governors, and not more than they gave.
    let refused = place.with(PASSPHRASE, &format!("{ISSUE} --out rover.certs"));
    assert!(refused.code == 7 && refused.stderr.contains("govern propose issuer"), "{}", refused.stderr);
    assert!(!place.0.join("rover.certs").exists());
    approve(&place);
    let refused = place.with(PASSPHRASE, &format!("{ISSUE} --role commander --out rover.certs"));
    assert!(refused.code == 7 && refused.stderr.contains("not as commander"), "{}", refused.stderr);

    let issued = place.keyed(&format!("{ISSUE} --out rover.certs --json")).json();
    let certificates = issued["certificates"].as_array().unwrap();
    assert_eq!((certificates.len(), &issued["domain"]), (10, &json!("example.org")));
    assert_eq!(certificates[3]["roles"], json!(["planner", "asset"]));
    for (rung, certificate) in certificates.iter().enumerate() {
        let bytes = std::fs::read(place.0.join(format!("rover.certs/{rung:02}.cwt"))).unwrap();
        assert!(bytes.len() <= 250 && certificate["token_bytes"] == bytes.len());
    }
    // A folder is never overwritten.
    let again = place.with(PASSPHRASE, &format!("{ISSUE} --out rover.certs"));
    assert!(again.code == 64 && again.stderr.contains("never overwritten"), "{}", again.stderr);

    verify("rover.certs", 0, "the date of the log's file, which whoever copies the file can change");
    verify("rover.certs --heard 2001-01-01T00:00:00Z", 9, "heard by");
    // Witnesses that the root names say it better; of the log as a whole, and while they are a quorum.
    let heard_by = |words: &str| {
        let found = place.plain(&format!("cert verify rover.certs --ledger ares.log --json {words}")).json();
        (found["heard_by"].clone(), found["knows_later"].clone())
    };
    assert_eq!(heard_by(""), (json!("file"), json!(false)));
    assert_eq!(heard_by("--at 2001-01-01T00:00:00Z"), (json!("file"), json!(true)));
    assert_eq!(heard_by("--at 2001-01-01T00:00:00Z --position 5"), (json!("file"), json!(false)));
    verify("rover.certs --at 2001-01-01T00:00:00Z", 7, "Name the place of the act with --position");
    assert_eq!(heard_by("--heard 2031-01-01T00:00:00Z"), (json!("command"), json!(true)));
    let second = |rung: usize, end: &str| certificates[rung][end]["unix_s"].as_i64().unwrap();
    let (first, last) = (second(0, "not_before"), second(9, "not_after"));
    let at = |unix_s: i64| place.plain(&format!("cert verify rover.certs --ledger ares.log --json --at {unix_s}"));
    for day in 0..30 {
        let found = at(first + 180 + day * DAY);
        assert_eq!((found.code, &found.json()["verdict"]), (0, &json!("valid")), "day {day}: {}", found.stdout);
        assert_eq!(found.json()["certificate"]["rung"], day / 3);
    }
    assert_eq!(at(first - 61).json()["reason"], "early");
    assert_eq!(at(last + 60).json()["reason"], "expired");
    let near = at(last - 30);
    assert_eq!((near.code, &near.json()["reason"]), (9, &json!("time")));
    verify("rover.certs --heard 2001-01-01T00:00:00Z", 9, "fetch the log");
    verify("rover.certs/00.cwt --position 99", 9, "99 log entries are needed");
    verify("rover.certs/00.cwt --position 2", 7, "not approved");
    verify("rover.certs/00.pem", 64, "name the .cwt beside it");
    verify("rover.pub", 64, "byte 0 of the token");

    // One byte of the signature, one of the form.
    let token = std::fs::read(place.0.join("rover.certs/00.cwt")).unwrap();
    for (at, code) in [(token.len() - 1, 8), (60, 8), (0, 64)] {
        let mut changed = token.clone();
        changed[at] ^= 1;
        std::fs::write(place.0.join("changed.cwt"), changed).unwrap();
        let run = place.plain("cert verify changed.cwt --ledger ares.log");
        assert!(run.code == code && run.stderr.lines().count() == 1, "byte {at}: {} {}", run.code, run.stderr);
    }
    let shown = place.done("cert inspect rover.certs/00.cwt").stdout;
    let name = certificates[0]["name"].as_str().unwrap();
    assert!(shown.contains(name) && shown.contains("did:key:z6Mk"), "{shown}");
    assert_eq!(place.done("cert inspect rover.certs --json").json().as_array().unwrap().len(), 10);

    // The issuer takes the first rung back; what was done before stays covered, and so do the other rungs.
    let entries = place.done("govern status --ledger ares.log --json").json()["state"]["entries"].as_u64().unwrap();
    place.done("govern propose revocation rover.certs/00.cwt --reason seized --ledger ares.log --out revoke.dsse");
    apply(&place, "revoke.dsse", &["issuer"]);
    verify("rover.certs/00.cwt", 7, "invalid: revoked from");
    verify(&format!("rover.certs/00.cwt --position {entries}"), 0, "valid");
    verify(&format!("rover.certs/01.cwt --at {}", first + 5 * DAY), 0, "valid");
    // By its name as well.
    let name = certificates[1]["name"].as_str().unwrap();
    place.done(&format!("govern propose revocation {name} --reason seized --ledger ares.log --out revoke-1.dsse"));
    apply(&place, "revoke-1.dsse", &["bob", "carol"]);
    verify(&format!("rover.certs/01.cwt --at {}", first + 5 * DAY), 7, "revoked");
    // A key that is rotated away takes every rung with it.
    place.keys(&["rover2"]);
    place.done("govern propose rotate rover-1 --to rover2.pub --ledger ares.log --out rotate.dsse");
    apply(&place, "rotate.dsse", &["rover", "rover2"]);
    verify(&format!("rover.certs/02.cwt --at {}", first + 7 * DAY), 7, "not that of the member");
}

#[test]
fn witnesses_of_the_log_say_when_it_was_heard() {
    let place = fleet("cert-heard");
    approve(&place);
    place.keyed(&format!("{ISSUE} --out rover.certs"));
    place.keys(&["w1", "w2"]);
    place.done(
        "govern propose root --governor alice=alice.pub --governor bob=bob.pub --governor carol=carol.pub --threshold 2 --days 365 \
         --origin example.org/ares --log-key log.pub --witness w1=w1.pub --witness w2=w2.pub --quorum 2 --ledger ares.log --out next.dsse",
    );
    apply(&place, "next.dsse", &["alice", "bob"]);
    let key = place.done("ledger show --ledger ares.log --json").json()["log_key"].as_str().unwrap().to_owned();
    let heard_by = || place.done("cert verify rover.certs --ledger ares.log --json").json()["heard_by"].clone();
    let witness = |name: &str| {
        place.keyed(&format!(
            "ledger witness --ledger ares.log --memory {name}.seen --name {name} --key {name}.key --log-key {key}"
        ));
    };
    assert_eq!(heard_by(), "file");
    witness("w1");
    assert_eq!(heard_by(), "file", "one of two is no quorum");
    witness("w2");
    assert_eq!(heard_by(), "witnesses");
    let said = place.done("cert verify rover.certs --ledger ares.log").stdout;
    assert!(said.contains("the signed times of a quorum of the log's witnesses"), "{said}");
    // What nobody has seen yet is not heard by their word.
    std::fs::write(place.0.join("note"), "a line").unwrap();
    place.keyed("ledger append note --ledger ares.log --key log.key");
    assert_eq!(heard_by(), "file");
}

#[test]
#[allow(clippy::print_stdout, reason = "a test that is skipped says why")]
fn openssl_accepts_what_is_issued() {
    if !Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success()) {
        println!("skipped: no openssl on this machine");
        return;
    }
    let place = fleet("cert-openssl");
    approve(&place);
    place.keyed(&format!("{ISSUE} --rungs 2 --domain ares.example --out rover.certs"));
    let openssl = |words: &str| {
        let output = Command::new("openssl").args(words.split(' ')).current_dir(&place.0).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    };
    let chain = "verify -x509_strict -CAfile rover.certs/authority.pem";
    let (accepted, text) = openssl(&format!("{chain} rover.certs/00.pem"));
    assert!(accepted, "{text}");
    let (accepted, text) = openssl(&format!("{chain} rover.certs/01.pem"));
    assert!(!accepted && text.contains("not yet valid"), "{text}");
    let (_, text) = openssl("x509 -in rover.certs/00.pem -noout -text");
    assert!(text.contains("URI:spiffe://ares.example/asset/rover-1"), "{text}");
}

#[test]
fn a_certificate_is_renewed_in_time_in_grace_and_after_it() {
    let place = fleet("cert-renew");
    approve(&place);
    let today = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let ladder = |name: &str, days_ago: i64| {
        let from = today - days_ago * DAY;
        place.keyed(&format!("{ISSUE} --rungs 1 --rung-hours 240 --from {from} --out {name}.certs"));
        place.keyed(&format!("cert renew {name}.certs --key rover.key --out {name}.request"));
    };
    let answer = |name: &str, more: &str| {
        let words = format!("cert issue --renew {name}.request --ledger ares.log --key issuer.key --json --out");
        place.with(PASSPHRASE, &format!("{words} {name}.renewed {more}"))
    };
    // Young, of age, over, long over.
    for (name, days_ago) in [("young", 1), ("old", 5), ("over", 15), ("long", 60)] {
        ladder(name, days_ago);
    }
    let young = answer("young", "");
    assert!(young.code == 7 && young.stderr.contains("renew it from"), "{}", young.stderr);
    let old = answer("old", "").json();
    assert_eq!((&old["narrowed"], &old["certificates"][0]["roles"]), (&json!(false), &json!(["planner", "asset"])));
    let over = answer("over", "").json();
    assert_eq!((&over["narrowed"], &over["certificates"][0]["roles"]), (&json!(true), &json!(["asset"])));
    place.done("cert verify over.renewed --ledger ares.log");
    // It is no secret: the statement lies beside the certificates until the log's keeper logs it, or is logged at once.
    assert_eq!((&over["renewal"]["entry"], &old["renewal"]), (&json!(null), &json!(null)));
    assert!(!place.0.join("old.renewed/renewal.dsse").exists());
    assert!(!place.done("ledger show --ledger ares.log").stdout.contains("grace window"));
    place.keyed("govern apply over.renewed/renewal.dsse --ledger ares.log --key log.key");
    let line = |entry: u64| format!("entry {entry}: certificate ");
    let shown = place.done("ledger show --ledger ares.log").stdout;
    let said = "of rover-1 renewed in its grace window by base, as asset";
    let entries = place.done("ledger show --ledger ares.log --json").json()["size"].as_u64().unwrap();
    assert!(shown.contains(&line(entries - 1)) && shown.contains(said), "{shown}");
    assert!(place.done("govern status --ledger ares.log").stdout.contains(said));
    let at_once = place.with(
        PASSPHRASE,
        "cert issue --renew over.request --ledger ares.log --key issuer.key --log-key log.key --out over.again",
    );
    assert!(at_once.stdout.contains(&format!("stands in the log as entry {entries}")), "{}", at_once.stderr);
    let renewals = place.done("ledger show --ledger ares.log --json").json()["renewals"].clone();
    let renewals: Vec<_> = renewals.as_object().unwrap().values().cloned().collect();
    assert_eq!(
        (renewals.len(), &renewals[0]["since"]),
        (1, &json!(entries)),
        "the last renewal of one certificate counts"
    );
    place.done("ledger verify --ledger ares.log");
    // Not the log's key: nothing is written, neither entry nor certificate.
    let wrong = place.with(
        PASSPHRASE,
        "cert issue --renew over.request --ledger ares.log --key issuer.key --log-key alice.key --out over.wrong",
    );
    assert!(wrong.code == 64 && !place.0.join("over.wrong").exists(), "{}", wrong.stderr);
    let long = answer("long", "");
    assert!(long.code == 7 && long.stderr.contains("the grace window of 30 days is over"), "{}", long.stderr);
    // The governors' word brings everything back; nothing needed for it has expired.
    give(&place, "--role asset --role planner");
    let long = answer("long", "").json();
    assert_eq!((&long["narrowed"], &long["certificates"][0]["roles"]), (&json!(false), &json!(["planner", "asset"])));

    // Nobody asks for another, and a request that was changed is none.
    let run = place.with(PASSPHRASE, "cert renew old.certs --key alice.key --out alice.request");
    assert!(run.code == 8 && run.stderr.contains("is not the key"), "{}", run.stderr);
    let mut bytes = std::fs::read(place.0.join("old.request")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(place.0.join("changed.request"), bytes).unwrap();
    assert_eq!(answer("changed", "").code, 8);
    // Whoever has left gets nothing.
    place.done("govern propose remove rover-1 --ledger ares.log --out remove.dsse");
    apply(&place, "remove.dsse", &["alice", "bob"]);
    let gone = answer("old", "--rungs 2");
    assert!(gone.code == 64 || gone.code == 7, "{}", gone.stderr);
    assert!(!place.0.join("changed.renewed").exists());
}

#[test]
fn help_has_examples_and_codes() {
    for verb in ["issue", "renew", "verify", "inspect"] {
        let help = run(&["cert", verb, "--help"]).stdout;
        assert!(help.contains("Examples:") && help.contains("Exit codes:") && help.contains("--json"), "{verb}");
    }
}
