//! What was written is read back as the same fleet, bit for bit.

use cosmosmesh_catopt_bridge::{Assembly, Sidecar, canonical, mof, mps, restore};
use cosmosmesh_contracts::file::write_fleet;
use cosmosmesh_contracts::problem::FleetProblem;

use crate::fixture::{large, odd, suite};
use crate::oracle::{assert_close, federated, of_one, optimum};

fn fleets() -> Vec<FleetProblem> {
    vec![odd(), suite("strong-3-12-0"), suite("degenerate-3-12-0"), suite("infeasible-3-12-0"), large(20)]
}

/// The sidecar as a file would carry it.
fn carried(assembly: &Assembly) -> Sidecar {
    Sidecar::read(assembly.sidecar.write().as_bytes()).unwrap()
}

#[test]
fn mps_and_back_gives_the_same_bytes() {
    for fleet in fleets() {
        let assembly = Assembly::allow_nonconvex(&fleet).unwrap();
        let expected = write_fleet(&canonical(&fleet).unwrap());
        for ranges in [mps::Ranges::TwoRows, mps::Ranges::Section] {
            let mut text = String::new();
            mps::write(&assembly.program, ranges, &mut text);
            let import = mps::read(&text).unwrap();
            assert_eq!(import.losses, []);
            let (again, losses) = restore(&import.program, Some(&carried(&assembly))).unwrap();
            assert_eq!(losses, []);
            assert_eq!(write_fleet(&again), expected, "{}", fleet.name());
        }
    }
}

#[test]
fn mof_and_back_gives_the_same_bytes_unless_it_says_otherwise() {
    for fleet in fleets() {
        let assembly = Assembly::allow_nonconvex(&fleet).unwrap();
        let mut text = String::new();
        let losses = mof::write(&assembly.program, &mut text);
        let import = mof::read(&text).unwrap();
        if fleet.name() == "odd" {
            assert!(losses.len() == 1 && losses[0].what.contains("`a_b.none`"), "{losses:?}");
            let error = restore(&import.program, Some(&carried(&assembly))).unwrap_err();
            assert!(error.to_string().contains("`a_b.none` is missing"), "{error}");
            continue;
        }
        assert_eq!((losses.len(), import.losses.len()), (0, 0));
        let (again, _) = restore(&import.program, Some(&carried(&assembly))).unwrap();
        assert_eq!(write_fleet(&again), write_fleet(&canonical(&fleet).unwrap()), "{}", fleet.name());
    }
}

#[test]
fn a_file_written_twice_is_the_same_file() {
    let assembly = Assembly::allow_nonconvex(&odd()).unwrap();
    let written = |program| {
        let mut text = String::new();
        mps::write(program, mps::Ranges::TwoRows, &mut text);
        text
    };
    let once = written(&assembly.program);
    let mut again = mps::read(&once).unwrap().program;
    again.name = assembly.program.name.clone();
    assert_eq!(written(&again), once, "export of an import");
}

#[test]
fn without_a_sidecar_the_optimum_stays_and_the_rest_is_said_to_be_lost() {
    let fleet = suite("strong-3-12-0");
    let assembly = Assembly::allow_nonconvex(&fleet).unwrap();
    let mut text = String::new();
    mps::write(&assembly.program, mps::Ranges::TwoRows, &mut text);
    let import = mps::read(&text).unwrap();
    let (alone, losses) = restore(&import.program, None).unwrap();
    assert!(losses.iter().any(|loss| loss.what.contains("which asset owns which column")), "{losses:?}");
    assert_eq!((alone.assets().len(), alone.row_count()), (1, 0));
    assert_close(of_one(&alone), federated(&fleet).unwrap().0, "one asset");
}

#[test]
fn clarabel_finds_the_federated_optimum_in_what_was_written() {
    for fleet in [suite("strong-3-12-0"), suite("degenerate-3-12-0"), suite("infeasible-3-12-0")] {
        let assembly = Assembly::allow_nonconvex(&fleet).unwrap();
        let (mut one, mut other) = (String::new(), String::new());
        mps::write(&assembly.program, mps::Ranges::TwoRows, &mut one);
        mof::write(&assembly.program, &mut other);
        let expected = federated(&fleet).map(|(objective, _)| objective);
        for (format, program) in
            [("mps", mps::read(&one).unwrap().program), ("mof", mof::read(&other).unwrap().program)]
        {
            match (optimum(&program), expected) {
                (Some(found), Some(expected)) => assert_close(found, expected, format),
                (found, expected) => assert_eq!(found, expected, "{} {format}", fleet.name()),
            }
        }
    }
}

#[test]
fn a_sidecar_of_another_file_is_refused() {
    let (one, other) = (suite("strong-3-12-0"), odd());
    let (one, other) = (Assembly::allow_nonconvex(&one).unwrap(), Assembly::allow_nonconvex(&other).unwrap());
    let error = restore(&one.program, Some(&other.sidecar)).unwrap_err();
    assert!(error.to_string().contains("take the one written with this file"), "{error}");
}
