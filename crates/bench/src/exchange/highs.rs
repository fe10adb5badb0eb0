use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cosmosmesh_catopt_bridge::solution::Solution;
use serde::Deserialize;

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
    /// The cost of its solution, if it calls it optimal.
    pub objective: Option<f64>,
    /// Its solution by the names of the problem, and where it is written; nothing unless it calls it optimal.
    pub solution: Option<(Solution, PathBuf)>,
    /// Wall time of reading and solving in seconds.
    pub wall_s: f64,
}

/// What users are given to solve exported files; it is documented there.
const SOLVE: &str = include_str!("../../../catopt-bridge/examples/highs.py");

/// Reads one file and writes it in another format, by HiGHS.
const CONVERT: &str = r#"
import sys, highspy
h = highspy.Highs(); h.setOptionValue("output_flag", False)
h.readModel(sys.argv[1]); h.writeModel(sys.argv[2])
"#;

#[derive(Deserialize)]
struct Line {
    file: PathBuf,
    status: String,
    objective: Option<f64>,
    wall_s: f64,
}

impl Highs {
    /// HiGHS in this Python.
    ///
    /// # Errors
    /// A sentence if Python or the package is not there.
    pub fn new(python: PathBuf) -> Result<Self, String> {
        let output = Command::new(&python).args(["-c", SOLVE, "--version"]).output();
        match output {
            Ok(output) if output.status.success() => {
                Ok(Self { python, version: String::from_utf8_lossy(&output.stdout).trim().to_owned() })
            }
            _ => Err(format!("{}: no Python with the package highspy; name one with --python", python.display())),
        }
    }

    /// Its answer for each file: MPS, LP, or MathOptFormat by the ending `.mof.json`.
    ///
    /// # Errors
    /// Python's words.
    pub fn solve(&self, paths: &[PathBuf]) -> Result<Vec<HighsAnswer>, String> {
        let text = self.python(SOLVE, paths.iter().map(PathBuf::as_path))?;
        // Some versions say a word about a file on standard output, whatever they are told.
        let lines = text.lines().filter(|line| line.starts_with("{\"file\""));
        let answers = lines.map(|line| {
            let line: Line = serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?;
            let solution = line.objective.map(|_| solution(&line.file)).transpose()?;
            Ok(HighsAnswer { status: line.status, objective: line.objective, solution, wall_s: line.wall_s })
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
        // Code 1 with nothing on standard error says that a file has no optimum.
        if output.status.success() || (output.status.code() == Some(1) && output.stderr.is_empty()) {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

fn solution(file: &Path) -> Result<(Solution, PathBuf), String> {
    let path = PathBuf::from(format!("{}.solution.json", file.display()));
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let solution = Solution::read(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok((solution, path))
}
