use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_crypto::Blake3;
use cosmosmesh_delta_sync::checkpoint::late_of;
use cosmosmesh_delta_sync::{Interest, Receipt};
use serde_json::{Value, json};

use super::store::Opened;
use super::{hex, log_name, place, stretches};
use crate::command::Answer;
use crate::exit::{Exit, Failure};
use crate::figure::{bytes, duration};
use crate::table::{Align, Table, facts};

#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Inspect {
    /// The replica's store, a SQLite file
    file: PathBuf,
    /// Check the signature of every entry
    #[arg(long)]
    verify: bool,
    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Examples:
  cosmosmesh sync inspect rover.db
  cosmosmesh sync inspect rover.db --verify --json

A log is named author/epoch/topic; in tables the author by its first eight digits.
The file is read and not changed; a journal that a crash left beside it is read with it.
A log that forks counts up to the fork only.
Of entries that a checkpoint covers, a pruned store keeps hashes only; with --verify the checkpoint's votes are checked too, not whether they are enough: the quorum is the mission's.

Exit codes: 0 read, 8 a signature does not hold, 64 no store, damaged, or held by another process.";

impl Inspect {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let opened = Opened::open(&self.file)?;
        let mut bad = Vec::new();
        let mut checked = 0_u64;
        let mut carried = Vec::new();
        let closed = opened.replica.certificate();
        if self.verify || closed.is_some() {
            opened.for_each(|entry| {
                if self.verify {
                    checked += 1;
                    if entry.verify(&opened.keys).is_err() {
                        bad.push(entry.id());
                    }
                }
                carried.extend(late_of(entry).map(|late| (late, entry.id())));
            })?;
        }
        if let Some(certificate) = closed.as_ref().filter(|_| self.verify) {
            for vote in &certificate.votes {
                checked += 1;
                if vote.verify(&opened.keys).is_err() {
                    bad.push(vote.id());
                }
            }
        }
        let exit = if bad.is_empty() { Exit::Optimal } else { Exit::Tampered };
        let handovers = handovers(&opened.receipts);
        let mission = opened.mission()?;
        let root = hex(&opened.replica.root(&Interest::All));
        let entries = opened.replica.entry_count();
        if self.json {
            let logs: Vec<Value> = opened
                .replica
                .logs()
                .map(|log| {
                    json!({
                        "author": log.author.to_string(),
                        "epoch": log.epoch,
                        "topic": log.topic.0,
                        "ranges": opened.replica.have(&log).ranges(),
                        "hashes_only_below": opened.replica.base_of(&log),
                        "fork": opened.replica.fork(&log).map(|fork| fork.at().sequence),
                    })
                })
                .collect();
            let value = json!({
                "file": self.file.display().to_string(),
                "mission": mission.map(|mission| hex(&mission.0)),
                "root": root,
                "entries": entries,
                "checkpoint": closed.as_ref().map(|certificate| {
                    let checkpoint = &certificate.checkpoint;
                    json!({
                        "number": checkpoint.number,
                        "at_ms": checkpoint.at.as_ms(),
                        "hash": checkpoint.hash(&Blake3).to_string(),
                        "entries": checkpoint.cut.entry_count(),
                        "state": checkpoint.state_hash.to_string(),
                        "state_bytes": checkpoint.state_bytes,
                        "voters": certificate.votes.iter().map(|vote| vote.id().log.author.to_string()).collect::<Vec<_>>(),
                    })
                }),
                "carried": carried.iter().map(|(late, carrier)| {
                    json!({ "late": place(late), "carrier": place(carrier) })
                }).collect::<Vec<_>>(),
                "logs": logs,
                "receipts": opened.receipts.len(),
                "handovers": handovers.iter().map(|(key, sum)| sum.json(key)).collect::<Vec<_>>(),
                "signatures": self.verify.then(|| {
                    json!({ "checked": checked, "bad": bad.iter().map(place).collect::<Vec<_>>() })
                }),
            });
            return Ok(Answer { text: format!("{value}\n"), exit });
        }
        let mut lines = vec![
            ("mission", mission.map_or("unknown, since no entry is here".to_owned(), |mission| hex(&mission.0))),
            ("root", root),
            ("entries", entries.to_string()),
            ("logs", opened.replica.logs().count().to_string()),
            ("forks", opened.replica.forks().count().to_string()),
            ("receipts", opened.receipts.len().to_string()),
        ];
        if let Some(certificate) = &closed {
            let checkpoint = &certificate.checkpoint;
            let (entries, votes) = (checkpoint.cut.entry_count(), certificate.votes.len());
            lines.push((
                "checkpoint",
                format!(
                    "{} up to {} ms: {entries} entries, {votes} votes, a state of {}",
                    checkpoint.number,
                    checkpoint.at.as_ms(),
                    bytes(checkpoint.state_bytes)
                ),
            ));
            lines.push(("carried on", format!("{} late entries since", carried.len())));
        }
        if self.verify {
            lines.push(("signatures", format!("{} of {checked} hold", checked - bad.len() as u64)));
        }
        let mut text = facts(&lines);
        bad.iter().for_each(|id| text.push_str(&format!("the signature of {} does not hold\n", place(id))));
        let mut logs = Table::new(&[
            ("log", Align::Left),
            ("entries", Align::Right),
            ("stretches", Align::Left),
            ("hashes only below", Align::Right),
            ("forks at", Align::Right),
        ]);
        for log in opened.replica.logs() {
            let have = opened.replica.have(&log);
            let fork = opened.replica.fork(&log).map(|fork| fork.at().sequence.to_string());
            let base = match opened.replica.base_of(&log) {
                0 => String::new(),
                base => base.to_string(),
            };
            logs.push(vec![log_name(&log), have.count().to_string(), stretches(&have), base, fork.unwrap_or_default()]);
        }
        if !logs.is_empty() {
            text.push_str(&format!("\n{}", logs.text()));
        }
        if !handovers.is_empty() {
            text.push_str(&format!("\n{}", handover_table(&handovers)));
        }
        Ok(Answer { text, exit })
    }
}

/// What came from one node over one link.
#[derive(Default)]
struct Handover {
    first_ms: i64,
    last_ms: i64,
    batches: u64,
    bytes: u64,
    new: u64,
    duplicate: u64,
    quarantined: u64,
    forks: u64,
    refused: u64,
    late: u64,
    latency_sum_ms: u64,
    latency_ms_max: u64,
}

type Handovers = BTreeMap<(NodeId, String), Handover>;

fn handovers(receipts: &[Receipt]) -> Handovers {
    let mut out = Handovers::new();
    for receipt in receipts {
        let at = receipt.at.as_ms();
        let sum = out.entry((receipt.from, receipt.link.clone())).or_insert(Handover {
            first_ms: at,
            last_ms: at,
            ..Handover::default()
        });
        sum.first_ms = sum.first_ms.min(at);
        sum.last_ms = sum.last_ms.max(at);
        sum.batches += 1;
        for (total, part) in [
            (&mut sum.bytes, receipt.bytes),
            (&mut sum.new, receipt.new),
            (&mut sum.duplicate, receipt.duplicate),
            (&mut sum.quarantined, receipt.quarantined),
            (&mut sum.forks, receipt.forks),
            (&mut sum.refused, receipt.refused),
            (&mut sum.late, receipt.late),
            (&mut sum.latency_sum_ms, receipt.latency_sum_ms),
        ] {
            *total = total.saturating_add(part);
        }
        sum.latency_ms_max = sum.latency_ms_max.max(receipt.latency_ms_max);
    }
    out
}

impl Handover {
    /// Mean time from writing to arrival, over the new entries.
    fn latency_ms_mean(&self) -> Option<u64> {
        self.latency_sum_ms.checked_div(self.new)
    }

    fn json(&self, (from, link): &(NodeId, String)) -> Value {
        json!({
            "from": from.to_string(),
            "link": link,
            "first_ms": self.first_ms,
            "last_ms": self.last_ms,
            "batches": self.batches,
            "bytes": self.bytes,
            "new": self.new,
            "duplicate": self.duplicate,
            "quarantined": self.quarantined,
            "forks": self.forks,
            "refused": self.refused,
            "late": self.late,
            "latency_ms_mean": self.latency_ms_mean(),
            "latency_ms_max": self.latency_ms_max,
        })
    }
}

fn handover_table(handovers: &Handovers) -> String {
    let mut table = Table::new(&[
        ("from", Align::Left),
        ("link", Align::Left),
        ("batches", Align::Right),
        ("bytes", Align::Right),
        ("new", Align::Right),
        ("here before", Align::Right),
        ("quarantined", Align::Right),
        ("refused", Align::Right),
        ("of them late", Align::Right),
        ("mean latency", Align::Right),
        ("longest", Align::Right),
    ]);
    for ((from, link), sum) in handovers {
        table.push(vec![
            format!("{:.8}", from.to_string()),
            // A link's name comes from a host; it must not move the cursor.
            link.escape_debug().to_string(),
            sum.batches.to_string(),
            bytes(sum.bytes),
            sum.new.to_string(),
            sum.duplicate.to_string(),
            sum.quarantined.to_string(),
            sum.refused.to_string(),
            sum.late.to_string(),
            sum.latency_ms_mean().map_or("none".to_owned(), duration),
            if sum.new == 0 { "none".to_owned() } else { duration(sum.latency_ms_max) },
        ]);
    }
    table.text()
}
