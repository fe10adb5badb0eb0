use crate::round::{Ask, Contribution, FieldKind, QueryPoint, ReportError, ReportLayout, RoundQuery, SummedReport};
use crate::traits::{Sum, SumError};

/// Adds contributions in the open, with a correction that keeps the sum as exact as its result can be written: the reference of every other sum.
///
/// # Source
/// Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54, 1974.
#[derive(Clone, Copy, Debug, Default)]
pub struct CompensatedSum;

impl Sum for CompensatedSum {
    fn sum(
        &mut self,
        query: &RoundQuery,
        contributions: &mut dyn Iterator<Item = Contribution>,
    ) -> Result<SummedReport, SumError> {
        let layout = ReportLayout::of(query)?;
        let mut total = vec![0.0; layout.len()];
        let mut lost = vec![0.0; layout.len()];
        for contribution in contributions {
            contribution.check(&layout)?;
            for ((total, lost), value) in total.iter_mut().zip(&mut lost).zip(contribution.values()) {
                let next = *total + value;
                // What the addition drops is taken from the smaller of the two.
                *lost += if total.abs() >= value.abs() { (*total - next) + value } else { (value - next) + *total };
                *total = next;
            }
        }
        total.iter_mut().zip(&lost).for_each(|(total, lost)| *total += lost);
        Ok(SummedReport::opened(layout, total)?)
    }
}

/// What every [`Sum`] must do; panics with a sentence where one does not.
///
/// `tolerance` is what a number of the sum may be off by, relative to the sum of the absolute values; 1e-12 for sums in the open.
pub fn sum(subject: &mut dyn Sum, tolerance: f64) {
    private_sum(subject, tolerance, 1);
}

/// The same for a sum that refuses fewer than so many contributors, at most 100, by name.
pub fn private_sum(subject: &mut dyn Sum, tolerance: f64, contributors_min: usize) {
    for query in queries() {
        adds_up(subject, &query, tolerance, contributors_min);
        refuses(subject, &query, contributors_min);
    }
}

fn adds_up(subject: &mut dyn Sum, query: &RoundQuery, tolerance: f64, min: usize) {
    let layout = ReportLayout::of(query).expect("the suite's queries have small answers");
    for count in [1, 2, 3, 100] {
        if count < min {
            let few = subject.sum(query, &mut (0..count).map(|k| contribution(&layout, k)));
            let expected = SumError::TooFew { found: count as u32, min: min as u32 };
            assert_eq!(few.map(|_| ()), Err(expected), "{count} contributors are too few");
            continue;
        }
        let contributions: Vec<Contribution> = (0..count).map(|k| contribution(&layout, k)).collect();
        let mut add = |reversed: bool| {
            let mut list = contributions.clone();
            if reversed {
                list.reverse();
            }
            let summed = subject.sum(query, &mut list.into_iter());
            summed.unwrap_or_else(|error| panic!("{count} sound contributions were refused: {error}"))
        };
        for summed in [add(false), add(true)] {
            assert_eq!(summed.contributors(), count, "the sum counts its contributors");
            assert_eq!(*summed.layout(), layout, "the sum has the layout of the query");
            for (i, found) in summed.values().iter().enumerate() {
                // Exact: the suite's values are small multiples of a power of two.
                let exact: f64 = contributions.iter().map(|c| c.values()[i]).sum();
                let size: f64 = contributions.iter().map(|c| c.values()[i].abs()).sum();
                let error = (found - exact).abs();
                assert!(error <= tolerance * size.max(1.0), "number {i} of {count} is off by {error:e}");
            }
            assert_eq!(
                summed.field(FieldKind::Use, 0).len(),
                query.row_count as usize,
                "fields are found by their name"
            );
        }
    }
}

fn refuses(subject: &mut dyn Sum, query: &RoundQuery, min: usize) {
    let nobody = subject.sum(query, &mut std::iter::empty());
    assert_eq!(nobody.map(|_| ()), Err(SumError::Report(ReportError::Empty)), "a sum of nobody is none");

    let layout = ReportLayout::of(query).expect("the suite's queries have small answers");
    let mut other = query.clone();
    other.bound_points.push(0);
    let longer = ReportLayout::of(&other).expect("one field more is still small");
    for at in 0..3 {
        let mut list: Vec<Contribution> = (0..2).map(|k| contribution(&layout, k)).collect();
        list.insert(at, contribution(&longer, 7));
        let summed = subject.sum(query, &mut list.into_iter());
        let expected = ReportError::WrongLength { expected: layout.len(), found: longer.len() };
        assert_eq!(summed.map(|_| ()), Err(SumError::Report(expected)), "an answer to another query voids the sum");
    }
    let again = subject.sum(query, &mut (1..=min).map(|k| contribution(&layout, k)));
    assert!(again.is_ok(), "a sum that was void does not spoil the next: {again:?}");
}

fn contribution(layout: &ReportLayout, asset: usize) -> Contribution {
    let value = |i: usize| ((asset * 31 + i * 17) % 257) as f64 / 64.0 - 2.0;
    let mut values: Vec<f64> = (0..layout.len()).map(value).collect();
    for field in layout.fields().iter().filter(|field| field.kind.is_count()) {
        // What counts is a whole number.
        values[field.offset..field.offset + field.len].iter_mut().for_each(|v| *v = v.round());
    }
    values[0] = 1.0;
    Contribution::new(layout, values).expect("the suite's contributions are sound")
}

/// Questions without rows, with one, and with some.
pub(super) fn queries() -> Vec<RoundQuery> {
    [0, 1, 5]
        .into_iter()
        .map(|m: u32| {
            let zeros = vec![0.0; m as usize];
            RoundQuery {
                round: 1 + m,
                row_count: m,
                row_scale: None,
                points: vec![QueryPoint { prices: zeros.clone(), barrier: 1.0 }],
                ask: Ask::Proximal { penalty: 1.0, relaxation: 1.0, shift: zeros },
                bound_points: Vec::new(),
                ray: None,
                retain: Vec::new(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_sum_conforms() {
        sum(&mut CompensatedSum, 1e-15);
    }

    #[test]
    fn the_reference_sum_survives_cancellation() {
        let query = &queries()[1];
        let layout = ReportLayout::of(query).unwrap();
        let one = |v: f64| {
            let values = (0..layout.len()).map(|i| if i == 0 { 1.0 } else { v }).collect();
            Contribution::new(&layout, values).unwrap()
        };
        let list = [1e16, 1.0, -1e16, 2f64.powi(-40)].map(one);
        let summed = CompensatedSum.sum(query, &mut list.into_iter()).unwrap();
        assert!(summed.values()[1..].iter().all(|v| *v == 1.0 + 2f64.powi(-40)), "{:?}", summed.values());
    }
}
