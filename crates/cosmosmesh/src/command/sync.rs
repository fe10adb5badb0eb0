mod diff;
mod inspect;
mod prune;
mod replay;
mod store;

use clap::{Args, Subcommand};
use cosmosmesh_delta_sync::{EntryId, LogId, RangeSet};

use super::Answer;
use crate::exit::Failure;

/// `cosmosmesh sync`
#[derive(Args, Debug)]
pub(crate) struct Sync {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say what a store holds: its logs, its forks, and who handed over what, when and over which link
    Inspect(inspect::Inspect),
    /// Say what each of two stores holds that the other does not
    Diff(diff::Diff),
    /// Fold the operations of a store to the state at a time, with every conflict that a rule decided
    Replay(replay::Replay),
    /// Drop what the checkpoint in force covers, and keep its hashes
    Prune(prune::Prune),
}

impl Sync {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        match &self.verb {
            Verb::Inspect(inspect) => inspect.run(),
            Verb::Diff(diff) => diff.run(),
            Verb::Replay(replay) => replay.run(),
            Verb::Prune(prune) => prune.run(),
        }
    }
}

/// `author/epoch/topic`, the author by its first eight digits, as notices write it.
fn log_name(log: &LogId) -> String {
    format!("{:.8}/{}/{}", log.author.to_string(), log.epoch, log.topic.0)
}

/// The same with the sequence number, and the author in full for machines.
fn place(id: &EntryId) -> String {
    format!("{}/{}/{}/{}", id.log.author, id.log.epoch, id.log.topic.0, id.sequence)
}

/// The first stretches of a set, `first..end` each, and how many more there are.
fn stretches(set: &RangeSet) -> String {
    const SHOWN_MAX: usize = 3;
    let ranges = set.ranges();
    let shown: Vec<String> = ranges.iter().take(SHOWN_MAX).map(|(start, end)| format!("{start}..{end}")).collect();
    match ranges.len().saturating_sub(SHOWN_MAX) {
        0 if shown.is_empty() => "none".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes as text: printable ASCII as it is, everything else escaped.
fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
