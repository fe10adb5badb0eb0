use cosmosmesh_contracts::problem::{LocalProblem, ProblemError, ProblemErrorKind};

use crate::linear::Ldl;

/// Checks that `P` is positive semidefinite, up to rounding of its largest diagonal entry.
///
/// # Errors
/// [`ProblemErrorKind::NotConvex`] at `objective.P`.
/// # Cost
/// One sparse factorisation of `P`; nothing for a diagonal `P`.
pub fn check_convex(problem: &LocalProblem) -> Result<(), ProblemError> {
    let p = &problem.objective().p;
    let n = problem.variable_count();
    let not_convex = |reason: String| Err(ProblemError::at("objective.P", ProblemErrorKind::NotConvex { reason }));
    let mut diagonal = vec![0.0; n];
    p.triplets().filter(|(i, j, _)| i == j).for_each(|(i, _, v)| diagonal[i] = v);
    if let Some(j) = diagonal.iter().position(|v| *v < 0.0) {
        return not_convex(format!("diagonal entry {j} is {}", diagonal[j]));
    }
    let mut entries: Vec<(usize, usize)> = (0..n).map(|j| (j, j)).collect();
    let mut values = diagonal.clone();
    for (i, j, v) in p.triplets().filter(|(i, j, v)| i != j && *v != 0.0) {
        if v * v > diagonal[i] * diagonal[j] * (1.0 + 1e-12) {
            return not_convex(format!("entry ({i}, {j}) is {v}, more than its diagonal entries allow"));
        }
        entries.push((i, j));
        values.push(v);
    }
    if entries.len() == n {
        return Ok(());
    }
    // D^-1/2 P D^-1/2 + tiny I, with unit diagonal: its pivots are positive if P is semidefinite, and its signs are not mended.
    let scale: Vec<f64> = diagonal.iter().map(|d| if *d > 0.0 { 1.0 / d.sqrt() } else { 1.0 }).collect();
    let (mut ldl, places) = Ldl::analyse(n, &entries, &vec![0; n]);
    for (k, (&(i, j), v)) in entries.iter().zip(&values).enumerate() {
        ldl.values[places[k]] = v * scale[i] * scale[j] + if i == j { 1e-9 } else { 0.0 };
    }
    let broken = ldl.factor().is_err();
    match (0..n).find(|&k| broken || ldl.pivot(k) <= 0.0) {
        Some(_) => not_convex("a pivot of its factorisation is negative".to_owned()),
        None => Ok(()),
    }
}
