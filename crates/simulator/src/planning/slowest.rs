use cosmosmesh_solver_core::Link;

use crate::scenario::Scenario;

/// What the scenario's slowest asset has between itself and the facilitator once it is in contact: the default method takes account of it.
///
/// Each asset's way is the one with the highest rate, whatever else travels on it; computing counts as delay.
/// None if nobody is remote.
pub(super) fn slowest(scenario: &Scenario) -> Option<Link> {
    let here = scenario.planning.facilitator;
    // By asset: the rate of its best way in bits per second, and how long a bit takes on it.
    let mut ways = vec![(0.0_f64, 0_u64); scenario.assets.len()];
    ways[here] = (f64::INFINITY, 0);
    // A way has at most as many links as there are assets.
    for _ in 0..scenario.assets.len() {
        for link in &scenario.links {
            let (a, b) = link.between;
            for (from, to) in [(a, b), (b, a)] {
                let (rate, delay_ms) = ways[from];
                let way = (rate.min(link.quality.rate_bps), delay_ms + u64::from(link.quality.delay_ms));
                if way.0 > ways[to].0 {
                    ways[to] = way;
                }
            }
        }
    }
    ways.remove(here);
    let rate_bps = ways.iter().map(|way| way.0).reduce(f64::min).filter(|rate| *rate > 0.0)?;
    let delay_ms = ways.iter().map(|way| way.1).max()?;
    let two_way_delay_s = (2 * delay_ms) as f64 / 1000.0 + scenario.planning.solve_ms as f64 / 1000.0;
    Some(Link { two_way_delay_s, rate_bytes_per_s: rate_bps / 8.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_way_of_the_base_is_the_rover_behind_the_ridge() {
        let base = Scenario::load("jezero-base").expect("a built-in scenario");
        let link = slowest(&base).expect("others are remote");
        assert_eq!(link.rate_bytes_per_s, 128_000.0 / 8.0);
        // The farthest relay over the best way: habitat and back in twice 12 ms, and two seconds of computing.
        assert!((2.002..=2.1).contains(&link.two_way_delay_s), "{link:?}");
    }
}
