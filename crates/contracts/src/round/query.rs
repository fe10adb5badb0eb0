use super::{ColumnKey, Mix, Move};

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

/// How the rest of the fleet would answer if one asset left its predicted allocation, and so how firmly the asset is held to it.
///
/// If asset i uses `e` more than predicted and everybody else follows the fleet's affine model, prices move by `(S - S_i + C)^-1 e`.
/// Each asset solves with `weight` times that answer in place of the others: it finds where it would end up, in the problem's own units.
/// # Privacy
/// Sums that everybody heard already.
/// # Source
/// docs/math/federated-solver.md#metric.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Rest {
    /// `theta`: above one where several assets leave their predictions at the same time.
    pub weight: f64,
    /// `S`, the fleet's curvature at the base, in scaled rows: the upper triangle row by row, m (m + 1) / 2 numbers.
    pub curvature: Vec<f64>,
    /// The diagonal of `C`, per point: how far each row's limit gives when its price rises; zero for an equality row. m numbers each.
    pub give: Vec<Vec<f64>>,
}

impl Rest {
    /// Whether lengths and numbers suit a query of so many points over m rows.
    pub fn is_usable(&self, m: usize, points: usize) -> bool {
        let least = |list: &[f64], len: usize, least: f64| {
            list.len() == len && list.iter().all(|v| v.is_finite() && *v >= least)
        };
        self.weight > 0.0
            && self.weight.is_finite()
            && least(&self.curvature, m * (m + 1) / 2, f64::MIN)
            && self.give.len() == points
            && self.give.iter().all(|give| least(give, m, 0.0))
    }
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
    /// [`Ask::Follow`] in which assets are held by what the rest of the fleet would answer, and plans can be moved.
    Guided(Guide),
    /// The same, and at some points *allotted plans*: which use what the fleet's model allots, where an asset can.
    ///
    /// Allotments of all assets together meet the fleet's rows, and so do the plans that keep to them.
    /// # Source
    /// docs/math/federated-solver.md#allotments.
    Allotted {
        /// What [`Ask::Guided`] has; no allotted point brings a curvature.
        #[cfg_attr(feature = "serde", serde(flatten))]
        guide: Guide,
        /// How many of the last points bring an allotted plan and its cost, at the least barrier of the query, and nothing else.
        allotted: u16,
    },
}

impl Ask {
    /// What guides the assets, where the question does.
    pub fn guide(&self) -> Option<&Guide> {
        match self {
            Self::Guided(guide) | Self::Allotted { guide, .. } => Some(guide),
            _ => None,
        }
    }

    /// How many of the last points bring an allotted plan only.
    pub fn allotted(&self) -> u16 {
        if let Self::Allotted { allotted, .. } = self { *allotted } else { 0 }
    }

    /// Open prices that are to be answered.
    pub fn open(&self) -> &[OpenPrice] {
        match self {
            Self::Follow { open, .. } => open,
            _ => self.guide().map_or(&[], |guide| &guide.open),
        }
    }
}

/// How assets follow the fleet: held by what the rest of it would answer, with plans that can be moved.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Guide {
    /// Which point of the last round became the base of everybody's prediction; none keeps the base of before.
    pub base: Option<u16>,
    /// The trust metric where `rest` is not there.
    pub metric: Metric,
    /// The fleet around each asset; none in a first round.
    pub rest: Option<Rest>,
    /// As in [`Ask::Follow`].
    pub relative: bool,
    /// As in [`Ask::Follow`].
    pub curvature: Vec<u16>,
    /// As in [`Ask::Follow`].
    pub open: Vec<OpenPrice>,
    /// Moved plans of the last round that mixes use: to be made and kept, ascending.
    pub moves: Vec<Move>,
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
            Ask::Guided(guide) | Ask::Allotted { guide, .. } => guide.base,
            Ask::Proximal { .. } | Ask::Accelerated { .. } => None,
        }
    }

    /// Whether answers are differences to what the base says; see [`Ask::Follow`].
    pub fn is_relative(&self) -> bool {
        match &self.ask {
            Ask::Follow { relative, .. } => *relative,
            ask => ask.guide().is_some_and(|guide| guide.relative),
        }
    }

    /// The points at which the fleet is followed; allotted plans are asked for at the others.
    pub fn candidates(&self) -> &[QueryPoint] {
        &self.points[..self.points.len().saturating_sub(usize::from(self.ask.allotted()))]
    }

    /// Whether an asset must still keep a column when it hears this query.
    pub fn retains(&self, key: ColumnKey) -> bool {
        key.round + Self::WINDOW >= self.round || self.retain.binary_search(&key).is_ok()
    }
}
