//! Plans a fleet of private assets through sums only: the command.
//!
//! This crate *is* the porcelain: it reads files, shows progress, prints tables, writes results and reports.
//! It is *not* a planner: every algorithm lives in a crate below.
//!
//! ```text
//! cosmosmesh simulate jezero-base --report out/
//! cosmosmesh solve fleet.json --out result.json
//! ```
#![allow(clippy::print_stderr, reason = "a command talks to its user")]

mod audit;
mod certificate_folder;
mod chain_file;
mod civil;
mod command;
mod draft;
mod exit;
mod figure;
mod file;
mod finding;
mod fleet_view;
mod interrupt;
mod inventory;
mod key_file;
mod link;
mod log_book;
mod passphrase;
mod printable;
mod progress;
mod recovery;
mod refutation;
mod report;
mod spending;
mod sum;
mod support;
mod table;
mod threads;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;

use command::Cli;
use exit::Exit;
use printable::printable;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::BadInput } else { Exit::Optimal };
            // The text is for a reader who may have gone; the exit code says the rest.
            let _ = error.print();
            return exit.into();
        }
    };
    match cli.run() {
        Ok(answer) => match std::io::stdout().lock().write_all(printable(&answer.text).as_bytes()) {
            Ok(()) => answer.exit.into(),
            // `cosmosmesh ... | head` closes the pipe early: that reader has what it wanted.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => answer.exit.into(),
            Err(error) => {
                eprintln!("cosmosmesh: standard output: {error}");
                Exit::Unwritable.into()
            }
        },
        Err(failure) => {
            eprintln!("cosmosmesh: {}", printable(&failure.message));
            failure.exit.into()
        }
    }
}
