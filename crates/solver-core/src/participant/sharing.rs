use std::collections::VecDeque;

use cosmosmesh_contracts::round::{ColumnKey, FieldKind, Mix, RoundQuery};

use super::{Participant, ParticipantError, Writer};
use crate::local::{Centred, Metric};

/// What the sharing ADMM keeps between rounds, over the rows it touches, newest first.
#[derive(Default)]
pub(super) struct Consensus {
    /// The relaxed uses `alpha y + (1 - alpha) z`.
    pub(super) relaxed: VecDeque<Vec<f64>>,
    /// The residuals `y - z` of the same steps, but for a start, which has none.
    pub(super) residual: VecDeque<Vec<f64>>,
}

/// One step of the sharing ADMM, as everybody heard it.
pub(super) struct Proximal<'a> {
    pub(super) penalty: f64,
    pub(super) relaxation: f64,
    pub(super) shift: &'a [f64],
    pub(super) weights: &'a [f64],
    pub(super) memory: usize,
}

impl Participant {
    /// How many earlier steps of the sharing ADMM a combination may use; one at the beginning, when the first step is free.
    pub(super) fn steps_known(&self) -> usize {
        self.consensus.as_ref().map_or(1, |consensus| consensus.relaxed.len())
    }

    /// Forgets the earlier steps: the use of a plan stands in for them.
    pub(super) fn start_from(&mut self, mix: &Mix) -> Result<(), ParticipantError> {
        let x = self.mixed(mix)?;
        let mut y = vec![0.0; self.engine.model.touched.len()];
        self.engine.model.coupling(&x, &mut y);
        self.consensus = Some(Consensus { relaxed: VecDeque::from([y]), residual: VecDeque::new() });
        Ok(())
    }

    /// The proximal step of sharing ADMM.
    ///
    /// # Source
    /// Boyd et al., "Distributed optimization and statistical learning via ADMM", 2011, section 7.3;
    /// docs/math/federated-solver.md#anderson for the combination of earlier steps.
    pub(super) fn proximal(&mut self, query: &RoundQuery, step: &Proximal<'_>, out: &mut Writer<'_>) {
        let t = self.engine.model.touched.len();
        let touched = self.engine.model.touched.clone();
        let candidate = &query.points[0];
        let prices: Vec<f64> = touched.iter().map(|&row| candidate.prices[row]).collect();
        let mut point = self.start.clone();
        if self.artificial.is_some() && self.consensus.is_none() {
            // Alone this asset would run to the end of its box: it starts from no use at all instead.
            self.consensus = Some(Consensus { relaxed: VecDeque::from([vec![0.0; t]]), residual: VecDeque::new() });
        }
        let mut linear = self.engine.model.q.clone();
        let metric = self.consensus.as_ref().map(|consensus| {
            // z_i = combined own use + shift; then argmin f_i + p'y + rho/2 |y - z_i|^2.
            let mut metric = Metric::identity(t, step.penalty);
            for (a, &row) in touched.iter().enumerate() {
                let used: f64 = step.weights.iter().zip(&consensus.relaxed).map(|(w, r)| w * r[a]).sum();
                metric.target[a] = used + step.shift[row];
            }
            metric
        });
        if metric.is_some() {
            self.engine.model.coupling_transpose(&prices, &mut linear);
        }
        let centred = self.engine.centre(&linear, 1.0, metric.as_ref(), candidate.barrier, &mut point, 40);
        if centred == Centred::No {
            point = self.start.clone();
        }
        let mut y = vec![0.0; t];
        self.engine.model.coupling(&point.x, &mut y);
        let mut norms = [0.0; 4];
        let mut gram = vec![0.0; step.memory + 1];
        let mut consensus = self.consensus.take().unwrap_or_default();
        let mut relaxed = y.clone();
        if let Some(metric) = &metric {
            let z = &metric.target;
            let residual: Vec<f64> = y.iter().zip(z).map(|(y, z)| y - z).collect();
            for a in 0..t {
                relaxed[a] = step.relaxation * y[a] + (1.0 - step.relaxation) * z[a];
                norms[0] += residual[a].powi(2);
                norms[1] += y[a] * y[a];
                norms[2] += z[a] * z[a];
                norms[3] += (relaxed[a] - consensus.relaxed[0][a]).powi(2);
            }
            consensus.residual.push_front(residual);
            for (g, earlier) in gram.iter_mut().zip(&consensus.residual) {
                *g = consensus.residual[0].iter().zip(earlier).map(|(a, b)| a * b).sum();
            }
        }
        consensus.relaxed.push_front(relaxed);
        consensus.relaxed.truncate(step.memory + 1);
        consensus.residual.truncate(step.memory + 1);
        self.consensus = Some(consensus);
        out.rows(FieldKind::Use, 0, &touched, &y, 1.0);
        out.scalar(FieldKind::Cost, 0, self.engine.model.cost(&point.x));
        out.list(FieldKind::ProximalNorms, 0, &norms);
        out.list(FieldKind::Gram, 0, &gram);
        out.scalar(FieldKind::Boxed, 0, self.boxed_count(&point.x));
        self.columns.insert(ColumnKey { round: query.round, slot: 0 }, point.x.clone());
    }
}
