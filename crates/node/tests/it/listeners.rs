//! Parties in the middle of a planning who hear bytes from anybody: for the fuzz target and for the replay of its corpus.

use std::cell::RefCell;

use cosmosmesh_contracts::conformance::fleet_cases;
use cosmosmesh_contracts::traits::Engine;
use cosmosmesh_node::round::RoundEvent;
use cosmosmesh_solver_core::Options;

use crate::world::World;

/// Parties at several stages.
pub(crate) struct Listeners {
    worlds: Vec<World>,
    /// One valid message of every kind: what mutation starts from.
    pub(crate) seeds: Vec<Vec<u8>>,
}

thread_local! {
    static LISTENERS: RefCell<Option<Listeners>> = const { RefCell::new(None) };
}

/// Runs on listeners that are made once per thread.
pub(crate) fn with<T>(run: impl FnOnce(&mut Listeners) -> T) -> T {
    LISTENERS.with(|cell| run(cell.borrow_mut().get_or_insert_with(Listeners::new)))
}

impl Listeners {
    fn new() -> Self {
        let case = fleet_cases().into_iter().find(|case| case.fleet.assets().len() >= 3).unwrap();
        let options = Options { tolerance: 1e-4, strict: true, ..Options::default() };
        let world = |stop: usize, loses: u8| {
            let mut world = World::new(&case.fleet, 3, &options, Some(1_000));
            let mut heard = 0;
            world.run(|_, transmit| {
                heard += usize::from(transmit.bytes[0] == loses);
                transmit.bytes[0] == loses && heard > stop
            });
            world
        };
        // Done; waiting for answers in the second round; waiting for openings; in the open, done.
        let open = || {
            let mut open = World::new(&case.fleet, 0, &options, None);
            open.run(|_, _| false);
            open
        };
        let worlds = vec![world(usize::MAX, 0), world(4, 0x34), world(1, 0x36), open()];
        let mut seeds: Vec<Vec<u8>> = Vec::new();
        for world in &worlds {
            for (_, _, bytes) in &world.carried {
                if !seeds.iter().any(|seed| seed.first() == bytes.first() && seed.get(2) == bytes.get(2)) {
                    seeds.push(bytes.clone());
                }
            }
        }
        Self { worlds, seeds }
    }

    /// Hands the bytes to everybody, in the facilitator's name and in another's; how often they were refused.
    pub(crate) fn hear(&mut self, bytes: &[u8]) -> usize {
        let mut refused = 0;
        for world in &mut self.worlds {
            for k in 0..world.parties.len() {
                for from in [0, 1] {
                    world.parties[k].handle_input(world.now, world.names[from], bytes);
                    while let Some(event) = world.parties[k].poll_event() {
                        refused +=
                            usize::from(matches!(event, RoundEvent::Refused { .. } | RoundEvent::Unheard { .. }));
                    }
                    while world.parties[k].poll_transmit(world.now).is_some() {}
                }
            }
        }
        refused
    }
}
