use std::path::PathBuf;

use clap::{Args, ValueEnum};
use cosmosmesh_catopt_bridge::{Policy, Redaction, Release, document, redact};
use cosmosmesh_crypto::Blake3;

use super::{answer, named, source};
use crate::command::Answer;
use crate::exit::Failure;
use crate::file;

#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Redact {
    /// The problem: cosmosmesh.fleet/1, cosmosmesh.catopt/1, or a scenario
    file: PathBuf,
    /// Write the diagram here, cosmosmesh.catopt/1
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What may leave of every object
    #[arg(long, value_enum, default_value = "wiring", conflicts_with = "policy")]
    release: Allow,
    /// Replace the names of objects, ports, variables and private rows
    #[arg(long, conflicts_with = "policy")]
    rename: bool,
    /// What may leave object by object: {"default": "wiring", "objects": {"rover-1": "boundary"}, "rename": true}
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Reveal what the policy allows of the assets' private parts
    #[arg(long)]
    include_private: bool,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Allow {
    /// That it is there and where it is wired to; no number of it
    Wiring,
    /// Its marginal: less than all, not nothing
    Boundary,
    /// All of it
    Whole,
}

const HELP: &str = "\
Examples:
  cosmosmesh catopt redact fleet.json --rename --out shape.catopt.json
  cosmosmesh catopt redact fleet.json --policy policy.json --include-private --out shared.catopt.json

Junctions, their limits and the wires to them always stay: they are everybody's.
A policy that allows more than wiring needs --include-private.

Exit codes: 0 written, 64 bad input or private data not released, 74 could not be written.";

impl Redact {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        file::check_writable(&self.out)?;
        let fail = named(&self.file);
        let policy = self.policy()?;
        let private = policy.objects.values().chain([&policy.default]).any(|release| *release != Release::Wiring);
        let diagram = source::load(&self.file)?.diagram(&self.file)?;
        let Redaction { diagram, revealed, withheld } = redact(&diagram, &policy).map_err(|error| fail(&error))?;
        let shown = revealed.len().min(3);
        let more =
            if revealed.len() > shown { format!("; and {} more", revealed.len() - shown) } else { String::new() };
        let revealed = format!("{}{more}", revealed[..shown].join("; "));
        if private && !self.include_private {
            let what = "the file would reveal";
            return Err(fail(&format!(
                "{what} {revealed}; add --include-private if whoever reads it may know all of that"
            )));
        }
        file::write(&self.out, &document::write(&diagram, Some(&Blake3)))?;
        Ok(answer(self.json, &format!("revealed: {revealed}"), &[&self.out], &withheld))
    }

    fn policy(&self) -> Result<Policy, Failure> {
        let Some(path) = &self.policy else {
            let default = match self.release {
                Allow::Wiring => Release::Wiring,
                Allow::Boundary => Release::Boundary,
                Allow::Whole => Release::Whole,
            };
            return Ok(Policy { default, rename: self.rename, ..Policy::default() });
        };
        let bytes = file::read(path)?;
        serde_json::from_slice(&bytes).map_err(|error| named(path)(&format!("{error}; see `catopt redact --help`")))
    }
}
