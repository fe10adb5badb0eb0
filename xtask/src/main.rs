//! Builds, checks and benchmarks CosmosMesh: `cargo xtask <verb>`.
//!
//! This command *is* the pipeline: the hosted one calls `cargo xtask ci` and nothing else.
//! It does *not* depend on any crate of the house: it spawns cargo, the bench and the command.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command for people talks to them on the terminal")]

mod bench;
mod cargo;
mod ci;
mod codegen;
mod sim;
mod suite;
mod tidy;
mod vectors;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use cargo::Failure;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, checks and benchmarks CosmosMesh")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Everything that must pass before work is handed in: fmt, tidy, codegen, clippy, alone, test, doc, deny, machete
    Ci {
        /// Only these steps, in the pipeline's order
        steps: Vec<ci::Step>,
        /// A step whose optional tool is missing fails instead of being skipped
        #[arg(long)]
        strict: bool,
    },
    /// The whole test suite; every example is built on the way
    Test,
    /// The rules that a machine can check: arrows, owners, names, heads of files, links
    Tidy,
    /// Writes the JSON Schemas under docs/protocol/schemas
    Codegen {
        /// Writes nothing; fails if a committed file differs from what would be written
        #[arg(long)]
        check: bool,
    },
    /// The criterion benches, or `bench compare` for the comparison of solver variants
    Bench {
        #[command(subcommand)]
        what: Option<bench::What>,
        /// Only the benches of this crate
        #[arg(long)]
        package: Option<String>,
    },
    /// Simulates scenarios and compares the figures with the expected ones beside them
    Sim {
        /// Names of scenarios; all of them if none is given
        names: Vec<String>,
        /// Writes what is found as the expected figures
        #[arg(long)]
        renew: bool,
    },
    /// Re-runs the tests of the frozen wire vectors
    Vectors,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().verb {
        Verb::Ci { steps, strict } => ci::run(&steps, strict),
        Verb::Test => suite::run(),
        Verb::Tidy => tidy::run(),
        Verb::Codegen { check } => codegen::run(check),
        Verb::Bench { what, package } => bench::run(what, package.as_deref()),
        Verb::Sim { names, renew } => sim::run(&names, renew),
        Verb::Vectors => vectors::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { message, code }) => {
            eprintln!("xtask: {message}");
            ExitCode::from(code)
        }
    }
}
