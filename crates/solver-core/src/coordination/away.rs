use cosmosmesh_contracts::round::{FieldKind, OpenPrice, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::CoordinationError;

use super::evidence::Evidence;
use super::model::Model;

/// Bounds in the making while assets are away: each asset answers each price once, in the first round in which it can.
#[derive(Default)]
pub(super) struct OpenBounds {
    list: Vec<OpenBound>,
}

/// Prices in scaled rows, and what the assets that have answered add up to.
struct OpenBound {
    price: OpenPrice,
    count: f64,
    sum: f64,
}

/// For how many rounds a bound stays open.
const OPEN_ROUNDS: u32 = 8;

impl OpenBounds {
    /// Opens another one, in this round.
    pub(super) fn open(&mut self, round: u32, prices: Vec<f64>) {
        self.list.push(OpenBound { price: OpenPrice { opened: round, prices }, count: 0.0, sum: 0.0 });
    }

    /// Those that are open.
    pub(super) fn prices(&self) -> Vec<OpenPrice> {
        self.list.iter().map(|open| open.price.clone()).collect()
    }

    /// Adds what this sum brings; a bound that all of so many assets have answered is offered to the evidence.
    pub(super) fn hear(&mut self, round: u32, sum: &SummedReport, assets: f64, evidence: &mut Evidence, unit: &[f64]) {
        for (k, open) in self.list.iter_mut().enumerate() {
            if !sum.is_sound(FieldKind::OpenBound, k as u16) {
                continue;
            }
            open.count += sum.scalar(FieldKind::OpenCount, k as u16);
            open.sum += sum.scalar(FieldKind::OpenBound, k as u16);
            if open.count >= assets {
                evidence.offer(&open.price.prices, open.sum, unit);
            }
        }
        let oldest = round.saturating_sub(OPEN_ROUNDS);
        self.list.retain(|open| open.count < assets && open.price.opened > oldest);
    }
}

/// The sums of all assets from the differences of those present: adds what the base says, which holds for whoever is away.
pub(super) fn completed(
    base: &Model,
    query: &RoundQuery,
    sum: &SummedReport,
) -> Result<SummedReport, CoordinationError> {
    let m = base.prices.len();
    let mut values = sum.values().to_vec();
    for field in sum.layout().fields() {
        let target = &mut values[field.offset..field.offset + field.len];
        let at_point = query.points.get(usize::from(field.point));
        match (field.kind, at_point) {
            (FieldKind::Use | FieldKind::BoundUse, _) => {
                target.iter_mut().zip(&base.usage).for_each(|(v, u)| *v += u);
            }
            (FieldKind::Cost | FieldKind::BoundCost, _) => target[0] += base.cost,
            (FieldKind::Boxed | FieldKind::BoundBoxed, _) => target[0] += base.boxed,
            (FieldKind::Response, Some(point)) => {
                for (a, v) in target.iter_mut().enumerate() {
                    let row = &base.curvature[a * m..(a + 1) * m];
                    let moved: f64 =
                        row.iter().zip(point.prices.iter().zip(&base.prices)).map(|(s, (p, q))| s * (p - q)).sum();
                    *v += base.answer[a] - moved + base.barrier_derivative[a] * (point.barrier - base.barrier);
                }
            }
            (FieldKind::Curvature, Some(point)) => {
                let upper = (0..m).flat_map(|a| base.curvature[a * m + a..(a + 1) * m].iter());
                target.iter_mut().zip(upper).for_each(|(v, s)| *v += point.barrier * s);
            }
            (FieldKind::BarrierDerivative, Some(point)) => {
                target.iter_mut().zip(&base.barrier_derivative).for_each(|(v, d)| *v += point.barrier * d);
            }
            _ => {}
        }
    }
    Ok(sum.with_values(values)?)
}
