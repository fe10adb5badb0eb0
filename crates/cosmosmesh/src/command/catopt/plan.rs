use std::path::Path;

use cosmosmesh_catopt_bridge::solution::{SOLUTION_FORMAT, Solution};
use cosmosmesh_catopt_bridge::{CatoptError, Diagram, Duals, Plans, from_result};
use cosmosmesh_contracts::file::read_result;

use super::named;
use super::source::format_of;
use crate::exit::Failure;
use crate::file;

/// The plans and duals in a file: a cosmosmesh.result/1, or a cosmosmesh.solution/1 as JSON or CSV.
///
/// # Errors
/// [`Failure`] naming the file and the place.
pub(super) fn load(path: &Path, diagram: &Diagram) -> Result<(Plans, Duals), Failure> {
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
