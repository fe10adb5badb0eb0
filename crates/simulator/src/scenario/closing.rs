use cosmosmesh_delta_sync::checkpoint::PROPOSERS_MAX;

use super::reader::{At, Table};
use super::{ScenarioError, ScenarioErrorKind as Kind};

/// Who closes the past of the fleet's logs, and how often.
///
/// Below a checkpoint that a quorum signed, replicas keep hashes only; that is what keeps long missions small.
#[derive(Clone, Debug, PartialEq)]
pub struct Closing {
    /// Indices of the assets that may propose checkpoints, each once: the first does, and the others stand in for those before them.
    pub proposers: Vec<usize>,
    /// Indices of the assets that vote, each once.
    pub voters: Vec<usize>,
    /// How many votes certify: more than half.
    pub needed: usize,
    /// The past is closed up to whole multiples of this since the epoch.
    pub period_ms: i64,
    /// How long each proposer waits for those before it, and all of them for entries that are missing among others.
    pub patience_ms: i64,
    /// How old entries are before they are closed: what was written and has not reached the proposer by then is late.
    pub age_ms: i64,
}

type Result<T> = std::result::Result<T, ScenarioError>;

/// Six hours: long against a contact of a relay, short against a sol.
const PERIOD_MS: i64 = 21_600_000;

/// Reads `[closing]`; nothing if the scenario keeps its past open.
///
/// Without the table, or without a key of it: the facilitator proposes, and the voters after it; the guardians vote, more than half are needed; every six hours for what is six hours old, and six hours each waits for another.
pub(super) fn closing(
    table: Option<Table<'_>>,
    index: &dyn Fn(&str, &At<String>) -> Result<usize>,
    facilitator: usize,
    guardians: &[usize],
) -> Result<Option<Closing>> {
    let majority = |count: usize| count / 2 + 1;
    let in_order = |voters: &[usize]| {
        core::iter::once(facilitator).chain(voters.iter().copied().filter(|k| *k != facilitator)).collect::<Vec<_>>()
    };
    let Some(mut table) = table else {
        return Ok(Some(Closing {
            proposers: in_order(guardians),
            voters: guardians.to_vec(),
            needed: majority(guardians.len()),
            period_ms: PERIOD_MS,
            patience_ms: PERIOD_MS,
            age_ms: PERIOD_MS,
        }));
    };
    let closes = match table.optional_text("past")? {
        None => true,
        Some(past) if past.value == "closed" => true,
        Some(past) if past.value == "open" => false,
        Some(past) => {
            let (key, choices) = ("past".to_owned(), vec!["closed", "open"]);
            return Err(table.source().at(&past.span, Kind::UnknownChoice { key, value: past.value, choices }));
        }
    };
    let voters = each_once(&mut table, "voters", index)?.unwrap_or_else(|| guardians.to_vec());
    let proposers = each_once(&mut table, "proposers", index)?.unwrap_or_else(|| in_order(&voters));
    if proposers.is_empty() || proposers.len() > PROPOSERS_MAX {
        let reason = format!("{} proposers; name 1 to {PROPOSERS_MAX}", proposers.len());
        return Err(table.error_at("proposers", Kind::Contradiction { reason }));
    }
    let needed = match table.optional_integer("needed_count", 1..=i64::from(u16::MAX))? {
        Some(needed) => usize::try_from(needed).unwrap_or(usize::MAX),
        None => majority(voters.len()),
    };
    if needed * 2 <= voters.len() || needed > voters.len() {
        let count = voters.len();
        let reason = format!("{needed} of {count} voters is no quorum; ask for more than half of them and at most all");
        return Err(table.error_at("needed_count", Kind::Contradiction { reason }));
    }
    let milliseconds = |s: f64| (s * 1000.0).round() as i64;
    let period_ms = table.optional_number("period_s", 60.0..=1e9)?.map_or(PERIOD_MS, milliseconds);
    let age_ms = table.optional_number("age_s", 0.0..=1e9)?.map_or(period_ms, milliseconds);
    let patience_ms = table.optional_number("patience_s", 1.0..=1e9)?.map_or(period_ms, milliseconds);
    table.finish()?;
    Ok(closes.then_some(Closing { proposers, voters, needed, period_ms, patience_ms, age_ms }))
}

/// The assets that a key names, each once.
fn each_once(
    table: &mut Table<'_>,
    key: &'static str,
    index: &dyn Fn(&str, &At<String>) -> Result<usize>,
) -> Result<Option<Vec<usize>>> {
    let Some(named) = table.optional_texts(key)? else { return Ok(None) };
    let places: Vec<usize> = named.iter().map(|id| index(key, id)).collect::<Result<_>>()?;
    if let Some(k) = (1..places.len()).find(|k| places[..*k].contains(&places[*k])) {
        let reason = format!("`{key}` names \"{}\" twice; name each once", named[k].value);
        return Err(table.error_at(key, Kind::Contradiction { reason }));
    }
    Ok(Some(places))
}
