//! What is written asset by asset is what is written of the whole, to the byte.

use cosmosmesh_catopt_bridge::document::{self, DiagramText, LimitText};
use cosmosmesh_catopt_bridge::family::{self, Dialect};
use cosmosmesh_catopt_bridge::{
    Assembly, Blocks, Diagram, DirectSum, Fleet, FleetDiagram, Parts, Source, acset, lp, mof, mps,
};
use cosmosmesh_contracts::file::{FleetText, write_fleet};
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_crypto::Blake3;

use crate::fixture::{large, odd, suite};
use crate::world::{ANY, Seed, diagram};

fn fleets() -> Vec<FleetProblem> {
    let mut fleets =
        vec![odd(), suite("strong-3-12-0"), suite("degenerate-3-12-0"), suite("infeasible-3-12-0"), large(7)];
    // Random diagrams of their own kind of trouble: whole numbers, empty objects, names twice.
    fleets.extend((0..32).filter_map(|k| diagram(&mut Seed(k), "", ANY).to_fleet().ok()).map(|found| found.0));
    assert!(fleets.len() > 20, "{}", fleets.len());
    fleets
}

/// Every text of every format of a problem, with what could not be said.
fn texts(problem: &impl Blocks) -> Vec<String> {
    let mut texts = vec![String::new(); 4];
    mps::write(problem, mps::Ranges::TwoRows, &mut texts[0]);
    mps::write(problem, mps::Ranges::Section, &mut texts[1]);
    lp::write(problem, &mut texts[2]);
    let losses = mof::write(problem, &mut texts[3]);
    texts.push(format!("{losses:?}"));
    // The map of names that were changed is a comment: a problem in one has the changed ones only.
    let map = |line: &&str| !line.starts_with("* ") || !line.contains(" = ");
    texts[..2].iter_mut().for_each(|mps| *mps = mps.lines().filter(map).collect::<Vec<_>>().join("\n"));
    texts
}

/// Every document of a diagram, with what could not be said.
fn documents(source: Source<'_>) -> Vec<String> {
    let mut texts = vec![String::new(), acset::write(source), format!("{:?}", acset::losses(source))];
    document::write_to(source, Some(&Blake3), &mut texts[0]);
    for dialect in [Dialect::A, Dialect::B] {
        let (names, losses) = family::write(source, dialect);
        texts.extend([names, format!("{losses:?}"), String::new()]);
        let whole = texts.last_mut().unwrap();
        let losses = family::write_whole(source, dialect, whole).unwrap();
        texts.push(format!("{losses:?} {:?}", source.size()));
    }
    texts
}

#[test]
fn solvers_files_do_not_depend_on_the_way() {
    for fleet in fleets() {
        let assembly = Assembly::allow_nonconvex(&fleet).unwrap();
        let expected = texts(&assembly.program);
        let text = write_fleet(&fleet);
        let text = FleetText::new(text.as_bytes()).unwrap();
        for source in [Fleet::Whole(&fleet), Fleet::Text(&text)] {
            let parts = Parts::allow_nonconvex(source);
            assert_eq!(texts(&parts), expected, "{}", fleet.name());
            let mut sidecar = String::new();
            parts.write_sidecar(&mut sidecar).unwrap();
            assert_eq!(sidecar, assembly.sidecar.write());
        }
    }
}

#[test]
fn names_and_native_form_do_not_depend_on_the_way() {
    for fleet in fleets() {
        let diagram = Diagram::of(&fleet).unwrap();
        let expected = documents(Source::Whole(&diagram));
        let text = write_fleet(&fleet);
        let text = FleetText::new(text.as_bytes()).unwrap();
        for source in [Fleet::Whole(&fleet), Fleet::Text(&text)] {
            let fleet = FleetDiagram::new(source).unwrap();
            assert_eq!(documents(Source::Fleet(&fleet)), expected);
        }
    }
}

/// Native documents and documents of the family that carry one: what they are written as, what solvers are given, and the fleet.
#[test]
fn a_document_goes_over_object_by_object() {
    let (mut colimits, mut merged) = (0, 0);
    let mut diagrams: Vec<Diagram> = (0..256).map(|k| diagram(&mut Seed(k), "", ANY)).collect();
    diagrams.extend(fleets().iter().map(|fleet| Diagram::of(fleet).unwrap()));
    for diagram in diagrams {
        let native = document::write(&diagram, Some(&Blake3));
        let text = DiagramText::new(native.as_bytes(), Some(&Blake3)).unwrap();
        let whole = document::read(native.as_bytes(), Some(&Blake3)).unwrap();
        assert_eq!(documents(Source::Text(&text)), documents(Source::Whole(&whole)));
        assert_eq!((text.diagram().unwrap(), text.object_count()), (whole, diagram.objects().len()));
        let (sum, colimit) = (DirectSum::of(Source::Text(&text)), diagram.assemble());
        assert_eq!(sum.and_then(DirectSum::colimit), colimit);
        for dialect in [Dialect::A, Dialect::B] {
            let mut carrying = String::new();
            family::write_whole(&diagram, dialect, &mut carrying).unwrap();
            let found = family::carried(carrying.as_bytes(), dialect).unwrap().unwrap();
            let whole = family::read(carrying.as_bytes(), dialect).unwrap().0;
            assert_eq!(documents(Source::Text(&found)), documents(Source::Whole(&whole)));
            let fleet = found.limit().map(|limit| (fleet_text(&limit), limit.losses().to_vec()));
            assert_eq!(fleet, whole.to_fleet().map(|(fleet, losses)| (write_fleet(&fleet), losses)));
        }
        match (text.limit(), diagram.to_fleet()) {
            (Ok(limit), Ok((fleet, losses))) => {
                assert_eq!(fleet_text(&limit), write_fleet(&fleet));
                assert_eq!((limit.asset_count(), limit.coupling()), (fleet.assets().len(), fleet.coupling()));
                assert_eq!(limit.losses(), losses);
                let found = texts(&Parts::new(Fleet::Limit(&limit)).unwrap());
                let colimit = diagram.assemble().map(|colimit| texts(&colimit.program));
                if !text.shares_values() {
                    assert_eq!(Ok(found), colimit);
                    colimits += 1;
                } else {
                    assert_ne!(Ok(found), colimit);
                    merged += 1;
                }
            }
            (Err(found), Err(expected)) => assert_eq!(found, expected),
            (found, expected) => panic!("{:?} and {:?}", found.is_ok(), expected.is_ok()),
        }
    }
    assert!(colimits > 20 && merged > 20, "{colimits} and {merged}");
}

fn fleet_text(limit: &LimitText<'_>) -> String {
    let mut text = String::new();
    limit.write_fleet(&mut text).unwrap();
    text
}

/// Bytes changed here and there: whatever the reader of the whole says, the other says too.
#[test]
fn a_damaged_document_is_refused_alike() {
    let text = document::write(&Diagram::of(&suite("strong-3-12-0")).unwrap(), Some(&Blake3));
    let mut refused = 0;
    for k in 0..200 {
        let mut bytes = text.clone().into_bytes();
        let at = k * bytes.len() / 200;
        bytes[at] = b"0}],\"x-"[k % 7];
        let whole = document::read(&bytes, None).and_then(|diagram| diagram.to_fleet());
        let found = DiagramText::new(&bytes, None).and_then(|text| text.limit().map(|limit| fleet_text(&limit)));
        match (found, whole) {
            (Ok(found), Ok((fleet, _))) => assert_eq!(found, write_fleet(&fleet), "byte {at}"),
            (Err(found), Err(expected)) => {
                assert_eq!(found, expected, "byte {at}");
                refused += 1;
            }
            (found, expected) => panic!("byte {at}: {:?} and {:?}", found.is_ok(), expected.is_ok()),
        }
    }
    assert!(refused > 50, "{refused}");
}
