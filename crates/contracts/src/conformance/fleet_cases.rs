use super::local_cases::Row;
use crate::AssetId;
use crate::problem::{
    AssetProblem, Bounds, Coupling, FleetProblem, LocalProblem, Objective, Rows, SparseMatrix, Variables,
};

/// One fleet whose optimum follows by hand, or its twin without one.
#[derive(Clone, Debug)]
pub struct FleetCase {
    /// The class of fleet.
    pub name: &'static str,
    /// The fleet. Every asset's set is a box, but for those that have rows of their own.
    pub fleet: FleetProblem,
    /// What it is known to have.
    pub expected: FleetExpected,
}

/// What a fleet has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FleetExpected {
    /// An optimum of this cost.
    Optimal(f64),
    /// No plan that meets the shared rows.
    Infeasible,
    /// So many assets that fail on their own.
    LocallyInfeasible(usize),
    /// No least cost.
    Unbounded,
}

const INF: f64 = f64::INFINITY;

/// An asset with one variable per entry: `(p, q, lower, upper)`, cost `1/2 p x^2 + q x`; its rows and its use of the fleet's rows.
struct Asset<'a> {
    variables: &'a [(f64, f64, f64, f64)],
    rows: &'a [Row<'a>],
    uses: &'a [(usize, usize, f64)],
    c: f64,
}

/// The fleets that [`super::coordination`] poses, each with the reason for its optimum.
pub fn fleet_cases() -> Vec<FleetCase> {
    use FleetExpected::{Infeasible, LocallyInfeasible, Optimal, Unbounded};
    let one_row = [(0, 0, 1.0)];
    // Three assets that want 2, 3 and 4 of one row: 1/2 x^2 - a x, so x = a - p at price p and the cost is 1/2 sum(p^2 - a^2).
    let wants: Vec<[(f64, f64, f64, f64); 1]> = [2.0, 3.0, 4.0].map(|a| [(1.0, -a, 0.0, 10.0)]).to_vec();
    let three = |rows: &[(f64, f64)]| {
        let assets: Vec<Asset<'_>> =
            wants.iter().map(|v| Asset { variables: v, rows: &[], uses: &one_row, c: 0.0 }).collect();
        fleet(rows, &assets)
    };
    // Three assets that want one unit each at 3, 2 and 1 apiece, and the twin at 1 each.
    let linear = |value: [f64; 3], rows: &[(f64, f64)]| {
        let variables = value.map(|v| [(0.0, -v, 0.0, 1.0)]);
        let assets: Vec<Asset<'_>> =
            variables.iter().map(|v| Asset { variables: v, rows: &[], uses: &one_row, c: 0.0 }).collect();
        fleet(rows, &assets)
    };
    let mut cases = Vec::new();
    let mut add = |name, expected, fleet| cases.push(FleetCase { name, fleet, expected });

    add("qp_upper_active", Optimal(-13.0), three(&[(-INF, 6.0)]));
    add("qp_upper_slack", Optimal(-14.5), three(&[(-INF, 20.0)]));
    add("qp_lower_active", Optimal(-14.125), three(&[(10.5, INF)]));
    add("qp_two_sided_lower_active", Optimal(-14.125), three(&[(10.5, 12.0)]));
    add("qp_two_sided_upper_active", Optimal(-13.0), three(&[(5.0, 6.0)]));
    add("qp_two_sided_slack", Optimal(-14.5), three(&[(5.0, 12.0)]));
    add("qp_equality", Optimal(-13.0), three(&[(12.0, 12.0)]));
    add("qp_upper_infeasible", Infeasible, three(&[(-INF, -1.0)]));
    add("qp_lower_infeasible", Infeasible, three(&[(31.0, INF)]));
    add("qp_equality_infeasible", Infeasible, three(&[(31.0, 31.0)]));

    add("lp_upper_active", Optimal(-4.0), linear([3.0, 2.0, 1.0], &[(-INF, 1.5)]));
    add("lp_ties", Optimal(-1.5), linear([1.0; 3], &[(-INF, 1.5)]));
    add("lp_equality", Optimal(-4.0), linear([3.0, 2.0, 1.0], &[(1.5, 1.5)]));
    add("lp_lower_infeasible", Infeasible, linear([3.0, 2.0, 1.0], &[(3.5, INF)]));

    // What one makes the other takes: 1/2 x^2 against 1/2 (x - 4)^2, so both move 2; the constant counts.
    let maker = Asset { variables: &[(1.0, 0.0, 0.0, 9.0)], rows: &[], uses: &[(0, 0, -1.0)], c: 0.0 };
    let taker = Asset { variables: &[(1.0, -4.0, 0.0, 9.0)], rows: &[], uses: &one_row, c: 8.0 };
    add("qp_balance", Optimal(4.0), fleet(&[(0.0, 0.0)], &[maker, taker]));

    add("qp_alone", Optimal(-1.5), {
        let alone = Asset { variables: &wants[0], rows: &[], uses: &one_row, c: 0.0 };
        fleet(&[(-INF, 1.0)], &[alone])
    });

    // Two rows of very different units; each asset splits its own limit of 3 between them. By symmetry each use is 1 of 1e3 and 1e-3:
    // prices take x and y from (2, 2) to (1, 1), cost 2 (1/2 + 1/2 - 2 - 2).
    let split: [(f64, f64, f64, f64); 2] = [(1.0, -2.0, 0.0, 5.0), (1.0, -2.0, 0.0, 5.0)];
    let limit: [Row<'_>; 1] = [(&[(0, 1.0), (1, 1.0)], -INF, 3.0)];
    let uses = [(0, 0, 1e3), (1, 1, 1e-3)];
    let pair = |rows: &[(f64, f64)]| {
        let asset = || Asset { variables: &split, rows: &limit, uses: &uses, c: 0.0 };
        fleet(rows, &[asset(), asset()])
    };
    add("qp_units_apart", Optimal(-6.0), pair(&[(-INF, 2e3), (-INF, 2e-3)]));

    // Two rows that are in order one by one: no more than 3 in total, and at least 5 of the same total.
    let both = [(0, 0, 1.0), (1, 0, 1.0)];
    let assets: Vec<Asset<'_>> = wants.iter().map(|v| Asset { variables: v, rows: &[], uses: &both, c: 0.0 }).collect();
    add("qp_rows_against_each_other_infeasible", Infeasible, fleet(&[(-INF, 3.0), (5.0, INF)], &assets));
    add("qp_rows_agree", Optimal(-13.0), fleet(&[(-INF, 6.0), (5.0, INF)], &assets));

    // One asset promises itself 11 of at most 10.
    let broken: [Row<'_>; 1] = [(&[(0, 1.0)], 11.0, INF)];
    let mut assets: Vec<Asset<'_>> =
        wants.iter().map(|v| Asset { variables: v, rows: &[], uses: &one_row, c: 0.0 }).collect();
    assets[1].rows = &broken;
    add("qp_locally_infeasible", LocallyInfeasible(1), fleet(&[(-INF, 6.0)], &assets));

    // One asset earns without end from what the fleet does not limit.
    let earner =
        Asset { variables: &[(0.0, -1.0, 0.0, INF), (1.0, -1.0, 0.0, 9.0)], rows: &[], uses: &[(0, 1, 1.0)], c: 0.0 };
    let other = Asset { variables: &wants[2], rows: &[], uses: &one_row, c: 0.0 };
    add("lp_unbounded", Unbounded, fleet(&[(-INF, 6.0)], &[earner, other]));
    // What one asset earns without end the fleet's row limits: x0 <= 6 - x1 at a value of 1 each, x1 = 4 - 1.
    let earner = Asset { variables: &[(0.0, -1.0, 0.0, INF)], rows: &[], uses: &one_row, c: 0.0 };
    let other = Asset { variables: &wants[2], rows: &[], uses: &one_row, c: 0.0 };
    add("lp_bounded_by_the_fleet", Optimal(-3.0 + 4.5 - 12.0), fleet(&[(-INF, 6.0)], &[earner, other]));
    cases
}

fn fleet(rows: &[(f64, f64)], assets: &[Asset<'_>]) -> FleetProblem {
    let names = |prefix: &str, count| (0..count).map(|k| format!("{prefix}[{k}]")).collect();
    let sides = |pairs: &[(f64, f64)]| {
        let (lower, upper) = pairs.iter().copied().unzip();
        Bounds::new(lower, upper).expect("the suite's bounds do not cross")
    };
    let matrix = |rows, columns, entries: &[_]| {
        SparseMatrix::from_triplets(rows, columns, entries).expect("the suite's entries fit")
    };
    let asset = |(k, asset): (usize, &Asset<'_>)| {
        let n = asset.variables.len();
        let bounds: Vec<(f64, f64)> = asset.variables.iter().map(|v| (v.2, v.3)).collect();
        let p: Vec<(usize, usize, f64)> = asset.variables.iter().enumerate().map(|(j, v)| (j, j, v.0)).collect();
        let q = asset.variables.iter().map(|v| v.1).collect();
        let own: Vec<(f64, f64)> = asset.rows.iter().map(|row| (row.1, row.2)).collect();
        let a: Vec<(usize, usize, f64)> =
            asset.rows.iter().enumerate().flat_map(|(i, row)| row.0.iter().map(move |(j, v)| (i, *j, *v))).collect();
        let local = LocalProblem::new(
            Variables { names: names("x", n), bounds: sides(&bounds) },
            Objective { p: matrix(n, n, &p), q, c: asset.c },
            Rows { names: names("row", own.len()), matrix: matrix(own.len(), n, &a), bounds: sides(&own) },
        )
        .expect("the suite's problems are sound");
        let id = AssetId::new(format!("asset-{k}")).expect("a short name");
        AssetProblem::new(id, local, matrix(rows.len(), n, asset.uses), Vec::new()).expect("the suite's assets fit")
    };
    let coupling = Coupling { names: names("fleet", rows.len()), bounds: sides(rows) };
    FleetProblem::new("conformance", coupling, assets.iter().enumerate().map(asset).collect())
        .expect("the suite's fleets are sound")
}
