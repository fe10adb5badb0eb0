use std::path::PathBuf;

use clap::Args;
use cosmosmesh_catopt_bridge::{Diagram, Loss, document, marginalise};
use cosmosmesh_crypto::Blake3;

use super::{answer, named, source};
use crate::command::Answer;
use crate::exit::Failure;
use crate::figure::count;
use crate::file;

#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Marginalise {
    /// The problem: cosmosmesh.fleet/1, cosmosmesh.catopt/1, or a scenario
    file: PathBuf,
    /// Write the diagram here, cosmosmesh.catopt/1
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Only this object; may be given several times. By default all
    #[arg(long, value_name = "ID")]
    object: Vec<String>,
    /// Reveal what is left of the assets' private parts
    #[arg(long)]
    include_private: bool,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Examples:
  cosmosmesh catopt marginalise diagram.catopt.json --include-private --out boundary.catopt.json
  cosmosmesh catopt marginalise fleet.json --object rover-1 --include-private --out less.catopt.json

A private variable goes if no port and no bound holds it, and an equality row gives it, or no row holds it and the cost is strictly convex in it.
Optima do not change; a row that gives a variable goes with it.
This sends less, and is not privacy: the cost of the boundary still tells of what was minimised out.

Exit codes: 0 written, 64 bad input or private data not released, 74 could not be written.";

impl Marginalise {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        file::check_writable(&self.out)?;
        let fail = named(&self.file);
        let diagram = source::load(&self.file)?.diagram(&self.file)?;
        for id in &self.object {
            diagram.object(id).map_err(|error| fail(&error))?;
        }
        let (mut objects, mut gone, mut kept) = (Vec::new(), 0, Vec::new());
        for object in diagram.objects() {
            if !self.object.is_empty() && !self.object.iter().any(|id| id == object.id.as_str()) {
                objects.push(object.clone());
                continue;
            }
            let marginal = marginalise(object).map_err(|error| fail(&error))?;
            gone += marginal.eliminated.len();
            kept.extend(marginal.kept.into_iter().map(|(name, why)| format!("`{name}` of `{}`: {why}", object.id)));
            objects.push(marginal.object);
        }
        let less = Diagram::new(diagram.name(), objects, diagram.junctions().to_vec(), diagram.wires().to_vec());
        let less = less.map_err(|error| fail(&error))?;
        let revealed = source::of_diagram(&less);
        if !self.include_private {
            let what = "the file would reveal";
            return Err(fail(&format!(
                "{what} {revealed}; add --include-private if whoever reads it may know all of that"
            )));
        }
        file::write(&self.out, &document::write(&less, Some(&Blake3)))?;
        let shown = kept.len().min(5);
        let more = if kept.len() > shown { format!(", and {} more", kept.len() - shown) } else { String::new() };
        let stay = match kept.len() {
            0 => String::new(),
            n => format!("; {} had to stay ({}{more})", count(n, "private variable"), kept[..shown].join(", ")),
        };
        let first = format!("minimised out {}{stay}; revealed: {revealed}", count(gone, "private variable"));
        let mut losses = Vec::new();
        if gone > 0 {
            let what = format!("{}, and duals, deltas and extensions", count(gone, "private variable"));
            losses.push(Loss { what });
        }
        Ok(answer(self.json, &first, &[&self.out], &losses))
    }
}
