use core::f64::consts::PI;

use cosmosmesh_adapters::parameters::{KeepAlive, PowerSource};
use cosmosmesh_adapters::{FleetRows, RelayPass};
use cosmosmesh_contracts::message::{Contact, Forecast, SlotForecast, Telemetry, VehicleMode};
use cosmosmesh_contracts::{AssetId, Horizon, MissionTime};

/// A sol that begins at local midnight.
pub(crate) fn sol() -> Horizon {
    Horizon::sol(MissionTime::EPOCH)
}

pub(crate) fn id(name: &str) -> AssetId {
    AssetId::new(name).unwrap()
}

/// Sunshine, cold and passes over a base near the equator, slot by slot. `dust` is the part of the light that arrives.
pub(crate) fn surface_forecast(horizon: Horizon, source: &PowerSource, keep_alive: &KeepAlive, dust: f64) -> Forecast {
    let slots = (0..horizon.len())
        .map(|slot| {
            let middle = horizon.slot_start(slot).0 + horizon.slot_length_ms(slot) / 2;
            let local_time_h = (middle as f64 / Horizon::SOL_MS as f64).rem_euclid(1.0) * 24.0;
            let height = (2.0 * PI * (local_time_h - 6.0) / 24.0).sin();
            let ambient_temperature_c = -60.0 + 30.0 * (2.0 * PI * (local_time_h - 8.5) / 24.0).sin();
            SlotForecast {
                generation_w: source.power_w(520.0 * dust * height.max(0.0)),
                keep_alive_w: keep_alive.power_w(ambient_temperature_c),
                ambient_temperature_c,
                daylight_fraction: if height > 0.2 { 1.0 } else { 0.0 },
                local_time_h,
            }
        })
        .collect();
    Forecast { issued: horizon.start, horizon, slots, passes: passes(horizon), downlinks: Vec::new() }
}

/// An orbiter's forecast: three quarters in the sun, its own passes, Earth in sight most of the day.
pub(crate) fn orbit_forecast(horizon: Horizon, source: &PowerSource, keep_alive: &KeepAlive, relay: &str) -> Forecast {
    let slots = (0..horizon.len())
        .map(|slot| SlotForecast {
            generation_w: source.power_w(586.0) * if slot % 4 == 3 { 0.1 } else { 0.85 },
            keep_alive_w: keep_alive.power_w(0.0),
            ambient_temperature_c: 0.0,
            daylight_fraction: 1.0,
            local_time_h: slot as f64 / 2.0,
        })
        .collect();
    let downlinks = (0..6)
        .map(|k| Contact {
            name: format!("{relay}/earth/{k}"),
            peer: id("earth"),
            start: MissionTime(3_000_000 + k * 13_000_000),
            end: MissionTime(7_500_000 + k * 13_000_000),
            rate_bps: 800_000.0,
        })
        .filter(|c| c.start >= horizon.start && c.end <= horizon.end())
        .collect();
    let passes = passes(horizon).into_iter().filter(|pass| pass.peer.as_str() == relay).collect();
    Forecast { issued: horizon.start, horizon, slots, passes, downlinks }
}

/// Three relays with three passes each: two low orbits and a slow ellipse.
pub(crate) fn passes(horizon: Horizon) -> Vec<Contact> {
    let minute = 60_000;
    let mut passes = Vec::new();
    for (relay, offset, minutes, rate_bps) in
        [("relay-a", 140, 9.7, 500_000.0), ("relay-b", 390, 9.0, 500_000.0), ("relay-c", 250, 71.0, 128_000.0)]
    {
        for k in 0..3_i64 {
            let start = MissionTime((offset + 480 * k) * minute);
            let end = start.plus_ms((minutes * minute as f64) as i64);
            if start >= horizon.start && end <= horizon.end() {
                passes.push(Contact { name: format!("{relay}/{k}"), peer: id(relay), start, end, rate_bps });
            }
        }
    }
    passes.sort_by_key(|pass| pass.start);
    passes
}

/// Rows with members that feed the bus and hear the passes, or without.
pub(crate) fn rows(horizon: Horizon, members_give: bool) -> FleetRows {
    let passes = passes(horizon).into_iter().map(|pass| RelayPass {
        limit_gbit: if members_give { 0.0 } else { pass.volume_mbit(pass.end.ms_since(pass.start)) * 1e-3 },
        name: pass.name,
        start: pass.start,
        end: pass.end,
    });
    let daylight = surface_forecast(
        horizon,
        &PowerSource::Constant { power_w: 0.0 },
        &KeepAlive { base_w: 0.0, conductance_w_per_c: 0.0, setpoint_c: 0.0 },
        1.0,
    );
    let moving = (0..horizon.len()).filter(|&slot| {
        let slot = &daylight.slots[slot];
        slot.daylight_fraction >= 1.0 && slot.local_time_h >= 9.5 && slot.local_time_h < 15.5
    });
    FleetRows::new(horizon)
        .with_bus(if members_give { 0.0 } else { 0.4 })
        .with_passes(passes.collect())
        .with_corridor(moving.collect(), 1.0)
}

pub(crate) fn telemetry(at: MissionTime, battery_wh: f64, stored_mbit: f64) -> Telemetry {
    Telemetry {
        at,
        mode: VehicleMode::Nominal,
        battery_wh,
        battery_temperature_c: -5.0,
        generation_w: 0.0,
        load_w: 0.0,
        bus_w: 0.0,
        stored_mbit,
        odometer_m: 0.0,
    }
}
