use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::cargo::{Cargo, Done, Failure, list, metadata, text};
use crate::{codegen, suite, tidy};

/// The steps of the pipeline, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Formatting
    Fmt,
    /// Our own rules
    Tidy,
    /// Generated files are the committed ones
    Codegen,
    /// Lints, for all targets and features
    Clippy,
    /// Each crate alone: without features, with each of them, and its examples
    Alone,
    /// The whole test suite
    Test,
    /// Rustdoc, without a warning
    Doc,
    /// Licences, bans, sources (optional: cargo-deny)
    Deny,
    /// Unused dependencies (optional: cargo-machete)
    Machete,
}

/// How a step ended.
#[derive(Debug, PartialEq)]
enum Verdict {
    Passed,
    Skipped(String),
    Failed(String),
}

/// Runs the steps, all of them if none is named; goes on after a failure, so that one run shows everything.
pub(crate) fn run(steps: &[Step], strict: bool) -> Done {
    let mut rows = Vec::new();
    for &step in Step::value_variants().iter().filter(|step| steps.is_empty() || steps.contains(step)) {
        println!("\n── {} ──", name(step));
        let start = Instant::now();
        let verdict = match perform(step) {
            Ok(None) => Verdict::Passed,
            Ok(Some(reason)) => judge_skip(reason, strict),
            Err(failure) => Verdict::Failed(failure.message),
        };
        rows.push((step, verdict, start.elapsed()));
    }
    println!();
    for (step, verdict, time) in &rows {
        println!("{}", row(*step, verdict, *time));
    }
    let failed = rows.iter().filter(|(_, verdict, _)| matches!(verdict, Verdict::Failed(_))).count();
    if failed == 0 { Ok(()) } else { Err(Failure::new(format!("{failed} of {} steps failed", rows.len()))) }
}

/// Performs one step; the reason if it was skipped.
fn perform(step: Step) -> Result<Option<String>, Failure> {
    match step {
        Step::Fmt => Cargo::new(["fmt", "--all", "--check"]).run()?,
        Step::Tidy => tidy::run()?,
        Step::Codegen => codegen::run(true)?,
        Step::Clippy => {
            let clippy = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
            Cargo::new(clippy).run()?;
        }
        Step::Alone => alone()?,
        Step::Test => suite::run()?,
        Step::Doc => Cargo::new(["doc", "--workspace", "--all-features", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings")
            .run()?,
        Step::Deny => {
            if let Some(reason) = missing("deny") {
                return Ok(Some(reason));
            }
            Cargo::new(["deny", "--offline", "check", "bans", "licenses", "sources"]).run()?;
        }
        Step::Machete => {
            if let Some(reason) = missing("machete") {
                return Ok(Some(reason));
            }
            Cargo::new(["machete"]).run()?;
        }
    }
    Ok(None)
}

/// Checks every crate of the house by itself: what a neighbour switches on must not be what makes it compile.
///
/// Without features, with each feature alone, and its examples with what a user gets by default.
fn alone() -> Done {
    let metadata = metadata()?;
    for package in list(&metadata, "packages") {
        if !package["metadata"]["cosmosmesh"]["storey"].is_u64() {
            continue;
        }
        let name = text(package, "name");
        let check = || Cargo::new(["check", "--quiet", "--package", name]);
        check().args(["--no-default-features"]).run()?;
        for feature in package["features"].as_object().into_iter().flat_map(serde_json::Map::keys) {
            check().args(["--no-default-features", "--features", feature.as_str()]).run()?;
        }
        check().args(["--examples"]).run()?;
    }
    Ok(())
}

fn missing(tool: &str) -> Option<String> {
    let absent = !Cargo::new([tool, "--version"]).succeeds();
    absent.then(|| format!("cargo-{tool} is not installed; `cargo install --locked cargo-{tool}`"))
}

fn judge_skip(reason: String, strict: bool) -> Verdict {
    if strict { Verdict::Failed(format!("skipped under --strict: {reason}")) } else { Verdict::Skipped(reason) }
}

fn name(step: Step) -> String {
    step.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

fn row(step: Step, verdict: &Verdict, time: Duration) -> String {
    let (word, reason) = match verdict {
        Verdict::Passed => ("passed", ""),
        Verdict::Skipped(reason) => ("skipped", reason.as_str()),
        Verdict::Failed(reason) => ("FAILED", reason.as_str()),
    };
    format!("{:<8} {word:<8} {:>7.1} s  {reason}", name(step), time.as_secs_f64()).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_fails_only_under_strict() {
        assert_eq!(judge_skip("no tool".into(), false), Verdict::Skipped("no tool".into()));
        assert_eq!(judge_skip("no tool".into(), true), Verdict::Failed("skipped under --strict: no tool".into()));
    }

    #[test]
    fn a_row_names_step_verdict_time_and_reason() {
        let shown = row(Step::Deny, &Verdict::Skipped("no tool".into()), Duration::from_millis(1250));
        assert_eq!(shown, "deny     skipped      1.2 s  no tool");
    }
}
