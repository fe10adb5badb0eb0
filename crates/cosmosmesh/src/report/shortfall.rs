//! What was wanted and not fully planned, and which rows stood in the way.

use cosmosmesh_simulator::report::{Binding, BindingScope, SimulationReport, Wanted};

use super::axis::clock;
use crate::figure::{count, short};

/// The sentences about one asset.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shortfall {
    /// Whose.
    pub(crate) asset: String,
    /// One sentence or two per activity.
    pub(crate) sentences: Vec<String>,
}

/// Everything that was not fully planned, by asset in the report's order; an asset that got all is left out.
pub(crate) fn shortfalls(report: &SimulationReport) -> Vec<Shortfall> {
    let assets = report.assets.iter().map(|asset| Shortfall {
        asset: asset.id.clone(),
        sentences: asset.wanted.iter().filter(|wanted| !wanted.is_fully_planned()).map(explain).collect(),
    });
    assets.filter(|shortfall| !shortfall.sentences.is_empty()).collect()
}

fn wanted_count(report: &SimulationReport) -> (usize, usize) {
    let wanted = || report.assets.iter().flat_map(|asset| &asset.wanted);
    (wanted().count(), wanted().filter(|wanted| wanted.is_fully_planned()).count())
}

/// How much of what was wanted is planned in full, as a sentence.
pub(crate) fn wanted_sentence(report: &SimulationReport) -> String {
    let (wanted, full) = wanted_count(report);
    match wanted {
        0 => "Nobody asked for an activity.".to_owned(),
        1 => format!("The only wanted activity is {}planned in full.", if full == 1 { "" } else { "not " }),
        _ if full == wanted => format!("All {wanted} wanted activities are planned in full."),
        _ => format!("{full} of {wanted} wanted activities are planned in full."),
    }
}

fn explain(wanted: &Wanted) -> String {
    let Wanted { label, desired, planned, unit, .. } = wanted;
    let part = if *desired == 0.0 { 0.0 } else { 100.0 * planned / desired };
    let head = format!("{label}: {} of {} {unit} planned ({part:.0} %).", short(*planned), short(*desired));
    let rows = grouped(&wanted.binding);
    if rows.is_empty() {
        return format!("{head} No row is at its limit: the plan weighs this against its other costs.");
    }
    const SHOWN: usize = 3;
    let shown: Vec<String> = rows.iter().take(SHOWN).map(BindingGroup::text).collect();
    let more = rows.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!("; and {} more", count(more, "limit")) } else { String::new() };
    format!("{head} In the way: {}{more}.", shown.join("; "))
}

/// Binding rows of one family, such as `bus_energy[3]`, `bus_energy[4]`, told together.
struct BindingGroup<'a> {
    family: &'a str,
    dearest: &'a Binding,
    rows: usize,
    start_ms: i64,
    end_ms: i64,
}

fn grouped(binding: &[Binding]) -> Vec<BindingGroup<'_>> {
    let mut groups: Vec<BindingGroup<'_>> = Vec::new();
    for row in binding {
        let family = row.row.split('[').next().unwrap_or(&row.row);
        match groups.iter_mut().find(|group| group.family == family && group.dearest.scope == row.scope) {
            Some(group) => {
                group.rows += 1;
                group.start_ms = group.start_ms.min(row.start_ms);
                group.end_ms = group.end_ms.max(row.end_ms);
                if row.price.unwrap_or(0.0).abs() > group.dearest.price.unwrap_or(0.0).abs() {
                    group.dearest = row;
                }
            }
            None => {
                groups.push(BindingGroup { family, dearest: row, rows: 1, start_ms: row.start_ms, end_ms: row.end_ms })
            }
        }
    }
    groups
}

impl BindingGroup<'_> {
    fn text(&self) -> String {
        let whose = match self.dearest.scope {
            BindingScope::Own => "its own limit",
            BindingScope::Fleet => "the fleet's limit",
        };
        let when = format!("{} to {}", clock(self.start_ms), clock(self.end_ms));
        let Binding { row, unit, price, .. } = self.dearest;
        let worth = price.map(|price| format!("one more {unit} is worth {}", short(price.abs())));
        match (self.rows, worth) {
            (1, Some(worth)) => format!("{whose} {row} ({when}), where {worth}"),
            (1, None) => format!("{whose} {row} ({when})"),
            (n, Some(worth)) => format!("{whose} {} in {n} slots ({when}), dearest {row}, where {worth}", self.family),
            (n, None) => format!("{whose} {} in {n} slots ({when})", self.family),
        }
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
            row("battery_floor[9]", BindingScope::Own, None, 9),
        ];
        assert_eq!(
            explain(&wanted(binding)),
            "drive: 2 of 8 km planned (25 %). In the way: the fleet's limit bus_energy in 2 slots (T+03:00 to T+05:30), \
             dearest bus_energy[5], where one more Wh is worth 0.25; its own limit battery_floor[9] (T+09:00 to T+09:30)."
        );
    }

    #[test]
    fn a_want_without_a_binding_row_says_so() {
        assert!(
            explain(&wanted(vec![])).ends_with("No row is at its limit: the plan weighs this against its other costs.")
        );
    }
}
