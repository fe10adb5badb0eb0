//! HiGHS, by its Python package, on the written files; skipped with a reason where Python or the package is missing.

use std::path::PathBuf;
use std::process::Command;

use cosmosmesh_catopt_bridge::solution::Solution;
use cosmosmesh_catopt_bridge::{Assembly, lp, mof, mps};
use serde_json::Value;

use crate::fixture::{suite, tricky};
use crate::oracle::{assert_close, federated};

/// What users are given to solve exported files.
const SOLVE: &str = include_str!("../../examples/highs.py");

/// One answer for each file, with its duals by row name, or nothing where HiGHS is missing.
fn solve(paths: &[PathBuf]) -> Option<Vec<Answer>> {
    let probe = Command::new("python3").args(["-c", SOLVE, "--version"]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("skipped: python3 with the package highspy is not here");
        return None;
    }
    let output = Command::new("python3").args(["-c", SOLVE]).args(paths).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    // Some versions say a word about a file on standard output, whatever they are told.
    let lines = String::from_utf8(output.stdout).unwrap();
    let answers = lines.lines().filter(|line| line.starts_with("{\"file\"")).map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let solution = line["objective"].as_f64().map(|objective| {
            let path = format!("{}.solution.json", line["file"].as_str().unwrap());
            (objective, Solution::read(&std::fs::read_to_string(path).unwrap()).unwrap())
        });
        Answer { status: line["status"].as_str().unwrap().to_owned(), solution }
    });
    Some(answers.collect())
}

#[derive(Debug)]
struct Answer {
    status: String,
    /// The cost, and the solution by the names of the problem.
    solution: Option<(f64, Solution)>,
}

impl Answer {
    fn objective(&self) -> f64 {
        assert_eq!(self.status, "Optimal");
        self.solution.as_ref().unwrap().0
    }
}

fn written(name: &str, text: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn files(name: &str, assembly: &Assembly) -> [PathBuf; 4] {
    let (mut a, mut b, mut c, mut d) = (String::new(), String::new(), String::new(), String::new());
    mps::write(&assembly.program, mps::Ranges::TwoRows, &mut a);
    mps::write(&assembly.program, mps::Ranges::Section, &mut b);
    lp::write(&assembly.program, &mut c);
    mof::write(&assembly.program, &mut d);
    [
        written(&format!("{name}.mps"), &a),
        written(&format!("{name}-ranges.mps"), &b),
        written(&format!("{name}.lp"), &c),
        written(&format!("{name}.mof.json"), &d),
    ]
}

#[test]
fn the_problem_known_by_hand_with_the_sign_of_its_dual() {
    let assembly = tricky();
    let Some(answers) = solve(&files("tricky", &assembly)) else { return };
    let sum = assembly.program.local.rows().names.iter().position(|name| name == "sum").unwrap();
    for answer in &answers {
        assert_close(answer.objective(), 4.38, "objective");
        let (_, duals) = answer.solution.as_ref().unwrap().1.onto(&assembly.program).unwrap();
        assert!((duals.unwrap()[sum] - 2.9).abs() < 1e-5, "{answer:?}");
    }
}

#[test]
fn highs_finds_the_federated_optimum_and_duals_of_one_sign() {
    for name in ["strong-3-12-0", "degenerate-3-12-0", "infeasible-3-12-0"] {
        let fleet = suite(name);
        let assembly = Assembly::allow_nonconvex(&fleet).unwrap();
        let Some(answers) = solve(&files(name, &assembly)) else { return };
        let Some((objective, prices)) = federated(&fleet) else {
            assert!(answers.iter().all(|answer| answer.status == "Infeasible"), "{name}: {answers:?}");
            continue;
        };
        // A price pushes the row down, a dual is what one more unit of the right-hand side costs: they differ in sign.
        let (mut compared, rows) = (0, &assembly.program.local.rows().names);
        for answer in &answers {
            assert_close(answer.objective(), objective, name);
            let (_, duals) = answer.solution.as_ref().unwrap().1.onto(&assembly.program).unwrap();
            for (row, price) in fleet.coupling().names.iter().zip(&prices) {
                let dual = duals.as_ref().unwrap()[rows.iter().position(|name| name == row).unwrap()];
                if price.abs() > 1e-2 && dual.abs() > 1e-2 {
                    assert!(dual * price < 0.0, "{name} {row}: dual {dual}, price {price}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 0, "{name}: no row to compare");
    }
}

/// What a file with both triangles would cost, which nobody else refuses: the reason for the writer's rule and the reader's refusal.
#[test]
fn both_triangles_are_solved_wrongly_elsewhere() {
    let mut text = String::new();
    mps::write(&tricky().program, mps::Ranges::TwoRows, &mut text);
    let (x0, x1) = ("rover-1/power.x_0", "rover-1/power.x1");
    let both = text.replace(&format!(" {x0} {x1} 1\n"), &format!(" {x0} {x1} 1\n {x1} {x0} 1\n"));
    assert_ne!(both, text);
    let Some(answers) = solve(&[written("both-triangles.mps", &both)]) else { return };
    assert_close(answers[0].objective(), 4.59, "HiGHS with both triangles");
}
