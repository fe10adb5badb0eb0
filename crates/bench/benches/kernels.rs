//! The two kernels that a plan's computing time is made of: one asset's plain solve, beside Clarabel, and one asset's answer to a query.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "criterion's macros write undocumented functions; a bench may panic"
)]

use std::hint::black_box;

use cosmosmesh_bench::central;
use cosmosmesh_bench::family::{Family, Recipe, generate};
use cosmosmesh_contracts::traits::{Budget, LocalSolver};
use cosmosmesh_solver_core::{InteriorPoint, Method, Options, Participant, coordinator};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

const FAMILIES: [Family; 2] = [Family::Strong, Family::Degenerate];

fn recipe(family: Family) -> Recipe {
    Recipe { family, assets: 10, rows: 24, seed: 0 }
}

/// Fifty variables, from nothing known to an optimum at 1e-9.
fn local_solve(criterion: &mut Criterion) {
    for family in FAMILIES {
        let fleet = generate(recipe(family)).unwrap();
        let local = &fleet.assets()[0].local;
        let mut group = criterion.benchmark_group(format!("local_solve/{family}"));
        group.bench_function("interior_point", |bencher| {
            bencher.iter(|| InteriorPoint.solve(black_box(local), None, Budget::default()).unwrap());
        });
        group.bench_function("clarabel", |bencher| bencher.iter(|| central::solve_alone(black_box(local), None, 1e-9)));
        group.finish();
    }
}

/// The first query of `menu`: eight points, each a centring with response and curvature.
fn first_answer(criterion: &mut Criterion) {
    for family in FAMILIES {
        let fleet = generate(recipe(family)).unwrap();
        let mut coordination =
            coordinator(Method::Menu, fleet.coupling(), fleet.assets().len(), &Options::default()).unwrap();
        let query = coordination.query().unwrap();
        criterion.bench_function(&format!("first_answer/{family}"), |bencher| {
            bencher.iter_batched(
                || Participant::new(&fleet.assets()[0]).unwrap(),
                |mut participant| participant.answer(black_box(&query)).unwrap(),
                BatchSize::SmallInput,
            );
        });
    }
}

criterion_group!(kernels, local_solve, first_answer);
criterion_main!(kernels);
