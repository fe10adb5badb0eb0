//! Numbers in coded ranges: what rounding may do, what clipping must do, and that no sum wraps.

use cosmosmesh_contracts::round::{
    Ask, Contribution, FieldKind, FieldRange, Metric, Quantiser, QueryPoint, RangeError, Ranges, ReportError,
    ReportLayout, RoundQuery, Rounding, SummedReport, WordWidth,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// A question that asks for every kind of part: two points, a bound, a ray.
fn query(round: u32) -> RoundQuery {
    let point = QueryPoint { prices: vec![0.0; 2], barrier: 1.0 };
    RoundQuery {
        round,
        row_count: 2,
        row_scale: None,
        points: vec![point.clone(), point],
        ask: Ask::Path { base: None, metric: Metric { stiffness: 1.0, shift: 1.0, floor: 1.0 } },
        bound_points: vec![1],
        ray: Some(vec![1.0, 0.0]),
        retain: Vec::new(),
    }
}

fn quantiser(width: WordWidth, contributors_max: u32, range: FieldRange) -> Quantiser {
    let layout = ReportLayout::of(&query(1)).unwrap();
    let fields =
        layout.fields().iter().map(|field| if field.kind.is_count() { FieldRange::COUNT } else { range }).collect();
    Quantiser::new(layout, Ranges { width, contributors_max, fields }).unwrap()
}

/// An answer whose numbers are given by their index; counts are whole, and it counts itself.
fn answer(layout: &ReportLayout, value: impl Fn(usize) -> f64) -> Contribution {
    let mut values: Vec<f64> = (0..layout.len()).map(value).collect();
    for field in layout.fields().iter().filter(|field| field.kind.is_count()) {
        values[field.offset..field.offset + field.len].iter_mut().for_each(|v| *v = v.clamp(-9.0, 9.0).round());
    }
    values[0] = 1.0;
    Contribution::new(layout, values).unwrap()
}

fn summed(quantiser: &Quantiser, answers: &[Contribution]) -> Result<SummedReport, ReportError> {
    let mut total = vec![0; quantiser.word_count()];
    for answer in answers {
        quantiser.add(&mut total, &quantiser.quantise(answer).unwrap());
    }
    quantiser.restore(&total)
}

fn widths() -> impl Strategy<Value = WordWidth> {
    prop::sample::select(vec![WordWidth::Bits48, WordWidth::Bits64])
}

proptest! {
    #[test]
    fn one_way_to_words_is_the_other(
        width in widths(),
        contributors in prop::sample::select(vec![1_u32, 3, 1000, 1 << 24]),
        (exponent, words) in (-60_i16..20, 1_u8..4),
        numbers in vec((any::<f64>(), -1e6..1e6), 64),
    ) {
        let range = FieldRange { exponent, words };
        let layout = ReportLayout::of(&query(1)).unwrap();
        let fields = layout.fields().iter().map(|f| if f.kind.is_count() { FieldRange::COUNT } else { range }).collect();
        let Ok(quantiser) = Quantiser::new(layout, Ranges { width, contributors_max: contributors, fields }) else {
            return Ok(());
        };
        let number = |i: usize| {
            let (any, tame) = numbers[i % numbers.len()];
            if i.is_multiple_of(3) && any.is_finite() { any } else { tame }
        };
        let answer = answer(quantiser.layout(), number);
        let long = quantiser.words(&quantiser.integers(&answer).unwrap());
        prop_assert_eq!(quantiser.quantise(&answer).unwrap(), long);
    }

    #[test]
    fn a_sum_is_as_exact_as_its_quanta_and_rounded_the_safe_way(
        width in widths(),
        (exponent, words) in (-40_i16..-5, 2_u8..3),
        numbers in vec(vec(-1e3..1e3, 64), 1..6),
    ) {
        let quantiser = quantiser(width, 100, FieldRange { exponent, words });
        let layout = quantiser.layout();
        let answers: Vec<Contribution> = numbers.iter().map(|list| answer(layout, |i| list[i])).collect();
        let sum = summed(&quantiser, &answers).unwrap();
        let mut reversed = answers.clone();
        reversed.reverse();
        prop_assert_eq!(&summed(&quantiser, &reversed).unwrap(), &sum);
        prop_assert_eq!(sum.contributors(), answers.len());
        for field in layout.fields() {
            prop_assert!(sum.is_sound(field.kind, field.point));
            let error = sum.error(field.kind, field.point);
            let quantum = if field.kind.is_count() { 0.0 } else { f64::from(exponent).exp2() };
            prop_assert!(error <= answers.len() as f64 * quantum);
            for i in field.offset..field.offset + field.len {
                let exact: f64 = answers.iter().map(|a| a.values()[i]).sum();
                let off = sum.values()[i] - exact;
                // What the reference sum loses itself.
                let slack = 1e-12;
                prop_assert!(off.abs() <= error + slack, "{:?} is off by {:e}", field, off);
                match field.kind.rounding() {
                    Rounding::Down => prop_assert!(off <= slack, "{:?} rose by {:e}", field, off),
                    Rounding::Up => prop_assert!(off >= -slack, "{:?} fell by {:e}", field, off),
                    Rounding::Nearest => {}
                }
            }
        }
    }

    #[test]
    fn at_the_limit_nothing_wraps_and_nothing_is_flagged(
        width in widths(),
        words in 1_u8..3,
        contributors in prop::sample::select(vec![1_u32, 2, 3, 64, 65]),
        signs in vec(any::<bool>(), 64),
    ) {
        let quantiser = quantiser(width, contributors, FieldRange { exponent: 0, words });
        let layout = quantiser.layout();
        let limits: Vec<i128> = layout.fields().iter().zip(quantiser.limits())
            .flat_map(|(field, limit)| core::iter::repeat_n(if field.kind.is_count() { 1 } else { limit }, field.len))
            .collect();
        let integers: Vec<i128> = (0..quantiser.integer_count())
            .map(|i| if i == 0 { 1 } else { limits.get(i).map_or(0, |l| if signs[i] { *l } else { -*l }) })
            .collect();
        let words = quantiser.words(&integers);
        let mut total = vec![0; words.len()];
        (0..contributors).for_each(|_| quantiser.add(&mut total, &words));
        let sum = quantiser.restore(&total).unwrap();
        for (i, value) in sum.values().iter().enumerate() {
            // One rounding of the exact total.
            let exact = integers[i] * i128::from(contributors);
            prop_assert!((value - exact as f64).abs() <= (exact as f64).abs() * f64::EPSILON);
        }
    }

    #[test]
    fn any_words_are_a_report_or_refused(width in widths(), words in vec(any::<u64>(), 160), count in 0_u64..4) {
        let quantiser = quantiser(width, 3, FieldRange { exponent: -20, words: 2 });
        let mut total = words[..quantiser.word_count()].to_vec();
        total.iter_mut().for_each(|w| *w &= width.mask());
        total[0] = count;
        // Random words are a wrong mask: low words of a sum are small, so it is found out.
        prop_assert!(quantiser.restore(&total).is_err());
    }
}

#[test]
fn what_is_clipped_spoils_its_part_and_no_other() {
    let quantiser = quantiser(WordWidth::Bits64, 10, FieldRange { exponent: -20, words: 1 });
    let layout = quantiser.layout().clone();
    let bound = quantiser.ranges().bound(layout.fields().len() - 1);
    let parts: [&[FieldKind]; 4] = [
        &[FieldKind::Use, FieldKind::Cost, FieldKind::Boxed],
        &[
            FieldKind::Response,
            FieldKind::Curvature,
            FieldKind::BarrierDerivative,
            FieldKind::Decrement,
            FieldKind::DecrementSquare,
        ],
        &[FieldKind::Bound, FieldKind::BoundUse, FieldKind::BoundCost, FieldKind::BoundBoxed],
        &[FieldKind::RaySupport],
    ];
    for field in layout.fields().iter().filter(|field| !field.kind.is_count() && field.kind != FieldKind::RowNorms) {
        for beyond in [1.01, -1.01, 1e30, -1e200, f64::MAX] {
            let at = field.offset + field.len - 1;
            let far = if beyond.abs() < 2.0 { beyond * bound } else { beyond };
            let clipped = answer(&layout, |i| if i == at { far } else { 0.5 });
            let sum = summed(&quantiser, &[answer(&layout, |_| 0.5), clipped]).unwrap();
            for other in layout.fields() {
                let together = field.point == other.point
                    && parts.iter().any(|part| part.contains(&field.kind) && part.contains(&other.kind));
                assert_eq!(!sum.is_sound(other.kind, other.point), together, "{field:?} {far:e} and {other:?}");
            }
            let room = sum.values()[at].abs() <= bound * 1.01;
            assert!(room, "what was clipped stays within the bound: {:e}", sum.values()[at]);
        }
    }
}

#[test]
fn wrong_sums_are_refused() {
    let quantiser = quantiser(WordWidth::Bits48, 2, FieldRange { exponent: -20, words: 2 });
    let one = quantiser.quantise(&answer(quantiser.layout(), |_| 0.5)).unwrap();
    let none = vec![0; quantiser.word_count()];
    assert_eq!(quantiser.restore(&none), Err(ReportError::Contributors { found: 0, max: 2 }));
    let mut three = none.clone();
    (0..3).for_each(|_| quantiser.add(&mut three, &one));
    assert_eq!(quantiser.restore(&three), Err(ReportError::Contributors { found: 3, max: 2 }));
    let short = ReportError::WrongLength { expected: one.len(), found: one.len() - 1 };
    assert_eq!(quantiser.restore(&one[1..]), Err(short));
    let mut masked = one.clone();
    masked[2] = 1 << 47;
    assert_eq!(quantiser.restore(&masked), Err(ReportError::Impossible { word: 2 }));
    assert!(quantiser.restore(&one).is_ok());
}

#[test]
fn ranges_are_judged_before_they_are_used() {
    let layout = ReportLayout::of(&query(1)).unwrap();
    let sound = quantiser(WordWidth::Bits64, 100, FieldRange { exponent: -20, words: 2 }).ranges().clone();
    let check = |change: &dyn Fn(&mut Ranges), expected: RangeError| {
        let mut ranges = sound.clone();
        change(&mut ranges);
        assert_eq!(Quantiser::new(layout.clone(), ranges), Err(expected.clone()), "{expected}");
    };
    check(&|r| r.contributors_max = 0, RangeError::Contributors { found: 0 });
    check(&|r| r.contributors_max = (1 << 24) + 1, RangeError::Contributors { found: (1 << 24) + 1 });
    let fields = layout.fields().len();
    check(&|r| r.fields.truncate(3), RangeError::Fields { expected: fields, found: 3 });
    for (index, range) in [
        (2, FieldRange { exponent: -20, words: 0 }),
        (2, FieldRange { exponent: -20, words: 3 }),
        (2, FieldRange { exponent: 901, words: 1 }),
        (2, FieldRange { exponent: -901, words: 1 }),
        (0, FieldRange { exponent: 1, words: 1 }),
    ] {
        check(&|r| r.fields[index] = range, RangeError::Field { index, range });
    }
    assert_eq!(sound.check(&layout), Ok(()));
    // N 2 (2^l - 1) < 2^(w-1).
    for contributors_max in [1, 2, 3, 100, 1 << 24] {
        for width in [WordWidth::Bits48, WordWidth::Bits64] {
            let ranges = Ranges { width, contributors_max, fields: Vec::new() };
            let limit = (1_u128 << ranges.bits_per_word()) - 1;
            assert!(u128::from(contributors_max) * 2 * limit < 1 << (width.bits() - 1));
        }
    }
}
