use clap::Args;
use cosmosmesh_catopt_bridge::{JunctionReport, explain};
use serde_json::{Value, json};

use super::named;
use super::plan::Judged;
use crate::command::Answer;
use crate::exit::{Exit, Failure};
use crate::figure::{count, short, tiny};
use crate::table::{Align, Table};

#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Explain {
    #[command(flatten)]
    judged: Judged,
}

const HELP: &str = "\
Examples:
  cosmosmesh catopt explain fleet.json result.json
  cosmosmesh catopt explain diagram.catopt.json solution.csv --json

Exit codes: 0 the plans agree everywhere and keep every limit, 6 the listed junctions are off, 64 bad input.";

/// In a table for people, the most rows that are listed.
pub(super) const LISTED_MAX: usize = 20;

impl Explain {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let (diagram, plans, _) = self.judged.load()?;
        let off =
            explain(&diagram, &plans, self.judged.tolerance).map_err(|error| named(&self.judged.result)(&error))?;
        let exit = if off.is_empty() { Exit::Optimal } else { Exit::Broken };
        let text = if self.judged.json {
            let list: Vec<Value> = off.iter().map(machine).collect();
            format!("{}\n", json!({ "tolerance": self.judged.tolerance, "junctions_off": list }))
        } else {
            let all = count(diagram.junctions().len(), "junction");
            match table(&off, self.judged.tolerance) {
                None => format!("the plans agree at {all} to {}\n", tiny(self.judged.tolerance)),
                Some(text) => {
                    format!("{} of {all} off by more than {}\n\n{text}", off.len(), tiny(self.judged.tolerance))
                }
            }
        };
        Ok(Answer { text, exit })
    }
}

/// One junction for machines.
pub(super) fn machine(report: &JunctionReport) -> Value {
    let brought = report.brought.iter().map(|(object, port, value)| json!([object, port, value]));
    json!({
        "junction": report.junction,
        "label": report.label,
        "kind": if report.shared { "shared" } else { "balance" },
        "unit": report.unit,
        "off_by": report.amount,
        "relative": report.relative,
        "brought": brought.collect::<Vec<_>>(),
        "sum": report.sum,
        "dual": report.dual,
    })
}

/// The junctions that are off, worst first, with who brings most; nothing if none is.
pub(super) fn table(reports: &[JunctionReport], tolerance: f64) -> Option<String> {
    let mut off: Vec<&JunctionReport> = reports.iter().filter(|report| report.relative > tolerance).collect();
    off.sort_by(|a, b| b.relative.total_cmp(&a.relative));
    if off.is_empty() {
        return None;
    }
    let columns = [
        ("junction", Align::Left),
        ("asks", Align::Left),
        ("off by", Align::Right),
        ("unit", Align::Left),
        ("relative", Align::Right),
        ("brought by", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for report in off.iter().take(LISTED_MAX) {
        let asks = if report.shared { "agree" } else { "sum in bounds" };
        table.push(vec![
            report.label.clone(),
            asks.to_owned(),
            short(report.amount),
            report.unit.clone(),
            tiny(report.relative),
            brought(report),
        ]);
    }
    let mut text = table.text();
    if off.len() > LISTED_MAX {
        text.push_str(&format!("and {} more; --json lists all\n", off.len() - LISTED_MAX));
    }
    Some(text)
}

fn brought(report: &JunctionReport) -> String {
    const SHOWN: usize = 3;
    let size = |value: &[f64]| value.iter().fold(0.0_f64, |worst, v| worst.max(v.abs()));
    let mut list: Vec<_> = report.brought.iter().collect();
    list.sort_by(|a, b| size(&b.2).total_cmp(&size(&a.2)));
    let shown: Vec<String> = list
        .iter()
        .take(SHOWN)
        .map(|(object, _, value)| {
            let values: Vec<String> = value.iter().map(|v| short(*v)).collect();
            format!("{object} {}", values.join(" "))
        })
        .collect();
    let more = if list.len() > SHOWN { format!(", {} more", list.len() - SHOWN) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
