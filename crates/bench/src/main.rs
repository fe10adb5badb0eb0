//! `cosmosmesh-bench`: generates fleet problems, solves them centrally, judges results, compares solver variants.
//!
//! It is not the product's command; that is `cosmosmesh`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command for people talks to them on the terminal")]

mod command;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match command::Arguments::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cosmosmesh-bench: {error}");
            ExitCode::from(64)
        }
    }
}
