//! How fast: one asset's problem and a whole fleet, each against the crate clarabel in the same run.
//!
//! Prints a ratio of medians per line, pairs taken turn by turn, so that a busy machine slows both sides alike.
//! `cargo bench -p cosmosmesh-bench --bench speed -- [assets [threads]]`; the fleets have 1,000 assets and two threads unless told otherwise.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs, reason = "a measuring program")]

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::time::Instant;

use clarabel::algebra::CscMatrix;
use clarabel::solver::SupportedConeT::{NonnegativeConeT, ZeroConeT};
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SupportedConeT};
use cosmosmesh_bench::family::{Family, Recipe, generate};
use cosmosmesh_contracts::problem::{AssetProblem, Bounds};
use cosmosmesh_contracts::traits::{Budget, LocalOutcome, LocalSolver};
use cosmosmesh_solver_core::{
    InteriorPoint, Job, Method, Options, Participant, PlainSum, PreparedInteriorPoint, coordinator, run_on,
};

/// A row: entries, lower, upper.
type Row = (Vec<(usize, f64)>, f64, f64);

/// A problem in Clarabel's form, assembled outside of what is timed.
struct Assembled {
    p: CscMatrix<f64>,
    q: Vec<f64>,
    a: CscMatrix<f64>,
    b: Vec<f64>,
    cones: [SupportedConeT<f64>; 2],
}

impl Assembled {
    fn new(assets: &[AssetProblem], coupling: Option<&Bounds>) -> Self {
        let (mut q, mut p) = (Vec::new(), Vec::new());
        // Rows as (entries, lower, upper): the shared ones first.
        let mut rows: Vec<Row> = coupling.map_or(Vec::new(), |bounds| {
            bounds.lower().iter().zip(bounds.upper()).map(|(&l, &u)| (Vec::new(), l, u)).collect()
        });
        for asset in assets {
            let (start, first, local) = (q.len(), rows.len(), &asset.local);
            q.extend_from_slice(&local.objective().q);
            p.extend(local.objective().p.triplets().map(|(i, j, v)| (start + i, start + j, v)));
            let bounds = &local.rows().bounds;
            rows.extend(bounds.lower().iter().zip(bounds.upper()).map(|(&l, &u)| (Vec::new(), l, u)));
            for (i, j, v) in local.rows().matrix.triplets() {
                rows[first + i].0.push((start + j, v));
            }
            let bounds = &local.variables().bounds;
            let own = bounds.lower().iter().zip(bounds.upper()).enumerate();
            rows.extend(own.map(|(j, (&l, &u))| (vec![(start + j, 1.0)], l, u)));
            if coupling.is_some() {
                asset.coupling.triplets().for_each(|(i, j, v)| rows[i].0.push((start + j, v)));
            }
        }
        let (mut entries, mut b) = (Vec::new(), Vec::new());
        let mut push = |entries: &mut Vec<_>, row: &[(usize, f64)], sign: f64, right: f64| {
            entries.extend(row.iter().map(|&(j, v)| (b.len(), j, sign * v)));
            b.push(right);
        };
        rows.iter().filter(|r| r.1 == r.2).for_each(|r| push(&mut entries, &r.0, 1.0, r.2));
        let equalities = rows.iter().filter(|r| r.1 == r.2).count();
        for row in rows.iter().filter(|r| r.1 != r.2) {
            if row.2.is_finite() {
                push(&mut entries, &row.0, 1.0, row.2);
            }
            if row.1.is_finite() {
                push(&mut entries, &row.0, -1.0, -row.1);
            }
        }
        let cones = [ZeroConeT(equalities), NonnegativeConeT(b.len() - equalities)];
        Self { p: compressed(q.len(), q.len(), &p), a: compressed(b.len(), q.len(), &entries), q, b, cones }
    }

    fn solve(&self, tolerance: f64) -> f64 {
        let settings = DefaultSettings {
            verbose: false,
            tol_gap_abs: tolerance,
            tol_gap_rel: tolerance,
            tol_feas: tolerance,
            ..DefaultSettings::default()
        };
        let mut solver = DefaultSolver::new(&self.p, &self.q, &self.a, &self.b, &self.cones, settings).unwrap();
        solver.solve();
        solver.solution.obj_val
    }
}

fn compressed(rows: usize, columns: usize, entries: &[(usize, usize, f64)]) -> CscMatrix<f64> {
    let (i, j) = (entries.iter().map(|t| t.0).collect(), entries.iter().map(|t| t.1).collect());
    CscMatrix::new_from_triplets(rows, columns, i, j, entries.iter().map(|t| t.2).collect())
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let out = std::hint::black_box(work());
    (start.elapsed().as_secs_f64(), out)
}

/// One asset at a time, 1,000 of each family.
fn local(family: Family) {
    let fleet = generate(Recipe { family, assets: 1000, rows: 24, seed: 1 }).unwrap();
    let budget = Budget { iterations_max: 100, tolerance: 1e-8 };
    let mut prepared = PreparedInteriorPoint::new();
    let (mut ours, mut reused, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for asset in fleet.assets() {
        let assembled = Assembled::new(std::slice::from_ref(asset), None);
        let (time, report) = timed(|| InteriorPoint.solve(&asset.local, None, budget).unwrap());
        ours.push(time);
        let (time, again) = timed(|| prepared.solve(&asset.local, None, budget).unwrap());
        reused.push(time);
        let (time, reference) = timed(|| assembled.solve(1e-8));
        theirs.push(time);
        for report in [report, again] {
            let LocalOutcome::Optimal { objective, .. } = report.outcome else { panic!("{:?}", report.outcome) };
            assert!((objective - reference).abs() < 1e-6 * (1.0 + reference.abs()), "{objective} {reference}");
        }
    }
    let (ours, reused, theirs) = (median(&mut ours), median(&mut reused), median(&mut theirs));
    println!(
        "local {family:12} clarabel {:7.1} us, ours {:7.1} us, ratio {:.2}, prepared {:7.1} us, ratio {:.2}",
        1e6 * theirs,
        1e6 * ours,
        ours / theirs,
        1e6 * reused,
        reused / theirs
    );
}

/// A whole fleet to 1e-6.
fn fleet(family: Family, method: Method, assets: usize, threads: usize) {
    let fleet = generate(Recipe { family, assets, rows: 24, seed: 0 }).unwrap();
    let assembled = Assembled::new(fleet.assets(), Some(&fleet.coupling().bounds));
    let (mut ours, mut theirs, mut opening) = (Vec::new(), Vec::new(), Vec::new());
    let mut rounds = 0;
    for _ in 0..3 {
        let (time, reference) = timed(|| assembled.solve(1e-6));
        theirs.push(time);
        let mut pool = |jobs: Vec<Job<'_>>| {
            let jobs = Mutex::new(jobs.into_iter());
            let next = || jobs.lock().map_or(None, |mut jobs| jobs.next());
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        while let Some(job) = next() {
                            job()
                        }
                    });
                }
            });
        };
        let (time, mut participants) = timed(|| {
            let mut slots: Vec<Option<Participant>> = fleet.assets().iter().map(|_| None).collect();
            let jobs = slots.chunks_mut(16).zip(fleet.assets().chunks(16)).map(|(slots, assets)| -> Job<'_> {
                Box::new(move || {
                    slots.iter_mut().zip(assets).for_each(|(slot, asset)| *slot = Participant::new(asset).ok());
                })
            });
            pool(jobs.collect());
            slots.into_iter().flatten().collect::<Vec<_>>()
        });
        opening.push(time);
        let (time, outcome) = timed(|| {
            let mut coordination =
                coordinator(method, fleet.coupling(), participants.len(), &Options::default()).unwrap();
            let go_on = &mut |_: &_, _: &_| ControlFlow::Continue(());
            run_on(&mut pool, &mut *coordination, &mut participants, &mut PlainSum, go_on).unwrap()
        });
        ours.push(time);
        rounds = outcome.rounds;
        let found = outcome.certificate.unwrap();
        assert!((found.objective - reference).abs() < 2e-6 * (1.0 + reference.abs()));
    }
    let (ours, opening, theirs) = (median(&mut ours), median(&mut opening), median(&mut theirs));
    println!(
        "fleet {family:12} by {method:4} {assets} assets, {threads} threads: clarabel {theirs:.2} s, ours {ours:.2} s + {opening:.2} s to open, {rounds} rounds, ratio {:.2}",
        (ours + opening) / theirs
    );
}

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let assets = numbers.first().copied().unwrap_or(1000);
    let threads = numbers.get(1).copied().unwrap_or(2);
    for family in [Family::Strong, Family::Degenerate] {
        local(family);
        for method in [Method::Fan, Method::Menu] {
            fleet(family, method, assets, threads);
        }
    }
}
