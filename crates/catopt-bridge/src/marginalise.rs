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
/// A variable goes if no port shows it, no row and no bound holds it, it need not be whole, and the cost is strictly convex in it.
/// At every value of what is left the cost is the least the object could reach, so optima do not change.
/// # Errors
/// [`CatoptError::Opaque`]. That nothing can be eliminated is no error.
/// # Cost
/// The cube of the number of eliminated variables, the square of the rest.
/// # Privacy
/// This is not privacy: the cost of the boundary still tells of what was minimised out. It sends less; masks or noise must cover what is sent.
/// # Source
/// Boyd & Vandenberghe, appendix A.5.5; docs/math/catopt.md#marginalising.
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
        if reason[j].is_none() && rows.matrix.column(j).any(|(_, v)| v != 0.0) {
            reason[j] = Some("a row holds it");
        }
        if reason[j].is_none() && whole.binary_search(&j).is_ok() {
            reason[j] = Some("it must be a whole number");
        }
    }
    let shown: Vec<bool> = reason.iter().map(|reason| *reason == Some("a port shows it")).collect();
    let mut p = vec![vec![0.0; n]; n];
    for (i, j, v) in objective.p.triplets() {
        p[i][j] = v;
        p[j][i] = v;
    }
    let (mut q, mut c) = (objective.q.clone(), objective.c);
    // One pivot at a time: eliminating several at once is the same complement, block by block.
    let mut open: Vec<usize> = (0..n).filter(|&j| reason[j].is_none()).collect();
    let mut gone = Vec::new();
    while let Some(at) = (0..open.len()).max_by(|&a, &b| p[open[a]][open[a]].total_cmp(&p[open[b]][open[b]])) {
        let k = open.swap_remove(at);
        let scale = objective.p.column(k).filter(|(i, _)| *i == k).map(|(_, v)| v).sum::<f64>();
        if p[k][k] <= 1e-12 * scale.max(f64::MIN_POSITIVE) {
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
        c -= 0.5 * q[k] * q[k] / pivot;
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
    let left = LocalProblem::new(
        Variables {
            names: names(&variables.names),
            bounds: Bounds::new(of(variables.bounds.lower()), of(variables.bounds.upper()))?,
        },
        Objective { p: SparseMatrix::from_triplets(rest.len(), rest.len(), &entries)?, q: of(&q), c },
        Rows { names: rows.names.clone(), matrix: moved(&rows.matrix)?, bounds: rows.bounds.clone() },
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

/// The private variables that stay, with their reasons.
fn unseen(shown: &[bool], reason: &[Option<&'static str>], names: &[String]) -> Vec<(String, &'static str)> {
    let stays = |j: usize| reason[j].filter(|_| !shown[j]).map(|why| (names[j].clone(), why));
    (0..names.len()).filter_map(stays).collect()
}
