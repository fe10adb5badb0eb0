use super::response::Response;

/// The models of a path that was followed, boldest last: what a later plan of a similar problem starts from.
///
/// They only steer, so curvatures are kept in single precision.
#[derive(Clone, Default)]
pub(super) struct Trail {
    models: Vec<Kept>,
}

/// A response without the plan that it belongs to.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) barrier: f64,
    /// Prices, answer and derivative by the barrier, one after another.
    rows: Vec<f64>,
    curvature: Triangle,
    /// Of the inverse metric that held the asset there, if it did.
    held: Option<Triangle>,
}

/// The upper triangle of a symmetric matrix, row after row, in units of its largest entry.
#[derive(Clone)]
struct Triangle {
    entries: Vec<f32>,
    unit: f64,
}

impl Triangle {
    fn of(full: &[f64], t: usize) -> Self {
        let unit = full.iter().fold(0.0_f64, |largest, v| largest.max(v.abs())).max(f64::MIN_POSITIVE);
        let mut entries = Vec::with_capacity(t * (t + 1) / 2);
        for a in 0..t {
            entries.extend(full[a * t + a..(a + 1) * t].iter().map(|v| (v / unit) as f32));
        }
        Self { entries, unit }
    }

    fn full(&self, t: usize) -> Vec<f64> {
        let mut full = vec![0.0; t * t];
        let mut entries = self.entries.iter();
        for a in 0..t {
            for b in a..t {
                let v = self.unit * entries.next().map_or(0.0, |v| f64::from(*v));
                (full[a * t + b], full[b * t + a]) = (v, v);
            }
        }
        full
    }
}

/// How many models are kept; of a longer path some in the middle are left out.
const TRAIL_MAX: usize = 16;

impl Trail {
    pub(super) fn clear(&mut self) {
        self.models.clear();
    }

    pub(super) fn push(&mut self, response: &Response) {
        if self.models.len() >= TRAIL_MAX {
            self.models.remove(TRAIL_MAX / 2);
        }
        self.models.push(Kept::of(response));
    }

    /// The model at this very barrier.
    pub(super) fn at(&self, barrier: f64) -> Option<&Kept> {
        self.models.iter().find(|model| model.barrier == barrier)
    }

    /// Quotes every model in rows multiplied by a factor each.
    pub(super) fn rescale(&mut self, factor: &[f64]) {
        self.models.iter_mut().for_each(|model| model.rescale(factor));
    }
}

impl Kept {
    fn of(response: &Response) -> Self {
        let t = response.prices.len();
        Self {
            barrier: response.barrier,
            rows: [&response.prices, &response.answer, &response.barrier_derivative].map(Vec::as_slice).concat(),
            curvature: Triangle::of(&response.curvature, t),
            held: (!response.held.is_empty()).then(|| Triangle::of(&response.held, t)),
        }
    }

    /// The affine model, without a plan, pull or weights.
    pub(super) fn response(&self) -> Response {
        let t = self.rows.len() / 3;
        let rows = |k: usize| self.rows[k * t..(k + 1) * t].to_vec();
        Response {
            prices: rows(0),
            barrier: self.barrier,
            answer: rows(1),
            curvature: self.curvature.full(t),
            barrier_derivative: rows(2),
            held: self.held.as_ref().map(|held| held.full(t)).unwrap_or_default(),
            ..Response::default()
        }
    }

    fn rescale(&mut self, factor: &[f64]) {
        let mut response = self.response();
        response.rescale(factor);
        *self = Self::of(&response);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(barrier: f64) -> Response {
        Response {
            prices: vec![1.0, -2.0],
            barrier,
            answer: vec![3.0, 1e-9],
            curvature: vec![4e40, 1e39, 1e39, 7e-3],
            barrier_derivative: vec![0.1, 0.2],
            ..Response::default()
        }
    }

    #[test]
    fn a_model_comes_back_to_single_precision_whatever_its_units() {
        let mut trail = Trail::default();
        trail.push(&response(0.5));
        let back = trail.at(0.5).expect("kept").response();
        let near = |a: f64, b: f64| assert!((a - b).abs() <= 1e-7 * 4e40, "{a} against {b}");
        back.curvature.iter().zip(&response(0.5).curvature).for_each(|(a, b)| near(*a, *b));
        assert_eq!((back.prices, back.answer), (vec![1.0, -2.0], vec![3.0, 1e-9]));
        assert!(trail.at(0.25).is_none());
    }

    #[test]
    fn rescaling_goes_there_and_back() {
        let mut trail = Trail::default();
        trail.push(&response(1.0));
        trail.rescale(&[2.0, 8.0]);
        let there = trail.at(1.0).expect("kept").response();
        assert_eq!((there.prices[1], there.answer[0], there.barrier_derivative[1]), (-0.25, 6.0, 1.6));
        trail.rescale(&[0.5, 0.125]);
        let back = trail.at(1.0).expect("kept").response();
        assert_eq!(back.prices, response(1.0).prices);
        assert!((back.curvature[1] - 1e39).abs() < 1e-6 * 4e40, "{}", back.curvature[1]);
    }

    #[test]
    fn a_long_path_is_thinned_in_the_middle() {
        let mut trail = Trail::default();
        (0..TRAIL_MAX + 9).for_each(|k| trail.push(&response(k as f64)));
        assert_eq!(trail.models.len(), TRAIL_MAX);
        assert!(trail.at(0.0).is_some() && trail.at((TRAIL_MAX + 8) as f64).is_some());
    }
}
