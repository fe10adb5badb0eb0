use cosmosmesh_contracts::problem::Bounds;
use cosmosmesh_contracts::round::{FieldKind, SummedReport};

use super::evidence::Evidence;
use super::master::{Priced, Summed, master};
use super::model::Model;

/// The public scaling `D` of the fleet's rows, which follows from the first sum, and the limits in scaled rows.
pub(super) struct ScaledRows {
    scale: Option<Vec<f64>>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    /// The prices that hold closed rows at their limits; none for the other rows, and an empty list before the first sum.
    held: Vec<Option<f64>>,
    /// How many private inequalities all assets have together.
    pub(super) sides: f64,
}

/// In which units a sum's rows are; the first sum is in the problem's, the later ones are in scaled rows.
pub(super) struct Units {
    /// A sum's rows divided by this are in the problem's units; prices of its query times this are, too.
    pub(super) plain: Vec<f64>,
    /// A sum's rows times this are scaled ones; prices of its query divided by this are, too.
    pub(super) scaled: Vec<f64>,
}

impl ScaledRows {
    /// Before the first sum.
    pub(super) fn unknown() -> Self {
        Self { scale: None, lower: Vec::new(), upper: Vec::new(), held: Vec::new(), sides: 1.0 }
    }

    /// The scaling, once the first sum was heard.
    pub(super) fn scale(&self) -> Option<&Vec<f64>> {
        self.scale.as_ref()
    }

    /// The units of this sum; from the first one the scaling follows.
    pub(super) fn hear(&mut self, sum: &SummedReport, bounds: &Bounds) -> Units {
        let ones = vec![1.0; bounds.len()];
        if let Some(scale) = &self.scale {
            return Units { plain: scale.clone(), scaled: ones };
        }
        let scale = scale(sum);
        let scaled = |list: &[f64]| list.iter().zip(&scale).map(|(b, d)| b * d).collect();
        (self.lower, self.upper) = (scaled(bounds.lower()), scaled(bounds.upper()));
        self.sides = sum.scalar(FieldKind::ConstraintCount, 0).max(1.0);
        self.scale = Some(scale.clone());
        Units { plain: ones, scaled: scale }
    }
}

/// How often what the barrier alone would leave beyond the limit of a closed row counts as held, per asset.
const HELD: f64 = 10.0;
/// What of a price that ran away until its row was known to be closed is taken over.
const EXCESS: f64 = 0.1;
/// By what factor a price that does not hold its row grows in a round, and at most to where.
const GROWTH: f64 = 3.0;
const PRICE_MAX: f64 = 1e12;

impl ScaledRows {
    /// Where the modelled fleet is on the central path of its rows; closed rows have none, and the prices that hold them are given.
    ///
    /// # Errors
    /// The prices that ran away, if there is no such point.
    pub(super) fn master(&self, model: &Summed<'_>, mu: f64) -> Result<Priced, Vec<f64>> {
        if self.held.iter().all(Option::is_none) {
            return master(model, &self.lower, &self.upper, mu);
        }
        let m = self.held.len();
        let free: Vec<usize> = (0..m).filter(|&k| self.held[k].is_none()).collect();
        let moved = |a: usize| -> f64 {
            let by = |(k, held): (usize, &Option<f64>)| {
                held.map_or(0.0, |price| model.curvature[a * m + k] * (price - model.prices[k]))
            };
            self.held.iter().enumerate().map(by).sum()
        };
        let pick = |list: &[f64]| -> Vec<f64> { free.iter().map(|&k| list[k]).collect() };
        let answer: Vec<f64> = free.iter().map(|&a| model.answer[a] - moved(a)).collect();
        let curvature: Vec<f64> =
            free.iter().flat_map(|&a| free.iter().map(move |&b| model.curvature[a * m + b])).collect();
        let prices = pick(model.prices);
        let part = Summed { answer: &answer, curvature: &curvature, prices: &prices };
        let whole = |part: &[f64], held: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let mut whole: Vec<f64> = (0..m).map(held).collect();
            free.iter().zip(part).for_each(|(&k, v)| whole[k] = *v);
            whole
        };
        let price = |k: usize| self.held[k].unwrap_or(0.0);
        match master(&part, &pick(&self.lower), &pick(&self.upper), mu) {
            // Whatever a held row's use, its price stays: it gives without end.
            Ok(at) => Ok(Priced { prices: whole(&at.prices, &price), give: whole(&at.give, &|_| f64::INFINITY) }),
            Err(prices) => Err(whole(&prices, &price)),
        }
    }

    /// The prices that hold closed rows: from where the base has them they grow until the barrier alone keeps the rows from their limits.
    ///
    /// Any price beyond a row's multiplier is as good as another, so it need not be known.
    /// # Source
    /// docs/math/federated-solver.md#closed-rows.
    pub(super) fn hold(&mut self, evidence: &Evidence, base: Option<&Model>, assets: f64) {
        let Some(base) = base else { return };
        self.held.resize(base.prices.len(), None);
        for (k, held) in self.held.iter_mut().enumerate() {
            let sign = evidence.closed.sign(k);
            let limit = if sign > 0.0 { self.upper[k] } else { self.lower[k] };
            let beyond = (sign * (base.usage[k] - limit)).max(0.0);
            *held = match held {
                _ if sign == 0.0 => None,
                // A price that ran away is larger than need be.
                None if base.prices[k] != 0.0 => Some(EXCESS * base.prices[k].abs()),
                None => Some(base.barrier / if beyond > 0.0 { beyond } else { 1.0 }),
                Some(price) if base.index.is_some() && beyond * price.abs() > HELD * assets * base.barrier => {
                    Some(GROWTH * price.abs())
                }
                Some(price) => Some(price.abs()),
            }
            .map(|price| sign * price.min(PRICE_MAX));
        }
    }
}

/// `D_k = (sum_i |G_i,k|^2 / N)^-1/2`, from the first sum; one for a row that nobody touches.
pub(super) fn scale(first: &SummedReport) -> Vec<f64> {
    let count = first.contributors() as f64;
    let norms = first.field(FieldKind::RowNorms, 0);
    norms.iter().map(|n| if *n > 0.0 { (n / count).sqrt().recip() } else { 1.0 }).collect()
}
