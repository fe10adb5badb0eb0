use super::{ContactSpec, FaultSpec, LinkSpec, Scenario};
use crate::geometry::{crosslinks, passes};
use crate::link::{Channel, Windows, reachable};

impl Scenario {
    /// When a link is open by the contact plan, from the epoch to the end of the horizon.
    pub fn windows(&self, link: &LinkSpec) -> Windows {
        let end_ms = self.horizon.end().as_ms();
        let orbit = |k: usize| self.assets[k].vehicle.orbit();
        match (&link.contacts, orbit(link.between.0), orbit(link.between.1)) {
            (ContactSpec::Listed(spans), _, _) => Windows::of(spans.iter().copied()),
            (ContactSpec::InSight, Some(a), Some(b)) => crosslinks(a, b, 0, end_ms),
            (ContactSpec::InSight, Some(orbit), None) | (ContactSpec::InSight, None, Some(orbit)) => {
                passes(orbit, &self.site, self.mask_deg, 0, end_ms)
            }
            (ContactSpec::Always | ContactSpec::InSight, _, _) => Windows::always(),
        }
    }

    /// Both directions of every link, with the faults that strike them.
    pub fn channels(&self, seed: u64) -> Vec<Channel> {
        let mut channels = Vec::with_capacity(2 * self.links.len());
        for link in &self.links {
            let (a, b) = link.between;
            let struck = self.faults.iter().filter_map(|fault| match fault {
                FaultSpec::Cut { between, span } => (*between == (a, b) || *between == (b, a)).then_some(*span),
            });
            let (contacts, outages) = (self.windows(link), Windows::of(struck));
            let name = |k: usize| (k, self.assets[k].id.as_str());
            for (from, to) in [(a, b), (b, a)] {
                channels.push(Channel::new(
                    seed,
                    name(from),
                    name(to),
                    link.quality,
                    contacts.clone(),
                    outages.clone(),
                ));
            }
        }
        channels
    }

    /// The first asset that no chain of contacts joins to the facilitator, both ways, before the horizon begins.
    pub(super) fn unreachable(&self) -> Option<usize> {
        let channels = self.channels(0);
        let deadline_ms = self.horizon.start.as_ms();
        let facilitator = self.planning.facilitator;
        let joined = |from, to| reachable(&channels, self.assets.len(), (from, to), deadline_ms);
        (0..self.assets.len()).find(|&k| k != facilitator && !(joined(facilitator, k) && joined(k, facilitator)))
    }
}
