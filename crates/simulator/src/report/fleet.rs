use serde::Serialize;

/// One row that the whole fleet shares.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FleetRowReport {
    /// Its name.
    pub name: String,
    /// What it limits: `bus_energy`, `relay_volume`, `corridor`, ...
    pub kind: String,
    /// The unit of limits, shares and use.
    pub unit: String,
    /// When it applies.
    pub start_ms: i64,
    /// Its end.
    pub end_ms: i64,
    /// The lower limit, if any.
    pub lower: Option<f64>,
    /// The upper limit, if any, with what members of the fleet give to the row added: the habitat's feed, a relay's volume.
    pub upper: Option<f64>,
    /// The sum of the shares of those who take: what the limit limits.
    pub granted: f64,
    /// Who holds how much of it; assets without a share are left out.
    pub grants: Vec<Grant>,
    /// What those who take plan to use in all.
    pub planned_use: f64,
    /// What they used in the integrated reality.
    pub realised_use: f64,
    /// What one more unit of the limit would be worth, in cost units per `unit`.
    pub price: f64,
}

/// One asset's share of a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Grant {
    /// Whose.
    pub asset: String,
    /// The cap on its use; negative for an asset that gives, as are its uses.
    pub share: f64,
    /// What it plans to use.
    pub planned_use: f64,
    /// What it used in the integrated reality.
    pub realised_use: f64,
}
