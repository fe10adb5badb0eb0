//! What a certificate guards, fault by fault, on problems whose figures are known by hand.

use cosmosmesh_catopt_bridge::{Body, Diagram, Duals, Junction, Object, Plans, Port, Verdict, Wire, certify};
use cosmosmesh_contracts::problem::{Bounds, LocalProblem, Objective, Rows, SparseMatrix, Variables};

use crate::world::id;

const OPEN: f64 = f64::INFINITY;

fn bounds([lower, upper]: [f64; 2]) -> Bounds {
    Bounds::new(vec![lower], vec![upper]).unwrap()
}

/// Minimise `cost * x` within bounds and one row that holds `x` again; its port shows `x`.
fn part(name: &str, cost: f64, variable: [f64; 2], row: [f64; 2]) -> Object {
    let one = SparseMatrix::from_triplets(1, 1, &[(0, 0, 1.0)]).unwrap();
    let local = LocalProblem::new(
        Variables { names: vec!["x".to_owned()], bounds: bounds(variable) },
        Objective { p: SparseMatrix::zeros(1, 1), q: vec![cost], c: 0.0 },
        Rows { names: vec!["own".to_owned()], bounds: bounds(row), matrix: one.clone() },
    )
    .unwrap();
    Object {
        id: id(name),
        domain: String::new(),
        schema: None,
        body: Body::Quadratic { local: Box::new(local), units: vec![String::new()], integer: Vec::new() },
        ports: vec![Port { name: "p".to_owned(), unit: "1".to_owned(), map: one }],
        extensions: serde_json::Map::new(),
    }
}

fn wired(objects: Vec<Object>, junction: Junction) -> Diagram {
    let wire = |o: &Object| Wire { object: o.id.clone(), port: "p".into(), junction: "bus".into(), factors: vec![] };
    let wires = objects.iter().map(wire).collect();
    Diagram::new("judged", objects, vec![junction], wires).unwrap()
}

/// One rover that pays 1 for each unit, on a bus with limits.
fn rover(variable: [f64; 2], row: [f64; 2], bus: [f64; 2]) -> Diagram {
    wired(vec![part("rover", 1.0, variable, row)], Junction::balance("bus", "1", bounds(bus)))
}

/// The verdict on a rover's plan, with a dual of the bus and one of its own row.
fn judged(diagram: &Diagram, x: f64, bus: f64, row: f64) -> Verdict {
    let mut duals = Duals::default();
    duals.junctions.insert("bus".to_owned(), vec![bus]);
    duals.rows.insert("rover".to_owned(), vec![row]);
    certify(diagram, &Plans::from([("rover".to_owned(), vec![x])]), &duals, None).unwrap()
}

#[test]
fn a_dual_of_an_open_side_counts_as_zero_and_as_dual_residual() {
    for (limits, dual) in [([0.0, OPEN], -3.0), ([-OPEN, 5.0], 3.0)] {
        let of_bus = judged(&rover([0.0, 4.0], [0.0, 4.0], limits), 0.0, dual, 0.0);
        let of_row = judged(&rover([0.0, 4.0], limits, [0.0, 4.0]), 0.0, 0.0, dual);
        for verdict in [of_bus, of_row] {
            // The plan is optimal and the bound is tight without the dual: 3 over one plus the marginal cost is all there is.
            assert_eq!((verdict.objective, verdict.lower_bound, verdict.gap_relative), (0.0, 0.0, 0.0));
            assert_eq!((verdict.dual_residual, verdict.proven), (1.5, false), "{verdict:?}");
            assert!(verdict.feasible(0.0) && !verdict.holds(1.4) && verdict.holds(1.5), "{verdict:?}");
        }
    }
    // The same duals of sides that are closed prove something.
    let verdict = judged(&rover([0.0, 4.0], [0.0, 4.0], [0.0, 5.0]), 0.0, -3.0, 0.0);
    assert_eq!((verdict.lower_bound, verdict.dual_residual, verdict.proven), (-15.0, 0.0, true));
}

#[test]
fn duals_of_a_shared_junction_are_moved_by_their_mean() {
    // Together they pay 1 - 3 for each unit they share, of which there are at most 4: the optimum is -8.
    let habitat = part("habitat", 1.0, [0.0, 4.0], [0.0, 4.0]);
    let diagram = wired(vec![habitat, part("rover", -3.0, [0.0, 4.0], [0.0, 4.0])], Junction::shared("bus", "1", 1));
    let plans = Plans::from(["habitat", "rover"].map(|name| (name.to_owned(), vec![4.0])));
    let judged = |duals: [f64; 2]| {
        let wires = ["habitat", "rover"].map(|name| (name.to_owned(), "p".to_owned()));
        let wires = wires.into_iter().zip(duals.map(|dual| vec![dual])).collect();
        certify(&diagram, &plans, &Duals { wires, ..Duals::default() }, None).unwrap()
    };
    let verdict = judged([2.0, -2.0]);
    assert_eq!((verdict.objective, verdict.lower_bound), (-8.0, -8.0));
    assert_eq!((verdict.dual_residual, verdict.proven), (0.0, true));
    // As they stand these would prove that nothing costs less than 0; moved by 3 they are the duals above.
    let verdict = judged([-1.0, -5.0]);
    assert_eq!((verdict.objective, verdict.lower_bound, verdict.gap_relative), (-8.0, -8.0, 0.0));
    assert_eq!((verdict.dual_residual, verdict.proven), (1.5, false));
}

#[test]
fn a_reduced_cost_towards_an_open_bound_is_dual_residual_and_no_proof() {
    // Paid 3 the rover's bounds would let it bring without end; what is left of the lower bound is above the optimum of 1.
    let verdict = judged(&rover([0.0, OPEN], [0.0, 4.0], [1.0, 4.0]), 1.0, 3.0, 0.0);
    assert_eq!((verdict.objective, verdict.lower_bound, verdict.gap_relative), (1.0, 3.0, -0.5));
    assert_eq!((verdict.dual_residual, verdict.proven), (1.0, false));
    assert!(verdict.feasible(0.0) && !verdict.holds(0.9), "{verdict:?}");
    // Paid nothing they would let it take without end.
    let verdict = judged(&rover([-OPEN, 4.0], [0.0, 4.0], [0.0, 4.0]), 0.0, 0.0, 0.0);
    assert_eq!((verdict.objective, verdict.lower_bound), (0.0, 0.0));
    assert_eq!((verdict.dual_residual, verdict.proven), (0.5, false));
    assert!(verdict.feasible(0.0) && !verdict.holds(0.4), "{verdict:?}");
    // Paid what it costs it has no reason to move, and open bounds do no harm.
    let verdict = judged(&rover([-OPEN, OPEN], [0.0, 4.0], [1.0, 4.0]), 1.0, 1.0, 0.0);
    assert_eq!((verdict.lower_bound, verdict.dual_residual, verdict.proven), (1.0, 0.0, true));
    assert!(verdict.holds(0.0), "{verdict:?}");
}

#[test]
fn a_broken_number_that_must_be_whole_is_not_feasible() {
    for least in [1.25, 1.75] {
        let diagram = rover([0.0, 4.0], [0.0, 4.0], [least, 4.0]);
        assert!(judged(&diagram, least, 1.0, 0.0).holds(0.0));
        let (mut objects, junctions) = (diagram.objects().to_vec(), diagram.junctions().to_vec());
        let Body::Quadratic { integer, .. } = &mut objects[0].body else { unreachable!() };
        integer.push(0);
        let verdict = judged(&wired(objects, junctions[0].clone()), least, 1.0, 0.0);
        assert_eq!((verdict.integer_violation, verdict.primal_residual, verdict.gap_relative), (0.25, 0.0, 0.0));
        assert!(!verdict.feasible(0.2) && verdict.feasible(0.25), "{verdict:?}");
        assert!(!verdict.holds(0.2) && verdict.holds(0.25), "{verdict:?}");
    }
}

#[test]
fn what_an_object_breaks_of_its_own_is_primal_residual() {
    let diagram = rover([0.0, 4.0], [1.0, OPEN], [-8.0, 8.0]);
    // Half a unit less than a row that asks for 1, then one unit more than a bound of 4.
    for (x, dual, broken, gap) in [(0.5, 1.0, 0.25, -0.25), (5.0, 1.0, 0.2, 2.0)] {
        let verdict = judged(&diagram, x, 0.0, dual);
        assert_eq!(verdict.objects, [("rover".to_owned(), broken)]);
        assert_eq!((verdict.junctions[0].relative, verdict.primal_residual), (0.0, broken));
        assert_eq!((verdict.lower_bound, verdict.gap_relative, verdict.dual_residual), (1.0, gap, 0.0));
        assert!(!verdict.feasible(0.19) && verdict.feasible(0.25), "{verdict:?}");
    }
    // The plan that breaks its row gains by it: nothing but the row speaks against it.
    assert!(!judged(&diagram, 0.5, 0.0, 1.0).holds(0.2));
}

#[test]
fn a_plan_that_costs_more_than_the_bound_does_not_hold() {
    let diagram = rover([0.0, 4.0], [0.0, 4.0], [1.0, 4.0]);
    let verdict = judged(&diagram, 2.0, 1.0, 0.0);
    assert_eq!((verdict.objective, verdict.lower_bound, verdict.gap_relative), (2.0, 1.0, 0.5));
    assert_eq!((verdict.dual_residual, verdict.proven), (0.0, true));
    assert!(verdict.feasible(0.0) && !verdict.holds(0.4) && verdict.holds(0.5), "{verdict:?}");
    assert!(judged(&diagram, 1.0, 1.0, 0.0).holds(0.0), "the best plan");
}

/// A reduced cost of 1 towards an open bound was divided by the 1e7 of another asset's variable, and the plan was called optimal.
#[test]
fn a_dear_variable_hides_no_reduced_cost_of_another() {
    let dear = part("dear", 1e7, [0.0, 1.0], [-OPEN, OPEN]);
    let cheap = part("cheap", -1.0, [0.0, OPEN], [-OPEN, OPEN]);
    let diagram = wired(vec![dear, cheap], Junction::balance("bus", "1", bounds([-OPEN, OPEN])));
    let plans = Plans::from([("dear".to_owned(), vec![0.0]), ("cheap".to_owned(), vec![0.0])]);
    let mut duals = Duals::default();
    for name in ["dear", "cheap"] {
        duals.rows.insert(name.to_owned(), vec![0.0]);
    }
    let verdict = certify(&diagram, &plans, &duals, None).unwrap();
    assert_eq!((verdict.dual_residual, verdict.proven, verdict.holds(1e-6)), (0.5, false, false), "{verdict:?}");
}
