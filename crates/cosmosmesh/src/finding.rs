use cosmosmesh_contracts::file::{AgentResult, ResultFile, ResultFormat, SumKind};
use cosmosmesh_contracts::plan::{Outcome, Plan, PlanKind, Status};
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_contracts::round::{Contribution, ReportLayout, RoundQuery};
use cosmosmesh_contracts::wire::encode;
use cosmosmesh_solver_core::Link;
use serde_json::{Map, Value, json};

use crate::audit::Audit;
use crate::figure::{bytes, count, digits, duration, short, tiny};
use crate::link::Choice;
use crate::refutation::Refutation;
use crate::spending::Spending;
use crate::sum::{self, MaskCost};
use crate::table::{Align, Table, facts};

/// What a solve cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Effort {
    /// Bytes that one asset would send: wire frames in the open, or masked messages with their set-up.
    pub(crate) bytes_up: u64,
    /// Bytes that one asset would hear.
    pub(crate) bytes_down: u64,
    /// Local Newton steps of all assets.
    pub(crate) newton_steps: u64,
    /// How long it took.
    pub(crate) wall_ms: f64,
    /// What masking cost, if there were masks.
    pub(crate) masks: Option<MaskCost>,
}

/// A solve's result, every claim in it recomputed from the plans.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// What is written.
    pub(crate) result: ResultFile,
    audit: Option<Audit>,
    effort: Effort,
    choice: Option<Choice>,
    link: Option<Link>,
    spending: Option<Spending>,
    notes: Vec<String>,
}

impl Finding {
    /// How far beyond the tolerance a recomputed figure may lie by rounding.
    const ROUNDING: f64 = 1.0 + 1e-6;

    /// Judges the plans of an outcome; without plans there is nothing to judge.
    pub(crate) fn new(
        fleet: &FleetProblem,
        variant: &str,
        tolerance: f64,
        outcome: &Outcome,
        plans: Vec<Plan>,
        effort: Effort,
    ) -> Self {
        let audit = (!plans.is_empty()).then(|| Audit::of(fleet, &plans));
        let certificate = outcome.certificate.as_ref().filter(|_| outcome.status != Status::Unbounded);
        let bound = certificate.map(|certificate| certificate.dual_bound);
        let gap = audit.and_then(|audit| bound.map(|bound| audit.gap_relative(bound)));
        let mut extensions = Map::new();
        extensions.insert("tolerance".into(), json!(tolerance));
        extensions.insert("safe_round".into(), json!(outcome.safe_round));
        extensions.insert("safe_round_one_percent".into(), json!(outcome.safe_round_one_percent));
        extensions.insert("newton_steps".into(), json!(effort.newton_steps));
        if let Some(masks) = &effort.masks {
            extensions.insert("masks".into(), masks.json());
        }
        if let Some(audit) = audit {
            extensions.insert("local_violation".into(), json!(audit.local_violation));
        }
        let plan = if plans.is_empty() { None } else { outcome.plan };
        let agents = plans.into_iter().map(|plan| AgentResult { id: plan.id, x: plan.x }).collect();
        let infeasible = outcome.status == Status::Infeasible;
        let result = ResultFile {
            format: ResultFormat::V1,
            problem: fleet.name().to_owned(),
            variant: variant.to_owned(),
            status: outcome.status,
            rounds: outcome.rounds,
            objective: audit.map(|audit| audit.objective),
            dual_bound: bound,
            gap_relative: gap,
            coupling_violation: audit.map(|audit| audit.coupling_violation),
            prices: outcome.prices.clone(),
            agents,
            bytes_up_per_agent: effort.bytes_up,
            bytes_down_per_agent: effort.bytes_down,
            wall_ms: effort.wall_ms,
            sum: sum::kind(effort.masks.as_ref()),
            plan,
            conflict: infeasible.then(|| outcome.conflict.clone()),
            extensions,
        };
        let mut finding = Self { result, audit, effort, choice: None, link: None, spending: None, notes: Vec::new() };
        finding.recheck(tolerance);
        finding.recheck_conflict(fleet);
        finding.relax(fleet);
        finding
    }

    /// An outcome called optimal that its own numbers do not bear out is a breakdown, not an optimum.
    fn recheck(&mut self, tolerance: f64) {
        if self.result.status != Status::Optimal {
            return;
        }
        let limit = tolerance * Self::ROUNDING;
        let worst = self.audit.map(|audit| audit.coupling_violation.max(audit.local_violation));
        let proven =
            self.result.gap_relative.is_some_and(|gap| gap <= limit) && worst.is_some_and(|worst| worst <= limit);
        if !proven {
            self.downgrade(Status::Numerical);
            self.note("breakdown", "the plan, recomputed outside the solver, misses the tolerance".to_owned());
        }
    }

    /// An infeasible fleet is proven by its assets or by its rows; a claim that neither bears out is a breakdown.
    fn recheck_conflict(&mut self, fleet: &FleetProblem) {
        if self.result.status != Status::Infeasible {
            return;
        }
        match Refutation::of(fleet, self.result.conflict.as_deref().unwrap_or_default()) {
            Refutation::Assets(failing) => {
                let (assets, ids) = (count(failing.len(), "asset"), failing.join(", "));
                self.notes.push(format!("no plan exists: {assets} cannot meet their own rows: {ids}"));
                self.result.extensions.insert("locally_infeasible".into(), json!(failing));
            }
            Refutation::Rows(margin) => {
                self.result.extensions.insert("conflict_margin".into(), json!(margin));
            }
            Refutation::Open => {
                self.downgrade(Status::Numerical);
                self.result.conflict = None;
                self.note(
                    "breakdown",
                    "the fleet was called infeasible, and no proof of it holds when recomputed".to_owned(),
                );
            }
        }
    }

    /// A plan whose variables should be whole is never called optimal.
    fn relax(&mut self, fleet: &FleetProblem) {
        if !fleet.has_integer_columns() {
            return;
        }
        self.result.extensions.insert("relaxed".into(), json!(true));
        if let Some(audit) = self.audit {
            self.result.extensions.insert("integer_violation".into(), json!(audit.integer_violation));
            self.notes.push(format!(
                "relaxed: variables that must be whole were not kept whole, the worst is {} away from a whole number",
                short(audit.integer_violation)
            ));
        }
        if self.result.status == Status::Optimal {
            self.downgrade(Status::RoundLimit);
        }
    }

    fn downgrade(&mut self, status: Status) {
        self.result.status = status;
        if self.result.plan.is_some() {
            self.result.plan = Some(PlanKind::Safe);
        }
    }

    fn note(&mut self, key: &str, text: String) {
        self.result.extensions.insert(key.into(), Value::String(text.clone()));
        self.notes.push(format!("{key}: {text}"));
    }

    /// Adds what `auto` chose.
    pub(crate) fn with_choice(mut self, choice: Option<Choice>) -> Self {
        if let Some(choice) = choice {
            self.result.extensions.insert("chosen".into(), json!(choice.method.name()));
        }
        Self { choice, ..self }
    }

    /// Adds how long the rounds would take over a link, computing not counted.
    pub(crate) fn with_link(mut self, link: Option<Link>) -> Self {
        if let Some(link) = link {
            self.result.extensions.insert("link_s".into(), json!(self.on_link_s(link)));
        }
        Self { link, ..self }
    }

    fn on_link_s(&self, link: Link) -> f64 {
        let bytes = (self.result.bytes_up_per_agent + self.result.bytes_down_per_agent) as f64;
        let rounds = f64::from(self.result.rounds);
        link.predicted_s(rounds, bytes / rounds.max(1.0))
    }

    /// Adds why the arithmetic stopped.
    pub(crate) fn with_breakdown(mut self, breakdown: Option<String>) -> Self {
        if let Some(breakdown) = breakdown {
            self.note("breakdown", breakdown);
        }
        self
    }

    /// Adds that the user stopped the run.
    pub(crate) fn with_interruption(mut self, interrupted: bool) -> Self {
        if interrupted && self.result.status == Status::RoundLimit {
            self.result.extensions.insert("interrupted".into(), json!(true));
            self.notes.push("interrupted by the user".to_owned());
        }
        self
    }

    /// Adds what planning under a privacy budget cost.
    pub(crate) fn with_spending(mut self, spending: Spending) -> Self {
        self.result.sum = SumKind::Noisy;
        self.result.extensions.insert("privacy".into(), spending.json());
        self.result.extensions.insert("stopped".into(), json!("the rounds that the privacy budget pays for are over"));
        self.spending = Some(spending);
        self
    }

    /// What planning under a privacy budget cost, if there was one.
    pub(crate) fn spending(&self) -> Option<&Spending> {
        self.spending.as_ref()
    }

    /// What masking cost, if there were masks.
    pub(crate) fn masks(&self) -> Option<&MaskCost> {
        self.effort.masks.as_ref()
    }

    /// What else there is to say, a sentence each.
    pub(crate) fn sentences(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(String::as_str)
    }

    /// The result as tables.
    pub(crate) fn text(&self, fleet: &FleetProblem) -> String {
        let result = &self.result;
        let rounds = count(result.rounds as usize, "round");
        let mut text = format!("{}: {} after {rounds}, variant {}\n\n", result.problem, result.status, result.variant);
        text.push_str(&facts(&self.figures()));
        if result.status == Status::Infeasible {
            text.push_str(&self.conflict(fleet).map_or_else(String::new, |table| {
                format!(
                    "\nno plan exists: whatever the assets choose, these rows weighted and added up miss their limits\n\n{}{}",
                    table.text(),
                    self.conflict_more()
                )
            }));
        } else if result.status == Status::Unbounded {
            text.push_str("\nthe cost falls as far as anybody looked, far beyond every bound; bound the variables that earn, or give them a cost\n");
        } else if result.plan.is_none() {
            text.push_str("\nno safe plan was found; allow more rounds or a wider tolerance\n");
        } else {
            text.push_str(&match self.dearest(fleet) {
                Some(table) => format!("\n{}", table.text()),
                None => "\nno fleet row stands in anybody's way: every price is zero\n".to_owned(),
            });
        }
        if let Some(masks) = &self.effort.masks {
            text.push_str(&format!("\n{}\n", masks.note()));
        }
        let spending = self.spending.as_ref().map(Spending::text);
        for note in self.notes.iter().chain(&spending) {
            text.push_str(&format!("\n{note}\n"));
        }
        text
    }

    /// The figures by name.
    pub(crate) fn figures(&self) -> Vec<(&'static str, String)> {
        let result = &self.result;
        let none = || "none".to_owned();
        let figure = |value: Option<f64>| value.map_or_else(none, |value| digits(value, 9));
        let small = |value: Option<f64>| value.map_or_else(none, tiny);
        let open = || vec![("sum", "plain, in the open".to_owned())];
        let mut masks = self.effort.masks.as_ref().map_or_else(open, MaskCost::facts);
        if let Some(spending) = &self.spending {
            masks.push(("noise", format!("epsilon {} at delta {:e}", short(spending.epsilon), spending.delta)));
        }
        let round = |key: &str| result.extensions.get(key).filter(|v| !v.is_null()).map_or_else(none, Value::to_string);
        let mut figures = vec![
            ("cost", figure(result.objective)),
            ("proven lower bound", figure(result.dual_bound)),
            ("certified gap", small(result.gap_relative)),
            ("violation of fleet rows", small(result.coupling_violation)),
            ("violation of own rows", small(self.audit.map(|audit| audit.local_violation))),
            ("first safe plan, round", round("safe_round")),
            ("safe and within 1 %, round", round("safe_round_one_percent")),
            ("sent per asset", bytes(result.bytes_up_per_agent)),
            ("received per asset", bytes(result.bytes_down_per_agent)),
            ("local Newton steps", self.effort.newton_steps.to_string()),
            ("wall time", duration(result.wall_ms as u64)),
        ];
        figures.extend(self.link.map(|link| ("over the link", duration((1e3 * self.on_link_s(link)) as u64))));
        figures.extend(self.choice.map(|choice| ("chosen", choice.text())));
        figures.extend(masks);
        figures
    }

    /// The rows that cost most, and how full they are.
    pub(crate) fn dearest(&self, fleet: &FleetProblem) -> Option<Table> {
        let priced = ranked(&self.result.prices);
        if priced.is_empty() {
            return None;
        }
        let plans: Vec<Vec<f64>> = self.result.agents.iter().map(|agent| agent.x.clone()).collect();
        let used = fleet.coupling_values(&plans);
        let bounds = &fleet.coupling().bounds;
        let columns = [
            ("dearest fleet rows", Align::Left),
            ("price", Align::Right),
            ("use", Align::Right),
            ("limit", Align::Right),
        ];
        let mut table = Table::new(&columns);
        for &row in priced.iter().take(Self::LISTED_MAX) {
            let price = self.result.prices[row];
            let limit = if price > 0.0 { bounds.upper()[row] } else { bounds.lower()[row] };
            table.push(vec![fleet.coupling().names[row].clone(), short(price), short(used[row]), short(limit)]);
        }
        Some(table)
    }

    /// The rows that no plan can meet together.
    pub(crate) fn conflict(&self, fleet: &FleetProblem) -> Option<Table> {
        let weights = self.result.conflict.as_deref().unwrap_or_default();
        let heavy = ranked(weights);
        if heavy.is_empty() {
            return None;
        }
        let bounds = &fleet.coupling().bounds;
        let columns = [("rows in conflict", Align::Left), ("weight", Align::Right), ("limit", Align::Right)];
        let mut table = Table::new(&columns);
        for &row in heavy.iter().take(Self::LISTED_MAX) {
            let (side, limit) =
                if weights[row] > 0.0 { ("at most", bounds.upper()[row]) } else { ("at least", bounds.lower()[row]) };
            let limit = format!("{side} {}", short(limit));
            table.push(vec![fleet.coupling().names[row].clone(), short(weights[row]), limit]);
        }
        Some(table)
    }

    fn conflict_more(&self) -> String {
        let heavy = ranked(self.result.conflict.as_deref().unwrap_or_default());
        match heavy.len().saturating_sub(Self::LISTED_MAX) {
            0 => String::new(),
            more => format!("and {} with smaller weights\n", count(more, "more row")),
        }
    }

    const LISTED_MAX: usize = 10;
}

/// The indices of what matters in a list, the largest in absolute value first.
fn ranked(values: &[f64]) -> Vec<usize> {
    let largest = values.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    let mut order: Vec<usize> = (0..values.len()).filter(|&k| values[k].abs() > 1e-6 * largest).collect();
    order.sort_by(|&a, &b| values[b].abs().total_cmp(&values[a].abs()));
    order
}

impl Effort {
    /// Takes in what masking cost: masked messages take the place of frames in the open.
    pub(crate) fn masks(&mut self, cost: Option<MaskCost>) {
        if let Some(MaskCost { traffic, .. }) = &cost {
            self.bytes_up = traffic.bytes_up + traffic.bytes_set_up;
            self.bytes_down += traffic.bytes_down;
        }
        self.masks = cost;
    }

    /// Counts the frames of one round: the query, and one asset's answer to it.
    pub(crate) fn count(&mut self, query: &RoundQuery) {
        self.bytes_down += encode(query).len() as u64;
        let blank = ReportLayout::of(query).and_then(|layout| Contribution::new(&layout, vec![0.0; layout.len()]));
        self.bytes_up += blank.map_or(0, |blank| encode(&blank).len() as u64);
    }
}
