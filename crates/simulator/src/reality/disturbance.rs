use crate::random::Stream;
use crate::scenario::{Draw, Scenario};

/// How one vehicle's sol strays from its forecast: a part that lasts all sol and a part that changes with every slot.
#[derive(Clone, Debug)]
pub(super) struct Disturbance {
    generation: Vec<f64>,
    keep_alive: Vec<f64>,
    rate: Vec<f64>,
    /// Factor on the efficiencies of battery and bus.
    pub(super) efficiency: f64,
}

/// The part of a declared range that lasts all sol; the rest changes from slot to slot. Together they fill the range and never leave it.
const LASTING: f64 = 0.6;

impl Disturbance {
    pub(super) fn draw(scenario: &Scenario, seed: u64, name: &str) -> Self {
        let declared = &scenario.uncertainty;
        let count = scenario.horizon.len();
        let mut random = Stream::new(seed, &format!("reality {name}"));
        let worst = declared.draw == Draw::Worst;
        // Both ways by a share of `range`, or one way to the `sign`.
        let mut both = |range: f64, sign: f64| -> Vec<f64> {
            let lasting = random.between(-LASTING, LASTING);
            let mut slot = || if worst { sign } else { lasting + random.between(LASTING - 1.0, 1.0 - LASTING) };
            (0..count).map(|_| 1.0 + range * slot()).collect()
        };
        let generation = both(declared.generation_fraction, -1.0);
        let keep_alive = both(declared.keep_alive_fraction, 1.0);
        let mut down = |range: f64| 1.0 - range * if worst { 1.0 } else { random.unit() };
        let rate = (0..count).map(|_| down(declared.rate_fraction)).collect();
        Self { generation, keep_alive, rate, efficiency: down(declared.efficiency_fraction) }
    }

    pub(super) fn generation(&self, slot: usize) -> f64 {
        self.generation[slot]
    }

    pub(super) fn keep_alive(&self, slot: usize) -> f64 {
        self.keep_alive[slot]
    }

    pub(super) fn rate(&self, slot: usize) -> f64 {
        self.rate[slot]
    }
}
