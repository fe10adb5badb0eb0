use super::mars::{RADIUS_KM, ROTATION_RAD_S};
use super::{Orbit, Site};
use crate::link::Windows;
use crate::report::Span;

/// When an orbiter stands higher than `elevation_deg` above a site's horizon, between two instants.
///
/// # Cost
/// One position per 20 s and some forty per edge. A pass shorter than the step may be missed.
pub fn passes(orbit: &Orbit, site: &Site, elevation_deg: f64, start_ms: i64, end_ms: i64) -> Windows {
    let (place, up) = site.position_km();
    let least = elevation_deg.to_radians().sin();
    let height = |time_ms: i64| {
        let time_s = time_ms as f64 / 1000.0;
        let sight = orbit.position_km(time_s).turned(-ROTATION_RAD_S * time_s).minus(&place);
        sight.dot(&up) / sight.norm() - least
    };
    while_positive(&height, start_ms, end_ms)
}

/// When two orbiters see each other past Mars and its air, between two instants.
pub fn crosslinks(a: &Orbit, b: &Orbit, start_ms: i64, end_ms: i64) -> Windows {
    let clearance = |time_ms: i64| {
        let time_s = time_ms as f64 / 1000.0;
        let (p, q) = (a.position_km(time_s), b.position_km(time_s));
        let way = q.minus(&p);
        let nearest = (-p.dot(&way) / way.dot(&way).max(1e-12)).clamp(0.0, 1.0);
        let closest = super::Vector(core::array::from_fn(|k| p.0[k] + nearest * way.0[k]));
        closest.norm() - RADIUS_KM - AIR_KM
    };
    while_positive(&clearance, start_ms, end_ms)
}

/// How finely contacts are looked for.
const STEP_MS: i64 = 20_000;
const AIR_KM: f64 = 100.0;

/// When a function of time is positive: sampled, then its changes of sign found by bisection.
pub fn while_positive(value: &dyn Fn(i64) -> f64, start_ms: i64, end_ms: i64) -> Windows {
    let mut spans = Vec::new();
    let mut rise = (value(start_ms) > 0.0).then_some(start_ms);
    let mut before = start_ms;
    while before < end_ms {
        let time = (before + STEP_MS).min(end_ms);
        let up = value(time) > 0.0;
        if up != rise.is_some() {
            let (mut low, mut high) = (before, time);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if (value(middle) > 0.0) == up { high = middle } else { low = middle }
            }
            match rise.take() {
                Some(start_ms) => spans.push(Span { start_ms, end_ms: high }),
                None => rise = Some(high),
            }
        }
        before = time;
    }
    spans.extend(rise.map(|start_ms| Span { start_ms, end_ms }));
    Windows::of(spans)
}
