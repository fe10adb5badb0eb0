use cosmosmesh_contracts::problem::{Bounds, Coupling, ProblemError};
use cosmosmesh_contracts::{Horizon, MissionTime};

/// The public layout of the rows that the whole fleet shares, so that every adapter maps its use to the same rows.
///
/// # Shape
/// In this order: `bus_kwh[slot]` for every slot, `relay_gbit[pass]` for every pass, `corridor[slot]` for every slot in which something may move.
/// Every row is `sum of shares <= limit`; an asset that gives rather than takes (the habitat, a relay) has shares of zero or less.
/// # Units
/// Kilowatt-hours drawn from the bus in the slot; 10^9 bits sent over the pass; part of the slot during which the corridor is taken.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetRows {
    horizon: Horizon,
    bus_limit_kwh: Option<f64>,
    passes: Vec<RelayPass>,
    corridor_slots: Vec<usize>,
    corridor_limit: f64,
}

/// One pass of a relay, as everybody knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct RelayPass {
    /// The name that forecasts use for it.
    pub name: String,
    /// Rise.
    pub start: MissionTime,
    /// Set.
    pub end: MissionTime,
    /// What may be sent beyond what relays of this fleet offer: zero if the relay is a member, else its whole volume.
    pub limit_gbit: f64,
}

impl FleetRows {
    /// No rows yet; each kind is added by name.
    pub fn new(horizon: Horizon) -> Self {
        Self { horizon, bus_limit_kwh: None, passes: Vec::new(), corridor_slots: Vec::new(), corridor_limit: 1.0 }
    }

    /// With one bus row per slot. The limit is what the bus carries beyond what members feed: zero if a habitat is a member.
    #[must_use]
    pub fn with_bus(mut self, limit_kwh: f64) -> Self {
        self.bus_limit_kwh = Some(limit_kwh);
        self
    }

    /// With one relay row per pass.
    #[must_use]
    pub fn with_passes(mut self, passes: Vec<RelayPass>) -> Self {
        self.passes = passes;
        self
    }

    /// With one corridor row for each of these slots: assets moving there at once, in parts of the slot, sum to at most `limit`.
    #[must_use]
    pub fn with_corridor(mut self, mut slots: Vec<usize>, limit: f64) -> Self {
        slots.sort_unstable();
        slots.dedup();
        self.corridor_slots = slots;
        self.corridor_limit = limit;
        self
    }

    /// The slots.
    pub fn horizon(&self) -> &Horizon {
        &self.horizon
    }

    /// The passes, in the order of their rows.
    pub fn passes(&self) -> &[RelayPass] {
        &self.passes
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.bus_count() + self.passes.len() + self.corridor_slots.len()
    }

    /// Whether the fleet shares nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row of a slot's bus energy.
    pub fn bus(&self, slot: usize) -> Option<usize> {
        (slot < self.bus_count()).then_some(slot)
    }

    /// The row of a pass.
    pub fn relay(&self, pass: &str) -> Option<usize> {
        self.passes.iter().position(|p| p.name == pass).map(|k| self.bus_count() + k)
    }

    /// The row of a slot's corridor occupancy.
    pub fn corridor(&self, slot: usize) -> Option<usize> {
        self.corridor_slots.binary_search(&slot).ok().map(|k| self.bus_count() + self.passes.len() + k)
    }

    /// The slot in which a row's resource is used: for a pass, that of its rise.
    pub fn slot_of(&self, row: usize) -> Option<usize> {
        if row < self.bus_count() {
            return Some(row);
        }
        let row = row - self.bus_count();
        match self.passes.get(row) {
            Some(pass) => self.horizon.slot_at(pass.start.max(self.horizon.start)),
            None => self.corridor_slots.get(row - self.passes.len()).copied(),
        }
    }

    /// The rows' names and limits, as a fleet problem needs them.
    ///
    /// # Errors
    /// [`ProblemError`] if a limit is NaN.
    pub fn coupling(&self) -> Result<Coupling, ProblemError> {
        let mut names = Vec::with_capacity(self.len());
        let mut upper = Vec::with_capacity(self.len());
        for slot in 0..self.bus_count() {
            names.push(format!("bus_kwh[{slot}]"));
            upper.push(self.bus_limit_kwh.unwrap_or(0.0));
        }
        for pass in &self.passes {
            names.push(format!("relay_gbit[{}]", pass.name));
            upper.push(pass.limit_gbit);
        }
        for slot in &self.corridor_slots {
            names.push(format!("corridor[{slot}]"));
            upper.push(self.corridor_limit);
        }
        let bounds = Bounds::new(vec![f64::NEG_INFINITY; upper.len()], upper)?;
        Ok(Coupling { names, bounds })
    }

    fn bus_count(&self) -> usize {
        if self.bus_limit_kwh.is_some() { self.horizon.len() } else { 0 }
    }
}
