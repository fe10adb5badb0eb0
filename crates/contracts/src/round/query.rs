/// The name of one plan that every asset keeps its own part of: which answer of which round.
///
/// Slots count the query's points first, then its bound points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct ColumnKey {
    /// The round that asked.
    pub round: u32,
    /// Which of its answers.
    pub slot: u16,
}

/// Convex weights over columns: "use this mix of your own earlier answers".
///
/// An asset's feasible set is convex, so the mix is locally feasible; the fleet's use of every shared row is the same mix of known sums.
/// # Privacy
/// Announces weights only; no asset's plan leaves it.
/// # Source
/// Column generation with aggregated columns; docs/math/federated-solver.md#mixing.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Mix {
    /// Columns, ascending, and their weights: positive, summing to one.
    pub weights: Vec<(ColumnKey, f64)>,
}

impl Mix {
    /// The mix that is one column.
    pub fn single(key: ColumnKey) -> Self {
        Self { weights: vec![(key, 1.0)] }
    }
}

/// One candidate that every asset is asked about.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct QueryPoint {
    /// One price per fleet row, in scaled rows; a positive price pushes the row's use down.
    pub prices: Vec<f64>,
    /// The barrier parameter `mu`, in units of cost.
    pub barrier: f64,
}

/// How tightly an asset holds to its predicted allocation: `W = stiffness (S + shift tr(S)/m I)^-1 + floor I`, private to it.
///
/// # Source
/// docs/math/federated-solver.md#metric.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Metric {
    /// `w`, dimensionless.
    pub stiffness: f64,
    /// `eps`, dimensionless.
    pub shift: f64,
    /// `rho`, price per scaled unit of a fleet row.
    pub floor: f64,
}

/// What an asset does with the points.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub enum Ask {
    /// Central-path following: re-centre at every point, answer with the affine response there.
    Path {
        /// Which point of the last round became the base of everybody's prediction.
        base: Option<u16>,
        /// The trust metric.
        metric: Metric,
    },
    /// The proximal step of sharing ADMM: one point, whose prices are the scaled dual times the penalty.
    Proximal {
        /// `rho`, price per scaled unit.
        penalty: f64,
        /// `alpha`, over-relaxation in 1..2.
        relaxation: f64,
        /// `zbar - xbar`: how the fleet's average must move, per row.
        shift: Vec<f64>,
    },
    /// [`Ask::Path`] for fleets from which assets may be away, and for thin links.
    Follow {
        /// Which point of the last round became the base of everybody's prediction; none keeps the base of before.
        base: Option<u16>,
        /// The trust metric.
        metric: Metric,
        /// Whether an answer is the difference to what the asset's own base model and base plan say at the same point.
        ///
        /// Whoever is away then adds nothing, which is right: its last model and its last plan stay in the coordinator's sum.
        relative: bool,
        /// Points whose response and curvature are asked for, ascending; the others bring a plan and its cost only.
        curvature: Vec<u16>,
        /// Prices whose bounds are open: every asset answers each of them once, in the first round in which it can.
        open: Vec<OpenPrice>,
    },
    /// [`Ask::Proximal`] that starts from a combination of earlier steps (Anderson acceleration), or from where another method stands.
    ///
    /// The target of asset i is `sum_j weights_j r_ij + shift`, with `r_ij` its relaxed use `j` steps ago.
    Accelerated {
        /// `rho`, price per scaled unit.
        penalty: f64,
        /// `alpha`, over-relaxation in 1..2.
        relaxation: f64,
        /// What is added to the combination, per row: the same for everybody.
        shift: Vec<f64>,
        /// Weights of the last steps, newest first, summing to one; some may be negative.
        weights: Vec<f64>,
        /// How many earlier steps the next combinations may use: [`super::FieldKind::Gram`] has one entry more.
        memory: u8,
        /// A plan whose use stands in for the earlier steps, which are forgotten: how a run is taken over from another method.
        start: Option<Mix>,
    },
    /// A primal-dual interior point over the whole fleet: one Newton step towards every point, answered like a centre.
    ///
    /// An asset steps from where the chosen point of the last round took it, as far as its own slacks and multipliers allow.
    Newton {
        /// Which point of the last round everybody steps from; none in the first round.
        base: Option<u16>,
    },
}

/// Prices at which a lower bound is being collected from assets that are not all present at the same time.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct OpenPrice {
    /// The round that opened it, which is its name.
    pub opened: u32,
    /// One price per fleet row, in scaled rows.
    pub prices: Vec<f64>,
}

/// What the coordinator asks everybody in one round. The same for all, and public.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct RoundQuery {
    /// Rounds count from 1.
    pub round: u32,
    /// How many fleet rows there are.
    pub row_count: u32,
    /// A new scaling of the fleet's rows, from this round on. Answers of the last round are rescaled by it.
    pub row_scale: Option<Vec<f64>>,
    /// The candidates.
    pub points: Vec<QueryPoint>,
    /// What to do with them.
    pub ask: Ask,
    /// Points (by index) at whose prices a certified lower bound is asked for.
    pub bound_points: Vec<u16>,
    /// A direction of prices along which the fleet may be infeasible: the least weighted use is asked for.
    pub ray: Option<Vec<f64>>,
    /// Columns older than [`RoundQuery::WINDOW`] rounds that must be kept because a mix uses them, ascending.
    pub retain: Vec<ColumnKey>,
}

impl RoundQuery {
    /// For how many rounds every column is kept without being named.
    pub const WINDOW: u32 = 6;

    /// Whether an asset that was away in a round must still know the plan that it then held.
    pub fn retains_round(&self, round: u32) -> bool {
        round + Self::WINDOW >= self.round || self.retain.iter().any(|key| key.round == round)
    }

    /// Which point of the last round everybody builds on, where the method has one.
    pub fn base(&self) -> Option<u16> {
        match &self.ask {
            Ask::Path { base, .. } | Ask::Follow { base, .. } | Ask::Newton { base } => *base,
            Ask::Proximal { .. } | Ask::Accelerated { .. } => None,
        }
    }

    /// Whether an asset must still keep a column when it hears this query.
    pub fn retains(&self, key: ColumnKey) -> bool {
        key.round + Self::WINDOW >= self.round || self.retain.binary_search(&key).is_ok()
    }
}
