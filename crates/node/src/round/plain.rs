use std::collections::BTreeMap;

use cosmosmesh_contracts::round::{Contribution, ReportError, ReportLayout, SummedReport};

/// The sum of one round in the making: answers are added in the order of the assets, whatever the order of their arrival.
///
/// An answer that comes before its turn waits; so the sum is the same to the last bit, and nothing is kept that was added.
pub(crate) struct RunningSum {
    layout: ReportLayout,
    total: Vec<f64>,
    next: usize,
    count: usize,
    early: BTreeMap<usize, Contribution>,
}

impl RunningSum {
    pub(crate) fn new(layout: ReportLayout, count: usize) -> Self {
        let total = vec![0.0; layout.len()];
        Self { layout, total, next: 0, count, early: BTreeMap::new() }
    }

    /// The most bytes that an answer can have on the wire.
    pub(crate) fn frame_bytes_max(&self) -> usize {
        64 + 9 * self.layout.len()
    }

    /// Takes an asset's answer; a second one of the same asset changes nothing.
    pub(crate) fn accept(&mut self, asset: usize, contribution: Contribution) -> Result<(), ReportError> {
        contribution.check(&self.layout)?;
        if asset >= self.next {
            self.early.entry(asset).or_insert(contribution);
        }
        while let Some(contribution) = self.early.remove(&self.next) {
            self.total.iter_mut().zip(contribution.values()).for_each(|(total, value)| *total += value);
            self.next += 1;
        }
        Ok(())
    }

    /// The assets whose answers have not come.
    pub(crate) fn all_missing(&self) -> impl Iterator<Item = usize> {
        (self.next..self.count).filter(|asset| !self.early.contains_key(asset))
    }

    /// The first asset whose answer has not come.
    pub(crate) fn missing(&self) -> Option<usize> {
        (self.next < self.count).then_some(self.next)
    }

    /// The sum, once nobody is missing.
    pub(crate) fn open(self) -> Result<SummedReport, ReportError> {
        assert_eq!(self.next, self.count, "a sum is opened when everybody is in it");
        SummedReport::opened(self.layout, self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmosmesh_contracts::round::{Ask, QueryPoint, RoundQuery};

    #[test]
    fn the_order_of_arrival_does_not_change_a_bit() {
        let query = RoundQuery {
            round: 2,
            row_count: 1,
            row_scale: None,
            points: vec![QueryPoint { prices: vec![0.0], barrier: 1.0 }],
            ask: Ask::Proximal { penalty: 1.0, relaxation: 1.5, shift: vec![0.0] },
            bound_points: Vec::new(),
            ray: None,
            retain: Vec::new(),
        };
        let layout = ReportLayout::of(&query).unwrap();
        let answer = |k: usize| {
            let mut values: Vec<f64> = (0..layout.len()).map(|j| 0.1 * (1.0 + (k * j) as f64).sqrt()).collect();
            values[0] = 1.0;
            Contribution::new(&layout, values).unwrap()
        };
        let sum = |order: [usize; 4]| {
            let mut sum = RunningSum::new(layout.clone(), 4);
            for k in order {
                assert!(sum.missing().is_some());
                sum.accept(k, answer(k)).unwrap();
                sum.accept(k, answer(k)).unwrap();
            }
            assert_eq!(sum.missing(), None);
            sum.open().unwrap()
        };
        assert_eq!(sum([0, 1, 2, 3]), sum([3, 1, 0, 2]));
    }
}
