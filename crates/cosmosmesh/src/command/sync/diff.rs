use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use cosmosmesh_delta_sync::{EntryId, Interest, LogId, RangeSet};
use serde_json::{Value, json};

use super::store::Opened;
use super::{log_name, stretches};
use crate::command::Answer;
use crate::exit::{Exit, Failure};
use crate::table::{Align, Table};

#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Diff {
    /// One replica's store
    a: PathBuf,
    /// Another's
    b: PathBuf,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Examples:
  cosmosmesh sync diff rover.db base.db
  cosmosmesh sync diff rover.db base.db --json

Of each log: which entries only one of them holds, where the two hold different entries in one place, and whose proof of a fork the other lacks.
Receipts are each replica's own and are not compared.

Exit codes: 0 both hold the same, 1 they differ, 64 no store, damaged, held by another process, or of two missions.";

impl Diff {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let same = |path: &PathBuf| path.canonicalize().ok();
        if same(&self.a).is_some_and(|a| Some(a) == same(&self.b)) {
            return Err(Failure::bad_input(format!("{}: is named twice; name two stores", self.a.display())));
        }
        let (a, b) = (Opened::open(&self.a)?, Opened::open(&self.b)?);
        if let (Some(one), Some(other)) = (a.mission()?, b.mission()?)
            && one != other
        {
            return Err(Failure::bad_input(format!(
                "{} and {} belong to two missions; name two stores of one",
                self.a.display(),
                self.b.display()
            )));
        }
        let equal = a.replica.root(&Interest::All) == b.replica.root(&Interest::All);
        let logs: BTreeSet<LogId> = a.replica.logs().chain(b.replica.logs()).collect();
        let mut differences = Vec::new();
        for log in logs {
            let difference = Difference::of(log, &a, &b)?;
            if !difference.is_none() {
                differences.push(difference);
            }
        }
        let number = |side: &Opened| side.replica.checkpoint().map(|checkpoint| checkpoint.number);
        let (number_a, number_b) = (number(&a), number(&b));
        let exit = if equal && differences.is_empty() { Exit::Optimal } else { Exit::Differs };
        let (only_a, only_b): (u64, u64) = (
            differences.iter().map(|difference| difference.only_a.count()).sum(),
            differences.iter().map(|difference| difference.only_b.count()).sum(),
        );
        if self.json {
            let value = json!({
                "equal": exit == Exit::Optimal,
                "only_a": only_a,
                "only_b": only_b,
                "checkpoint_a": number_a,
                "checkpoint_b": number_b,
                "logs": differences.iter().map(Difference::json).collect::<Vec<_>>(),
            });
            return Ok(Answer { text: format!("{value}\n"), exit });
        }
        if exit == Exit::Optimal {
            let text = format!(
                "both hold the same; entries: {}, logs: {}\n",
                a.replica.entry_count(),
                a.replica.logs().count()
            );
            return Ok(Answer::done(text));
        }
        let mut table = Table::new(&[
            ("log", Align::Left),
            ("only in A", Align::Right),
            ("only in B", Align::Right),
            ("which", Align::Left),
        ]);
        for difference in &differences {
            table.push(vec![
                log_name(&difference.log),
                difference.only_a.count().to_string(),
                difference.only_b.count().to_string(),
                difference.words(),
            ]);
        }
        let mut text = format!(
            "they differ: {only_a} in A ({}) only, {only_b} in B ({}) only\n",
            self.a.display(),
            self.b.display(),
        );
        if number_a != number_b {
            let words = |number: Option<u64>| number.map_or("none".to_owned(), |number| number.to_string());
            text.push_str(&format!("checkpoint in force in A: {}, in B: {}\n", words(number_a), words(number_b)));
        }
        if !differences.is_empty() {
            text.push_str(&format!("\n{}", table.text()));
        }
        Ok(Answer { text, exit })
    }
}

/// How one log differs.
struct Difference {
    log: LogId,
    only_a: RangeSet,
    only_b: RangeSet,
    /// The first place where both hold an entry and not the same.
    contradiction: Option<u64>,
    fork_a: Option<u64>,
    fork_b: Option<u64>,
}

impl Difference {
    fn of(log: LogId, a: &Opened, b: &Opened) -> Result<Self, Failure> {
        let (have_a, have_b) = (a.replica.have(&log), b.replica.have(&log));
        let fork = |side: &Opened| side.replica.fork(&log).map(|fork| fork.at().sequence);
        let mut contradiction = None;
        for &(start, end) in have_a.intersection(&have_b).ranges() {
            contradiction = contradiction_in(&log, start, end, a, b)?;
            if contradiction.is_some() {
                break;
            }
        }
        Ok(Self {
            log,
            only_a: have_a.minus(&have_b),
            only_b: have_b.minus(&have_a),
            contradiction,
            fork_a: fork(a),
            fork_b: fork(b),
        })
    }

    fn is_none(&self) -> bool {
        self.only_a.is_empty() && self.only_b.is_empty() && self.contradiction.is_none() && self.fork_a == self.fork_b
    }

    fn words(&self) -> String {
        let mut words = Vec::new();
        if !self.only_a.is_empty() {
            words.push(format!("A: {}", stretches(&self.only_a)));
        }
        if !self.only_b.is_empty() {
            words.push(format!("B: {}", stretches(&self.only_b)));
        }
        if let Some(at) = self.contradiction {
            words.push(format!("two different entries at {at}: the author forked"));
        }
        if self.fork_a != self.fork_b {
            for (side, fork) in [("A", self.fork_a), ("B", self.fork_b)] {
                words.extend(fork.map(|at| format!("{side} knows of a fork at {at}")));
            }
        }
        words.join("; ")
    }

    fn json(&self) -> Value {
        json!({
            "author": self.log.author.to_string(),
            "epoch": self.log.epoch,
            "topic": self.log.topic.0,
            "only_a": self.only_a.ranges(),
            "only_b": self.only_b.ranges(),
            "contradiction": self.contradiction,
            "fork_a": self.fork_a,
            "fork_b": self.fork_b,
        })
    }
}

/// The first place of a stretch that both hold where their entries differ.
///
/// Each entry repeats the hash of the one before it, so equal entries at the end mean equal ones all the way, and the first difference is found by halving.
fn contradiction_in(log: &LogId, start: u64, end: u64, a: &Opened, b: &Opened) -> Result<Option<u64>, Failure> {
    let differs = |at: u64| -> Result<bool, Failure> {
        // Of what was pruned the hash is kept, unless it was never here.
        let id = EntryId { log: *log, sequence: at };
        let (Some(one), Some(other)) = (a.hash(&id)?, b.hash(&id)?) else { return Ok(false) };
        Ok(one != other)
    };
    if start >= end || !differs(end - 1)? {
        return Ok(None);
    }
    let (mut same, mut different) = (start, end - 1);
    while same < different {
        let middle = same + (different - same) / 2;
        if differs(middle)? {
            different = middle;
        } else {
            same = middle + 1;
        }
    }
    Ok(Some(different))
}
