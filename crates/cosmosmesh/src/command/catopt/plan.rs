use std::path::{Path, PathBuf};

use clap::Args;
use cosmosmesh_catopt_bridge::solution::{SOLUTION_FORMAT, Solution};
use cosmosmesh_catopt_bridge::{CatoptError, Diagram, Duals, Plans, from_result};
use cosmosmesh_contracts::file::read_result;

use super::named;
use super::source::{self, format_of};
use crate::exit::Failure;
use crate::file;

/// A plan to judge, and how.
#[derive(Args, Debug)]
pub(super) struct Judged {
    /// The problem: cosmosmesh.fleet/1, cosmosmesh.catopt/1, or a scenario
    file: PathBuf,
    /// The plan and its duals: cosmosmesh.result/1, or cosmosmesh.solution/1 as JSON or CSV
    pub(super) result: PathBuf,
    /// Relative tolerance: what is off by less counts as right
    #[arg(long, default_value = "1e-6", value_name = "T", value_parser = tolerance)]
    pub(super) tolerance: f64,
    /// Print JSON instead of tables
    #[arg(long)]
    pub(super) json: bool,
}

impl Judged {
    /// The problem, the plans and the duals.
    ///
    /// # Errors
    /// [`Failure`] naming the file and the place.
    pub(super) fn load(&self) -> Result<(Diagram, Plans, Duals), Failure> {
        let diagram = source::load(&self.file)?.diagram(&self.file)?;
        let solvable = diagram.objects().iter().try_for_each(|object| object.solvable().map(drop));
        solvable.map_err(|error| named(&self.file)(&error))?;
        let (plans, duals) = load(&self.result, &diagram)?;
        Ok((diagram, plans, duals))
    }
}

/// A relative tolerance; zero asks for a plan that is right to the last bit.
fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if (0.0..=0.5).contains(&value) => Ok(value),
        _ => Err("a tolerance lies between 0 and 0.5".to_owned()),
    }
}

/// The plans and duals in a file: a cosmosmesh.result/1, or a cosmosmesh.solution/1 as JSON or CSV.
///
/// # Errors
/// [`Failure`] naming the file and the place.
fn load(path: &Path, diagram: &Diagram) -> Result<(Plans, Duals), Failure> {
    let bytes = file::read(path)?;
    let fail = named(path);
    // CSV is no JSON; a damaged result is told so by its own reader.
    let is_solution = !bytes.trim_ascii_start().starts_with(b"{") || format_of(&bytes) == SOLUTION_FORMAT;
    if !is_solution {
        let result = read_result(&bytes).map_err(|error| fail(&error))?;
        return from_result(diagram, &result).map_err(|error| fail(&error));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| fail(&"is not UTF-8 text; name a result or a solution"))?;
    let read = || -> Result<(Plans, Duals), CatoptError> {
        let solution = Solution::read(text)?;
        let colimit = diagram.assemble()?;
        let (x, y) = solution.onto(&colimit.program)?;
        let duals = y.map(|y| colimit.duals(diagram, &y)).transpose()?;
        Ok((colimit.plans(diagram, &x)?, duals.unwrap_or_default()))
    };
    read().map_err(|error| fail(&error))
}
