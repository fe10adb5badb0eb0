//! A simulated sol or a solved fleet for people: the tables of the terminal, and one HTML page with its drawings inside.
//!
//! A page needs no script, no font and no other file; the same report gives the same bytes.

mod axis;
mod budget;
mod convergence;
mod drawing;
mod fleet;
mod gantt;
mod past;
mod profile;
mod replicas;
mod shortfall;
mod solved;
#[cfg(test)]
mod specimen;
mod summary;
mod traffic;
mod verdict;

pub(crate) use convergence::{Course, Step};
pub(crate) use shortfall::{shortfall_table, wanted_sentence};
pub(crate) use solved::solved;
pub(crate) use summary::{figures, margins, violations};
pub(crate) use verdict::{Mood, verdict};

use cosmosmesh_simulator::report::SimulationReport;

use crate::figure::{duration, tiny};
use crate::table::{Table, escape, scroll};

const STYLE: &str = include_str!("report/style.css");

/// The page.
pub(crate) fn page(report: &SimulationReport) -> String {
    let mut out = head(report);
    out.push_str(&section("plan", "The plan", &plan(report)));
    out.push_str(&section("missing", "Wanted, and not fully planned", &missing(report)));
    out.push_str(&section("fleet", "What the fleet shares", &shared(report)));
    out.push_str(&section("assets", "Every asset's own limits", &own(report)));
    out.push_str(&section("rounds", "How the plan was found", &rounds(report)));
    out.push_str(&section("traffic", "What it cost on the links", &links(report)));
    out.push_str(&section("replicas", "How late assets knew of each other", &knowledge(report)));
    out.push_str(&section("past", "What the logs keep", &past(report)));
    out.push_str(&foot(report));
    document(&format!("{}: a simulated sol", report.scenario), &out)
}

/// A whole document around what is to be seen.
fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escape(title)
    )
}

fn section(id: &str, title: &str, body: &str) -> String {
    format!(
        "<section id=\"{id}\" aria-labelledby=\"{id}-h\">\n<h2 id=\"{id}-h\">{}</h2>\n{body}</section>\n",
        escape(title)
    )
}

fn details(summary: &str, table: &Table, caption: &str) -> String {
    format!("<details><summary>{}</summary>\n{}</details>\n", escape(summary), table.html(caption))
}

fn legend(entries: &[(&str, &str)]) -> String {
    let entries: String = entries
        .iter()
        .map(|(class, text)| {
            format!("<li><span class=\"key {class}\" aria-hidden=\"true\"></span>{}</li>\n", escape(text))
        })
        .collect();
    format!("<ul class=\"legend\">\n{entries}</ul>\n")
}

fn head(report: &SimulationReport) -> String {
    let (mood, sentences) = verdict(report);
    let (class, sign) = match mood {
        Mood::Good => ("good", "✓ Planned"),
        Mood::Fair => ("fair", "! Planned in part"),
        Mood::Poor => ("poor", if report.plan.is_none() { "✗ No plan" } else { "✗ Limits broken" }),
    };
    let broken =
        if report.violations.is_empty() { String::new() } else { violations(report).html("Limits that reality broke") };
    format!(
        "<header>\n<h1>{}</h1>\n<p class=\"about\">{}</p>\n<p class=\"verdict {class}\"><strong>{sign}.</strong> {}</p>\n</header>\n\
         <div class=\"facts\">\n{}<div>\n{}{broken}</div>\n</div>\n",
        escape(&report.scenario),
        escape(&report.description),
        escape(&sentences.join(" ")),
        figures(report).html("Figures of the run"),
        margins(report).html("Narrowest margins in the integrated sol"),
    )
}

fn missing(report: &SimulationReport) -> String {
    let mut out = format!("<p>{}</p>\n", escape(&wanted_sentence(report)));
    let intro = "What one more unit of a limit is worth is told in units of the plan's cost.";
    let entries: String = shortfall::shortfalls(report)
        .iter()
        .map(|shortfall| {
            let sentences: String =
                shortfall.sentences.iter().map(|sentence| format!("<dd>{}</dd>\n", code(sentence))).collect();
            format!("<dt>{}</dt>\n{sentences}", escape(&shortfall.asset))
        })
        .collect();
    if !entries.is_empty() {
        out.push_str(&format!("<p class=\"aside\">{intro}</p>\n<dl class=\"why\">\n{entries}</dl>\n"));
    }
    out
}

/// Escaped text, what stands between backticks as code.
fn code(text: &str) -> String {
    let pieces = text.split('`').enumerate();
    pieces
        .map(|(k, piece)| if k % 2 == 1 { format!("<code>{}</code>", escape(piece)) } else { escape(piece) })
        .collect()
}

fn plan(report: &SimulationReport) -> String {
    let table = details("The plan as a table", &gantt::table(report), "Planned activities");
    let alarm =
        if report.violations.is_empty() { "" } else { " A red dot marks the moment at which reality broke a limit." };
    let state = match report.plan {
        None => "No plan came into effect; this is the best one known when the planning ended. ",
        Some(_) => "",
    };
    let note = format!(
        "{state}A bar is as high as the activity is strong, its shade is full strength.{alarm} Times count from the scenario's epoch"
    );
    format!(
        "<p class=\"aside\">{note}: {}.</p>\n<figure class=\"wide\">{}</figure>\n{table}",
        escape(&report.horizon.epoch),
        scroll("The plan over time", &gantt::gantt(report))
    )
}

fn shared(report: &SimulationReport) -> String {
    let legend = legend(&[
        ("granted", "granted to the assets"),
        ("mark", "planned use"),
        ("used", "use in the integrated sol"),
        ("limit", "limit"),
        ("price", "price"),
    ]);
    let table = details("The fleet's rows as a table", &fleet::table(report), "Rows shared by the fleet");
    format!("{legend}{}{table}", fleet::fleet(report))
}

fn own(report: &SimulationReport) -> String {
    let legend = legend(&[
        ("planned", "planned"),
        ("realised", "integrated sol"),
        ("limit", "limit"),
        ("beyond", "out of bounds"),
    ]);
    format!("{legend}{}", profile::profiles(report))
}

fn rounds(report: &SimulationReport) -> String {
    let legend = legend(&convergence::LEGEND);
    let table = details("The rounds as a table", &convergence::table(report), "Rounds");
    format!("{legend}{}{table}", convergence::convergence(report))
}

fn links(report: &SimulationReport) -> String {
    let table = details("The traffic as a table", &traffic::table(report), "Messages of the planning, per asset");
    format!(
        "<p class=\"aside\">Every round each asset hears one query and answers with one report that goes into a sum; {} adds them up.</p>\n\
         <figure class=\"wide\">{}</figure>\n{table}",
        escape(&report.facilitator),
        scroll("Bytes per asset", &traffic::traffic(report))
    )
}

fn knowledge(report: &SimulationReport) -> String {
    let legend = legend(&[
        ("used stale1", "an hour old"),
        ("used stale2", "three hours"),
        ("used stale3", "six hours"),
        ("used stale4", "twelve hours or more"),
    ]);
    let replicas = &report.replicas;
    let table = details("The pairs as a table", &replicas::table(report), "Latency and staleness of each pair");
    format!(
        "<p class=\"aside\">Apart from the planning, every asset writes a signed entry every {} and reconciles with its neighbours over the same links, which carry nothing else meanwhile.</p>\n\
         {legend}<figure class=\"wide\">{}</figure>\n{table}",
        duration(replicas.every_ms.unsigned_abs()),
        scroll("Staleness over time", &replicas::replicas(report))
    )
}

fn past(report: &SimulationReport) -> String {
    let stores = details("The stores as a table", &past::stores(report), "Bytes held by each store");
    let (sentence, checkpoints) = match &report.replicas.closing {
        Some(closing) => {
            let table = details("The checkpoints as a table", &past::checkpoints(closing), "Each checkpoint");
            (past::sentence(closing), table)
        }
        None => ("The scenario keeps the past of its logs open: nothing is pruned.".to_owned(), String::new()),
    };
    format!(
        "<p class=\"aside\">{}</p>\n<figure class=\"wide\">{}</figure>\n{checkpoints}{stores}",
        escape(&sentence),
        scroll("Bytes held over time", &past::held(report))
    )
}

fn foot(report: &SimulationReport) -> String {
    format!(
        "<footer><p>Scenario <code>{}</code>, seed {}, method <code>{}</code>, tolerance {}. \
         A simulation knows every asset's private plan; in flight, only the sums would leave an asset.</p></footer>\n",
        escape(&report.scenario),
        report.seed,
        escape(&report.variant),
        tiny(report.tolerance)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes the page where a person can look at it, if asked to.
    fn keep(name: &str, page: &str) {
        if let Some(folder) = std::env::var_os("COSMOSMESH_PAGES") {
            std::fs::write(std::path::Path::new(&folder).join(name), page).unwrap();
        }
    }

    #[test]
    fn the_page_stands_alone_and_repeats() {
        let page = page(&specimen::specimen());
        keep("specimen.html", &page);
        keep("broken.html", &super::page(&specimen::broken()));
        assert_eq!(page, super::page(&specimen::specimen()));
        for outside in ["http://", "https://", "<script", "<link", "@import", "url(", "NaN", "inf"] {
            let page = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!page.contains(outside), "the page must not contain {outside}");
        }
    }
}
