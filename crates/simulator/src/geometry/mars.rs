//! Mars in numbers.
//!
//! # Source
//! IAU working group on cartographic coordinates (radii, rotation), MRO120 gravity field (GM, J2), Allison and McEwen 2000 (sol, obliquity, orbit).

/// Gravitational parameter, km^3/s^2.
pub const GM_KM3_S2: f64 = 42_828.375;
/// Equatorial radius, km.
pub const RADIUS_KM: f64 = 3_396.19;
/// Polar radius, km.
pub const RADIUS_POLAR_KM: f64 = 3_376.20;
/// Second zonal harmonic, not normalised.
pub const J2: f64 = 1.956_6e-3;
/// Sidereal rotation, rad/s.
pub const ROTATION_RAD_S: f64 = 7.088_218e-5;
/// Mean solar day, s.
pub const SOL_S: f64 = 88_775.244;
/// Obliquity of the equator to the orbit, degrees.
pub const OBLIQUITY_DEG: f64 = 25.19;
/// Solar flux at the mean distance, W/m^2.
pub const SOLAR_FLUX_W_M2: f64 = 586.2;
/// Eccentricity of the orbit about the sun.
pub const ECCENTRICITY: f64 = 0.0934;
/// Solar longitude of the perihelion, degrees.
pub const PERIHELION_LS_DEG: f64 = 251.0;
