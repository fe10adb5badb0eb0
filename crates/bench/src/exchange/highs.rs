use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// HiGHS by its Python package, the peer that reads the files.
#[derive(Clone, Debug)]
pub struct Highs {
    python: PathBuf,
    /// The package's version.
    pub version: String,
}

/// What HiGHS says of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct HighsAnswer {
    /// In its own words.
    pub status: String,
    /// The cost of its solution.
    pub objective: f64,
    /// The dual of each row by name, d objective / d right-hand side.
    pub duals: BTreeMap<String, f64>,
}

/// Solves the files named on the command line, one JSON line each: status, objective, duals by row name.
///
/// MathOptFormat, which HiGHS does not read, is built as JuMP's documentation of the format says.
/// HiGHS adds 1e-7 to the diagonal of a quadratic cost unless told otherwise, which shifts optima by more than is measured here;
/// and its active-set method loses feasibility on wide ranges of bounds, which it notices: then bounds are scaled by its own option.
const SOLVE: &str = r#"
import json, sys, numpy, highspy
inf = highspy.kHighsInf
def build(h, path):
    if not path.endswith(".json"): return h.readModel(path)
    m = json.load(open(path)); at = {v["name"]: k for k, v in enumerate(m["variables"])}; n = len(at)
    f = m["objective"]["function"]; lower, upper, cost, rows = [-inf] * n, [inf] * n, [0.0] * n, []
    for c in m["constraints"]:
        s = c["set"]; l = s.get("value", s.get("lower", -inf)); u = s.get("value", s.get("upper", inf))
        if c["function"]["type"] == "Variable":
            j = at[c["function"]["name"]]; lower[j] = max(lower[j], l); upper[j] = min(upper[j], u)
        else: rows.append((l, u, [(at[t["variable"]], t["coefficient"]) for t in c["function"]["terms"]], c["name"]))
    for t in f["affine_terms"]: cost[at[t["variable"]]] += t["coefficient"]
    for j in range(n): h.addCol(cost[j], lower[j], upper[j], 0, [], [])
    for k, (l, u, t, name) in enumerate(rows):
        h.addRow(l, u, len(t), numpy.array([j for j, _ in t], dtype=numpy.int32), numpy.array([v for _, v in t])); h.passRowName(k, name)
    h.changeObjectiveOffset(f["constant"])
    q = {}
    for t in f["quadratic_terms"]:
        i, j = sorted((at[t["variable_1"]], at[t["variable_2"]])); q.setdefault(i, {}); q[i][j] = q[i].get(j, 0) + t["coefficient"]
    start, index, value = [0], [], []
    for i in range(n):
        for j in sorted(q.get(i, {})): index.append(j); value.append(q[i][j])
        start.append(len(index))
    if value: h.passHessian(n, len(value), 1, numpy.array(start, dtype=numpy.int32), numpy.array(index, dtype=numpy.int32), numpy.array(value))
for path in sys.argv[1:]:
    for options in [{}, {"user_bound_scale": 10}, {"user_bound_scale": 5}]:
        h = highspy.Highs(); h.setOptionValue("output_flag", False); h.setOptionValue("time_limit", 600.0); h.setOptionValue("qp_regularization_value", 0.0)
        build(h, path)
        for key, value in options.items(): h.setOptionValue(key, value)
        h.run(); status = h.modelStatusToString(h.getModelStatus())
        if status in ("Optimal", "Infeasible"): break
    lp, sol = h.getLp(), h.getSolution()
    print(json.dumps([status, h.getInfo().objective_function_value, dict(zip(lp.row_names_, sol.row_dual))]))
"#;

/// Reads one file and writes it in another format, by HiGHS.
const CONVERT: &str = r#"
import sys, highspy
h = highspy.Highs(); h.setOptionValue("output_flag", False)
h.readModel(sys.argv[1]); h.writeModel(sys.argv[2])
"#;

impl Highs {
    /// HiGHS in this Python.
    ///
    /// # Errors
    /// A sentence if Python or the package is not there.
    pub fn new(python: PathBuf) -> Result<Self, String> {
        let probe = "import highspy, numpy, importlib.metadata; print(importlib.metadata.version('highspy'))";
        let output = Command::new(&python).args(["-c", probe]).output();
        match output {
            Ok(output) if output.status.success() => {
                Ok(Self { python, version: String::from_utf8_lossy(&output.stdout).trim().to_owned() })
            }
            _ => Err(format!("{}: no Python with the package highspy; name one with --python", python.display())),
        }
    }

    /// Its answer for each file: MPS, LP, or MathOptFormat by the ending `.json`.
    ///
    /// # Errors
    /// Python's words.
    pub fn solve(&self, paths: &[PathBuf]) -> Result<Vec<HighsAnswer>, String> {
        let text = self.python(SOLVE, paths.iter().map(PathBuf::as_path))?;
        // Some versions say a word about a file on standard output, whatever they are told.
        let lines = text.lines().filter(|line| line.starts_with("[\""));
        let answers = lines.map(|line| {
            let (status, objective, duals) = serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?;
            Ok(HighsAnswer { status, objective, duals })
        });
        let answers: Vec<HighsAnswer> = answers.collect::<Result<_, String>>()?;
        if answers.len() == paths.len() {
            Ok(answers)
        } else {
            Err(format!("HiGHS answered for {} files", answers.len()))
        }
    }

    /// The problem of one file written as another, in the format of its ending.
    ///
    /// # Errors
    /// Python's words.
    pub fn convert(&self, from: &Path, to: &Path) -> Result<(), String> {
        self.python(CONVERT, [from, to].into_iter()).map(drop)
    }

    fn python<'a>(&self, program: &str, arguments: impl Iterator<Item = &'a Path>) -> Result<String, String> {
        let output = Command::new(&self.python).args(["-c", program]).args(arguments).output();
        let output = output.map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}
