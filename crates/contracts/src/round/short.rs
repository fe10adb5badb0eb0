//! Numbers as integers of one word.

use super::Rounding;

/// Numbers times a factor as words, each clipped to the limit and taken by the mask; whether one was clipped.
///
/// # Cost
/// Additions and comparisons only, several numbers at a time, while all are within `2^51` and the limit; else one conversion a number.
pub(super) fn quantise(
    values: &[f64],
    per_quantum: f64,
    rounding: Rounding,
    (limit, mask): (i64, u64),
    words: &mut Vec<u64>,
) -> bool {
    let start = words.len();
    let reach = (limit as f64).min(NEAR);
    let scaled = values.iter().map(|value| value * per_quantum);
    let one = |tie: bool| i64::from(tie);
    let all_near = match rounding {
        // Halves go away from zero.
        Rounding::Nearest => near(scaled, reach, mask, words, |scaled, rest| {
            one((rest == 0.5) & (scaled > 0.0)) - one((rest == -0.5) & (scaled < 0.0))
        }),
        Rounding::Down => near(scaled, reach, mask, words, |_, rest| -one(rest < 0.0)),
        Rounding::Up => near(scaled, reach, mask, words, |_, rest| one(rest > 0.0)),
    };
    if all_near {
        return false;
    }
    words.truncate(start);
    let mut clipped = false;
    words.extend(values.iter().map(|value| {
        let integer = short_integer(value * per_quantum, rounding);
        let kept = integer.clamp(-limit, limit);
        clipped |= kept != integer;
        kept as u64 & mask
    }));
    clipped
}

/// Up to here a number plus [`SHIFT`] has its whole part in the low bits.
const NEAR: f64 = (1_u64 << 51) as f64;
/// `1.5 x 2^52`.
const SHIFT: f64 = 6_755_399_441_055_744.0;

/// Numbers within the reach as words; whether all were. `mend` says by how much the nearest integer, even in doubt, is to be changed.
fn near(
    scaled: impl Iterator<Item = f64>,
    reach: f64,
    mask: u64,
    words: &mut Vec<u64>,
    mend: impl Fn(f64, f64) -> i64,
) -> bool {
    let mut all_near = true;
    words.extend(scaled.map(|scaled| {
        // Never true of what is no number.
        all_near &= scaled.abs() <= reach;
        let shifted = scaled + SHIFT;
        let nearest = shifted.to_bits().wrapping_sub(SHIFT.to_bits()) as i64;
        // Exact: the difference of a number and its nearest integer.
        let rest = scaled - (shifted - SHIFT);
        nearest.wrapping_add(mend(scaled, rest)) as u64 & mask
    }));
    all_near
}

/// A number as an integer where one word is enough: beyond `2^62`, which no such limit reaches, it saturates.
fn short_integer(scaled: f64, rounding: Rounding) -> i64 {
    const MOST: f64 = (1_u64 << 62) as f64;
    let scaled = scaled.clamp(-MOST, MOST);
    let whole = scaled as i64;
    // Exact: beyond 2^52 a float is whole, and below it the difference of neighbours is a float.
    let rest = scaled - whole as f64;
    match rounding {
        Rounding::Nearest => whole + i64::from(rest >= 0.5) - i64::from(rest <= -0.5),
        Rounding::Down => whole - i64::from(rest < 0.0),
        Rounding::Up => whole + i64::from(rest > 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::quantiser::integer;
    use super::*;

    fn numbers() -> Vec<f64> {
        let mut numbers = vec![0.0, -0.0, 0.49999999999999994, 0.5, 1.5, 2.5, 1e300, f64::MIN_POSITIVE];
        for exponent in [1, 2, 20, 49, 50, 51, 52, 53, 61, 62, 63, 100] {
            let power = 2_f64.powi(exponent);
            for near in [power, power.next_down(), power.next_up(), power - 0.5, power + 0.5, power - 1.5, power / 3.0]
            {
                numbers.push(near);
            }
        }
        numbers.iter().flat_map(|v| [*v, -*v]).collect()
    }

    const ROUNDINGS: [Rounding; 3] = [Rounding::Nearest, Rounding::Down, Rounding::Up];

    #[test]
    fn short_integers_are_the_long_ones_up_to_their_reach() {
        for number in numbers() {
            for rounding in ROUNDINGS {
                let long = integer(number, rounding).clamp(-(1 << 62), 1 << 62);
                assert_eq!(i128::from(short_integer(number, rounding)), long, "{number:e} {rounding:?}");
            }
        }
    }

    #[test]
    fn many_at_a_time_are_what_each_is_alone() {
        for rounding in ROUNDINGS {
            for limit in [1, 3, (1 << 20) - 1, (1 << 51) - 1, 1 << 51, (1 << 52) - 1, (1 << 60) - 1] {
                for mask in [u64::MAX, (1 << 48) - 1] {
                    let (mut all, mut alone) = (vec![7], vec![7]);
                    let list = numbers();
                    let clipped = quantise(&list, 1.0, rounding, (limit, mask), &mut all);
                    let mut any = false;
                    for number in list {
                        let long = integer(number, rounding);
                        let kept = long.clamp(-i128::from(limit), i128::from(limit));
                        any |= kept != long;
                        alone.push(kept as u64 & mask);
                        // On its own, so that the quick way is taken where it may be.
                        let mut one = Vec::new();
                        assert_eq!(quantise(&[number], 1.0, rounding, (limit, mask), &mut one), kept != long);
                        assert_eq!(one, [kept as u64 & mask], "{number:e} {rounding:?} {limit}");
                    }
                    assert_eq!((all, clipped), (alone, any));
                }
            }
        }
    }
}
