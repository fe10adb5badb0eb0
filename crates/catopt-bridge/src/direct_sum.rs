use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::problem::{Bounds, LocalProblem, Objective, Rows, SparseMatrix, Variables};

use crate::diagram::{Place, by_junction};
use crate::limit::{Beyond, numbered};
use crate::names::Names;
use crate::parts::GOAL;
use crate::{CatoptError, Colimit, Diagram, Junction, JunctionKind, Loss, Object, Program, Source, Wire};

/// The direct sum of a diagram's objects with the variables at each shared junction made one, before its matrices are made.
///
/// It holds nothing of the diagram, so a text that it was made of may go before the colimit is there.
#[derive(Debug)]
pub struct DirectSum {
    name: String,
    /// For each object and variable: the column, and what the column is divided by to give the variable.
    columns: Vec<Vec<(usize, f64)>>,
    row_starts: Vec<usize>,
    column_names: Vec<String>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    row_names: Vec<String>,
    row_lower: Vec<f64>,
    row_upper: Vec<f64>,
    a: Vec<Entry>,
    p: Vec<Entry>,
    q: Vec<f64>,
    c: f64,
    integer: Vec<usize>,
    losses: Vec<Loss>,
}

/// An entry of a matrix; those of one place are added up in the order of the wires that bring them.
#[derive(Clone, Copy, Debug)]
struct Entry {
    row: u32,
    column: u32,
    wire: u32,
    value: f64,
}

impl Entry {
    fn new(row: usize, column: usize, wire: usize, value: f64) -> Result<Self, CatoptError> {
        let small =
            |v: usize| u32::try_from(v).map_err(|_| CatoptError::step("it has more than 4,294,967,295 columns"));
        Ok(Self { row: small(row)?, column: small(column)?, wire: small(wire)?, value })
    }
}

/// Which port entry a shared number is read from, if every port selects one variable for it.
struct Merge {
    junction: usize,
    coordinate: usize,
    /// Object, variable, and what the variable is multiplied by to give the shared number.
    members: Vec<(usize, usize, f64)>,
}

/// Where what a port shows goes.
#[derive(Clone, Copy)]
struct Pull {
    port: usize,
    first: usize,
    factor: f64,
    wire: usize,
}

impl Diagram {
    /// The colimit: the direct sum of the objects' problems with the variables at each shared junction made one.
    ///
    /// Where a port shows more than one variable for a shared number, the variables stay and rows say that the ports agree.
    /// For the diagram of a fleet this is the program of [`crate::assemble`], bit by bit.
    /// # Errors
    /// [`CatoptError::Opaque`]; [`CatoptError::Problem`] if merged bounds cross, since then no plan agrees.
    /// # Cost
    /// A pass, one more if there are shared junctions, and a sort of the entries.
    /// # Privacy
    /// The result holds the private part of every object.
    pub fn assemble(&self) -> Result<Colimit, CatoptError> {
        DirectSum::of(self)?.colimit()
    }
}

impl DirectSum {
    /// The sum of a diagram's objects.
    ///
    /// # Errors
    /// [`CatoptError::Opaque`].
    /// # Cost
    /// A pass over the objects, one more if there are shared junctions; memory for one object beside the sum.
    /// # Privacy
    /// Holds the private part of every object.
    pub fn of<'a>(source: impl Into<Source<'a>>) -> Result<Self, CatoptError> {
        let source = source.into();
        let frame = source.frame();
        let (wires, places): (Vec<_>, Vec<_>) = source.wires().map(|(wire, place)| (wire.into_owned(), place)).unzip();
        let ends = by_junction(frame.junctions().len(), &places);
        let (merges, chained) = merges(source, frame.junctions(), &ends, &wires, &places);
        let (mut names, mut rows) = (Names::new('c'), Names::new('r'));
        rows.reserve(GOAL);
        let mut sum = Self {
            name: frame.name().to_owned(),
            columns: Vec::new(),
            row_starts: Vec::new(),
            column_names: Vec::new(),
            lower: Vec::new(),
            upper: Vec::new(),
            row_names: Vec::new(),
            row_lower: Vec::new(),
            row_upper: Vec::new(),
            a: Vec::new(),
            p: Vec::new(),
            q: Vec::new(),
            c: 0.0,
            integer: Vec::new(),
            losses: Vec::new(),
        };
        let pulls = sum.shared_rows(frame.junctions(), &ends, &chained, (&wires, &places), &mut rows);
        drop((wires, places, ends));

        let mut merged = BTreeMap::new();
        for (m, merge) in merges.iter().enumerate() {
            merged.extend(merge.members.iter().map(|&(object, variable, factor)| ((object, variable), (m, factor))));
        }
        let mut beyond = Beyond::default();
        let mut column_of_merge: Vec<Option<usize>> = vec![None; merges.len()];
        for (o, object) in source.objects().enumerate() {
            beyond.object(&object);
            let (local, _) = object.solvable()?;
            let (own, bounds) = (&local.variables().names, &local.variables().bounds);
            let mut at = Vec::with_capacity(own.len());
            for (j, name) in own.iter().enumerate() {
                let (l, u) = (bounds.lower()[j], bounds.upper()[j]);
                // A merged column stands where the first of its members would.
                let Some(&(m, factor)) = merged.get(&(o, j)) else {
                    at.push((sum.column(names.take(&format!("{}.{name}", object.id)), l, u), 1.0));
                    continue;
                };
                let (l, u) = if factor > 0.0 { (factor * l, factor * u) } else { (factor * u, factor * l) };
                let column = *column_of_merge[m].get_or_insert_with(|| {
                    let junction = &frame.junctions()[merges[m].junction];
                    let name = names.take(&numbered(&junction.name, merges[m].coordinate, junction.dimension));
                    sum.column(name, f64::NEG_INFINITY, f64::INFINITY)
                });
                (sum.lower[column], sum.upper[column]) = (sum.lower[column].max(l), sum.upper[column].min(u));
                at.push((column, factor));
            }
            sum.object(&object, &at, pulls.get(o).map_or(&[], Vec::as_slice), &mut rows)?;
            sum.columns.push(at);
        }
        let what = "which object owns what, and what its ports are called: keep the catopt document beside it";
        sum.losses.push(Loss::new(what));
        sum.losses.extend(beyond.further(frame));
        Ok(sum)
    }

    /// What of the diagram the problem has no place for.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// The rows of balances, then those of agreements that could not be merged; and by object, where its ports go.
    fn shared_rows(
        &mut self,
        junctions: &[Junction],
        ends: &[Vec<usize>],
        chained: &[usize],
        (wires, places): (&[Wire], &[Place]),
        rows: &mut Names,
    ) -> Vec<Vec<Pull>> {
        let object_count = places.iter().map(|place| place.object + 1).max().unwrap_or(0);
        let mut pulls: Vec<Vec<Pull>> = vec![Vec::new(); object_count];
        let mut pull = |w: usize, sign: f64, first: usize| {
            let factor = sign * wires[w].factor();
            pulls[places[w].object].push(Pull { port: places[w].port, first, factor, wire: w });
        };
        for (junction, ends) in junctions.iter().zip(ends) {
            let JunctionKind::Balance(bounds) = &junction.kind else { continue };
            let first = self.row_names.len();
            for k in 0..junction.dimension {
                self.row_names.push(rows.take(&numbered(junction.label(), k, junction.dimension)));
            }
            self.row_lower.extend_from_slice(bounds.lower());
            self.row_upper.extend_from_slice(bounds.upper());
            ends.iter().for_each(|&w| pull(w, 1.0, first));
        }
        for &j in chained {
            let junction = &junctions[j];
            for pair in ends[j].windows(2) {
                let first = self.row_names.len();
                let (one, other) = (&wires[pair[0]], &wires[pair[1]]);
                for k in 0..junction.dimension {
                    let name = numbered(&junction.name, k, junction.dimension);
                    self.row_names.push(rows.take(&format!("{name}:{}-{}", one.object, other.object)));
                    self.row_lower.push(0.0);
                    self.row_upper.push(0.0);
                }
                pull(pair[0], 1.0, first);
                pull(pair[1], -1.0, first);
            }
        }
        pulls
    }

    fn column(&mut self, name: String, lower: f64, upper: f64) -> usize {
        self.column_names.push(name);
        self.lower.push(lower);
        self.upper.push(upper);
        self.q.push(0.0);
        self.lower.len() - 1
    }

    /// Adds an object's rows and cost, and what its ports bring to the shared rows.
    fn object(
        &mut self,
        object: &Object,
        at: &[(usize, f64)],
        pulls: &[Pull],
        rows: &mut Names,
    ) -> Result<(), CatoptError> {
        let (local, whole) = object.solvable()?;
        for pull in pulls {
            for (k, j, v) in object.ports[pull.port].map.triplets() {
                let (column, divisor) = at[j];
                self.a.push(Entry::new(pull.first + k, column, pull.wire, pull.factor * v / divisor)?);
            }
        }
        let (objective, own) = (local.objective(), local.rows());
        let first = self.row_names.len();
        self.row_starts.push(first);
        self.row_names.extend(own.names.iter().map(|name| rows.take(&format!("{}.{name}", object.id))));
        self.row_lower.extend_from_slice(own.bounds.lower());
        self.row_upper.extend_from_slice(own.bounds.upper());
        for (i, j, v) in own.matrix.triplets() {
            self.a.push(Entry::new(first + i, at[j].0, 0, v / at[j].1)?);
        }
        for (i, j, v) in objective.p.triplets() {
            let ((ci, ki), (cj, kj)) = (at[i], at[j]);
            let value = v / (ki * kj);
            // Two variables of one object at one junction: their mixed term is a square now, which counts half.
            let value = if i != j && ci == cj { 2.0 * value } else { value };
            self.p.push(Entry::new(ci.min(cj), ci.max(cj), 0, value)?);
        }
        at.iter().zip(&objective.q).for_each(|((j, k), v)| self.q[*j] += v / k);
        self.c += objective.c;
        // A shared number in other units need not be whole where the variable is.
        self.integer.extend(whole.iter().map(|j| at[*j].0));
        Ok(())
    }

    /// The colimit.
    ///
    /// # Errors
    /// [`CatoptError::Problem`] if merged bounds cross, since then no plan agrees.
    /// # Cost
    /// A sort of the entries.
    pub fn colimit(mut self) -> Result<Colimit, CatoptError> {
        self.integer.sort_unstable();
        self.integer.dedup();
        let (n, m) = (self.lower.len(), self.row_lower.len());
        let bounds = Bounds::new(self.lower, self.upper).map_err(|error| error.within("shared bounds"))?;
        let p = SparseMatrix::from_triplets(n, n, &summed(self.p))?;
        let matrix = SparseMatrix::from_triplets(m, n, &summed(self.a))?;
        let local = LocalProblem::new(
            Variables { names: self.column_names, bounds },
            Objective { p, q: self.q, c: self.c },
            Rows { names: self.row_names, matrix, bounds: Bounds::new(self.row_lower, self.row_upper)? },
        )?;
        let program = Program { name: self.name, local, integer: self.integer };
        Ok(Colimit { program, columns: self.columns, row_starts: self.row_starts })
    }
}

/// Entries of one place added up in the order of their wires, and of one wire in the order in which they came.
fn summed(mut entries: Vec<Entry>) -> Vec<(usize, usize, f64)> {
    entries.sort_by_key(|entry| (entry.column, entry.row, entry.wire));
    let mut sums: Vec<(usize, usize, f64)> = Vec::with_capacity(entries.len());
    for Entry { row, column, value, .. } in entries {
        let (i, j) = (row as usize, column as usize);
        match sums.last_mut() {
            Some(last) if (last.0, last.1) == (i, j) => last.2 += value,
            _ => sums.push((i, j, value)),
        }
    }
    sums
}

/// A number that a wire at a shared junction shows, if it may be a selection.
struct Shown {
    number: usize,
    variable: usize,
    /// What the variable is multiplied by.
    value: f64,
    /// Whether the variable must be whole.
    whole: bool,
}

/// The shared numbers that become columns, and the shared junctions that stay rows.
fn merges(
    source: Source<'_>,
    junctions: &[Junction],
    ends: &[Vec<usize>],
    wires: &[Wire],
    places: &[Place],
) -> (Vec<Merge>, Vec<usize>) {
    // One port alone agrees with itself.
    let meets = |j: usize| junctions[j].kind == JunctionKind::Shared && ends[j].len() > 1;
    let (mut merges, mut chained) = (Vec::new(), Vec::new());
    if !(0..junctions.len()).any(meets) {
        return (merges, chained);
    }
    let mut of_object: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let shared = places.iter().enumerate().filter(|(_, place)| meets(place.junction));
    shared.for_each(|(w, place)| of_object.entry(place.object).or_default().push(w));
    let mut shown: BTreeMap<usize, Option<Vec<Shown>>> = BTreeMap::new();
    for (o, object) in source.objects().enumerate() {
        let Some(list) = of_object.get(&o) else { continue };
        shown.extend(list.iter().map(|&w| (w, shows(&object, places[w].port, wires[w].factor()))));
    }
    let mut used = BTreeSet::new();
    for j in (0..junctions.len()).filter(|&j| meets(j)) {
        let selected = |w: &usize| Some((places[*w].object, shown.get(w)?.as_deref()?));
        let list: Option<Vec<_>> = ends[j].iter().map(selected).collect();
        match list.and_then(|list| selections(j, junctions[j].dimension, &list, &used)) {
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

fn shows(object: &Object, port: usize, factor: f64) -> Option<Vec<Shown>> {
    let (_, integer) = object.solvable().ok()?;
    let map = &object.ports[port].map;
    let show = |(number, variable, v): (usize, usize, f64)| {
        let whole = integer.binary_search(&variable).is_ok();
        Shown { number, variable, value: factor * v, whole }
    };
    // More entries than numbers are no selection.
    let shown: Vec<Shown> = map.triplets().take(map.row_count() + 1).map(show).collect();
    (shown.len() == map.row_count() && shown.iter().all(|entry| entry.value != 0.0)).then_some(shown)
}

/// A merge for each number of a junction, if every port selects one whole-number-free variable that no other junction has.
fn selections(
    junction: usize,
    dimension: usize,
    shown: &[(usize, &[Shown])],
    used: &BTreeSet<(usize, usize)>,
) -> Option<Vec<Merge>> {
    let mut merges: Vec<Merge> =
        (0..dimension).map(|coordinate| Merge { junction, coordinate, members: Vec::new() }).collect();
    let mut here = BTreeSet::new();
    for &(object, entries) in shown {
        for &Shown { number, variable, value, whole } in entries {
            let fresh = !used.contains(&(object, variable)) && here.insert((object, variable));
            if !fresh || (value != 1.0 && whole) {
                return None;
            }
            merges[number].members.push((object, variable, value));
        }
    }
    merges.iter().all(|merge| merge.members.len() == shown.len()).then_some(merges)
}
