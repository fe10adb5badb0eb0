use std::collections::BTreeMap;

use cosmosmesh_contracts::message::Command;

use super::disturbance::Disturbance;
use super::task::{Task, What};
use crate::environment;
use crate::report::Curve;
use crate::scenario::{AssetSpec, Scenario, Vehicle};

/// One vehicle in the integrated reality.
pub(super) struct Body<'a> {
    pub(super) asset: &'a AssetSpec,
    pub(super) disturbance: Disturbance,
    /// Whether the announced plan is in effect here.
    pub(super) follows: bool,
    tasks: Vec<Task>,
    pub(super) battery_wh: f64,
    pub(super) temperature_c: f64,
    heating: bool,
    pub(super) stored_mbit: f64,
    /// How much of each activity was done, in the unit of its want.
    pub(super) done: BTreeMap<&'static str, f64>,
    pub(super) now: Flows,
    pub(super) curves: Curves,
}

/// What flows during one step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flows {
    pub(super) generation_w: f64,
    pub(super) load_w: f64,
    /// Drawn from the bus (fed to it, if negative).
    pub(super) bus_w: f64,
    /// Seconds during which the corridor was held.
    pub(super) corridor_s: f64,
}

/// The sol of a vehicle for drawing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Curves {
    pub(crate) battery_wh: Curve,
    pub(crate) stored_mbit: Curve,
    pub(crate) generation_w: Curve,
    pub(crate) load_w: Curve,
    pub(crate) bus_w: Curve,
    pub(crate) temperature_c: Curve,
}

/// One step of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tick {
    pub(super) slot: usize,
    pub(super) start_ms: i64,
    pub(super) end_ms: i64,
}

impl Tick {
    pub(super) fn seconds(&self) -> f64 {
        (self.end_ms - self.start_ms) as f64 / 1000.0
    }

    pub(super) fn hours(&self) -> f64 {
        self.seconds() / 3600.0
    }
}

/// What a vehicle sends in one step over one pass, Mbit.
pub(super) struct Sent {
    pub(super) pass: String,
    pub(super) volume_mbit: f64,
}

/// Assumed: time in which an unheated vehicle comes a factor e nearer to its surroundings.
const COOLING_H: f64 = 2.0;
/// Assumed: the thermostat switches so far from its setpoint.
const HYSTERESIS_C: f64 = 1.0;
/// Assumed: heaters are built for so many times the steady need of the coldest surroundings.
const HEATER_FACTOR: f64 = 2.0;
const COLDEST_C: f64 = -100.0;

impl<'a> Body<'a> {
    pub(super) fn new(asset: &'a AssetSpec, disturbance: Disturbance, commands: Option<&[Command]>) -> Self {
        Self {
            asset,
            disturbance,
            follows: commands.is_some(),
            tasks: commands.unwrap_or_default().iter().filter_map(Task::of).collect(),
            battery_wh: asset.battery_start_fraction * asset.vehicle.battery().capacity_wh,
            temperature_c: asset.vehicle.keep_alive().setpoint_c,
            heating: false,
            stored_mbit: asset.stored_start_mbit,
            done: BTreeMap::new(),
            now: Flows::default(),
            curves: Curves::default(),
        }
    }

    /// Begins a step: sun, cold, steady loads, instruments, movement. Gives back what the vehicle asks of the bus, W.
    pub(super) fn begin(&mut self, scenario: &Scenario, tick: Tick, in_pass: bool, corridor_s: &mut f64) -> f64 {
        let flux = environment::irradiance_w_m2(scenario, self.asset, tick.start_ms);
        let source = self.asset.vehicle.source();
        let by_sun = matches!(source, cosmosmesh_adapters::parameters::PowerSource::Array { .. });
        let factor = if by_sun { self.disturbance.generation(tick.slot) } else { 1.0 };
        self.now = Flows { generation_w: source.power_w(flux) * factor, ..Flows::default() };
        self.now.load_w += self.keep_alive_w(scenario, tick);
        if let (Vehicle::Orbiter { parameters, .. }, true) = (&self.asset.vehicle, in_pass) {
            self.now.load_w += parameters.relay_w;
        }
        let moving_s = self.run_tasks(tick, corridor_s);
        self.bus_request_w(tick, moving_s)
    }

    fn keep_alive_w(&mut self, scenario: &Scenario, tick: Tick) -> f64 {
        let keep_alive = self.asset.vehicle.keep_alive();
        let factor = self.disturbance.keep_alive(tick.slot);
        let base_w = keep_alive.base_w * factor;
        if keep_alive.conductance_w_per_c <= 0.0 {
            return base_w;
        }
        let conductance = keep_alive.conductance_w_per_c * factor;
        let ambient_c = environment::ambient_c(scenario, self.asset, tick.start_ms);
        if self.temperature_c < keep_alive.setpoint_c - HYSTERESIS_C {
            self.heating = true;
        } else if self.temperature_c > keep_alive.setpoint_c + HYSTERESIS_C {
            self.heating = false;
        }
        let heater_w = HEATER_FACTOR * keep_alive.conductance_w_per_c * (keep_alive.setpoint_c - COLDEST_C).max(0.0);
        let heater_w = if self.heating { heater_w } else { 0.0 };
        // Exact over the step for constant surroundings, so that long steps do not overshoot.
        let balance_c = ambient_c + heater_w / conductance;
        let decay = (-tick.hours() / COOLING_H).exp();
        self.temperature_c = balance_c + (self.temperature_c - balance_c) * decay;
        base_w + heater_w
    }

    /// Runs everything but the radio and the plug; gives back for how many seconds the vehicle moved.
    fn run_tasks(&mut self, tick: Tick, corridor_s: &mut f64) -> f64 {
        let mut moved_s = 0.0;
        for task in self.tasks.iter_mut().filter(|task| task.active(tick.start_ms)) {
            let seconds = tick.seconds();
            let of_energy_s = if task.peak_w > 0.0 { task.energy_wh / task.peak_w * 3600.0 } else { 0.0 };
            let (run_s, power_w) = match &mut task.what {
                What::Drive { left_m, corridor_s: mine_s } => {
                    let Vehicle::Rover(rover) = &self.asset.vehicle else { continue };
                    let speed_m_s = rover.drive.speed_m_per_h / 3600.0;
                    let run_s = seconds.min(of_energy_s).min(*left_m / speed_m_s).min(*mine_s).min(*corridor_s);
                    *left_m -= run_s * speed_m_s;
                    *mine_s -= run_s;
                    *corridor_s -= run_s;
                    self.now.corridor_s += run_s;
                    moved_s += run_s;
                    *self.done.entry("drive").or_default() += run_s * speed_m_s;
                    self.stored_mbit += rover.drive.recorded_mbit_per_h * run_s / 3600.0;
                    (run_s, task.peak_w)
                }
                What::Fly { planned_s, left_s, corridor_s: mine_s, held_s } => {
                    let Vehicle::Drone(drone) = &self.asset.vehicle else { continue };
                    // The corridor is cleared before take-off and stays closed after landing; the flight is in the middle.
                    let factor = drone.flight.corridor_factor;
                    let cleared = *held_s >= 0.5 * (factor - 1.0) * *planned_s;
                    let hold_s = seconds.min(mine_s.min(factor * *planned_s) - *held_s).min(*corridor_s).max(0.0);
                    let run_s = if cleared { hold_s.min(*left_s).min(of_energy_s) } else { 0.0 };
                    *left_s -= run_s;
                    *held_s += hold_s;
                    *corridor_s -= hold_s;
                    self.now.corridor_s += hold_s;
                    moved_s += run_s;
                    *self.done.entry("fly").or_default() += run_s;
                    self.stored_mbit += drone.flight.recorded_mbit_per_min * run_s / 60.0;
                    (run_s, task.peak_w)
                }
                What::Observe => {
                    let run_s = seconds.min(of_energy_s);
                    let science = match &self.asset.vehicle {
                        Vehicle::Rover(rover) => &rover.science,
                        Vehicle::Orbiter { parameters, .. } => &parameters.science,
                        Vehicle::Drone(_) | Vehicle::Habitat(_) => continue,
                    };
                    *self.done.entry("science").or_default() += task.peak_w * run_s / 3600.0;
                    self.stored_mbit += science.recorded_mbit_per_h * run_s / 3600.0;
                    (run_s, task.peak_w)
                }
                What::Load { activity } => {
                    let power_w = steady_w(task.energy_wh, task.end_ms - tick.start_ms);
                    *self.done.entry(*activity).or_default() += power_w * seconds / 3600.0;
                    (seconds, power_w)
                }
                What::Oxygen { kg_per_wh } => {
                    let power_w = steady_w(task.energy_wh, task.end_ms - tick.start_ms);
                    *self.done.entry("oxygen").or_default() += *kg_per_wh * power_w * seconds / 3600.0;
                    (seconds, power_w)
                }
                What::Charge { .. } | What::Supply | What::Relay { .. } | What::Downlink { .. } => continue,
            };
            task.energy_wh = (task.energy_wh - power_w * run_s / 3600.0).max(0.0);
            self.now.load_w += power_w * run_s / seconds;
        }
        moved_s
    }

    fn bus_request_w(&self, tick: Tick, moved_s: f64) -> f64 {
        let Some(port) = self.asset.vehicle.bus() else { return 0.0 };
        let room_wh = self.asset.vehicle.battery().capacity_wh - self.battery_wh;
        let free = (1.0 - moved_s / tick.seconds()).max(0.0);
        if !self.follows {
            return if room_wh > 0.0 { port.baseline_w } else { 0.0 };
        }
        let active = self.tasks.iter().filter(|task| task.active(tick.start_ms));
        let wanted_w = active.filter_map(|task| match task.what {
            What::Charge { left_wh } => Some(steady_w(left_wh, task.end_ms - tick.start_ms)),
            _ => None,
        });
        // Spread over what is left of the slot; a plug that waited for the wheels catches up, as far as its rating goes.
        let wanted_w = wanted_w.sum::<f64>().min(port.power_w_max * free);
        // Not more than battery and loads take.
        let use_w = (self.now.load_w - self.now.generation_w).max(0.0)
            + self.asset.vehicle.battery().charge_w_max.min(room_wh.max(0.0) / tick.hours());
        wanted_w.min(use_w / port.efficiency)
    }

    /// Takes what the bus delivers.
    pub(super) fn take_from_bus(&mut self, tick: Tick, power_w: f64) {
        self.now.bus_w = power_w;
        let mut left_wh = power_w * tick.hours();
        for task in self.tasks.iter_mut().filter(|task| task.active(tick.start_ms)) {
            if let What::Charge { left_wh: mine_wh } = &mut task.what {
                let part_wh = mine_wh.min(left_wh);
                *mine_wh -= part_wh;
                left_wh -= part_wh;
            }
        }
    }

    /// Sends over passes and to Earth as far as data, volume and time go.
    pub(super) fn transmit(&mut self, tick: Tick) -> Vec<Sent> {
        let Some(data) = self.asset.vehicle.data() else { return Vec::new() };
        let receives = matches!(self.asset.vehicle, Vehicle::Orbiter { .. });
        let mut sent = Vec::new();
        for task in &mut self.tasks {
            let open_ms = tick.end_ms.min(task.end_ms) - tick.start_ms.max(task.start_ms);
            if open_ms <= 0 {
                continue;
            }
            let (left_mbit, rate_bps, pass) = match &mut task.what {
                // For a relay the command announces what it will receive; the senders decide.
                What::Relay { .. } if receives => continue,
                What::Relay { pass, left_mbit, rate_bps } => (left_mbit, *rate_bps, Some(pass)),
                What::Downlink { left_mbit, rate_bps } => (left_mbit, *rate_bps, None),
                _ => continue,
            };
            let rate_mbit_s = rate_bps * 1e-6 * self.disturbance.rate(tick.slot);
            let volume_mbit = left_mbit.min(self.stored_mbit).min(rate_mbit_s * open_ms as f64 / 1000.0);
            if volume_mbit <= 0.0 {
                continue;
            }
            *left_mbit -= volume_mbit;
            self.stored_mbit -= volume_mbit;
            self.now.load_w += data.transmit_w * volume_mbit / rate_mbit_s / tick.seconds();
            let activity = if pass.is_some() { "relay" } else { "downlink" };
            *self.done.entry(activity).or_default() += volume_mbit;
            sent.extend(pass.map(|pass| Sent { pass: pass.clone(), volume_mbit }));
        }
        sent
    }

    /// Ends a step: the battery takes or gives what is left over. A full battery shunts.
    pub(super) fn settle(&mut self, tick: Tick) {
        let battery = self.asset.vehicle.battery();
        let bus_efficiency = self.asset.vehicle.bus().map_or(1.0, |port| port.efficiency);
        let from_bus_w = if self.now.bus_w > 0.0 { self.now.bus_w * bus_efficiency } else { self.now.bus_w };
        let net_w = self.now.generation_w + from_bus_w - self.now.load_w;
        let change_wh = if net_w >= 0.0 {
            net_w.min(battery.charge_w_max) * battery.charge_efficiency * self.disturbance.efficiency * tick.hours()
        } else {
            net_w / (battery.discharge_efficiency * self.disturbance.efficiency) * tick.hours()
        };
        self.battery_wh = (self.battery_wh + change_wh).min(battery.capacity_wh);
    }

    /// For how long the vehicle still means to hold the corridor in this slot, seconds.
    pub(super) fn corridor_claim_s(&self, tick: Tick) -> f64 {
        let active = self.tasks.iter().filter(|task| task.active(tick.start_ms));
        active
            .map(|task| match (&task.what, &self.asset.vehicle) {
                (What::Drive { left_m, corridor_s }, Vehicle::Rover(rover)) => {
                    let of_energy_s = task.energy_wh / task.peak_w * 3600.0;
                    corridor_s.min(left_m / rover.drive.speed_m_per_h * 3600.0).min(of_energy_s)
                }
                (What::Fly { planned_s, corridor_s, held_s, .. }, Vehicle::Drone(drone)) => {
                    corridor_s.min(drone.flight.corridor_factor * planned_s) - held_s
                }
                _ => 0.0,
            })
            .sum()
    }

    /// What the vehicle promised to the bus in the present step's slot, W.
    pub(super) fn promised_w(&self, tick: Tick) -> f64 {
        let Vehicle::Habitat(habitat) = &self.asset.vehicle else { return 0.0 };
        if !self.follows {
            return habitat.export_w_max;
        }
        let active = self.tasks.iter().filter(|task| task.active(tick.start_ms));
        let promised = active.filter(|task| matches!(task.what, What::Supply));
        promised.map(|task| task.energy_wh * 3.6e6 / (task.end_ms - task.start_ms) as f64).sum()
    }

    pub(super) fn record(&mut self, time_ms: i64) {
        self.curves.battery_wh.push(time_ms, self.battery_wh);
        self.curves.stored_mbit.push(time_ms, self.stored_mbit);
        self.curves.generation_w.push(time_ms, self.now.generation_w);
        self.curves.load_w.push(time_ms, self.now.load_w);
        self.curves.bus_w.push(time_ms, self.now.bus_w);
        self.curves.temperature_c.push(time_ms, self.temperature_c);
    }
}

/// The power at which an energy lasts for so many milliseconds.
fn steady_w(energy_wh: f64, length_ms: i64) -> f64 {
    if length_ms > 0 { energy_wh * 3.6e6 / length_ms as f64 } else { 0.0 }
}
