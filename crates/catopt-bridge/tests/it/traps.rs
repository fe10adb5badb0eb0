//! The writer's rules, seen in the text: each is there because some reader goes wrong without it.
//!
//! | rule | held by |
//! |---|---|
//! | no blank in a word, no name twice; a map of names in comments | `no_word_has_a_blank_and_no_name_comes_twice`, `names_that_were_changed_are_said_in_comments`, `lp_squares_have_no_blanks_and_the_constant_is_a_column` |
//! | `OBJSENSE` always | `the_sense_is_always_stated` |
//! | `QUADOBJ` is one triangle, sorted by column, its diagonal the entry of `P` | `one_triangle_sorted_by_column_with_the_whole_diagonal` |
//! | no quadratic entry is lost | `no_quadratic_entry_is_lost_on_the_way` |
//! | every bound explicit, the lower one before `UP` | `every_bound_is_explicit_and_the_lower_one_first`, `refusal::a_negative_upper_bound_without_a_lower_one` |
//! | ranges are two rows unless asked | `a_two_sided_row_is_two_rows_unless_asked` |
//! | the constant is minus itself on the objective's right-hand side | `the_constant_changes_its_sign` |
//! | shortest digits that read back as the same double | `number`'s own test, `round_trip`, `laws::every_format_gives_back_what_it_was_given` |
//! | no NaN, no infinite coefficient | `refusal::numbers_that_are_none`; a problem that holds one cannot be built |
//! | no indefinite `P` unless asked, with its eigenvalue | `refusal::an_indefinite_cost_with_its_eigenvalue_on_every_way_in_and_out` and the command's tests |
//! | duals are `d objective / d right-hand side` | `highs::the_problem_known_by_hand_with_the_sign_of_its_dual`, the command's `another_solvers_answer_is_certified_by_name` |
//! | a whole-number column without bounds, 0 to 1 for some | `refusal::a_whole_number_column_without_bounds` |
//! | MathOptFormat: mirrored pairs are summed, other keys passed over | `foreign::a_foreign_mathoptformat_is_read_as_its_definition_says` |
//! | both triangles, `QMATRIX` beside `QUADOBJ`, an asymmetric `QMATRIX` | `refusal::both_triangles_both_sections_and_a_matrix_that_is_not_symmetric` |

use cosmosmesh_catopt_bridge::{Assembly, Fleet, Parts, lp, mof, mps};

use crate::fixture::{odd, suite, tricky};

fn mps_text(ranges: mps::Ranges) -> String {
    let mut text = String::new();
    mps::write(&tricky().program, ranges, &mut text);
    text
}

fn section<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let lines = text.lines().skip_while(|line| *line != name).skip(1);
    lines.take_while(|line| line.starts_with(' ')).map(str::trim).collect()
}

#[test]
fn one_triangle_sorted_by_column_with_the_whole_diagonal() {
    let entries = section(&mps_text(mps::Ranges::TwoRows), "QUADOBJ").join("\n").replace("rover-1/power.", "");
    assert_eq!(entries, "x_0 x_0 4\nx_0 x1 1\nx1 x1 2\nx2 x2 1");
}

#[test]
fn the_constant_changes_its_sign() {
    assert!(section(&mps_text(mps::Ranges::TwoRows), "RHS").contains(&"RHS cost -3"));
}

#[test]
fn the_sense_is_always_stated() {
    assert_eq!(section(&mps_text(mps::Ranges::TwoRows), "OBJSENSE"), ["MIN"]);
}

#[test]
fn a_two_sided_row_is_two_rows_unless_asked() {
    let text = mps_text(mps::Ranges::TwoRows);
    let rows = section(&text, "ROWS");
    assert!(rows.contains(&"G rover-1/power.between#lo") && rows.contains(&"L rover-1/power.between#hi"), "{rows:?}");
    assert!(!text.contains("RANGES"));
    assert_eq!(section(&mps_text(mps::Ranges::Section), "RANGES"), ["RANGES rover-1/power.between 5"]);
}

#[test]
fn every_bound_is_explicit_and_the_lower_one_first() {
    let mut text = String::new();
    mps::write(&Assembly::allow_nonconvex(&odd()).unwrap().program, mps::Ranges::TwoRows, &mut text);
    let bounds = section(&text, "BOUNDS").join("\n");
    let expected = "LO BOUNDS a_b.v 0\nPL BOUNDS a_b.v\nFX BOUNDS c@1 1\nLO BOUNDS a_b.w 2\nUP BOUNDS a_b.w 7.25\nFR BOUNDS a_b.free\nMI BOUNDS a_b.below\nUP BOUNDS a_b.below -3";
    assert!(bounds.starts_with(expected), "{bounds}");
}

#[test]
fn names_that_were_changed_are_said_in_comments() {
    let mut text = String::new();
    mps::write(&Parts::allow_nonconvex(Fleet::Whole(&odd())), mps::Ranges::TwoRows, &mut text);
    let map: Vec<&str> = text.lines().filter(|line| line.starts_with("* ") && line.contains(" = ")).collect();
    let expected = [
        "* bus_0 = \"bus 0\"",
        "* r@2 = \"cost\"",
        "* a_b.v = \"a b.v\"",
        "* c@1 = \"a b.v\"",
        "* a_b.w = \"a b.w\"",
        "* a_b.free = \"a b.free\"",
        "* a_b.below = \"a b.below\"",
        "* a_b.none = \"a b.none\"",
        "* a_b.r = \"a b.r\"",
        "* _. = \"ä.\"",
    ];
    assert_eq!(map, expected);
    assert!(text.find(expected[9]) < text.find("\nNAME"), "before the file begins");
    let mut bare = String::new();
    mps::write(&Assembly::allow_nonconvex(&odd()).unwrap().program, mps::Ranges::TwoRows, &mut bare);
    assert_eq!(mps::read(&text), mps::read(&bare), "a comment is none of the reader's concern");
}

#[test]
fn no_word_has_a_blank_and_no_name_comes_twice() {
    let program = Assembly::allow_nonconvex(&odd()).unwrap().program;
    for names in [&program.local.variables().names, &program.local.rows().names] {
        let unique: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
        assert!(names.iter().all(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic())), "{names:?}");
    }
}

#[test]
fn no_quadratic_entry_is_lost_on_the_way() {
    let program = Assembly::allow_nonconvex(&suite("strong-3-12-0")).unwrap().program;
    let entries = program.local.objective().p.values().iter().filter(|v| **v != 0.0).count();
    assert!(entries > 0);
    let (mut one, mut other, mut third) = (String::new(), String::new(), String::new());
    mps::write(&program, mps::Ranges::TwoRows, &mut one);
    lp::write(&program, &mut other);
    mof::write(&program, &mut third);
    let in_lp = other.matches('^').count() + other.matches(" * ").count();
    assert_eq!(
        (section(&one, "QUADOBJ").len(), in_lp, third.matches("variable_1").count()),
        (entries, entries, entries)
    );
}

#[test]
fn lp_squares_have_no_blanks_and_the_constant_is_a_column() {
    let mut text = String::new();
    lp::write(&tricky().program, &mut text);
    assert!(text.contains("+ 4 x0^2") && text.contains("+ 2 x0 * x1") && !text.contains("^ 2"), "{text}");
    assert!(text.contains("+ 3 one") && text.contains(" one = 1"), "{text}");
    assert!(text.contains("\\ x0 = rover-1/power.x_0"), "{text}");
    assert!(text.lines().all(|line| line.len() < 500));
}

#[test]
fn mof_has_one_triangle_and_the_whole_diagonal() {
    let mut text = String::new();
    mof::write(&tricky().program, &mut text);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let terms = value["objective"]["function"]["quadratic_terms"].as_array().unwrap();
    let found: Vec<f64> = terms.iter().map(|term| term["coefficient"].as_f64().unwrap()).collect();
    assert_eq!(found, [4.0, 1.0, 2.0, 1.0]);
    assert_eq!(value["objective"]["function"]["constant"], 3);
}
