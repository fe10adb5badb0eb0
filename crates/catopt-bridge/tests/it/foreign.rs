//! Problems of the Maros-Meszaros collection, typed from the definitions of Hock and Schittkowski; the optima are the collection's published ones.

use cosmosmesh_catopt_bridge::{Import, mof, mps, restore};

use crate::oracle::{assert_close, of_one, optimum};

fn check(text: &str, published: f64) -> Import {
    let import = mps::read(text).unwrap();
    let name = import.program.name.clone();
    assert_close(optimum(&import.program).unwrap(), published, &name);
    let (fleet, _) = restore(&import.program, None).unwrap();
    assert_close(of_one(&fleet), published, &format!("{name}, by our own interior point"));
    import
}

#[test]
fn hs21_a_constant_and_bounds() {
    check(
        "NAME HS21\nROWS\n N obj\n G r1\nCOLUMNS\n x1 r1 10.0\n x2 r1 -1.0\nRHS\n RHS obj 100.0 r1 10.0\nBOUNDS\n LO B x1 2.0\n UP B x1 50.0\n LO B x2 -50.0\n UP B x2 50.0\nQUADOBJ\n x1 x1 0.02\n x2 x2 2.0\nENDATA\n",
        -99.96,
    );
}

#[test]
fn hs35_default_bounds_and_entries_off_the_diagonal() {
    check(
        "NAME          HS35\nROWS\n N  OBJ\n L  R1\nCOLUMNS\n    X1        OBJ       -8.0D+00   R1        1.0\n    X2        OBJ       -6.0       R1        1.0\n    X3        OBJ       -4.0       R1        2.0\nRHS\n    RHS       OBJ       -9.0       R1        3.0\nQUADOBJ\n    X1        X1        4.0\n    X1        X2        2.0\n    X1        X3        2.0\n    X2        X2        4.0\n    X3        X3        2.0\nENDATA\n",
        1.0 / 9.0,
    );
}

#[test]
fn hs53_free_of_inequalities_with_the_whole_matrix() {
    check(
        "NAME HS53\nROWS\n N obj\n E r1\n E r2\n E r3\nCOLUMNS\n x1 r1 1\n x2 obj -4 r1 3\n x2 r3 1\n x3 obj -4 r2 1\n x4 obj -2 r2 1\n x5 obj -2 r2 -2\n x5 r3 -1\nRHS\n obj -6\nBOUNDS\n LO B x1 -10\n UP B x1 10\n LO B x2 -10\n UP B x2 10\n LO B x3 -10\n UP B x3 10\n LO B x4 -10\n UP B x4 10\n LO B x5 -10\n UP B x5 10\nQMATRIX\n x1 x1 2\n x1 x2 -2\n x2 x1 -2\n x2 x2 4\n x2 x3 2\n x3 x2 2\n x3 x3 2\n x4 x4 2\n x5 x5 2\nENDATA\n",
        4.093_023_26,
    );
}

#[test]
fn hs76_both_kinds_of_inequality() {
    check(
        "NAME HS76\nROWS\n N obj\n L r1\n L r2\n G r3\nCOLUMNS\n x1 obj -1 r1 1\n x1 r2 3\n x2 obj -3 r1 2\n x2 r2 1 r3 1\n x3 obj 1 r1 1\n x3 r2 2 r3 4\n x4 obj -1 r1 1\n x4 r2 -1\nRHS\n RHS r1 5 r2 4\n RHS r3 1.5\nQUADOBJ\n x1 x1 2\n x1 x3 -1\n x2 x2 1\n x3 x3 2\n x3 x4 1\n x4 x4 1\nENDATA\n",
        -4.681_818_18,
    );
}

#[test]
fn genhs28_all_free() {
    let mut text = String::from("NAME GENHS28\nROWS\n N obj\n");
    (1..=8).for_each(|i| text.push_str(&format!(" E r{i}\n")));
    text.push_str("COLUMNS\n");
    for j in 1..=10_i32 {
        for (i, v) in [(j, 1), (j - 1, 2), (j - 2, 3)].iter().filter(|(i, _)| (1..=8).contains(i)) {
            text.push_str(&format!(" x{j} r{i} {v}\n"));
        }
    }
    text.push_str("RHS\n");
    (1..=8).for_each(|i| text.push_str(&format!(" RHS r{i} 1\n")));
    text.push_str("BOUNDS\n");
    (1..=10).for_each(|j| text.push_str(&format!(" FR B x{j}\n")));
    text.push_str("QUADOBJ\n");
    for j in 1..=10 {
        text.push_str(&format!(" x{j} x{j} {}\n", if j == 1 || j == 10 { 2 } else { 4 }));
        if j < 10 {
            text.push_str(&format!(" x{j} x{} 2\n", j + 1));
        }
    }
    text.push_str("ENDATA\n");
    check(&text, 9.271_736_94e-1);
}

#[test]
fn hs118_ranges() {
    let mut text = String::from("NAME HS118\nROWS\n N obj\n");
    (0..12).for_each(|k| text.push_str(&format!(" G d{k}\n")));
    (0..5).for_each(|k| text.push_str(&format!(" G s{k}\n")));
    text.push_str("COLUMNS\n");
    for j in 0..15 {
        text.push_str(&format!(" x{j} obj {} s{} 1\n", [2.3, 1.7, 2.2][j % 3], j / 3));
        if j >= 3 {
            text.push_str(&format!(" x{j} d{} 1\n", j - 3));
        }
        if j < 12 {
            text.push_str(&format!(" x{j} d{j} -1\n"));
        }
    }
    text.push_str("RHS\n");
    (0..12).for_each(|k| text.push_str(&format!(" RHS d{k} -7\n")));
    for (k, sum) in [60, 50, 70, 85, 100].iter().enumerate() {
        text.push_str(&format!(" RHS s{k} {sum}\n"));
    }
    text.push_str("RANGES\n");
    (0..12).for_each(|k| text.push_str(&format!(" R d{k} {}\n", [13, 14, 13][k % 3])));
    text.push_str("BOUNDS\n LO B x0 8\n UP B x0 21\n LO B x1 43\n UP B x1 57\n LO B x2 3\n UP B x2 16\n");
    (3..15).for_each(|j| text.push_str(&format!(" UP B x{j} {}\n", [90, 120, 60][j % 3])));
    text.push_str("QUADOBJ\n");
    (0..15).for_each(|j| text.push_str(&format!(" x{j} x{j} {}\n", [0.0002, 0.0002, 0.0003][j % 3])));
    text.push_str("ENDATA\n");
    check(&text, 664.820_45);
}

#[test]
fn maximise_is_negated_and_said_so() {
    let text = "NAME up\nOBJSENSE MAX\nROWS\n N obj\n L r\nCOLUMNS\n x obj 4 r 1\nRHS\n RHS r 10 obj -1\nQUADOBJ\n x x -2\nENDATA\n";
    let import = check(text, -5.0);
    assert_eq!(import.losses.len(), 1);
    assert!(import.losses[0].what.contains("negate objective and duals"), "{:?}", import.losses);
}

/// What MathOptFormat allows and our own writer never does: entries listed twice and mirrored are added up, a function has a constant, keys of others are passed over.
#[test]
fn a_foreign_mathoptformat_is_read_as_its_definition_says() {
    let text = r#"{"version": {"major": 1, "minor": 9}, "name": "twice", "author": {"of": "somebody"},
      "variables": [{"name": "x", "primal_start": 3.0}, {"name": "y"}],
      "objective": {"sense": "max", "function": {"type": "ScalarQuadraticFunction",
        "affine_terms": [{"coefficient": 1, "variable": "x"}, {"coefficient": 1, "variable": "x"}, {"coefficient": 2, "variable": "y"}],
        "quadratic_terms": [{"coefficient": -2, "variable_1": "x", "variable_2": "x"}, {"coefficient": -0.25, "variable_1": "y", "variable_2": "x"},
          {"coefficient": -0.25, "variable_1": "x", "variable_2": "y"}, {"coefficient": -2, "variable_1": "y", "variable_2": "y"}], "constant": 4}},
      "constraints": [
        {"function": {"type": "Variable", "name": "x"}, "set": {"type": "GreaterThan", "lower": -1}},
        {"name": "sum", "function": {"type": "ScalarAffineFunction", "terms": [{"coefficient": 0.5, "variable": "x"},
          {"coefficient": 1, "variable": "y"}, {"coefficient": 0.5, "variable": "x"}], "constant": 1}, "set": {"type": "EqualTo", "value": 2}}]}"#;
    let import = mof::read(text).unwrap();
    let local = &import.program.local;
    assert_eq!(local.objective().p.triplets().collect::<Vec<_>>(), [(0, 0, 2.0), (0, 1, 0.5), (1, 1, 2.0)]);
    assert_eq!((local.objective().q.as_slice(), local.objective().c), (&[-2.0, -2.0][..], -4.0));
    assert_eq!(local.rows().matrix.triplets().collect::<Vec<_>>(), [(0, 0, 1.0), (0, 1, 1.0)]);
    assert_eq!((local.rows().bounds.lower(), local.rows().bounds.upper()), (&[1.0][..], &[1.0][..]));
    assert!(import.losses[0].what.contains("negate objective and duals"), "{:?}", import.losses);
    // The two enter alike, so they share the sum of one.
    let x = [0.5, 0.5];
    assert_close(
        local.objective().value(&x),
        0.5 * (2.0 * 0.25 + 2.0 * 0.5 * 0.25 + 2.0 * 0.25) - 2.0 - 4.0,
        "by hand",
    );
    assert_close(optimum(&import.program).unwrap(), local.objective().value(&x), "Clarabel");
}
