use std::collections::BTreeMap;

use crate::CatoptError;

/// What changed in a plan between two rounds: an arrow of the time monoid, acting on plans.
///
/// Deltas compose where they meet, `a to b` then `b to c` is `a to c`; `a to a` without change is the identity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanDelta {
    /// The round it starts from.
    pub from: u64,
    /// The round it leads to.
    pub to: u64,
    /// New values by object and variable, counted from zero.
    pub set: BTreeMap<(String, usize), f64>,
}

/// A plan of every object at one round: what deltas act on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanState {
    /// The round.
    pub round: u64,
    /// One value per variable, by object.
    pub plans: BTreeMap<String, Vec<f64>>,
}

impl PlanDelta {
    /// The identity at a round.
    pub fn identity(round: u64) -> Self {
        Self { from: round, to: round, set: BTreeMap::new() }
    }

    /// What differs between two plans, bit by bit.
    ///
    /// # Errors
    /// [`CatoptError::Step`] if they are not plans of the same variables, or time runs backwards.
    pub fn between(before: &PlanState, after: &PlanState) -> Result<Self, CatoptError> {
        let shape =
            |state: &PlanState| state.plans.iter().map(|(id, x)| (id.clone(), x.len())).collect::<BTreeMap<_, _>>();
        if before.round > after.round || shape(before) != shape(after) {
            return Err(CatoptError::step("a delta leads from a plan to a later one of the same variables"));
        }
        let mut set = BTreeMap::new();
        for ((id, old), new) in before.plans.iter().zip(after.plans.values()) {
            let changed = old.iter().zip(new).enumerate().filter(|(_, (a, b))| a.to_bits() != b.to_bits());
            set.extend(changed.map(|(j, (_, b))| ((id.clone(), j), *b)));
        }
        Ok(Self { from: before.round, to: after.round, set })
    }

    /// This delta and then the next.
    ///
    /// # Errors
    /// [`CatoptError::Step`] if the next does not start where this one ends.
    pub fn then(&self, next: &Self) -> Result<Self, CatoptError> {
        if self.to != next.from {
            let what = format!("a delta to round {} is followed by one from round {}", self.to, next.from);
            return Err(CatoptError::step(format!("{what}; put the missing one between them")));
        }
        let mut set = self.set.clone();
        set.extend(next.set.iter().map(|(place, value)| (place.clone(), *value)));
        Ok(Self { from: self.from, to: next.to, set })
    }

    /// The plan after this delta.
    ///
    /// # Errors
    /// [`CatoptError::Step`] if the plan is of another round or has no such variable.
    pub fn act(&self, state: &PlanState) -> Result<PlanState, CatoptError> {
        if self.from != state.round {
            let what = format!("a delta from round {} does not apply to the plan of round {}", self.from, state.round);
            return Err(CatoptError::step(format!("{what}; apply the ones between first")));
        }
        let mut after = PlanState { round: self.to, plans: state.plans.clone() };
        for ((id, j), value) in &self.set {
            let slot = after.plans.get_mut(id).and_then(|x| x.get_mut(*j));
            let slot = slot.ok_or_else(|| CatoptError::unknown("variable", format!("{j}` of `{id}")))?;
            *slot = *value;
        }
        Ok(after)
    }
}
