use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use cosmosmesh_catopt_bridge::document::{self, DiagramText};
use cosmosmesh_catopt_bridge::family::{self, Dialect};
use cosmosmesh_catopt_bridge::{
    Blocks, DirectSum, Fleet, FleetDiagram, Loss, Parts, Size, Source, acset, lp, mof, mps,
};
use cosmosmesh_contracts::file::FleetText;
use cosmosmesh_crypto::Blake3;

use super::source::{Given, load, of_diagram, of_fleet};
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

mps, lp, mof and catopt hold every private number and need --include-private; acset and the family's hold names only,
though the family's carry the problem in a block of its own with --include-private.
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

/// What is left to do once a document's text is no longer needed.
enum Left {
    /// It is written.
    Nothing(Answer),
    /// A solver's file is still to be written of this, and it reveals that.
    Sum(Box<DirectSum>, String),
}

impl Export {
    /// Nothing is turned into one problem or diagram on the way if it need not be: an asset at a time is made and written.
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        file::check_writable(&self.out)?;
        self.flags()?;
        let fail = named(&self.file);
        match load(&self.file)? {
            Given::Scenario(fleet) => self.fleet(Fleet::Whole(&fleet)),
            Given::Fleet(text) => self.fleet(Fleet::Text(&FleetText::new(&text).map_err(|error| fail(&error))?)),
            Given::Native(text) => {
                let read = DiagramText::new(&text, Some(&Blake3)).map_err(|error| fail(&error))?;
                let left = self.document(&read)?;
                drop(read);
                drop(text);
                self.rest(left)
            }
            Given::Family(text, dialect) => {
                let carried = family::carried(&text, dialect).map_err(|error| fail(&error))?;
                if let Some(carried) = carried {
                    let left = self.document(&carried)?;
                    drop(carried);
                    drop(text);
                    return self.rest(left);
                }
                // Labels only: there is not much of it.
                let (diagram, _) = family::read(&text, dialect).map_err(|error| fail(&error))?;
                if self.is_solvers() {
                    return self.rest(self.sum(Source::Whole(&diagram))?);
                }
                self.diagram(Source::Whole(&diagram))
            }
        }
    }

    /// A flag that could do nothing is a misunderstanding.
    fn flags(&self) -> Result<(), Failure> {
        let refuse = |flag: &str, formats: &str| {
            Err(Failure::bad_input(format!("{flag} is for --format {formats}; leave it out or change the format")))
        };
        match (self.ranges, self.allow_nonconvex) {
            (true, _) if self.format != Format::Mps => refuse("--ranges", "mps"),
            (_, true) if !self.is_solvers() => refuse("--allow-nonconvex", "mps, lp and mof"),
            _ => Ok(()),
        }
    }

    fn fleet(&self, fleet: Fleet<'_>) -> Result<Answer, Failure> {
        let fail = named(&self.file);
        if !self.is_solvers() {
            let diagram = FleetDiagram::new(fleet).map_err(|error| fail(&error))?;
            return self.diagram(Source::Fleet(&diagram));
        }
        let revealed = of_fleet(fleet);
        self.released(&revealed)?;
        let parts = if self.allow_nonconvex { Ok(Parts::allow_nonconvex(fleet)) } else { Parts::new(fleet) };
        self.parts(&parts.map_err(|error| fail(&error))?, &revealed, &[])
    }

    /// The answer, or what a solver's format still has to be written of.
    fn document(&self, text: &DiagramText<'_>) -> Result<Left, Failure> {
        if !self.is_solvers() {
            return Ok(Left::Nothing(self.diagram(Source::Text(text))?));
        }
        // Where ports share a value their columns are one, and one problem has to be made first.
        if !text.shares_values()
            && let Ok(limit) = text.limit()
        {
            let revealed = of_diagram(Source::Text(text));
            self.released(&revealed)?;
            let parts = Parts::allow_nonconvex(Fleet::Limit(&limit));
            return Ok(Left::Nothing(self.parts(&parts, &revealed, limit.losses())?));
        }
        self.sum(Source::Text(text))
    }

    fn sum(&self, source: Source<'_>) -> Result<Left, Failure> {
        let revealed = of_diagram(source);
        self.released(&revealed)?;
        let sum = DirectSum::of(source).map_err(|error| named(&self.file)(&error))?;
        Ok(Left::Sum(Box::new(sum), revealed))
    }

    /// A solver's format by way of one problem.
    fn rest(&self, left: Left) -> Result<Answer, Failure> {
        let (sum, revealed) = match left {
            Left::Nothing(answer) => return Ok(answer),
            Left::Sum(sum, revealed) => (sum, revealed),
        };
        let mut losses = sum.losses().to_vec();
        let colimit = sum.colimit().map_err(|error| named(&self.file)(&error))?;
        let (problem, more) = self.problem(&colimit.program)?;
        problem.finish()?;
        losses.extend(more);
        Ok(answer(self.json, &format!("revealed: {revealed}"), &[&self.out], &losses))
    }

    /// A solver's format with a sidecar.
    fn parts(&self, parts: &Parts<'_>, revealed: &str, lost: &[Loss]) -> Result<Answer, Failure> {
        let mut losses = lost.to_vec();
        let (problem, more) = self.problem(parts)?;
        losses.extend(more);
        let path = beside(&self.out);
        let mut sidecar = Sink::create(&path)?;
        // The sink keeps its error and tells it at the end.
        let _ = parts.write_sidecar(&mut sidecar);
        Sink::finish_all([problem, sidecar])?;
        Ok(answer(self.json, &format!("revealed: {revealed}"), &[&self.out, &path], &losses))
    }

    /// The native form, the family's and the wiring.
    fn diagram(&self, source: Source<'_>) -> Result<Answer, Failure> {
        match (self.dialect(), self.format) {
            (Some(dialect), _) if !self.include_private => self.shape(source, family::write(source, dialect)),
            (None, Format::Acset) => self.shape(source, (acset::write(source), acset::losses(source))),
            (dialect, _) => {
                let revealed = of_diagram(source);
                self.released(&revealed)?;
                let mut sink = Sink::create(&self.out)?;
                let losses = match dialect {
                    // The sink keeps its error and tells it at the end.
                    Some(dialect) => family::write_whole(source, dialect, &mut sink).unwrap_or_default(),
                    None => {
                        document::write_to(source, Some(&Blake3), &mut sink);
                        Vec::new()
                    }
                };
                sink.finish()?;
                Ok(answer(self.json, &format!("revealed: {revealed}"), &[&self.out], &losses))
            }
        }
    }

    fn released(&self, revealed: &str) -> Result<(), Failure> {
        if self.include_private {
            return Ok(());
        }
        Err(named(&self.file)(&format!(
            "the file would reveal {revealed}; add --include-private if whoever reads it may know all of that"
        )))
    }

    fn is_solvers(&self) -> bool {
        matches!(self.format, Format::Mps | Format::Lp | Format::Mof)
    }

    fn dialect(&self) -> Option<Dialect> {
        match self.format {
            Format::FamilyA => Some(Dialect::A),
            Format::FamilyB => Some(Dialect::B),
            _ => None,
        }
    }

    /// The formats that hold names only.
    fn shape(&self, source: Source<'_>, (text, losses): (String, Vec<Loss>)) -> Result<Answer, Failure> {
        let Size { objects, junctions, .. } = source.size();
        let (objects, junctions) = (count(objects, "asset"), count(junctions, "junction"));
        file::write(&self.out, &text)?;
        if self.dialect().is_some() {
            let first = format!("revealed: names and labels of {objects}, names of {junctions}");
            return Ok(answer(self.json, &first, &[&self.out], &losses));
        }
        let schema = schema_beside(&self.out);
        file::write(&schema, acset::SCHEMA)?;
        let first = format!("revealed: names and wires of {objects} and {junctions}");
        Ok(answer(self.json, &first, &[&self.out, &schema], &losses))
    }

    /// The problem in the making, and what its format cannot carry.
    fn problem(&self, problem: &impl Blocks) -> Result<(Sink, Vec<Loss>), Failure> {
        let mut sink = Sink::create(&self.out)?;
        let mut losses = Vec::new();
        match self.format {
            Format::Lp => {
                lp::write(problem, &mut sink);
                losses.push(Loss { what: "LP is written only: `catopt import` does not read it".to_owned() });
            }
            Format::Mof => losses = mof::write(problem, &mut sink),
            _ => {
                let ranges = if self.ranges { mps::Ranges::Section } else { mps::Ranges::TwoRows };
                mps::write(problem, ranges, &mut sink);
            }
        }
        Ok((sink, losses))
    }
}

fn schema_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".schema.json");
    PathBuf::from(name)
}
