use std::collections::BTreeMap;

/// What happens to the replicas of a fleet.
pub(super) enum Happening {
    /// An asset writes an entry.
    Write(usize),
    /// Figures are taken, and whoever proposes checkpoints looks whether it is time.
    Look,
    /// A contact from one asset to another begins, and is planned to last until then.
    Open(usize, usize, i64),
    /// It ends.
    Close(usize, usize),
    /// A frame from one asset reaches another.
    Arrive(usize, usize, Vec<u8>),
}

/// What happens next; things of one instant keep the order in which they were planned.
#[derive(Default)]
pub(super) struct Agenda {
    happenings: BTreeMap<(i64, u64), Happening>,
    count: u64,
}

impl Agenda {
    pub(super) fn push(&mut self, at_ms: i64, happening: Happening) {
        self.count += 1;
        self.happenings.insert((at_ms, self.count), happening);
    }

    pub(super) fn next_ms(&self) -> Option<i64> {
        self.happenings.keys().next().map(|key| key.0)
    }

    pub(super) fn pop(&mut self) -> Option<(i64, Happening)> {
        self.happenings.pop_first().map(|((at_ms, _), happening)| (at_ms, happening))
    }
}
