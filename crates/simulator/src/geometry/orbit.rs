use super::Vector;
use super::mars::{GM_KM3_S2, J2, RADIUS_KM};

/// An orbit about Mars: mean elements at the epoch, given to Mars' equator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orbit {
    /// Lowest altitude above the equatorial radius, km.
    pub periapsis_km: f64,
    /// Highest altitude above the equatorial radius, km.
    pub apoapsis_km: f64,
    /// Inclination, degrees.
    pub inclination_deg: f64,
    /// Longitude of the ascending node in the inertial axes, degrees.
    pub node_deg: f64,
    /// Argument of the periapsis, degrees.
    pub periapsis_argument_deg: f64,
    /// Mean anomaly at the epoch, degrees.
    pub mean_anomaly_deg: f64,
}

impl Orbit {
    /// Semi-major axis, km.
    pub fn semi_major_axis_km(&self) -> f64 {
        RADIUS_KM + 0.5 * (self.periapsis_km + self.apoapsis_km)
    }

    /// Eccentricity.
    pub fn eccentricity(&self) -> f64 {
        0.5 * (self.apoapsis_km - self.periapsis_km) / self.semi_major_axis_km()
    }

    /// Kepler's period, seconds.
    pub fn period_s(&self) -> f64 {
        core::f64::consts::TAU * (self.semi_major_axis_km().powi(3) / GM_KM3_S2).sqrt()
    }

    /// Position in the inertial axes, km.
    ///
    /// # Source
    /// Vallado, Fundamentals of Astrodynamics, section 9.6: secular rates by J2.
    pub fn position_km(&self, time_s: f64) -> Vector {
        let (a, e) = (self.semi_major_axis_km(), self.eccentricity());
        let inclination = self.inclination_deg.to_radians();
        let n = (GM_KM3_S2 / a.powi(3)).sqrt();
        let drift = 0.75 * n * J2 * (RADIUS_KM / (a * (1.0 - e * e))).powi(2);
        let cos2 = inclination.cos().powi(2);
        let node = self.node_deg.to_radians() - 2.0 * drift * inclination.cos() * time_s;
        let periapsis = self.periapsis_argument_deg.to_radians() + drift * (5.0 * cos2 - 1.0) * time_s;
        let mean_rate = n + drift * (1.0 - e * e).sqrt() * (3.0 * cos2 - 1.0);
        let mean = self.mean_anomaly_deg.to_radians() + mean_rate * time_s;

        let eccentric = kepler(mean, e);
        let (along, across) = (a * (eccentric.cos() - e), a * (1.0 - e * e).sqrt() * eccentric.sin());
        let (sin_w, cos_w) = periapsis.sin_cos();
        let (to_node, off_node) = (cos_w * along - sin_w * across, sin_w * along + cos_w * across);
        Vector([to_node, off_node * inclination.cos(), off_node * inclination.sin()]).turned(node)
    }
}

/// Kepler's equation by Newton's method; eccentricities below 0.9 need at most ten steps.
fn kepler(mean: f64, e: f64) -> f64 {
    let mean = mean.rem_euclid(core::f64::consts::TAU);
    let mut anomaly = if e < 0.8 { mean } else { core::f64::consts::PI };
    for _ in 0..20 {
        let step = (anomaly - e * anomaly.sin() - mean) / (1.0 - e * anomaly.cos());
        anomaly -= step;
        if step.abs() < 1e-13 {
            break;
        }
    }
    anomaly
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kepler_is_met() {
        for e in [0.0, 0.1, 0.38, 0.85] {
            for k in 0..24 {
                let mean = f64::from(k) * 0.26;
                let anomaly = kepler(mean, e);
                assert!((anomaly - e * anomaly.sin() - mean).abs() < 1e-12, "e {e}, mean anomaly {mean}");
            }
        }
    }

    #[test]
    fn altitude_stays_between_its_ends() {
        let orbit = Orbit {
            periapsis_km: 180.0,
            apoapsis_km: 4500.0,
            inclination_deg: 75.0,
            node_deg: 10.0,
            periapsis_argument_deg: 200.0,
            mean_anomaly_deg: 0.0,
        };
        let altitude = |time_s: f64| orbit.position_km(time_s).norm() - RADIUS_KM;
        assert!((altitude(0.0) - 180.0).abs() < 1e-6);
        // J2 shifts the mean anomaly by a fraction of a degree in half a revolution.
        assert!((altitude(0.5 * orbit.period_s()) - 4500.0).abs() < 1.0);
    }
}
