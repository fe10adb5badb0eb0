use core::ops::ControlFlow;
use std::collections::BTreeMap;

use cosmosmesh_contracts::message::Command;

use super::disturbance::Disturbance;
use super::vehicle::{Body, Curves, Tick};
use super::watch::{Limit, Watch};
use crate::Progress;
use crate::fleet::Fleet;
use crate::report::{Margin, MarginKind, Violation};
use crate::scenario::{Scenario, Vehicle};

/// What one asset was told, and what it holds of the fleet's rows.
pub(crate) struct Orders {
    /// Its commands; `None` if the plan is not in effect, so that it keeps itself alive and nothing else.
    pub(crate) commands: Option<Vec<Command>>,
    /// Its shares, row by row.
    pub(crate) shares: Vec<f64>,
}

/// The integrated sol.
pub(crate) struct Realised {
    pub(crate) steps: u64,
    pub(crate) margins: Vec<Margin>,
    pub(crate) violations: Vec<Violation>,
    /// Asset by asset.
    pub(crate) curves: Vec<Curves>,
    /// Asset by asset: how much of each activity was done.
    pub(crate) done: Vec<BTreeMap<&'static str, f64>>,
    /// Asset by asset, row by row, in the rows' units.
    pub(crate) use_of_rows: Vec<Vec<f64>>,
}

/// So many samples are kept of every curve.
const SAMPLES: i64 = 288;
/// What rounding may add to a quantity of order one.
const ROUNDING: f64 = 1e-6;

/// Lets the sol happen.
pub(crate) fn integrate(
    scenario: &Scenario,
    fleet: &Fleet,
    orders: &[Orders],
    (seed, step_ms): (u64, i64),
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Realised {
    let mut world = World::new(scenario, fleet, orders, seed);
    let horizon = &scenario.horizon;
    let (start_ms, end_ms) = (horizon.start.as_ms(), horizon.end().as_ms());
    let sample_ms = ((end_ms - start_ms) / SAMPLES).max(step_ms);
    let (mut steps, mut sampled_ms) = (0, i64::MIN);
    for slot in 0..horizon.len() {
        // A caller who breaks off here has the plan already; the sol is short and is finished all the same.
        let _ = progress(Progress::Executing {
            time_ms: horizon.slot_start(slot).as_ms() - start_ms,
            end_ms: end_ms - start_ms,
        });
        world.begin_slot();
        let slot_end = horizon.slot_end(slot).as_ms();
        let mut time_ms = horizon.slot_start(slot).as_ms();
        while time_ms < slot_end {
            let tick = Tick { slot, start_ms: time_ms, end_ms: (time_ms + step_ms).min(slot_end) };
            if time_ms - sample_ms >= sampled_ms {
                world.bodies.iter_mut().for_each(|body| body.record(time_ms));
                sampled_ms = time_ms;
            }
            world.step(tick);
            time_ms = tick.end_ms;
            steps += 1;
        }
    }
    world.bodies.iter_mut().for_each(|body| body.record(end_ms));
    world.finish(steps)
}

struct World<'a> {
    scenario: &'a Scenario,
    fleet: &'a Fleet,
    orders: &'a [Orders],
    bodies: Vec<Body<'a>>,
    watch: Watch,
    use_of_rows: Vec<Vec<f64>>,
    bus_slot_wh: f64,
    corridor_slot_s: f64,
}

impl<'a> World<'a> {
    fn new(scenario: &'a Scenario, fleet: &'a Fleet, orders: &'a [Orders], seed: u64) -> Self {
        let body = |(asset, orders): (&'a crate::scenario::AssetSpec, &'a Orders)| {
            let disturbance = Disturbance::draw(scenario, seed, asset.id.as_str());
            Body::new(asset, disturbance, orders.commands.as_deref())
        };
        Self {
            scenario,
            fleet,
            orders,
            bodies: scenario.assets.iter().zip(orders).map(body).collect(),
            watch: Watch::default(),
            use_of_rows: vec![vec![0.0; fleet.rows.len()]; scenario.assets.len()],
            bus_slot_wh: 0.0,
            corridor_slot_s: 0.0,
        }
    }

    fn begin_slot(&mut self) {
        self.bus_slot_wh = 0.0;
        self.corridor_slot_s = 0.0;
    }

    fn step(&mut self, tick: Tick) {
        let lanes = self.scenario.corridor_limit.unwrap_or(0.0);
        let mut corridor_s = lanes * tick.seconds();
        let mut requests = vec![0.0; self.bodies.len()];
        for (k, body) in self.bodies.iter_mut().enumerate() {
            let in_pass = self.fleet.passes.iter().any(|pass| {
                pass.member == Some(k) && pass.span.start_ms < tick.end_ms && pass.span.end_ms > tick.start_ms
            });
            requests[k] = body.begin(self.scenario, tick, in_pass, &mut corridor_s);
        }
        self.feed_bus(tick, &requests);
        self.relay(tick);
        for body in &mut self.bodies {
            body.settle(tick);
        }
        self.account(tick);
        self.look(tick);
    }

    /// Delivers what was asked for; who feeds the bus divides the load by what was promised.
    fn feed_bus(&mut self, tick: Tick, requests: &[f64]) {
        let asked_w: f64 = requests.iter().sum();
        let promised: Vec<f64> = self.bodies.iter().map(|body| body.promised_w(tick)).collect();
        let promised_w: f64 = promised.iter().sum();
        for ((body, request_w), promised_of_w) in self.bodies.iter_mut().zip(requests).zip(&promised) {
            if *request_w > 0.0 {
                body.take_from_bus(tick, *request_w);
            }
            if promised_w > 0.0 && *promised_of_w > 0.0 {
                body.now.bus_w -= asked_w * promised_of_w / promised_w;
            }
        }
        self.bus_slot_wh += asked_w * tick.hours();
    }

    fn relay(&mut self, tick: Tick) {
        for sender in 0..self.bodies.len() {
            for sent in self.bodies[sender].transmit(tick) {
                let gbit = sent.volume_mbit / 1000.0;
                let Some(row) = self.fleet.rows.relay(&sent.pass) else { continue };
                self.use_of_rows[sender][row] += gbit;
                let pass = self.fleet.passes.iter().find(|pass| pass.name == sent.pass);
                if let Some(relay) = pass.and_then(|pass| pass.member) {
                    self.bodies[relay].stored_mbit += sent.volume_mbit;
                    self.use_of_rows[relay][row] -= gbit;
                }
            }
        }
    }

    fn account(&mut self, tick: Tick) {
        let slot_s = self.scenario.horizon.slot_length_ms(tick.slot) as f64 / 1000.0;
        for (body, use_of_rows) in self.bodies.iter().zip(&mut self.use_of_rows) {
            if let Some(row) = self.fleet.rows.bus(tick.slot) {
                use_of_rows[row] += body.now.bus_w * tick.hours() / 1000.0;
            }
            if let Some(row) = self.fleet.rows.corridor(tick.slot) {
                use_of_rows[row] += body.now.corridor_s / slot_s;
            }
            self.corridor_slot_s += body.now.corridor_s;
        }
    }

    /// Holds everything against its limit.
    fn look(&mut self, tick: Tick) {
        let time_ms = tick.end_ms;
        for body in &self.bodies {
            let battery = body.asset.vehicle.battery();
            let asset = body.asset.id.as_str();
            let value = body.battery_wh;
            let slack = ROUNDING * battery.capacity_wh;
            let (kind, unit) = (MarginKind::Battery, "Wh");
            let limit = battery.floor_fraction * battery.capacity_wh;
            let floor = Limit { kind, asset, quantity: "battery_floor", unit, value, limit, floor: true, slack };
            self.watch.check(time_ms, &floor);
            if value > battery.capacity_wh + slack {
                let limit = battery.capacity_wh;
                let quantity = "battery_ceiling";
                self.watch.check(time_ms, &Limit { kind, asset, quantity, unit, value, limit, floor: false, slack });
            }
            if let Some(data) = body.asset.vehicle.data() {
                let (kind, quantity, unit) = (MarginKind::Memory, "memory", "Mbit");
                let (value, limit, slack) = (body.stored_mbit, data.memory_mbit, ROUNDING * data.memory_mbit);
                self.watch.check(time_ms, &Limit { kind, asset, quantity, unit, value, limit, floor: false, slack });
            }
        }
        self.look_at_bus(tick);
        self.look_at_passes(tick);
        self.look_at_corridor(tick);
    }

    fn look_at_bus(&mut self, tick: Tick) {
        let (Some(row), asset) = (self.fleet.rows.bus(tick.slot), "fleet") else { return };
        let rating_w = |body: &Body<'_>| match &body.asset.vehicle {
            Vehicle::Habitat(habitat) => habitat.export_w_max,
            _ => 0.0,
        };
        let hours = self.scenario.horizon.slot_hours(tick.slot);
        let beyond_wh = self.scenario.bus_limit_wh.unwrap_or(0.0);
        let limit = self.bodies.iter().map(rating_w).sum::<f64>() + beyond_wh / hours;
        let value: f64 = self.bodies.iter().map(|body| body.now.bus_w.max(0.0)).sum();
        let (kind, quantity) = (MarginKind::BusPower, "bus_power");
        let slack = ROUNDING * (1.0 + limit);
        self.watch.check(tick.end_ms, &Limit { kind, asset, quantity, unit: "W", value, limit, floor: false, slack });

        // What was promised for the slot: members' shares where the plan is in effect, else what they can feed at most.
        let promised = |(body, orders): (&Body<'_>, &Orders)| {
            if body.follows { (-orders.shares[row]).max(0.0) * 1000.0 } else { rating_w(body) * hours }
        };
        let limit = self.bodies.iter().zip(self.orders).map(promised).sum::<f64>() + beyond_wh;
        let (kind, quantity) = (MarginKind::BusEnergy, format!("bus_energy[{}]", tick.slot));
        let (value, slack) = (self.bus_slot_wh, ROUNDING * (1.0 + limit));
        let quantity = quantity.as_str();
        self.watch.check(tick.end_ms, &Limit { kind, asset, quantity, unit: "Wh", value, limit, floor: false, slack });
    }

    fn look_at_passes(&mut self, tick: Tick) {
        for pass in &self.fleet.passes {
            if pass.span.end_ms <= tick.start_ms || pass.span.start_ms >= tick.end_ms {
                continue;
            }
            let Some(row) = self.fleet.rows.relay(&pass.name) else { continue };
            // A relay that follows the plan promised a volume; one that does not still hears its whole pass.
            let limit = match pass.member {
                Some(relay) if self.bodies[relay].follows => (-self.orders[relay].shares[row]).max(0.0),
                Some(_) => pass.volume_gbit(),
                None => self.fleet.coupling.bounds.upper()[row],
            } * 1000.0;
            let value = self.use_of_rows.iter().map(|of_asset| of_asset[row].max(0.0)).sum::<f64>() * 1000.0;
            let (kind, quantity) = (MarginKind::RelayVolume, format!("relay_volume[{}]", pass.name));
            let (slack, quantity) = (ROUNDING * (1.0 + limit), quantity.as_str());
            let (asset, unit) = ("fleet", "Mbit");
            self.watch.check(tick.end_ms, &Limit { kind, asset, quantity, unit, value, limit, floor: false, slack });
        }
    }

    fn look_at_corridor(&mut self, tick: Tick) {
        let (Some(limit), Some(_)) = (self.scenario.corridor_limit, self.fleet.rows.corridor(tick.slot)) else {
            return;
        };
        let slot_s = self.scenario.horizon.slot_length_ms(tick.slot) as f64 / 1000.0;
        let (kind, quantity) = (MarginKind::Corridor, format!("corridor[{}]", tick.slot));
        // Vehicles take turns, so too many of them show as claims that the slot cannot hold.
        let claimed_s: f64 = self.bodies.iter().map(|body| body.corridor_claim_s(tick)).sum();
        let value = (self.corridor_slot_s + claimed_s) / slot_s;
        let (slack, quantity) = (ROUNDING, quantity.as_str());
        let (asset, unit) = ("fleet", "share");
        self.watch.check(tick.end_ms, &Limit { kind, asset, quantity, unit, value, limit, floor: false, slack });
    }

    fn finish(self, steps: u64) -> Realised {
        let (margins, violations) = self.watch.finish();
        let (curves, done) = self.bodies.into_iter().map(|body| (body.curves, body.done)).unzip();
        Realised { steps, margins, violations, curves, done, use_of_rows: self.use_of_rows }
    }
}
