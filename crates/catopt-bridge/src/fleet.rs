use std::collections::BTreeSet;

use cosmosmesh_contracts::problem::{AssetProblem, Bounds, Coupling, FleetProblem, SparseMatrix};

use crate::{Body, CatoptError, Diagram, Junction, JunctionKind, Loss, Object, Port, Wire};

impl Diagram {
    /// A fleet as a diagram: every asset an object, every fleet row a balance, every use of a row a port wired to it.
    ///
    /// # Errors
    /// [`CatoptError::NotConvex`].
    /// # Cost
    /// One pass and the check of convexity.
    pub fn of(fleet: &FleetProblem) -> Result<Self, CatoptError> {
        let coupling = fleet.coupling();
        let names = unique(&coupling.names);
        let junction = |r: usize| {
            let bounds = Bounds::new(vec![coupling.bounds.lower()[r]], vec![coupling.bounds.upper()[r]])?;
            let label = Some(coupling.names[r].clone()).filter(|label| *label != names[r]);
            Ok::<_, CatoptError>(Junction { label, ..Junction::balance(names[r].clone(), "1", bounds) })
        };
        let junctions = (0..fleet.row_count()).map(junction).collect::<Result<_, _>>()?;
        let (mut objects, mut wires) = (Vec::with_capacity(fleet.assets().len()), Vec::new());
        for asset in fleet.assets() {
            let mut uses: Vec<Vec<(usize, usize, f64)>> = vec![Vec::new(); fleet.row_count()];
            asset.coupling.triplets().for_each(|(r, j, v)| uses[r].push((0, j, v)));
            let mut object = Object::of(asset);
            for (r, entries) in uses.into_iter().enumerate().filter(|(_, entries)| !entries.is_empty()) {
                let map = SparseMatrix::from_triplets(1, object.variable_count(), &entries)?;
                object.ports.push(Port { name: names[r].clone(), unit: "1".to_owned(), map });
                let (id, name) = (asset.id.clone(), names[r].clone());
                wires.push(Wire { object: id, port: name.clone(), junction: name, factors: Vec::new() });
            }
            objects.push(object);
        }
        Self::new(fleet.name(), objects, junctions, wires)
    }

    /// The diagram as a fleet, its limit: every balance a row for each dimension, every shared junction rows that say the ports agree.
    ///
    /// The list says what a fleet has no place for. It is empty for a diagram that was made of a fleet and not changed.
    /// # Errors
    /// [`CatoptError::Opaque`]; [`CatoptError::Problem`] for a balance that nobody touches.
    /// # Privacy
    /// The result holds the private part of every object.
    pub fn to_fleet(&self) -> Result<(FleetProblem, Vec<Loss>), CatoptError> {
        let (mut names, mut lower, mut upper) = (Vec::new(), Vec::new(), Vec::new());
        let mut uses: Vec<Vec<(usize, usize, f64)>> = vec![Vec::new(); self.objects().len()];
        for (junction, wires) in self.junctions().iter().zip(self.by_junction()) {
            match &junction.kind {
                JunctionKind::Balance(bounds) => {
                    let first = names.len();
                    names.extend((0..junction.dimension).map(|k| numbered(junction.label(), k, junction.dimension)));
                    lower.extend_from_slice(bounds.lower());
                    upper.extend_from_slice(bounds.upper());
                    wires.iter().for_each(|&w| self.pull(w, 1.0, first, &mut uses));
                }
                JunctionKind::Shared => {
                    // Each further port against the one before it: a chain touches every port twice and no more.
                    for pair in wires.windows(2) {
                        let first = names.len();
                        let (a, b) = (&self.wires()[pair[0]], &self.wires()[pair[1]]);
                        let name = format!("{}: {} = {}", junction.name, a.object, b.object);
                        names.extend((0..junction.dimension).map(|k| numbered(&name, k, junction.dimension)));
                        lower.extend(vec![0.0; junction.dimension]);
                        upper.extend(vec![0.0; junction.dimension]);
                        self.pull(pair[0], 1.0, first, &mut uses);
                        self.pull(pair[1], -1.0, first, &mut uses);
                    }
                }
            }
        }
        let m = names.len();
        let mut assets = Vec::with_capacity(self.objects().len());
        for (object, entries) in self.objects().iter().zip(uses) {
            let (local, integer) = object.solvable()?;
            let coupling = SparseMatrix::from_triplets(m, object.variable_count(), &added(entries))?;
            assets.push(AssetProblem::new(object.id.clone(), local.clone(), coupling, integer.to_vec())?);
        }
        let coupling = Coupling { names, bounds: Bounds::new(lower, upper)? };
        Ok((FleetProblem::new(self.name(), coupling, assets)?, self.beyond_a_fleet()))
    }

    /// Adds `sign` times what wire `w` brings to the rows from `first` on.
    fn pull(&self, w: usize, sign: f64, first: usize, uses: &mut [Vec<(usize, usize, f64)>]) {
        let (place, factor) = (self.places()[w], sign * self.wires()[w].factor());
        let map = &self.objects()[place.object].ports[place.port].map;
        uses[place.object].extend(map.triplets().map(|(k, j, v)| (first + k, j, factor * v)));
    }

    fn beyond_a_fleet(&self) -> Vec<Loss> {
        let mut losses = Vec::new();
        let mut say = |lost: bool, what: &str| {
            if lost {
                losses.push(Loss::new(what));
            }
        };
        let shared = self.junctions().iter().any(|junction| junction.kind == JunctionKind::Shared);
        say(shared, "shared junctions: they are rows of differences now, and the shared value has no name of its own");
        let units = self.objects().iter().any(|object| match &object.body {
            Body::Quadratic { units, .. } => units.iter().any(|unit| !unit.is_empty()),
            Body::Opaque { .. } => false,
        });
        let units = units || self.junctions().iter().any(|junction| junction.unit != "1");
        say(units, "units of variables and junctions: the numbers are in the junctions' units");
        let about = |object: &Object| !object.domain.is_empty() || object.schema.is_some();
        say(self.objects().iter().any(about), "domains and schema versions of objects");
        say(self.junctions().iter().any(|junction| junction.exposed), "which junctions are open to the outside");
        say(!self.duals.is_empty(), "duals and their round");
        say(!self.functors.is_empty(), "the list of functors");
        say(!self.deltas.is_empty(), "deltas from round to round");
        let extensions = |object: &Object| !object.extensions.is_empty();
        say(!self.extensions.is_empty() || self.objects().iter().any(extensions), "extensions");
        losses
    }
}

/// The name of one of several numbers at one junction.
pub(crate) fn numbered(name: &str, k: usize, dimension: usize) -> String {
    if dimension == 1 { name.to_owned() } else { format!("{name}[{k}]") }
}

/// The same names where they are unique and not empty, else with their position.
fn unique(names: &[String]) -> Vec<String> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut taken = Vec::with_capacity(names.len());
    let all: BTreeSet<&String> = names.iter().collect();
    for (k, name) in names.iter().enumerate() {
        let mut wanted = if name.is_empty() { format!("row@{k}") } else { name.clone() };
        while seen.contains(&wanted) || (wanted != *name && all.contains(&wanted)) {
            wanted = format!("{wanted}@{k}");
        }
        seen.insert(wanted.clone());
        taken.push(wanted);
    }
    taken
}

/// Entries of one place added up, in the order of rows and columns.
fn added(mut entries: Vec<(usize, usize, f64)>) -> Vec<(usize, usize, f64)> {
    entries.sort_by_key(|(i, j, _)| (*i, *j));
    let mut sums: Vec<(usize, usize, f64)> = Vec::with_capacity(entries.len());
    for (i, j, v) in entries {
        match sums.last_mut() {
            Some(last) if (last.0, last.1) == (i, j) => last.2 += v,
            _ => sums.push((i, j, v)),
        }
    }
    sums
}
