//! What is refused, each by its own name.

use cosmosmesh_catopt_bridge::{Assembly, CatoptError, assemble, mof, mps};
use cosmosmesh_contracts::file::read_fleet;
use cosmosmesh_contracts::problem::ProblemErrorKind;

const BODY: &str =
    "NAME n\nROWS\n N obj\n L r\nCOLUMNS\n x obj 1 r 1\n y obj 1 r 1\nRHS\n RHS r 4\nBOUNDS\n UP B x 3\n";

fn refused(rest: &str, part: &str) -> CatoptError {
    let error = mps::read(&format!("{BODY}{rest}")).unwrap_err();
    assert!(error.to_string().contains(part), "no `{part}` in: {error}");
    error
}

#[test]
fn an_indefinite_cost_with_its_eigenvalue_on_every_way_in_and_out() {
    let error = refused("QUADOBJ\n x x 1\n x y 2\n y y 1\nENDATA\n", "indefinite");
    assert!(matches!(error, CatoptError::NotConvex { eigenvalue, .. } if (eigenvalue + 1.0).abs() < 1e-12), "{error}");
    let fleet = read_fleet(
        br#"{"format": "cosmosmesh.fleet/1", "name": "n", "coupling": {"names": [], "lower": [], "upper": []},
        "agents": [{"id": "rover", "variables": {"names": ["x", "y"], "lower": [0, 0], "upper": [1, 1]},
        "objective": {"P": [[0, 0, 1], [0, 1, 2], [1, 1, 1]], "q": [0, 0]},
        "rows": {"names": [], "A": [], "lower": [], "upper": []}, "coupling": []}]}"#,
    )
    .unwrap();
    let error = assemble(&fleet).unwrap_err();
    assert!(
        matches!(&error, CatoptError::NotConvex { object, eigenvalue } if object == "rover" && (eigenvalue + 1.0).abs() < 1e-12),
        "{error}"
    );
    let mut text = String::new();
    mof::write(&Assembly::allow_nonconvex(&fleet).unwrap().program, &mut text);
    assert!(matches!(mof::read(&text), Err(CatoptError::NotConvex { .. })));
}

#[test]
fn numbers_that_are_none() {
    for word in ["nan", "inf", "1e999", "one"] {
        refused(&format!("QUADOBJ\n x x {word}\nENDATA\n"), &format!("`{word}` is not a finite number"));
    }
}

#[test]
fn both_triangles_both_sections_and_a_matrix_that_is_not_symmetric() {
    refused("QUADOBJ\n x x 4\n x y 1\n y x 1\n y y 4\nENDATA\n", "QUADOBJ holds one triangle");
    refused("QUADOBJ\n x x 4\nQMATRIX\n x x 4\nENDATA\n", "a second quadratic section");
    refused("QMATRIX\n x x 4\n x y 1\nENDATA\n", "not symmetric");
    refused("QMATRIX\n x x 4\n x y 1\n y x 2\nENDATA\n", "not symmetric");
}

#[test]
fn a_negative_upper_bound_without_a_lower_one() {
    let error = refused(" UP B y -1\nENDATA\n", "write LO or MI before UP");
    assert!(matches!(error, CatoptError::AmbiguousBound { line: 12, .. }), "{error:?}");
    mps::read(&format!("{BODY} MI B y\n UP B y -1\nENDATA\n")).unwrap();
}

/// HiGHS takes such a column from 0 to 1, others from 0 up: the same file with two optima.
#[test]
fn a_whole_number_column_without_bounds() {
    let text = |bounds: &str| {
        format!(
            "NAME i\nROWS\n N obj\n L r\nCOLUMNS\n M 'MARKER' 'INTORG'\n x obj -1 r 1\n M 'MARKER' 'INTEND'\nRHS\n R r 7\n{bounds}ENDATA\n"
        )
    };
    let error = mps::read(&text("")).unwrap_err();
    assert!(error.to_string().contains("column `x` must be whole and has no bound"), "{error}");
    for (bounds, upper) in
        [("BOUNDS\n PL B x\n", f64::INFINITY), ("BOUNDS\n BV B x\n", 1.0), ("BOUNDS\n LO B x 0\n", f64::INFINITY)]
    {
        let program = mps::read(&text(bounds)).unwrap().program;
        assert_eq!((program.local.variables().bounds.upper()[0], program.integer), (upper, vec![0]));
    }
}

#[test]
fn text_that_is_cut_or_of_another_kind() {
    refused("", "without ENDATA");
    refused("SOS\n S1 a\nENDATA\n", "section `SOS`");
    refused(" UP B z 1\nENDATA\n", "there is no column `z`");
    refused(" XX B y 1\nENDATA\n", "`XX` is no kind of bound");
    refused(" UP B x 4\nENDATA\n", "given twice");
    assert!(mps::read("").is_err() && mps::read("once upon a time").is_err() && mps::read(" \u{0}\n x").is_err());
    let error = mps::read(&format!("{BODY} LO B x 9\nENDATA\n")).unwrap_err();
    assert!(matches!(error, CatoptError::Problem(e) if matches!(e.kind, ProblemErrorKind::CrossingBounds { .. })));
    for text in [
        "{}",
        "[]",
        "{\"version\":{\"major\":2},\"variables\":[],\"objective\":{\"sense\":\"min\"},\"constraints\":[]}",
    ] {
        assert!(matches!(mof::read(text), Err(CatoptError::Text { .. })), "{text}");
    }
}

/// Every prefix of a file and every file with one byte changed is read or refused; nothing panics.
#[test]
fn damaged_files_never_panic() {
    let assembly = crate::fixture::tricky();
    let (mut one, mut other) = (String::new(), String::new());
    mps::write(&assembly.program, mps::Ranges::Section, &mut one);
    mof::write(&assembly.program, &mut other);
    for text in [&one, &other] {
        for k in 0..text.len() {
            let (cut, mut changed) = (&text[..k], text.clone().into_bytes());
            changed[k] = b"#0 N{"[k % 5];
            let changed = String::from_utf8(changed).unwrap();
            for damaged in [cut, &changed] {
                let _ = mps::read(damaged).map_err(|error| error.to_string());
                let _ = mof::read(damaged).map_err(|error| error.to_string());
            }
        }
    }
}
