use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use cosmosmesh_contracts::MissionTime;
use cosmosmesh_crypto::Blake3;
use cosmosmesh_delta_sync::checkpoint::CONTROL_TOPIC;
use cosmosmesh_delta_sync::state::{Fold, State};
use serde_json::{Value, json};

use super::store::Opened;
use super::{log_name, place, shown};
use crate::command::Answer;
use crate::exit::Failure;
use crate::table::{Align, Table, facts};

#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Replay {
    /// The replica's store, a SQLite file
    file: PathBuf,
    /// The moment to look back to, in milliseconds of mission time; by default that of the last operation
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    as_of: Option<i64>,
    /// Only entries of this kind; may be given more than once
    #[arg(long, value_name = "KIND")]
    kind: Vec<u16>,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Examples:
  cosmosmesh sync replay rover.db
  cosmosmesh sync replay rover.db --as-of 86400000 --json

The state is a function of the entries alone: two stores with the same operations up to the moment give the same hash.
Entries whose body is no operation, and those whose body is not here, are counted and left out.
Where a checkpoint is in force the fold begins with its state, and no earlier moment can be looked back to.
A value is printed as text, with everything but printable ASCII escaped.

Exit codes: 0 replayed, 64 no store, damaged, or held by another process.";

/// What was not folded.
#[derive(Default)]
struct LeftOut {
    later: u64,
    without_body: u64,
    /// Here, and in the state that the fold begins with.
    in_checkpoint: u64,
    /// Proposals and votes.
    of_checkpoints: u64,
    /// By kind.
    no_operation: BTreeMap<u16, u64>,
}

impl Replay {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let opened = Opened::open(&self.file)?;
        let base = opened.base()?;
        let closed = base.as_ref().map(|base| base.at);
        if let (Some(closed), Some(as_of)) = (closed, self.as_of)
            && as_of < closed.as_ms()
        {
            return Err(Failure::bad_input(format!(
                "{}: the past is closed up to {} ms, and of what led there only hashes need be kept; ask for that moment or a later one",
                self.file.display(),
                closed.as_ms()
            )));
        }
        if closed.is_some() && !self.kind.is_empty() {
            return Err(Failure::bad_input(format!(
                "{}: begins at a checkpoint, whose state is of every kind; leave --kind out",
                self.file.display()
            )));
        }
        let mut fold = base.map_or_else(Fold::new, Fold::from_base);
        let mut left_out = LeftOut::default();
        let mut last = None;
        opened.for_each(|entry| {
            let header = entry.header();
            if !self.kind.is_empty() && !self.kind.contains(&header.kind) {
                return;
            }
            if closed.is_some_and(|closed| header.time.at <= closed) {
                left_out.in_checkpoint += 1;
                return;
            }
            if header.id.log.topic == CONTROL_TOPIC {
                left_out.of_checkpoints += 1;
                return;
            }
            if self.as_of.is_some_and(|as_of| header.time.at.as_ms() > as_of) {
                left_out.later += 1;
                return;
            }
            match fold.take(entry) {
                Ok(true) => last = last.max(Some(header.time.at)),
                Ok(false) => left_out.without_body += 1,
                Err(_) => *left_out.no_operation.entry(header.kind).or_default() += 1,
            }
        })?;
        let as_of = self.as_of.map(MissionTime).or(last).or(closed).unwrap_or(MissionTime::EPOCH);
        let state = fold.state(as_of).clone();
        let digest = state.digest(&Blake3).to_string();
        if self.json {
            let notices: Vec<Value> = fold
                .notices()
                .map(|(stamp, notice)| json!({ "at_ms": stamp.time.at.as_ms(), "entry": place(&stamp.id), "notice": notice.to_string() }))
                .collect();
            let value = json!({
                "as_of_ms": as_of.as_ms(),
                "state": digest,
                "operations": fold.operation_count(),
                "from_checkpoint_ms": closed.map(|closed| closed.as_ms()),
                "later": left_out.later,
                "in_checkpoint": left_out.in_checkpoint,
                "of_checkpoints": left_out.of_checkpoints,
                "without_body": left_out.without_body,
                "no_operation": left_out.no_operation.values().sum::<u64>(),
                "values": values(&state, as_of).iter().map(|value| {
                    json!({ "what": value.what, "key": value.key, "value": value.value })
                }).collect::<Vec<_>>(),
                "notices": notices,
            });
            return Ok(Answer::done(format!("{value}\n")));
        }
        let mut lines = vec![("as of", format!("{} ms", as_of.as_ms())), ("state", digest)];
        if let Some(closed) = closed {
            lines.push(("begins at", format!("the checkpoint of {} ms", closed.as_ms())));
        }
        lines.push(("operations", fold.operation_count().to_string()));
        lines.push(("left out", left_out.words()));
        let mut text = facts(&lines);
        let mut table = Table::new(&[("what", Align::Left), ("key", Align::Left), ("value", Align::Left)]);
        for value in values(&state, as_of) {
            table.push(vec![value.what.to_owned(), value.key, value.value]);
        }
        if !table.is_empty() {
            text.push_str(&format!("\n{}", table.text()));
        }
        let mut notices = Table::new(&[("at", Align::Right), ("what a rule decided", Align::Left)]);
        for (stamp, notice) in fold.notices() {
            notices.push(vec![format!("{} ms", stamp.time.at.as_ms()), notice.to_string()]);
        }
        if !notices.is_empty() {
            text.push_str(&format!("\n{}", notices.text()));
        }
        Ok(Answer::done(text))
    }
}

impl LeftOut {
    fn words(&self) -> String {
        let mut words = vec![format!("{} later", self.later), format!("{} without a body", self.without_body)];
        for (count, what) in
            [(self.in_checkpoint, "in the checkpoint's state"), (self.of_checkpoints, "about checkpoints")]
        {
            if count > 0 {
                words.push(format!("{count} {what}"));
            }
        }
        words.extend(self.no_operation.iter().map(|(kind, count)| format!("{count} of kind {kind} are no operation")));
        words.join(", ")
    }
}

/// One line of the state.
struct Shown {
    what: &'static str,
    key: String,
    value: String,
}

/// Everything in the state, in its own order; commands last.
fn values(state: &State, as_of: MissionTime) -> Vec<Shown> {
    let mut out = Vec::new();
    for (what, key) in state.keys() {
        let value = match what {
            "register" => state.register(key).and_then(|register| register.value()).map(shown),
            "set" => state
                .set(key)
                .map(|set| set.iter().map(|element| format!("`{}`", shown(element))).collect::<Vec<_>>().join(", ")),
            "counter" => Some(state.counter(key).to_string()),
            "account" => {
                state.account(key).map(|account| format!("{} spent of {}", account.spent(), account.granted()))
            }
            _ => state.forecasts(key).map(|forecasts| {
                let one = |forecast: &cosmosmesh_delta_sync::state::Forecast| {
                    format!("{}..{} ms: `{}`", forecast.from.as_ms(), forecast.until.as_ms(), shown(&forecast.value))
                };
                forecasts.iter().map(one).collect::<Vec<_>>().join(", ")
            }),
        };
        out.push(Shown { what, key: shown(key), value: value.unwrap_or_default() });
    }
    for (id, command) in state.commands() {
        out.push(Shown {
            what: "command",
            key: format!("{}/{}", log_name(&id.log), id.sequence),
            value: command.phase(as_of).to_string(),
        });
    }
    out
}
