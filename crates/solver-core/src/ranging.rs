use cosmosmesh_contracts::round::{FieldKind, FieldRange, Ranges, ReportLayout, RoundQuery, SummedReport, WordWidth};
use cosmosmesh_contracts::traits::RangeRule;

/// Chooses the coded ranges of each round's answers from what everybody hears: the queries and the sums before.
///
/// Whoever hears the same has the same ranges, so a facilitator can announce them and everybody else can check them.
/// A facilitator feeds it every query with its sum; a new plan begins with a new one.
/// # Privacy
/// Nothing private goes in.
/// # Source
/// docs/math/federated-solver.md#words.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranging {
    width: WordWidth,
    contributors_max: u32,
    /// The largest absolute figures of the last sum, per fleet row.
    usage: Vec<f64>,
    curvature: Vec<f64>,
    cost: f64,
    norms: f64,
    /// By how many factors of two responses are given more room, since they were clipped.
    widened: i32,
}

/// By how much an asset's own figure may exceed the largest sum, in powers of two: assets' uses may cancel.
const ROOM: i32 = 18;
/// The same for curvatures, whose diagonals cannot cancel; the next point may have more.
const ROOM_CURVATURE: i32 = 10;
/// The same in words of 48 bits, which have none to spare: five more of precision are what late rounds need.
const ROOM_CURVATURE_48: i32 = 5;
/// Below the largest sum, in powers of two: as fine as double precision.
const DEPTH: i32 = 53;
/// The first round knows nothing: figures from 2^-44 to 2^40.
const FIRST: (i32, i32) = (40, 44);
/// Decrements have no unit.
const DECREMENT: (i32, i32) = (34, 30);
const DECREMENT_SQUARE: (i32, i32) = (68, 20);
/// What is taken out of the room of responses each time that one was clipped.
const WIDENED_STEP: i32 = 10;
const WIDENED_MAX: i32 = 60;
/// No figure is taken for smaller than this.
const LEAST: f64 = 1e-6;

impl Ranging {
    /// Ranges for at most so many contributors, in words of this width.
    pub fn new(width: WordWidth, contributors_max: u32) -> Self {
        let contributors_max = contributors_max.clamp(1, Ranges::CONTRIBUTORS_MAX);
        Self { width, contributors_max, usage: Vec::new(), curvature: Vec::new(), cost: 0.0, norms: 0.0, widened: 0 }
    }
}

impl RangeRule for Ranging {
    fn ranges(&self, query: &RoundQuery, layout: &ReportLayout) -> Ranges {
        let mut ranges = Ranges { width: self.width, contributors_max: self.contributors_max, fields: Vec::new() };
        let scale = |k: usize| query.row_scale.as_ref().and_then(|scale| scale.get(k)).copied().unwrap_or(1.0);
        let largest = |list: &[f64], power: i32| {
            list.iter()
                .enumerate()
                .map(|(k, v)| v * scale(k) * if power == 2 { scale(k) } else { 1.0 })
                .fold(LEAST, f64::max)
        };
        let usage = power_of_two(largest(&self.usage, 1));
        let curvature = power_of_two(largest(&self.curvature, 2));
        let cost = power_of_two(self.cost.max(LEAST));
        let norms = power_of_two(self.norms.max(LEAST)).max(2 * usage);
        let first = self.usage.is_empty();
        let fields = layout.fields().iter().map(|field| {
            let around = |size: i32| ranges.fit(size + ROOM, size - DEPTH);
            match field.kind {
                kind if kind.is_count() => FieldRange::COUNT,
                FieldKind::Decrement => ranges.fit(DECREMENT.0, -DECREMENT.1),
                FieldKind::DecrementSquare => ranges.fit(DECREMENT_SQUARE.0, -DECREMENT_SQUARE.1),
                _ if first => ranges.fit(FIRST.0, -FIRST.1),
                FieldKind::Curvature => {
                    let room = if self.width == WordWidth::Bits48 { ROOM_CURVATURE_48 } else { ROOM_CURVATURE };
                    let top = curvature + room + self.widened;
                    let exponent = top - ranges.bits_per_word() as i32;
                    FieldRange { exponent: exponent.clamp(-900, 900) as i16, words: 1 }
                }
                FieldKind::Cost | FieldKind::BoundCost | FieldKind::Bound | FieldKind::OpenBound => around(cost),
                FieldKind::ProximalNorms | FieldKind::Gram => ranges.fit(norms + 2 * ROOM, norms - DEPTH),
                FieldKind::Response | FieldKind::BarrierDerivative => around(usage + self.widened),
                _ => around(usage),
            }
        });
        let fields = fields.collect();
        ranges.fields = fields;
        ranges
    }

    fn hear(&mut self, query: &RoundQuery, sum: &SummedReport) {
        let m = query.row_count as usize;
        let (mut usage, mut curvature) = (vec![0.0_f64; m], vec![0.0_f64; m]);
        let (mut cost, mut norms, mut clipped) = (0.0_f64, 0.0_f64, false);
        for field in sum.layout().fields() {
            if !sum.is_sound(field.kind, field.point) {
                clipped |= matches!(field.kind, FieldKind::Response);
                continue;
            }
            let values = &sum.values()[field.offset..field.offset + field.len];
            match field.kind {
                FieldKind::Use | FieldKind::Response | FieldKind::BarrierDerivative | FieldKind::BoundUse => {
                    usage.iter_mut().zip(values).for_each(|(known, v)| *known = known.max(v.abs()));
                }
                FieldKind::Curvature => {
                    let mut at = 0;
                    for (k, known) in curvature.iter_mut().enumerate() {
                        *known = known.max(values[at].abs());
                        at += m - k;
                    }
                }
                FieldKind::Cost | FieldKind::BoundCost | FieldKind::Bound => {
                    cost = values.iter().fold(cost, |known, v| known.max(v.abs()));
                }
                FieldKind::ProximalNorms => norms = values.iter().fold(norms, |known, v| known.max(v.abs())),
                _ => {}
            }
        }
        // Sums of differences are small while nothing moves; a room that follows them down does so slowly.
        let scale = |k: usize| query.row_scale.as_ref().and_then(|scale| scale.get(k)).copied().unwrap_or(1.0);
        let kept = |list: &[f64], k: usize, power: i32| {
            FALL * list.get(k).map_or(0.0, |v| v * scale(k) * if power == 2 { scale(k) } else { 1.0 })
        };
        self.usage = usage.iter().enumerate().map(|(k, v)| v.max(kept(&self.usage, k, 1))).collect();
        self.curvature = curvature.iter().enumerate().map(|(k, v)| v.max(kept(&self.curvature, k, 2))).collect();
        self.cost = cost.max(FALL * self.cost);
        self.norms = norms.max(FALL * self.norms);
        self.widened = if clipped { self.widened + WIDENED_STEP } else { self.widened - 1 }.clamp(0, WIDENED_MAX);
    }
}

/// By what a known size falls per round at most.
const FALL: f64 = 1.0 / 16.0;

/// An `e` with `size < 2^e`, from the bits of a positive number, so that every machine finds the same.
fn power_of_two(size: f64) -> i32 {
    (size.to_bits() >> 52) as i32 - 1022
}

/// Ranges that reach from one power of two to another.
trait Fit {
    fn fit(&self, top: i32, bottom: i32) -> FieldRange;
}

impl Fit for Ranges {
    /// As few words as it takes so that the sum of all contributors' rounding stays below `2^bottom`; bits to spare go to both ends.
    fn fit(&self, top: i32, bottom: i32) -> FieldRange {
        let contributors = self.contributors_max.next_power_of_two().trailing_zeros() as i32;
        let l = self.bits_per_word() as i32;
        let bits = top - (bottom - contributors);
        let words =
            (bits + l - 1).div_euclid(l).clamp(1, i32::from(FieldRange::WORDS_MAX)).min((125 - contributors) / l);
        let spare = (words * l - bits) / 2;
        let exponent = top + spare - words * l;
        FieldRange { exponent: exponent.clamp(-900, 900) as i16, words: words as u8 }
    }
}
