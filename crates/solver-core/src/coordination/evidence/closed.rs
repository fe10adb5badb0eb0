use cosmosmesh_contracts::problem::Bounds;

/// Fleet rows that every plan keeps exactly at a limit, since nobody can use less of them, or more: a corridor closed for all.
///
/// A row is suspected as long as no plan was seen inside its limit.
/// Suspicion is proven by the ray of the suspected rows: where all assets together cannot do better than the weighted limits, each of these rows is at its limit
/// in every plan that meets them all.
/// # Source
/// docs/math/federated-solver.md#closed-rows.
#[derive(Clone)]
pub(crate) struct ClosedRows {
    /// Per row, whether a plan was yet to be seen inside its upper and its lower limit.
    suspected: Vec<(bool, bool)>,
    /// Per row the sign of the price that keeps it at its limit; zero where it is not proven closed.
    sign: Vec<f64>,
}

/// How far inside a limit a plan must be to be inside, in the row's own scale.
const INSIDE: f64 = 1e-6;
/// How exactly a ray must be at its limit, in the rows' own scales: several times what local bounds may be off.
const EXACT: f64 = 1e-4;
/// The first round that asks for a closing ray; a fleet without a plan of any kind is proven so before.
const FROM_ROUND: u32 = 4;
/// Every how many rounds.
const EVERY: u32 = 2;

impl ClosedRows {
    /// Every limit is suspected but those of equality rows, which a price of either sign can hold.
    pub(super) fn new(bounds: &Bounds) -> Self {
        let suspected = |k: usize| {
            let limited = |limit: f64| limit.is_finite() && !bounds.is_equality(k);
            (limited(bounds.upper()[k]), limited(bounds.lower()[k]))
        };
        Self { suspected: (0..bounds.len()).map(suspected).collect(), sign: vec![0.0; bounds.len()] }
    }

    /// Sees what a plan uses: a limit that it is inside of is not closed, whatever was thought before.
    pub(super) fn see(&mut self, usage: &[f64], bounds: &Bounds, row_scale: &[f64]) {
        for (k, suspected) in self.suspected.iter_mut().enumerate() {
            let room = INSIDE * row_scale[k];
            suspected.0 &= usage[k] > bounds.upper()[k] - room;
            suspected.1 &= usage[k] < bounds.lower()[k] + room;
            let (sign, (upper, lower)) = (self.sign[k], *suspected);
            if (sign > 0.0 && !upper) || (sign < 0.0 && !lower) {
                self.sign[k] = 0.0;
            }
        }
    }

    /// The ray that would prove the suspected rows closed, in scaled rows; none if it is not time to ask, or nothing is suspected.
    pub(super) fn ray(&self, round: u32) -> Option<Vec<f64>> {
        let open = |k: usize| match (self.sign[k] == 0.0, self.suspected[k]) {
            (true, (true, false)) => 1.0,
            (true, (false, true)) => -1.0,
            _ => 0.0,
        };
        let ray: Vec<f64> = (0..self.sign.len()).map(open).collect();
        let norm = ray.iter().map(|r| r * r).sum::<f64>().sqrt();
        let due = round >= FROM_ROUND && round.is_multiple_of(EVERY) && norm > 0.0;
        due.then(|| ray.iter().map(|r| r / norm).collect())
    }

    /// Hears by how much the least weighted use of all assets is above the weighted limits: at about zero, all weighted rows are closed.
    pub(super) fn hear(&mut self, weights: &[f64], above: f64, error: f64, row_scale: &[f64]) {
        let suspected =
            |(w, (upper, lower)): (&f64, &(bool, bool))| *w == 0.0 || if *w > 0.0 { *upper } else { *lower };
        let size: f64 = weights.iter().zip(row_scale).map(|(w, s)| w.abs() * s).sum();
        if size > 0.0 && above >= -(EXACT * size + error) && weights.iter().zip(&self.suspected).all(suspected) {
            self.sign.iter_mut().zip(weights).filter(|(_, w)| **w != 0.0).for_each(|(sign, w)| *sign = w.signum());
        }
    }

    /// Whether there are any.
    pub(super) fn any(&self) -> bool {
        self.sign.iter().any(|sign| *sign != 0.0)
    }

    /// The sign of the price that keeps a row at its limit; zero where the row is not closed.
    pub(crate) fn sign(&self, row: usize) -> f64 {
        self.sign[row]
    }
}
