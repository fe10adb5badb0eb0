mod certify;
mod explain;
mod export;
mod import;
mod marginalise;
mod plan;
mod redact;
mod source;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use cosmosmesh_catopt_bridge::Loss;
use serde_json::json;

use super::Answer;
use crate::exit::Failure;

/// `cosmosmesh catopt`
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct Catopt {
    #[command(subcommand)]
    verb: Verb,
}

const HELP: &str = "\
Examples:
  cosmosmesh catopt export fleet.json --format mps --include-private --out fleet.mps
  cosmosmesh catopt import fleet.mps --out again.json
  cosmosmesh catopt certify fleet.json result.json

docs/catopt.md walks through every verb on a fleet of two.";

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write a fleet, scenario or catopt document for another solver or tool
    Export(export::Export),
    /// Read a problem of another solver's format, or a catopt document, as a fleet
    Import(import::Import),
    /// Judge a plan and its duals from anywhere, without trust in who made them
    Certify(certify::Certify),
    /// Say at which junctions plans do not agree or break a limit, and by how much
    Explain(explain::Explain),
    /// Minimise out private variables, so that only the boundary is left
    Marginalise(marginalise::Marginalise),
    /// Write only what a policy allows
    Redact(redact::Redact),
}

impl Catopt {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        match &self.verb {
            Verb::Export(export) => export.run(),
            Verb::Import(import) => import.run(),
            Verb::Certify(certify) => certify.run(),
            Verb::Explain(explain) => explain.run(),
            Verb::Marginalise(marginalise) => marginalise.run(),
            Verb::Redact(redact) => redact.run(),
        }
    }
}

fn named(path: &Path) -> impl Fn(&dyn std::fmt::Display) -> Failure + '_ {
    move |error| Failure::bad_input(format!("{}: {error}", path.display()))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sidecar.json");
    PathBuf::from(name)
}

/// What was done, what was written, what was lost; a list without entries says so too.
fn answer(as_json: bool, first: &str, paths: &[&PathBuf], losses: &[Loss]) -> Answer {
    if as_json {
        let losses: Vec<&str> = losses.iter().map(|loss| loss.what.as_str()).collect();
        let written: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Answer::done(format!("{}\n", json!({ "did": first, "written": written, "lost": losses })));
    }
    let mut text = format!("{first}\n");
    paths.iter().for_each(|path| text.push_str(&format!("written to {}\n", path.display())));
    losses.iter().for_each(|loss| text.push_str(&format!("lost: {}\n", loss.what)));
    if losses.is_empty() {
        text.push_str("nothing was lost\n");
    }
    Answer::done(text)
}
