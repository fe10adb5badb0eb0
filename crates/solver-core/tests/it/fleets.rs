//! Fleets for the tests: random, seeded, of every kind of row.

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::problem::{
    AssetProblem, Bounds, Coupling, FleetProblem, LocalProblem, Objective, Rows, SparseMatrix, Variables,
};

/// SplitMix64, so that a failing seed can be named.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678)
    }

    pub(crate) fn uniform(&mut self, from: f64, to: f64) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        from + (to - from) * ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.uniform(0.0, count as f64) as usize).min(count - 1)
    }
}

/// A row: entries, lower, upper.
pub(crate) type Row<'a> = (&'a [(usize, f64)], f64, f64);

/// A local problem from plain lists.
pub(crate) fn local(bounds: &[(f64, f64)], p: &[(usize, usize, f64)], q: &[f64], rows: &[Row<'_>]) -> LocalProblem {
    let n = bounds.len();
    let names = |count: usize| (0..count).map(|k| k.to_string()).collect::<Vec<_>>();
    let (lower, upper) = bounds.iter().copied().unzip();
    let entries: Vec<(usize, usize, f64)> =
        rows.iter().enumerate().flat_map(|(i, row)| row.0.iter().map(move |&(j, v)| (i, j, v))).collect();
    let row_bounds =
        Bounds::new(rows.iter().map(|r| r.1).collect(), rows.iter().map(|r| r.2).collect()).expect("row bounds");
    LocalProblem::new(
        Variables { names: names(n), bounds: Bounds::new(lower, upper).expect("bounds") },
        Objective { p: SparseMatrix::from_triplets(n, n, p).expect("P"), q: q.to_vec(), c: 0.0 },
        Rows {
            names: names(rows.len()),
            matrix: SparseMatrix::from_triplets(rows.len(), n, &entries).expect("A"),
            bounds: row_bounds,
        },
    )
    .expect("a local problem")
}

/// What a fleet's coupling rows look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Strong,
    Degenerate,
    Equality,
    TwoSided,
    Infeasible,
}

/// A seeded fleet of `assets` with six variables each over `rows` shared rows. Feasible by construction unless told otherwise.
pub(crate) fn random(kind: Kind, assets: usize, rows: usize, seed: u64) -> FleetProblem {
    let mut dice = Dice::new(seed);
    let n = 6;
    let mut usage = vec![0.0; rows];
    let mut reach = vec![0.0; rows];
    let mut list = Vec::new();
    for k in 0..assets {
        let bounds: Vec<(f64, f64)> = (0..n).map(|_| (dice.uniform(-2.0, 0.0), dice.uniform(0.5, 3.0))).collect();
        let x: Vec<f64> = bounds.iter().map(|(l, u)| dice.uniform(0.8 * l + 0.2 * u, 0.2 * l + 0.8 * u)).collect();
        let curved = if kind == Kind::Degenerate { 2 } else { n };
        let p: Vec<(usize, usize, f64)> = (0..curved).map(|j| (j, j, dice.uniform(0.3, 3.0))).collect();
        let q: Vec<f64> = (0..n).map(|_| dice.uniform(-2.0, 0.5)).collect();
        let sum: Vec<(usize, f64)> = (0..n).map(|j| (j, dice.uniform(0.2, 1.5))).collect();
        let chain = [(0, 1.0), (1, -1.0), (2, 0.5)];
        let value = |row: &[(usize, f64)]| row.iter().map(|&(j, v)| v * x[j]).sum::<f64>();
        let rows_of = [(&sum[..], f64::NEG_INFINITY, value(&sum) + 0.5), (&chain[..], value(&chain), value(&chain))];
        let problem = local(&bounds, &p, &q, &rows_of);
        let mut g = Vec::new();
        for r in 0..rows {
            for j in [dice.below(n / 2), n / 2 + dice.below(n / 2)] {
                let v = dice.uniform(0.2, 1.5);
                g.push((r, j, v));
                usage[r] += v * x[j];
                reach[r] += v * bounds[j].1;
            }
        }
        let coupling = SparseMatrix::from_triplets(rows, n, &g).expect("G");
        list.push(
            AssetProblem::new(AssetId::new(format!("asset-{k}")).expect("id"), problem, coupling, vec![])
                .expect("asset"),
        );
    }
    let (mut lower, mut upper) = (vec![f64::NEG_INFINITY; rows], usage.clone());
    for r in 0..rows {
        match kind {
            Kind::Equality if r % 2 == 0 => lower[r] = usage[r],
            Kind::TwoSided => (lower[r], upper[r]) = (usage[r] - 0.1, usage[r] + 0.05),
            Kind::Infeasible if r == 0 => (lower[r], upper[r]) = (reach[r] + 1.0, f64::INFINITY),
            _ => {}
        }
    }
    let names = (0..rows).map(|r| format!("row-{r}")).collect();
    FleetProblem::new(
        format!("{kind:?}-{assets}-{rows}-{seed}"),
        Coupling { names, bounds: Bounds::new(lower, upper).expect("limits") },
        list,
    )
    .expect("a fleet")
}
