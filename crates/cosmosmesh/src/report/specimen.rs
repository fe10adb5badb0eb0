//! A report made by hand, with every feature that the page can show.

use cosmosmesh_contracts::plan::{Certificate, PlanKind, Status};
use cosmosmesh_simulator::report::{
    Activity, AssetReport, Binding, BindingScope, CheckpointReport, ClosingReport, Curve, Ending, Figures,
    FleetRowReport, Grant, Horizon, Margin, MarginKind, MaskReport, PairReport, ReplicaReport, RoundReport, Series,
    SimulationReport, Span, StoreReport, Traffic, Violation, Wanted,
};

const SLOTS: i64 = 48;
const SLOT_MS: i64 = 1_849_484;
const START_MS: i64 = 3_600_000;

fn slot(k: i64) -> (i64, i64) {
    (START_MS + k * SLOT_MS, START_MS + (k + 1) * SLOT_MS)
}

fn wave(k: i64, shift: f64) -> f64 {
    0.5 + 0.5 * (k as f64 / SLOTS as f64 * core::f64::consts::TAU + shift).sin()
}

/// A sol that went well, except for what the caller changes.
pub(super) fn specimen() -> SimulationReport {
    let vehicles = [
        ("rover-1", "rover"),
        ("rover-2", "rover"),
        ("rover-3", "rover"),
        ("rover-4", "rover"),
        ("drone-1", "drone"),
        ("drone-2", "drone"),
        ("habitat", "habitat"),
        ("relay-north", "orbiter"),
        ("relay-south", "orbiter"),
        ("relay-ellipse", "orbiter"),
    ];
    let assets: Vec<AssetReport> = vehicles.iter().enumerate().map(|(i, (id, kind))| asset(i, id, kind)).collect();
    let slots = (0..SLOTS).map(slot).map(|(start_ms, end_ms)| Span { start_ms, end_ms }).collect();
    SimulationReport {
        schema: SimulationReport::SCHEMA,
        scenario: "specimen".into(),
        description: "A base made by hand: four rovers, two drones, a habitat and three relay orbiters share one sol."
            .into(),
        seed: 7,
        variant: "menu".into(),
        tolerance: 1e-4,
        facilitator: "habitat".into(),
        sum: "masked",
        masks: Some(MaskReport {
            guardians: ["habitat", "rover-1", "rover-2", "rover-3"].map(String::from).to_vec(),
            threshold: 3,
            corrupt_max: 1,
            missing_assets_max: 7,
            missing_guardians_max: 1,
            word_bits: 64,
            ahead: true,
            bytes_set_up: 900,
            set_up_ms: Some(2_000),
            guardian_bytes_down: 9_000,
            guardian_bytes_up: 210_000,
            silences: 0,
            absences: 0,
            again: 0,
            blamed: Vec::new(),
        }),
        horizon: Horizon {
            epoch: "sol 900, local midnight at the base".into(),
            start_ms: START_MS,
            end_ms: START_MS + SLOTS * SLOT_MS,
            slots,
        },
        ending: Ending::Complete { status: Status::Optimal },
        plan: Some(PlanKind::Optimal),
        certificate: Some(Certificate {
            objective: 41.2,
            dual_bound: 41.199,
            gap_relative: 4.2e-5,
            coupling_violation: 0.0,
        }),
        fleet_rows: fleet_rows(&assets),
        rounds: rounds(),
        figures: figures(),
        replicas: ReplicaReport {
            every_ms: 1_800_000,
            body_bytes: 200,
            entries: 100,
            frames: 900,
            frames_lost: 20,
            bytes: 400_000,
            latency_ms_mean: Some(62_000),
            latency_ms_p95: Some(1_800_000),
            latency_ms_max: Some(7_200_000),
            missing: 3,
            times_ms: vec![0, 1_800_000, 3_600_000],
            pairs: vec![PairReport {
                of: "rover-1".into(),
                at: "habitat".into(),
                latency_ms_mean: Some(62_000),
                stale_ms: vec![0, 1_800_000, 60_000],
            }],
            closing: Some(ClosingReport {
                proposers: vec!["habitat".into(), "rover-1".into()],
                voters: vec!["habitat".into(), "rover-1".into(), "rover-2".into()],
                needed: 2,
                period_ms: 1_800_000,
                age_ms: 900_000,
                patience_ms: 1_800_000,
                claims: 0,
                checkpoints: vec![CheckpointReport {
                    number: 1,
                    at_ms: 1_800_000,
                    proposer: "habitat".into(),
                    proposed_ms: 2_700_000,
                    signed_by: vec!["habitat".into(), "rover-1".into()],
                    entries: 40,
                    state_bytes: 900,
                    in_force_ms: vec![Some(2_760_000), None],
                }],
                late: 2,
                carried: 1,
            }),
            stores: vec![StoreReport {
                at: "habitat".into(),
                held_bytes: vec![9_000, 30_000, 12_000],
                pruned_entries: 38,
                pruned_bytes: 14_000,
            }],
        },
        violations: vec![],
        assets,
    }
}

/// A sol in which reality broke two limits.
pub(super) fn broken() -> SimulationReport {
    let mut report = specimen();
    for (asset, quantity, hour) in [("rover-3", "battery_floor", 9), ("fleet", "bus_energy[17]", 10)] {
        report.violations.push(Violation {
            time_ms: START_MS + hour * 3_600_000,
            asset: asset.into(),
            quantity: quantity.into(),
            value: 412.7,
            limit: 480.0,
            unit: "Wh".into(),
        });
    }
    report.figures.violation_count = report.violations.len();
    report.assets[3].in_effect = false;
    report
}

fn asset(i: usize, id: &str, kind: &str) -> AssetReport {
    let labels: &[&str] = match kind {
        "rover" => &["drive", "science", "charge", "send"],
        "drone" => &["flight", "charge"],
        "habitat" => &["oxygen", "fuel plant"],
        _ => &["relay"],
    };
    let mut activities = Vec::new();
    for (j, label) in labels.iter().enumerate() {
        for k in 0..SLOTS {
            let level = 350.0 * (wave(k, i as f64 + 1.3 * j as f64) - 0.45).max(0.0);
            let ((start_ms, end_ms), unit) = (slot(k), "W".to_owned());
            if level > 0.0 {
                let level_max = (j != 1).then_some(200.0);
                activities.push(Activity { label: (*label).into(), start_ms, end_ms, level, level_max, unit });
            }
        }
    }
    let mut battery = series("battery", "Wh", Some(480.0), Some(2400.0));
    let mut memory = series("stored data", "Mb", None, Some(160_000.0));
    for k in 0..=SLOTS {
        battery.planned.push(slot(k).0, 600.0 + 1500.0 * wave(k, i as f64));
        memory.planned.push(slot(k).0, 90.0 * wave(k, -(i as f64)));
    }
    for k in 0..SLOTS * 4 {
        let time_ms = START_MS + k * SLOT_MS / 4;
        let wobble = 20.0 * (k as f64).sin();
        battery.realised.push(time_ms, 590.0 + 1500.0 * wave(k / 4, i as f64 + 0.05) + wobble);
        memory.realised.push(time_ms, 88.0 * wave(k / 4, -(i as f64)));
    }
    AssetReport {
        id: id.into(),
        kind: kind.into(),
        in_effect: true,
        activities,
        series: vec![battery, memory],
        wanted: wanted(i),
        traffic: Traffic {
            bytes_up: 40_000 + 900 * i as u64,
            bytes_down: if id == "habitat" { 0 } else { 21_000 },
            messages_up: 9,
            messages_down: 9,
            retransmissions: i as u64 % 3,
            hops: 1 + i as u32 % 2,
        },
    }
}

fn series(name: &str, unit: &str, lower: Option<f64>, upper: Option<f64>) -> Series {
    let curve = Curve::default();
    Series { name: name.into(), unit: unit.into(), lower, upper, planned: curve.clone(), realised: curve }
}

fn wanted(i: usize) -> Vec<Wanted> {
    let want = |label: &str, desired, planned, unit: &str, binding| Wanted {
        label: label.into(),
        desired,
        planned,
        realised: planned,
        unit: unit.into(),
        binding,
    };
    let fleet = |k: i64, price| Binding {
        row: format!("bus_energy[{k}]"),
        scope: BindingScope::Fleet,
        price: Some(price),
        unit: "Wh".into(),
        start_ms: slot(k).0,
        end_ms: slot(k).1,
    };
    let own = Binding { row: "battery_floor[30]".into(), scope: BindingScope::Own, price: None, ..fleet(30, 0.0) };
    match i % 4 {
        0 => vec![want("drive", 8.0, 6.1, "km", vec![fleet(16, 0.012), fleet(17, 0.031), own])],
        1 => vec![want("drive", 3.0, 3.0, "km", vec![])],
        2 => vec![want("send", 500.0, 498.9, "Mb", vec![]), want("science", 900.0, 700.0, "Wh", vec![])],
        _ => vec![],
    }
}

fn fleet_rows(assets: &[AssetReport]) -> Vec<FleetRowReport> {
    let row = |name: String, kind: &str, unit: &str, (start_ms, end_ms), upper: f64, part: f64, price| {
        let grants = assets.iter().take(3).map(|asset| Grant {
            asset: asset.id.clone(),
            share: upper * part / 3.0,
            planned_use: upper * part * 0.3,
            realised_use: upper * part * 0.29,
        });
        FleetRowReport {
            name,
            kind: kind.into(),
            unit: unit.into(),
            start_ms,
            end_ms,
            lower: None,
            upper: Some(upper),
            granted: upper * part,
            grants: grants.collect(),
            planned_use: upper * part * 0.9,
            realised_use: upper * part * 0.87,
            price,
        }
    };
    let mut rows = Vec::new();
    for k in 0..SLOTS {
        let part = (1.3 * wave(k, -1.0)).min(1.0);
        let price = if part == 1.0 { 0.03 * wave(k, 0.4) } else { 0.0 };
        rows.push(row(
            format!("bus_energy[{k}]"),
            "bus_energy",
            "Wh",
            slot(k),
            900.0 + 200.0 * wave(k, 0.0),
            part,
            price,
        ));
    }
    for k in 0..14 {
        let (start_ms, _) = slot(3 * k + 1);
        let price = if k % 5 == 0 { 0.002 * (k + 1) as f64 } else { 0.0 };
        let name = format!("relay_volume[relay-{}:{k}]", ["north", "south", "ellipse"][k as usize % 3]);
        rows.push(row(
            name,
            "relay_volume",
            "Mb",
            (start_ms, start_ms + 7_200_000),
            60.0 + 10.0 * k as f64,
            0.8,
            price,
        ));
    }
    for k in 0..SLOTS {
        rows.push(row(format!("corridor[{k}]"), "corridor", "share", slot(k), 1.0, 0.7 * wave(k, 2.0), 0.0));
    }
    rows
}

fn rounds() -> Vec<RoundReport> {
    let gap = [None, Some(0.8), Some(0.11), Some(9e-3), Some(1.1e-3), Some(1.6e-4), Some(4.2e-5)];
    let violation = [None, Some(0.2), Some(0.02), Some(3e-4), Some(0.0), Some(0.0), Some(0.0)];
    let safe = [None, None, None, None, Some(4e-3), Some(2e-4), Some(4.2e-5)];
    (0..7)
        .map(|k| RoundReport {
            round: k as u32 + 1,
            gap: gap[k],
            violation: violation[k],
            safe_gap: safe[k],
            barrier: Some(10_f64.powi(-(k as i32))),
            started_ms: k as i64 * 95_000,
            finished_ms: (k as i64 + 1) * 95_000 - 2_000 * (k as i64 % 3),
            bytes_down: 20_000,
            bytes_up: 210_000,
            retransmissions: k as u64,
        })
        .collect()
}

fn figures() -> Figures {
    let margin = |kind, asset: &str, quantity: &str, margin, unit: &str| Margin {
        kind,
        asset: asset.into(),
        quantity: quantity.into(),
        time_ms: START_MS + 5 * SLOT_MS,
        margin,
        unit: unit.into(),
    };
    Figures {
        status: Status::Optimal,
        rounds: 7,
        gap_relative: Some(4.2e-5),
        coupling_violation: Some(0.0),
        safe_round: Some(5),
        safe_round_one_percent: Some(5),
        bytes_up_per_asset: 43_210.0,
        bytes_down_per_asset: 21_000.0,
        retransmissions: 9,
        time_to_certificate_ms: Some(660_000),
        time_to_plan_ms: Some(702_500),
        margins: vec![
            margin(MarginKind::Battery, "rover-3", "battery_floor", 88.4, "Wh"),
            margin(MarginKind::Memory, "relay-north", "memory", 1200.0, "Mb"),
            margin(MarginKind::BusEnergy, "fleet", "bus_energy[17]", 11.9, "Wh"),
            margin(MarginKind::Corridor, "fleet", "corridor[20]", 0.12, "share"),
        ],
        violation_count: 0,
        steps: 88_775,
    }
}
