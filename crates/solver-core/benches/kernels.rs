//! What a round costs an asset, piece by piece: a plain solve, a centring with its response, a whole answer.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "criterion's macros write undocumented functions; a bench may panic"
)]

use std::hint::black_box;
use std::ops::ControlFlow;

use cosmosmesh_contracts::conformance::fleet_cases;
use cosmosmesh_contracts::file::read_fleet;
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_contracts::traits::{Budget, LocalSolver};
use cosmosmesh_solver_core::{
    BarrierProblem, Method, Options, Participant, PlainSum, PreparedInteriorPoint, coordinator, run,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

/// The fleet named by `COSMOSMESH_FLEET`, or the largest of the conformance suite.
fn fleet() -> FleetProblem {
    match std::env::var_os("COSMOSMESH_FLEET") {
        Some(path) => read_fleet(&std::fs::read(path).unwrap()).unwrap(),
        None => fleet_cases().into_iter().map(|case| case.fleet).max_by_key(|fleet| fleet.assets().len()).unwrap(),
    }
}

fn local_solve(criterion: &mut Criterion) {
    let fleet = fleet();
    let local = &fleet.assets()[0].local;
    let mut solver = PreparedInteriorPoint::new();
    criterion.bench_function("local_solve/prepared", |bencher| {
        bencher.iter(|| solver.solve(black_box(local), None, Budget::default()).unwrap());
    });
}

/// From one barrier to half of it and back: about three Newton steps and a response each way.
fn centring(criterion: &mut Criterion) {
    let fleet = fleet();
    let mut barrier = BarrierProblem::new(&fleet.assets()[0]).unwrap();
    let prices = vec![0.1; barrier.touched_rows().len()];
    let mut mu = 0.1;
    criterion.bench_function("centring/one_barrier_step", |bencher| {
        bencher.iter(|| {
            mu = 0.15 - mu;
            barrier.centre(black_box(&prices), mu).map(|response| response.cost)
        });
    });
}

/// Every query of one run, asked of one asset.
fn answers(criterion: &mut Criterion) {
    let fleet = fleet();
    let mut participants: Vec<Participant> = fleet.assets().iter().map(|a| Participant::new(a).unwrap()).collect();
    let mut coordination =
        coordinator(Method::Menu, fleet.coupling(), participants.len(), &Options::default()).unwrap();
    let mut queries = Vec::new();
    run(&mut *coordination, &mut participants, &mut PlainSum, &mut |query, _| {
        queries.push(query.clone());
        ControlFlow::Continue(())
    })
    .unwrap();
    criterion.bench_function("participant/answers_of_a_run", |bencher| {
        bencher.iter_batched(
            || Participant::new(&fleet.assets()[0]).unwrap(),
            |mut participant| {
                queries.iter().map(|query| participant.answer(black_box(query)).unwrap().values()[1]).sum::<f64>()
            },
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(kernels, local_solve, centring, answers);
criterion_main!(kernels);
