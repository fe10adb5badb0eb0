use std::collections::BTreeSet;

use cosmosmesh_contracts::problem::{
    AssetProblem, Bounds, Coupling, FleetProblem, LocalProblem, Objective, Rows, SparseMatrix, Variables,
};

use crate::object::nothing;
use crate::{CatoptError, Diagram, Fleet, Junction, Object, Port, Wire};

impl Diagram {
    /// A fleet as a diagram: every asset an object, every fleet row a balance, every use of a row a port wired to it.
    ///
    /// # Errors
    /// [`CatoptError::NotConvex`].
    /// # Cost
    /// One pass and the check of convexity.
    pub fn of(fleet: &FleetProblem) -> Result<Self, CatoptError> {
        let names = unique(&fleet.coupling().names);
        let junctions = junctions(fleet.coupling(), &names)?;
        let objects: Vec<Object> =
            fleet.assets().iter().map(|asset| object(asset, &names)).collect::<Result<_, _>>()?;
        let wires = objects.iter().flat_map(|o| o.ports.iter().map(|port| wire(o, &port.name))).collect();
        Self::new(fleet.name(), objects, junctions, wires)
    }

    /// A fleet's diagram without ports and numbers, its objects with one nameless variable, and how many ports it has: for formats that hold names only.
    ///
    /// # Errors
    /// [`CatoptError::NotConvex`], as [`Diagram::of`].
    /// # Cost
    /// One pass; memory for the names.
    pub(crate) fn outline(fleet: Fleet<'_>) -> Result<(Self, usize), CatoptError> {
        let names = unique(&fleet.coupling().names);
        let none = SparseMatrix::zeros(0, 1);
        let local = LocalProblem::new(
            Variables { names: vec![String::new()], bounds: nothing(1) },
            Objective { p: SparseMatrix::zeros(1, 1), q: vec![0.0], c: 0.0 },
            Rows { names: Vec::new(), matrix: none.clone(), bounds: Bounds::default() },
        )?;
        let mut objects = Vec::with_capacity(fleet.asset_count());
        let mut ports = 0;
        for asset in fleet.assets() {
            let whole = object(&asset, &names)?;
            whole.check()?;
            ports += whole.ports.len();
            objects.push(Object::of(&AssetProblem::new(whole.id, local.clone(), none.clone(), Vec::new())?));
        }
        Ok((Self::new(fleet.name(), objects, junctions(fleet.coupling(), &names)?, Vec::new())?, ports))
    }
}

/// The fleet's rows as balances, by these unique names.
pub(crate) fn junctions(coupling: &Coupling, names: &[String]) -> Result<Vec<Junction>, CatoptError> {
    let junction = |r: usize| {
        let bounds = Bounds::new(vec![coupling.bounds.lower()[r]], vec![coupling.bounds.upper()[r]])?;
        let label = Some(coupling.names[r].clone()).filter(|label| *label != names[r]);
        Ok(Junction { label, ..Junction::balance(names[r].clone(), "1", bounds) })
    };
    (0..names.len()).map(junction).collect()
}

/// An asset as an object, with a port for every row of the fleet that it uses.
pub(crate) fn object(asset: &AssetProblem, names: &[String]) -> Result<Object, CatoptError> {
    let mut uses: Vec<Vec<(usize, usize, f64)>> = vec![Vec::new(); names.len()];
    asset.coupling.triplets().for_each(|(r, j, v)| uses[r].push((0, j, v)));
    let mut object = Object::of(asset);
    for (r, entries) in uses.into_iter().enumerate().filter(|(_, entries)| !entries.is_empty()) {
        let map = SparseMatrix::from_triplets(1, object.variable_count(), &entries)?;
        object.ports.push(Port { name: names[r].clone(), unit: "1".to_owned(), map });
    }
    Ok(object)
}

/// The wire from a port to the balance of the same name.
pub(crate) fn wire(object: &Object, name: &str) -> Wire {
    Wire { object: object.id.clone(), port: name.to_owned(), junction: name.to_owned(), factors: Vec::new() }
}

/// The same names where they are unique and not empty, else with their position.
pub(crate) fn unique(names: &[String]) -> Vec<String> {
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
