use serde::Serialize;

/// One asset's sol: what it wanted, what it planned, what it did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AssetReport {
    /// Its name.
    pub id: String,
    /// `rover`, `drone`, `habitat` or `orbiter`.
    pub kind: String,
    /// Whether the announced plan is in effect on this asset; if not, it runs on its keep-alive baseline.
    pub in_effect: bool,
    /// The planned activities, for a Gantt: neighbouring slots of one activity are separate entries if their levels differ.
    pub activities: Vec<Activity>,
    /// Resource profiles against their limits.
    pub series: Vec<Series>,
    /// What the asset was asked to do, and how much of it fits.
    pub wanted: Vec<Wanted>,
    /// What the planning cost on the links.
    pub traffic: Traffic,
}

/// One bar of a Gantt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Activity {
    /// What is done: `drive`, `charge`, `flight`, ...
    pub label: String,
    /// Start.
    pub start_ms: i64,
    /// End.
    pub end_ms: i64,
    /// How strongly, in `unit`.
    pub level: f64,
    /// The level that would be full strength, for shading; absent where there is none.
    pub level_max: Option<f64>,
    /// The level's unit.
    pub unit: String,
}

/// One quantity over time, as planned and as it came.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// What: `battery`, `stored data`, `power`, ...
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// What it must not fall below.
    pub lower: Option<f64>,
    /// What it must not exceed.
    pub upper: Option<f64>,
    /// The planner's expectation at the slots' edges; empty where it has none.
    pub planned: Curve,
    /// The integrated reality, thinned for drawing; limits were checked at every step before that.
    pub realised: Curve,
}

/// Samples of a quantity: two lists of one length, times ascending.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Curve {
    /// When.
    pub time_ms: Vec<i64>,
    /// How much.
    pub value: Vec<f64>,
}

impl Curve {
    /// Adds a sample at the end.
    pub fn push(&mut self, time_ms: i64, value: f64) {
        self.time_ms.push(time_ms);
        self.value.push(value);
    }
}

/// One activity somebody asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wanted {
    /// What.
    pub label: String,
    /// How much was asked for.
    pub desired: f64,
    /// How much the plan contains.
    pub planned: f64,
    /// How much was done in the integrated reality.
    pub realised: f64,
    /// The unit of all three.
    pub unit: String,
    /// If not fully planned: what stood in the way, the dearest first.
    pub binding: Vec<Binding>,
}

impl Wanted {
    /// The part of a want below which it counts as not fully planned.
    pub const FULL: f64 = 0.995;

    /// Whether the plan contains all of it, up to half a per cent.
    pub fn is_fully_planned(&self) -> bool {
        self.planned >= Self::FULL * self.desired
    }
}

/// A row that stands in the way of a want.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Binding {
    /// Its name.
    pub row: String,
    /// Whose row it is.
    pub scope: BindingScope,
    /// What one more unit of the row would be worth, in cost units; absent where only its slack is known.
    pub price: Option<f64>,
    /// The row's unit.
    pub unit: String,
    /// When the row applies: the first and last such instant.
    pub start_ms: i64,
    /// Its end.
    pub end_ms: i64,
}

/// Whose row binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BindingScope {
    /// The asset's own: a battery floor, a window, a rating.
    Own,
    /// Shared by the fleet.
    Fleet,
}

/// What the planning sent over the links on behalf of one asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Bytes of messages that the asset originated, before packet headers.
    pub bytes_up: u64,
    /// Bytes of messages addressed to it, before packet headers.
    pub bytes_down: u64,
    /// Messages it originated.
    pub messages_up: u64,
    /// Messages addressed to it.
    pub messages_down: u64,
    /// Packets that had to be sent again, over all hops of its messages.
    pub retransmissions: u64,
    /// Hops of the last message between it and the facilitator.
    pub hops: u32,
}
