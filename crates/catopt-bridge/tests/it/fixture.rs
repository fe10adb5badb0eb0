//! Fleets to translate: one known by hand, those that come with the command's tests, and a larger one made of them.

use cosmosmesh_catopt_bridge::{Assembly, assemble};
use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::file::read_fleet;
use cosmosmesh_contracts::problem::{AssetProblem, FleetProblem};

/// Three variables with every kind of trouble in one: an entry off the diagonal, a constant, an equality, a two-sided row.
/// Its optimum is 4.38 at (0.3, 0.7, 1); d objective / d right-hand side of the equality is 2.9.
pub(crate) fn tricky() -> Assembly {
    let text = br#"{"format": "cosmosmesh.fleet/1", "name": "tricky one",
      "coupling": {"names": ["sum"], "lower": [1.0], "upper": [1.0]},
      "agents": [{"id": "rover-1/power", "variables": {"names": ["x 0", "x1", "x2"], "lower": [0, 0, -5], "upper": [0.7, 0.7, 5]},
        "objective": {"P": [[0, 0, 4], [0, 1, 1], [1, 1, 2], [2, 2, 1]], "q": [1, 1, -1], "c": 3},
        "rows": {"names": ["between"], "A": [[0, 0, 1], [0, 2, -1]], "lower": [-2], "upper": [3]},
        "coupling": [[0, 0, 1], [0, 1, 1]]}]}"#;
    assemble(&read_fleet(text).unwrap()).unwrap()
}

/// A fleet with what the others lack: whole numbers, open, half-open and free bounds, a free row, names twice and with blanks, digits that need all places.
pub(crate) fn odd() -> FleetProblem {
    let text = r#"{"format": "cosmosmesh.fleet/1", "name": "odd",
      "coupling": {"names": ["bus[0]", "bus 0", "cost"], "lower": [null, -1e-7, 0.1], "upper": [0.30000000000000004, null, 0.3]},
      "agents": [
       {"id": "a b", "variables": {"names": ["v", "v", "w", "free", "below"], "lower": [0, 1, 2, null, null], "upper": [null, 1, 7.25, null, -3]},
        "objective": {"P": [[0, 0, 0.1], [0, 2, -0.01], [2, 2, 1e-3]], "q": [0, 1e-300, 123456789.12345678, 0, 0], "c": -1.5},
        "rows": {"names": ["none", "r"], "A": [[0, 0, 1], [1, 2, 3.3333333333333335]], "lower": [null, 1], "upper": [null, 2]},
        "coupling": [[0, 0, 1], [1, 0, 2], [2, 4, -7]], "integer": [2]},
       {"id": "ä", "variables": {"names": [""], "lower": [0], "upper": [1]}, "objective": {"P": [], "q": [0], "c": 0.25},
        "rows": {"names": [], "A": [], "lower": [], "upper": []}, "coupling": []}]}"#;
    read_fleet(text.as_bytes()).unwrap()
}

/// A problem that comes with the command's tests.
pub(crate) fn suite(name: &str) -> FleetProblem {
    let path = format!("{}/../cosmosmesh/tests/data/{name}.json", env!("CARGO_MANIFEST_DIR"));
    read_fleet(&std::fs::read(path).unwrap()).unwrap()
}

/// So many assets, in turn those of a small fleet.
pub(crate) fn large(count: usize) -> FleetProblem {
    let small = suite("strong-3-12-0");
    let asset = |k: usize| {
        let of = &small.assets()[k % small.assets().len()];
        let id = AssetId::new(format!("asset-{k}")).unwrap();
        AssetProblem::new(id, of.local.clone(), of.coupling.clone(), of.integer.clone()).unwrap()
    };
    FleetProblem::new("large", small.coupling().clone(), (0..count).map(asset).collect()).unwrap()
}
