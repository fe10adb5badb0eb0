//! Where orbiters stand and where the sun is, as far as contacts, arrays and heaters care.
//!
//! Two-body motion with the secular drift by Mars' oblateness, body rotation, an ellipsoid's topocentric elevation, line of sight past a sphere,
//! and edges found by bisection to a millisecond. No ephemeris file, no download, the same figures everywhere.
//! Elements are given to Mars' equator; the inertial axes coincide with the body's at the epoch.

mod contact;
pub mod mars;
mod orbit;
mod sun;
mod vector;

pub use contact::{crosslinks, passes, while_positive};
pub use orbit::Orbit;
pub use sun::{Sky, Sun};
pub use vector::Vector;

/// A place on the ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site {
    /// Planetographic latitude, degrees north.
    pub latitude_deg: f64,
    /// Longitude, degrees east.
    pub longitude_deg: f64,
}

impl Site {
    /// Position in body axes, kilometres, and the upward normal of the ellipsoid.
    pub fn position_km(&self) -> (Vector, Vector) {
        let (latitude, longitude) = (self.latitude_deg.to_radians(), self.longitude_deg.to_radians());
        let up = Vector([latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]);
        let ratio = (mars::RADIUS_POLAR_KM / mars::RADIUS_KM).powi(2);
        let normal_km = mars::RADIUS_KM / (latitude.cos().powi(2) + ratio * latitude.sin().powi(2)).sqrt();
        (Vector([normal_km * up.0[0], normal_km * up.0[1], normal_km * ratio * up.0[2]]), up)
    }
}
