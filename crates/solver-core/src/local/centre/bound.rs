use super::{Engine, Model, Point};

impl Engine {
    /// A certified lower bound of `min 1/2 x'Px + linear'x` over the asset's feasible set, from the multipliers at `point`.
    ///
    /// Valid whatever the accuracy of the point: the cost is linearised at `x`, so
    /// `f(x') >= f(x) + g'(x' - x)` for every feasible `x'`, and a linear function over a box has its minimum at a corner.
    /// A variable without finite reach falls back on its own curvature, and without that on a radius of 10^4 (1 + |x_j|).
    /// # Source
    /// docs/math/federated-solver.md#bound.
    pub(crate) fn lower_bound(&mut self, linear: &[f64], quadratic: f64, point: &Point) -> f64 {
        let Self { model, dual, value, .. } = self;
        let n = model.n;
        let mut sum = 0.0;
        let mut size = 0.0;
        dual.copy_from_slice(linear);
        if quadratic != 0.0 {
            value[..n].fill(0.0);
            model.multiply_p(&point.x, &mut value[..n]);
            let energy: f64 = value[..n].iter().zip(&point.x).map(|(p, x)| p * x).sum();
            sum -= 0.5 * energy;
            size += energy.abs();
            dual.iter_mut().zip(&value[..n]).for_each(|(d, p)| *d += p);
        }
        // Row multipliers with the sign that their open sides allow, and what they pay at the bounds.
        for i in 0..model.rows {
            let k = n + i;
            let mut w = point.multiplier(model, k);
            if (w > 0.0 && model.upper[k].is_infinite()) || (w < 0.0 && model.lower[k].is_infinite()) {
                w = 0.0;
            }
            value[k] = w;
            let paid = if w > 0.0 {
                w * model.upper[k]
            } else if w < 0.0 {
                w * model.lower[k]
            } else {
                0.0
            };
            sum -= paid;
            size += paid.abs();
        }
        for (dual, column) in dual.iter_mut().zip(model.a.iter()) {
            *dual += column.iter().map(|&(i, v)| v * value[n + i as usize]).sum::<f64>();
        }
        for j in 0..n {
            let (g, x) = (dual[j], point.x[j]);
            if g == 0.0 {
                continue;
            }
            let (lower, upper) = (model.reach.0[j], model.reach.1[j]);
            let end = if g > 0.0 { lower } else { upper };
            let least = if end.is_finite() {
                g * end
            } else {
                let own = if quadratic != 0.0 { own_curvature(model, j) } else { 0.0 };
                let free = if own > 0.0 { g * x - 0.5 * g * g / own } else { f64::NEG_INFINITY };
                free.max(g * x - g.abs() * 1e4 * (1.0 + x.abs()))
            };
            sum += least;
            size += least.abs();
        }
        sum - 1e-14 * size
    }
}

/// `P_jj` if the column has no other entry, else zero.
fn own_curvature(model: &Model, j: usize) -> f64 {
    let mut own = 0.0;
    for &(a, b, v) in &model.p {
        if a == j && b == j {
            own = v;
        } else if a == j || b == j {
            return 0.0;
        }
    }
    own
}
