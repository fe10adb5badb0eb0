use cosmosmesh_contracts::message::{
    Action, BodyErrorKind, Command, Contact, Event, EventKind, Forecast, Severity, SlotForecast, Telemetry, TradeSide,
    TradeSignal, VehicleMode,
};
use cosmosmesh_contracts::{AssetId, Horizon, MissionTime};

fn telemetry() -> Telemetry {
    Telemetry {
        at: MissionTime(5),
        mode: VehicleMode::Nominal,
        battery_wh: 300.0,
        battery_temperature_c: -20.0,
        generation_w: 0.0,
        load_w: 12.0,
        bus_w: -1.0,
        stored_mbit: 0.0,
        odometer_m: 7.0,
    }
}

fn forecast() -> Forecast {
    let horizon = Horizon::divide(MissionTime(0), 7_200_000, 4).unwrap();
    let pass = Contact {
        name: "relay-a/0".to_owned(),
        peer: AssetId::new("relay-a").unwrap(),
        start: MissionTime(10),
        end: MissionTime(600_010),
        rate_bps: 500_000.0,
    };
    Forecast {
        issued: MissionTime(0),
        horizon,
        slots: vec![SlotForecast::default(); 4],
        passes: vec![pass],
        downlinks: Vec::new(),
    }
}

fn drive() -> Command {
    Command {
        start: MissionTime(0),
        end: MissionTime(1_000),
        action: Action::Drive { distance_m_max: 10.0, occupancy_max: 0.5 },
        mean_power_w: 100.0,
        peak_power_w: 350.0,
    }
}

#[test]
fn telemetry_is_refused_by_field() {
    assert_eq!(telemetry().check(), Ok(()));
    for (name, broken) in [
        ("battery_wh", Telemetry { battery_wh: -0.1, ..telemetry() }),
        ("battery_temperature_c", Telemetry { battery_temperature_c: f64::NAN, ..telemetry() }),
        ("load_w", Telemetry { load_w: f64::INFINITY, ..telemetry() }),
        ("bus_w", Telemetry { bus_w: f64::NEG_INFINITY, ..telemetry() }),
        ("stored_mbit", Telemetry { stored_mbit: -1.0, ..telemetry() }),
    ] {
        assert_eq!(broken.check().unwrap_err().place, name);
    }
}

#[test]
fn forecast_is_refused_by_place() {
    let check = |change: &dyn Fn(&mut Forecast), place: &str, kind: Option<BodyErrorKind>| {
        let mut forecast = forecast();
        change(&mut forecast);
        let error = forecast.check().unwrap_err();
        assert_eq!(error.place, place);
        if let Some(kind) = kind {
            assert_eq!(error.kind, kind);
        }
    };
    assert_eq!(forecast().check(), Ok(()));
    check(&|f| f.slots.truncate(3), "slots", Some(BodyErrorKind::WrongLength { expected: 4, found: 3 }));
    check(&|f| f.slots[2].keep_alive_w = -1.0, "slots[2].keep_alive_w", Some(BodyErrorKind::Negative { value: -1.0 }));
    check(&|f| f.horizon.slot_count = 0, "horizon", None);
    check(&|f| f.passes[0].end = f.passes[0].start, "passes[0]", Some(BodyErrorKind::EmptyInterval));
    check(&|f| f.passes[0].rate_bps = f64::NAN, "passes[0]", None);
    check(&|f| f.passes[0].name = String::new(), "passes[0]", Some(BodyErrorKind::Name));
    check(&|f| f.passes.push(f.passes[0].clone()), "passes[1].name", Some(BodyErrorKind::Duplicate));
}

#[test]
fn a_contact_carries_rate_times_time() {
    let pass = &forecast().passes[0];
    assert!((pass.volume_mbit(pass.end.ms_since(pass.start)) - 300.0).abs() < 1e-9, "0.5 Mb/s for ten minutes");
}

#[test]
fn command_is_refused_by_field() {
    assert_eq!(drive().check(), Ok(()));
    let late = Command { end: MissionTime(0), ..drive() };
    assert_eq!(late.check().unwrap_err().kind, BodyErrorKind::EmptyInterval);
    let strong = Command { mean_power_w: 400.0, ..drive() };
    assert_eq!(strong.check().unwrap_err().kind, BodyErrorKind::AbovePeak);
    let action = Action::Relay {
        pass: "relay-a/0".to_owned(),
        peer: AssetId::new("relay-a").unwrap(),
        volume_mbit_max: f64::NAN,
        rate_bps_max: 1.0,
    };
    assert_eq!(Command { action, ..drive() }.check().unwrap_err().place, "action.volume_mbit_max");
}

#[test]
fn event_and_trade_signal_are_refused_by_field() {
    let kind = EventKind::LimitViolated { quantity: "battery_wh".to_owned(), value: f64::NAN, limit: 100.0 };
    let event = Event { at: MissionTime(0), severity: Severity::Critical, kind };
    assert_eq!(event.check().unwrap_err().place, "kind.value");
    assert!(Severity::Nominal < Severity::Critical, "severities rise");

    let signal = TradeSignal {
        row: "bus_kwh[3]".to_owned(),
        side: TradeSide::Offer,
        amount: 0.2,
        unit_price: -0.1,
        expires: MissionTime(9),
    };
    assert_eq!(signal.check(), Ok(()));
    assert_eq!(TradeSignal { amount: -0.2, ..signal.clone() }.check().unwrap_err().place, "amount");
    assert_eq!(TradeSignal { row: String::new(), ..signal }.check().unwrap_err().place, "row");
}
