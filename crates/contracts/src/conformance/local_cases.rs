use crate::problem::{Bounds, LocalProblem, Objective, Rows, SparseMatrix, Variables};
use crate::traits::ProblemClass;

/// One problem of a class, or its twin without a solution.
#[derive(Clone, Debug)]
pub struct LocalCase {
    /// The class of problem.
    pub name: String,
    /// The class of solver.
    pub class: ProblemClass,
    /// The problem.
    pub problem: LocalProblem,
    /// What it is known to have.
    pub expected: Expected,
}

/// What a problem has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    /// An optimum, with its cost where that follows by hand.
    Optimal(Option<f64>),
    /// No point.
    Infeasible,
    /// No least cost.
    Unbounded,
}

const INF: f64 = f64::INFINITY;

/// A row: entries `(column, value)`, lower, upper.
pub(super) type Row<'a> = (&'a [(usize, f64)], f64, f64);

/// The problems that [`super::local_solver`] poses, by class, each with its infeasible or unbounded twins.
pub fn local_cases() -> Vec<LocalCase> {
    use Expected::{Infeasible, Optimal, Unbounded};
    let mut cases = Vec::new();
    let mut add = |name: &str, expected, problem: LocalProblem| {
        let linear = problem.objective().p.values().iter().all(|v| *v == 0.0);
        let class = if linear { ProblemClass::Linear } else { ProblemClass::ConvexQuadratic };
        cases.push(LocalCase { name: name.to_owned(), class, problem, expected });
    };
    let free = [(-INF, INF); 3];
    let unit = [(0.0, 1.0); 3];
    let identity = [(0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0)];
    let sum: &[(usize, f64)] = &[(0, 1.0), (1, 1.0), (2, 1.0)];

    // min 1/2 |x|^2 + q'x = -1/2 |q|^2
    add("qp_without_constraints", Optimal(Some(-7.0)), problem(&free, &identity, &[1.0, -2.0, 3.0], &[]));
    add("qp_without_constraints_unbounded", Unbounded, problem(&free, &identity[..2], &[1.0, -2.0, 3.0], &[]));
    add("qp_one_variable", Optimal(Some(-4.0)), problem(&[(-1.0, 9.0)], &[(0, 0, 0.5)], &[-2.0], &[]));
    // A rank-one Hessian, 1/2 (x0 + x1 + x2 - 2)^2 - 2, has a plane of optima.
    let ones = [(0, 0, 1.0), (0, 1, 1.0), (1, 1, 1.0), (0, 2, 1.0), (1, 2, 1.0), (2, 2, 1.0)];
    add("qp_semidefinite", Optimal(Some(-2.0)), problem(&unit, &ones, &[-2.0; 3], &[]));
    add("qp_semidefinite_unbounded", Unbounded, problem(&free, &ones, &[-2.0, -2.0, -1.0], &[]));

    add("qp_equality", Optimal(Some(1.5)), problem(&free, &identity, &[0.0; 3], &[(sum, 3.0, 3.0)]));
    let twice: &[(usize, f64)] = &[(0, 2.0), (1, 2.0), (2, 2.0)];
    let contradiction = [(sum, 3.0, 3.0), (twice, 7.0, 7.0)];
    add("qp_equality_infeasible", Infeasible, problem(&free, &identity, &[0.0; 3], &contradiction));
    add("lp_equality_unbounded", Unbounded, problem(&free, &[], &[1.0, 1.0, 0.0], &[(sum, 3.0, 3.0)]));

    let difference: &[(usize, f64)] = &[(0, 1.0), (1, -1.0)];
    // The lower side of the first row pushes: x = (1, 1, 1).
    let rows = [(sum, 3.0, 5.0), (difference, -1.0, 1.0)];
    add("qp_inequality", Optimal(Some(1.5)), problem(&free, &identity, &[0.0; 3], &rows));
    let rows = [(sum, 3.0, INF), (twice, -INF, 5.0)];
    add("qp_inequality_infeasible", Infeasible, problem(&free, &identity, &[0.0; 3], &rows));
    let rows = [(sum, 3.0, INF), (difference, -1.0, 1.0)];
    add("lp_inequality", Optimal(Some(3.0)), problem(&[(0.0, INF); 3], &[], &[1.0; 3], &rows));
    add("lp_inequality_unbounded", Unbounded, problem(&[(0.0, INF); 3], &[], &[1.0, 1.0, -1.0], &rows));
    add(
        "lp_open_rows",
        Optimal(Some(-3.0)),
        problem(&unit, &[], &[-1.0; 3], &[(sum, -INF, INF), (difference, -INF, INF)]),
    );

    // x = clamp(-q)
    add("qp_box", Optimal(Some(-1.5 - 0.125)), problem(&unit, &identity, &[1.0, -2.0, -0.5], &[]));
    add("qp_box_infeasible", Infeasible, problem(&unit, &identity, &[1.0, -2.0, -0.5], &[(sum, 3.5, INF)]));
    add("lp_box", Optimal(Some(-2.5)), problem(&unit, &[], &[1.0, -2.0, -0.5], &[]));
    add("lp_box_unbounded", Unbounded, problem(&[(0.0, 1.0), (0.0, INF), (0.0, 1.0)], &[], &[1.0, -2.0, -0.5], &[]));

    // Every point of an edge is optimal, and more rows than variables meet in its ends.
    let pairs: [&[(usize, f64)]; 3] = [&[(0, 1.0), (1, 1.0)], &[(1, 1.0), (2, 1.0)], &[(0, 1.0), (2, 1.0)]];
    let mut rows: Vec<Row<'_>> = pairs.iter().map(|row| (*row, -INF, 1.0)).collect();
    rows.push((sum, -INF, 1.0));
    add("lp_degenerate", Optimal(Some(-1.0)), problem(&[(0.0, INF); 3], &[], &[-1.0, -1.0, 0.0], &rows));
    rows.push((sum, 1.5, INF));
    add("lp_degenerate_infeasible", Infeasible, problem(&[(0.0, INF); 3], &[], &[-1.0, -1.0, 0.0], &rows));
    add("lp_zero_cost", Optimal(Some(0.0)), problem(&unit, &[], &[0.0; 3], &[(sum, 1.0, 2.0)]));

    // x2 is bounded by a row only.
    let half_free = [(0.0, 1.0), (0.0, 1.0), (-INF, INF)];
    let rows: [Row<'_>; 1] = [(&[(0, 1.0), (2, -1.0)], 0.0, 0.0)];
    add("qp_free_variables", Optimal(Some(-1.5)), problem(&half_free, &identity[..2], &[-0.5, -1.0, -1.0], &rows));
    add("lp_free_variables_unbounded", Unbounded, problem(&half_free, &[], &[1.0, 1.0, 1.0], &[(pairs[1], -INF, 1.0)]));

    let fixed = [(2.0, 2.0), (0.0, 1.0), (-1.0, -1.0)];
    add(
        "qp_fixed_variables",
        Optimal(Some(2.0 + 0.5 - 3.0)),
        problem(&fixed, &identity, &[-1.0, 0.0, 1.0], &[(sum, 1.0, 2.0)]),
    );
    add("qp_fixed_variables_infeasible", Infeasible, problem(&fixed, &identity, &[0.0; 3], &[(sum, 2.5, 3.0)]));
    let all_fixed = [(2.0, 2.0), (1.0, 1.0), (-1.0, -1.0)];
    add("qp_all_fixed", Optimal(Some(3.0)), problem(&all_fixed, &identity, &[0.0; 3], &[(sum, 2.0, 2.0)]));
    add("qp_all_fixed_infeasible", Infeasible, problem(&all_fixed, &identity, &[0.0; 3], &[(sum, 2.5, 2.5)]));

    // The same equality three times, a row without entries, and a row that cannot bind.
    let rows: [Row<'_>; 5] =
        [(sum, 3.0, 3.0), (twice, 6.0, 6.0), (sum, 3.0, 3.0), (&[], -1.0, 1.0), (difference, -100.0, 100.0)];
    add("qp_redundant_rows", Optimal(Some(1.5)), problem(&free, &identity, &[0.0; 3], &rows));
    add("lp_redundant_rows", Optimal(Some(3.0)), problem(&[(0.0, 9.0); 3], &[], &[1.0; 3], &rows));
    let rows: [Row<'_>; 2] = [(sum, 3.0, 3.0), (&[], 1.0, 2.0)];
    add("qp_empty_row_infeasible", Infeasible, problem(&free, &identity, &[0.0; 3], &rows));

    // Watts beside megajoules: x0 in 0..1e5, x1 in 0..1e-3, a row that ties them.
    let scaled = [(0.0, 1e5), (0.0, 1e-3), (-INF, INF)];
    let rows: [Row<'_>; 2] = [(&[(0, 1e-4), (1, 1e3)], 0.0, 5.0), (&[(0, 1.0), (1, 1e6), (2, -10.0)], 0.0, 0.0)];
    let p = [(0, 0, 1e-6), (1, 1, 1e4), (2, 2, 1e-2)];
    add("qp_badly_scaled", Optimal(None), problem(&scaled, &p, &[-1.0, -1e2, 0.1], &rows));
    let rows: [Row<'_>; 3] = [rows[0], rows[1], (&[(0, 1e-4), (1, 1e3)], 12.0, 20.0)];
    add("qp_badly_scaled_infeasible", Infeasible, problem(&scaled, &p, &[-1.0, -1e2, 0.1], &rows));

    let constant = problem(&unit, &[], &[1.0; 3], &[(sum, 1.0, INF)]);
    let objective = Objective { c: -41.0, ..constant.objective().clone() };
    let constant = LocalProblem::new(constant.variables().clone(), objective, constant.rows().clone());
    add("lp_constant", Optimal(Some(-40.0)), constant.expect("only the constant changed"));

    for seed in 1..=24 {
        let (lp, mut random) = (seed % 3 == 0, Random(seed));
        let drawn = draw(&mut random, lp);
        add(&format!("random_{seed}"), Optimal(None), drawn.problem(&[]));
        add(&format!("random_{seed}_infeasible"), Infeasible, drawn.problem(&drawn.contradiction()));
        add(&format!("random_{seed}_unbounded"), Unbounded, drawn.with_a_way_out());
    }
    cases
}

/// Problems that are not convex although no diagonal entry tells so.
pub(super) fn indefinite_cases() -> Vec<(&'static str, LocalProblem)> {
    let unit = [(0.0, 1.0); 3];
    let hidden = [(0, 0, 1.0), (0, 1, 2.0), (1, 1, 1.0), (2, 2, 1.0)];
    vec![
        ("off_diagonal_alone", problem(&unit, &[(0, 1, 1.0)], &[0.0; 3], &[])),
        ("off_diagonal_too_large", problem(&unit, &hidden, &[0.0; 3], &[])),
    ]
}

fn problem(bounds: &[(f64, f64)], p: &[(usize, usize, f64)], q: &[f64], rows: &[Row<'_>]) -> LocalProblem {
    let n = bounds.len();
    let names = |prefix: &str, count| (0..count).map(|k| format!("{prefix}[{k}]")).collect();
    let sides = |pairs: Vec<(f64, f64)>| {
        let (lower, upper) = pairs.into_iter().unzip();
        Bounds::new(lower, upper).expect("the suite's bounds do not cross")
    };
    let matrix = |rows, entries: &[_]| SparseMatrix::from_triplets(rows, n, entries).expect("the suite's entries fit");
    let entries: Vec<(usize, usize, f64)> =
        rows.iter().enumerate().flat_map(|(i, row)| row.0.iter().map(move |(j, v)| (i, *j, *v))).collect();
    LocalProblem::new(
        Variables { names: names("x", n), bounds: sides(bounds.to_vec()) },
        Objective { p: matrix(n, p), q: q.to_vec(), c: 0.0 },
        Rows {
            names: names("row", rows.len()),
            matrix: matrix(rows.len(), &entries),
            bounds: sides(rows.iter().map(|row| (row.1, row.2)).collect()),
        },
    )
    .expect("the suite's problems are sound")
}

/// The same with entries of its own.
type OwnedRow = (Vec<(usize, f64)>, f64, f64);

/// A problem that is feasible because its rows were drawn around a point, and bounded because its variables are.
struct Drawn {
    bounds: Vec<(f64, f64)>,
    p: Vec<(usize, usize, f64)>,
    q: Vec<f64>,
    rows: Vec<OwnedRow>,
}

fn draw(random: &mut Random, linear: bool) -> Drawn {
    let n = 3 + random.below(9);
    let row_count = 1 + random.below(n);
    let point: Vec<f64> = (0..n).map(|_| 4.0 * random.unit() - 2.0).collect();
    let bounds = point.iter().map(|x| (x - 3.0 * random.unit(), x + 3.0 * random.unit())).collect();
    let mut rows = Vec::new();
    for _ in 0..row_count {
        let entries: Vec<(usize, f64)> =
            (0..n).map(|j| (j, 2.0 * random.unit() - 1.0)).filter(|entry| entry.1.abs() < 0.7).collect();
        let value: f64 = entries.iter().map(|(j, v)| v * point[*j]).sum();
        let (below, above) = (random.unit(), random.unit());
        rows.push(match random.below(4) {
            0 if rows.len() < n / 2 => (entries, value, value),
            1 => (entries, value - below, INF),
            2 => (entries, -INF, value + above),
            _ => (entries, value - below, value + above),
        });
    }
    // P = sum of rank-one terms, fewer than there are variables: semidefinite, not definite.
    let mut dense = vec![vec![0.0; n]; n];
    for _ in 0..if linear { 0 } else { 1 + n / 2 } {
        let v: Vec<f64> = (0..n).map(|_| 2.0 * random.unit() - 1.0).collect();
        for i in 0..n {
            for j in i..n {
                dense[i][j] += v[i] * v[j];
            }
        }
    }
    let upper = |i: usize| (i..n).map(move |j| (i, j));
    let p = if linear { Vec::new() } else { (0..n).flat_map(upper).map(|(i, j)| (i, j, dense[i][j])).collect() };
    let q = (0..n).map(|_| 4.0 * random.unit() - 2.0).collect();
    Drawn { bounds, p, q, rows }
}

impl Drawn {
    fn problem(&self, more: &[OwnedRow]) -> LocalProblem {
        let rows: Vec<Row<'_>> = self.rows.iter().chain(more).map(|(e, l, u)| (e.as_slice(), *l, *u)).collect();
        problem(&self.bounds, &self.p, &self.q, &rows)
    }

    /// Two rows that the same combination of variables cannot meet together.
    fn contradiction(&self) -> [OwnedRow; 2] {
        let entries: Vec<(usize, f64)> = (0..self.q.len()).map(|j| (j, if j % 2 == 0 { 1.0 } else { -0.5 })).collect();
        [(entries.clone(), -INF, 0.25), (entries, 0.75, INF)]
    }

    /// The problem with one variable more, which lowers the cost for ever and touches a row on its open side only.
    fn with_a_way_out(&self) -> LocalProblem {
        let n = self.q.len();
        let mut wider =
            Drawn { bounds: self.bounds.clone(), p: self.p.clone(), q: self.q.clone(), rows: self.rows.clone() };
        wider.bounds.push((0.0, INF));
        wider.q.push(-0.5);
        for (entries, lower, upper) in &mut wider.rows {
            match (lower.is_finite(), upper.is_finite()) {
                (true, false) => entries.push((n, 1.0)),
                (false, true) => entries.push((n, -1.0)),
                _ => {}
            }
        }
        wider.problem(&[])
    }
}

/// A small generator (xorshift64*), so that the cases are the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        // The seeds are small; a few steps spread them over all bits.
        for _ in 0..4 {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
        }
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, count: usize) -> usize {
        (self.unit() * count as f64) as usize
    }
}
