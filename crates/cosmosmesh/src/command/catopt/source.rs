use std::path::Path;

use cosmosmesh_catopt_bridge::document::{self, CATOPT_FORMAT};
use cosmosmesh_catopt_bridge::family::{self, Dialect};
use cosmosmesh_catopt_bridge::{Body, Diagram, Fleet};
use cosmosmesh_contracts::file::read_fleet;
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_crypto::Blake3;
use serde::Deserialize;

use super::named;
use crate::command::simulate;
use crate::exit::Failure;
use crate::figure::count;
use crate::file;

/// What a FILE of these verbs may hold.
pub(super) enum Source {
    /// The fleet of a scenario.
    Fleet(FleetProblem),
    /// The text of a fleet, not looked at yet.
    Text(Vec<u8>),
    /// A catopt document.
    Diagram(Diagram),
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

/// Whether a text is a catopt document.
pub(super) fn is_catopt(text: &[u8]) -> bool {
    format_of(text) == CATOPT_FORMAT
}

/// The problem in a file: a scenario by name or path, a catopt document, else a fleet.
///
/// # Errors
/// [`Failure`] naming the file and the place.
pub(super) fn load(path: &Path) -> Result<Source, Failure> {
    let name = path.to_string_lossy();
    if simulate::is_scenario(&name) {
        return Ok(Source::Fleet(simulate::problem(&simulate::load(&name)?)?));
    }
    let text = file::read(path)?;
    if is_catopt(&text) {
        return Ok(Source::Diagram(document::read(&text, Some(&Blake3)).map_err(|error| named(path)(&error))?));
    }
    if let Some(dialect) = Dialect::of(&text) {
        let (diagram, _) = family::read(&text, dialect).map_err(|error| named(path)(&error))?;
        return Ok(Source::Diagram(diagram));
    }
    Ok(Source::Text(text))
}

impl Source {
    /// As a diagram.
    ///
    /// # Errors
    /// [`Failure`] for what is no fleet, and for a cost that is not convex.
    pub(super) fn diagram(self, path: &Path) -> Result<Diagram, Failure> {
        let fail = named(path);
        match self {
            Self::Diagram(diagram) => Ok(diagram),
            Self::Fleet(fleet) => Diagram::of(&fleet).map_err(|error| fail(&error)),
            Self::Text(text) => {
                let fleet = read_fleet(&text).map_err(|error| fail(&error))?;
                Diagram::of(&fleet).map_err(|error| fail(&error))
            }
        }
    }
}

/// What a file with all of a fleet reveals, in words.
pub(super) fn of_fleet(fleet: Fleet<'_>) -> String {
    let sizes = fleet.assets().map(|asset| (asset.local.variable_count(), asset.local.row_count()));
    revealed(sizes.collect(), fleet.coupling().names.len(), "fleet row")
}

/// What a file with all of a diagram reveals, in words.
pub(super) fn of_diagram(diagram: &Diagram) -> String {
    let sizes = diagram.objects().iter().map(|object| match &object.body {
        Body::Quadratic { local, .. } => (local.variable_count(), local.row_count()),
        Body::Opaque { .. } => (0, 0),
    });
    revealed(sizes.collect(), diagram.junctions().len(), "junction")
}

fn revealed(sizes: Vec<(usize, usize)>, shared: usize, noun: &str) -> String {
    format!(
        "of {}: {}, {}, every cost and every use of {}",
        count(sizes.len(), "asset"),
        count(sizes.iter().map(|size| size.0).sum(), "variable"),
        count(sizes.iter().map(|size| size.1).sum(), "private row"),
        count(shared, noun)
    )
}
