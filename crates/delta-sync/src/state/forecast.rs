use cosmosmesh_contracts::MissionTime;

use crate::codec::{CodecError, Reader, put_bytes, put_i64, put_u64};
use crate::entry::{BODY_BYTES_MAX, EntryId, put_id, read_id};

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

    /// # Cost
    /// Checks that no forecast covers an earlier one: linear in the count times the logarithm of it.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let count = reader.count(38)?;
        let mut standing: Vec<Forecast> = Vec::with_capacity(count);
        for _ in 0..count {
            let id = read_id(reader)?;
            let (from, until) = (reader.time()?, reader.time()?);
            if until <= from {
                return Err(CodecError::Contradiction);
            }
            standing.push(Forecast { id, from, until, value: reader.bytes(BODY_BYTES_MAX)?.to_vec() });
        }
        if standing.is_empty() || covers_an_earlier_one(&standing) {
            return Err(CodecError::Contradiction);
        }
        Ok(Self { standing })
    }
}

/// Whether some forecast's span lies within that of a later one of the row.
fn covers_an_earlier_one(standing: &[Forecast]) -> bool {
    // From the last to the first: the spans of the later ones that no other of them covers, by their beginning; their ends rise too.
    let mut later: std::collections::BTreeMap<MissionTime, MissionTime> = Default::default();
    for forecast in standing.iter().rev() {
        if later.range(..=forecast.from).next_back().is_some_and(|(_, until)| *until >= forecast.until) {
            return true;
        }
        let within: Vec<MissionTime> = later
            .range(forecast.from..)
            .take_while(|(_, until)| **until <= forecast.until)
            .map(|(from, _)| *from)
            .collect();
        for from in within {
            later.remove(&from);
        }
        later.insert(forecast.from, forecast.until);
    }
    false
}
