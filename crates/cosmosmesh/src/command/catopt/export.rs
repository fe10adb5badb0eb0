use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use cosmosmesh_catopt_bridge::family::{self, Dialect};
use cosmosmesh_catopt_bridge::{Assembly, Diagram, Loss, Program, acset, assemble, document, lp, mof, mps};
use cosmosmesh_crypto::Blake3;

use super::source::{Source, load};
use super::{answer, beside, named};
use crate::command::Answer;
use crate::exit::Failure;
use crate::figure::count;
use crate::file::{self, Sink};

#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Export {
    /// The problem: cosmosmesh.fleet/1, cosmosmesh.catopt/1, a document of the CatOpt family, or a scenario (a built-in name or the path of a .toml file); `-` reads standard input
    file: PathBuf,
    /// The format
    #[arg(long, value_enum)]
    format: Format,
    /// Write the problem here; what a solver's format cannot carry goes into FILE.sidecar.json
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Reveal the assets' private rows and costs: such a file holds all of them
    #[arg(long)]
    include_private: bool,
    /// MPS: write two-sided rows in the section RANGES, for which some readers add a column
    #[arg(long)]
    ranges: bool,
    /// Write a cost that is not convex too; most readers will not notice
    #[arg(long)]
    allow_nonconvex: bool,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Examples:
  cosmosmesh catopt export fleet.json --format mps --include-private --out fleet.mps
  cosmosmesh catopt export jezero-base --format mof --include-private --out jezero.mof.json
  cosmosmesh catopt export fleet.json --format acset --out wiring.json

mps, lp, mof and catopt hold every private number and need --include-private; acset and the family's hold names only.
The duals of these files are d objective / d right-hand side; the prices of a result have the other sign.

Exit codes: 0 written, 64 bad input or private data not released, 74 could not be written.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Free MPS with QUADOBJ: HiGHS, SCIP, Gurobi
    Mps,
    /// LP: HiGHS, SCIP, Gurobi; written only
    Lp,
    /// MathOptFormat 1: JuMP
    Mof,
    /// The wiring as an ACSet: Catlab, acsets; written only
    Acset,
    /// The native form, cosmosmesh.catopt/1
    Catopt,
    /// The vocabulary of the CatOpt family: CosmosMesh, NovaPlan, GridVerse
    FamilyA,
    /// The vocabulary of CatOpt-Graph
    FamilyB,
}

impl Export {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        file::check_writable(&self.out)?;
        let source = load(&self.file)?;
        let revealed = source.revealed();
        let private = !matches!(self.format, Format::Acset | Format::FamilyA | Format::FamilyB);
        if private && !self.include_private {
            return Err(named(&self.file)(&format!(
                "the file would reveal {revealed}; add --include-private if whoever reads it may know all of that"
            )));
        }
        match self.format {
            Format::Acset => self.acset(&source.diagram(&self.file)?),
            Format::FamilyA => self.family(&source.diagram(&self.file)?, Dialect::A),
            Format::FamilyB => self.family(&source.diagram(&self.file)?, Dialect::B),
            Format::Catopt => {
                let diagram = source.diagram(&self.file)?;
                let mut sink = Sink::create(&self.out)?;
                document::write_to(&diagram, Some(&Blake3), &mut sink);
                sink.finish()?;
                Ok(answer(self.json, &format!("revealed: {revealed}"), &[&self.out], &[]))
            }
            Format::Mps | Format::Lp | Format::Mof => self.program(source, &revealed),
        }
    }

    fn acset(&self, diagram: &Diagram) -> Result<Answer, Failure> {
        file::write(&self.out, &acset::write(diagram))?;
        let schema = schema_beside(&self.out);
        file::write(&schema, acset::SCHEMA)?;
        let (boxes, junctions) = (diagram.objects().len(), diagram.junctions().len());
        let first = format!("revealed: names and wires of {} and {}", assets(boxes), count(junctions, "junction"));
        Ok(answer(self.json, &first, &[&self.out, &schema], &acset::losses(diagram)))
    }

    fn family(&self, diagram: &Diagram, dialect: Dialect) -> Result<Answer, Failure> {
        let (text, losses) = family::write(diagram, dialect);
        file::write(&self.out, &text)?;
        let (objects, junctions) = (diagram.objects().len(), diagram.junctions().len());
        let first =
            format!("revealed: names and labels of {}, names of {}", assets(objects), count(junctions, "junction"));
        Ok(answer(self.json, &first, &[&self.out], &losses))
    }

    fn program(&self, source: Source, revealed: &str) -> Result<Answer, Failure> {
        let fail = named(&self.file);
        let (program, sidecar, mut losses) = match source {
            Source::Fleet(fleet) => {
                let assembly = if self.allow_nonconvex { Assembly::allow_nonconvex(&fleet) } else { assemble(&fleet) };
                let Assembly { program, sidecar } = assembly.map_err(|error| fail(&error))?;
                (program, Some(sidecar), Vec::new())
            }
            Source::Diagram(diagram) => {
                let program = diagram.assemble().map_err(|error| fail(&error))?.program;
                let what = "which object owns what, and what its ports are called: keep the catopt document beside it";
                (program, None, vec![Loss { what: what.to_owned() }])
            }
        };
        losses.extend(self.write(&program)?);
        drop(program);
        let path = beside(&self.out);
        let mut paths = vec![&self.out];
        if let Some(sidecar) = sidecar {
            file::write(&path, &sidecar.write())?;
            paths.push(&path);
        }
        Ok(answer(self.json, &format!("revealed: {revealed}"), &paths, &losses))
    }

    fn write(&self, program: &Program) -> Result<Vec<Loss>, Failure> {
        let mut sink = Sink::create(&self.out)?;
        let mut losses = Vec::new();
        match self.format {
            Format::Lp => {
                lp::write(program, &mut sink);
                losses.push(Loss { what: "LP is written only: `catopt import` does not read it".to_owned() });
            }
            Format::Mof => losses = mof::write(program, &mut sink),
            _ => {
                let ranges = if self.ranges { mps::Ranges::Section } else { mps::Ranges::TwoRows };
                mps::write(program, ranges, &mut sink);
            }
        }
        sink.finish()?;
        Ok(losses)
    }
}

fn assets(n: usize) -> String {
    count(n, "asset")
}

fn schema_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".schema.json");
    PathBuf::from(name)
}
