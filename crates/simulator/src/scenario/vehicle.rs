//! The keys of a vehicle: each overrides one parameter of its class.

use cosmosmesh_adapters::parameters::{
    Battery, BusPort, DataPath, DroneParameters, HabitatParameters, KeepAlive, OrbiterParameters, PowerSource,
    RoverParameters, Science,
};

use super::reader::Table;
use super::{ScenarioError, Vehicle};
use crate::geometry::Orbit;

const ANY: std::ops::RangeInclusive<f64> = 0.0..=1e12;
const PART: std::ops::RangeInclusive<f64> = 0.0..=1.0;
const RESERVE: std::ops::RangeInclusive<f64> = 0.0..=0.9;

#[derive(Clone, Copy)]
enum Class {
    Radioisotope,
    Solar,
    Rotorcraft,
    MinimalBase,
    Relay,
}

const CLASSES: [(&str, Class); 5] = [
    ("radioisotope-rover", Class::Radioisotope),
    ("solar-rover", Class::Solar),
    ("rotorcraft", Class::Rotorcraft),
    ("minimal-base", Class::MinimalBase),
    ("relay-orbiter", Class::Relay),
];

/// Reads a vehicle from its `[[asset]]` table.
pub(super) fn vehicle(table: &mut Table<'_>) -> Result<Vehicle, ScenarioError> {
    match table.choice("class", &CLASSES)? {
        Class::Radioisotope => rover(table, RoverParameters::radioisotope()),
        Class::Solar => rover(table, RoverParameters::solar()),
        Class::Rotorcraft => drone(table),
        Class::MinimalBase => habitat(table),
        Class::Relay => orbiter(table),
    }
}

fn rover(table: &mut Table<'_>, mut p: RoverParameters) -> Result<Vehicle, ScenarioError> {
    source(table, &mut p.source)?;
    battery(table, &mut p.battery)?;
    keep_alive(table, &mut p.keep_alive)?;
    bus(table, &mut p.bus)?;
    data(table, &mut p.data)?;
    science(table, &mut p.science)?;
    table.replace(&mut p.drive.power_w, "drive_w", ANY)?;
    table.replace(&mut p.drive.goal_m, "drive_goal_m", ANY)?;
    table.replace(&mut p.drive.goal_value, "drive_goal_value", ANY)?;
    table.replace(&mut p.drive.distance_m_max, "drive_distance_max_m", ANY)?;
    table.replace(&mut p.reserve_fraction, "reserve_fraction", RESERVE)?;
    Ok(Vehicle::Rover(p))
}

fn drone(table: &mut Table<'_>) -> Result<Vehicle, ScenarioError> {
    let mut p = DroneParameters::rotorcraft();
    source(table, &mut p.source)?;
    battery(table, &mut p.battery)?;
    keep_alive(table, &mut p.keep_alive)?;
    bus(table, &mut p.bus)?;
    data(table, &mut p.data)?;
    table.replace(&mut p.flight.power_w, "flight_w", ANY)?;
    table.replace(&mut p.flight.goal_s, "flight_goal_s", ANY)?;
    table.replace(&mut p.flight.goal_value, "flight_goal_value", ANY)?;
    table.replace(&mut p.reserve_fraction, "reserve_fraction", RESERVE)?;
    Ok(Vehicle::Drone(p))
}

fn habitat(table: &mut Table<'_>) -> Result<Vehicle, ScenarioError> {
    let mut p = HabitatParameters::minimal_base();
    source(table, &mut p.source)?;
    battery(table, &mut p.battery)?;
    keep_alive(table, &mut p.keep_alive)?;
    table.replace(&mut p.export_w_max, "export_max_w", ANY)?;
    table.replace(&mut p.crew.awake_w, "crew_awake_w", ANY)?;
    table.replace(&mut p.crew.asleep_w, "crew_asleep_w", ANY)?;
    table.replace(&mut p.crew.slot_value, "crew_slot_value", ANY)?;
    table.replace(&mut p.life_support.desired_w, "life_support_w", ANY)?;
    table.replace(&mut p.oxygen.power_w_max, "oxygen_max_w", ANY)?;
    table.replace(&mut p.oxygen.goal_kg, "oxygen_goal_kg", ANY)?;
    table.replace(&mut p.oxygen.goal_value, "oxygen_goal_value", ANY)?;
    table.replace(&mut p.reserve_fraction, "reserve_fraction", RESERVE)?;
    Ok(Vehicle::Habitat(p))
}

fn orbiter(table: &mut Table<'_>) -> Result<Vehicle, ScenarioError> {
    let mut p = OrbiterParameters::relay();
    source(table, &mut p.source)?;
    battery(table, &mut p.battery)?;
    data(table, &mut p.data)?;
    science(table, &mut p.science)?;
    table.replace(&mut p.relay_w, "relay_w", ANY)?;
    table.replace(&mut p.reserve_fraction, "reserve_fraction", RESERVE)?;
    let relay_rate_bps = table.number("relay_rate_bps", 1.0..=1e9)?;
    let mut elements = table.table("orbit")?;
    let orbit = Orbit {
        periapsis_km: elements.number("periapsis_km", 100.0..=40_000.0)?,
        apoapsis_km: elements.number("apoapsis_km", 100.0..=40_000.0)?,
        inclination_deg: elements.number("inclination_deg", 0.0..=180.0)?,
        node_deg: elements.number("node_deg", -360.0..=360.0)?,
        periapsis_argument_deg: elements.number("periapsis_argument_deg", -360.0..=360.0)?,
        mean_anomaly_deg: elements.number("mean_anomaly_deg", -360.0..=360.0)?,
    };
    if orbit.apoapsis_km < orbit.periapsis_km {
        let reason = "the apoapsis lies below the periapsis; swap them".to_owned();
        return Err(elements.error_at("apoapsis_km", super::ScenarioErrorKind::Contradiction { reason }));
    }
    elements.finish()?;
    Ok(Vehicle::Orbiter { parameters: p, orbit, relay_rate_bps })
}

fn source(table: &mut Table<'_>, source: &mut PowerSource) -> Result<(), ScenarioError> {
    match source {
        PowerSource::Constant { power_w } => table.replace(power_w, "generator_w", ANY),
        PowerSource::Array { effective_area_m2 } => table.replace(effective_area_m2, "array_m2", ANY),
        _ => Ok(()),
    }
}

fn battery(table: &mut Table<'_>, battery: &mut Battery) -> Result<(), ScenarioError> {
    table.replace(&mut battery.capacity_wh, "battery_wh", ANY)?;
    table.replace(&mut battery.floor_fraction, "battery_floor_fraction", PART)?;
    table.replace(&mut battery.final_fraction, "battery_final_fraction", PART)?;
    table.replace(&mut battery.charge_w_max, "battery_charge_max_w", ANY)?;
    table.replace(&mut battery.discharge_w_max, "battery_discharge_max_w", ANY)
}

fn keep_alive(table: &mut Table<'_>, keep_alive: &mut KeepAlive) -> Result<(), ScenarioError> {
    table.replace(&mut keep_alive.base_w, "keep_alive_base_w", ANY)?;
    table.replace(&mut keep_alive.conductance_w_per_c, "heater_w_per_c", ANY)?;
    table.replace(&mut keep_alive.setpoint_c, "heater_setpoint_c", -100.0..=100.0)
}

fn bus(table: &mut Table<'_>, bus: &mut BusPort) -> Result<(), ScenarioError> {
    table.replace(&mut bus.power_w_max, "bus_max_w", ANY)?;
    table.replace(&mut bus.baseline_w, "bus_baseline_w", ANY)
}

fn data(table: &mut Table<'_>, data: &mut DataPath) -> Result<(), ScenarioError> {
    table.replace(&mut data.memory_mbit, "memory_mbit", ANY)?;
    table.replace(&mut data.transmit_w, "transmit_w", ANY)?;
    table.replace(&mut data.rate_bps_max, "radio_rate_max_bps", ANY)?;
    table.replace(&mut data.goal_mbit, "send_goal_mbit", ANY)?;
    table.replace(&mut data.goal_value, "send_goal_value", ANY)
}

fn science(table: &mut Table<'_>, science: &mut Science) -> Result<(), ScenarioError> {
    table.replace(&mut science.desired_w, "science_w", ANY)?;
    table.replace(&mut science.slot_value, "science_slot_value", ANY)?;
    table.replace(&mut science.recorded_mbit_per_h, "science_mbit_per_h", ANY)
}
