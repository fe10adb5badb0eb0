use cosmosmesh_contracts::plan::Status;

use super::Solver;
use crate::family::Recipe;
use crate::judge::Verdict;

/// One run of one solver on one problem to one tolerance.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The problem's name.
    pub problem: String,
    /// Where the problem comes from, if it is a member of a family.
    pub recipe: Option<Recipe>,
    /// How many assets it has.
    pub assets: usize,
    /// How many shared rows.
    pub rows: usize,
    /// Who ran.
    pub solver: Solver,
    /// To which tolerance.
    pub tolerance: f64,
    /// How it says it ended.
    pub status: Status,
    /// Whether it arrived and the judge agrees.
    pub solved: bool,
    /// Whether the judge contradicts what it claims.
    pub wrong: bool,
    /// Sums taken.
    pub rounds: Option<u32>,
    /// The first round whose certificate was within 1e-3.
    pub rounds_loose: Option<u32>,
    /// The first round with a safe plan.
    pub safe_round: Option<u32>,
    /// The first round with a safe plan proven within 1 %.
    pub safe_round_one_percent: Option<u32>,
    /// Bytes that one asset sent.
    pub bytes_up: Option<u64>,
    /// Bytes that one asset heard.
    pub bytes_down: Option<u64>,
    /// Newton steps per asset; for the central solver its iterations.
    pub iterations: u64,
    /// The median of the clock times.
    pub wall_ms: f64,
    /// The least of them.
    pub wall_ms_min: f64,
    /// The most.
    pub wall_ms_max: f64,
    /// Of how many.
    pub repetitions: usize,
    /// What the judge found.
    pub verdict: Verdict,
}

/// The columns of `results.csv`, version 1. A change of meaning is a new version; new columns come at the end.
pub const COLUMNS: [&str; 31] = [
    "version",
    "problem",
    "family",
    "seed",
    "assets",
    "rows",
    "solver",
    "tolerance",
    "status",
    "solved",
    "wrong",
    "rounds",
    "safe_round",
    "safe_round_one_percent",
    "bytes_up_per_asset",
    "bytes_down_per_asset",
    "iterations",
    "reference",
    "objective",
    "gap",
    "coupling",
    "local",
    "claimed_objective_error",
    "certified_gap",
    "conflict_margin",
    "reasons",
    "wall_ms",
    "repetitions",
    "rounds_loose",
    "wall_ms_min",
    "wall_ms_max",
];

/// `results.csv`: one raw line per record, none aggregated.
pub fn csv(records: &[Record]) -> String {
    let mut out = COLUMNS.join(",");
    out.push('\n');
    for record in records {
        out.push_str(&record.cells().join(","));
        out.push('\n');
    }
    out
}

impl Record {
    fn cells(&self) -> [String; COLUMNS.len()] {
        let verdict = &self.verdict;
        [
            "1".into(),
            quoted(&self.problem),
            self.recipe.map_or_else(String::new, |recipe| recipe.family.to_string()),
            self.recipe.map_or_else(String::new, |recipe| recipe.seed.to_string()),
            self.assets.to_string(),
            self.rows.to_string(),
            self.solver.to_string(),
            format!("{:e}", self.tolerance),
            self.status.to_string(),
            self.solved.to_string(),
            self.wrong.to_string(),
            shown(self.rounds),
            shown(self.safe_round),
            shown(self.safe_round_one_percent),
            shown(self.bytes_up),
            shown(self.bytes_down),
            self.iterations.to_string(),
            shown(verdict.reference),
            shown(verdict.objective),
            figure(verdict.gap),
            figure(verdict.coupling),
            figure(verdict.local),
            figure(verdict.claimed_objective_error),
            figure(verdict.certified_gap),
            figure(verdict.conflict_margin),
            quoted(&verdict.reasons.join("; ")),
            format!("{:.3}", self.wall_ms),
            self.repetitions.to_string(),
            shown(self.rounds_loose),
            format!("{:.3}", self.wall_ms_min),
            format!("{:.3}", self.wall_ms_max),
        ]
    }
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn figure(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{value:.3e}"))
}

/// A cell of text, as RFC 4180 section 2 has it.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("say \"a\""), "\"say \"\"a\"\"\"");
    }
}
