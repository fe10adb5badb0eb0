use cosmosmesh_contracts::problem::{AssetProblem, Bounds, Coupling, FleetProblem, SparseMatrix};

use crate::diagram::{Place, by_junction};
use crate::{Body, CatoptError, Diagram, Junction, JunctionKind, Loss, Object, Wire};

/// The rows of a fleet that say what a diagram's junctions ask, and which port brings what to which row.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) coupling: Coupling,
    /// By object: port, first row, factor.
    pulls: Vec<Vec<(usize, usize, f64)>>,
}

impl Limit {
    /// Every balance a row for each dimension, every shared junction rows that say the ports agree.
    pub(crate) fn new(
        object_count: usize,
        junctions: &[Junction],
        wires: &[Wire],
        places: &[Place],
    ) -> Result<Self, CatoptError> {
        let (mut names, mut lower, mut upper) = (Vec::new(), Vec::new(), Vec::new());
        let mut pulls: Vec<Vec<(usize, usize, f64)>> = vec![Vec::new(); object_count];
        let mut pull = |w: usize, sign: f64, first: usize| {
            pulls[places[w].object].push((places[w].port, first, sign * wires[w].factor()));
        };
        for (junction, ends) in junctions.iter().zip(by_junction(junctions.len(), places)) {
            match &junction.kind {
                JunctionKind::Balance(bounds) => {
                    let first = names.len();
                    names.extend((0..junction.dimension).map(|k| numbered(junction.label(), k, junction.dimension)));
                    lower.extend_from_slice(bounds.lower());
                    upper.extend_from_slice(bounds.upper());
                    ends.iter().for_each(|&w| pull(w, 1.0, first));
                }
                JunctionKind::Shared => {
                    // Each further port against the one before it: a chain touches every port twice and no more.
                    for pair in ends.windows(2) {
                        let first = names.len();
                        let (a, b) = (&wires[pair[0]], &wires[pair[1]]);
                        let name = format!("{}: {} = {}", junction.name, a.object, b.object);
                        names.extend((0..junction.dimension).map(|k| numbered(&name, k, junction.dimension)));
                        lower.extend(vec![0.0; junction.dimension]);
                        upper.extend(vec![0.0; junction.dimension]);
                        pull(pair[0], 1.0, first);
                        pull(pair[1], -1.0, first);
                    }
                }
            }
        }
        Ok(Self { coupling: Coupling { names, bounds: Bounds::new(lower, upper)? }, pulls })
    }

    /// The `k`-th object as an asset of the fleet.
    pub(crate) fn asset(&self, k: usize, object: &Object) -> Result<AssetProblem, CatoptError> {
        let (local, integer) = object.solvable()?;
        let mut entries = Vec::new();
        for &(port, first, factor) in &self.pulls[k] {
            entries.extend(object.ports[port].map.triplets().map(|(i, j, v)| (first + i, j, factor * v)));
        }
        let (m, n) = (self.coupling.names.len(), object.variable_count());
        let coupling = SparseMatrix::from_triplets(m, n, &added(entries))?;
        Ok(AssetProblem::new(object.id.clone(), local.clone(), coupling, integer.to_vec())?)
    }
}

/// What of the objects and of the whole a fleet has no place for.
#[derive(Default)]
pub(crate) struct Beyond {
    units: bool,
    about: bool,
    extensions: bool,
}

impl Beyond {
    /// Takes notice of an object.
    pub(crate) fn object(&mut self, object: &Object) {
        if let Body::Quadratic { units, .. } = &object.body {
            self.units |= units.iter().any(|unit| !unit.is_empty());
        }
        self.about |= !object.domain.is_empty() || object.schema.is_some();
        self.extensions |= !object.extensions.is_empty();
    }

    /// The list for the limit, with what the diagram itself has; its own objects are not looked at.
    pub(crate) fn losses(&self, diagram: &Diagram) -> Vec<Loss> {
        let shared = diagram.junctions().iter().any(|junction| junction.kind == JunctionKind::Shared);
        let what = "shared junctions: they are rows of differences now, and the shared value has no name of its own";
        let mut losses = if shared { vec![Loss::new(what)] } else { Vec::new() };
        losses.extend(self.further(diagram));
        losses
    }

    /// The list without what is said of shared junctions.
    pub(crate) fn further(&self, diagram: &Diagram) -> Vec<Loss> {
        let junctions = diagram.junctions();
        let said = [
            (
                self.units || junctions.iter().any(|junction| junction.unit != "1"),
                "units of variables and junctions: the numbers are in the junctions' units",
            ),
            (self.about, "domains and schema versions of objects"),
            (junctions.iter().any(|junction| junction.exposed), "which junctions are open to the outside"),
            (!diagram.duals.is_empty(), "duals and their round"),
            (!diagram.functors.is_empty(), "the list of functors"),
            (!diagram.deltas.is_empty(), "deltas from round to round"),
            (self.extensions || !diagram.extensions.is_empty(), "extensions"),
        ];
        said.into_iter().filter(|(lost, _)| *lost).map(|(_, what)| Loss::new(what)).collect()
    }
}

impl Diagram {
    /// The diagram as a fleet, its limit: every balance a row for each dimension, every shared junction rows that say the ports agree.
    ///
    /// The list says what a fleet has no place for. It is empty for a diagram that was made of a fleet and not changed.
    /// # Errors
    /// [`CatoptError::Opaque`]; [`CatoptError::Problem`] for a balance that nobody touches.
    /// # Privacy
    /// The result holds the private part of every object.
    pub fn to_fleet(&self) -> Result<(FleetProblem, Vec<Loss>), CatoptError> {
        let limit = Limit::new(self.objects().len(), self.junctions(), self.wires(), self.places())?;
        let mut beyond = Beyond::default();
        let mut assets = Vec::with_capacity(self.objects().len());
        for (k, object) in self.objects().iter().enumerate() {
            assets.push(limit.asset(k, object)?);
            beyond.object(object);
        }
        Ok((FleetProblem::new(self.name(), limit.coupling, assets)?, beyond.losses(self)))
    }
}

/// The name of one of several numbers at one junction.
pub(crate) fn numbered(name: &str, k: usize, dimension: usize) -> String {
    if dimension == 1 { name.to_owned() } else { format!("{name}[{k}]") }
}

/// Entries of one place added up, in the order of rows and columns.
fn added(mut entries: Vec<(usize, usize, f64)>) -> Vec<(usize, usize, f64)> {
    entries.sort_by_key(|(i, j, _)| (*i, *j));
    neighbours_added(entries)
}

/// Neighbours of one place made one, added in the order in which they stand.
fn neighbours_added(entries: Vec<(usize, usize, f64)>) -> Vec<(usize, usize, f64)> {
    let mut sums: Vec<(usize, usize, f64)> = Vec::with_capacity(entries.len());
    for (i, j, v) in entries {
        match sums.last_mut() {
            Some(last) if (last.0, last.1) == (i, j) => last.2 += v,
            _ => sums.push((i, j, v)),
        }
    }
    sums
}
