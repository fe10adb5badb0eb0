use cosmosmesh_contracts::round::{ColumnKey, Mix, Move};

use super::response::Response;
use super::{Participant, ParticipantError};
use crate::local::Newton;

impl Participant {
    /// The same in the engine's own variables.
    pub(super) fn mixed(&self, mix: &Mix) -> Result<Vec<f64>, ParticipantError> {
        let mut x = vec![0.0; self.engine.model.n];
        for (key, weight) in &mix.weights {
            let made;
            let column = match (self.column(*key), mix.moves.iter().find(|step| step.key == *key)) {
                (Some(column), _) => column,
                (None, Some(step)) => {
                    made = self.moved(step).ok_or(ParticipantError::UnknownColumn(*key))?;
                    &made
                }
                (None, None) => return Err(ParticipantError::UnknownColumn(*key)),
            };
            x.iter_mut().zip(column).for_each(|(x, c)| *x += weight * c);
        }
        Ok(x)
    }

    /// The plan that a move makes of one of the last answers; none if that answer is not kept.
    ///
    /// # Cost
    /// One analysis and one factorisation.
    /// # Source
    /// docs/math/federated-solver.md#moves.
    pub(super) fn moved(&self, step: &Move) -> Option<Vec<f64>> {
        let response = self.origin(step.key)?;
        let touched = self.engine.model.touched.iter().zip(&self.scale).zip(&response.pull);
        let d: Vec<f64> = touched.map(|((&row, scale), pull)| pull - step.prices[row] / scale).collect();
        let change = Newton::new(&self.engine.model).along(&self.engine.model, &response.weight, &d).ok()?;
        Some(response.point.x.iter().zip(&change).map(|(x, d)| x + step.length * d).collect())
    }

    /// The answer that a moved plan is made of.
    pub(super) fn origin(&self, key: ColumnKey) -> Option<&Response> {
        let index = key.slot.checked_sub(ColumnKey::MOVED)?;
        let kept = if key.round == self.pending_round { self.pending.get(usize::from(index)) } else { None };
        kept.filter(|response| response.weight.len() == self.engine.model.constraints())
    }

    pub(super) fn column(&self, key: ColumnKey) -> Option<&Vec<f64>> {
        self.columns.get(&key).or_else(|| self.held.get(&key.round))
    }

    /// The first plan of a mix that is not kept here.
    pub(super) fn unknown(&self, mix: &Mix) -> Option<ColumnKey> {
        mix.weights.iter().map(|(key, _)| *key).find(|key| self.column(*key).is_none() && self.origin(*key).is_none())
    }
}
