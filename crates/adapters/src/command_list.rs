use cosmosmesh_contracts::Horizon;
use cosmosmesh_contracts::message::{Action, Command, Contact};

use crate::model::{EnergyColumns, KILO, Segment};
use crate::parameters::BusPort;

/// Commands in the making: what a plan's numbers mean to a vehicle.
pub(crate) struct CommandList<'a> {
    horizon: &'a Horizon,
    commands: Vec<Command>,
    busy: Vec<bool>,
}

/// A task below this part of its peak is not worth a command.
const NOTHING: f64 = 1e-6;

impl<'a> CommandList<'a> {
    pub(crate) fn new(horizon: &'a Horizon) -> Self {
        Self { horizon, commands: Vec::new(), busy: vec![false; horizon.len()] }
    }

    /// Keep-alive over the whole horizon, at the power that was set aside for each slot, kW.
    pub(crate) fn keep_alive(&mut self, power_kw: &[f64]) {
        let hours = |slot: usize| self.horizon.slot_hours(slot);
        let energy_kwh: f64 = power_kw.iter().enumerate().map(|(slot, kw)| kw * hours(slot)).sum();
        let total_hours: f64 = (0..self.horizon.len()).map(hours).sum();
        self.commands.push(Command {
            start: self.horizon.start,
            end: self.horizon.end(),
            action: Action::KeepAlive,
            mean_power_w: energy_kwh / total_hours / KILO,
            peak_power_w: power_kw.iter().fold(0.0, |worst, kw| f64::max(worst, *kw)) / KILO,
        });
    }

    /// One task over one slot.
    pub(crate) fn task(&mut self, slot: usize, mean_kw: f64, peak_power_w: f64, action: Action) {
        let mean_power_w = (mean_kw / KILO).min(peak_power_w);
        if mean_power_w > NOTHING * peak_power_w {
            self.busy[slot] = true;
            let (start, end) = (self.horizon.slot_start(slot), self.horizon.slot_end(slot));
            self.commands.push(Command { start, end, action, mean_power_w, peak_power_w });
        }
    }

    /// Charging from the bus, capped by the share.
    pub(crate) fn charge_from_bus(&mut self, energy: &EnergyColumns, port: &BusPort, x: &[f64]) {
        for (slot, column) in energy.bus.iter() {
            let share_kwh = energy.bus_share.at(slot).map_or(0.0, |share| x[share]);
            let action = Action::ChargeFromBus { energy_wh_max: share_kwh.max(0.0) / KILO };
            self.task(slot, x[column], port.power_w_max, action);
        }
    }

    /// Receiving over relay passes: the radio is on for the whole pass, whatever comes.
    pub(crate) fn receive(&mut self, segments: &[Segment], passes: &[Contact], radio_w: f64, x: &[f64]) {
        for segment in segments {
            self.busy[segment.slot] = true;
            self.commands.push(Command {
                start: segment.start,
                end: segment.end,
                action: Action::Relay {
                    pass: passes[segment.contact].name.clone(),
                    peer: passes[segment.contact].peer.clone(),
                    volume_mbit_max: x[segment.column].max(0.0) / KILO,
                    rate_bps_max: segment.rate_bps,
                },
                mean_power_w: radio_w,
                peak_power_w: radio_w,
            });
        }
    }

    /// Sending over relay passes.
    pub(crate) fn relay(&mut self, segments: &[Segment], passes: &[Contact], radio_w: f64, x: &[f64]) {
        self.radio(segments, radio_w, x, |segment, volume_mbit_max| Action::Relay {
            pass: passes[segment.contact].name.clone(),
            peer: passes[segment.contact].peer.clone(),
            volume_mbit_max,
            rate_bps_max: segment.rate_bps,
        });
    }

    /// Sending to Earth.
    pub(crate) fn downlink(&mut self, segments: &[Segment], contacts: &[Contact], radio_w: f64, x: &[f64]) {
        self.radio(segments, radio_w, x, |segment, volume_mbit_max| Action::Downlink {
            contact: contacts[segment.contact].name.clone(),
            peer: contacts[segment.contact].peer.clone(),
            volume_mbit_max,
            rate_bps_max: segment.rate_bps,
        });
    }

    /// The commands by start, with an idle command for every stretch of slots in which nothing else happens.
    pub(crate) fn finish(mut self) -> Vec<Command> {
        let mut slot = 0;
        while slot < self.busy.len() {
            let first = slot;
            while slot < self.busy.len() && !self.busy[slot] {
                slot += 1;
            }
            if slot > first {
                let (start, end) = (self.horizon.slot_start(first), self.horizon.slot_end(slot - 1));
                let idle = Command { start, end, action: Action::Idle, mean_power_w: 0.0, peak_power_w: 0.0 };
                self.commands.push(idle);
            }
            slot += 1;
        }
        self.commands.sort_by_key(|command| (command.start, command.end));
        self.commands
    }

    fn radio(&mut self, segments: &[Segment], radio_w: f64, x: &[f64], action: impl Fn(&Segment, f64) -> Action) {
        for segment in segments {
            let volume_gbit = x[segment.column].clamp(0.0, segment.volume_gbit_max);
            let hours = segment.end.ms_since(segment.start) as f64 / 3_600_000.0;
            let mean_power_w = volume_gbit * segment.power_kw_per_gbit(radio_w, hours) / KILO;
            if volume_gbit > NOTHING * segment.volume_gbit_max {
                self.busy[segment.slot] = true;
                self.commands.push(Command {
                    start: segment.start,
                    end: segment.end,
                    action: action(segment, volume_gbit / KILO),
                    mean_power_w: mean_power_w.min(radio_w),
                    peak_power_w: radio_w,
                });
            }
        }
    }
}
