//! What is written asset by asset is what is written of the whole, to the byte.

use cosmosmesh_catopt_bridge::document::{self, DiagramText};
use cosmosmesh_catopt_bridge::family::{self, Dialect};
use cosmosmesh_catopt_bridge::{Assembly, Blocks, Diagram, Fleet, Parts, acset, lp, mof, mps};
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
        let expected = document::write(&diagram, Some(&Blake3));
        let text = write_fleet(&fleet);
        let text = FleetText::new(text.as_bytes()).unwrap();
        for source in [Fleet::Whole(&fleet), Fleet::Text(&text)] {
            let mut native = String::new();
            document::write_fleet(source, Some(&Blake3), &mut native).unwrap();
            assert_eq!(native, expected);
            assert_eq!(acset::write_fleet(source).unwrap(), (acset::write(&diagram), acset::losses(&diagram)));
            for dialect in [Dialect::A, Dialect::B] {
                assert_eq!(family::write_fleet(source, dialect).unwrap(), family::write(&diagram, dialect));
            }
        }
    }
}

#[test]
fn a_native_document_goes_over_to_a_fleet_object_by_object() {
    for k in 0..256 {
        let text = document::write(&diagram(&mut Seed(k), "", ANY), Some(&Blake3));
        let whole = document::read(text.as_bytes(), Some(&Blake3)).unwrap().to_fleet();
        match (DiagramText::new(text.as_bytes(), Some(&Blake3)), whole) {
            (Ok(found), Ok((fleet, losses))) => {
                let mut written = String::new();
                found.write_fleet(&mut written).unwrap();
                assert_eq!(written, write_fleet(&fleet));
                assert_eq!((found.asset_count(), found.row_count()), (fleet.assets().len(), fleet.row_count()));
                assert_eq!(found.losses(), losses);
            }
            (Err(found), Err(expected)) => assert_eq!(found, expected),
            (found, expected) => panic!("{:?} and {:?}", found.is_ok(), expected.is_ok()),
        }
    }
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
        match (DiagramText::new(&bytes, None), whole) {
            (Ok(found), Ok((fleet, _))) => {
                let mut written = String::new();
                found.write_fleet(&mut written).unwrap();
                assert_eq!(written, write_fleet(&fleet), "byte {at}");
            }
            (Err(found), Err(expected)) => {
                assert_eq!(found, expected, "byte {at}");
                refused += 1;
            }
            (found, expected) => panic!("byte {at}: {:?} and {:?}", found.is_ok(), expected.is_ok()),
        }
    }
    assert!(refused > 50, "{refused}");
}
