use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Kernel, Record, Solver};
use crate::shifted_geometric_mean;

/// `compare.json`: what a comparison found, for machines, and the form of the committed baseline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// The form's version.
    pub version: u32,
    /// Where it was measured, in words.
    pub environment: String,
    /// One per problem, solver and tolerance.
    pub measured: Vec<Measured>,
    /// What criterion found, if it was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kernels: Vec<Kernel>,
}

/// One record, as far as it is compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The problem's name.
    pub problem: String,
    /// The solver's name.
    pub solver: String,
    /// Whether its figures are ours to answer for.
    pub ours: bool,
    /// To which tolerance.
    pub tolerance: f64,
    /// How it ended.
    pub status: String,
    /// Whether it arrived and was right.
    pub solved: bool,
    /// Whether the judge contradicts it.
    pub wrong: bool,
    /// Sums taken.
    pub rounds: Option<u32>,
    /// The first safe plan within 1 %, by rounds.
    pub safe_round_one_percent: Option<u32>,
    /// Bytes that one asset sent.
    pub bytes_up: Option<u64>,
    /// Milliseconds: least, median, most.
    pub wall_ms: [f64; 3],
}

impl Baseline {
    /// Of a comparison.
    pub fn of(environment: String, records: &[Record]) -> Self {
        let measured = records.iter().map(|record| Measured {
            problem: record.problem.clone(),
            solver: record.solver.to_string(),
            ours: matches!(record.solver, Solver::Method(_)),
            tolerance: record.tolerance,
            status: record.status.to_string(),
            solved: record.solved,
            wrong: record.wrong,
            rounds: record.rounds,
            safe_round_one_percent: record.safe_round_one_percent,
            bytes_up: record.bytes_up,
            wall_ms: [record.wall_ms_min, record.wall_ms, record.wall_ms_max],
        });
        Self { version: 1, environment, measured: measured.collect(), kernels: Vec::new() }
    }
}

/// Rounds in the geometric mean may grow by this much.
pub const MARGIN_ROUNDS: f64 = 0.03;
/// Rounds on one problem may grow by this much, or by [`MARGIN_ROUNDS_ONE_COUNT`] if that is more.
pub const MARGIN_ROUNDS_ONE: f64 = 0.3;
/// Rounds by which one problem may always grow.
pub const MARGIN_ROUNDS_ONE_COUNT: f64 = 3.0;
/// Bytes in the geometric mean may grow by this much.
pub const MARGIN_BYTES: f64 = 0.05;
/// Clock as a ratio to the central solver's may grow by this much, and only growth beyond both noise bands counts;
/// a run timed once has none, and is not judged by the clock.
pub const MARGIN_CLOCK: f64 = 0.1;

/// What a comparison with an earlier one says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// A line per solver and tolerance.
    pub lines: Vec<String>,
    /// What got worse beyond its margin.
    pub regressions: Vec<String>,
}

type Pairs<'a> = Vec<(&'a Measured, &'a Measured)>;

/// Compares with an earlier run, on the problems that both have.
pub fn changes(then: &Baseline, now: &Baseline) -> Change {
    let mut change = Change::default();
    let key = |m: &Measured| (m.solver.clone(), format!("{:e}", m.tolerance), m.problem.clone());
    let before: BTreeMap<_, &Measured> = then.measured.iter().map(|m| (key(m), m)).collect();
    let mut groups: BTreeMap<(String, String), Pairs<'_>> = BTreeMap::new();
    for m in now.measured.iter() {
        if let Some(old) = before.get(&key(m)) {
            groups.entry((m.solver.clone(), format!("{:e}", m.tolerance))).or_default().push((old, m));
        }
    }
    for ((solver, tolerance), pairs) in groups.iter().filter(|(_, pairs)| pairs[0].1.ours) {
        let place = format!("{solver} to {tolerance}");
        for (old, m) in pairs {
            if old.solved && !m.solved {
                change.regressions.push(format!("{place}: {} was solved and is not any more", m.problem));
            }
        }
        let both: Pairs<'_> = pairs.iter().copied().filter(|(old, m)| old.solved && m.solved).collect();
        let mut words = Vec::new();
        if let Some(growth) = growth(&both, 1.0, |m| m.rounds.map(f64::from)) {
            words.push(format!("rounds {:+.1} %", 100.0 * growth));
            if growth > MARGIN_ROUNDS {
                change.regressions.push(format!("{place}: {:.1} % more rounds", 100.0 * growth));
            }
        }
        for (old, m) in &both {
            let (Some(a), Some(b)) = (old.rounds.map(f64::from), m.rounds.map(f64::from)) else { continue };
            if b > a + MARGIN_ROUNDS_ONE_COUNT.max(MARGIN_ROUNDS_ONE * a) {
                change.regressions.push(format!("{place}: {} takes {b} rounds instead of {a}", m.problem));
            }
        }
        if let Some(growth) = growth(&both, 1e3, |m| m.bytes_up.map(|v| v as f64)) {
            words.push(format!("bytes {:+.1} %", 100.0 * growth));
            if growth > MARGIN_BYTES {
                change.regressions.push(format!("{place}: {:.1} % more bytes", 100.0 * growth));
            }
        }
        if let Some(central) = groups.get(&(Solver::Central.to_string(), tolerance.clone())) {
            clock(&place, &both, central, &mut words, &mut change.regressions);
        }
        change.lines.push(format!("{place}, {} problems: {}", pairs.len(), words.join(", ")));
    }
    change
}

fn growth(pairs: &Pairs<'_>, shift: f64, value: fn(&Measured) -> Option<f64>) -> Option<f64> {
    let (old, new): (Vec<f64>, Vec<f64>) = pairs.iter().filter_map(|(a, b)| Some((value(a)?, value(b)?))).unzip();
    let mean = |values: &[f64]| shifted_geometric_mean(values, shift);
    (!old.is_empty()).then(|| mean(&new) / mean(&old) - 1.0)
}

/// Clock as a ratio to the central solver's in the same run, with the band that its repetitions leave open.
fn clock(place: &str, both: &Pairs<'_>, central: &Pairs<'_>, words: &mut Vec<String>, regressions: &mut Vec<String>) {
    let band = |new: bool| {
        let of = |pairs: &Pairs<'_>, which: usize| {
            let values: Vec<f64> =
                pairs.iter().map(|(a, b)| if new { b.wall_ms[which] } else { a.wall_ms[which] }).collect();
            shifted_geometric_mean(&values, 0.0)
        };
        let shared: Pairs<'_> =
            central.iter().copied().filter(|(_, m)| both.iter().any(|(_, other)| other.problem == m.problem)).collect();
        [of(both, 0) / of(&shared, 2), of(both, 1) / of(&shared, 1), of(both, 2) / of(&shared, 0)]
    };
    let (old, new) = (band(false), band(true));
    if !(old[1].is_finite() && new[1].is_finite()) {
        return;
    }
    words.push(format!(
        "clock {:.2} ({:.2} to {:.2}) times the central solver's, before {:.2} ({:.2} to {:.2})",
        new[1], new[0], new[2], old[1], old[0], old[2]
    ));
    // A run that was timed once leaves no band, and says nothing about noise.
    let banded = old[0] < old[2] && new[0] < new[2];
    if banded && new[0] > old[2] && new[1] > (1.0 + MARGIN_CLOCK) * old[1] {
        regressions.push(format!("{place}: clock {:.2} times the central solver's instead of {:.2}", new[1], old[1]));
    }
}
