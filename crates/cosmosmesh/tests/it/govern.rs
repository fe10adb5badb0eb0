//! A fleet from its founding on, by running the binary: keys, statements, the log, and who changes it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::command::{Run, binary, run, scratch};

pub(crate) const PASSPHRASE: &str = "a long walk on red sand";

/// A folder of one test, empty.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let folder = scratch(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// Runs the binary in this folder with a passphrase on standard input.
    pub(crate) fn with(&self, passphrase: &str, words: &str) -> Run {
        let arguments: Vec<&str> = words.split_whitespace().chain(["--passphrase-fd", "0"]).collect();
        let mut child = binary()
            .args(&arguments)
            .current_dir(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        // The program may refuse before it reads.
        let _ = pipe.write_all(format!("{passphrase}\n").as_bytes());
        drop(pipe);
        Run::of(child.wait_with_output().unwrap())
    }

    pub(crate) fn keyed(&self, words: &str) -> Run {
        let run = self.with(PASSPHRASE, words);
        assert_eq!(run.code, 0, "{words}: {}", run.stderr);
        run
    }

    pub(crate) fn plain(&self, words: &str) -> Run {
        let arguments: Vec<&str> = words.split_whitespace().collect();
        Run::of(binary().args(&arguments).current_dir(&self.0).output().unwrap())
    }

    pub(crate) fn done(&self, words: &str) -> Run {
        let run = self.plain(words);
        assert_eq!(run.code, 0, "{words}: {}", run.stderr);
        run
    }

    pub(crate) fn keys(&self, names: &[&str]) {
        names.iter().for_each(|name| drop(self.keyed(&format!("keygen --out {name}.key"))));
    }

    /// Three governors, two of whom decide; the log has its own key.
    pub(crate) fn found(&self) {
        self.keys(&["alice", "bob", "carol", "log", "rover"]);
        self.done(
            "govern propose root --fleet ares --governor alice=alice.pub --governor bob=bob.pub \
             --governor carol=carol.pub --threshold 2 --days 365 --origin example.org/ares --log-key log.pub --out found.dsse",
        );
        self.sign("found.dsse", &["alice", "bob"]);
        self.keyed("govern apply found.dsse --ledger ares.log --key log.key");
    }

    pub(crate) fn sign(&self, statement: &str, who: &[&str]) {
        who.iter().for_each(|who| drop(self.keyed(&format!("govern sign {statement} --key {who}.key"))));
    }

    pub(crate) fn admit(&self) {
        self.done("govern propose admit rover-1 --key rover.pub --ledger ares.log --out admit.dsse");
        self.sign("admit.dsse", &["alice", "carol", "rover"]);
        self.keyed("govern apply admit.dsse --ledger ares.log --key log.key");
    }
}

#[test]
fn a_fleet_is_founded_an_asset_joins_and_its_key_rotates() {
    let place = Place::new("fleet");
    place.found();
    place.done("govern propose admit rover-1 --key rover.pub --ledger ares.log --out admit.dsse");
    // Nobody yet, then one of two, then all but the rover itself: each time it says what is needed.
    let refused = |says: &str| {
        let run = place.with(PASSPHRASE, "govern apply admit.dsse --ledger ares.log --key log.key");
        assert_eq!(run.code, 7, "{}", run.stderr);
        assert!(run.stderr.contains(says) && run.stderr.lines().count() == 1, "{}", run.stderr);
    };
    refused("counted: nobody; missing: 2 more of those who decide");
    place.sign("admit.dsse", &["alice"]);
    refused("counted: alice; missing: 1 more of those who decide");
    // Bob signs his own copy; the copies count together.
    place.keyed("govern sign admit.dsse --key bob.key --out by-bob.dsse");
    let both = "govern apply admit.dsse by-bob.dsse --ledger ares.log --key log.key";
    let run = place.with(PASSPHRASE, both);
    assert!(run.code == 7 && run.stderr.contains("a signature of the admitted key itself"), "{}", run.stderr);
    place.sign("admit.dsse", &["rover"]);
    assert!(place.keyed(both).stdout.starts_with("in force since entry 1: membership of rover-1: admit"));
    // The same signatures count once.
    let run = place.with(PASSPHRASE, both);
    assert!(run.code == 7 && run.stderr.contains("version 2 of membership of rover-1 is due"), "{}", run.stderr);

    place.keys(&["rover2"]);
    place.done("govern propose rotate rover-1 --to rover2.pub --ledger ares.log --out rotate.dsse");
    place.sign("rotate.dsse", &["rover", "rover2"]);
    place.keyed("govern apply rotate.dsse --ledger ares.log --key log.key");
    place.done("govern propose roles rover-1 --role asset --ledger ares.log --out roles.dsse");
    place.sign("roles.dsse", &["bob"]);
    let recorded = place.with(PASSPHRASE, "govern apply roles.dsse --ledger ares.log --key log.key --record");
    assert!(recorded.code == 7 && recorded.stdout.starts_with("logged as entry 3 and refused"), "{}", recorded.stdout);
    place.sign("roles.dsse", &["carol"]);
    place.keyed("govern apply roles.dsse --ledger ares.log --key log.key");

    let status = place.done("govern status --ledger ares.log --json").json();
    let rover = &status["state"]["members"]["rover-1"];
    assert_eq!(rover["roles"], json!(["asset"]));
    assert_eq!((&rover["keys"][0]["until"], &rover["keys"][1]["since"]), (&json!(2), &json!(2)));
    assert_eq!(status["state"]["refused"][0]["at"], 3);
    let people = place.done("govern status --ledger ares.log").stdout;
    for part in
        ["everything, for 364 days", "version 1, entry 0: 2 of", "rover-1", "entry 3 was refused: roles are signed"]
    {
        assert!(people.contains(part), "no {part:?} in\n{people}");
    }
    assert!(place.done("ledger verify --ledger ares.log").stdout.contains("all 5 entries are those of 5 checkpoints"));
}

#[test]
fn who_may_do_what_follows_from_roles_in_the_log() {
    let place = Place::new("policy");
    place.found();
    place.admit();
    let check = |words: &str, code: i32, says: &str| {
        let run = place.plain(&format!("policy check {words}"));
        assert_eq!(run.code, code, "{words}: {}{}", run.stdout, run.stderr);
        assert!(format!("{}{}", run.stdout, run.stderr).contains(says), "{words}: {}{}", run.stdout, run.stderr);
    };
    check("asset publish:telemetry own", 0, "of the built-in policy");
    check("asset approve:policy fleet", 7, "governor");
    check("rover-1 publish:telemetry own --ledger ares.log", 7, "refused by the built-in policy");
    place.done("govern propose roles rover-1 --role asset --ledger ares.log --out roles.dsse");
    place.sign("roles.dsse", &["alice", "bob"]);
    place.keyed("govern apply roles.dsse --ledger ares.log --key log.key");
    check("rover-1 publish:telemetry own --ledger ares.log", 0, "allowed by rule");
    check("rover-9 publish:telemetry own --ledger ares.log", 64, "rover-9 is no member");
    check("captain publish:telemetry own", 64, "commander");
    check("asset publish own", 64, "publish:telemetry");
    let shown = place.done("identity show rover-1 --ledger ares.log --json").json();
    assert_eq!(shown["node"], place.done("identity show rover.pub --json").json()["node"]);
    let did = shown["did"].as_str().unwrap();
    assert!(did.starts_with("did:key:z6Mk"), "{did}");
    assert_eq!(place.done(&format!("identity resolve {did}")).json()["id"], did);
    let run = place.plain(&format!("identity resolve {did}x"));
    assert!(run.code == 64 && run.stderr.lines().count() == 1, "{}", run.stderr);
}

#[test]
fn a_root_past_its_end_approves_nothing_and_stops_nothing() {
    let place = Place::new("expired");
    place.keys(&["alice", "log"]);
    let root =
        "govern propose root --governor alice=alice.pub --threshold 1 --origin example.org/ares --log-key log.pub";
    let warned = place.done(&format!("{root} --fleet ares --days 1 --out found.dsse")).stdout;
    assert!(warned.contains("warning: root needs every one of its 1 keys"), "{warned}");
    // A root that ends as it begins cannot be founded.
    place.done(&format!("{root} --fleet ares --days 0 --out dead.dsse"));
    place.sign("dead.dsse", &["alice"]);
    let run = place.with(PASSPHRASE, "govern apply dead.dsse --ledger ares.log --key log.key");
    assert!(run.code == 7 && run.stderr.contains("has expired when it is issued"), "{}", run.stderr);
    place.sign("found.dsse", &["alice"]);
    place.keyed("govern apply found.dsse --ledger ares.log --key log.key");
    let status = |uncertainty: u64| {
        place.done(&format!("govern status --ledger ares.log --clock-uncertainty {uncertainty}")).stdout
    };
    assert!(status(0).contains("everything, for"));
    assert!(status(90_000).contains("nothing but the next root: the clock is too uncertain"));
}

#[test]
fn a_changed_log_says_where() {
    let place = Place::new("tampered");
    place.found();
    place.admit();
    for k in 0..3 {
        std::fs::write(place.path("note.txt"), format!("a round header, number {k}")).unwrap();
        place.keyed("ledger append note.txt --ledger ares.log --key log.key");
    }
    let whole = std::fs::read(place.path("ares.log")).unwrap();
    let change = |from: &[u8], to: &[u8]| {
        let at = whole.windows(from.len()).position(|window| window == from).unwrap();
        let mut bytes = whole.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        std::fs::write(place.path("ares.log"), bytes).unwrap();
    };
    let says = |what: &str| {
        for words in
            ["ledger verify --ledger ares.log", "govern status --ledger ares.log", "ledger show --ledger ares.log"]
        {
            let run = place.plain(words);
            assert_eq!(run.code, 8, "{words}: {}{}", run.stdout, run.stderr);
            assert!(run.stderr.contains(what), "{words}: {}", run.stderr);
        }
        let json = place.plain("ledger verify --ledger ares.log --json");
        assert_eq!((json.code, &json.json()["sound"]), (8, &json!(false)));
    };
    change(b"a round header, number 1", b"a round header, number 7");
    says("entry 3 was changed after checkpoint 3 over 4 entries was signed");
    change(b"application/vnd.in-toto+json", b"application/vnd.in-toto+JSON");
    says("was changed after checkpoint");
    std::fs::write(place.path("ares.log"), &whole).unwrap();
    place.done("ledger verify --ledger ares.log");
}

#[test]
fn proofs_and_witnesses() {
    let place = Place::new("witnessed");
    place.found();
    place.admit();
    place.keys(&["witness"]);
    let key = place.done("ledger show --ledger ares.log --json").json()["log_key"].as_str().unwrap().to_owned();
    let look =
        format!("ledger witness --ledger ares.log --memory seen.db --name w1 --key witness.key --log-key {key} --json");
    let seen = place.keyed(&look).json();
    assert_eq!((&seen["old_size"], &seen["size"]), (&json!(0), &json!("2")));
    std::fs::copy(place.path("ares.log"), place.path("earlier.log")).unwrap();
    let witness = seen["witness_key"].as_str().unwrap().to_owned();
    place.done("ledger prove 1 --ledger ares.log --out entry.proof");
    let entry = place.done("ledger show --ledger ares.log --entry 1").stdout;
    std::fs::write(place.path("entry"), entry.trim_end()).unwrap();
    let check =
        format!("ledger verify --proof entry.proof --entry entry --log-key {key} --witness {witness} --quorum 1");
    assert_eq!(place.done(&check).stdout, "entry 1 of 2 in example.org/ares; witnessed by w1\n");
    std::fs::write(place.path("entry"), entry.trim_end().replacen("payload", "Payload", 1)).unwrap();
    let run = place.plain(&check);
    assert!(run.code == 8 && run.stderr.contains("leads to another root"), "{}", run.stderr);

    // The log goes two ways from here on; the witness sees one and is then shown the other.
    for (file, note) in [("ares.log", "one"), ("earlier.log", "other")] {
        std::fs::write(place.path("note.txt"), note).unwrap();
        place.keyed(&format!("ledger append note.txt --ledger {file} --key log.key"));
    }
    assert_eq!(place.keyed(&look).json()["old_size"], 2);
    let other = look.replace("ares.log", "earlier.log").replace("--json", "--evidence two-faces.note");
    let run = place.with(PASSPHRASE, &other);
    assert!(run.code == 8 && run.stderr.contains("two different trees"), "{}", run.stderr);
    // The evidence convicts the log in its own entries.
    place.keyed("ledger append two-faces.note --ledger ares.log --key log.key");
    let status = place.done("govern status --ledger ares.log").stdout;
    assert!(status.contains("entry 3: the log example.org/ares showed two faces, at 3 and 3 entries"), "{status}");
    // A log that has become shorter is no beginning of anything.
    let run = place.with("wrong", &look);
    assert!(run.code == 64 && run.stderr.contains("does not open"), "{}", run.stderr);
}

#[test]
fn keys_are_private_sealed_and_come_back_from_paper() {
    let place = Place::new("keys");
    let made = place.keyed("keygen --out alice.key --recovery 2/3 --json").json();
    let node = made["node"].as_str().unwrap();
    let sheets: Vec<&str> = made["recovery"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!(sheets.len(), 3);
    std::fs::write(place.path("sheets"), format!("{}\n{}\n", sheets[2], sheets[0])).unwrap();
    let back = place.keyed("keygen --out back.key --recover sheets --json").json();
    assert_eq!(back["node"], node);
    // The whole key on one sheet.
    let paper = place.keyed("keygen --out paper.key --recovery 1 --json").json();
    std::fs::write(place.path("sheets"), paper["recovery"][0].as_str().unwrap()).unwrap();
    assert_eq!(place.keyed("keygen --out paper-back.key --recover sheets --json").json()["node"], paper["node"]);
    std::fs::write(place.path("sheets"), sheets[1]).unwrap();
    let run = place.with(PASSPHRASE, "keygen --out few.key --recover sheets");
    assert!(run.code == 64 && run.stderr.contains("1 more sheets"), "{}", run.stderr);
    // Never overwritten, and never without a passphrase.
    let run = place.with(PASSPHRASE, "keygen --out alice.key");
    assert!(run.code == 64 && run.stderr.contains("never overwritten"), "{}", run.stderr);
    let run = place.with("", "keygen --out empty.key");
    assert!(run.code == 64 && run.stderr.contains("protects nothing"), "{}", run.stderr);
    assert!(!Path::new(&place.path("empty.key")).exists());

    std::fs::write(place.path("note"), "x").unwrap();
    let append = "ledger append note --ledger a.log --origin a.example --key alice.key";
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let path = place.path("alice.key");
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        mode(0o640);
        let run = place.with(PASSPHRASE, append);
        assert!(run.code == 64 && run.stderr.contains("chmod 600"), "{}", run.stderr);
        mode(0o600);
    }
    let run = place.with("another", append);
    assert!(
        run.code == 64 && run.stderr.contains("the passphrase is another, or the file was changed"),
        "{}",
        run.stderr
    );
    // The public half of another key beside it.
    let public = std::fs::read(place.path("alice.pub")).unwrap();
    place.keys(&["bob"]);
    std::fs::copy(place.path("bob.pub"), place.path("alice.pub")).unwrap();
    let run = place.with(PASSPHRASE, append);
    assert!(run.code == 64 && run.stderr.contains("one of the two was changed"), "{}", run.stderr);
    std::fs::write(place.path("alice.pub"), public).unwrap();
    // A key that asks for endless work, and things that are none.
    let pem = std::fs::read_to_string(place.path("alice.key")).unwrap();
    for (name, text) in [
        ("cut", &pem[..pem.len() / 2]),
        ("empty", ""),
        ("other", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
    ] {
        std::fs::write(place.path("bob.key"), text).unwrap();
        let run = place.with(PASSPHRASE, &append.replace("alice", "bob"));
        assert_eq!(run.code, 64, "{name}: {}", run.stderr);
    }
    place.keyed(append);
}

#[test]
#[allow(clippy::print_stdout, reason = "a test that is skipped says why")]
fn openssl_reads_our_keys() {
    if !Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success()) {
        println!("skipped: no openssl on this machine");
        return;
    }
    let place = Place::new("openssl");
    let node = place.keyed("keygen --out alice.key --json").json()["node"].as_str().unwrap().to_owned();
    let openssl = |pass: &str| {
        let arguments = ["pkey", "-in", "alice.key", "-passin", &format!("pass:{pass}"), "-pubout", "-outform", "DER"];
        Command::new("openssl").args(arguments).current_dir(&place.0).output().unwrap()
    };
    let output = openssl(PASSPHRASE);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let key: String = output.stdout[output.stdout.len() - 32..].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(key, node);
    assert!(!openssl("another").status.success());
}

#[test]
fn wrong_words_are_refused_in_one_line() {
    let place = Place::new("words");
    place.keys(&["alice"]);
    for words in [
        "govern status --ledger nowhere.log",
        "govern sign alice.pub --key alice.key",
        "govern propose admit rover-1 --key alice.pub --ledger nowhere.log --out a.dsse",
        "ledger verify --ledger alice.pub",
        "ledger verify --proof alice.pub --entry alice.pub --log-key nonsense",
        "keygen --out a.key --recovery 1/3",
        "keygen --out a.key --recovery 4/3",
        "keygen --out nowhere/a.key",
    ] {
        let run = place.plain(words);
        assert!(run.code == 64 || run.code == 74, "{words}: {} {}", run.code, run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{words}: {}", run.stderr);
    }
    for verb in ["keygen", "ledger append", "ledger verify", "govern propose", "govern apply", "govern status"] {
        let words: Vec<&str> = verb.split(' ').chain(["--help"]).collect();
        let help = run(&words).stdout;
        assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{verb}");
    }
}

/// Signatures of checkpoints are checked, not only hashes: by the log's own roots, by its fleet, or by keys that are given.
#[test]
fn a_log_written_anew_by_somebody_else_is_noticed() {
    let place = Place::new("anew");
    place.found();
    place.admit();
    place.keys(&["w1", "w2", "thief"]);
    let json = |words: &str| place.plain(&format!("ledger verify --ledger ares.log --json {words}")).json();
    let show = place.done("ledger show --ledger ares.log --json").json();
    let key = show["log_key"].as_str().unwrap().to_owned();
    let fleet =
        place.done("govern status --ledger ares.log --json").json()["state"]["fleet"].as_str().unwrap().to_owned();
    let sound = |words: &str, keys: &str| {
        let value = json(words);
        assert_eq!(
            (&value["sound"], &value["signed_checkpoints"], &value["keys"]),
            (&json!(true), &json!(2), &json!(keys))
        );
    };
    sound("", "the log's own roots");
    sound(&format!("--fleet {fleet}"), "roots of the fleet that was named");
    sound(&format!("--log-key {key}"), "given");
    let people = place.done("ledger verify --ledger ares.log").stdout;
    assert!(people.contains("all 2 checkpoints are signed, by the keys that the log's own roots name"), "{people}");

    // Two witnesses look; how long ago they did is told, and can be asked for.
    for name in ["w1", "w2"] {
        place.keyed(&format!(
            "ledger witness --ledger ares.log --memory {name}.seen --name {name} --key {name}.key --log-key {key}"
        ));
    }
    let witness = |name: &str| {
        let shown = place.done(&format!("identity show {name}.pub --json")).json();
        format!("--witness {}", shown["witness_key"].as_str().unwrap())
    };
    let both = format!("--log-key {key} {} {} --quorum 2", witness("w1"), witness("w2"));
    let verify = |words: &str, code: i32, says: &str| {
        let run = place.plain(&format!("ledger verify --ledger ares.log {words}"));
        assert_eq!(run.code, code, "{words}: {}{}", run.stdout, run.stderr);
        assert!(format!("{}{}", run.stdout, run.stderr).contains(says), "{words}: {}{}", run.stdout, run.stderr);
    };
    verify(&both, 0, "witnessed by w1, w2; 2 needed, enough");
    verify(&format!("{both} --age-max 3600"), 0, "a quorum saw it at most");
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    verify(&format!("{both} --age-max 1"), 8, "let witnesses look again");
    verify(&format!("{both} --age-max 60 --clock-uncertainty 600"), 8, "60 s are allowed");
    verify(&format!("--log-key {key} {} --quorum 2", witness("w1")), 8, "only 1 of the 2 witnesses");
    verify("", 0, "signature lines of unknown keys, which say nothing: w1, w2");
    verify(&witness("w1"), 64, "give it with --log-key");
    verify("--fleet 12", 64, "no fleet's id");

    // A thief without any key of the fleet founds it anew under the same names, with keys of its own.
    let other = Place::new("anew-by-thief");
    other.found();
    std::fs::copy(other.path("ares.log"), place.path("ares.log")).unwrap();
    verify("", 0, "--fleet or --log-key pins them");
    verify(&format!("--fleet {fleet}"), 8, "does not found the fleet");
    verify(&format!("--log-key {key}"), 8, "checkpoint 0 over 1 entries is not signed as it should be");
    // The log's key is not changed by whoever likes to.
    let run = place.with(PASSPHRASE, "ledger append alice.pub --ledger ares.log --key thief.key");
    assert!(run.code == 64 && run.stderr.contains("let the next root name this one"), "{}", run.stderr);
}

#[test]
fn a_range_is_handed_over_whole_and_a_logs_key_rotates() {
    let place = Place::new("range");
    place.found();
    place.admit();
    for k in 2..6 {
        std::fs::write(place.path(&format!("note-{k}")), format!("round {k}")).unwrap();
    }
    place.keyed("ledger append note-2 note-3 note-4 note-5 --ledger ares.log --key log.key");
    let key = place.done("ledger show --ledger ares.log --json").json()["log_key"].as_str().unwrap().to_owned();
    place.done("ledger prove 3 --to 5 --ledger ares.log --out three.range");
    let check = |entries: &str, code: i32, says: &str| {
        let run = place.plain(&format!("ledger verify --proof three.range {entries} --log-key {key}"));
        assert_eq!(run.code, code, "{entries}: {}{}", run.stdout, run.stderr);
        assert!(format!("{}{}", run.stdout, run.stderr).contains(says), "{entries}: {}{}", run.stdout, run.stderr);
    };
    check(
        "--entry note-3 --entry note-4 --entry note-5",
        0,
        "all entries 3 to 5 of 6 in example.org/ares; witnessed by nobody",
    );
    check("--entry note-3 --entry note-5", 8, "the range is 3..6, and 2 entries are there");
    check("--entry note-3 --entry note-5 --entry note-4", 8, "leads to another root");
    let beyond = place.plain("ledger prove 3 --to 6 --ledger ares.log --out three.range");
    assert_eq!(beyond.code, 64, "{}", beyond.stderr);

    // The next root names another key for the log; the old one signs nothing more.
    place.keys(&["log2"]);
    place.done(
        "govern propose root --ledger ares.log --governor alice=alice.pub --governor bob=bob.pub --governor carol=carol.pub \
         --threshold 2 --days 365 --origin example.org/ares --log-key log2.pub --out next.dsse",
    );
    place.sign("next.dsse", &["alice", "bob"]);
    place.keyed("govern apply next.dsse --ledger ares.log --key log.key");
    let run = place.with(PASSPHRASE, "ledger append note-2 --ledger ares.log --key log.key");
    assert!(run.code == 64 && run.stderr.contains("is not the key of the log"), "{}", run.stderr);
    place.keyed("ledger append note-2 --ledger ares.log --key log2.key");
    let verified = place.done("ledger verify --ledger ares.log --json").json();
    assert_eq!((&verified["signed_checkpoints"], &verified["fault"]), (&json!(5), &json!(null)));
}

/// Groups say how far another's things are away; delegations lend a role for a stretch of the log.
#[test]
fn groups_and_delegations_count_where_the_log_has_them() {
    let place = Place::new("lent");
    place.found();
    place.admit();
    place.keys(&["drone"]);
    let enact = |name: &str, who: &[&str]| {
        place.sign(&format!("{name}.dsse"), who);
        place.keyed(&format!("govern apply {name}.dsse --ledger ares.log --key log.key"));
    };
    let decide = |name: &str, kind: &str, decision: serde_json::Value, who: &[&str]| {
        std::fs::write(place.path("decision.json"), decision.to_string()).unwrap();
        place.done(&format!("govern propose decision {kind} --file decision.json --ledger ares.log --out {name}.dsse"));
        enact(name, who);
    };
    place.done("govern propose admit drone-1 --key drone.pub --ledger ares.log --out drone.dsse");
    enact("drone", &["alice", "bob", "drone"]);
    for (member, role) in [("rover-1", "commander"), ("drone-1", "asset")] {
        decide(role, "roles", json!({ "member": member, "roles": [role] }), &["alice", "bob"]);
    }
    let check = |words: &str, code: i32, says: &str| {
        let run = place.plain(&format!("policy check {words} --ledger ares.log"));
        assert_eq!(run.code, code, "{words}: {}{}", run.stdout, run.stderr);
        assert!(format!("{}{}", run.stdout, run.stderr).contains(says), "{words}: {}{}", run.stdout, run.stderr);
    };
    check("drone-1 read:plan drone-1", 0, "allowed by rule 2");
    check("drone-1 read:plan rover-1", 7, "of the whole fleet, only of its group");
    check("drone-1 read:plan rover-9", 64, "rover-9 is no member");
    place.done("govern propose group north --member drone-1 --member rover-1 --ledger ares.log --out north.dsse");
    enact("north", &["alice", "bob"]);
    check("drone-1 read:plan rover-1", 0, "allowed by rule 2");
    check("drone-1 publish:command fleet", 7, "needed is the role commander");
    // The log has six entries; this one is the seventh.
    let hand = |begins: u64, ends: u64| json!({ "from": "rover-1", "to": "drone-1", "role": "commander", "begins": begins, "ends": ends });
    decide("hand", "delegation", hand(0, 9), &["rover"]);
    check("drone-1 publish:command fleet", 0, "as commander, which was handed on");
    let json = place.done("policy check drone-1 publish:command fleet --ledger ares.log --json").json();
    assert_eq!((&json["handed_on"], &json["reach"]), (&json!(["commander"]), &json!("fleet")));
    check("drone-1 publish:telemetry own", 0, "allowed by rule 1 of the built-in policy\n");
    for k in 0..2 {
        std::fs::write(place.path("note"), format!("time passes {k}")).unwrap();
        place.keyed("ledger append note --ledger ares.log --key log.key");
    }
    check("drone-1 publish:command fleet", 7, "needed is the role commander");
    // Longer than a delegation may last, it is not counted at all; handed on anew, it is, until it is taken back.
    decide("long", "delegation", hand(0, 200), &["rover"]);
    check("drone-1 publish:command fleet", 7, "needed is the role commander");
    let in_words = |name: &str, words: &str, who: &[&str]| {
        let hand = "govern propose delegation commander --from rover-1 --to drone-1";
        place.done(&format!("{hand} {words} --ledger ares.log --out {name}.dsse"));
        enact(name, who);
    };
    in_words("again", "--entries 2", &["rover"]);
    check("drone-1 publish:command fleet", 0, "handed on");
    in_words("back", "--end", &["alice", "bob"]);
    check("drone-1 publish:command fleet", 7, "needed is the role commander");
    // In words it begins behind its own entry and lasts for so many; a group without members has ended.
    in_words("once", "--entries 1", &["rover"]);
    check("drone-1 publish:command fleet", 0, "handed on");
    place.done("govern propose group north --ledger ares.log --out nobody.dsse");
    enact("nobody", &["alice", "bob"]);
    check("drone-1 publish:command fleet", 7, "needed is the role commander");
    check("drone-1 read:plan rover-1", 7, "of the whole fleet, only of its group");
    let wrong = "govern propose delegation captain --from rover-1 --to drone-1 --ledger ares.log --out x.dsse";
    assert!(place.plain(wrong).stderr.contains("`captain` is none of commander"));
    let long =
        "govern propose delegation commander --from rover-1 --to drone-1 --entries 65 --ledger ares.log --out x.dsse";
    assert_eq!(place.plain(long).code, 64);
}
