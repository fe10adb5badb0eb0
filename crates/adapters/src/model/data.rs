use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::message::{Contact, Forecast};

use super::{Draft, KILO, Loads, TIE_BREAK};
use crate::FleetRows;

/// Columns of the memory and of what goes through contacts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DataColumns {
    /// Data in memory at the end of each slot, 10^9 bits.
    pub(crate) memory: Vec<usize>,
    /// What leaves, contact by contact and slot by slot.
    pub(crate) sent: Vec<Segment>,
    /// What comes in from others.
    pub(crate) received: Vec<Segment>,
    /// What a relay throws away at the end of each slot to make room, 10^9 bits; empty for a sender.
    pub(crate) discarded: Vec<usize>,
    /// The share of each pass.
    pub(crate) shares: Vec<RelayShare>,
}

/// What an asset may send over a pass, or (negative) promises to receive.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RelayShare {
    /// The fleet's row.
    pub(crate) row: usize,
    /// Index of the pass in the forecast.
    pub(crate) contact: usize,
    /// The share's column, 10^9 bits.
    pub(crate) column: usize,
    /// The largest share in absolute value.
    pub(crate) volume_gbit_max: f64,
    /// Whether the asset receives.
    pub(crate) gives: bool,
}

/// The part of one contact that falls into one slot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    /// The volume's column, 10^9 bits.
    pub(crate) column: usize,
    /// Index of the contact in its list of the forecast.
    pub(crate) contact: usize,
    /// The slot.
    pub(crate) slot: usize,
    /// Where the part begins.
    pub(crate) start: MissionTime,
    /// Where it ends.
    pub(crate) end: MissionTime,
    /// Rate, bits per second.
    pub(crate) rate_bps: f64,
    /// The most that fits, 10^9 bits, less the reserve.
    pub(crate) volume_gbit_max: f64,
}

impl Segment {
    /// Mean power in the slot per 10^9 bits, for a radio of so many watts, kW.
    pub(crate) fn power_kw_per_gbit(&self, radio_w: f64, slot_hours: f64) -> f64 {
        let hours_per_gbit = 1e9 / self.rate_bps / 3_600.0;
        radio_w * KILO * hours_per_gbit / slot_hours
    }
}

/// Parts of a contact shorter than this are not planned.
const SEGMENT_MS_MIN: i64 = 10_000;

/// Cost of throwing 10^9 bits away.
const DISCARD_VALUE_PER_GBIT: f64 = 10.0;

/// There is always a little engineering data to send, 10^9 bits.
const BACKLOG_GBIT_MIN: f64 = 1e-4;

/// One variable per contact and slot.
pub(crate) fn segments(
    draft: &mut Draft,
    name: &str,
    contacts: &[Contact],
    rows: &FleetRows,
    rate_bps_max: f64,
    reserve_fraction: f64,
    planned: impl Fn(&Contact) -> bool,
) -> Vec<Segment> {
    let horizon = rows.horizon();
    let mut found = Vec::new();
    for (index, contact) in contacts.iter().enumerate() {
        let rate_bps = contact.rate_bps.min(rate_bps_max);
        if rate_bps < 1.0 || !planned(contact) {
            continue;
        }
        for slot in 0..horizon.len() {
            let overlap_ms = horizon.overlap_ms(slot, contact.start, contact.end);
            if overlap_ms < SEGMENT_MS_MIN {
                continue;
            }
            let volume_gbit_max = rate_bps * 1e-9 * (overlap_ms as f64 / 1_000.0) * (1.0 - reserve_fraction);
            let start = contact.start.max(horizon.slot_start(slot));
            let column = draft.variable(format!("{name}[{}@{slot}]", contact.name), 0.0, volume_gbit_max);
            found.push(Segment {
                column,
                contact: index,
                slot,
                start,
                end: start.plus_ms(overlap_ms),
                rate_bps,
                volume_gbit_max,
            });
        }
    }
    found
}

impl DataColumns {
    /// Memory variables, one per slot.
    pub(crate) fn memory(draft: &mut Draft, rows: &FleetRows, memory_mbit: f64, reserve_fraction: f64) -> Vec<usize> {
        let upper = memory_mbit * KILO * (1.0 - reserve_fraction);
        (0..rows.horizon().len()).map(|slot| draft.variable(format!("memory_gbit[{slot}]"), 0.0, upper)).collect()
    }

    /// Columns of an asset that sends its data through relay passes.
    pub(crate) fn of_sender(
        draft: &mut Draft,
        forecast: &Forecast,
        rows: &FleetRows,
        memory_mbit: f64,
        rate_bps_max: f64,
        reserve_fraction: f64,
    ) -> Self {
        let memory = Self::memory(draft, rows, memory_mbit, reserve_fraction);
        let known = |contact: &Contact| rows.relay(&contact.name).is_some();
        let sent = segments(draft, "sent_gbit", &forecast.passes, rows, rate_bps_max, reserve_fraction, known);
        let shares = shares(draft, &sent, forecast, rows, false);
        Self { memory, sent, received: Vec::new(), discarded: Vec::new(), shares }
    }

    /// Columns of a relay: it receives in its passes and sends to Earth.
    pub(crate) fn of_relay(
        draft: &mut Draft,
        forecast: &Forecast,
        rows: &FleetRows,
        memory_mbit: f64,
        rate_bps_max: f64,
        reserve_fraction: f64,
    ) -> Self {
        let memory = Self::memory(draft, rows, memory_mbit, reserve_fraction);
        let known = |contact: &Contact| rows.relay(&contact.name).is_some();
        // Whatever happens, a relay can hear all its passes: it then overwrites the oldest data.
        let discarded = (0..rows.horizon().len())
            .map(|slot| draft.variable(format!("discarded_gbit[{slot}]"), 0.0, memory_mbit * KILO))
            .collect();
        let received = segments(draft, "received_gbit", &forecast.passes, rows, f64::INFINITY, reserve_fraction, known);
        let sent =
            segments(draft, "downlink_gbit", &forecast.downlinks, rows, rate_bps_max, reserve_fraction, |_| true);
        let shares = shares(draft, &received, forecast, rows, true);
        Self { memory, sent, received, discarded, shares }
    }

    /// Rows and costs: memory, nothing sent before it is there, shares cover use. `recorded` is 10^9 bits per unit of a column, per slot.
    pub(crate) fn constrain(
        &self,
        draft: &mut Draft,
        forecast: &Forecast,
        rows: &FleetRows,
        initial_gbit: f64,
        recorded: &Loads,
    ) {
        let initial = initial_gbit.max(BACKLOG_GBIT_MIN);
        for slot in 0..rows.horizon().len() {
            let here = |segments: &[Segment], sign: f64| -> Vec<(usize, f64)> {
                segments.iter().filter(|s| s.slot == slot).map(|s| (s.column, sign)).collect()
            };
            let leaving = here(&self.sent, 1.0);
            let carried = if slot == 0 { initial } else { 0.0 };
            let before = (slot > 0).then(|| (self.memory[slot - 1], -1.0));
            if !leaving.is_empty() {
                let terms = leaving.iter().copied().chain(before);
                draft.row(format!("memory_before_sending[{slot}]"), f64::NEG_INFINITY, carried, terms);
            }
            let mut terms = vec![(self.memory[slot], 1.0)];
            terms.extend(before);
            terms.extend(leaving);
            terms.extend(here(&self.received, -1.0));
            if let Some(&column) = self.discarded.get(slot) {
                terms.push((column, 1.0));
                draft.attract(column, 0.0, TIE_BREAK);
                draft.charge(column, DISCARD_VALUE_PER_GBIT);
            }
            terms.extend(recorded[slot].iter().map(|&(column, gbit)| (column, -gbit)));
            draft.row(format!("memory[{slot}]"), carried, carried, terms);
        }
        for segment in self.sent.iter().chain(&self.received) {
            let upper = segment.volume_gbit_max;
            draft.attract(segment.column, 0.0, TIE_BREAK / (upper * upper));
        }
        for share in &self.shares {
            // A sender's share is at least what it sends; a relay's is at least minus what it receives.
            let (segments, sign) = if share.gives { (&self.received, 1.0) } else { (&self.sent, -1.0) };
            let parts = segments.iter().filter(|s| s.contact == share.contact).map(|s| (s.column, sign));
            let name = format!("relay_share[{}]", forecast.passes[share.contact].name);
            draft.row(name, 0.0, f64::INFINITY, parts.chain([(share.column, 1.0)]));
            draft.couple(share.row, share.column, 1.0);
            draft.attract(share.column, 0.0, TIE_BREAK / (share.volume_gbit_max * share.volume_gbit_max));
        }
    }

    /// Lets the memory start fuller than the planner would fill it.
    pub(crate) fn admit_initial(&self, draft: &mut Draft, initial_gbit: f64, planned_gbit_max: f64) {
        let upper = planned_gbit_max.max(initial_gbit * 1.01 + BACKLOG_GBIT_MIN);
        for &column in &self.memory {
            draft.bound(column, 0.0, upper);
        }
    }
}

fn shares(
    draft: &mut Draft,
    segments: &[Segment],
    forecast: &Forecast,
    rows: &FleetRows,
    gives: bool,
) -> Vec<RelayShare> {
    let mut found = Vec::new();
    for (contact, pass) in forecast.passes.iter().enumerate() {
        let Some(row) = rows.relay(&pass.name) else { continue };
        let volume: f64 = segments.iter().filter(|s| s.contact == contact).map(|s| s.volume_gbit_max).sum();
        if volume > 0.0 {
            let (lower, upper) = if gives { (-volume, 0.0) } else { (0.0, volume) };
            let column = draft.variable(format!("share:relay_gbit[{}]", pass.name), lower, upper);
            found.push(RelayShare { row, contact, column, volume_gbit_max: volume, gives });
        }
    }
    found
}
