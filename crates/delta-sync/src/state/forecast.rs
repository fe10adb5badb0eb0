use cosmosmesh_contracts::MissionTime;

use crate::codec::{put_bytes, put_i64, put_u64};
use crate::entry::{EntryId, put_id};

/// What one entry foretells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// The entry.
    pub id: EntryId,
    /// From when on it holds.
    pub from: MissionTime,
    /// Until when, not included.
    pub until: MissionTime,
    /// What is foretold.
    pub value: Vec<u8>,
}

/// The forecasts of one thing: for each moment the last of the order that covers it.
///
/// One whose whole span a later one covers is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecasts {
    /// In the one order.
    standing: Vec<Forecast>,
}

impl Forecasts {
    /// What is foretold for a moment.
    pub fn at(&self, moment: MissionTime) -> Option<&Forecast> {
        self.standing.iter().rev().find(|forecast| forecast.from <= moment && moment < forecast.until)
    }

    /// All that are not covered by a later one, in the one order.
    pub fn iter(&self) -> impl Iterator<Item = &Forecast> {
        self.standing.iter()
    }

    pub(super) fn take(&mut self, new: Forecast) {
        self.standing.retain(|old| old.from < new.from || new.until < old.until);
        self.standing.push(new);
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put_u64(out, self.standing.len() as u64);
        for forecast in &self.standing {
            put_id(out, &forecast.id);
            put_i64(out, forecast.from.as_ms());
            put_i64(out, forecast.until.as_ms());
            put_bytes(out, &forecast.value);
        }
    }
}
