use serde::Serialize;
use serde_json::{Value, json};

use crate::figure::{count, digits, short};
use crate::table::{Align, Table};

/// What a plan under a privacy budget cost, in privacy and in optimality.
#[derive(Clone, Debug)]
pub(crate) struct Spending {
    pub(crate) epsilon: f64,
    pub(crate) delta: f64,
    /// How certain it is that the plan meets every fleet row.
    pub(crate) confidence: f64,
    /// How many sums were paid.
    pub(crate) rounds_paid: u32,
    /// Of how many sums the plan is the mean.
    pub(crate) mean_of: u32,
    pub(crate) rows: Vec<RowNoise>,
    pub(crate) accounts: Vec<Account>,
    /// The plan's cost, recomputed in this process.
    pub(crate) objective: Option<f64>,
    /// The optimum in the clear.
    pub(crate) reference: Option<f64>,
    /// What the asset that spends most had spent after each round.
    pub(crate) course: Vec<f64>,
}

/// What the budget means for one fleet row, in the row's own unit.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RowNoise {
    pub(crate) row: String,
    /// The most that one asset may use.
    pub(crate) clip: f64,
    /// The standard deviation of the noise on one sum.
    pub(crate) deviation: f64,
    /// By how much the plan keeps away from the limits.
    pub(crate) margin: f64,
    /// The size of the limit.
    pub(crate) limit: f64,
}

/// One asset's budget after the plan.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Account {
    pub(crate) asset: String,
    pub(crate) epsilon: f64,
    /// Spent by earlier plans from the same budget.
    pub(crate) epsilon_before: f64,
    /// Spent in all.
    pub(crate) epsilon_spent: f64,
    pub(crate) epsilon_left: f64,
    pub(crate) releases: u64,
}

impl Spending {
    const LISTED_MAX: usize = 10;
    const BAR: usize = 20;

    /// By how much the plan is dearer than the optimum, relative to one plus the optimum's size.
    fn cost_relative(&self) -> Option<f64> {
        let (objective, reference) = (self.objective?, self.reference?);
        Some((objective - reference) / (1.0 + reference.abs()))
    }

    /// For machines.
    pub(crate) fn json(&self) -> Value {
        json!({
            "epsilon": self.epsilon,
            "delta": self.delta,
            "confidence": self.confidence,
            "rounds_paid": self.rounds_paid,
            "mean_of": self.mean_of,
            "epsilon_by_round": self.course,
            "rows": self.rows,
            "accounts": self.accounts,
            // Worked out in this process from what no fleet would show; not covered by the budget.
            "in_the_clear": { "optimum": self.reference, "cost_relative": self.cost_relative() },
            "one_process": true,
        })
    }

    /// The most that any asset had spent before this plan.
    pub(crate) fn before(&self) -> f64 {
        self.accounts.iter().fold(0.0, |most, account| most.max(account.epsilon_before))
    }

    /// What was planned under which budget, and what it cost in optimality: a sentence each.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let mut text = format!(
            "planned under epsilon {} at delta {:e}, spread over {}; ",
            short(self.epsilon),
            self.delta,
            count(self.rounds_paid as usize, "round")
        );
        text.push_str(&match self.objective {
            Some(_) => format!(
                "the plan meets every fleet row with {} % confidence, and is never called optimal",
                digits(100.0 * self.confidence, 4)
            ),
            None => "no plan keeps the distance that the noise demands: raise --epsilon, change --rounds-max, lower --clip, or start from prices with --warm".to_owned(),
        });
        let mut sentences = vec![text];
        if let Some(cost) = self.cost_relative() {
            sentences.push(format!(
                "it costs {} % more than the optimum in the clear ({}), which this process worked out for comparison outside the budget",
                digits(100.0 * cost, 3),
                digits(self.reference.unwrap_or(f64::NAN), 6)
            ));
        }
        sentences
    }

    /// The noise on each of the first rows.
    pub(crate) fn row_table(&self, listed: usize) -> Table {
        let mut rows = Table::new(&[
            ("fleet row", Align::Left),
            ("limit", Align::Right),
            ("clip per asset", Align::Right),
            ("noise deviation", Align::Right),
            ("kept from the limit", Align::Right),
        ]);
        for row in self.rows.iter().take(listed) {
            rows.push(vec![
                row.row.clone(),
                short(row.limit),
                short(row.clip),
                short(row.deviation),
                short(row.margin),
            ]);
        }
        rows
    }

    /// The budgets of those that spent most.
    pub(crate) fn account_table(&self, listed: usize) -> Table {
        let mut dearest: Vec<&Account> = self.accounts.iter().collect();
        dearest.sort_by(|a, b| b.epsilon_spent.total_cmp(&a.epsilon_spent));
        let mut accounts = Table::new(&[
            ("privacy budget of", Align::Left),
            ("spent", Align::Left),
            ("before", Align::Right),
            ("epsilon spent", Align::Right),
            ("left", Align::Right),
            ("releases", Align::Right),
        ]);
        for account in dearest.iter().take(listed) {
            accounts.push(vec![
                account.asset.clone(),
                bar(account.epsilon_spent / account.epsilon),
                digits(account.epsilon_before, 4),
                digits(account.epsilon_spent, 4),
                digits(account.epsilon_left, 4),
                account.releases.to_string(),
            ]);
        }
        accounts
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        format!(
            "{}\n\n{}{}\n{}{}noise and masks are made inside one process, which protects nobody: it shows and measures",
            self.sentences().join("\n"),
            self.row_table(Self::LISTED_MAX).text(),
            more(self.rows.len(), "row"),
            self.account_table(Self::LISTED_MAX).text(),
            more(self.accounts.len(), "asset")
        )
    }
}

fn more(all: usize, noun: &str) -> String {
    match all.saturating_sub(Spending::LISTED_MAX) {
        0 => String::new(),
        n => format!("and {} more; --json lists all\n", count(n, noun)),
    }
}

/// `########............`
fn bar(part: f64) -> String {
    let full = (part.clamp(0.0, 1.0) * Spending::BAR as f64).round() as usize;
    format!("{}{}", "#".repeat(full), ".".repeat(Spending::BAR - full))
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_is_as_full_as_the_part_is_spent() {
        assert_eq!(bar(0.0), "....................");
        assert_eq!(bar(0.25), "#####...............");
        assert_eq!(bar(1.5), "####################");
    }
}
