//! Laws: what is written is read, and nothing that comes from outside makes a reader panic.

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::file::{FleetText, read_fleet, read_result, write_fleet};
use cosmosmesh_contracts::message::read_envelope;
use cosmosmesh_contracts::problem::{
    AssetProblem, Bounds, Coupling, FleetProblem, LocalProblem, Objective, Rows, SparseMatrix, Variables,
};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

/// Any finite number, and often one of the awkward ones.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("finite", |v| v.is_finite()),
        prop::sample::select(vec![0.0, -0.0, 5e-324, f64::MAX, f64::MIN, 0.1 + 0.2, 1e22, 9_007_199_254_740_993.0]),
    ]
}

fn bounds(count: usize) -> impl Strategy<Value = Bounds> {
    let side = (number(), number(), 0..4_u8).prop_map(|(a, b, open)| {
        let lower = if open & 1 == 0 { a.min(b) } else { f64::NEG_INFINITY };
        let upper = if open & 2 == 0 { a.max(b) } else { f64::INFINITY };
        (lower, upper)
    });
    vec(side, count).prop_map(|pairs| {
        let (lower, upper) = pairs.into_iter().unzip();
        Bounds::new(lower, upper).unwrap()
    })
}

/// A matrix with every place taken or not; `upper` asks for a triangle with a diagonal that is not negative.
fn matrix(rows: usize, columns: usize, upper: bool) -> impl Strategy<Value = SparseMatrix> {
    vec(prop::option::of(number()), rows * columns).prop_map(move |values| {
        let places = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j)));
        let entries: Vec<(usize, usize, f64)> = places
            .zip(values)
            .filter(|((i, j), _)| !upper || i <= j)
            .filter_map(|((i, j), v)| Some((i, j, if upper && i == j { v?.abs() } else { v? })))
            .collect();
        SparseMatrix::from_triplets(rows, columns, &entries).unwrap()
    })
}

fn names(count: usize) -> impl Strategy<Value = Vec<String>> {
    vec(prop_oneof![any::<String>(), "[a-z]{1,8}\\[[0-9]\\]"], count)
}

fn asset(m: usize) -> impl Strategy<Value = AssetProblem> {
    (1..5_usize, 0..4_usize).prop_flat_map(move |(n, rows)| {
        let variables = (names(n), bounds(n)).prop_map(|(names, bounds)| Variables { names, bounds });
        let objective = (matrix(n, n, true), vec(number(), n), number()).prop_map(|(p, q, c)| Objective { p, q, c });
        let own = (names(rows), matrix(rows, n, false), bounds(rows)).prop_map(|(names, matrix, bounds)| Rows {
            names,
            matrix,
            bounds,
        });
        (variables, objective, own, matrix(m, n, false), btree_set(0..n, 0..=n)).prop_map(
            |(variables, objective, rows, coupling, integer)| {
                let local = LocalProblem::new(variables, objective, rows).unwrap();
                let id = AssetId::new("to be numbered").unwrap();
                AssetProblem::new(id, local, coupling, integer.into_iter().collect()).unwrap()
            },
        )
    })
}

fn fleet() -> impl Strategy<Value = FleetProblem> {
    let parts = |m: usize| (any::<String>(), names(m), bounds(m), vec(asset(m), 1..4));
    (0..4_usize).prop_flat_map(parts).prop_filter_map("every row is touched", |(name, names, bounds, mut assets)| {
        for (k, asset) in assets.iter_mut().enumerate() {
            asset.id = AssetId::new(format!("asset-{k}")).unwrap();
        }
        FleetProblem::new(name, Coupling { names, bounds }, assets).ok()
    })
}

/// A text with one stretch of it replaced by something unwelcome.
fn damaged(text: &str, at: usize, length: usize, by: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let at = at % (bytes.len() + 1);
    let end = (at + length).min(bytes.len());
    [&bytes[..at], by.as_bytes(), &bytes[end..]].concat()
}

fn damage() -> impl Strategy<Value = (usize, usize, String)> {
    let pieces = [
        "",
        "NaN",
        "-Infinity",
        "1e999",
        "-1",
        "0.5",
        "100000000000",
        "1e11",
        "null",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\\u0000",
        "[[[[",
        "\"a\":1,",
        "18446744073709551616",
        "\u{feff}",
        "true",
        "[0,0,1],",
    ];
    let piece = prop_oneof![prop::sample::select(pieces.to_vec()).prop_map(str::to_owned), any::<String>()];
    (any::<usize>(), 0..20_usize, piece)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_fleet_is_read_as_it_was_written(fleet in fleet()) {
        let text = write_fleet(&fleet);
        let read = read_fleet(text.as_bytes()).unwrap();
        prop_assert_eq!(&read, &fleet);
        // Equality of numbers takes -0.0 for 0.0; the text does not.
        prop_assert_eq!(write_fleet(&read), text);
    }

    #[test]
    fn a_damaged_fleet_is_refused_with_words_or_sound((fleet, damage) in (fleet(), vec(damage(), 1..4))) {
        let mut text = write_fleet(&fleet);
        for (at, length, by) in damage {
            text = String::from_utf8_lossy(&damaged(&text, at, length, &by)).into_owned();
        }
        let apart = FleetText::new(text.as_bytes());
        match read_fleet(text.as_bytes()) {
            Ok(read) => {
                prop_assert_eq!(&read_fleet(write_fleet(&read).as_bytes()).unwrap(), &read);
                let apart = apart.unwrap();
                prop_assert_eq!(apart.assets().collect::<Vec<_>>(), read.assets());
                prop_assert_eq!((apart.name(), apart.coupling()), (read.name(), read.coupling()));
            }
            Err(error) => {
                prop_assert_eq!(&apart.unwrap_err(), &error);
                let message = error.to_string();
                prop_assert!(message.len() < 2_000 && !message.contains(char::is_control), "{:?}", message);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(read_fleet(&bytes).is_err());
        prop_assert!(read_result(&bytes).is_err());
        prop_assert!(read_envelope(&bytes).is_err());
    }
}

#[cfg(feature = "wire")]
mod wire {
    use super::*;
    use cosmosmesh_contracts::message::{Command, Envelope, Event, Forecast, Telemetry, TradeSignal};
    use cosmosmesh_contracts::round::{Ask, ColumnKey, Guide, Mix, Move, QueryPoint, Rest};
    use cosmosmesh_contracts::round::{Contribution, ReportLayout, RoundQuery, RoundResult};
    use cosmosmesh_contracts::wire::{MAGIC, VERSION, WireForm, decode, encode};

    /// Accepted bytes are exactly what the message encodes as.
    fn sound<T: WireForm>(body: &[u8]) -> Result<(), TestCaseError> {
        let frame = [&[MAGIC, VERSION, T::KIND], body].concat();
        if let Ok(message) = decode::<T>(&frame, frame.len()) {
            prop_assert_eq!(encode(&message), frame);
        }
        Ok(())
    }

    fn all(body: &[u8]) -> Result<(), TestCaseError> {
        sound::<RoundQuery>(body)?;
        sound::<Contribution>(body)?;
        sound::<RoundResult>(body)?;
        sound::<Envelope>(body)?;
        sound::<Telemetry>(body)?;
        sound::<Forecast>(body)?;
        sound::<Command>(body)?;
        sound::<Event>(body)?;
        sound::<TradeSignal>(body)
    }

    /// Bytes among which the markers of long integers are frequent.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![any::<u8>(), 0..4_u8, 250..=255_u8], 0..120)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_frame_is_read_or_refused(body in bytes()) {
            all(&body)?;
        }

        #[test]
        fn a_query_is_read_as_it_was_written(
            (m, points, round, kind) in (0..6_usize, 0..5_usize, 3..100_000_u32, 0..8_u8)
            , seed in vec(number(), 40)
        ) {
            let list = |from: usize| seed[from..from + m].to_vec();
            let path = kind < 2 || kind == 5 || kind == 7;
            let points = if path { points } else { 1 };
            let metric = cosmosmesh_contracts::round::Metric { stiffness: 1.0, shift: 0.5, floor: 0.0 };
            let key = |round| ColumnKey { round, slot: ColumnKey::MOVED + 1 };
            let step = |round| Move { key: key(round), length: 0.5, prices: list(6) };
            let query = RoundQuery {
                round,
                row_count: m as u32,
                row_scale: path.then(|| vec![0.5; m]),
                points: (0..points).map(|k| QueryPoint { prices: list(k * 6), barrier: 1e-3 }).collect(),
                ask: match kind {
                    0 => Ask::Path { base: Some(3), metric },
                    1 => Ask::Path { base: None, metric },
                    2 => Ask::Proximal { penalty: 2.0, relaxation: 1.5, shift: list(30) },
                    4 => Ask::Newton { base: Some(1) },
                    5 => Ask::Guided(Guide {
                        base: Some(1),
                        metric,
                        rest: Some(Rest {
                            weight: 2.0,
                            curvature: vec![0.25; m * (m + 1) / 2],
                            give: vec![vec![0.5; m]; points],
                        }),
                        relative: false,
                        curvature: (0..points as u16).collect(),
                        open: Vec::new(),
                        moves: vec![step(round - 1)],
                    }),
                    7 => Ask::Allotted {
                        guide: Guide {
                            base: None,
                            metric,
                            rest: Some(Rest {
                                weight: 3.0,
                                curvature: vec![0.5; m * (m + 1) / 2],
                                give: vec![vec![0.0; m]; points],
                            }),
                            relative: true,
                            curvature: (0..points.saturating_sub(2) as u16).collect(),
                            open: Vec::new(),
                            moves: Vec::new(),
                        },
                        allotted: points.saturating_sub(1).min(2) as u16,
                    },
                    6 => Ask::Accelerated {
                        penalty: 2.0,
                        relaxation: 1.5,
                        shift: list(30),
                        weights: vec![1.0],
                        memory: 3,
                        start: Some(Mix { weights: vec![(step(2).key, 1.0)], moves: vec![step(2)] }),
                    },
                    _ => Ask::Accelerated {
                        penalty: 2.0,
                        relaxation: 1.5,
                        shift: list(30),
                        weights: vec![1.0],
                        memory: 3,
                        start: Some(Mix::single(ColumnKey { round: 1, slot: 2 })),
                    },
                },
                bound_points: (0..points as u16).rev().collect(),
                ray: (!path).then(|| list(24)),
                retain: Vec::new(),
            };
            let frame = encode(&query);
            let read: RoundQuery = decode(&frame, frame.len()).unwrap();
            prop_assert_eq!(encode(&read), frame);
            prop_assert_eq!(read, query);
        }

        #[test]
        fn a_contribution_is_read_as_it_was_written(values in vec(number(), 9)) {
            let ask = Ask::Proximal { penalty: 1.0, relaxation: 1.0, shift: vec![] };
            let query = RoundQuery {
                round: 2, row_count: 0, row_scale: None, points: vec![QueryPoint { prices: vec![], barrier: 1.0 }],
                ask, bound_points: vec![], ray: None, retain: vec![],
            };
            let layout = ReportLayout::of(&query).unwrap();
            let values: Vec<f64> = (0..layout.len()).map(|k| values[k % 9]).collect();
            let contribution = Contribution::new(&layout, values).unwrap();
            let frame = encode(&contribution);
            let read: Contribution = decode(&frame, frame.len()).unwrap();
            prop_assert_eq!(encode(&read), frame);
            prop_assert_eq!(read.check(&layout), Ok(()));
        }
    }
}
