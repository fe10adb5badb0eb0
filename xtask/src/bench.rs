use std::path::PathBuf;
use std::process::Command;

use clap::Subcommand;

use crate::cargo::{Cargo, Done, Failure, list, metadata, root, text};

/// Which measurement.
#[derive(Subcommand)]
pub(crate) enum What {
    /// Solver variants side by side, with the central solver; see `cargo xtask bench compare -- --help`
    Compare {
        /// Measures this revision first, in a worktree below target/, and compares with it instead of the committed baseline
        #[arg(long, value_name = "REV")]
        baseline_rev: Option<String>,
        /// Runs the criterion benches of this crate first and adds all that criterion keeps to the page; can be repeated
        #[arg(long, value_name = "CRATE")]
        kernels: Vec<String>,
        /// Handed on to `cosmosmesh-bench compare`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Delta-sync beside automerge, loro, yrs and negentropy; `--write-docs` puts the table into docs/perf/sync.md
    Sync {
        /// Handed on to the comparison
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// The files that the command exchanges with other solvers: optima by HiGHS and Clarabel, time and memory; see `cargo xtask bench exchange -- --help`
    Exchange {
        /// Handed on to `cosmosmesh-bench exchange`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// The role table beside Cedar on every combination; `--renew` writes Cedar's answers for `cargo test`
    Roles {
        /// Handed on to the comparison
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Instructions per method on small fleets, counted by valgrind's callgrind: the same on an idle machine and on a busy one
    Instructions,
}

/// Runs the criterion benches of the workspace, or spawns the comparison in release.
pub(crate) fn run(what: Option<What>, package: Option<&str>) -> Done {
    match what {
        Some(What::Compare { baseline_rev, kernels, arguments }) => {
            compare(baseline_rev.as_deref(), &kernels, &arguments)
        }
        Some(What::Instructions) => instructions(),
        Some(What::Sync { arguments }) => peers("cosmosmesh-bench-peers", &arguments),
        Some(What::Roles { arguments }) => peers("cosmosmesh-bench-roles", &arguments),
        Some(What::Exchange { arguments }) => exchange(&arguments),
        None => criterion(package),
    }
}

fn compare(baseline_rev: Option<&str>, kernels: &[String], arguments: &[String]) -> Done {
    let mut here = Cargo::new(COMPARE).args(arguments);
    for package in kernels {
        criterion(Some(package))?;
    }
    if !kernels.is_empty() {
        here = here.args(["--criterion".as_ref(), target()?.join("criterion").as_os_str()]);
    }
    if let Some(revision) = baseline_rev {
        here = here.args(["--against".as_ref(), earlier(revision, arguments)?.as_os_str()]);
    }
    here.run()
}

const COMPARE: [&str; 6] = ["run", "--release", "--package", "cosmosmesh-bench", "--", "compare"];

/// Measures another revision with the same arguments, and returns its compare.json.
fn earlier(revision: &str, arguments: &[String]) -> Result<PathBuf, Failure> {
    let git = |arguments: &[&str]| -> Result<String, Failure> {
        let output = Command::new("git").current_dir(root()).args(arguments).output()?;
        let words = String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr });
        let words = words.trim().to_owned();
        if output.status.success() { Ok(words) } else { Err(Failure::new(format!("git: {words}"))) }
    };
    // By its hash, so that a branch that moves gets a tree of its own.
    let hash = git(&["rev-parse", "--verify", "--end-of-options", &format!("{revision}^{{commit}}")])?;
    let folder = root().join("target/bench-baseline").join(&hash);
    if !folder.join("Cargo.toml").exists() {
        git(&["worktree", "prune"])?;
        git(&["worktree", "add", "--detach", &folder.to_string_lossy(), &hash])?;
    }
    let out = folder.join("out/compare");
    let build = folder.join("target").to_string_lossy().into_owned();
    let manifest = folder.join("Cargo.toml");
    let mut there = Cargo::new(["run", "--release", "--manifest-path"]).args([&manifest]).args(&COMPARE[2..]);
    there = there.args(shared(arguments));
    let _ = std::fs::remove_file(out.join("compare.json"));
    // It may lack a baseline or be worse than its own; only whether it wrote its figures counts.
    let ended = there.env("CARGO_TARGET_DIR", &build).args(["--out".as_ref(), out.as_os_str()]).run();
    let found = out.join("compare.json");
    if found.exists() {
        return Ok(found);
    }
    ended?;
    Err(Failure::new(format!("{revision} writes no compare.json; it is older than this comparison")))
}

/// What both revisions are told: all but where figures go and which are kept, since the earlier one has its own folder.
fn shared(arguments: &[String]) -> Vec<&str> {
    const OWN: [&str; 3] = ["--out", "--criterion", "--against"];
    let mut shared = Vec::new();
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(argument) = rest.next() {
        if OWN.contains(&argument) {
            rest.next();
        } else if argument != "--renew" && !OWN.iter().any(|own| argument.starts_with(&format!("{own}="))) {
            shared.push(argument);
        }
    }
    shared
}

/// The peers have a workspace of their own, so that nobody else builds them; the build folder is the same.
fn peers(package: &str, arguments: &[String]) -> Done {
    let manifest = root().join("crates/bench/peers/Cargo.toml");
    let run = Cargo::new(["run", "--release", "--manifest-path"]).args([&manifest]);
    let run = run.args(["--package", package, "--"]).args(arguments);
    run.env("CARGO_TARGET_DIR", &root().join("target").to_string_lossy()).run()
}

/// The command is built first: the comparison takes the one beside itself.
fn exchange(arguments: &[String]) -> Done {
    Cargo::new(["build", "--release", "--package", "cosmosmesh"]).run()?;
    Cargo::new(["run", "--release", "--package", "cosmosmesh-bench", "--", "exchange"]).args(arguments).run()
}

/// Fleets small enough to run fifty times slower, by the methods with curvature.
const COUNTED: [(&str, &str); 2] = [("strong", "10"), ("degenerate", "10")];
const COUNTED_METHODS: [&str; 4] = ["menu", "fan", "aladin", "ipm"];

fn instructions() -> Done {
    let version = Command::new("valgrind").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        println!("valgrind is not installed, so nothing was counted; `apt-get install valgrind`, then try again");
        return Ok(());
    }
    Cargo::new(["build", "--release", "--package", "cosmosmesh-bench"]).run()?;
    let program = target()?.join("release/cosmosmesh-bench");
    println!("| fleet | method | million instructions, the making of the fleet included |\n|---|---|---|");
    for (family, assets) in COUNTED {
        for method in COUNTED_METHODS {
            let output = Command::new("valgrind")
                .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
                .arg(&program)
                .args(["once", "--family", family, "--assets", assets, "--coupling", "24", "--method", method])
                .output()?;
            let words = String::from_utf8_lossy(&output.stderr);
            let Some(count) = collected(&words) else {
                return Err(Failure::new(format!("valgrind: {}", words.trim())));
            };
            println!("| {family} {assets}, 24 | {method} | {:.0} |", count as f64 / 1e6);
        }
    }
    Ok(())
}

/// Where cargo builds to.
fn target() -> Result<PathBuf, Failure> {
    Ok(metadata()?["target_directory"].as_str().map(PathBuf::from).unwrap_or_default())
}

/// The count in callgrind's last words, `==1== Collected : 1308961265`.
fn collected(words: &str) -> Option<u64> {
    let line = words.lines().find_map(|line| line.split_once("Collected :"))?.1;
    line.trim().replace(',', "").parse().ok()
}

fn criterion(package: Option<&str>) -> Done {
    let metadata = metadata()?;
    let mut ran = 0;
    for found in list(&metadata, "packages") {
        let name = text(found, "name");
        if package.is_some_and(|wanted| wanted != name && format!("cosmosmesh-{wanted}") != name) {
            continue;
        }
        for target in list(found, "targets") {
            if list(target, "kind").iter().any(|kind| kind == "bench") {
                Cargo::new(["bench", "--package", name, "--all-features", "--bench", text(target, "name")]).run()?;
                ran += 1;
            }
        }
    }
    if ran == 0 { Err(Failure::new("there is no bench by that name")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{collected, shared};

    #[test]
    fn an_earlier_revision_is_told_all_but_where_figures_go() {
        let told = |words: &str| {
            let arguments: Vec<String> = words.split(' ').map(str::to_owned).collect();
            shared(&arguments).join(" ")
        };
        assert_eq!(told("--quick --out a --repetitions 3 b.json"), "--quick --repetitions 3 b.json");
        assert_eq!(
            told("--renew --out=a --criterion c --against=d b.json --tolerance 1e-3"),
            "b.json --tolerance 1e-3"
        );
    }

    #[test]
    fn callgrinds_count_is_found_among_its_words() {
        let words = "==7== Events    : Ir\n==7== Collected : 1308961265\n==7== \n==7== I   refs:      1,308,961,265\n";
        assert_eq!(collected(words), Some(1_308_961_265));
        assert_eq!(collected("==7== Events    : Ir\n"), None);
        assert_eq!(collected("==7== Collected : many\n"), None);
    }
}
