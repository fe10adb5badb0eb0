use clap::Args;
use cosmosmesh_catopt_bridge::{Verdict, certify};
use cosmosmesh_solver_core::InteriorPoint;
use serde_json::json;

use super::plan::Judged;
use super::{explain, named};
use crate::command::Answer;
use crate::exit::{Exit, Failure};
use crate::figure::{digits, tiny};
use crate::table::{Align, Table};

#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Certify {
    #[command(flatten)]
    judged: Judged,
}

const HELP: &str = "\
Examples:
  cosmosmesh catopt certify fleet.json result.json
  cosmosmesh catopt certify fleet.json highs.csv --tolerance 1e-5 --json

Every figure is recomputed from the problem; nothing that the result claims about itself is used.
A solution file names columns and rows as the exported file does; its duals are d objective / d right-hand side.
Duals of private rows that are missing are found by a solve per asset, and enter the bound by weak duality only.

Exit codes: 0 feasible and optimal to the tolerance, 3 feasible but not proven optimal, 6 something is violated, 64 bad input.";

impl Certify {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let (diagram, plans, duals) = self.judged.load()?;
        let verdict = certify(&diagram, &plans, &duals, Some(&mut InteriorPoint));
        let verdict = verdict.map_err(|error| named(&self.judged.result)(&error))?;
        let (holds, feasible) = (verdict.holds(self.judged.tolerance), verdict.feasible(self.judged.tolerance));
        let exit = match (holds, feasible) {
            (true, _) => Exit::Optimal,
            (false, true) => Exit::Limit,
            (false, false) => Exit::Broken,
        };
        let words = match exit {
            Exit::Optimal => "feasible and optimal",
            Exit::Limit => "feasible, not proven optimal",
            _ => "violated",
        };
        let text = if self.judged.json { self.machine(&verdict, words) } else { self.people(&verdict, words) };
        Ok(Answer { text, exit })
    }

    fn machine(&self, verdict: &Verdict, words: &str) -> String {
        let finite = |v: f64| v.is_finite().then_some(v);
        let junctions: Vec<_> = verdict.junctions.iter().map(explain::machine).collect();
        let objects: Vec<_> =
            verdict.objects.iter().map(|(id, violation)| json!({ "object": id, "violation": violation })).collect();
        let value = json!({
            "verdict": words,
            "tolerance": self.judged.tolerance,
            "objective": verdict.objective,
            "lower_bound": finite(verdict.lower_bound),
            "gap_relative": finite(verdict.gap_relative),
            "primal_residual": verdict.primal_residual,
            "dual_residual": verdict.dual_residual,
            "proven": verdict.proven,
            "integer_violation": verdict.integer_violation,
            "junctions": junctions,
            "objects": objects,
        });
        format!("{value}\n")
    }

    fn people(&self, verdict: &Verdict, words: &str) -> String {
        let mut table = Table::new(&[("figure", Align::Left), ("value", Align::Right)]);
        let mut row = |name: &str, value: String| table.push(vec![name.to_owned(), value]);
        row("cost of the plan", digits(verdict.objective, 9));
        row("lower bound of every plan", digits(verdict.lower_bound, 9));
        row("gap, relative", tiny(verdict.gap_relative));
        row("worst violation, relative", tiny(verdict.primal_residual));
        row("worst reduced cost to an open side, relative", tiny(verdict.dual_residual));
        if verdict.integer_violation > 0.0 {
            row("farthest from a whole number", tiny(verdict.integer_violation));
        }
        let proof = if verdict.proven {
            "the bound is a proof, up to rounding"
        } else {
            "the bound leaves out reduced costs towards open sides, as small as the table says"
        };
        let mut text = format!("{words} to {}\n\n{}\n{proof}\n", tiny(self.judged.tolerance), table.text());
        let worst = explain::table(&verdict.junctions, self.judged.tolerance);
        if let Some(worst) = worst {
            text.push_str(&format!("\n{worst}"));
        }
        let objects: Vec<_> =
            verdict.objects.iter().filter(|(_, violation)| *violation > self.judged.tolerance).collect();
        for (object, violation) in objects.iter().take(explain::LISTED_MAX) {
            text.push_str(&format!("`{object}` breaks its own rows or bounds by {}, relative\n", tiny(*violation)));
        }
        if objects.len() > explain::LISTED_MAX {
            text.push_str(&format!("and {} more; --json lists all\n", objects.len() - explain::LISTED_MAX));
        }
        text
    }
}
