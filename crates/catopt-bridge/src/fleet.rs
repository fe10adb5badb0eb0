use std::borrow::Cow;
use std::collections::BTreeSet;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::problem::{AssetProblem, Bounds, Coupling, FleetProblem, SparseMatrix};

use crate::diagram::Place;
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
        let wires = objects.iter().flat_map(|o| o.ports.iter().map(|port| wire(&o.id, &port.name))).collect();
        Self::new(fleet.name(), objects, junctions, wires)
    }
}

/// The diagram of a fleet, its objects made one at a time.
#[derive(Debug)]
pub struct FleetDiagram<'a> {
    fleet: Fleet<'a>,
    /// The unique names of the fleet's rows, which are those of the junctions.
    names: Vec<String>,
    frame: Diagram,
}

impl<'a> FleetDiagram<'a> {
    /// Checks the fleet as [`Diagram::of`] does.
    ///
    /// # Errors
    /// [`CatoptError::NotConvex`].
    /// # Cost
    /// One pass and the check of convexity; memory for one object and the names of the fleet's rows.
    pub fn new(fleet: Fleet<'a>) -> Result<Self, CatoptError> {
        let names = unique(&fleet.coupling().names);
        let junctions = junctions(fleet.coupling(), &names)?;
        for asset in fleet.assets() {
            object(&asset, &names)?.check()?;
        }
        let frame = Diagram::new(fleet.name(), Vec::new(), junctions, Vec::new())?;
        Ok(Self { fleet, names, frame })
    }

    pub(crate) fn frame(&self) -> &Diagram {
        &self.frame
    }

    pub(crate) fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        let made = |asset: Cow<'_, AssetProblem>| object(&asset, &self.names);
        self.fleet
            .assets()
            .map(move |asset| made(asset).expect("cannot fail because the same asset was made an object before"))
    }

    /// A wire for every row of the fleet that an asset uses.
    pub(crate) fn wires(&self) -> impl Iterator<Item = (Wire, Place)> + '_ {
        self.fleet.assets().enumerate().flat_map(move |(k, asset)| {
            let mut used = vec![false; self.names.len()];
            asset.coupling.row_indices().iter().for_each(|&r| used[r] = true);
            let rows = (0..used.len()).filter(move |&r| used[r]).enumerate();
            rows.map(move |(port, r)| (wire(&asset.id, &self.names[r]), Place { object: k, port, junction: r }))
        })
    }
}

/// The fleet's rows as balances, by these unique names.
fn junctions(coupling: &Coupling, names: &[String]) -> Result<Vec<Junction>, CatoptError> {
    let junction = |r: usize| {
        let bounds = Bounds::new(vec![coupling.bounds.lower()[r]], vec![coupling.bounds.upper()[r]])?;
        let label = Some(coupling.names[r].clone()).filter(|label| *label != names[r]);
        Ok(Junction { label, ..Junction::balance(names[r].clone(), "1", bounds) })
    };
    (0..names.len()).map(junction).collect()
}

/// An asset as an object, with a port for every row of the fleet that it uses.
fn object(asset: &AssetProblem, names: &[String]) -> Result<Object, CatoptError> {
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
fn wire(object: &AssetId, name: &str) -> Wire {
    Wire { object: object.clone(), port: name.to_owned(), junction: name.to_owned(), factors: Vec::new() }
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
