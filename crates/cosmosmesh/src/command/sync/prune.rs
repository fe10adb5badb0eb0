use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::store::{owned, refused};
use crate::command::Answer;
use crate::exit::Failure;
use crate::figure::bytes;

#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Prune {
    /// The replica's store, a SQLite file; it is changed
    file: PathBuf,
    /// Print JSON instead of a sentence
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Examples:
  cosmosmesh sync prune rover.db
  cosmosmesh sync inspect rover.db

Entries that the checkpoint in force covers are dropped, and their hashes stay: the root, the ranges and the state are what they were.
Without a checkpoint nothing is done.
The node that owns the store must be stopped, and must have been stopped in good order.
SQLite uses the room again; the file does not shrink.

Exit codes: 0 pruned, or nothing to prune, 64 no store, damaged, held by another process, or not closed in good order.";

impl Prune {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let mut replica = owned(&self.file)?;
        // Without its key nobody knows which entries are the node's own, and the index would forget its time.
        if !replica.is_indexed() {
            return Err(Failure::bad_input(format!(
                "{}: was not closed in good order; start its node and stop it, then prune",
                self.file.display()
            )));
        }
        let pruned = replica.prune().map_err(|error| refused(&self.file, &error))?;
        let number = replica.checkpoint().map(|checkpoint| checkpoint.number);
        replica.close().map_err(|error| refused(&self.file, &error))?;
        if self.json {
            let value = json!({ "checkpoint": number, "entries": pruned.entries, "bytes": pruned.bytes });
            return Ok(Answer::done(format!("{value}\n")));
        }
        let text = match number {
            None => "nothing pruned: no checkpoint is in force\n".to_owned(),
            Some(number) => format!(
                "{} entries below checkpoint {number} dropped, {} in all; their hashes stay\n",
                pruned.entries,
                bytes(pruned.bytes)
            ),
        };
        Ok(Answer::done(text))
    }
}
