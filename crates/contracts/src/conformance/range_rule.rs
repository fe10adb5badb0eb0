use super::sum::queries;
use crate::round::{Contribution, FieldRange, Quantiser, Ranges, ReportLayout, RoundQuery, SummedReport, WordWidth};
use crate::traits::RangeRule;

/// The same wide ranges for every round: the reference of every other rule, and wasteful.
#[derive(Clone, Debug)]
pub struct WideRanges {
    /// How wide words are.
    pub width: WordWidth,
    /// The most contributors.
    pub contributors_max: u32,
}

impl RangeRule for WideRanges {
    fn ranges(&self, _query: &RoundQuery, layout: &ReportLayout) -> Ranges {
        let range = |count: bool| if count { FieldRange::COUNT } else { FieldRange { exponent: -40, words: 2 } };
        let fields = layout.fields().iter().map(|field| range(field.kind.is_count())).collect();
        Ranges { width: self.width, contributors_max: self.contributors_max, fields }
    }

    fn hear(&mut self, _query: &RoundQuery, _sum: &SummedReport) {}
}

/// What every [`RangeRule`] must do; panics with a sentence where one does not.
///
/// `make` gives a rule that has heard nothing, for at least four contributors.
pub fn range_rule<R: RangeRule>(make: impl Fn() -> R) {
    let (mut one, mut other) = (make(), make());
    for query in queries() {
        for _ in 0..3 {
            let layout = ReportLayout::of(&query).expect("the suite's queries have small answers");
            let ranges = one.ranges(&query, &layout);
            assert_eq!(ranges.check(&layout), Ok(()), "ranges fit the layout they are for");
            assert!(ranges.contributors_max >= 4, "ranges allow for everybody");
            assert_eq!(ranges, one.ranges(&query, &layout), "asking changes nothing");
            assert_eq!(ranges, other.ranges(&query, &layout), "whoever heard the same has the same ranges");
            let quantiser = Quantiser::new(layout.clone(), ranges).expect("checked ranges make a quantiser");
            let mut total = vec![0; quantiser.word_count()];
            for _ in 0..4 {
                let answer = Contribution::new(&layout, vec![1.0; layout.len()]).expect("ones are an answer");
                quantiser.add(&mut total, &quantiser.quantise(&answer).expect("the answer is to this query"));
            }
            let sum = quantiser.restore(&total).expect("four ones add up");
            one.hear(&query, &sum);
            other.hear(&query, &sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_rule_conforms() {
        for width in [WordWidth::Bits48, WordWidth::Bits64] {
            range_rule(|| WideRanges { width, contributors_max: 100 });
        }
    }
}
