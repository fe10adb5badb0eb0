use cosmosmesh_contracts::problem::Bounds;
use cosmosmesh_contracts::round::{FieldKind, SummedReport};

/// The public scaling `D` of the fleet's rows, which follows from the first sum, and the limits in scaled rows.
pub(super) struct ScaledRows {
    scale: Option<Vec<f64>>,
    pub(super) lower: Vec<f64>,
    pub(super) upper: Vec<f64>,
    /// How many private inequalities all assets have together.
    pub(super) sides: f64,
}

/// In which units a sum's rows are; the first sum is in the problem's, the later ones are in scaled rows.
pub(super) struct Units {
    /// A sum's rows divided by this are in the problem's units; prices of its query times this are, too.
    pub(super) plain: Vec<f64>,
    /// A sum's rows times this are scaled ones; prices of its query divided by this are, too.
    pub(super) scaled: Vec<f64>,
}

impl ScaledRows {
    /// Before the first sum.
    pub(super) fn unknown() -> Self {
        Self { scale: None, lower: Vec::new(), upper: Vec::new(), sides: 1.0 }
    }

    /// The scaling, once the first sum was heard.
    pub(super) fn scale(&self) -> Option<&Vec<f64>> {
        self.scale.as_ref()
    }

    /// The units of this sum; from the first one the scaling follows.
    pub(super) fn hear(&mut self, sum: &SummedReport, bounds: &Bounds) -> Units {
        let ones = vec![1.0; bounds.len()];
        if let Some(scale) = &self.scale {
            return Units { plain: scale.clone(), scaled: ones };
        }
        let scale = scale(sum);
        let scaled = |list: &[f64]| list.iter().zip(&scale).map(|(b, d)| b * d).collect();
        (self.lower, self.upper) = (scaled(bounds.lower()), scaled(bounds.upper()));
        self.sides = sum.scalar(FieldKind::ConstraintCount, 0).max(1.0);
        self.scale = Some(scale.clone());
        Units { plain: ones, scaled: scale }
    }
}

/// `D_k = (sum_i |G_i,k|^2 / N)^-1/2`, from the first sum; one for a row that nobody touches.
pub(super) fn scale(first: &SummedReport) -> Vec<f64> {
    let count = first.contributors() as f64;
    let norms = first.field(FieldKind::RowNorms, 0);
    norms.iter().map(|n| if *n > 0.0 { (n / count).sqrt().recip() } else { 1.0 }).collect()
}
