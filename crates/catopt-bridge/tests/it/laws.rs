//! The laws of composition, each on 256 random diagrams; exact where floating-point arithmetic lets them be.

use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_catopt_bridge::document::{read, write};
use cosmosmesh_catopt_bridge::{
    Colimit, Diagram, Duals, Junction, JunctionKind, Object, PlanDelta, PlanState, Plans, Port, Wire, certify, explain,
    glue, marginalise, mof, mps, restore,
};
use cosmosmesh_contracts::file::write_fleet;
use cosmosmesh_contracts::problem::{Bounds, SparseMatrix};

use crate::oracle::optimum;
use crate::world::{ANY, SMOOTH, Seed, Taste, diagram, id};

/// How many random worlds each law is tried on.
const CASES: u64 = 256;

/// A flat diagram cut in two: the objects of `inside` become a diagram of their own, behind a box called `name` in what is left.
///
/// Junctions on the cut are called `name.JUNCTION` inside; their wires are cut between their two factors.
fn cut(flat: &Diagram, inside: &BTreeSet<usize>, name: &str) -> (Diagram, Diagram) {
    let ids: BTreeSet<_> = inside.iter().map(|&k| flat.objects()[k].id.clone()).collect();
    let touching = |within: bool| -> BTreeSet<&str> {
        flat.wires().iter().filter(|w| ids.contains(&w.object) == within).map(|w| w.junction.as_str()).collect()
    };
    let (theirs, ours) = (touching(true), touching(false));
    let private = |junction: &Junction| {
        theirs.contains(junction.name.as_str()) && !ours.contains(junction.name.as_str()) && !junction.exposed
    };
    let (mut inner_junctions, mut inner_wires, mut outer_wires) = (Vec::new(), Vec::new(), Vec::new());
    let (mut ports, mut box_wires) = (Vec::new(), Vec::new());
    for junction in flat.junctions().iter().filter(|j| theirs.contains(j.name.as_str())) {
        if private(junction) {
            inner_junctions.push(junction.clone());
            continue;
        }
        let port = format!("{name}.{}", junction.name);
        let shared = junction.kind == JunctionKind::Shared;
        // Between the two factors of a shared junction's wires lies a unit of its own.
        let unit = if shared { format!("unit of {name}") } else { junction.unit.clone() };
        let mut inner = Junction { name: port.clone(), unit: unit.clone(), ..junction.clone() };
        inner = inner.exposed();
        inner_junctions.push(inner);
        ports.push(Port { name: port.clone(), unit, map: SparseMatrix::zeros(junction.dimension, 0) });
        let factors = if shared { vec![2.0] } else { Vec::new() };
        box_wires.push(Wire { object: id(name), port, junction: junction.name.clone(), factors });
    }
    for wire in flat.wires() {
        if !ids.contains(&wire.object) {
            outer_wires.push(wire.clone());
            continue;
        }
        let mut wire = wire.clone();
        let junction = flat.junctions().iter().find(|j| j.name == wire.junction).unwrap();
        if !private(junction) {
            wire.junction = format!("{name}.{}", wire.junction);
            if junction.kind == JunctionKind::Shared {
                assert_eq!(wire.factors.pop(), Some(2.0), "the world ends every such wire with a two");
            }
        }
        inner_wires.push(wire);
    }
    let part = |within: bool| -> Vec<Object> {
        flat.objects().iter().filter(|object| ids.contains(&object.id) == within).cloned().collect()
    };
    let inner = Diagram::new(name, part(true), inner_junctions, inner_wires).unwrap();
    let mut objects = part(false);
    let mut placeholder = inner.as_box(id(name), "a box");
    placeholder.ports = ports;
    objects.push(placeholder);
    outer_wires.extend(box_wires);
    let junctions = flat.junctions().iter().filter(|junction| !private(junction)).cloned().collect();
    (Diagram::new(flat.name(), objects, junctions, outer_wires).unwrap(), inner)
}

/// A world whose wires to shared junctions end with so many factors of two, at which they can be cut.
fn cuttable(seed: &mut Seed, prefix: &str, cuts: usize) -> Diagram {
    let made = diagram(seed, prefix, ANY);
    let mut wires = made.wires().to_vec();
    for wire in wires.iter_mut().filter(|wire| !wire.factors.is_empty()) {
        wire.factors.extend(vec![2.0; cuts]);
    }
    Diagram::new(made.name(), made.objects().to_vec(), made.junctions().to_vec(), wires).unwrap()
}

fn some(seed: &mut Seed, count: usize) -> BTreeSet<usize> {
    let mut chosen: BTreeSet<usize> = (0..count).filter(|_| seed.below(2) == 0).collect();
    chosen.insert(seed.below(count));
    chosen
}

fn text(diagram: &Diagram) -> String {
    diagram.canonical_text().unwrap()
}

#[test]
fn nested_is_flat() {
    for k in 0..CASES {
        let mut seed = Seed(k);
        let flat = cuttable(&mut seed, "", 1);
        let inside = some(&mut seed, flat.objects().len());
        let (outer, inner) = cut(&flat, &inside, "box");
        assert_eq!(text(&outer.substitute("box", &inner).unwrap()), text(&flat), "seed {k}");
    }
}

#[test]
fn composition_is_associative() {
    for k in 0..CASES {
        let mut seed = Seed(k);
        let flat = cuttable(&mut seed, "", 2);
        let large = some(&mut seed, flat.objects().len());
        let (a, middle) = cut(&flat, &large, "large");
        let small = some(&mut seed, middle.objects().len());
        let (b, c) = cut(&middle, &small, "small");
        let left = a.substitute("large", &b).unwrap().substitute("small", &c).unwrap();
        let right = a.substitute("large", &b.substitute("small", &c).unwrap()).unwrap();
        assert_eq!(text(&left), text(&right), "seed {k}");
        assert_eq!(text(&left), text(&flat), "seed {k}");
    }
}

#[test]
fn identities_change_nothing() {
    for k in 0..CASES {
        let mut seed = Seed(k);
        let flat = diagram(&mut seed, "", ANY);
        let which = seed.below(flat.objects().len());
        let object = &flat.objects()[which];
        let mut kinds = BTreeMap::new();
        for wire in flat.wires().iter().filter(|wire| wire.object == object.id) {
            let junction = flat.junctions().iter().find(|junction| junction.name == wire.junction).unwrap();
            kinds.insert(wire.port.clone(), junction.kind.clone());
        }
        let identity = Diagram::identity(object, &kinds).unwrap();
        let same = flat.substitute(object.id.as_str(), &identity).unwrap();
        assert_eq!(text(&same), text(&flat), "seed {k}, from inside");
        // From outside: what is put into a box of its own ports stays what it is.
        let (_, inner) = cut(&cuttable(&mut seed, "q", 1), &[0, 1].into(), "box");
        let shown = inner.as_box(id("shown"), "a box");
        let kinds = inner.junctions().iter().filter(|j| j.exposed).map(|j| (j.name.clone(), j.kind.clone())).collect();
        let around = Diagram::identity(&shown, &kinds).unwrap().substitute("shown", &inner).unwrap();
        let renamed =
            Diagram::new("shown", around.objects().to_vec(), around.junctions().to_vec(), around.wires().to_vec());
        let inner = Diagram::new("shown", inner.objects().to_vec(), inner.junctions().to_vec(), inner.wires().to_vec());
        assert_eq!(text(&renamed.unwrap()), text(&inner.unwrap()), "seed {k}, from outside");
    }
}

#[test]
fn composing_and_putting_side_by_side_interchange() {
    for k in 0..CASES {
        let mut seed = Seed(k);
        let (one, other) = (cuttable(&mut seed, "f", 1), cuttable(&mut seed, "g", 1));
        let (f, h) = cut(&one, &some(&mut seed, one.objects().len()), "fbox");
        let (g, l) = cut(&other, &some(&mut seed, other.objects().len()), "gbox");
        let together = f.beside(&g).unwrap().substitute("fbox", &h).unwrap().substitute("gbox", &l).unwrap();
        let apart = f.substitute("fbox", &h).unwrap().beside(&g.substitute("gbox", &l).unwrap()).unwrap();
        assert_eq!(text(&together), text(&apart), "seed {k}");
        assert_eq!(text(&other.beside(&one).unwrap()).len(), text(&one.beside(&other).unwrap()).len(), "symmetry");
    }
}

/// `P x + q` of a problem.
fn gradient(local: &cosmosmesh_contracts::problem::LocalProblem, x: &[f64]) -> Vec<f64> {
    let mut g = local.objective().q.clone();
    for (i, j, v) in local.objective().p.triplets() {
        g[i] += v * x[j];
        if i != j {
            g[j] += v * x[i];
        }
    }
    g
}

#[test]
fn descent_is_natural() {
    // Two hundred steps of gradient descent on the whole, and on the parts with their gradients pulled back and added.
    let mut worst = 0.0_f64;
    for k in 0..CASES {
        let mut seed = Seed(k);
        let parts = diagram(&mut seed, "", SMOOTH);
        let whole = parts.assemble().unwrap();
        let n = whole.program.local.variable_count();
        let rate = 1.0 / (1.0 + bound_of_curvature(&whole));
        let (mut x, mut y) = (vec![1.0; n], vec![1.0; n]);
        // Each object's restriction of the whole, column by column.
        let restriction: Vec<Vec<Vec<f64>>> =
            parts.objects().iter().map(|o| (0..n).map(|j| unit_plan(&whole, &parts, o, j)).collect()).collect();
        for _ in 0..200 {
            let g = gradient(&whole.program.local, &x);
            x.iter_mut().zip(&g).for_each(|(x, g)| *x -= rate * g);
            let mut pulled = vec![0.0; n];
            for (object, columns) in parts.objects().iter().zip(&restriction) {
                let local = object.solvable().unwrap().0;
                let mut plan = vec![0.0; local.variable_count()];
                for (column, y) in columns.iter().zip(&y) {
                    plan.iter_mut().zip(column).for_each(|(p, r)| *p += r * y);
                }
                let g = gradient(local, &plan);
                for (slot, column) in pulled.iter_mut().zip(columns) {
                    *slot += column.iter().zip(&g).map(|(r, g)| r * g).sum::<f64>();
                }
            }
            y.iter_mut().zip(&pulled).for_each(|(y, g)| *y -= rate * g);
        }
        worst = x.iter().zip(&y).fold(worst, |worst, (a, b)| worst.max((a - b).abs() / (1.0 + a.abs())));
    }
    println!("descent on the whole and on the parts differ by {worst:e}");
    assert!(worst < 1e-12, "{worst:e}");
}

fn unit_plan(whole: &Colimit, parts: &Diagram, object: &Object, column: usize) -> Vec<f64> {
    let mut e = vec![0.0; whole.program.local.variable_count()];
    e[column] = 1.0;
    whole.plans(parts, &e).unwrap().remove(object.id.as_str()).unwrap()
}

fn bound_of_curvature(whole: &Colimit) -> f64 {
    let p = &whole.program.local.objective().p;
    let mut sums = vec![0.0; p.column_count()];
    for (i, j, v) in p.triplets() {
        sums[i] += v.abs();
        if i != j {
            sums[j] += v.abs();
        }
    }
    sums.into_iter().fold(0.0, f64::max)
}

/// The minimum of a smooth strictly convex problem, by elimination.
fn minimum(whole: &Colimit) -> Vec<f64> {
    let objective = whole.program.local.objective();
    let n = objective.q.len();
    let mut a = vec![vec![0.0; n + 1]; n];
    for (i, j, v) in objective.p.triplets() {
        a[i][j] = v;
        a[j][i] = v;
    }
    (0..n).for_each(|i| a[i][n] = -objective.q[i]);
    for k in 0..n {
        for i in k + 1..n {
            let r = a[i][k] / a[k][k];
            for j in k..=n {
                let v = a[k][j];
                a[i][j] -= r * v;
            }
        }
    }
    let mut x = vec![0.0; n];
    for k in (0..n).rev() {
        let rest: f64 = (k + 1..n).map(|j| a[k][j] * x[j]).sum();
        x[k] = (a[k][n] - rest) / a[k][k];
    }
    x
}

#[test]
fn marginalising_and_composing_commute() {
    let mut worst = 0.0_f64;
    for k in 0..CASES {
        let mut seed = Seed(k);
        let parts = diagram(&mut seed, "", SMOOTH);
        let before = parts.assemble().unwrap();
        let objects: Vec<Object> = parts.objects().iter().map(|o| marginalise(o).unwrap().object).collect();
        let fewer = Diagram::new(parts.name(), objects, parts.junctions().to_vec(), parts.wires().to_vec()).unwrap();
        let after = fewer.assemble().unwrap();
        assert!(after.program.local.variable_count() < before.program.local.variable_count());
        // The same cost of the boundary: the same optimum, and the same shared values there.
        let (x, y) = (minimum(&before), minimum(&after));
        let cost = before.program.local.objective().value(&x) - after.program.local.objective().value(&y);
        worst = worst.max(cost.abs());
        let names = |whole: &Colimit| whole.program.local.variables().names.clone();
        let at: BTreeMap<String, f64> = names(&before).into_iter().zip(x).collect();
        for (name, value) in names(&after).iter().zip(&y).filter(|(name, _)| !name.contains('.')) {
            worst = worst.max((value - at[name]).abs());
        }
    }
    println!("composing before or after marginalising differs by {worst:e}");
    assert!(worst < 1e-12, "{worst:e}");
}

#[test]
fn duals_sum_to_zero_at_every_shared_junction() {
    let mut worst = 0.0_f64;
    for k in 0..CASES {
        let parts = diagram(&mut Seed(k), "", SMOOTH);
        let whole = parts.assemble().unwrap();
        let plans = whole.plans(&parts, &minimum(&whole)).unwrap();
        let mut duals = Duals::default();
        let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
        for wire in parts.wires() {
            let object = parts.object(wire.object.as_str()).unwrap();
            let local = object.solvable().unwrap().0;
            let g = gradient(local, &plans[object.id.as_str()]);
            let (_, j, v) = object.port(&wire.port).unwrap().map.triplets().next().unwrap();
            // The dual pulls back by the transpose, so in the junction's unit it is the marginal cost over the factor.
            let dual = g[j] / (v * wire.factor());
            duals.wires.insert((wire.object.to_string(), wire.port.clone()), vec![dual]);
            *sums.entry(wire.junction.as_str()).or_default() += dual;
        }
        worst = sums.values().fold(worst, |worst, sum| worst.max(sum.abs()));
        // A smooth problem's certificate is these duals and nothing else.
        let verdict = certify(&parts, &plans, &duals, None).unwrap();
        assert!(verdict.dual_residual < 1e-10 && verdict.gap_relative.abs() < 1e-10, "seed {k}: {verdict:?}");
    }
    println!("duals sum to {worst:e} at worst");
    assert!(worst < 1e-11, "{worst:e}");
}

#[test]
fn solving_is_functorial() {
    // Clarabel on the colimit and on the limit: the same cost, which nobody here computed.
    let mut worst = 0.0_f64;
    for k in 0..CASES {
        let parts = diagram(&mut Seed(k), "", ANY);
        let whole = optimum(&parts.assemble().unwrap().program).unwrap();
        let (fleet, _) = parts.to_fleet().unwrap();
        let limit = optimum(&cosmosmesh_catopt_bridge::assemble(&fleet).unwrap().program).unwrap();
        worst = worst.max((whole - limit).abs() / (1.0 + whole.abs()));
        if k % 16 == 0 {
            let rounds = crate::oracle::federated(&fleet).unwrap().0;
            worst = worst.max((whole - rounds).abs() / (1.0 + whole.abs()));
        }
    }
    println!("optima of colimit, limit and rounds differ by {worst:e}");
    assert!(worst < 1e-6, "{worst:e}");
}

#[test]
fn plans_glue_uniquely_or_the_junction_is_named() {
    for k in 0..CASES {
        let mut seed = Seed(k);
        let parts = diagram(&mut seed, "", Taste { balances: false, ..ANY });
        let whole = parts.assemble().unwrap();
        let x: Vec<f64> = (0..whole.program.local.variable_count()).map(|_| seed.eighth()).collect();
        let plans: Plans = whole.plans(&parts, &x).unwrap();
        assert_eq!(glue(&parts, &plans, 0.0).unwrap(), x, "seed {k}");
        assert!(explain(&parts, &plans, 0.0).unwrap().is_empty());
        // Any one plan moved at a shared junction is found there.
        let shared: Vec<_> = parts.wires().iter().zip(0..).collect();
        let (wire, _) = shared[seed.below(shared.len())];
        let object = parts.object(wire.object.as_str()).unwrap();
        let (_, j, v) = object.port(&wire.port).unwrap().map.triplets().next().unwrap();
        let mut moved = plans.clone();
        moved.get_mut(wire.object.as_str()).unwrap()[j] += 0.5;
        if parts.wires().iter().filter(|other| other.junction == wire.junction).count() < 2 {
            continue;
        }
        let off = explain(&parts, &moved, 0.0).unwrap();
        assert_eq!(off.len(), 1, "seed {k}");
        assert_eq!(
            (off[0].junction.as_str(), off[0].amount),
            (wire.junction.as_str(), (0.5 * v * wire.factor()).abs())
        );
        assert!(glue(&parts, &moved, 0.0).unwrap_err().to_string().contains(&wire.junction));
    }
}

#[test]
fn every_format_gives_back_what_it_was_given() {
    for k in 0..CASES {
        let parts = diagram(&mut Seed(k), "", ANY);
        let text = write(&parts, None);
        let back = read(text.as_bytes(), None).unwrap();
        assert_eq!((&back, write(&back, None)), (&parts, text));
        let (fleet, _) = parts.to_fleet().unwrap();
        let fleet = cosmosmesh_catopt_bridge::canonical(&fleet).unwrap();
        let assembly = cosmosmesh_catopt_bridge::assemble(&fleet).unwrap();
        let (mut one, mut other) = (String::new(), String::new());
        mps::write(&assembly.program, mps::Ranges::TwoRows, &mut one);
        let losses = mof::write(&assembly.program, &mut other);
        let (from_mps, _) = restore(&mps::read(&one).unwrap().program, Some(&assembly.sidecar)).unwrap();
        assert_eq!(write_fleet(&from_mps), write_fleet(&fleet), "seed {k}");
        if losses.is_empty() {
            let (from_mof, _) = restore(&mof::read(&other).unwrap().program, Some(&assembly.sidecar)).unwrap();
            assert_eq!(write_fleet(&from_mof), write_fleet(&fleet), "seed {k}");
        }
    }
}

#[test]
fn deltas_are_a_monoid_that_acts_on_plans() {
    for k in 0..CASES {
        let mut seed = Seed(k);
        let mut state = |round: u64| PlanState {
            round,
            plans: [
                ("a".to_owned(), (0..3).map(|_| seed.below(2) as f64).collect()),
                ("b".to_owned(), vec![seed.eighth()]),
            ]
            .into(),
        };
        let (a, b, c, d) = (state(1), state(2), state(5), state(6));
        let delta = |x: &PlanState, y: &PlanState| PlanDelta::between(x, y).unwrap();
        let (ab, bc, cd) = (delta(&a, &b), delta(&b, &c), delta(&c, &d));
        assert_eq!(ab.then(&bc).unwrap().then(&cd).unwrap(), ab.then(&bc.then(&cd).unwrap()).unwrap());
        assert_eq!(ab.then(&bc).unwrap().act(&a).unwrap(), bc.act(&ab.act(&a).unwrap()).unwrap());
        assert_eq!(ab.then(&bc).unwrap().act(&a).unwrap(), c);
        assert_eq!(delta(&a, &c).act(&a).unwrap(), c);
        assert_eq!(PlanDelta::identity(1).then(&ab).unwrap(), ab);
        assert_eq!(ab.then(&PlanDelta::identity(2)).unwrap(), ab);
        assert_eq!(PlanDelta::identity(1).act(&a).unwrap(), a);
        assert!(bc.then(&ab).is_err() && bc.act(&a).is_err() && PlanDelta::between(&b, &a).is_err());
    }
}

#[test]
fn a_limit_at_an_exposed_balance_would_count_twice() {
    let balance = Junction::balance("b", "1", Bounds::new(vec![1.0], vec![2.0]).unwrap());
    assert!(Diagram::new("x", Vec::new(), vec![Junction { exposed: true, ..balance.clone() }], Vec::new()).is_err());
    assert!(Diagram::new("x", Vec::new(), vec![balance.exposed()], Vec::new()).is_ok());
}
