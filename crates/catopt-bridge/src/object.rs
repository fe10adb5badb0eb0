use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::problem::{AssetProblem, Bounds, LocalProblem, SparseMatrix};
use serde_json::{Map, Value};

use crate::CatoptError;
use crate::convex::check_convex;
use crate::program::{plus_local, without_zeros};

/// An open problem: variables and rows of its own, and ports through which others see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its name, unique in the diagram.
    pub id: AssetId,
    /// The field it belongs to, such as `rover`; may be empty.
    pub domain: String,
    /// The schema that its variables follow, if it names one.
    pub schema: Option<SchemaVersion>,
    /// What it is made of.
    pub body: Body,
    /// What it exposes, each port under a name of its own.
    pub ports: Vec<Port>,
    /// What a reader did not know and gives back unchanged.
    pub extensions: Map<String, Value>,
}

/// The private part of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `minimise 1/2 x'Px + q'x + c` under two-sided rows and bounds.
    Quadratic {
        /// Variables, cost, rows.
        local: Box<LocalProblem>,
        /// One unit per variable; empty where none is stated.
        units: Vec<String>,
        /// Columns that must be whole numbers, ascending.
        integer: Vec<usize>,
    },
    /// A label that somebody wrote where an objective belongs. It may be routed and versioned, and is never solved.
    Opaque {
        /// The label.
        label: String,
    },
}

/// A named linear view of an object's variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The unit of what it shows; `1` where none is stated.
    pub unit: String,
    /// The view.
    ///
    /// # Shape
    /// Dimension of the port × variables of the object; no columns if the object is opaque.
    pub map: SparseMatrix,
}

/// A schema by name and version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaVersion {
    /// Its name, such as `rover`.
    pub name: String,
    /// Its version.
    pub version: u32,
}

impl Port {
    /// How many numbers it shows.
    pub fn dimension(&self) -> usize {
        self.map.row_count()
    }

    /// What it shows at `x`.
    pub fn value(&self, x: &[f64]) -> Vec<f64> {
        let mut value = vec![0.0; self.dimension()];
        self.map.multiply_add(x, &mut value);
        value
    }
}

impl Object {
    /// The object of one asset, without ports.
    pub fn of(asset: &AssetProblem) -> Self {
        let units = vec![String::new(); asset.local.variable_count()];
        Self {
            id: asset.id.clone(),
            domain: String::new(),
            schema: None,
            body: Body::Quadratic { local: Box::new(asset.local.clone()), units, integer: asset.integer.clone() },
            ports: Vec::new(),
            extensions: Map::new(),
        }
    }

    /// How many variables it has; none if it is opaque.
    pub fn variable_count(&self) -> usize {
        match &self.body {
            Body::Quadratic { local, .. } => local.variable_count(),
            Body::Opaque { .. } => 0,
        }
    }

    /// Its own problem and whole-number columns.
    ///
    /// # Errors
    /// [`CatoptError::Opaque`].
    pub fn solvable(&self) -> Result<(&LocalProblem, &[usize]), CatoptError> {
        match &self.body {
            Body::Quadratic { local, integer, .. } => Ok((local, integer)),
            Body::Opaque { label } => Err(CatoptError::Opaque { object: self.id.to_string(), label: label.clone() }),
        }
    }

    /// Its port of this name.
    ///
    /// # Errors
    /// [`CatoptError::Unknown`].
    pub fn port(&self, name: &str) -> Result<&Port, CatoptError> {
        let found = self.ports.iter().find(|port| port.name == name);
        found.ok_or_else(|| CatoptError::unknown("port", format!("{name}` of `{}", self.id)))
    }

    /// Checks what its parts cannot check alone: ports that fit, units that fit, a convex cost.
    pub(crate) fn check(&self) -> Result<(), CatoptError> {
        let n = self.variable_count();
        let mut names: Vec<&str> = self.ports.iter().map(|port| port.name.as_str()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            let name = format!("{}` of `{}", pair[0], self.id);
            return Err(CatoptError::NameTaken { what: "port", name });
        }
        if let Some(port) = self.ports.iter().find(|port| port.map.column_count() != n) {
            let what = format!("port `{}` of `{}` looks at {} variables", port.name, self.id, port.map.column_count());
            return Err(CatoptError::step(format!("{what}, the object has {n}; make them agree")));
        }
        let Body::Quadratic { local, units, integer } = &self.body else { return Ok(()) };
        if units.len() != n {
            let what = format!("`{}` has {n} variables and {} units; give one each", self.id, units.len());
            return Err(CatoptError::step(what));
        }
        // The same rules as for an asset's columns.
        AssetProblem::new(self.id.clone(), (**local).clone(), SparseMatrix::zeros(0, n), integer.clone())?;
        check_convex(self.id.as_str(), &local.objective().p)
    }

    /// The same object without stored zeros and minus zeros, its ports by name.
    pub(crate) fn canonical(&self) -> Result<Self, CatoptError> {
        let body = match &self.body {
            Body::Opaque { .. } => self.body.clone(),
            Body::Quadratic { local, units, integer } => {
                Body::Quadratic { local: Box::new(plus_local(local)?), units: units.clone(), integer: integer.clone() }
            }
        };
        let mut ports = Vec::with_capacity(self.ports.len());
        for port in &self.ports {
            ports.push(Port { map: without_zeros(&port.map)?, ..port.clone() });
        }
        ports.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { body, ports, ..self.clone() })
    }
}

/// Bounds that allow nothing to be left over: what goes in goes out.
pub(crate) fn nothing(dimension: usize) -> Bounds {
    Bounds::new(vec![0.0; dimension], vec![0.0; dimension]).expect("cannot fail because zero is not above zero")
}
