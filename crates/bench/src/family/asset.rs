use core::f64::consts::TAU;

use cosmosmesh_contracts::problem::{Bounds, LocalProblem, Objective, ProblemError, Rows, SparseMatrix, Variables};

use super::STEPS;
use crate::random::Random;

/// Variables per step: two task powers, the draw from the bus, the battery's charge.
const PER_STEP: usize = 4;
/// Two slacks follow the steps: charge missing at the end, and task missing.
const VARIABLE_COUNT: usize = PER_STEP * STEPS + 2;
const SHORT_CHARGE: usize = PER_STEP * STEPS;
const SHORT_TASK: usize = SHORT_CHARGE + 1;
/// An upper bound that no sensible plan reaches, so that every box is bounded.
const FAR: f64 = 100.0;

fn task_a(step: usize) -> usize {
    PER_STEP * step
}
fn task_b(step: usize) -> usize {
    PER_STEP * step + 1
}
fn bus(step: usize) -> usize {
    PER_STEP * step + 2
}
fn charge(step: usize) -> usize {
    PER_STEP * step + 3
}

/// One asset as drawn: its own problem, and how it uses each kind of shared row.
pub(super) struct Drawn {
    pub(super) local: LocalProblem,
    uses: Vec<Use>,
}

/// How an asset uses one kind of shared row.
struct Use {
    coefficients: [f64; 3],
    takes_part: bool,
    /// At which steps the second task counts once more.
    again: [bool; STEPS],
}

impl Drawn {
    /// Draws an asset.
    ///
    /// Task powers `a`, `b` want to follow their wishes, the bus draw costs, the battery's charge `s` follows from them:
    /// `s[t] - s[t-1] - eta g[t] + a[t] + b[t] = sun[t]`.
    /// Task `a` ramps slowly, the battery shall end as full as it began, and task `a` shall reach 60 % of its wish; the latter two may fall short at a cost.
    pub(super) fn new(random: &mut Random, degenerate: bool, kind_count: usize) -> Result<Self, ProblemError> {
        let power_max = [random.uniform(1.0, 3.0), random.uniform(1.0, 3.0)];
        let bus_max = random.uniform(2.0, 4.0);
        let capacity = random.uniform(6.0, 14.0);
        let efficiency = random.uniform(0.85, 0.98);
        let (phase, brightness) = (random.uniform(0.0, TAU), random.uniform(0.5, 1.8));
        let weights = [random.uniform(0.5, 3.0), random.uniform(0.5, 3.0)];
        let wishes_a: [f64; STEPS] = core::array::from_fn(|_| random.uniform(0.3, 1.0) * power_max[0]);
        let wishes_b: [f64; STEPS] = core::array::from_fn(|_| random.uniform(0.2, 1.0) * power_max[1]);
        let sun = |t: usize| (phase + TAU * t as f64 / (STEPS - 1) as f64).sin().max(0.0) * brightness;

        let mut p = [0.0; VARIABLE_COUNT];
        let mut q = vec![0.0; VARIABLE_COUNT];
        for t in 0..STEPS {
            p[task_a(t)] = weights[0];
            q[task_a(t)] = -weights[0] * wishes_a[t];
        }
        if degenerate {
            (0..STEPS).for_each(|t| q[task_b(t)] = -random.uniform(0.3, 1.2));
            let base = random.uniform(0.05, 0.2);
            (0..STEPS).for_each(|t| q[bus(t)] = base + 0.05 * random.unit());
        } else {
            let (curve, slope) = (random.uniform(0.05, 0.3), random.uniform(0.05, 0.2));
            for t in 0..STEPS {
                p[task_b(t)] = weights[1];
                q[task_b(t)] = -weights[1] * wishes_b[t];
                p[bus(t)] = curve;
                q[bus(t)] = slope;
                p[charge(t)] = 0.02;
                q[charge(t)] = -0.02 * 0.5 * capacity;
            }
        }
        (p[SHORT_CHARGE], q[SHORT_CHARGE]) = (1.0, 3.0);
        (p[SHORT_TASK], q[SHORT_TASK]) = (1.0, 2.0);

        let charge_start = random.uniform(0.3, 0.8) * capacity;
        let ramp = random.uniform(0.3, 0.8) * power_max[0];
        let mut rows = RowList::default();
        for t in 0..STEPS {
            let mut entries = vec![(charge(t), 1.0), (bus(t), -efficiency), (task_a(t), 1.0), (task_b(t), 1.0)];
            let mut right = sun(t);
            if t == 0 {
                right += charge_start;
            } else {
                entries.push((charge(t - 1), -1.0));
            }
            rows.push(format!("battery[{t}]"), &entries, right, right);
        }
        for t in 1..STEPS {
            rows.push(format!("ramp[{}]", t - 1), &[(task_a(t), 1.0), (task_a(t - 1), -1.0)], -ramp, ramp);
        }
        let ends = [(charge(STEPS - 1), 1.0), (SHORT_CHARGE, 1.0)];
        rows.push("final_charge".into(), &ends, charge_start, f64::INFINITY);
        let mut whole: Vec<(usize, f64)> = (0..STEPS).map(|t| (task_a(t), 1.0)).collect();
        whole.push((SHORT_TASK, 1.0));
        rows.push("task_target".into(), &whole, 0.6 * wishes_a.iter().sum::<f64>(), f64::INFINITY);

        let (mut lower, mut upper) = (vec![0.0; VARIABLE_COUNT], vec![FAR; VARIABLE_COUNT]);
        for t in 0..STEPS {
            upper[task_a(t)] = power_max[0];
            upper[task_b(t)] = power_max[1];
            (lower[bus(t)], upper[bus(t)]) = (-bus_max, bus_max);
            (lower[charge(t)], upper[charge(t)]) = (0.1 * capacity, capacity);
        }
        let variables = Variables { names: variable_names(), bounds: Bounds::new(lower, upper)? };
        let diagonal: Vec<_> = p.iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(j, &v)| (j, j, v)).collect();
        let p = SparseMatrix::from_triplets(VARIABLE_COUNT, VARIABLE_COUNT, &diagonal)?;
        let local = LocalProblem::new(variables, Objective { p, q, c: 0.0 }, rows.finish()?)?;
        let uses = (0..kind_count).map(|kind| Use::new(random, kind)).collect();
        Ok(Self { local, uses })
    }

    /// Whether the asset uses this kind of row.
    pub(super) fn takes_part(&self, kind: usize) -> bool {
        self.uses[kind].takes_part
    }

    /// Makes the asset use this kind of row.
    pub(super) fn take_part(&mut self, kind: usize) {
        self.uses[kind].takes_part = true;
    }

    /// `G`, each kind's rows multiplied by its scale.
    ///
    /// Kind 0 is the draw from the bus; odd kinds weigh both tasks of a step; even kinds weigh task `a` of this step and task `b` of the next.
    pub(super) fn coupling(&self, scale: &[f64]) -> Result<SparseMatrix, ProblemError> {
        let mut entries = Vec::new();
        for (kind, usage) in self.uses.iter().enumerate().filter(|(_, usage)| usage.takes_part) {
            let [a, b, c] = usage.coefficients.map(|v| v * scale[kind]);
            for t in 0..STEPS {
                let row = kind * STEPS + t;
                if kind == 0 {
                    entries.push((row, bus(t), scale[0]));
                    continue;
                }
                entries.push((row, task_a(t), a));
                if kind % 2 == 1 {
                    entries.push((row, task_b(t), b));
                } else {
                    entries.push((row, task_b((t + 1) % STEPS), b));
                    if usage.again[t] {
                        entries.push((row, task_b(t), c));
                    }
                }
            }
        }
        SparseMatrix::from_triplets(self.uses.len() * STEPS, VARIABLE_COUNT, &entries)
    }
}

impl Use {
    fn new(random: &mut Random, kind: usize) -> Self {
        let coefficients = core::array::from_fn(|_| random.uniform(0.3, 1.5));
        let takes_part = kind < 2 || random.chance(0.7);
        let again = core::array::from_fn(|_| random.chance(0.5));
        Self { coefficients, takes_part, again }
    }
}

/// Rows as they are written down one after another.
#[derive(Default)]
struct RowList {
    names: Vec<String>,
    entries: Vec<(usize, usize, f64)>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl RowList {
    fn push(&mut self, name: String, entries: &[(usize, f64)], lower: f64, upper: f64) {
        let row = self.names.len();
        self.names.push(name);
        self.entries.extend(entries.iter().map(|&(column, v)| (row, column, v)));
        self.lower.push(lower);
        self.upper.push(upper);
    }

    fn finish(self) -> Result<Rows, ProblemError> {
        let matrix = SparseMatrix::from_triplets(self.names.len(), VARIABLE_COUNT, &self.entries)?;
        Ok(Rows { names: self.names, matrix, bounds: Bounds::new(self.lower, self.upper)? })
    }
}

fn variable_names() -> Vec<String> {
    let step = |t: usize| ["task_a", "task_b", "bus", "charge"].map(|name| format!("{name}[{t}]"));
    (0..STEPS).flat_map(step).chain(["short_charge".into(), "short_task".into()]).collect()
}
