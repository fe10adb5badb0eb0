use std::ops::ControlFlow;
use std::sync::Mutex;

use cosmosmesh_contracts::plan::Outcome;
use cosmosmesh_contracts::traits::{Budget, LocalSolver};
use cosmosmesh_solver_core::{
    InteriorPoint, Job, Method, Options, Participant, PlainSum, Pool, PreparedInteriorPoint, SameThread, coordinator,
    run_on,
};

use crate::fleets::{Kind, random};

fn solve(pool: &mut dyn Pool) -> (Outcome, Vec<Vec<f64>>) {
    let fleet = random(Kind::Degenerate, 37, 5, 3);
    let mut participants: Vec<Participant> =
        fleet.assets().iter().map(|asset| Participant::new(asset).expect("convex")).collect();
    let mut menu = coordinator(Method::Menu, fleet.coupling(), 37, &Options::default()).expect("a small fleet");
    let outcome = run_on(pool, &mut *menu, &mut participants, &mut PlainSum, &mut |_, _| ControlFlow::Continue(()))
        .expect("a run");
    let mix = outcome.mix.clone().expect("a plan");
    (outcome, participants.iter().map(|p| p.plan(&mix).expect("kept").x).collect())
}

#[test]
fn threads_change_no_bit() {
    let alone = solve(&mut SameThread);
    let mut backwards = |jobs: Vec<Job<'_>>| jobs.into_iter().rev().for_each(|job| job());
    let mut threads = |jobs: Vec<Job<'_>>| {
        let jobs = Mutex::new(jobs.into_iter());
        let next = || jobs.lock().map_or(None, |mut jobs| jobs.next());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while let Some(job) = next() {
                        job()
                    }
                });
            }
        });
    };
    for found in [solve(&mut backwards), solve(&mut threads)] {
        assert_eq!(format!("{:?}", alone.0), format!("{:?}", found.0));
        assert_eq!(alone.1, found.1);
    }
}

#[test]
fn a_prepared_solver_answers_as_a_fresh_one() {
    let mut prepared = PreparedInteriorPoint::new();
    // The kinds differ in their patterns, the seeds within a kind mostly in values.
    for kind in [Kind::Strong, Kind::Degenerate, Kind::Strong] {
        for asset in random(kind, 6, 3, 7).assets() {
            let fresh = InteriorPoint.solve(&asset.local, None, Budget::default()).expect("convex");
            let again = prepared.solve(&asset.local, None, Budget::default()).expect("convex");
            assert_eq!(fresh, again);
        }
    }
}
