use super::{Ask, Guide, ReportError, RoundQuery};

/// What one field of a report means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FieldKind {
    /// One per asset that answered: the sum counts them. Length 1.
    Contributors,
    /// One if the asset's own problem has no solution, else zero. Length 1.
    LocallyInfeasible,
    /// Squared norms of the asset's coupling rows, unscaled. Length m. First round only.
    RowNorms,
    /// How many private inequalities the asset has. Length 1. First round only.
    ConstraintCount,
    /// `y = G x` at the point. Length m.
    Use,
    /// `yhat = y + S d`: the affine response quoted at the broadcast price. Length m.
    Response,
    /// `mu S`, the curvature of the response, upper triangle row by row. Length m (m + 1) / 2.
    Curvature,
    /// `mu dy/dmu`. Length m.
    BarrierDerivative,
    /// Cost at the point. Length 1.
    Cost,
    /// The squared Newton decrement `d' S d / mu`. Length 1.
    Decrement,
    /// Its square, from which the participation number follows. Length 1.
    DecrementSquare,
    /// A certified lower bound of cost plus priced use at a bound point. Length 1.
    Bound,
    /// `G x` of the plan that belongs to the bound. Length m.
    BoundUse,
    /// Cost of that plan. Length 1.
    BoundCost,
    /// How many assets went to a bound that only the method put there: a sign of an unbounded fleet. Length 1.
    Boxed,
    /// The same at a bound point. Length 1.
    BoundBoxed,
    /// Least possible use weighted by the ray. Length 1.
    RaySupport,
    /// ADMM: squared primal residual, of `y`, of `z`, and of the step. Length 4.
    ProximalNorms,
    /// One if the asset answers an open price in this round. Length 1.
    OpenCount,
    /// Its certified lower bound at that price, else zero. Length 1.
    OpenBound,
    /// Anderson acceleration: inner products of this step's `y - z` with itself and with those of the steps before, newest first.
    /// Length memory + 1.
    Gram,
}

/// Which way a number is rounded when it becomes an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest.
    Nearest,
    /// Towards less: lower bounds stay lower bounds.
    Down,
    /// Towards more: a plan costs at most what is claimed.
    Up,
}

impl FieldKind {
    /// Which way the field must be rounded so that what is concluded from its sum stays true.
    pub fn rounding(self) -> Rounding {
        match self {
            Self::Bound | Self::OpenBound | Self::RaySupport => Rounding::Down,
            Self::Cost | Self::BoundCost => Rounding::Up,
            _ => Rounding::Nearest,
        }
    }

    /// Whether the field counts assets or constraints, so that its numbers are integers.
    pub fn is_count(self) -> bool {
        matches!(
            self,
            Self::Contributors
                | Self::LocallyInfeasible
                | Self::ConstraintCount
                | Self::Boxed
                | Self::BoundBoxed
                | Self::OpenCount
        )
    }

    /// What the field is a part of. A part in which a number was clipped is dropped as a whole.
    pub(crate) fn part(self) -> Part {
        match self {
            Self::Contributors | Self::LocallyInfeasible | Self::RowNorms | Self::ConstraintCount => Part::Asset,
            Self::Use | Self::Cost | Self::Boxed => Part::Plan,
            Self::Response
            | Self::Curvature
            | Self::BarrierDerivative
            | Self::Decrement
            | Self::DecrementSquare
            | Self::ProximalNorms
            | Self::Gram => Part::Response,
            Self::Bound | Self::BoundUse | Self::BoundCost | Self::BoundBoxed => Part::Bound,
            Self::OpenCount | Self::OpenBound => Part::Open,
            Self::RaySupport => Part::Ray,
        }
    }
}

/// What belongs together in a report, per point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Asset,
    Plan,
    Response,
    Bound,
    Open,
    Ray,
}

/// One stretch of a report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// What it means.
    pub kind: FieldKind,
    /// Which point or bound point of the query it belongs to; zero where that does not apply.
    pub point: u16,
    /// Where it starts.
    pub offset: usize,
    /// How many numbers.
    pub len: usize,
}

/// Where everything stands in a report: a pure function of the query, so it never travels.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportLayout {
    fields: Vec<Field>,
    len: usize,
}

impl ReportLayout {
    /// The largest report, in numbers: 2^24, which is 128 MiB.
    pub const LEN_MAX: usize = 1 << 24;

    /// The layout of the answers to a query.
    ///
    /// # Errors
    /// [`ReportError::TooLarge`] if the answer would exceed [`ReportLayout::LEN_MAX`].
    pub fn of(query: &RoundQuery) -> Result<Self, ReportError> {
        let m = query.row_count as usize;
        let mut layout = Self { fields: Vec::new(), len: 0 };
        layout.push(FieldKind::Contributors, 0, 1)?;
        layout.push(FieldKind::LocallyInfeasible, 0, 1)?;
        if query.round == 1 {
            layout.push(FieldKind::RowNorms, 0, m)?;
            layout.push(FieldKind::ConstraintCount, 0, 1)?;
        }
        for point in 0..query.points.len() as u16 {
            layout.push(FieldKind::Use, point, m)?;
            layout.push(FieldKind::Cost, point, 1)?;
            layout.push(FieldKind::Boxed, point, 1)?;
            match &query.ask {
                Ask::Path { .. } | Ask::Newton { .. } => layout.push_response(point, m)?,
                Ask::Follow { curvature, .. }
                | Ask::Guided(Guide { curvature, .. })
                | Ask::Allotted { guide: Guide { curvature, .. }, .. } => {
                    if curvature.contains(&point) {
                        layout.push_response(point, m)?;
                    }
                }
                Ask::Proximal { .. } => layout.push(FieldKind::ProximalNorms, point, 4)?,
                Ask::Accelerated { memory, .. } => {
                    layout.push(FieldKind::ProximalNorms, point, 4)?;
                    layout.push(FieldKind::Gram, point, usize::from(*memory) + 1)?;
                }
            }
        }
        for bound in 0..query.bound_points.len() as u16 {
            layout.push(FieldKind::Bound, bound, 1)?;
            layout.push(FieldKind::BoundUse, bound, m)?;
            layout.push(FieldKind::BoundCost, bound, 1)?;
            layout.push(FieldKind::BoundBoxed, bound, 1)?;
        }
        for k in 0..query.ask.open().len() as u16 {
            layout.push(FieldKind::OpenCount, k, 1)?;
            layout.push(FieldKind::OpenBound, k, 1)?;
        }
        if query.ray.is_some() {
            layout.push(FieldKind::RaySupport, 0, 1)?;
        }
        Ok(layout)
    }

    fn push_response(&mut self, point: u16, m: usize) -> Result<(), ReportError> {
        self.push(FieldKind::Response, point, m)?;
        let triangle = m.checked_mul(m + 1).ok_or(ReportError::TooLarge)? / 2;
        self.push(FieldKind::Curvature, point, triangle)?;
        self.push(FieldKind::BarrierDerivative, point, m)?;
        self.push(FieldKind::Decrement, point, 1)?;
        self.push(FieldKind::DecrementSquare, point, 1)
    }

    fn push(&mut self, kind: FieldKind, point: u16, len: usize) -> Result<(), ReportError> {
        self.fields.push(Field { kind, point, offset: self.len, len });
        self.len = self.len.checked_add(len).filter(|&len| len <= Self::LEN_MAX).ok_or(ReportError::TooLarge)?;
        Ok(())
    }

    /// How many numbers a report has.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing to report; never so for a layout made from a query.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The fields in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Where a field stands, if the query asked for it.
    pub fn range(&self, kind: FieldKind, point: u16) -> Option<core::ops::Range<usize>> {
        let field = self.fields.iter().find(|field| field.kind == kind && field.point == point)?;
        Some(field.offset..field.offset + field.len)
    }
}
