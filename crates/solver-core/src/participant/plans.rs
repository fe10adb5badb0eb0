use cosmosmesh_contracts::round::{ColumnKey, Mix, Move};

use super::response::Response;
use super::{Participant, ParticipantError};
use crate::local::{Engine, Model, Newton};

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
    fn moved(&self, step: &Move) -> Option<Vec<f64>> {
        let response = self.origin(step.key)?;
        moved(response, step, &self.scale, &self.engine.model, &mut Newton::new(&self.engine.model))
    }

    /// Makes a moved plan and keeps it. One factorisation.
    ///
    /// # Errors
    /// [`ParticipantError::UnknownColumn`] if the answer that it is made of is not kept.
    pub(super) fn keep_moved(&mut self, step: &Move) -> Result<(), ParticipantError> {
        let made = match self.index_of_origin(step.key) {
            Some(index) => {
                let Engine { model, newton, .. } = &mut self.engine;
                moved(&self.pending[index], step, &self.scale, model, newton)
            }
            None => None,
        };
        self.columns.insert(step.key, made.ok_or(ParticipantError::UnknownColumn(step.key))?);
        Ok(())
    }

    /// The answer that a moved plan is made of.
    pub(super) fn origin(&self, key: ColumnKey) -> Option<&Response> {
        Some(&self.pending[self.index_of_origin(key)?])
    }

    fn index_of_origin(&self, key: ColumnKey) -> Option<usize> {
        let index = usize::from(key.slot.checked_sub(ColumnKey::MOVED)?);
        let kept = if key.round == self.pending_round { self.pending.get(index) } else { None };
        kept.filter(|response| response.weight.len() == self.engine.model.constraints()).map(|_| index)
    }

    pub(super) fn column(&self, key: ColumnKey) -> Option<&Vec<f64>> {
        self.columns.get(&key).or_else(|| self.held.get(&key.round))
    }

    /// The first plan of a mix that is not kept here.
    pub(super) fn unknown(&self, mix: &Mix) -> Option<ColumnKey> {
        mix.weights.iter().map(|(key, _)| *key).find(|key| self.column(*key).is_none() && self.origin(*key).is_none())
    }
}

/// The plan of an answer after a move towards these prices.
fn moved(response: &Response, step: &Move, scale: &[f64], model: &Model, newton: &mut Newton) -> Option<Vec<f64>> {
    let touched = model.touched.iter().zip(scale).zip(&response.pull);
    let d: Vec<f64> = touched.map(|((&row, scale), pull)| pull - step.prices[row] / scale).collect();
    let change = newton.along(model, &response.weight, &d).ok()?;
    Some(response.point.x.iter().zip(&change).map(|(x, d)| x + step.length * d).collect())
}
