use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cosmosmesh_catopt_bridge::canonical;
use cosmosmesh_contracts::file::{read_fleet, read_result, write_fleet};
use cosmosmesh_contracts::plan::Status;
use cosmosmesh_contracts::problem::FleetProblem;

use super::{Cosmosmesh, Highs};
use crate::central::{self, CentralStatus};
use crate::family::{generate, suite};

/// The scenarios that the command brings along.
const SCENARIOS: [&str; 3] = ["three-assets", "dust-and-cold", "jezero-base"];

/// The formats of other solvers, with the ending of a file.
const FORMATS: [(&str, &str); 3] = [("mps", "mps"), ("lp", "lp"), ("mof", "mof.json")];

/// What others make of one problem's files.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// The problem's or scenario's name.
    pub name: String,
    /// The federated optimum, nothing if the rounds prove that there is none.
    pub federated: Option<f64>,
    /// By format: how far HiGHS's optimum is from ours, relative to one plus its size; infinite where only one of the two finds any.
    pub highs: [f64; 3],
    /// The same for Clarabel; LP goes through HiGHS's own MPS, because nothing else reads it.
    pub clarabel: [f64; 3],
    /// Fleet rows whose dual and price are both above 0.01, in all formats together.
    pub duals_compared: usize,
    /// Of those, the rows whose dual and price do not have opposite signs.
    pub duals_wrong: usize,
    /// HiGHS's optimal answers, and how many of them `catopt certify` proves feasible and optimal to 1e-6.
    pub answers: usize,
    /// See above.
    pub certified: usize,
    /// HiGHS's longest time for one of the files, in seconds.
    pub highs_wall_s: f64,
    /// Whether MPS, MathOptFormat and the native form come back in the same canonical bytes.
    pub same_bytes: bool,
}

/// Every problem of the suite and every scenario, exported by the command, solved by HiGHS and Clarabel, and imported again.
///
/// # Errors
/// The words of whoever failed.
/// # Cost
/// A minute or two with HiGHS's interior point, which its Python package has as `highspy[extras]`; hours without.
pub fn optima(
    command: &Cosmosmesh,
    highs: &Highs,
    folder: &Path,
    tell: &mut dyn FnMut(&Optimum),
) -> Result<Vec<Optimum>, String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut sources: Vec<(String, String)> = Vec::new();
    for recipe in suite() {
        let path = folder.join(format!("{}.json", recipe.name()));
        let fleet = generate(recipe).map_err(|error| error.to_string())?;
        fs::write(&path, write_fleet(&fleet)).map_err(|error| error.to_string())?;
        sources.push((recipe.name(), path.display().to_string()));
    }
    sources.extend(SCENARIOS.map(|name| (name.to_owned(), name.to_owned())));
    let mut found = Vec::new();
    for (name, source) in sources {
        let optimum = Trial { command, highs, folder, name: &name, source: &source }.run();
        let optimum = optimum.map_err(|error| format!("{name}: {error}"))?;
        tell(&optimum);
        found.push(optimum);
    }
    Ok(found)
}

struct Trial<'a> {
    command: &'a Cosmosmesh,
    highs: &'a Highs,
    folder: &'a Path,
    name: &'a str,
    source: &'a str,
}

impl Trial<'_> {
    fn run(&self) -> Result<Optimum, String> {
        let native = self.export("catopt", "catopt.json")?;
        let fleet = self.import(&native, "from-native")?;
        let bytes = write_fleet(&canonical(&fleet).map_err(|error| error.to_string())?);
        let (fleet_path, result_path) = (self.path("fleet.json"), self.path("result.json"));
        fs::write(&fleet_path, write_fleet(&fleet)).map_err(|error| error.to_string())?;
        let (input, out) = (fleet_path.display().to_string(), result_path.display().to_string());
        self.command.run(&["solve", &input, "--tolerance", "1e-7", "--sum", "plain", "--out", &out], &[0, 2, 3])?;
        let result = fs::read(&result_path).map_err(|error| error.to_string())?;
        let result = read_result(&result).map_err(|error| error.to_string())?;
        let federated = match result.status {
            Status::Optimal => result.objective,
            Status::Infeasible => None,
            other => return Err(format!("the rounds ended {other}")),
        };

        let mut paths = Vec::new();
        let mut same_bytes = true;
        let (mut clarabel, mut away) = ([0.0; 3], [0.0; 3]);
        for (k, (format, ending)) in FORMATS.iter().enumerate() {
            let path = self.export(format, ending)?;
            let sidecar = PathBuf::from(format!("{}.sidecar.json", path.display()));
            if *format != "lp" {
                let back = self.import(&path, &format!("from-{format}"))?;
                same_bytes &= write_fleet(&canonical(&back).map_err(|error| error.to_string())?) == bytes;
            }
            // Without its sidecar the file is all that there is.
            fs::remove_file(&sidecar).map_err(|error| format!("{}: {error}", sidecar.display()))?;
            let alone = if *format == "lp" {
                let other = self.path("lp.mps");
                self.highs.convert(&path, &other)?;
                self.import(&other, "from-lp")?
            } else {
                self.import(&path, &format!("from-{format}-alone"))?
            };
            let solved = central::solve(&alone, 1e-9);
            clarabel[k] = match solved.status {
                CentralStatus::Optimal => apart(Some(solved.objective), federated),
                CentralStatus::Infeasible => apart(None, federated),
                _ => f64::INFINITY,
            };
            paths.push(path);
        }
        let (mut duals_compared, mut duals_wrong) = (0, 0);
        let (mut answers, mut certified, mut highs_wall_s) = (0, 0, 0.0_f64);
        for (k, answer) in self.highs.solve(&paths)?.into_iter().enumerate() {
            away[k] = match answer.status.as_str() {
                "Optimal" => apart(answer.objective, federated),
                "Infeasible" => apart(None, federated),
                _ => f64::INFINITY,
            };
            highs_wall_s = highs_wall_s.max(answer.wall_s);
            let Some((solution, path)) = answer.solution else { continue };
            answers += 1;
            let judged = ["catopt", "certify", &input, &path.display().to_string()];
            certified += usize::from(self.command.run(&judged, &[0]).is_ok());
            // A row of two sides is two rows in MPS and LP, of which one has a dual.
            let mut duals = BTreeMap::<&str, f64>::new();
            for row in &solution.rows {
                let name = row.name.strip_suffix("#lo").or(row.name.strip_suffix("#hi")).unwrap_or(&row.name);
                *duals.entry(name).or_default() += row.dual.unwrap_or(0.0);
            }
            for (name, &price) in fleet.coupling().names.iter().zip(&result.prices) {
                let dual = duals.get(name.as_str()).copied().unwrap_or(0.0);
                if dual.abs() > 1e-2 && price.abs() > 1e-2 {
                    duals_compared += 1;
                    duals_wrong += usize::from(dual * price > 0.0);
                }
            }
        }
        let name = self.name.to_owned();
        Ok(Optimum {
            name,
            federated,
            highs: away,
            clarabel,
            duals_compared,
            duals_wrong,
            answers,
            certified,
            highs_wall_s,
            same_bytes,
        })
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.name))
    }

    fn export(&self, format: &str, ending: &str) -> Result<PathBuf, String> {
        let path = self.path(ending);
        let out = path.display().to_string();
        let arguments = ["catopt", "export", self.source, "--format", format, "--include-private", "--out", &out];
        self.command.run(&arguments, &[0])?;
        Ok(path)
    }

    fn import(&self, path: &Path, ending: &str) -> Result<FleetProblem, String> {
        let (from, to) = (path.display().to_string(), self.path(&format!("{ending}.json")));
        self.command.run(&["catopt", "import", &from, "--out", &to.display().to_string()], &[0])?;
        let text = fs::read(&to).map_err(|error| error.to_string())?;
        read_fleet(&text).map_err(|error| format!("{}: {error}", to.display()))
    }
}

/// How far apart two optima are, relative to one plus their size; nothing apart if both say that there is none.
fn apart(found: Option<f64>, expected: Option<f64>) -> f64 {
    match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() / (1.0 + expected.abs()),
        (None, None) => 0.0,
        _ => f64::INFINITY,
    }
}
