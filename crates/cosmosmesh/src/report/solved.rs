//! A solved fleet as a page: the claim, the rounds, the limits that cost most, who could see what, and the privacy budget.

use cosmosmesh_contracts::plan::{PlanKind, Status};
use cosmosmesh_contracts::problem::FleetProblem;

use super::convergence::{Course, LEGEND, by_round, steps};
use super::{budget, details, document, legend, section};
use crate::figure::{count, digits, tiny};
use crate::finding::Finding;
use crate::spending::Spending;
use crate::table::{Align, Table, escape, scroll};

/// The page.
pub(crate) fn solved(fleet: &FleetProblem, finding: &Finding, course: &Course) -> String {
    let mut body = head(fleet, finding);
    body.push_str(&section("rounds", "How the plan was found", &rounds(course)));
    body.push_str(&section("sum", "Who could see what", &sum(finding)));
    if let Some(spending) = finding.spending() {
        body.push_str(&section("budget", "What privacy it cost", &spent(spending)));
    }
    let result = &finding.result;
    body.push_str(&format!(
        "<footer><p>Problem <code>{}</code>, method <code>{}</code>, tolerance {}. \
         All assets were solved inside one process, which knows every private plan; between processes only the sums leave an asset.</p></footer>\n",
        escape(&result.problem),
        escape(&result.variant),
        tiny(course.tolerance)
    ));
    document(&format!("{}: a plan", result.problem), &body)
}

fn head(fleet: &FleetProblem, finding: &Finding) -> String {
    let result = &finding.result;
    let (class, sign) = match (result.status, result.plan) {
        (Status::Optimal, Some(_)) => ("good", "✓ Planned"),
        (_, Some(PlanKind::Safe)) => ("fair", "! A safe plan"),
        (Status::Infeasible, _) => ("poor", "✗ No plan exists"),
        _ => ("poor", "✗ No plan"),
    };
    let size = format!("{} share {}", count(fleet.assets().len(), "asset"), count(fleet.row_count(), "fleet row"));
    let rounds = count(result.rounds as usize, "round");
    let claim = match (result.gap_relative, finding.spending()) {
        (Some(gap), _) => format!("{rounds}; the plan is proven within {} of the optimum", tiny(gap)),
        (None, Some(spending)) if result.plan.is_some() => format!(
            "{rounds} of noisy sums; every fleet row is met with {} % confidence",
            digits(100.0 * spending.confidence, 4)
        ),
        _ => format!("{rounds}; {}", result.status),
    };
    let mut figures = Table::new(&[("figure", Align::Left), ("value", Align::Right)]);
    for (name, value) in finding.figures() {
        // Guardians have a section of their own.
        if name != "busiest guardian" {
            figures.push(vec![name.to_owned(), value]);
        }
    }
    let beside = match result.status {
        Status::Infeasible => finding.conflict(fleet).map(|table| table.html("Rows that no plan can meet together")),
        _ => finding.dearest(fleet).map(|table| table.html("Fleet rows that cost most")),
    };
    let notes: String = finding.sentences().map(|note| format!("<p>{}</p>\n", escape(&capital(note)))).collect();
    format!(
        "<header>\n<h1>{}</h1>\n<p class=\"about\">{size}.</p>\n<p class=\"verdict {class}\"><strong>{sign}.</strong> {}.</p>\n</header>\n\
         <div class=\"facts\">\n{}<div>\n{}{notes}</div>\n</div>\n",
        escape(&result.problem),
        escape(&claim),
        figures.html("Figures of the run"),
        beside.unwrap_or_else(|| "<p>No fleet row stands in anybody's way.</p>\n".to_owned())
    )
}

fn rounds(course: &Course) -> String {
    let known = course.steps.iter().any(|step| step.gap.is_some() || step.violation.is_some());
    let table = details("The rounds as a table", &steps(course), "Rounds");
    if !known {
        return format!(
            "<p class=\"aside\">{}; under a privacy budget the sums carry no bound, so no gap can be drawn.</p>\n{table}",
            count(course.steps.len(), "round")
        );
    }
    let legend = legend(&LEGEND);
    format!(
        "{legend}<div class=\"pair\">\n<figure>{}</figure>\n</div>\n{table}",
        scroll("Certified gap and violation by round", &by_round(course))
    )
}

fn sum(finding: &Finding) -> String {
    let Some(cost) = finding.masks() else {
        return "<p>The reports were added up in the open: whoever adds them up sees each one.</p>\n".to_owned();
    };
    let mut table = Table::new(&[("masked sums", Align::Left), ("value", Align::Right)]);
    for (name, value) in cost.table() {
        table.push(vec![name.to_owned(), value]);
    }
    format!("<p class=\"aside\">{}.</p>\n{}", escape(&capital(&cost.note())), table.html("What masking cost"))
}

fn spent(spending: &Spending) -> String {
    let legend = legend(&[
        ("granted", "spent before"),
        ("used", "spent by this plan or round"),
        ("limit", "budget"),
        ("price", "kept free of a row's limit"),
        ("mark", "the most that one asset may use"),
    ]);
    let sentences: String =
        spending.sentences().iter().map(|sentence| format!("<p>{}.</p>\n", escape(&capital(sentence)))).collect();
    format!(
        "{sentences}{legend}{}{}{}",
        budget::budget(spending),
        details("Every asset's budget as a table", &spending.account_table(usize::MAX), "Privacy budgets"),
        details("The fleet's rows as a table", &spending.row_table(usize::MAX), "Noise on each fleet row")
    )
}

/// The sentence with a capital at its start.
fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
