use std::collections::BTreeMap;

use cosmosmesh_contracts::problem::{Bounds, LocalProblem, Objective, Rows, SparseMatrix, Variables};

use crate::limit::{Beyond, neighbours_added, numbered};
use crate::names::Names;
use crate::parts::GOAL;
use crate::{CatoptError, Diagram, JunctionKind, Loss, Program};

/// A diagram put together: one problem in which shared values are one column, and how to read it back.
#[derive(Clone, Debug, PartialEq)]
pub struct Colimit {
    /// The problem.
    pub program: Program,
    /// For each object and variable: the column, and what the column is divided by to give the variable.
    columns: Vec<Vec<(usize, f64)>>,
    /// For each object: where its own rows start.
    row_starts: Vec<usize>,
}

impl Colimit {
    /// What of the diagram the problem has no place for.
    pub fn losses(&self, diagram: &Diagram) -> Vec<Loss> {
        let mut beyond = Beyond::default();
        diagram.objects().iter().for_each(|object| beyond.object(object));
        let what = "which object owns what, and what its ports are called: keep the catopt document beside it";
        let mut losses = vec![Loss::new(what)];
        losses.extend(beyond.further(diagram));
        losses
    }

    /// Each object's plan, cut out of a solution of the problem.
    ///
    /// # Errors
    /// [`CatoptError::Solution`] if it has another length.
    pub fn plans(&self, diagram: &Diagram, x: &[f64]) -> Result<BTreeMap<String, Vec<f64>>, CatoptError> {
        if x.len() != self.program.local.variable_count() {
            let n = self.program.local.variable_count();
            return Err(CatoptError::solution(format!("it has {} values for {n} columns", x.len())));
        }
        let plans = diagram.objects().iter().zip(&self.columns);
        Ok(plans.map(|(o, at)| (o.id.to_string(), at.iter().map(|(j, k)| x[*j] / k).collect())).collect())
    }

    /// The problem's columns at plans that agree: at a shared junction the first object's word counts.
    pub(crate) fn glued(&self, diagram: &Diagram, plans: &BTreeMap<String, Vec<f64>>) -> Vec<f64> {
        let mut x = vec![f64::NAN; self.program.local.variable_count()];
        for (object, at) in diagram.objects().iter().zip(&self.columns) {
            for (&(column, factor), value) in at.iter().zip(&plans[object.id.as_str()]) {
                if x[column].is_nan() {
                    x[column] = factor * value;
                }
            }
        }
        x
    }

    /// The duals of the problem's rows as duals of junctions and of objects' rows.
    ///
    /// # Shape
    /// `y` has one entry per row of the problem, `d objective / d right-hand side`.
    /// # Errors
    /// [`CatoptError::Solution`] if it has another length.
    pub fn duals(&self, diagram: &Diagram, y: &[f64]) -> Result<crate::Duals, CatoptError> {
        if y.len() != self.program.local.row_count() {
            let m = self.program.local.row_count();
            return Err(CatoptError::solution(format!("it has {} duals for {m} rows", y.len())));
        }
        let mut duals = crate::Duals::default();
        let mut at = 0;
        for junction in diagram.junctions() {
            if let JunctionKind::Balance(_) = junction.kind {
                duals.junctions.insert(junction.name.clone(), y[at..at + junction.dimension].to_vec());
                at += junction.dimension;
            }
        }
        for (object, &start) in diagram.objects().iter().zip(&self.row_starts) {
            let count = object.solvable().map_or(0, |(local, _)| local.row_count());
            duals.rows.insert(object.id.to_string(), y[start..start + count].to_vec());
        }
        Ok(duals)
    }
}

/// Which port entry a shared number is read from, if every port selects one variable for it.
struct Merge {
    junction: usize,
    coordinate: usize,
    /// Object, variable, and what the variable is multiplied by to give the shared number.
    members: Vec<(usize, usize, f64)>,
}

impl Diagram {
    /// The colimit: the direct sum of the objects' problems with the variables at each shared junction made one.
    ///
    /// Where a port shows more than one variable for a shared number, the variables stay and rows say that the ports agree.
    /// For the diagram of a fleet this is the program of [`crate::assemble`], bit by bit.
    /// # Errors
    /// [`CatoptError::Opaque`]; [`CatoptError::Problem`] if merged bounds cross, since then no plan agrees.
    /// # Cost
    /// One pass, and a sort of the entries that meet.
    /// # Privacy
    /// The result holds the private part of every object.
    pub fn assemble(&self) -> Result<Colimit, CatoptError> {
        let by_junction = self.by_junction();
        let (merges, chained) = self.merges(&by_junction);
        let (mut names, mut rows) = (Names::new('c'), Names::new('r'));
        rows.reserve(GOAL);
        let (mut column_names, mut row_names) = (Vec::new(), Vec::new());

        // Columns: objects in their order; a merged one stands where the first of its members would.
        let mut merged = BTreeMap::new();
        for (m, merge) in merges.iter().enumerate() {
            merged.extend(merge.members.iter().map(|&(object, variable, factor)| ((object, variable), (m, factor))));
        }
        let mut column_of_merge: Vec<Option<usize>> = vec![None; merges.len()];
        let (mut lower, mut upper): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
        let mut columns = Vec::with_capacity(self.objects().len());
        for (o, object) in self.objects().iter().enumerate() {
            let (local, _) = object.solvable()?;
            let (own, bounds) = (&local.variables().names, &local.variables().bounds);
            let mut list = Vec::with_capacity(own.len());
            for (j, name) in own.iter().enumerate() {
                let (l, u) = (bounds.lower()[j], bounds.upper()[j]);
                let Some(&(m, factor)) = merged.get(&(o, j)) else {
                    column_names.push(names.take(&format!("{}.{name}", object.id)));
                    list.push((lower.len(), 1.0));
                    lower.push(l);
                    upper.push(u);
                    continue;
                };
                let (l, u) = if factor > 0.0 { (factor * l, factor * u) } else { (factor * u, factor * l) };
                let at = *column_of_merge[m].get_or_insert_with(|| {
                    let junction = &self.junctions()[merges[m].junction];
                    column_names.push(names.take(&numbered(&junction.name, merges[m].coordinate, junction.dimension)));
                    lower.push(f64::NEG_INFINITY);
                    upper.push(f64::INFINITY);
                    lower.len() - 1
                });
                (lower[at], upper[at]) = (lower[at].max(l), upper[at].min(u));
                list.push((at, factor));
            }
            columns.push(list);
        }

        // Rows: the balances, the agreements that could not be merged, then each object's own.
        let mut a = Vec::new();
        let (mut row_lower, mut row_upper): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
        let mut pull = |w: usize, sign: f64, first: usize| {
            let (place, factor) = (self.places()[w], sign * self.wires()[w].factor());
            let map = &self.objects()[place.object].ports[place.port].map;
            a.extend(map.triplets().map(|(k, j, v)| {
                let (column, divisor) = columns[place.object][j];
                (first + k, column, factor * v / divisor)
            }));
        };
        for (junction, wires) in self.junctions().iter().zip(&by_junction) {
            let JunctionKind::Balance(bounds) = &junction.kind else { continue };
            let first = row_lower.len();
            for k in 0..junction.dimension {
                row_names.push(rows.take(&numbered(junction.label(), k, junction.dimension)));
            }
            row_lower.extend_from_slice(bounds.lower());
            row_upper.extend_from_slice(bounds.upper());
            wires.iter().for_each(|&w| pull(w, 1.0, first));
        }
        for &j in &chained {
            let junction = &self.junctions()[j];
            for pair in by_junction[j].windows(2) {
                let first = row_lower.len();
                let (one, other) = (&self.wires()[pair[0]], &self.wires()[pair[1]]);
                for k in 0..junction.dimension {
                    let name = numbered(&junction.name, k, junction.dimension);
                    row_names.push(rows.take(&format!("{name}:{}-{}", one.object, other.object)));
                    row_lower.push(0.0);
                    row_upper.push(0.0);
                }
                pull(pair[0], 1.0, first);
                pull(pair[1], -1.0, first);
            }
        }
        let (mut p, mut q, mut c, mut integer) = (Vec::new(), vec![0.0; lower.len()], 0.0, Vec::new());
        let mut row_starts = Vec::with_capacity(self.objects().len());
        for (object, at) in self.objects().iter().zip(&columns) {
            let (local, whole) = object.solvable()?;
            let (objective, own) = (local.objective(), local.rows());
            let first = row_lower.len();
            row_starts.push(first);
            row_names.extend(own.names.iter().map(|name| rows.take(&format!("{}.{name}", object.id))));
            row_lower.extend_from_slice(own.bounds.lower());
            row_upper.extend_from_slice(own.bounds.upper());
            a.extend(own.matrix.triplets().map(|(i, j, v)| (first + i, at[j].0, v / at[j].1)));
            for (i, j, v) in objective.p.triplets() {
                let ((ci, ki), (cj, kj)) = (at[i], at[j]);
                let value = v / (ki * kj);
                // Two variables of one object at one junction: their mixed term is a square now, which counts half.
                let value = if i != j && ci == cj { 2.0 * value } else { value };
                p.push((ci.min(cj), ci.max(cj), value));
            }
            at.iter().zip(&objective.q).for_each(|((j, k), v)| q[*j] += v / k);
            c += objective.c;
            // A shared number in other units need not be whole where the variable is.
            integer.extend(whole.iter().map(|j| at[*j].0));
        }
        integer.sort_unstable();
        integer.dedup();
        let (n, m) = (lower.len(), row_lower.len());
        let local = LocalProblem::new(
            Variables {
                names: column_names,
                bounds: Bounds::new(lower, upper).map_err(|e| e.within("shared bounds"))?,
            },
            Objective { p: SparseMatrix::from_triplets(n, n, &summed(p))?, q, c },
            Rows {
                names: row_names,
                matrix: SparseMatrix::from_triplets(m, n, &summed(a))?,
                bounds: Bounds::new(row_lower, row_upper)?,
            },
        )?;
        Ok(Colimit { program: Program { name: self.name().to_owned(), local, integer }, columns, row_starts })
    }

    /// The shared numbers that become columns, and the shared junctions that stay rows.
    fn merges(&self, by_junction: &[Vec<usize>]) -> (Vec<Merge>, Vec<usize>) {
        let (mut merges, mut chained) = (Vec::new(), Vec::new());
        let mut used = std::collections::BTreeSet::new();
        for (j, (junction, wires)) in self.junctions().iter().zip(by_junction).enumerate() {
            // One port alone agrees with itself.
            if junction.kind != JunctionKind::Shared || wires.len() < 2 {
                continue;
            }
            match self.selections(j, junction.dimension, wires, &used) {
                Some(found) => {
                    let members = found.iter().flat_map(|merge| &merge.members);
                    used.extend(members.map(|&(object, variable, _)| (object, variable)));
                    merges.extend(found);
                }
                None => chained.push(j),
            }
        }
        (merges, chained)
    }

    /// A merge for each number of a junction, if every port selects one whole-number-free variable that no other junction has.
    fn selections(
        &self,
        junction: usize,
        dimension: usize,
        wires: &[usize],
        used: &std::collections::BTreeSet<(usize, usize)>,
    ) -> Option<Vec<Merge>> {
        let mut merges: Vec<Merge> =
            (0..dimension).map(|coordinate| Merge { junction, coordinate, members: Vec::new() }).collect();
        let mut here = std::collections::BTreeSet::new();
        for &w in wires {
            let (place, factor) = (self.places()[w], self.wires()[w].factor());
            let object = &self.objects()[place.object];
            let (_, whole) = object.solvable().ok()?;
            let map = &object.ports[place.port].map;
            let mut seen = 0;
            for (k, j, v) in map.triplets() {
                let place = (place.object, j);
                let value = factor * v;
                let fresh = !used.contains(&place) && here.insert(place);
                if v == 0.0 || !fresh || (value != 1.0 && whole.binary_search(&j).is_ok()) {
                    return None;
                }
                merges[k].members.push((place.0, j, value));
                seen += 1;
            }
            if seen != dimension {
                return None;
            }
        }
        merges.iter().all(|merge| merge.members.len() == wires.len()).then_some(merges)
    }
}

/// Entries of one place added up in the order in which they come, so that the sum does not depend on the sort.
fn summed(mut entries: Vec<(usize, usize, f64)>) -> Vec<(usize, usize, f64)> {
    entries.sort_by_key(|(i, j, _)| (*j, *i));
    neighbours_added(entries)
}
