//! The privacy budget: how it was spent round by round, what every asset has left, and what the noise takes of each fleet row.

use super::axis::{Scale, round_values};
use super::drawing::{Anchor, Drawing, clip};
use crate::figure::{count, digits, short};
use crate::spending::{Account, Spending};
use crate::table::{escape, scroll};

const WIDTH: f64 = 1120.0;
const LEFT: f64 = 200.0;
const RIGHT: f64 = 190.0;
const TOP: f64 = 12.0;
const LINE: f64 = 20.0;
const BAR: f64 = 13.0;

/// The most lines that one figure has: those that spent most, and the rows that lose most.
const LISTED_MAX: usize = 60;

/// Three figures.
pub(super) fn budget(spending: &Spending) -> String {
    let mut out = String::new();
    let mut push = |caption: &str, unit: &str, figure: String| {
        out.push_str(&format!(
            "<figure class=\"wide\"><figcaption>{} <span class=\"unit\">{}</span></figcaption>\n{}</figure>\n",
            escape(caption),
            escape(unit),
            scroll(caption, &figure)
        ));
    };
    if !spending.course.is_empty() {
        push("Spent, round by round", "epsilon of the asset that spends most", rounds(spending));
    }
    push("Every asset's budget", "epsilon", accounts(spending));
    push("What the noise takes of each fleet row", "part of the row's limit", margins(spending));
    out
}

/// The steps of epsilon over the rounds, under the line that no asset may cross.
fn rounds(spending: &Spending) -> String {
    const HEIGHT: f64 = 220.0;
    const BOTTOM: f64 = 40.0;
    const AXIS: f64 = 62.0;
    let course = &spending.course;
    let last = course.last().copied().unwrap_or_default();
    let description = format!(
        "Before the first round {} of {} is spent, after round {} it is {}.",
        digits(spending.before(), 4),
        short(spending.epsilon),
        course.len(),
        digits(last, 4)
    );
    let mut drawing = Drawing::new("budget-rounds", "Epsilon spent by round", &description, WIDTH, HEIGHT);
    let (right, bottom) = (WIDTH - 14.0, HEIGHT - BOTTOM);
    let range = [0.0, spending.epsilon.max(last) * 1.08];
    let y = Scale::linear(range, [bottom, TOP]);
    let x = Scale::linear([0.0, course.len() as f64], [AXIS, right]);
    for value in round_values(range, 5) {
        drawing.line("rule", [AXIS, y.at(value)], [right, y.at(value)]);
        drawing.text("tick", [AXIS - 6.0, y.at(value) + 4.0], Anchor::End, &short(value));
    }
    for value in round_values([0.0, course.len() as f64], 12).into_iter().filter(|v| v.fract() == 0.0) {
        drawing.text("tick", [x.at(value), bottom + 16.0], Anchor::Middle, &short(value));
    }
    drawing.text("note", [(AXIS + right) / 2.0, HEIGHT - 6.0], Anchor::Middle, "round");
    let mut before = spending.before();
    for (k, &spent) in course.iter().enumerate() {
        let (from, to) = (x.at(k as f64), x.at(k as f64 + 1.0));
        let tip = format!("round {}: {} spent", k + 1, digits(spent, 4));
        let gap = (0.1 * (to - from)).min(3.0);
        let bar = |low: f64, high: f64| [from + gap, y.at(high), to - from - 2.0 * gap, y.at(low) - y.at(high)];
        drawing.rect("granted", bar(0.0, before), &tip);
        drawing.rect("used", bar(before, spent.max(before)), &tip);
        before = spent;
    }
    let limit = y.at(spending.epsilon);
    drawing.line("limit", [AXIS, limit], [right, limit]);
    drawing.text("note", [AXIS + 6.0, limit - 5.0], Anchor::Start, &format!("budget {}", short(spending.epsilon)));
    drawing.finish(0.62)
}

/// One line for all assets with the same budget: spent before, by this plan, and left.
fn accounts(spending: &Spending) -> String {
    let mut shown: Vec<(&Account, usize)> = Vec::new();
    let mut ranked: Vec<&Account> = spending.accounts.iter().collect();
    ranked.sort_by(|a, b| figures(b).map(f64::to_bits).cmp(&figures(a).map(f64::to_bits)));
    for account in ranked {
        match shown.last_mut() {
            Some((last, others)) if figures(last) == figures(account) => *others += 1,
            _ => shown.push((account, 0)),
        }
    }
    let hidden: usize = shown.iter().skip(LISTED_MAX).map(|(_, others)| others + 1).sum();
    shown.truncate(LISTED_MAX);
    let most = shown.iter().fold(f64::MIN_POSITIVE, |most, (account, _)| most.max(account.epsilon));
    let height = TOP + shown.len() as f64 * LINE + 24.0;
    let description = format!(
        "One line for all assets with the same budget, the largest spenders first: epsilon spent before this plan, by this plan, and left. {}",
        if hidden > 0 { format!("{} with less spent not drawn.", count(hidden, "asset")) } else { String::new() }
    );
    let mut drawing = Drawing::new("budget-assets", "Privacy budget of every asset", &description, WIDTH, height);
    let x = Scale::linear([0.0, most], [LEFT, WIDTH - RIGHT]);
    let bottom = TOP + shown.len() as f64 * LINE;
    for value in round_values([0.0, most], 6) {
        drawing.line("rule", [x.at(value), TOP - 4.0], [x.at(value), bottom]);
        drawing.text("tick", [x.at(value), bottom + 14.0], Anchor::Middle, &short(value));
    }
    for (k, (account, others)) in shown.iter().enumerate() {
        let top = TOP + k as f64 * LINE;
        let base = top + BAR - 2.0;
        let (before, spent) = (account.epsilon_before, account.epsilon_spent);
        let bar = |from: f64, to: f64| [x.at(from), top, x.at(to) - x.at(from), BAR];
        let tip = format!("{}: {} before, {} now", account.asset, digits(before, 4), digits(spent, 4));
        let others = if *others > 0 { format!(" and {others} more") } else { String::new() };
        drawing.text("lane", [4.0, base], Anchor::Start, &format!("{}{others}", clip(&account.asset, 16)));
        drawing.rect("granted", bar(0.0, before), &tip);
        drawing.rect("used", bar(before, spent.max(before)), &tip);
        drawing.line("limit", [x.at(account.epsilon), top - 1.0], [x.at(account.epsilon), top + BAR + 1.0]);
        let left = format!("{} spent, {} left", digits(spent, 4), digits(account.epsilon_left, 4));
        drawing.text("tick", [WIDTH - 4.0, base], Anchor::End, &left);
    }
    drawing.finish(0.62)
}

/// What a line shows, the spending first; all are at least zero, so that their bits order as they do.
fn figures(account: &Account) -> [f64; 3] {
    [account.epsilon_spent, account.epsilon_before, account.epsilon]
}

/// One line a fleet row: the part of its limit that the plan keeps away from, and one asset's clip beside it.
fn margins(spending: &Spending) -> String {
    let part = |row: &crate::spending::RowNoise| row.margin / row.limit.max(f64::MIN_POSITIVE);
    let mut shown: Vec<_> = spending.rows.iter().collect();
    shown.sort_by(|a, b| part(b).total_cmp(&part(a)));
    let hidden = shown.len().saturating_sub(LISTED_MAX);
    shown.truncate(LISTED_MAX);
    let height = TOP + shown.len() as f64 * LINE + 24.0;
    let description = format!(
        "One line per fleet row, the dearest first: what the plan keeps away from the limit so that noise does not break it. {}",
        if hidden > 0 { format!("{} that lose less not drawn.", count(hidden, "row")) } else { String::new() }
    );
    let mut drawing = Drawing::new("budget-rows", "What the noise takes of each row", &description, WIDTH, height);
    let x = Scale::linear([0.0, 100.0], [LEFT, WIDTH - RIGHT]);
    let bottom = TOP + shown.len() as f64 * LINE;
    for value in round_values([0.0, 100.0], 6) {
        drawing.line("rule", [x.at(value), TOP - 4.0], [x.at(value), bottom]);
        drawing.text("tick", [x.at(value), bottom + 14.0], Anchor::Middle, &format!("{} %", short(value)));
    }
    for (k, row) in shown.iter().enumerate() {
        let top = TOP + k as f64 * LINE;
        let base = top + BAR - 2.0;
        let end = x.at(100.0 * part(row));
        let tip = format!("{}: {} of {} kept free", row.row, short(row.margin), short(row.limit));
        drawing.text("lane", [4.0, base], Anchor::Start, &clip(&row.row, 26));
        drawing.rect("price", [LEFT, top, end - LEFT, BAR], &tip);
        let clip = x.at(100.0 * row.clip / row.limit.max(f64::MIN_POSITIVE));
        drawing.line("mark", [clip, top - 1.0], [clip, top + BAR + 1.0]);
        let text = format!("{} of {}", short(row.margin), short(row.limit));
        drawing.text("tick", [WIDTH - 4.0, base], Anchor::End, &text);
    }
    drawing.finish(0.62)
}
