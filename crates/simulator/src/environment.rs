//! What surrounds a vehicle at an instant, as forecast.

use crate::scenario::{AssetSpec, Scenario};

/// Flux on the vehicle's array, W/m^2: on a level plate on the ground, towards the sun in orbit.
pub fn irradiance_w_m2(scenario: &Scenario, asset: &AssetSpec, time_ms: i64) -> f64 {
    match asset.vehicle.orbit() {
        None => scenario.sky.flux_w_m2(&scenario.sun, &scenario.site, time_ms),
        Some(orbit) if scenario.sun.lights(orbit, &scenario.site, time_ms) => scenario.sun.flux_w_m2(),
        Some(_) => 0.0,
    }
}

/// Temperature around the vehicle, degrees Celsius.
pub fn ambient_c(scenario: &Scenario, asset: &AssetSpec, time_ms: i64) -> f64 {
    match asset.vehicle.orbit() {
        None => scenario.sky.temperature_c(scenario.sun.local_time_h(time_ms)),
        Some(_) => ORBIT_C,
    }
}

/// Whether the sun stands high enough to move by.
pub fn daylight(scenario: &Scenario, time_ms: i64) -> bool {
    scenario.sun.elevation_sine(&scenario.site, time_ms) > DAYLIGHT_DEG.to_radians().sin()
}

/// Assumed: an orbiter's mean surroundings. Relay orbiters have no thermostatted heaters in our model.
const ORBIT_C: f64 = -20.0;
/// Assumed: below it shadows are too long to see rocks by.
const DAYLIGHT_DEG: f64 = 5.0;
