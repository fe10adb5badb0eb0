//! The native form: what it keeps, what it puts together, what it refuses by name.

use cosmosmesh_catopt_bridge::document::{read, write};
use cosmosmesh_catopt_bridge::{
    Assembly, Body, CatoptError, Diagram, Junction, JunctionKind, Object, PlanDelta, Port, Wire, acset, canonical,
    certify, explain, glue,
};
use cosmosmesh_contracts::file::write_fleet;
use cosmosmesh_contracts::problem::{Bounds, ProblemErrorKind, SparseMatrix};
use cosmosmesh_crypto::Blake3;
use cosmosmesh_solver_core::InteriorPoint;

use crate::fixture::{large, odd, suite};
use crate::oracle::{assert_close, federated, optimum};
use crate::world::{ANY, SMOOTH, Seed, diagram, id, object};

fn fleets() -> Vec<cosmosmesh_contracts::problem::FleetProblem> {
    vec![odd(), suite("strong-3-12-0"), suite("degenerate-3-12-0"), suite("infeasible-3-12-0"), large(20)]
}

#[test]
fn a_fleet_comes_back_from_the_native_form_in_the_same_bytes() {
    for fleet in fleets() {
        let there = Diagram::of(&fleet).unwrap();
        let text = write(&there, Some(&Blake3));
        let back = read(text.as_bytes(), Some(&Blake3)).unwrap();
        assert_eq!(back, there);
        assert_eq!(write(&back, Some(&Blake3)), text);
        let (again, losses) = back.to_fleet().unwrap();
        assert_eq!(losses, [], "{}", fleet.name());
        assert_eq!(write_fleet(&canonical(&again).unwrap()), write_fleet(&canonical(&fleet).unwrap()));
    }
}

#[test]
fn a_fleets_colimit_is_its_assembly() {
    for fleet in fleets() {
        let program = Diagram::of(&fleet).unwrap().assemble().unwrap().program;
        assert_eq!(program, Assembly::allow_nonconvex(&fleet).unwrap().program, "{}", fleet.name());
    }
}

/// Two microgrids on one line: one counts in kW, the other in W.
fn kilowatts() -> Diagram {
    let mut seed = Seed(7);
    let mut one = object(&mut seed, "habitat", 2, ANY);
    let mut other = object(&mut seed, "rover", 2, ANY);
    let port = |unit: &str, entries: &[(usize, usize, f64)]| Port {
        name: "line".to_owned(),
        unit: unit.to_owned(),
        map: SparseMatrix::from_triplets(1, 2, entries).unwrap(),
    };
    one.ports.push(port("kW", &[(0, 0, 1.0)]));
    other.ports.push(port("W", &[(0, 1, 1.0)]));
    let wire = |object: &str, factors: &[f64]| Wire {
        object: id(object),
        port: "line".to_owned(),
        junction: "line".to_owned(),
        factors: factors.to_vec(),
    };
    let wires = vec![wire("habitat", &[1000.0]), wire("rover", &[])];
    Diagram::new("grid", vec![one, other], vec![Junction::shared("line", "W", 1)], wires).unwrap()
}

#[test]
fn a_shared_value_is_one_column_in_the_junctions_unit() {
    let diagram = kilowatts();
    let colimit = diagram.assemble().unwrap();
    assert_eq!(colimit.program.local.variables().names, ["line", "habitat.x1", "rover.x0"]);
    let plans = colimit.plans(&diagram, &[500.0, 0.25, -0.5]).unwrap();
    assert_eq!((&plans["habitat"], &plans["rover"]), (&vec![0.5, 0.25], &vec![-0.5, 500.0]));
    // The same problem as rows of differences has the same optimum.
    let (fleet, losses) = diagram.to_fleet().unwrap();
    assert!(losses.iter().any(|loss| loss.what.contains("shared junctions")), "{losses:?}");
    assert!(losses.iter().any(|loss| loss.what.contains("units")), "{losses:?}");
    let assembled = optimum(&colimit.program).unwrap();
    assert_close(assembled, optimum(&Assembly::allow_nonconvex(&fleet).unwrap().program).unwrap(), "rows or columns");
    assert_close(assembled, federated(&fleet).unwrap().0, "assembled or in rounds");
}

#[test]
fn a_port_that_mixes_variables_stays_a_row() {
    let mut seed = Seed(11);
    let mut objects = Vec::new();
    for name in ["one", "two"] {
        let mut made = object(&mut seed, name, 2, SMOOTH);
        let entries: &[(usize, usize, f64)] = if name == "one" { &[(0, 0, 1.0), (0, 1, 2.0)] } else { &[(0, 0, 1.0)] };
        let map = SparseMatrix::from_triplets(1, 2, entries).unwrap();
        made.ports.push(Port { name: "p".to_owned(), unit: "1".to_owned(), map });
        objects.push(made);
    }
    let wire = |o: &str| Wire { object: id(o), port: "p".into(), junction: "j".into(), factors: vec![] };
    let diagram =
        Diagram::new("mixed", objects, vec![Junction::shared("j", "1", 1)], vec![wire("one"), wire("two")]).unwrap();
    let program = diagram.assemble().unwrap().program;
    assert_eq!(program.local.variable_count(), 4);
    assert_eq!(program.local.rows().names[0], "j_one-two");
    let fleet = diagram.to_fleet().unwrap().0;
    assert_close(optimum(&program).unwrap(), federated(&fleet).unwrap().0, "mixed");
}

#[test]
fn a_certificate_needs_no_trust_and_sees_every_fault() {
    for name in ["strong-3-12-0", "degenerate-3-12-0"] {
        let fleet = suite(name);
        let diagram = Diagram::of(&fleet).unwrap();
        let (objective, prices, plans) = crate::oracle::federated_plans(&fleet);
        let mut duals = cosmosmesh_catopt_bridge::Duals::default();
        for (junction, price) in diagram.junctions().iter().zip(&prices) {
            duals.junctions.insert(junction.name.clone(), vec![-price]);
        }
        let verdict = certify(&diagram, &plans, &duals, Some(&mut InteriorPoint)).unwrap();
        assert!(verdict.holds(1e-6), "{name}: {verdict:?}");
        assert_close(verdict.objective, objective, name);
        assert!(verdict.lower_bound <= optimum(&diagram.assemble().unwrap().program).unwrap() + 1e-6 * objective.abs());
        // Duals of the other sign, and plans that somebody touched.
        let mut turned = duals.clone();
        turned.junctions.values_mut().flatten().for_each(|dual| *dual = -*dual);
        assert!(!certify(&diagram, &plans, &turned, Some(&mut InteriorPoint)).unwrap().holds(1e-3));
        let mut touched = plans.clone();
        let id = fleet.assets()[0].id.to_string();
        touched.get_mut(&id).unwrap().iter_mut().for_each(|v| *v += 10.0);
        let verdict = certify(&diagram, &touched, &duals, Some(&mut InteriorPoint)).unwrap();
        assert!(!verdict.feasible(1e-3), "{verdict:?}");
        assert!(!explain(&diagram, &touched, 1e-3).unwrap().is_empty());
    }
}

#[test]
fn plans_that_do_not_fit_are_refused() {
    let diagram = kilowatts();
    let duals = cosmosmesh_catopt_bridge::Duals::default();
    let plans = |list: &[(&str, &[f64])]| list.iter().map(|(id, x)| ((*id).to_owned(), x.to_vec())).collect();
    for (list, part) in [
        (&[("habitat", &[0.0, 0.0][..])][..], "no plan of `rover`"),
        (&[("habitat", &[0.0][..]), ("rover", &[0.0, 0.0])], "1 values for 2 variables"),
        (&[("habitat", &[0.0, f64::NAN][..]), ("rover", &[0.0, 0.0])], "is NaN"),
        (&[("habitat", &[0.0, 0.0][..]), ("rover", &[0.0, 0.0]), ("drone", &[])], "plan of `drone`"),
    ] {
        let error = certify(&diagram, &plans(list), &duals, None).unwrap_err();
        assert!(matches!(&error, CatoptError::Solution { .. }) && error.to_string().contains(part), "{error}");
    }
    let apart = plans(&[("habitat", &[0.5, 0.0]), ("rover", &[0.0, 499.0])]);
    let off = explain(&diagram, &apart, 1e-6).unwrap();
    assert_eq!((off.len(), off[0].junction.as_str(), off[0].amount, off[0].shared), (1, "line", 1.0, true));
    let error = glue(&diagram, &apart, 1e-6).unwrap_err();
    assert!(error.to_string().contains("`line`"), "{error}");
    // What overflows on its way to the junction agrees with nothing, not even with what overflows as well.
    for rover in [0.0, 1e308, -1e308] {
        let beyond = plans(&[("habitat", &[1e306, 0.0]), ("rover", &[0.0, rover])]);
        let verdict = certify(&diagram, &beyond, &duals, None).unwrap();
        assert_eq!((verdict.junctions[0].amount, verdict.junctions[0].relative), (f64::INFINITY, f64::INFINITY));
        assert!(!verdict.feasible(0.5), "{verdict:?}");
        assert_eq!(explain(&diagram, &beyond, 1e-6).unwrap().len(), 1);
    }
}

/// A change to the parts of a diagram.
type Change<'a> = &'a dyn Fn(&mut Vec<Object>, &mut Vec<Junction>, &mut Vec<Wire>);

#[test]
fn each_clash_has_its_own_name() {
    let good = kilowatts();
    let rebuilt = |change: Change<'_>| {
        let (mut objects, mut junctions, mut wires) =
            (good.objects().to_vec(), good.junctions().to_vec(), good.wires().to_vec());
        change(&mut objects, &mut junctions, &mut wires);
        Diagram::new("changed", objects, junctions, wires).unwrap_err()
    };
    let error = rebuilt(&|_, _, wires| wires[0].factors.clear());
    assert!(matches!(&error, CatoptError::UnitClash(clash) if clash.factor == Some(1000.0)), "{error}");
    assert!(error.to_string().contains("needs the factor 1000.0"), "{error}");
    let error = rebuilt(&|_, junctions, _| junctions[0].unit = "kg".to_owned());
    assert!(matches!(&error, CatoptError::UnitClash(clash) if clash.factor.is_none()), "{error}");
    let error = rebuilt(&|_, junctions, _| junctions[0].dimension = 2);
    assert!(matches!(&error, CatoptError::DimensionClash { found: 1, expected: 2, .. }), "{error}");
    let error = rebuilt(&|_, _, wires| wires.push(wires[0].clone()));
    assert!(matches!(&error, CatoptError::WiredTwice { .. }), "{error}");
    let error = rebuilt(&|_, _, wires| drop(wires.pop()));
    assert!(matches!(&error, CatoptError::DanglingPort { .. }), "{error}");
    for bad in [0.0, f64::INFINITY, f64::NAN] {
        let error = rebuilt(&|_, _, wires| wires[0].factors[0] = bad);
        assert!(matches!(&error, CatoptError::Factor { .. }), "{error}");
    }
    let error = rebuilt(&|_, _, wires| wires[0].junction = "elsewhere".to_owned());
    assert!(matches!(&error, CatoptError::Unknown { what: "junction", .. }), "{error}");
    let error = rebuilt(&|_, _, wires| wires[0].port = "none".to_owned());
    assert!(matches!(&error, CatoptError::Unknown { what: "port", .. }), "{error}");
    let error = rebuilt(&|objects, _, _| objects[1].id = objects[0].id.clone());
    assert!(matches!(&error, CatoptError::NameTaken { what: "object", .. }), "{error}");
    let error = rebuilt(&|_, junctions, _| junctions.push(junctions[0].clone()));
    assert!(matches!(&error, CatoptError::NameTaken { what: "junction", .. }), "{error}");
    let error = rebuilt(&|_, junctions, _| {
        junctions[0].kind = JunctionKind::Balance(Bounds::new(vec![0.0], vec![1.0]).unwrap());
        junctions[0].exposed = true;
    });
    assert!(matches!(&error, CatoptError::ExposedLimit { .. }), "{error}");
}

#[test]
fn an_opaque_object_is_routed_and_never_solved() {
    let good = kilowatts();
    let (mut objects, junctions, wires) = (good.objects().to_vec(), good.junctions().to_vec(), good.wires().to_vec());
    objects[0].body = Body::Opaque { label: "min_cost".to_owned() };
    objects[0].ports[0].map = SparseMatrix::zeros(1, 0);
    let diagram = Diagram::new("labels", objects, junctions, wires).unwrap();
    let text = write(&diagram, None);
    assert_eq!(read(text.as_bytes(), None).unwrap(), diagram);
    assert!(acset::write(&diagram).contains("habitat"));
    for error in [diagram.assemble().unwrap_err(), diagram.to_fleet().unwrap_err()] {
        assert!(matches!(&error, CatoptError::Opaque { object, label } if object == "habitat" && label == "min_cost"));
        assert!(error.to_string().contains("not solved"), "{error}");
    }
}

#[test]
fn a_changed_object_is_found_by_its_hash() {
    let text = write(&kilowatts(), Some(&Blake3));
    let changed = text.replacen("\"q\":[", "\"q\":[0.5,", 1);
    assert!(read(changed.as_bytes(), None).is_err(), "q is too long");
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["objects"][0]["private"]["objective"]["c"] = serde_json::json!(77.0);
    let error = read(value.to_string().as_bytes(), Some(&Blake3)).unwrap_err();
    assert!(matches!(&error, CatoptError::Hash { object, .. } if object == "habitat"), "{error}");
    assert!(read(value.to_string().as_bytes(), None).is_ok(), "without a hasher a hash is not looked at");
}

#[test]
fn text_of_another_shape_is_refused() {
    let text = write(&kilowatts(), None);
    let refused = |from: &str, to: &str, part: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let error = read(changed.as_bytes(), None).unwrap_err();
        assert!(error.to_string().contains(part), "no `{part}` in: {error}");
    };
    refused("cosmosmesh.catopt/1", "cosmosmesh.catopt/2", "format is `cosmosmesh.catopt/2`");
    refused("d_objective_d_rhs", "prices", "dual_convention is `prices`");
    refused("\"kind\":\"shared\"", "\"kind\":\"shared\",\"lower\":[1]", "only a balance has");
    refused("\"round\":0", "\"rond\":0", "unknown field `rond`");
    refused("\"semantics\":\"quadratic\"", "\"semantics\":\"opaque\"", "an opaque object has a label");
    refused("\"c\":", "\"c\":1e999,\"d\":", "number out of range");
}

#[test]
fn a_dimension_that_nothing_backs_costs_no_memory() {
    let text = r#"{"format":"cosmosmesh.catopt/1","name":"","dual_convention":"d_objective_d_rhs","objects":[],
      "junctions":[{"name":"j","kind":"shared","dimension":900000000000}],"wires":[]}"#;
    let error = read(text.as_bytes(), None).unwrap_err();
    assert!(
        matches!(&error, CatoptError::Problem(e) if matches!(e.kind, ProblemErrorKind::TooLarge { .. })),
        "{error}"
    );
}

#[test]
fn damaged_documents_never_panic() {
    let mut diagram = kilowatts();
    diagram.duals.junctions.insert("line".to_owned(), vec![1.0]);
    diagram.deltas.push(PlanDelta { from: 1, to: 2, set: [(("rover".to_owned(), 0), 0.5)].into() });
    diagram.extensions.insert("x".to_owned(), serde_json::json!({"a": [1, null]}));
    let text = write(&diagram, Some(&Blake3));
    assert_eq!(read(text.as_bytes(), Some(&Blake3)).unwrap(), diagram);
    for k in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[k] = b"#0]{\"9"[k % 6];
        for damaged in [&text.as_bytes()[..k], &changed] {
            let _ = read(damaged, Some(&Blake3)).map(|diagram| diagram.assemble().map_err(|e| e.to_string()));
        }
    }
}

#[test]
fn random_worlds_come_back_too() {
    for seed in 0..256 {
        let made = diagram(&mut Seed(seed), "", ANY);
        let text = write(&made, Some(&Blake3));
        let back = read(text.as_bytes(), Some(&Blake3)).unwrap();
        assert_eq!((&back, write(&back, Some(&Blake3))), (&made, text));
    }
}

#[test]
fn order_makes_no_difference_to_the_hash() {
    for k in 0..256 {
        let mut seed = Seed(k);
        let made = diagram(&mut seed, "", ANY);
        let (mut objects, mut junctions, mut wires) =
            (made.objects().to_vec(), made.junctions().to_vec(), made.wires().to_vec());
        objects.iter_mut().for_each(|object| seed.shuffle(&mut object.ports));
        seed.shuffle(&mut objects);
        seed.shuffle(&mut junctions);
        seed.shuffle(&mut wires);
        let moved = Diagram::new(made.name(), objects, junctions, wires).unwrap();
        assert_eq!(moved.hash(&Blake3).unwrap(), made.hash(&Blake3).unwrap());
        assert_eq!(moved.canonical().unwrap(), made.canonical().unwrap());
    }
}
