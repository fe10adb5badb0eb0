use super::Draft;

/// The columns of one activity, slot by slot; absent where the activity is not allowed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Track(pub(crate) Vec<Option<usize>>);

impl Track {
    /// One variable `name[slot]` between zero and `upper` in every slot that `allowed` names.
    pub(crate) fn allot(
        draft: &mut Draft,
        name: &str,
        slot_count: usize,
        upper: f64,
        mut allowed: impl FnMut(usize) -> bool,
    ) -> Self {
        let columns = (0..slot_count)
            .map(|slot| allowed(slot).then(|| draft.variable(format!("{name}[{slot}]"), 0.0, upper)))
            .collect();
        Self(columns)
    }

    /// The column in a slot.
    pub(crate) fn at(&self, slot: usize) -> Option<usize> {
        self.0[slot]
    }

    /// The slots that have a column, with it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.0.iter().enumerate().filter_map(|(slot, column)| Some((slot, (*column)?)))
    }
}

/// A slack between 0 (the goal is met) and 1 (nothing is done), with the cost `value (u^2 + u) / 2`.
///
/// It could go a little further, so that a problem in which nothing can be done has an interior too.
pub(crate) fn short_fraction(draft: &mut Draft, name: &str, value: f64) -> usize {
    let column = draft.variable(format!("{name}_short_fraction"), 0.0, 1.1);
    draft.attract(column, 0.0, value);
    draft.charge(column, 0.5 * value);
    column
}

/// The row `sum of parts + short >= 1`, where parts are fractions of the goal per unit of a column.
pub(crate) fn reward_goal(draft: &mut Draft, name: &str, short: usize, parts: impl Iterator<Item = (usize, f64)>) {
    draft.row(format!("{name}_goal"), 1.0, f64::INFINITY, parts.chain([(short, 1.0)]));
}
