use std::path::PathBuf;

use clap::Args;
use cosmosmesh_catopt_bridge::document::DiagramText;
use cosmosmesh_catopt_bridge::{Import as Imported, Loss, Sidecar, family, mof, mps, restore};
use cosmosmesh_contracts::file::{FLEET_FORMAT, write_fleet_to};
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_crypto::Blake3;

use super::source::{Given, format_of};
use super::{answer, beside, named};
use crate::command::Answer;
use crate::exit::Failure;
use crate::figure::count;
use crate::file::{self, Sink};

#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Import {
    /// The problem: MPS, MathOptFormat, cosmosmesh.catopt/1, or a document of the CatOpt family that carries the problem; `-` reads standard input
    file: PathBuf,
    /// Write the fleet here, cosmosmesh.fleet/1
    #[arg(long, value_name = "FLEET")]
    out: PathBuf,
    /// The sidecar; by default FILE.sidecar.json if it is there
    #[arg(long, value_name = "FILE")]
    sidecar: Option<PathBuf>,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Examples:
  cosmosmesh catopt import fleet.mps --out fleet.json
  cosmosmesh catopt import foreign.mof.json --out fleet.json --json
  cosmosmesh catopt import diagram.catopt.json --out fleet.json

Without a sidecar a problem of MPS or MathOptFormat becomes one asset, and what is lost is listed.
The shared junctions of a catopt document become fleet rows that say its ports agree.

Exit codes: 0 written, 64 bad input, 74 could not be written.";

impl Import {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        file::check_writable(&self.out)?;
        let bytes = file::read(&self.file)?;
        let fail = named(&self.file);
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return self.program(bytes, false);
        }
        match Given::of(bytes) {
            Given::Native(text) => {
                self.document(&DiagramText::new(&text, Some(&Blake3)).map_err(|error| fail(&error))?)
            }
            Given::Family(text, dialect) => match family::carried(&text, dialect).map_err(|error| fail(&error))? {
                Some(carried) => self.document(&carried),
                // A label is no function: this names the first object that cannot be solved.
                None => {
                    let (diagram, _) = family::read(&text, dialect).map_err(|error| fail(&error))?;
                    let (fleet, losses) = diagram.to_fleet().map_err(|error| fail(&error))?;
                    self.written(&fleet, &losses)
                }
            },
            Given::Fleet(text) => match format_of(&text).as_str() {
                "" => self.program(text, true),
                FLEET_FORMAT => Err(fail(&"is a fleet already; name it as it stands, no import is needed")),
                other => Err(fail(&format!(
                    "the format is `{other}`; what is read here is MPS, MathOptFormat, cosmosmesh.catopt/1 or a document of the CatOpt family"
                ))),
            },
            Given::Scenario(fleet) => self.written(&fleet, &[]),
        }
    }

    fn told(&self, assets: usize, rows: usize, losses: &[Loss]) -> Answer {
        let first = format!("read: {}, {}", count(assets, "asset"), count(rows, "fleet row"));
        answer(self.json, &first, &[&self.out], losses)
    }

    fn written(&self, fleet: &FleetProblem, losses: &[Loss]) -> Result<Answer, Failure> {
        let mut sink = Sink::create(&self.out)?;
        // The sink keeps its error and tells it at the end.
        let _ = write_fleet_to(fleet, &mut sink);
        sink.finish()?;
        Ok(self.told(fleet.assets().len(), fleet.row_count(), losses))
    }

    /// A document that carries a diagram goes over object by object.
    fn document(&self, text: &DiagramText<'_>) -> Result<Answer, Failure> {
        let limit = text.limit().map_err(|error| named(&self.file)(&error))?;
        let mut sink = Sink::create(&self.out)?;
        let _ = limit.write_fleet(&mut sink);
        sink.finish()?;
        Ok(self.told(limit.asset_count(), limit.coupling().names.len(), limit.losses()))
    }

    fn program(&self, bytes: Vec<u8>, json: bool) -> Result<Answer, Failure> {
        let fail = named(&self.file);
        let text = String::from_utf8(bytes)
            .map_err(|_| fail(&"is not UTF-8 text; name an MPS, MathOptFormat or catopt file"))?;
        let read = if json { mof::read(&text) } else { mps::read(&text) };
        let Imported { program, mut losses } = read.map_err(|error| fail(&error))?;
        drop(text);
        let found = Some(beside(&self.file)).filter(|path| path.is_file());
        let path = self.sidecar.clone().or(found);
        let read = |path: &PathBuf| Sidecar::read(&file::read(path)?).map_err(|error| named(path)(&error));
        let sidecar = path.as_ref().map(read).transpose()?;
        let (fleet, more) = restore(&program, sidecar.as_ref()).map_err(|error| fail(&error))?;
        losses.extend(more);
        self.written(&fleet, &losses)
    }
}
