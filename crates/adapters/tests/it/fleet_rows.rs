use cosmosmesh_contracts::{Horizon, MissionTime};

use crate::fixture::{rows, sol};

#[test]
fn rows_are_laid_out_bus_passes_corridor() {
    let rows = rows(sol(), true);
    let coupling = rows.coupling().unwrap();
    assert_eq!(coupling.names.len(), rows.len());
    assert_eq!(rows.bus(47), Some(47));
    assert_eq!(rows.bus(48), None);
    assert_eq!(rows.relay("relay-a/0"), Some(48));
    assert_eq!(rows.relay("nobody/0"), None);
    for (row, name) in coupling.names.iter().enumerate() {
        let slot = rows.slot_of(row).unwrap();
        if name.starts_with("corridor") {
            assert_eq!((rows.corridor(slot), name.as_str()), (Some(row), format!("corridor[{slot}]").as_str()));
        }
    }
    assert_eq!(rows.corridor(0), None, "nobody moves at midnight");
    assert_eq!(rows.slot_of(rows.len()), None);
}

#[test]
fn a_fleet_may_share_less() {
    let horizon = Horizon::divide(MissionTime(0), 3_600_000, 4).unwrap();
    let rows = cosmosmesh_adapters::FleetRows::new(horizon);
    assert!(rows.is_empty());
    let rows = rows.with_corridor(vec![3, 1, 3], 1.0);
    assert_eq!((rows.len(), rows.bus(0), rows.corridor(3)), (2, None, Some(1)), "slots are sorted, doubles dropped");
}
