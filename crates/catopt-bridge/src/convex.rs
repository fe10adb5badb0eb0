use std::collections::BTreeMap;

use cosmosmesh_contracts::problem::SparseMatrix;

use crate::CatoptError;

/// How far below zero rounding may push an eigenvalue, relative to the largest entry.
const TOLERANCE: f64 = 1e-10;

/// Whether the symmetric matrix with this upper triangle is positive semidefinite.
///
/// Solvers check less: HiGHS looks at the signs of the diagonal only and may call an indefinite problem optimal.
/// # Errors
/// [`CatoptError::NotConvex`] with the smallest eigenvalue.
/// # Cost
/// Free where diagonals dominate; else the cube of the largest connected block.
pub fn check_convex(object: &str, p: &SparseMatrix) -> Result<(), CatoptError> {
    let largest = p.values().iter().fold(0.0_f64, |worst, v| worst.max(v.abs()));
    let eigenvalue = smallest_eigenvalue(p);
    if eigenvalue < -TOLERANCE * largest {
        return Err(CatoptError::NotConvex { object: object.to_owned(), eigenvalue });
    }
    Ok(())
}

/// The smallest eigenvalue of the symmetric matrix with this upper triangle, or zero if no eigenvalue can be negative.
///
/// # Source
/// Golub & Van Loan, sections 8.3.1 (Householder) and 8.4.1 (bisection).
pub fn smallest_eigenvalue(p: &SparseMatrix) -> f64 {
    let n = p.column_count();
    let (mut diagonal, mut others, mut root) = (vec![0.0; n], vec![0.0; n], (0..n).collect::<Vec<usize>>());
    for (i, j, v) in p.triplets() {
        if i == j {
            diagonal[i] = v;
        } else {
            others[i] += v.abs();
            others[j] += v.abs();
            let (a, b) = (find(&mut root, i), find(&mut root, j));
            root[a.max(b)] = a.min(b);
        }
    }
    if diagonal.iter().zip(&others).all(|(d, o)| d >= o) {
        return 0.0;
    }
    let mut blocks: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for j in 0..n {
        blocks.entry(find(&mut root, j)).or_default().push(j);
    }
    let mut place = vec![0; n];
    let mut smallest = 0.0_f64;
    for members in blocks.values().filter(|members| members.iter().any(|&j| diagonal[j] < others[j])) {
        let k = members.len();
        members.iter().enumerate().for_each(|(local, &j)| place[j] = local);
        let mut dense = vec![vec![0.0; k]; k];
        for &j in members {
            for (i, v) in p.column(j) {
                dense[place[i]][place[j]] = v;
                dense[place[j]][place[i]] = v;
            }
        }
        let (d, e) = tridiagonal(dense);
        smallest = smallest.min(bisect_smallest(&d, &e));
    }
    smallest
}

fn find(root: &mut [usize], mut j: usize) -> usize {
    while root[j] != j {
        root[j] = root[root[j]];
        j = root[j];
    }
    j
}

/// Householder reduction: diagonal and subdiagonal of a tridiagonal matrix with the same eigenvalues.
fn tridiagonal(mut a: Vec<Vec<f64>>) -> (Vec<f64>, Vec<f64>) {
    let n = a.len();
    for k in 0..n.saturating_sub(2) {
        let norm = (k + 1..n).map(|i| a[i][k] * a[i][k]).sum::<f64>().sqrt();
        if norm == 0.0 {
            continue;
        }
        let alpha = if a[k + 1][k] > 0.0 { -norm } else { norm };
        let mut v: Vec<f64> = (k + 1..n).map(|i| a[i][k]).collect();
        v[0] -= alpha;
        let length = v.iter().map(|x| x * x).sum::<f64>();
        if length == 0.0 {
            continue;
        }
        let w: Vec<f64> = (k + 1..n)
            .map(|i| 2.0 / length * v.iter().enumerate().map(|(j, x)| a[i][k + 1 + j] * x).sum::<f64>())
            .collect();
        let shift = v.iter().zip(&w).map(|(x, y)| x * y).sum::<f64>() / length;
        for i in 0..v.len() {
            for j in 0..v.len() {
                a[k + 1 + i][k + 1 + j] -= v[i] * (w[j] - shift * v[j]) + (w[i] - shift * v[i]) * v[j];
            }
        }
        a[k + 1][k] = alpha;
        a[k][k + 1] = alpha;
    }
    ((0..n).map(|i| a[i][i]).collect(), (1..n).map(|i| a[i][i - 1]).collect())
}

/// The smallest eigenvalue by counting sign changes.
fn bisect_smallest(d: &[f64], e: &[f64]) -> f64 {
    let radius = |i: usize| if i > 0 { e[i - 1].abs() } else { 0.0 } + e.get(i).map_or(0.0, |v| v.abs());
    let mut low = (0..d.len()).map(|i| d[i] - radius(i)).fold(f64::INFINITY, f64::min);
    let mut high = d.iter().copied().fold(f64::INFINITY, f64::min);
    let below = |x: f64| {
        let mut q = 1.0;
        (0..d.len()).any(|i| {
            let square = if i > 0 { e[i - 1] * e[i - 1] } else { 0.0 };
            q = d[i] - x - if i > 0 { square / q } else { 0.0 };
            if q == 0.0 {
                q = f64::MIN_POSITIVE;
            }
            q < 0.0
        })
    };
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if below(middle) { high = middle } else { low = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(n: usize, entries: &[(usize, usize, f64)]) -> SparseMatrix {
        SparseMatrix::from_triplets(n, n, entries).unwrap()
    }

    #[test]
    fn eigenvalues_known_by_hand() {
        let check = |p: SparseMatrix, expected: f64| {
            let found = smallest_eigenvalue(&p);
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        };
        check(matrix(2, &[(0, 0, 1.0), (0, 1, 2.0), (1, 1, 1.0)]), -1.0);
        check(matrix(3, &[(0, 0, 4.0), (0, 1, 1.0), (1, 1, 2.0), (2, 2, 1.0)]), 0.0);
        // Ones outside the diagonal: n - 1 eigenvalues of -1.
        let ones: Vec<_> = (0..5).flat_map(|j| (0..j).map(move |i| (i, j, 1.0))).collect();
        check(matrix(5, &ones), -1.0);
        // The path's second difference without one on its ends: 2 - 3 cos(pi/(n+1)) scaled.
        let path: Vec<_> = (0..6).map(|i| (i, i, 2.0)).chain((0..5).map(|i| (i, i + 1, -1.5))).collect();
        check(matrix(6, &path), 2.0 - 3.0 * (std::f64::consts::PI / 7.0).cos());
    }

    #[test]
    fn a_semidefinite_rank_one_matrix_passes() {
        let v = [1.0, -3.0, 0.3, 7.0];
        let entries: Vec<_> = (0..4).flat_map(|j| (0..=j).map(move |i| (i, j, v[i] * v[j]))).collect();
        check_convex("rank one", &matrix(4, &entries)).unwrap();
    }
}
