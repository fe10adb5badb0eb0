//! What leaves and how it changes: marginals, redactions, migrations.

use cosmosmesh_catopt_bridge::document::write;
use cosmosmesh_catopt_bridge::{
    Body, CatoptError, Diagram, Junction, Migration, Object, Policy, Port, Release, SchemaVersion, VariableChange,
    Wire, check_migrations, marginalise, migrate, redact,
};
use cosmosmesh_contracts::problem::{Bounds, LocalProblem, Rows, SparseMatrix};

use crate::fixture::suite;
use crate::oracle::{assert_close, optimum};
use crate::world::{ANY, SMOOTH, Seed, diagram, object};

#[test]
fn only_free_private_strictly_convex_variables_go() {
    let free = object(&mut Seed(3), "free", 4, SMOOTH);
    let mut seen = free.clone();
    let map = cosmosmesh_contracts::problem::SparseMatrix::from_triplets(1, 4, &[(0, 1, 2.0)]).unwrap();
    seen.ports.push(cosmosmesh_catopt_bridge::Port { name: "p".to_owned(), unit: "1".to_owned(), map });
    let marginal = marginalise(&seen).unwrap();
    assert_eq!((marginal.eliminated.len(), marginal.kept.len(), marginal.object.variable_count()), (3, 0, 1));
    assert_eq!(marginal.object.ports[0].value(&[1.5]), [3.0]);
    let bounded = object(&mut Seed(3), "bounded", 4, ANY);
    let marginal = marginalise(&bounded).unwrap();
    assert_eq!((marginal.eliminated.len(), marginal.object), (0, bounded));
    assert!(marginal.kept.iter().all(|(_, why)| *why == "a bound holds it"), "{:?}", marginal.kept);
    // Nobody sees any variable: one has to stay, so all do.
    assert_eq!(marginalise(&free).unwrap().object, free);
}

/// An object whose private variables are tied by equality rows, as a battery's charge is from step to step.
fn tied(seed: &mut Seed, name: &str) -> Object {
    let n = 6;
    let mut object = object(seed, name, n, SMOOTH);
    let Body::Quadratic { local, .. } = &mut object.body else { unreachable!() };
    let mut a = Vec::new();
    for i in 0..3 {
        // Each row ties two neighbours of the private part, and the last one the port's variable too.
        a.push((i, i + 1, seed.power()));
        a.push((i, i + 2, seed.power()));
        if i == 2 {
            a.push((i, 0, seed.power()));
        }
    }
    // An inequality that an eliminated variable is in.
    a.extend([(3, 1, 1.0), (3, 5, 0.5)]);
    let sides = [seed.eighth(), seed.eighth(), seed.eighth()];
    let (mut lower, mut upper) = (sides.to_vec(), sides.to_vec());
    lower.push(-0.5);
    upper.push(0.25);
    let rows = Rows {
        names: (0..4).map(|i| format!("r{i}")).collect(),
        matrix: SparseMatrix::from_triplets(4, n, &a).unwrap(),
        bounds: Bounds::new(lower, upper).unwrap(),
    };
    **local = LocalProblem::new(local.variables().clone(), local.objective().clone(), rows).unwrap();
    let map = SparseMatrix::from_triplets(1, n, &[(0, 0, 1.0)]).unwrap();
    object.ports.push(Port { name: "p".to_owned(), unit: "1".to_owned(), map });
    object
}

#[test]
fn equality_rows_give_private_variables_and_the_optimum_stays() {
    for k in 0..256 {
        let mut seed = Seed(k);
        let objects = vec![tied(&mut seed, "a"), tied(&mut seed, "b")];
        let less: Vec<_> = objects.iter().map(|object| marginalise(object).unwrap()).collect();
        for marginal in &less {
            let Body::Quadratic { local, .. } = &marginal.object.body else { unreachable!() };
            // Three rows give a variable each; only the inequality is left, and what it does not hold goes too.
            assert!(marginal.eliminated.len() >= 3 && !marginal.eliminated.contains(&"x0".to_owned()), "{marginal:?}");
            assert_eq!(local.rows().names, ["r3"]);
            assert!(marginal.kept.iter().all(|(_, why)| *why == "a row holds it"), "{:?}", marginal.kept);
        }
        let whole = |objects: Vec<Object>| {
            let wire = |object: &Object| Wire {
                object: object.id.clone(),
                port: "p".to_owned(),
                junction: "bus".to_owned(),
                factors: Vec::new(),
            };
            let wires = objects.iter().map(wire).collect();
            let bus = Junction::balance("bus", "1", Bounds::new(vec![0.5], vec![1.0]).unwrap());
            Diagram::new("tied", objects, vec![bus], wires).unwrap().assemble().unwrap().program
        };
        let before = optimum(&whole(objects)).unwrap();
        let after = optimum(&whole(less.into_iter().map(|marginal| marginal.object).collect())).unwrap();
        assert_close(after, before, &format!("seed {k}"));
    }
}

#[test]
fn a_policy_says_what_leaves() {
    let made = diagram(&mut Seed(5), "", ANY);
    let ids: Vec<String> = made.objects().iter().map(|object| object.id.to_string()).collect();
    let nothing = redact(&made, &Policy::default()).unwrap();
    assert!(nothing.diagram.objects().iter().all(|object| matches!(object.body, Body::Opaque { .. })));
    assert_eq!((nothing.revealed.len(), nothing.withheld.len()), (ids.len(), ids.len()));
    assert!(!write(&nothing.diagram, None).contains("\"P\""));
    assert!(matches!(nothing.diagram.assemble(), Err(CatoptError::Opaque { .. })));

    let policy = Policy { objects: [(ids[0].clone(), Release::Whole)].into(), rename: true, ..Policy::default() };
    let some = redact(&made, &policy).unwrap();
    let text = write(&some.diagram, None);
    assert!(ids.iter().all(|id| !text.contains(&format!("\"{id}\""))), "{text}");
    assert_eq!(some.diagram.objects().iter().filter(|o| matches!(o.body, Body::Quadratic { .. })).count(), 1);
    assert!(some.withheld.iter().any(|loss| loss.what.starts_with("the names of")), "{:?}", some.withheld);

    let whole = Policy { default: Release::Whole, ..Policy::default() };
    let all = redact(&made, &whole).unwrap();
    assert_eq!(all.diagram.canonical_text().unwrap(), made.canonical_text().unwrap());
    assert!(all.withheld.is_empty());
    let stranger = Policy { objects: [("nobody".to_owned(), Release::Whole)].into(), ..Policy::default() };
    assert!(matches!(redact(&made, &stranger), Err(CatoptError::Unknown { what: "object", .. })));
}

#[test]
fn boundaries_have_the_same_optimum() {
    for k in 0..256 {
        let made = diagram(&mut Seed(k), "", SMOOTH);
        let policy = Policy { default: Release::Boundary, rename: true, ..Policy::default() };
        let less = redact(&made, &policy).unwrap().diagram;
        let (before, after) = (made.assemble().unwrap().program, less.assemble().unwrap().program);
        assert!(after.local.variable_count() < before.local.variable_count());
        assert_close(optimum(&after).unwrap(), optimum(&before).unwrap(), "boundary");
    }
}

/// Every object of the world follows the schema `rover`.
fn versioned(mut seed: Seed) -> Diagram {
    let made = diagram(&mut seed, "", ANY);
    let mut objects = made.objects().to_vec();
    objects.iter_mut().for_each(|o| o.schema = Some(SchemaVersion { name: "rover".to_owned(), version: 1 }));
    Diagram::new("versions", objects, made.junctions().to_vec(), made.wires().to_vec()).unwrap()
}

fn step(from: u32, to: u32, changes: &[(&str, &str, f64)], ports: &[(&str, &str)]) -> Migration {
    let change = |(before, after, factor): &(&str, &str, f64)| {
        let unit = (*factor != 1.0).then(|| format!("unit of {to}"));
        ((*before).to_owned(), VariableChange { name: (*after).to_owned(), unit, factor: *factor })
    };
    Migration {
        schema: "rover".to_owned(),
        from,
        to,
        variables: changes.iter().map(change).collect(),
        ports: ports.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
    }
}

#[test]
fn migrations_are_functors() {
    let one = step(1, 2, &[("x0", "drive", 1.0), ("x1", "x1", 4.0)], &[]);
    let two = step(2, 3, &[("drive", "go", -0.5), ("x1", "heat", 2.0)], &[]);
    let three = step(3, 4, &[("go", "x0", 1.0), ("heat", "x1", 0.25)], &[]);
    let composed = one.then(&two).unwrap();
    assert_eq!(composed.then(&three).unwrap(), one.then(&two.then(&three).unwrap()).unwrap());
    assert_eq!(Migration::identity("rover", 1).then(&one).unwrap(), one);
    assert_eq!(one.then(&Migration::identity("rover", 2)).unwrap(), one);
    assert!(one.then(&three).is_err());
    for k in 0..256 {
        let world = versioned(Seed(k));
        assert_eq!(Migration::identity("rover", 1).apply(&world).unwrap(), world);
        let stepwise = two.apply(&one.apply(&world).unwrap()).unwrap();
        assert_eq!(composed.apply(&world).unwrap(), stepwise, "seed {k}");
        assert_eq!(migrate(&world, "rover", 3, &[two.clone(), one.clone()]).unwrap(), stepwise);
        // What a port shows does not change, and neither does the optimum.
        if k % 8 == 0 {
            let (before, after) = (world.assemble().unwrap(), stepwise.assemble().unwrap());
            assert_close(optimum(&after.program).unwrap(), optimum(&before.program).unwrap(), "migrated");
        }
    }
    assert_eq!(one.functor(&versioned(Seed(1))).from, "rover/1");
}

#[test]
fn direct_and_stepwise_agree_or_are_refused() {
    let (one, two) = (step(1, 2, &[("x0", "drive", 3.0)], &[]), step(2, 3, &[("drive", "go", 0.1)], &[]));
    let mut direct = step(1, 3, &[("x0", "go", 3.0 * 0.1)], &[]);
    direct.variables.get_mut("x0").unwrap().unit = Some("unit of 3".to_owned());
    let known = [one.clone(), two.clone(), direct.clone()];
    check_migrations(&known).unwrap();
    let world = versioned(Seed(9));
    let (a, b) = (migrate(&world, "rover", 3, &known[..2]).unwrap(), migrate(&world, "rover", 3, &known).unwrap());
    assert_close(
        optimum(&a.assemble().unwrap().program).unwrap(),
        optimum(&b.assemble().unwrap().program).unwrap(),
        "direct and stepwise",
    );
    direct.variables.get_mut("x0").unwrap().factor = 0.31;
    let error = check_migrations(&[one, two, direct]).unwrap_err();
    assert!(error.to_string().contains("rover 1 to 3 is not 1 to 2 and then 2 to 3"), "{error}");
    assert!(matches!(migrate(&world, "rover", 9, &known), Err(CatoptError::Unknown { what: "migration", .. })));
    let missing = step(1, 2, &[("nothing", "x", 1.0)], &[]);
    assert!(matches!(missing.apply(&world), Err(CatoptError::Unknown { what: "variable", .. })));
    let zero = step(1, 2, &[("x0", "x0", 0.0)], &[]);
    assert!(matches!(zero.apply(&world), Err(CatoptError::Step { .. })));
}

#[test]
fn a_fleet_can_be_redacted_and_keeps_its_wiring() {
    let fleet = Diagram::of(&suite("strong-3-12-0")).unwrap();
    let less = redact(&fleet, &Policy::default()).unwrap().diagram;
    assert_eq!((less.wires().len(), less.junctions()), (fleet.wires().len(), fleet.junctions()));
}
