use core::fmt;

use super::{Ask, ColumnKey, Guide, Mix, Move, ReportLayout, Rest, RoundQuery, RoundResult};
use crate::plan::{PlanKind, Status};

/// What is wrong with a query or a result of planning that came over a link, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct RoundError {
    /// Where, as a path: `points[2].prices[7]`.
    pub place: String,
    /// What.
    pub kind: RoundErrorKind,
}

/// The ways in which a query or a result can be wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RoundErrorKind {
    /// A number outside its range; NaN and infinities are outside every range.
    Number {
        /// The number.
        value: f64,
        /// The range, in words.
        range: &'static str,
    },
    /// A count or an index outside its range.
    Count {
        /// What is there.
        found: u64,
        /// The least accepted.
        min: u64,
        /// The greatest accepted.
        max: u64,
    },
    /// A list has another length than the fleet has rows.
    WrongLength {
        /// The fleet's rows.
        expected: usize,
        /// What is there.
        found: usize,
    },
    /// A list that must rise does not.
    NotAscending,
    /// The answer would exceed [`ReportLayout::LEN_MAX`] numbers.
    AnswerTooLarge,
    /// A part that the status or the kind of plan demands is missing.
    Missing,
}

impl RoundError {
    fn at(place: impl Into<String>, kind: RoundErrorKind) -> Self {
        Self { place: place.into(), kind }
    }
}

impl fmt::Display for RoundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        match &self.kind {
            RoundErrorKind::Number { value, range } => {
                write!(f, "{value} is not {range}; the sender must be asked again")
            }
            RoundErrorKind::Count { found, min, max } => {
                write!(f, "{found} is outside {min} to {max}; the sender must be asked again")
            }
            RoundErrorKind::WrongLength { expected, found } => {
                write!(f, "has {found} entries where the fleet has {expected} rows; the sender speaks of another fleet")
            }
            RoundErrorKind::NotAscending => f.write_str("is not ascending; the sender must sort it"),
            RoundErrorKind::AnswerTooLarge => write!(
                f,
                "the answer would exceed {} numbers; ask at fewer points or use a method without curvature",
                ReportLayout::LEN_MAX
            ),
            RoundErrorKind::Missing => f.write_str("is missing; the sender must be asked again"),
        }
    }
}

impl std::error::Error for RoundError {}

type Checked = Result<(), RoundError>;

impl RoundQuery {
    /// The most points, and the most bound points, of one query.
    pub const POINTS_MAX: usize = 64;
    /// The most columns that one query can retain.
    pub const RETAIN_MAX: usize = 4096;

    /// Whether an asset could answer: what a receiver asks before it computes.
    ///
    /// Whether `row_count` is that of the receiver's own fleet, the receiver must see.
    /// # Errors
    /// [`RoundError`] with a place such as `points[2].prices[7]`: a length, a range, an order, or an answer beyond the limit.
    pub fn check(&self) -> Checked {
        let m = self.row_count as usize;
        count("round", self.round.into(), 1, u32::MAX.into())?;
        count("points", self.points.len() as u64, 0, Self::POINTS_MAX as u64)?;
        count("bound_points", self.bound_points.len() as u64, 0, Self::POINTS_MAX as u64)?;
        count("retain", self.retain.len() as u64, 0, Self::RETAIN_MAX as u64)?;
        if let Some(scale) = &self.row_scale {
            list("row_scale", scale, m, |v| v > 0.0, "a finite positive number")?;
        }
        for (k, point) in self.points.iter().enumerate() {
            list(&format!("points[{k}].prices"), &point.prices, m, |_| true, FINITE)?;
            number(&format!("points[{k}].barrier"), point.barrier, |v| v > 0.0, "a finite positive number")?;
        }
        if let Ask::Follow { curvature, open, .. }
        | Ask::Guided(Guide { curvature, open, .. })
        | Ask::Allotted { guide: Guide { curvature, open, .. }, .. } = &self.ask
        {
            count("ask.open", open.len() as u64, 0, Self::POINTS_MAX as u64)?;
            for (k, price) in open.iter().enumerate() {
                count(&format!("ask.open[{k}].opened"), price.opened.into(), 1, self.round.into())?;
                list(&format!("ask.open[{k}].prices"), &price.prices, m, |_| true, FINITE)?;
            }
            if curvature.windows(2).any(|pair| pair[0] >= pair[1]) {
                return Err(RoundError::at("ask.curvature", RoundErrorKind::NotAscending));
            }
            for (k, &point) in curvature.iter().enumerate() {
                count(
                    &format!("ask.curvature[{k}]"),
                    point.into(),
                    0,
                    self.candidates().len().saturating_sub(1) as u64,
                )?;
            }
        }
        match &self.ask {
            Ask::Path { base, metric }
            | Ask::Follow { base, metric, .. }
            | Ask::Guided(Guide { base, metric, .. })
            | Ask::Allotted { guide: Guide { base, metric, .. }, .. } => {
                if let Some(base) = base {
                    count("ask.base", (*base).into(), 0, Self::POINTS_MAX as u64 - 1)?;
                }
                for (name, value) in [("stiffness", metric.stiffness), ("shift", metric.shift), ("floor", metric.floor)]
                {
                    number(&format!("ask.metric.{name}"), value, |v| v >= 0.0, "a finite number of at least zero")?;
                }
            }
            Ask::Newton { base } => {
                if let Some(base) = base {
                    count("ask.base", (*base).into(), 0, Self::POINTS_MAX as u64 - 1)?;
                }
            }
            Ask::Proximal { penalty, relaxation, shift } | Ask::Accelerated { penalty, relaxation, shift, .. } => {
                count("points", self.points.len() as u64, 1, 1)?;
                number("ask.penalty", *penalty, |v| v > 0.0, "a finite positive number")?;
                number("ask.relaxation", *relaxation, |v| (1.0..2.0).contains(&v), "a number in 1..2")?;
                list("ask.shift", shift, m, |_| true, FINITE)?;
            }
        }
        if let Ask::Allotted { allotted, .. } = &self.ask {
            count("ask.allotted", (*allotted).into(), 0, self.points.len().saturating_sub(1) as u64)?;
        }
        if let Some(Guide { rest, moves, .. }) = self.ask.guide() {
            if let Some(rest) = rest {
                check_rest(rest, m, self.points.len())?;
            }
            for (k, step) in moves.iter().enumerate() {
                let place = format!("ask.moves[{k}]");
                count(&place, step.key.round.into(), u64::from(self.round) - 1, u64::from(self.round) - 1)?;
                check_move(step, &place)?;
                list(&format!("{place}.prices"), &step.prices, m, |_| true, FINITE)?;
            }
            if moves.windows(2).any(|pair| pair[0].key >= pair[1].key) {
                return Err(RoundError::at("ask.moves", RoundErrorKind::NotAscending));
            }
        }
        if let Ask::Accelerated { weights, memory, start, .. } = &self.ask {
            let most = if start.is_some() { 1 } else { u64::from(*memory) + 1 };
            count("ask.weights", weights.len() as u64, 1, most)?;
            list("ask.weights", weights, weights.len(), |_| true, FINITE)?;
            let size = weights.iter().map(|w| w.abs()).sum::<f64>().max(1.0);
            let near_one = |v: f64| (v - 1.0).abs() <= RoundResult::WEIGHT_SUM_TOLERANCE * size;
            number("ask.weights", weights.iter().sum(), near_one, "a sum of one")?;
            if let Some(mix) = start {
                check_mix(mix, self.round.saturating_sub(1), "ask.start")?;
            }
        }
        for (k, &point) in self.bound_points.iter().enumerate() {
            let last = self.points.len().saturating_sub(1) as u64;
            count(&format!("bound_points[{k}]"), point.into(), 0, last)?;
            if self.points.is_empty() || self.bound_points[..k].contains(&point) {
                return Err(RoundError::at(format!("bound_points[{k}]"), RoundErrorKind::Missing));
            }
        }
        if let Some(ray) = &self.ray {
            list("ray", ray, m, |_| true, FINITE)?;
        }
        if self.retain.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(RoundError::at("retain", RoundErrorKind::NotAscending));
        }
        match ReportLayout::of(self) {
            Ok(_) => Ok(()),
            Err(_) => Err(RoundError::at("points", RoundErrorKind::AnswerTooLarge)),
        }
    }
}

impl RoundResult {
    /// How far the weights of a mix may sum from one.
    pub const WEIGHT_SUM_TOLERANCE: f64 = 1e-9;

    /// Whether an asset could follow: what a receiver asks before it does.
    ///
    /// # Errors
    /// [`RoundError`] with a place such as `mix.weights[3]`.
    pub fn check(&self) -> Checked {
        if self.status == Status::Optimal && self.plan != Some(PlanKind::Optimal) {
            return Err(RoundError::at("plan", RoundErrorKind::Missing));
        }
        match &self.mix {
            Some(mix) => check_mix(mix, self.rounds, "mix")?,
            None if self.plan.is_some() => return Err(RoundError::at("mix", RoundErrorKind::Missing)),
            None => {}
        }
        let Some(certificate) = &self.certificate else { return Ok(()) };
        for (name, value) in [
            ("objective", certificate.objective),
            ("dual_bound", certificate.dual_bound),
            ("gap_relative", certificate.gap_relative),
            ("coupling_violation", certificate.coupling_violation),
        ] {
            if value.is_nan() {
                let kind = RoundErrorKind::Number { value, range: "a number" };
                return Err(RoundError::at(format!("certificate.{name}"), kind));
            }
        }
        Ok(())
    }
}

fn check_mix(mix: &Mix, rounds: u32, name: &str) -> Checked {
    for (k, (key, weight)) in mix.weights.iter().enumerate() {
        let place = format!("{name}.weights[{k}]");
        count(&place, key.round.into(), 1, rounds.into())?;
        number(&place, *weight, |v| v > 0.0, "a finite positive number")?;
    }
    if mix.weights.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
        return Err(RoundError::at(format!("{name}.weights"), RoundErrorKind::NotAscending));
    }
    let moved: Vec<_> = mix.weights.iter().map(|(key, _)| *key).filter(|key| key.is_moved()).collect();
    count(&format!("{name}.moves"), mix.moves.len() as u64, moved.len() as u64, moved.len() as u64)?;
    for (k, (step, key)) in mix.moves.iter().zip(moved).enumerate() {
        let place = format!("{name}.moves[{k}]");
        if step.key != key {
            return Err(RoundError::at(place, RoundErrorKind::Missing));
        }
        check_move(step, &place)?;
        list(&format!("{place}.prices"), &step.prices, step.prices.len(), |_| true, FINITE)?;
    }
    let sum: f64 = mix.weights.iter().map(|(_, weight)| weight).sum();
    let near_one = |v: f64| (v - 1.0).abs() <= RoundResult::WEIGHT_SUM_TOLERANCE;
    number(&format!("{name}.weights"), sum, near_one, "a sum of one")
}

/// A move, its prices excepted.
fn check_move(step: &Move, place: &str) -> Checked {
    let last = u64::from(ColumnKey::MOVED) + RoundQuery::POINTS_MAX as u64 - 1;
    count(&format!("{place}.key.slot"), step.key.slot.into(), ColumnKey::MOVED.into(), last)?;
    number(&format!("{place}.length"), step.length, |v| v > 0.0 && v <= 1.0, "a number above 0 and at most 1")
}

fn check_rest(rest: &Rest, m: usize, points: usize) -> Checked {
    let positive = |v: f64| v > 0.0;
    number("ask.rest.weight", rest.weight, positive, "a finite positive number")?;
    list("ask.rest.curvature", &rest.curvature, m * (m + 1) / 2, |_| true, FINITE)?;
    count("ask.rest.give", rest.give.len() as u64, points as u64, points as u64)?;
    for (k, give) in rest.give.iter().enumerate() {
        list(&format!("ask.rest.give[{k}]"), give, m, |v| v >= 0.0, "a finite number of at least zero")?;
    }
    Ok(())
}

const FINITE: &str = "a finite number";

fn number(place: &str, value: f64, inside: impl Fn(f64) -> bool, range: &'static str) -> Checked {
    if value.is_finite() && inside(value) {
        Ok(())
    } else {
        Err(RoundError::at(place, RoundErrorKind::Number { value, range }))
    }
}

fn list(place: &str, values: &[f64], m: usize, inside: impl Fn(f64) -> bool, range: &'static str) -> Checked {
    if values.len() != m {
        return Err(RoundError::at(place, RoundErrorKind::WrongLength { expected: m, found: values.len() }));
    }
    match values.iter().position(|&v| !v.is_finite() || !inside(v)) {
        Some(k) => number(&format!("{place}[{k}]"), values[k], inside, range),
        None => Ok(()),
    }
}

fn count(place: &str, found: u64, min: u64, max: u64) -> Checked {
    if (min..=max).contains(&found) {
        Ok(())
    } else {
        Err(RoundError::at(place, RoundErrorKind::Count { found, min, max }))
    }
}
