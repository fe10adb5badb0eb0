//! What was wanted and not fully planned, and which rows stood in the way.

use cosmosmesh_simulator::report::{Binding, BindingScope, SimulationReport, Wanted};

use super::axis::clock;
use crate::figure::{count, short};
use crate::table::{Align, Table};

/// The sentences about one asset.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shortfall {
    /// Whose.
    pub(crate) asset: String,
    /// A sentence or two per activity; names of rows stand between backticks.
    pub(crate) sentences: Vec<String>,
}

/// Everything that was not fully planned, by asset in the report's order; an asset that got all is left out.
pub(crate) fn shortfalls(report: &SimulationReport) -> Vec<Shortfall> {
    let assets = report
        .assets
        .iter()
        .map(|asset| Shortfall { asset: asset.id.clone(), sentences: missing(&asset.wanted).map(explain).collect() });
    assets.filter(|shortfall| !shortfall.sentences.is_empty()).collect()
}

/// The same as a table, with the dearest row of each activity only.
pub(crate) fn shortfall_table(report: &SimulationReport) -> Table {
    let columns = [
        ("asset", Align::Left),
        ("wanted", Align::Left),
        ("planned", Align::Right),
        ("", Align::Right),
        ("dearest limit", Align::Left),
        ("one more is worth", Align::Right),
    ];
    let mut table = Table::new(&columns);
    for asset in &report.assets {
        for wanted in missing(&asset.wanted) {
            let dearest = grouped(&wanted.binding).into_iter().next();
            let (row, worth) = dearest.map_or_else(
                || (without_a_row(report).to_owned(), String::new()),
                |group| (group.name().replace('`', ""), group.worth()),
            );
            table.push(vec![asset.id.clone(), wanted.label.clone(), amount(wanted), part(wanted), row, worth]);
        }
    }
    table
}

/// Why an activity without a binding row is short.
fn without_a_row(report: &SimulationReport) -> &'static str {
    if report.plan.is_some() { "none: weighed against other costs" } else { "no plan is in effect" }
}

/// How much of what was wanted is planned in full, as a sentence.
pub(crate) fn wanted_sentence(report: &SimulationReport) -> String {
    let wanted = report.assets.iter().map(|asset| asset.wanted.len()).sum();
    let full = wanted - report.assets.iter().map(|asset| missing(&asset.wanted).count()).sum::<usize>();
    match wanted {
        0 => "Nobody asked for an activity.".to_owned(),
        1 => format!("The only wanted activity is {}planned in full.", if full == 1 { "" } else { "not " }),
        _ if full == wanted => format!("All {wanted} wanted activities are planned in full."),
        _ => format!("{full} of {wanted} wanted activities are planned in full."),
    }
}

fn missing(wanted: &[Wanted]) -> impl Iterator<Item = &Wanted> {
    wanted.iter().filter(|wanted| !wanted.is_fully_planned())
}

fn amount(wanted: &Wanted) -> String {
    format!("{} of {} {}", short(wanted.planned), short(wanted.desired), wanted.unit)
}

fn part(wanted: &Wanted) -> String {
    let part = if wanted.desired == 0.0 { 0.0 } else { 100.0 * wanted.planned / wanted.desired };
    format!("{part:.0} %")
}

fn explain(wanted: &Wanted) -> String {
    let head = format!("{}: {} planned ({}).", wanted.label, amount(wanted), part(wanted));
    let rows = grouped(&wanted.binding);
    if rows.is_empty() {
        return format!("{head} No row is at its limit: the plan weighs this against its other costs.");
    }
    const SHOWN: usize = 3;
    let shown: Vec<String> = rows.iter().take(SHOWN).map(Group::text).collect();
    let more = rows.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!("; and {}", count(more, "more limit")) } else { String::new() };
    format!("{head} In the way: {}{more}.", shown.join("; "))
}

/// Binding rows of one family, such as `bus_energy[3]`, `bus_energy[4]`, told together.
struct Group<'a> {
    family: &'a str,
    dearest: &'a Binding,
    rows: usize,
    start_ms: i64,
    end_ms: i64,
}

fn grouped(binding: &[Binding]) -> Vec<Group<'_>> {
    let shared = binding.iter().any(|row| row.scope == BindingScope::Fleet);
    let mut groups: Vec<Group<'_>> = Vec::new();
    for row in binding {
        let family = row.row.split('[').next().unwrap_or(&row.row);
        // An asset's share of a fleet row is that row, seen from inside: told once is enough.
        if shared && row.scope == BindingScope::Own && family.ends_with("_share") {
            continue;
        }
        match groups.iter_mut().find(|group| group.family == family && group.dearest.scope == row.scope) {
            Some(group) => {
                group.rows += 1;
                group.start_ms = group.start_ms.min(row.start_ms);
                group.end_ms = group.end_ms.max(row.end_ms);
                if row.price.unwrap_or(0.0).abs() > group.dearest.price.unwrap_or(0.0).abs() {
                    group.dearest = row;
                }
            }
            None => groups.push(Group { family, dearest: row, rows: 1, start_ms: row.start_ms, end_ms: row.end_ms }),
        }
    }
    groups
}

impl Group<'_> {
    fn name(&self) -> String {
        let whose = match self.dearest.scope {
            BindingScope::Own => "its own",
            BindingScope::Fleet => "the fleet's",
        };
        format!("{whose} `{}`", self.family)
    }

    fn worth(&self) -> String {
        self.dearest.price.map_or_else(String::new, |price| format!("{} per {}", short(price.abs()), self.dearest.unit))
    }

    fn text(&self) -> String {
        let when = if self.rows == 1 {
            format!("{} to {}", clock(self.start_ms), clock(self.end_ms))
        } else {
            format!("{} slots from {} to {}", self.rows, clock(self.start_ms), clock(self.end_ms))
        };
        let worth = if self.dearest.price.is_none() {
            String::new()
        } else if self.rows == 1 {
            format!(", worth {}", self.worth())
        } else {
            format!(", worth up to {}", self.worth())
        };
        format!("{} ({when}{worth})", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(row: &str, scope: BindingScope, price: Option<f64>, hour: i64) -> Binding {
        let start_ms = hour * 3_600_000;
        Binding { row: row.into(), scope, price, unit: "Wh".into(), start_ms, end_ms: start_ms + 1_800_000 }
    }

    fn wanted(binding: Vec<Binding>) -> Wanted {
        Wanted { label: "drive".into(), desired: 8.0, planned: 2.0, realised: 2.0, unit: "km".into(), binding }
    }

    #[test]
    fn rows_of_one_family_are_told_together_with_the_dearest() {
        let binding = vec![
            row("bus_energy[3]", BindingScope::Fleet, Some(0.1), 3),
            row("bus_energy[5]", BindingScope::Fleet, Some(0.25), 5),
            row("bus_share[5]", BindingScope::Own, Some(0.25), 5),
            row("battery_floor[9]", BindingScope::Own, None, 9),
        ];
        assert_eq!(
            explain(&wanted(binding)),
            "drive: 2 of 8 km planned (25 %). In the way: the fleet's `bus_energy` (2 slots from T+03:00 to T+05:30, \
             worth up to 0.25 per Wh); its own `battery_floor` (T+09:00 to T+09:30)."
        );
    }

    #[test]
    fn a_share_without_its_fleet_row_is_told() {
        let text = explain(&wanted(vec![row("bus_share[5]", BindingScope::Own, Some(0.25), 5)]));
        assert!(text.ends_with("In the way: its own `bus_share` (T+05:00 to T+05:30, worth 0.25 per Wh)."), "{text}");
    }

    #[test]
    fn a_want_without_a_binding_row_says_so() {
        let text = explain(&wanted(vec![]));
        assert!(text.ends_with("No row is at its limit: the plan weighs this against its other costs."), "{text}");
    }
}
