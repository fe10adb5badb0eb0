use cosmosmesh_contracts::round::{Ask, Guide, RoundQuery};

use super::{Participant, ParticipantError};

impl Participant {
    /// Refuses a query of another fleet, of unusable numbers, or one that builds on a missed round.
    pub(super) fn check(&self, query: &RoundQuery) -> Result<(), ParticipantError> {
        let m = self.row_count;
        if query.row_count as usize != m {
            return Err(ParticipantError::RowCount { expected: m, found: query.row_count as usize });
        }
        let unusable = |reason: &str| Err(ParticipantError::Query { reason: reason.to_owned() });
        let list = |v: &[f64]| v.len() == m && v.iter().all(|v| v.is_finite());
        if query.points.is_empty() || query.points.len() > usize::from(u16::MAX) / 2 {
            return unusable("it asks at no point, or at too many");
        }
        if query.candidates().is_empty() {
            return unusable("it asks for allotted plans only");
        }
        if !query.points.iter().all(|p| list(&p.prices) && p.barrier.is_finite() && p.barrier > 0.0) {
            return unusable("a price or a barrier is not a usable number");
        }
        if !query.bound_points.iter().all(|&k| usize::from(k) < query.points.len()) {
            return unusable("a bound is asked for at a point that is not there");
        }
        if query.ray.as_ref().is_some_and(|ray| !list(ray)) {
            return unusable("the ray has another length or is not finite");
        }
        if query.row_scale.as_ref().is_some_and(|s| !list(s) || s.iter().any(|v| *v <= 0.0)) {
            return unusable("a row scale is not positive");
        }
        match &query.ask {
            Ask::Path { base: Some(base), .. } | Ask::Newton { base: Some(base) }
                if self.feasible && usize::from(*base) >= self.pending.len() =>
            {
                Err(ParticipantError::Missed { round: query.round })
            }
            Ask::Accelerated { weights, start: None, .. } if self.feasible && weights.len() > self.steps_known() => {
                Err(ParticipantError::Missed { round: query.round })
            }
            Ask::Accelerated { start: Some(mix), .. } if self.feasible && self.unknown(mix).is_some() => Err(self
                .unknown(mix)
                .map_or(ParticipantError::Missed { round: query.round }, ParticipantError::UnknownColumn)),
            Ask::Accelerated { penalty, shift, weights, .. }
                if !(*penalty > 0.0
                    && penalty.is_finite()
                    && list(shift)
                    && !weights.is_empty()
                    && weights.iter().all(|w| w.is_finite())) =>
            {
                unusable("the penalty, the shift or a weight is not a usable number")
            }
            Ask::Follow { base: Some(base), .. }
            | Ask::Guided(Guide { base: Some(base), .. })
            | Ask::Allotted { guide: Guide { base: Some(base), .. }, .. }
                if self.feasible
                    && usize::from(*base) >= self.pending.len()
                    && !(self.pending.is_empty() && self.base.is_some()) =>
            {
                Err(ParticipantError::Missed { round: query.round })
            }
            Ask::Guided(Guide { rest: Some(rest), .. })
            | Ask::Allotted { guide: Guide { rest: Some(rest), .. }, .. }
                if !(rest.is_usable(m, query.points.len())) =>
            {
                unusable("the curvature of the fleet or what its rows give has another length, or is no usable number")
            }
            Ask::Guided(Guide { moves, .. }) | Ask::Allotted { guide: Guide { moves, .. }, .. }
                if self.feasible && moves.iter().any(|step| !list(&step.prices) || self.origin(step.key).is_none()) =>
            {
                Err(ParticipantError::Missed { round: query.round })
            }
            ask if !ask.open().iter().all(|open| list(&open.prices)) => {
                unusable("an open price has another length or is not finite")
            }
            Ask::Path { metric, .. }
            | Ask::Follow { metric, .. }
            | Ask::Guided(Guide { metric, .. })
            | Ask::Allotted { guide: Guide { metric, .. }, .. }
                if !(metric.stiffness > 0.0 && metric.shift > 0.0 && metric.floor > 0.0) =>
            {
                unusable("the metric is not positive")
            }
            Ask::Proximal { penalty, shift, .. } if !(*penalty > 0.0 && penalty.is_finite() && list(shift)) => {
                unusable("the penalty or the shift is not a usable number")
            }
            _ => Ok(()),
        }
    }
}
