use cosmosmesh_solver_core::BarrierProblem;

use crate::fleets::{Kind, random};

#[test]
fn centring_allocates_nothing() {
    let fleet = random(Kind::Degenerate, 1, 6, 2);
    let mut barrier = BarrierProblem::new(&fleet.assets()[0]).expect("convex");
    let prices = vec![0.3; barrier.touched_rows().len()];
    barrier.centre(&prices, 0.1).expect("an interior");
    let counted = allocation_counter::measure(|| {
        for k in 1..20 {
            let mu = 0.1 / f64::from(k * k);
            assert!(barrier.centre(&prices, mu).is_some());
        }
    });
    assert_eq!(counted.count_total, 0, "allocations in the steady state");
}
