use crate::cargo::{Cargo, Done, Failure};

/// Runs every test of the workspace; cargo builds every example on the way.
///
/// Prints `N passed, N failed` as its last line, summed over all of cargo's result lines.
pub(crate) fn run() -> Done {
    let mut tally = Tally::default();
    let tested =
        Cargo::new(["test", "--workspace", "--all-features", "--no-fail-fast"]).run_lines(|line| tally.add_line(line));
    println!("{} passed, {} failed", tally.passed, tally.failed);
    tested?;
    if tally.passed == 0 {
        return Err(Failure::new("no test ran, which cannot be right"));
    }
    Ok(())
}

/// Counts of tests, summed over the result lines of many test binaries.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// Adds `test result: ok. 12 passed; 0 failed; ...`; any other line counts nothing.
    pub(crate) fn add_line(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ").and_then(|(_, rest)| rest.split_once(". ")) else {
            return;
        };
        for part in counts.split("; ") {
            match part.split_once(' ') {
                Some((count, "passed")) => self.passed += count.parse().unwrap_or(0),
                Some((count, "failed")) => self.failed += count.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn result_lines_add_up_and_other_lines_do_not() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test wire::passed ... ok",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s",
            "5 passed; 5 failed",
        ] {
            tally.add_line(line);
        }
        assert_eq!(tally, Tally { passed: 15, failed: 2 });
    }
}
