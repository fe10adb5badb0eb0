use core::f64::consts::TAU;

use super::mars::{ECCENTRICITY, OBLIQUITY_DEG, PERIHELION_LS_DEG, ROTATION_RAD_S, SOL_S, SOLAR_FLUX_W_M2};
use super::{Orbit, Site, Vector};

/// The season and the hour at the epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sun {
    /// Solar longitude, degrees: 0 is the northern spring equinox. Constant over a scenario's few sols.
    pub solar_longitude_deg: f64,
    /// Local mean solar time at the site at the epoch, Martian hours.
    pub local_time_h: f64,
}

impl Sun {
    /// Local mean solar time at the site, 0 to 24 Martian hours.
    pub fn local_time_h(&self, time_ms: i64) -> f64 {
        (self.local_time_h + 24.0 * time_ms as f64 / (SOL_S * 1000.0)).rem_euclid(24.0)
    }

    /// Declination of the sun, radians.
    pub fn declination_rad(&self) -> f64 {
        (OBLIQUITY_DEG.to_radians().sin() * self.solar_longitude_deg.to_radians().sin()).asin()
    }

    /// Sine of the sun's elevation at the site; negative at night.
    pub fn elevation_sine(&self, site: &Site, time_ms: i64) -> f64 {
        let hour_angle = (self.local_time_h(time_ms) - 12.0) / 24.0 * TAU;
        let (latitude, declination) = (site.latitude_deg.to_radians(), self.declination_rad());
        latitude.sin() * declination.sin() + latitude.cos() * declination.cos() * hour_angle.cos()
    }

    /// Flux above the air, W/m^2, for the season's distance from the sun.
    pub fn flux_w_m2(&self) -> f64 {
        let anomaly = (self.solar_longitude_deg - PERIHELION_LS_DEG).to_radians();
        let distance = (1.0 - ECCENTRICITY * ECCENTRICITY) / (1.0 + ECCENTRICITY * anomaly.cos());
        SOLAR_FLUX_W_M2 / (distance * distance)
    }

    /// Whether an orbiter is in the sun: Mars' shadow as a cylinder.
    pub fn lights(&self, orbit: &Orbit, site: &Site, time_ms: i64) -> bool {
        let time_s = time_ms as f64 / 1000.0;
        let hour_angle = (self.local_time_h(time_ms) - 12.0) / 24.0 * TAU;
        let right_ascension = site.longitude_deg.to_radians() + ROTATION_RAD_S * time_s - hour_angle;
        let declination = self.declination_rad();
        let toward = Vector([declination.cos(), 0.0, declination.sin()]).turned(right_ascension);
        let place = orbit.position_km(time_s);
        let along = place.dot(&toward);
        along > 0.0 || (place.dot(&place) - along * along).sqrt() > super::mars::RADIUS_KM
    }
}

/// The air over the site.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sky {
    /// Optical depth of the dust, dimensionless.
    pub optical_depth: f64,
    /// Mean air temperature of a sol, degrees Celsius.
    pub temperature_mean_c: f64,
    /// How far the air swings about it.
    pub temperature_swing_c: f64,
}

impl Sky {
    /// The part of the flux on a level surface that comes through, direct and scattered together.
    ///
    /// # Source
    /// An assumption of ours in the form `exp(-0.285 tau / sin(elevation))`: dust scatters forward, so the loss is much smaller than the direct beam's.
    /// The factor reproduces Opportunity's fall from about 700 to 22 Wh per sol when the optical depth rose from 0.7 to 10.8 in June 2018.
    pub fn transmission(&self, elevation_sine: f64) -> f64 {
        if elevation_sine <= 0.0 { 0.0 } else { (-SCATTERED_LOSS * self.optical_depth / elevation_sine).exp() }
    }

    /// Flux on a level surface, W/m^2.
    pub fn flux_w_m2(&self, sun: &Sun, site: &Site, time_ms: i64) -> f64 {
        let sine = sun.elevation_sine(site, time_ms).max(0.0);
        sun.flux_w_m2() * sine * self.transmission(sine)
    }

    /// Air temperature, degrees Celsius: warmest two hours after noon.
    pub fn temperature_c(&self, local_time_h: f64) -> f64 {
        self.temperature_mean_c + self.temperature_swing_c * ((local_time_h - WARMEST_H) / 24.0 * TAU).cos()
    }
}

const SCATTERED_LOSS: f64 = 0.285;
const WARMEST_H: f64 = 14.0;
