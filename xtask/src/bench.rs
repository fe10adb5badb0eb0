use clap::Subcommand;

use crate::cargo::{Cargo, Done, Failure, list, metadata, text};

/// Which measurement.
#[derive(Subcommand)]
pub(crate) enum What {
    /// Solver variants side by side, with the central solver; see `cargo xtask bench compare -- --help`
    Compare {
        /// Handed on to `cosmosmesh-bench compare`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// Runs the criterion benches of the workspace, or spawns the comparison in release.
pub(crate) fn run(what: Option<What>, package: Option<&str>) -> Done {
    match what {
        Some(What::Compare { arguments }) => {
            Cargo::new(["run", "--release", "--package", "cosmosmesh-bench", "--", "compare"]).args(arguments).run()
        }
        None => criterion(package),
    }
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
