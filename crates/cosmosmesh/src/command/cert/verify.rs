use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use clap::Args;
use cosmosmesh_contracts::MissionTime;
use cosmosmesh_crypto::Ed25519Verifier;
use cosmosmesh_identity::certificate::{Evidence, Invalid, Tolerance, Unknown, Verdict, judge};
use cosmosmesh_identity::role::Roles;
use cosmosmesh_ledger::governance::Governance;
use serde_json::{Value, json};

use super::super::Answer;
use super::{at, epoch, fields, milliseconds};
use crate::certificate_folder::{self, Shown, current};
use crate::civil;
use crate::exit::{Exit, Failure};
use crate::figure::age;
use crate::fleet_view::{self, FleetView};
use crate::log_book::LogBook;
use crate::table::{Align, Table, facts};

#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Verify {
    /// A .cwt file, or a folder of them, of which the clock chooses one
    certificate: PathBuf,
    /// The governance log
    #[arg(long, value_name = "LOG")]
    ledger: PathBuf,
    /// At which time, as 2031-01-01T00:00:00Z or in seconds since 1970; now if left out
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Where the act that is judged stands, in entries of the log; at its end if left out
    #[arg(long, value_name = "COUNT")]
    position: Option<u64>,
    /// By how much the clock may be wrong, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    clock_bound: u32,
    /// When the log's newest entry was heard; if left out, when a quorum of witnesses saw it last, and without one when its file was written, which whoever copies the file can change
    #[arg(long, value_name = "TIME")]
    heard: Option<String>,
    /// How old the log may be, in days
    #[arg(long, value_name = "DAYS", default_value_t = 40)]
    age_days_max: u32,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Examples:
  cosmosmesh cert verify rover.certs --ledger ares.log
  cosmosmesh cert verify rover.certs/03.cwt --ledger ares.log --at 2031-01-01T00:00:00Z --clock-bound 10
  cosmosmesh cert verify rover.certs/00.cwt --ledger ares.log --position 17

Validity is judged by the place of the act in the log and by the judge's own clock, never by the signer's.
The X.509 form is for `openssl verify -CAfile authority.pem FILE`, which does not know the log.

Exit codes: 0 valid, 7 invalid, 8 the log or the certificate was changed, 9 indeterminate and it says what is not known, 64 bad input.";

impl Verify {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let book = LogBook::open(&self.ledger)?;
        let state = book.governance()?;
        let Heard { at: heard, by: heard_by } = self.heard(&book, &state)?;
        let shown = certificate_folder::read(&self.certificate, epoch(), &Ed25519Verifier::new())?;
        let now = at(self.at.as_deref())?;
        let view = FleetView { state: &state, heard };
        let evidence = Evidence {
            now,
            clock_bound_ms: milliseconds(self.clock_bound, 1),
            position: self.position.unwrap_or(state.entries),
            view: &view,
        };
        let tolerance = Tolerance { evidence_age_ms_max: milliseconds(self.age_days_max, 86_400), grace_ms: 0 };
        let verdict = |shown: &Shown| judge(shown.token.certificate(), &evidence, &tolerance);
        let chosen = current(&shown, now).ok_or_else(|| Failure::bad_input("no certificate is there"))?;
        let found = verdict(chosen);
        let exit = match found {
            Verdict::Valid { .. } => Exit::Optimal,
            Verdict::Invalid(_) => Exit::Refused,
            Verdict::Indeterminate { .. } => Exit::Indeterminate,
        };
        let age_ms = now.ms_since(heard).max(0);
        // A log that was heard after the time that is judged at knows what was not known then.
        let knows_later = heard.ms_since(now) >= 1_000 && self.position.is_none();
        let certificate = chosen.token.certificate();
        let given = state.members.get(certificate.asset.as_str()).map_or(Roles::NONE, fleet_view::roles);
        let effective: Roles = certificate.roles.iter().filter(|role| given.contains(*role)).collect();
        if self.json {
            let value = json!({
                "verdict": word(&found), "reason": code(&found), "needed": needed(&found),
                "evidence_age_ms": age_ms, "heard_by": heard_by.code(), "knows_later": knows_later, "entries": state.entries, "position": evidence.position,
                "roles_in_force": effective.iter().map(|role| role.word()).collect::<Vec<_>>(),
                "file": chosen.path.display().to_string(), "certificate": fields(&chosen.token),
                "others": shown.iter().filter(|other| other.path != chosen.path).map(|other| json!({
                    "file": other.path.display().to_string(), "verdict": word(&verdict(other)), "reason": code(&verdict(other)),
                })).collect::<Vec<Value>>(),
            });
            return Ok(Answer { text: format!("{value}\n"), exit });
        }
        let said = needed(&found).map_or(word(&found).to_owned(), |needed| format!("{}: {needed}", word(&found)));
        let mut text = format!("{said}\n");
        text.push_str(&facts(&[
            ("file", chosen.path.display().to_string()),
            ("asset", certificate.asset.as_str().to_owned()),
            ("roles", roles(certificate.roles, effective)),
            ("issuer", issuer(&state, &certificate.issuer)),
            (
                "judged at",
                format!("{}, give or take {} s", civil::date(now.as_ms().div_euclid(1_000)), self.clock_bound),
            ),
            ("judged by", format!("{} entries, heard {} before", state.entries, age(age_ms as u64))),
            ("heard by", heard_by.words().to_owned()),
        ]));
        if knows_later {
            text.push_str(
                "The log was heard later than that: what it decided since counts as well. Name the place of the act with --position.\n",
            );
        }
        if shown.len() > 1 {
            let columns =
                [("rung", Align::Right), ("from", Align::Left), ("until", Align::Left), ("verdict", Align::Left)];
            let mut table = Table::new(&columns);
            for each in &shown {
                let (from, to) = each.token.certificate().window.as_seconds();
                let found = verdict(each);
                let why = code(&found).map_or(String::new(), |code| format!(", {code}"));
                table.push(vec![
                    each.token.certificate().rung.to_string(),
                    civil::date(from),
                    civil::date(to),
                    format!("{}{why}", word(&found)),
                ]);
            }
            text.push_str(&format!("\n{}", table.text()));
        }
        Ok(Answer { text, exit })
    }

    /// When the log was heard, by the best word there is.
    fn heard(&self, book: &LogBook, state: &Governance) -> Result<Heard, Failure> {
        if let Some(text) = &self.heard {
            return Ok(Heard { at: at(Some(text))?, by: HeardBy::Command });
        }
        if let Some(seen) = witnessed(book, state) {
            return Ok(Heard { at: seen, by: HeardBy::Witnesses });
        }
        let written = std::fs::metadata(&self.ledger).and_then(|about| about.modified());
        let written = written
            .map_err(|error| Failure::bad_input(format!("{}: {error}; name the log's file", self.ledger.display())))?;
        let since = written.duration_since(UNIX_EPOCH).unwrap_or_default();
        let written = MissionTime(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        Ok(Heard { at: written, by: HeardBy::File })
    }
}

/// When the log's newest entry was heard, and who says so.
struct Heard {
    at: MissionTime,
    by: HeardBy,
}

#[derive(Clone, Copy)]
enum HeardBy {
    Command,
    Witnesses,
    File,
}

impl HeardBy {
    fn words(self) -> &'static str {
        match self {
            Self::Command => "--heard",
            Self::Witnesses => "the signed times of a quorum of the log's witnesses",
            Self::File => {
                "the date of the log's file, which whoever copies the file can change; --heard or witnesses say more"
            }
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Witnesses => "witnesses",
            Self::File => "file",
        }
    }
}

/// When a quorum of the witnesses that the root names had all of the log before them, if there is one and it signed.
fn witnessed(book: &LogBook, state: &Governance) -> Option<MissionTime> {
    let policy = state.root.as_ref()?.document.log_policy()?;
    let open = policy.open(book.log.checkpoint_note()?.to_string().as_bytes(), &Ed25519Verifier::new()).ok()?;
    // A checkpoint of fewer entries says nothing of the newest.
    let whole = open.checkpoint.size == state.entries && open.checkpoint.root == book.log.tree().root();
    let time = open.seen_posix_s().filter(|_| whole)?;
    Some(MissionTime(i64::try_from(time).ok()?.saturating_mul(1_000)))
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Valid { .. } => "valid",
        Verdict::Invalid(_) => "invalid",
        Verdict::Indeterminate { .. } => "indeterminate",
    }
}

/// The reason in one word, for tables and machines.
fn code(verdict: &Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Valid { .. } => None,
        Verdict::Invalid(why) => Some(match why {
            Invalid::Early => "early",
            Invalid::Expired => "expired",
            Invalid::Superseded => "superseded",
            Invalid::Later => "later",
            Invalid::Revoked { .. } => "revoked",
            Invalid::Issuer => "issuer",
            Invalid::Subject => "subject",
            _ => "other",
        }),
        Verdict::Indeterminate { unknown, .. } => Some(match unknown {
            Unknown::Time => "time",
            Unknown::Log { .. } => "log",
            Unknown::Freshness => "freshness",
            _ => "other",
        }),
    }
}

fn needed(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Valid { .. } => None,
        Verdict::Invalid(why) => Some(why.to_string()),
        Verdict::Indeterminate { unknown, .. } => Some(unknown.to_string()),
    }
}

fn roles(said: Roles, effective: Roles) -> String {
    if said == effective { said.to_string() } else { format!("{said}, of which the log still gives {effective}") }
}

fn issuer(state: &Governance, key: &cosmosmesh_contracts::key::NodeId) -> String {
    state.issuers.get(key).map_or_else(|| format!("unknown, {key}"), |standing| format!("{}, {key}", standing.issuer))
}
