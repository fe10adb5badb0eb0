use crate::cargo::{Cargo, Done, Failure};
use crate::suite::Tally;

/// Re-runs the tests whose path names `vectors`: the frozen bytes of docs/protocol/vectors.
pub(crate) fn run() -> Done {
    let mut tally = Tally::default();
    for package in [
        "cosmosmesh-contracts",
        "cosmosmesh-identity",
        "cosmosmesh-ledger",
        "cosmosmesh-privacy",
        "cosmosmesh-delta-sync",
    ] {
        let mut own = Tally::default();
        Cargo::new(["test", "--package", package, "--all-features", "--test", "it", "vectors"])
            .run_lines(|line| own.add_line(line))?;
        // A filter that matches nothing succeeds in cargo's eyes.
        if own.passed == 0 {
            return Err(Failure::new(format!("no test of the frozen vectors was found in {package}")));
        }
        tally.passed += own.passed;
        tally.failed += own.failed;
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    Ok(())
}
