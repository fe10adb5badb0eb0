//! Who can relay for the fleet and when, from a scenario's passes and orbits.

use cosmosmesh_contracts::message::Contact;
use cosmosmesh_contracts::{AssetId, MissionTime};

use crate::geometry::passes;
use crate::link::Windows;
use crate::report::Span;
use crate::scenario::Scenario;

/// A pass of a relay over the base, as everybody knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct RelayContact {
    /// Its name, the relay's and a number: `relay-a/2`.
    pub name: String,
    /// The relay.
    pub relay: String,
    /// The relay's index, if it is a member of the fleet.
    pub member: Option<usize>,
    /// From rise to set, within the horizon.
    pub span: Span,
    /// Mean rate, bits per second.
    pub rate_bps: f64,
}

impl RelayContact {
    /// The same as a forecast's contact.
    ///
    /// # Panics
    /// Never: scenarios are refused if a relay's name is not one.
    pub fn to_contact(&self) -> Contact {
        Contact {
            name: self.name.clone(),
            peer: AssetId::new(self.relay.as_str()).expect("cannot fail because the scenario's reader checked it"),
            start: MissionTime(self.span.start_ms),
            end: MissionTime(self.span.end_ms),
            rate_bps: self.rate_bps,
        }
    }

    /// What fits into it, 10^9 bits.
    pub fn volume_gbit(&self) -> f64 {
        self.rate_bps * 1e-9 * (self.span.end_ms - self.span.start_ms) as f64 / 1000.0
    }
}

/// Contacts shorter than this are not planned with.
const CONTACT_MS_MIN: i64 = 60_000;

/// All passes over the base within the horizon, by start.
pub fn relay_contacts(scenario: &Scenario) -> Vec<RelayContact> {
    let (start_ms, end_ms) = (scenario.horizon.start.as_ms(), scenario.horizon.end().as_ms());
    let usable = |span: &Span| span.end_ms - span.start_ms >= CONTACT_MS_MIN;
    let mut contacts = Vec::new();
    for (member, asset) in scenario.assets.iter().enumerate() {
        let crate::scenario::Vehicle::Orbiter { orbit, relay_rate_bps, .. } = &asset.vehicle else { continue };
        let windows = passes(orbit, &scenario.site, scenario.mask_deg, start_ms, end_ms);
        contacts.extend(windows.spans().iter().filter(|span| usable(span)).enumerate().map(|(k, span)| RelayContact {
            name: format!("{}/{}", asset.id, k + 1),
            relay: asset.id.to_string(),
            member: Some(member),
            span: *span,
            rate_bps: *relay_rate_bps,
        }));
    }
    for pass in &scenario.passes {
        let clipped = Windows::of([pass.span]).within(start_ms, end_ms);
        contacts.extend(clipped.spans().iter().filter(|span| usable(span)).map(|span| RelayContact {
            name: pass.name.clone(),
            relay: pass.relay.clone(),
            member: None,
            span: *span,
            rate_bps: pass.rate_bps,
        }));
    }
    contacts.sort_by(|a, b| (a.span.start_ms, &a.name).cmp(&(b.span.start_ms, &b.name)));
    contacts
}

/// When an orbiter can send to Earth within the horizon: tracked, and not behind Mars.
///
/// # Source
/// Earth is taken to stand where the sun stands: seen from Mars they are never more than 48 degrees apart.
pub fn downlinks(scenario: &Scenario, member: usize, rate_bps: f64) -> Vec<Contact> {
    let Some(orbit) = scenario.assets[member].vehicle.orbit() else { return Vec::new() };
    let Ok(station) = AssetId::new(scenario.earth.station.as_str()) else { return Vec::new() };
    let (start_ms, end_ms) = (scenario.horizon.start.as_ms(), scenario.horizon.end().as_ms());
    let tracked = Windows::of(scenario.earth.tracking.iter().copied()).within(start_ms, end_ms);
    let seen = |time_ms: i64| if scenario.sun.lights(orbit, &scenario.site, time_ms) { 1.0 } else { -1.0 };
    let lit = crate::geometry::while_positive(&seen, start_ms, end_ms);
    let spans = tracked.spans().iter().flat_map(|span| lit.within(span.start_ms, span.end_ms).spans().to_vec());
    let usable = spans.filter(|span| span.end_ms - span.start_ms >= CONTACT_MS_MIN);
    let contact = |(k, span): (usize, Span)| Contact {
        name: format!("{}/{}", scenario.earth.station, k + 1),
        peer: station.clone(),
        start: MissionTime(span.start_ms),
        end: MissionTime(span.end_ms),
        rate_bps,
    };
    usable.enumerate().map(contact).collect()
}
