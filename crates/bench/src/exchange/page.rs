use std::fmt::Write;
use std::path::Path;

use super::{Optimum, Transfer};

const BEGIN: &str = "<!-- written by cargo xtask bench exchange -- --write-docs: begin -->";
const END: &str = "<!-- end -->";

/// Puts the tables between their marks in the page.
///
/// # Errors
/// A sentence if the page cannot be read or written, or has no marks.
pub fn write_into(page: &Path, tables: &str) -> Result<(), String> {
    let shown = page.display();
    let text = std::fs::read_to_string(page).map_err(|error| format!("{shown}: {error}"))?;
    let marks = text.find(BEGIN).and_then(|begin| Some((begin, begin + text[begin..].find(END)?)));
    let (begin, end) = marks.ok_or_else(|| format!("{shown}: has no marks `{BEGIN}` and `{END}`"))?;
    let whole = format!("{}{BEGIN}\n{tables}{}", &text[..begin], &text[end..]);
    std::fs::write(page, whole).map_err(|error| format!("{shown}: {error}"))
}

/// The table of what others find in the files.
pub(crate) fn optima(found: &[Optimum], highs: &str) -> String {
    let worst = |pick: &dyn Fn(&Optimum) -> f64| found.iter().map(pick).fold(0.0, f64::max);
    let mut text = format!("\n{} problems and scenarios; HiGHS is {highs}.\n\n", found.len());
    text.push_str("| file | HiGHS, worst difference | Clarabel, worst difference |\n|---|---|---|\n");
    for (k, format) in ["MPS", "LP", "MathOptFormat"].into_iter().enumerate() {
        let (one, other) = (worst(&|o| o.highs[k]), worst(&|o| o.clarabel[k]));
        let _ = writeln!(text, "| {format} | {} | {} |", figure(one), figure(other));
    }
    let compared: usize = found.iter().map(|o| o.duals_compared).sum();
    let wrong: usize = found.iter().map(|o| o.duals_wrong).sum();
    let back = found.iter().filter(|o| o.same_bytes).count();
    let _ = writeln!(
        text,
        "\nDuals of HiGHS and our prices: {compared} pairs are both above 0.01, {wrong} of them without opposite signs."
    );
    let _ = writeln!(
        text,
        "Imported again from MPS, MathOptFormat and the native form: {back} of {} in the same canonical bytes.\n",
        found.len()
    );
    let (answers, certified): (usize, usize) =
        (found.iter().map(|o| o.answers).sum(), found.iter().map(|o| o.certified).sum());
    let slowest = worst(&|o| o.highs_wall_s);
    let _ = writeln!(
        text,
        "HiGHS's answers judged by `catopt certify` at 1e-6: {certified} of {answers} proven feasible and optimal.\nIts slowest file took {slowest:.1} s.\n"
    );
    text.push_str("| problem | federated optimum | HiGHS MPS, LP, MOF | Clarabel MPS, LP, MOF | duals compared, wrong |\n|---|---|---|---|---|\n");
    for o in found {
        let optimum = o.federated.map_or("infeasible".to_owned(), |v| format!("{v:.9}"));
        let list = |v: &[f64; 3]| v.map(figure).join(", ");
        let (one, other) = (list(&o.highs), list(&o.clarabel));
        let _ =
            writeln!(text, "| {} | {optimum} | {one} | {other} | {}, {} |", o.name, o.duals_compared, o.duals_wrong);
    }
    text.push('\n');
    text
}

/// The table of time and memory.
pub(crate) fn transfers(fleet_bytes: u64, found: &[Transfer]) -> String {
    let mib = |bytes: u64| bytes as f64 / 1e6;
    let mut text = format!("\nThe fleet's own file has {:.1} MB.\n\n", mib(fleet_bytes));
    text.push_str("| command | wall | file | peak of the process | in files |\n|---|---|---|---|---|\n");
    for Transfer { what, file_bytes, used } in found {
        let peak = used.peak_bytes.map_or("unknown".to_owned(), |peak| format!("{:.1} MB", mib(peak)));
        let ratio =
            used.peak_bytes.map_or("unknown".to_owned(), |peak| format!("{:.2}", peak as f64 / *file_bytes as f64));
        let _ = writeln!(text, "| {what} | {:.2} s | {:.1} MB | {peak} | {ratio} |", used.wall_s, mib(*file_bytes));
    }
    text.push('\n');
    text
}

fn figure(v: f64) -> String {
    if v.is_infinite() { "not solved".to_owned() } else { format!("{v:.1e}") }
}
