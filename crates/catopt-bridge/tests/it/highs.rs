//! HiGHS, by its Python package, on the written files; skipped with a reason where Python or the package is missing.

use std::path::PathBuf;
use std::process::Command;

use cosmosmesh_catopt_bridge::{Assembly, lp, mof, mps};
use serde_json::Value;

use crate::fixture::{suite, tricky};
use crate::oracle::{assert_close, federated};

/// Solves the files named on its command line: prints one JSON list of status, objective and duals by row name for each.
const SOLVE: &str = r#"
import json, sys, highspy
for path in sys.argv[1:]:
    h = highspy.Highs()
    h.setOptionValue("output_flag", False)
    if h.readModel(path) == highspy.HighsStatus.kError: print(json.dumps(["unread", None, {}])); continue
    h.run()
    lp, sol = h.getLp(), h.getSolution()
    status = h.modelStatusToString(h.getModelStatus())
    print(json.dumps([status, h.getInfo().objective_function_value, dict(zip(lp.row_names_, sol.row_dual))]))
"#;

/// The same for MathOptFormat, which HiGHS does not read: the model is built as JuMP's documentation of the format says.
const SOLVE_MOF: &str = r#"
import json, sys, numpy, highspy
for path in sys.argv[1:]:
    m = json.load(open(path)); at = {v["name"]: k for k, v in enumerate(m["variables"])}; n = len(at); inf = highspy.kHighsInf
    f = m["objective"]["function"]; h = highspy.Highs(); h.setOptionValue("output_flag", False)
    lower, upper, cost = [-inf] * n, [inf] * n, [0.0] * n
    rows = []
    for c in m["constraints"]:
        s = c["set"]; l = s.get("value", s.get("lower", -inf)); u = s.get("value", s.get("upper", inf))
        if c["function"]["type"] == "Variable":
            j = at[c["function"]["name"]]; lower[j] = max(lower[j], l); upper[j] = min(upper[j], u)
        else: rows.append((l, u, [(at[t["variable"]], t["coefficient"]) for t in c["function"]["terms"]], c["name"]))
    for t in f["affine_terms"]: cost[at[t["variable"]]] += t["coefficient"]
    for j in range(n): h.addCol(cost[j], lower[j], upper[j], 0, [], [])
    for l, u, t, _ in rows: h.addRow(l, u, len(t), numpy.array([j for j, _ in t], dtype=numpy.int32), numpy.array([v for _, v in t]))
    h.changeObjectiveOffset(f["constant"])
    q = {}
    for t in f["quadratic_terms"]:
        i, j = sorted((at[t["variable_1"]], at[t["variable_2"]])); q.setdefault(i, {}); q[i][j] = q[i].get(j, 0) + t["coefficient"]
    start, index, value = [0], [], []
    for i in range(n):
        for j in sorted(q.get(i, {})): index.append(j); value.append(q[i][j])
        start.append(len(index))
    h.passHessian(n, len(value), 1, numpy.array(start, dtype=numpy.int32), numpy.array(index, dtype=numpy.int32), numpy.array(value))
    h.run(); sol = h.getSolution()
    print(json.dumps([h.modelStatusToString(h.getModelStatus()), h.getInfo().objective_function_value, dict(zip([r[3] for r in rows], sol.row_dual))]))
"#;

/// One `[status, objective, duals]` for each file, or nothing where HiGHS is missing.
fn solve(program: &str, paths: &[PathBuf]) -> Option<Vec<Value>> {
    let probe = Command::new("python3").args(["-c", "import highspy, numpy"]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("skipped: python3 with the package highspy is not here");
        return None;
    }
    let output = Command::new("python3").args(["-c", program]).args(paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Some versions say a word about a file on standard output, whatever they are told.
    let lines = String::from_utf8(output.stdout).unwrap();
    let answers = lines.lines().filter(|line| line.starts_with("[\""));
    Some(answers.map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn written(name: &str, text: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn files(name: &str, assembly: &Assembly) -> [PathBuf; 3] {
    let (mut a, mut b, mut c) = (String::new(), String::new(), String::new());
    mps::write(&assembly.program, mps::Ranges::TwoRows, &mut a);
    mps::write(&assembly.program, mps::Ranges::Section, &mut b);
    lp::write(&assembly.program, &mut c);
    [
        written(&format!("{name}.mps"), &a),
        written(&format!("{name}-ranges.mps"), &b),
        written(&format!("{name}.lp"), &c),
    ]
}

fn mof_file(name: &str, assembly: &Assembly) -> PathBuf {
    let mut text = String::new();
    mof::write(&assembly.program, &mut text);
    written(&format!("{name}.mof.json"), &text)
}

#[test]
fn the_problem_known_by_hand_with_the_sign_of_its_dual() {
    let assembly = tricky();
    let Some(mut answers) = solve(SOLVE, &files("tricky", &assembly)) else { return };
    answers.extend(solve(SOLVE_MOF, &[mof_file("tricky", &assembly)]).unwrap());
    for (answer, row) in answers.iter().zip(["sum", "sum", "r0", "sum"]) {
        assert_eq!(answer[0], "Optimal", "{answer}");
        assert_close(answer[1].as_f64().unwrap(), 4.38, "objective");
        assert!((answer[2][row].as_f64().unwrap() - 2.9).abs() < 1e-5, "{answer}");
    }
}

#[test]
fn highs_finds_the_federated_optimum_and_duals_of_one_sign() {
    for name in ["strong-3-12-0", "degenerate-3-12-0", "infeasible-3-12-0"] {
        let fleet = suite(name);
        let assembly = Assembly::allow_nonconvex(&fleet).unwrap();
        let Some(mut answers) = solve(SOLVE, &files(name, &assembly)) else { return };
        answers.extend(solve(SOLVE_MOF, &[mof_file(name, &assembly)]).unwrap());
        let Some((objective, prices)) = federated(&fleet) else {
            assert!(answers.iter().all(|answer| answer[0] == "Infeasible"), "{name}: {answers:?}");
            continue;
        };
        for answer in &answers {
            assert_eq!(answer[0], "Optimal", "{name}: {answer}");
            assert_close(answer[1].as_f64().unwrap(), objective, name);
        }
        // A price pushes the row down, a dual is what one more unit of the right-hand side costs: they differ in sign.
        let mut compared = 0;
        for (row, price) in fleet.coupling().names.iter().zip(&prices) {
            let dual = answers[0][2][row].as_f64().unwrap_or(0.0);
            if price.abs() > 1e-2 && dual.abs() > 1e-2 {
                assert!(dual * price < 0.0, "{name} {row}: dual {dual}, price {price}");
                compared += 1;
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
    let Some(answers) = solve(SOLVE, &[written("both-triangles.mps", &both)]) else { return };
    assert_close(answers[0][1].as_f64().unwrap(), 4.59, "HiGHS with both triangles");
}
