/// The name of one plan that every asset keeps its own part of: which answer of which round.
///
/// Slots count the query's points first, then its bound points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct ColumnKey {
    /// The round that asked.
    pub round: u32,
    /// Which of its answers; from [`ColumnKey::MOVED`] on, the plan that a [`Move`] makes of one.
    pub slot: u16,
}

impl ColumnKey {
    /// Slots from here on are moved plans: `MOVED + k` is made of the answer at point `k`.
    pub const MOVED: u16 = 0x8000;

    /// Whether a [`Move`] makes this plan.
    pub fn is_moved(self) -> bool {
        self.slot >= Self::MOVED
    }
}

/// One linear step of every asset from its answer at a point: a plan whose use is known before anybody has computed it.
///
/// Asset i goes from its plan at the point by `length K^-1 G_i' (d_i - prices)`, where `K` is the matrix whose response it reported
/// and `d_i` its own distance from the point's prices. Its use then is its affine model's, exactly.
/// # Privacy
/// The same for all, and made from sums; no asset's plan leaves it.
/// # Source
/// docs/math/federated-solver.md#moves.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Move {
    /// The plan's name; its slot is [`ColumnKey::MOVED`] plus the point's index.
    pub key: ColumnKey,
    /// How far to go, in 0..=1.
    pub length: f64,
    /// `Delta`: by how much prices change, one per fleet row, in the problem's units.
    pub prices: Vec<f64>,
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
pub struct Mix {
    /// Columns, ascending, and their weights: positive, summing to one.
    pub weights: Vec<(ColumnKey, f64)>,
    /// How each moved column among them is made, in their order.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub moves: Vec<Move>,
}

impl Mix {
    /// The mix that is one column, other than a moved one.
    pub fn single(key: ColumnKey) -> Self {
        Self { weights: vec![(key, 1.0)], moves: Vec::new() }
    }
}
