use std::path::Path;

use cosmosmesh_catopt_bridge::document::{self, CATOPT_FORMAT};
use cosmosmesh_catopt_bridge::family::{self, Dialect};
use cosmosmesh_catopt_bridge::{Diagram, Fleet, Size, Source};
use cosmosmesh_contracts::file::read_fleet;
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_crypto::Blake3;
use serde::Deserialize;

use super::named;
use crate::command::simulate;
use crate::exit::Failure;
use crate::figure::count;
use crate::file;

/// What a FILE of these verbs may hold; a text is not looked at yet.
pub(super) enum Given {
    /// The fleet of a scenario.
    Scenario(FleetProblem),
    /// The text of a fleet.
    Fleet(Vec<u8>),
    /// The text of a native document.
    Native(Vec<u8>),
    /// The text of a document of the family.
    Family(Vec<u8>, Dialect),
}

/// The one key that tells formats apart.
#[derive(Deserialize)]
struct Format {
    #[serde(default)]
    format: String,
}

/// The format that a JSON text names, or nothing; the rest of the text is not kept.
pub(super) fn format_of(text: &[u8]) -> String {
    serde_json::from_slice::<Format>(text).map_or_else(|_| String::new(), |found| found.format)
}

/// The problem in a file: a scenario by name or path, a catopt document, else a fleet.
///
/// # Errors
/// [`Failure`] naming the file.
pub(super) fn load(path: &Path) -> Result<Given, Failure> {
    let name = path.to_string_lossy();
    if simulate::is_scenario(&name) {
        return Ok(Given::Scenario(simulate::problem(&simulate::load(&name)?)?));
    }
    Ok(Given::of(file::read(path)?))
}

impl Given {
    /// What a text of JSON holds; a fleet if it does not say.
    pub(super) fn of(text: Vec<u8>) -> Self {
        if format_of(&text) == CATOPT_FORMAT {
            return Self::Native(text);
        }
        match Dialect::of(&text) {
            Some(dialect) => Self::Family(text, dialect),
            None => Self::Fleet(text),
        }
    }

    /// As a diagram in memory.
    ///
    /// # Errors
    /// [`Failure`] for what is no problem, and for a cost that is not convex.
    pub(super) fn diagram(self, path: &Path) -> Result<Diagram, Failure> {
        let fail = named(path);
        match self {
            Self::Scenario(fleet) => Diagram::of(&fleet).map_err(|error| fail(&error)),
            Self::Fleet(text) => {
                let fleet = read_fleet(&text).map_err(|error| fail(&error))?;
                Diagram::of(&fleet).map_err(|error| fail(&error))
            }
            Self::Native(text) => document::read(&text, Some(&Blake3)).map_err(|error| fail(&error)),
            Self::Family(text, dialect) => Ok(family::read(&text, dialect).map_err(|error| fail(&error))?.0),
        }
    }
}

/// What a file with all of a fleet reveals, in words.
pub(super) fn of_fleet(fleet: Fleet<'_>) -> String {
    let mut sizes = (fleet.asset_count(), 0, 0);
    for asset in fleet.assets() {
        sizes = (sizes.0, sizes.1 + asset.local.variable_count(), sizes.2 + asset.local.row_count());
    }
    revealed(sizes, (fleet.coupling().names.len(), "fleet row"))
}

/// What a file with all of a diagram reveals, in words.
pub(super) fn of_diagram<'a>(source: impl Into<Source<'a>>) -> String {
    let source = source.into();
    let Size { objects, variables, rows, junctions } = source.size();
    let noun = if matches!(source, Source::Fleet(_)) { "fleet row" } else { "junction" };
    revealed((objects, variables, rows), (junctions, noun))
}

fn revealed((assets, variables, rows): (usize, usize, usize), (shared, noun): (usize, &str)) -> String {
    format!(
        "of {}: {}, {}, every cost and every use of {}",
        count(assets, "asset"),
        count(variables, "variable"),
        count(rows, "private row"),
        count(shared, noun)
    )
}
