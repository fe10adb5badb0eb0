use super::reader::{At, Table};
use super::{ScenarioError, ScenarioErrorKind as Kind};

/// Who closes the past of the fleet's logs, and how often.
///
/// Below a checkpoint that a quorum signed, replicas keep hashes only; that is what keeps long missions small.
#[derive(Clone, Debug, PartialEq)]
pub struct Closing {
    /// Index of the asset that proposes checkpoints.
    pub proposer: usize,
    /// Indices of the assets that vote, each once.
    pub voters: Vec<usize>,
    /// How many votes certify: more than half.
    pub needed: usize,
    /// The past is closed up to whole multiples of this since the epoch.
    pub period_ms: i64,
    /// How old entries are before they are closed: what was written and has not reached the proposer by then is late.
    pub age_ms: i64,
}

type Result<T> = std::result::Result<T, ScenarioError>;

/// Six hours: long against a contact of a relay, short against a sol.
const PERIOD_MS: i64 = 21_600_000;

/// Reads `[closing]`; nothing if the scenario keeps its past open.
///
/// Without the table, or without a key of it: the facilitator proposes, the guardians vote, more than half are needed, every six hours for what is six hours old.
pub(super) fn closing(
    table: Option<Table<'_>>,
    index: &dyn Fn(&str, &At<String>) -> Result<usize>,
    facilitator: usize,
    guardians: &[usize],
) -> Result<Option<Closing>> {
    let majority = |count: usize| count / 2 + 1;
    let Some(mut table) = table else {
        let (voters, needed) = (guardians.to_vec(), majority(guardians.len()));
        return Ok(Some(Closing { proposer: facilitator, voters, needed, period_ms: PERIOD_MS, age_ms: PERIOD_MS }));
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
    let proposer = match table.optional_text("proposer")? {
        Some(id) => index("proposer", &id)?,
        None => facilitator,
    };
    let voters = match table.optional_texts("voters")? {
        Some(named) => {
            let voters: Vec<usize> = named.iter().map(|id| index("voters", id)).collect::<Result<_>>()?;
            if let Some(k) = (1..voters.len()).find(|k| voters[..*k].contains(&voters[*k])) {
                let reason = format!("voter \"{}\" is named twice; name each once", named[k].value);
                return Err(table.error_at("voters", Kind::Contradiction { reason }));
            }
            voters
        }
        None => guardians.to_vec(),
    };
    let needed = match table.optional_integer("needed_count", 1..=i64::from(u16::MAX))? {
        Some(needed) => usize::try_from(needed).unwrap_or(usize::MAX),
        None => majority(voters.len()),
    };
    if needed * 2 <= voters.len() || needed > voters.len() {
        let reason =
            format!("{needed} of {} voters is no quorum; ask for more than half of them and at most all", voters.len());
        return Err(table.error_at("needed_count", Kind::Contradiction { reason }));
    }
    let milliseconds = |s: f64| (s * 1000.0).round() as i64;
    let period_ms = table.optional_number("period_s", 60.0..=1e9)?.map_or(PERIOD_MS, milliseconds);
    let age_ms = table.optional_number("age_s", 0.0..=1e9)?.map_or(period_ms, milliseconds);
    table.finish()?;
    Ok(closes.then_some(Closing { proposer, voters, needed, period_ms, age_ms }))
}
