use std::collections::BTreeMap;

use cosmosmesh_contracts::problem::{Bounds, LocalProblem, Objective, Rows, SparseMatrix, Variables};

use crate::{Body, CatoptError, Object, Port};

/// What is left of an object once its private variables are minimised out.
#[derive(Clone, Debug, PartialEq)]
pub struct Marginal {
    /// The object with the variables that had to stay; its ports show the same as before.
    pub object: Object,
    /// The names of the variables that are gone.
    pub eliminated: Vec<String>,
    /// The names of private variables that had to stay, with the reason.
    pub kept: Vec<(String, &'static str)>,
}

/// Minimises over the private variables that are free: `f(v) = min_u 1/2 (u,v)'P(u,v) + q'(u,v) + c`, a Schur complement.
///
/// A variable goes if no port shows it, no bound holds it, it need not be whole, and either an equality row gives it by the others,
/// or no row that is left holds it and the cost is strictly convex in it. A row that gives a variable goes with it.
/// At every value of what is left the cost is the least the object could reach, so optima do not change.
/// # Errors
/// [`CatoptError::Opaque`]. That nothing can be eliminated is no error.
/// # Cost
/// The cube of the number of variables.
/// # Privacy
/// This is not privacy: the cost of the boundary still tells of what was minimised out. It sends less; masks or noise must cover what is sent.
/// # Source
/// Boyd & Vandenberghe, section 10.1.2 and appendix A.5.5; docs/math/catopt.md#marginalising.
pub fn marginalise(object: &Object) -> Result<Marginal, CatoptError> {
    let (local, whole) = object.solvable()?;
    let Body::Quadratic { units, .. } = &object.body else { unreachable!("a solvable object is quadratic") };
    let (variables, objective, rows) = (local.variables(), local.objective(), local.rows());
    let n = local.variable_count();
    let mut reason: Vec<Option<&'static str>> = vec![None; n];
    for port in &object.ports {
        port.map.triplets().filter(|t| t.2 != 0.0).for_each(|(_, j, _)| reason[j] = Some("a port shows it"));
    }
    for j in 0..n {
        let bounded = variables.bounds.lower()[j].is_finite() || variables.bounds.upper()[j].is_finite();
        if reason[j].is_none() && bounded {
            reason[j] = Some("a bound holds it");
        }
        if reason[j].is_none() && whole.binary_search(&j).is_ok() {
            reason[j] = Some("it must be a whole number");
        }
    }
    let shown: Vec<bool> = reason.iter().map(|reason| *reason == Some("a port shows it")).collect();
    let mut system = System::of(local);
    let mut gone = system.substitute(&mut reason);
    for entries in system.rows.iter().flatten() {
        for &j in entries.keys() {
            reason[j].get_or_insert("a row holds it");
        }
    }
    let scale = |k: usize| objective.p.column(k).filter(|(i, _)| *i == k).map(|(_, v)| v).sum::<f64>();
    let System { p, q, c, rows: left_rows, lower, upper } = &mut system;
    // One pivot at a time: eliminating several at once is the same complement, block by block.
    let mut open: Vec<usize> = (0..n).filter(|j| reason[*j].is_none() && !gone.contains(j)).collect();
    while let Some(at) = (0..open.len()).max_by(|&a, &b| p[open[a]][open[a]].total_cmp(&p[open[b]][open[b]])) {
        let k = open.swap_remove(at);
        if p[k][k] <= 1e-12 * scale(k).max(f64::MIN_POSITIVE) {
            reason[k] = Some("the cost is not strictly convex in it");
            continue;
        }
        let pivot = p[k][k];
        let row = core::mem::take(&mut p[k]);
        let still: Vec<usize> = (0..n).filter(|&j| j != k && !gone.contains(&j) && row[j] != 0.0).collect();
        for &i in &still {
            for &j in &still {
                p[i][j] -= row[i] * row[j] / pivot;
            }
            let share = row[i] * q[k] / pivot;
            q[i] -= share;
        }
        *c -= 0.5 * q[k] * q[k] / pivot;
        p[k] = row;
        gone.push(k);
    }
    gone.sort_unstable();
    let rest: Vec<usize> = (0..n).filter(|j| gone.binary_search(j).is_err()).collect();
    if rest.is_empty() || gone.is_empty() {
        // A problem needs a variable: one that nobody sees stays as it is.
        let kept = unseen(&shown, &reason, &variables.names);
        return Ok(Marginal { object: object.clone(), eliminated: Vec::new(), kept });
    }
    let mut place = vec![usize::MAX; n];
    rest.iter().enumerate().for_each(|(k, &j)| place[j] = k);
    let moved = |matrix: &SparseMatrix| {
        let entries =
            matrix.triplets().filter(|t| place[t.1] != usize::MAX && t.2 != 0.0).map(|(i, j, v)| (i, place[j], v));
        SparseMatrix::from_triplets(matrix.row_count(), rest.len(), &entries.collect::<Vec<_>>())
    };
    let mut entries = Vec::new();
    for (b, &j) in rest.iter().enumerate() {
        entries.extend(rest[..=b].iter().enumerate().map(|(a, &i)| (a, b, p[i][j])).filter(|t| t.2 != 0.0));
    }
    // Rounding may leave a diagonal that should be zero a hair below it.
    entries.iter_mut().filter(|t| t.0 == t.1).for_each(|t| t.2 = t.2.max(0.0));
    let of = |list: &[f64]| rest.iter().map(|&j| list[j]).collect::<Vec<f64>>();
    let names = |list: &[String]| rest.iter().map(|&j| list[j].clone()).collect::<Vec<String>>();
    let still: Vec<usize> = (0..left_rows.len()).filter(|&i| left_rows[i].is_some()).collect();
    let mut held = Vec::new();
    for (k, &i) in still.iter().enumerate() {
        held.extend(left_rows[i].iter().flatten().map(|(j, v)| (k, place[*j], *v)));
    }
    let side = |list: &[f64]| still.iter().map(|&i| list[i]).collect::<Vec<f64>>();
    let left = LocalProblem::new(
        Variables {
            names: names(&variables.names),
            bounds: Bounds::new(of(variables.bounds.lower()), of(variables.bounds.upper()))?,
        },
        Objective { p: SparseMatrix::from_triplets(rest.len(), rest.len(), &entries)?, q: of(q), c: *c },
        Rows {
            names: still.iter().map(|&i| rows.names[i].clone()).collect(),
            matrix: SparseMatrix::from_triplets(still.len(), rest.len(), &held)?,
            bounds: Bounds::new(side(lower), side(upper))?,
        },
    )?;
    let integer = whole.iter().map(|&j| place[j]).collect();
    let mut ports = Vec::with_capacity(object.ports.len());
    for port in &object.ports {
        ports.push(Port { map: moved(&port.map)?, ..port.clone() });
    }
    let body = Body::Quadratic { local: Box::new(left), units: names(units), integer };
    let kept = unseen(&shown, &reason, &variables.names);
    let eliminated = gone.iter().map(|&j| variables.names[j].clone()).collect();
    Ok(Marginal { object: Object { body, ports, ..object.clone() }, eliminated, kept })
}

/// An object's numbers while variables go: the whole of `P`, and the rows that are left.
struct System {
    p: Vec<Vec<f64>>,
    q: Vec<f64>,
    c: f64,
    rows: Vec<Option<BTreeMap<usize, f64>>>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

/// How small a coefficient may be, beside the largest of its row, for the row to give its variable.
const PIVOT: f64 = 1e-3;

impl System {
    fn of(local: &LocalProblem) -> Self {
        let (n, objective, rows) = (local.variable_count(), local.objective(), local.rows());
        let mut p = vec![vec![0.0; n]; n];
        for (i, j, v) in objective.p.triplets() {
            p[i][j] = v;
            p[j][i] = v;
        }
        let mut lists = vec![BTreeMap::new(); local.row_count()];
        for (i, j, v) in rows.matrix.triplets().filter(|t| t.2 != 0.0) {
            lists[i].insert(j, v);
        }
        let (lower, upper) = (rows.bounds.lower().to_vec(), rows.bounds.upper().to_vec());
        Self { p, q: objective.q.clone(), c: objective.c, rows: lists.into_iter().map(Some).collect(), lower, upper }
    }

    /// Lets each equality row give the largest of its variables without a reason to stay, and returns those that went.
    fn substitute(&mut self, reason: &mut [Option<&'static str>]) -> Vec<usize> {
        let mut gone = Vec::new();
        for i in 0..self.rows.len() {
            let (Some(row), true) = (&self.rows[i], self.lower[i] == self.upper[i]) else { continue };
            let largest = row.values().fold(0.0_f64, |worst, v| worst.max(v.abs()));
            let free = row.iter().filter(|(j, v)| reason[**j].is_none() && v.abs() >= PIVOT * largest);
            let Some((&k, &pivot)) = free.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())) else { continue };
            let mut row = self.rows[i].take().unwrap_or_default();
            row.remove(&k);
            // x_k = offset + sum of weights times the others.
            let offset = self.lower[i] / pivot;
            let weights: Vec<(usize, f64)> = row.iter().map(|(j, v)| (*j, -v / pivot)).collect();
            self.rows_without(k, offset, &weights);
            self.cost_without(k, offset, &weights);
            reason[k] = Some("gone");
            gone.push(k);
        }
        for &k in &gone {
            reason[k] = None;
        }
        gone
    }

    fn rows_without(&mut self, k: usize, offset: f64, weights: &[(usize, f64)]) {
        for (i, row) in self.rows.iter_mut().enumerate() {
            let Some(row) = row else { continue };
            let Some(factor) = row.remove(&k) else { continue };
            for &(j, w) in weights {
                let (added, before) = (factor * w, row.get(&j).copied().unwrap_or(0.0));
                // What cancels up to rounding is nothing, or a variable would seem to be held.
                if (before + added).abs() <= 1e-14 * added.abs() {
                    row.remove(&j);
                } else {
                    row.insert(j, before + added);
                }
            }
            self.lower[i] -= factor * offset;
            self.upper[i] -= factor * offset;
        }
    }

    fn cost_without(&mut self, k: usize, offset: f64, weights: &[(usize, f64)]) {
        let n = self.q.len();
        let own = core::mem::replace(&mut self.p[k], vec![0.0; n]);
        let (square, linear) = (own[k], self.q[k]);
        self.c += linear * offset + 0.5 * square * offset * offset;
        for j in 0..n {
            self.q[j] += offset * own[j];
            self.p[j][k] = 0.0;
        }
        self.q[k] = 0.0;
        for &(j, w) in weights {
            self.q[j] += w * (linear + offset * square);
            for i in (0..n).filter(|i| *i != k) {
                self.p[i][j] += own[i] * w;
                self.p[j][i] += own[i] * w;
            }
            for &(i, v) in weights {
                self.p[i][j] += square * v * w;
            }
        }
    }
}

/// The private variables that stay, with their reasons.
fn unseen(shown: &[bool], reason: &[Option<&'static str>], names: &[String]) -> Vec<(String, &'static str)> {
    let stays = |j: usize| reason[j].filter(|_| !shown[j]).map(|why| (names[j].clone(), why));
    (0..names.len()).filter_map(stays).collect()
}
