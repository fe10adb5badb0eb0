use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::problem::{Bounds, LocalProblem, Objective, Rows, SparseMatrix, Variables};

use crate::{Body, CatoptError, Diagram, Functor, FunctorKind, Object, Port, SchemaVersion};

/// How objects of one schema version become objects of another: variables and ports renamed, variables in other units.
///
/// It acts on objects and wires alike, keeps what every port shows, and therefore every junction: it is a functor.
#[derive(Clone, Debug, PartialEq)]
pub struct Migration {
    /// The schema.
    pub schema: String,
    /// The version it starts from.
    pub from: u32,
    /// The version it leads to.
    pub to: u32,
    /// What happens to variables, by their name before; the others stay as they are.
    pub variables: BTreeMap<String, VariableChange>,
    /// The new names of ports, by their name before; the others keep theirs.
    pub ports: BTreeMap<String, String>,
}

/// What happens to one variable.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableChange {
    /// Its name after.
    pub name: String,
    /// Its unit after, if that changes.
    pub unit: Option<String>,
    /// The new number is the old one times this.
    pub factor: f64,
}

impl Migration {
    /// The migration that changes nothing.
    pub fn identity(schema: impl Into<String>, version: u32) -> Self {
        let (variables, ports) = (BTreeMap::new(), BTreeMap::new());
        Self { schema: schema.into(), from: version, to: version, variables, ports }
    }

    /// This migration and then the next, as one.
    ///
    /// # Errors
    /// [`CatoptError::Step`] if the next does not start where this one ends.
    pub fn then(&self, next: &Self) -> Result<Self, CatoptError> {
        if (&self.schema, self.to) != (&next.schema, next.from) {
            let what = format!("{} {} is followed by {} {}", self.schema, self.to, next.schema, next.from);
            return Err(CatoptError::step(format!("{what}; put the missing migration between them")));
        }
        let mut variables = BTreeMap::new();
        let mut met = BTreeSet::new();
        for (name, first) in &self.variables {
            met.insert(first.name.as_str());
            let second = next.variables.get(&first.name);
            variables.insert(
                name.clone(),
                VariableChange {
                    name: second.map_or_else(|| first.name.clone(), |change| change.name.clone()),
                    unit: second.and_then(|change| change.unit.clone()).or_else(|| first.unit.clone()),
                    factor: first.factor * second.map_or(1.0, |change| change.factor),
                },
            );
        }
        for (name, change) in next.variables.iter().filter(|(name, _)| !met.contains(name.as_str())) {
            variables.entry(name.clone()).or_insert_with(|| change.clone());
        }
        variables.retain(|name, change| change.name != *name || change.unit.is_some() || change.factor != 1.0);
        let mut ports: BTreeMap<String, String> = BTreeMap::new();
        for (name, between) in &self.ports {
            ports.insert(name.clone(), next.ports.get(between).unwrap_or(between).clone());
        }
        let met: BTreeSet<&String> = self.ports.values().collect();
        for (name, after) in next.ports.iter().filter(|(name, _)| !met.contains(name)) {
            ports.entry(name.clone()).or_insert_with(|| after.clone());
        }
        ports.retain(|before, after| before != after);
        Ok(Self { schema: self.schema.clone(), from: self.from, to: next.to, variables, ports })
    }

    /// What to note among a diagram's functors.
    pub fn functor(&self, diagram: &Diagram) -> Functor {
        let touched = diagram.objects().iter().filter(|object| self.touches(object)).map(|object| object.id.clone());
        Functor {
            name: format!("{} {} to {}", self.schema, self.from, self.to),
            kind: FunctorKind::Migration,
            from: format!("{}/{}", self.schema, self.from),
            to: format!("{}/{}", self.schema, self.to),
            objects: touched.collect(),
        }
    }

    fn touches(&self, object: &Object) -> bool {
        object.schema.as_ref().is_some_and(|schema| (&schema.name, schema.version) == (&self.schema, self.from))
    }

    /// The diagram with every object of the first version brought to the second; the others, and all junctions, stay.
    ///
    /// Duals and deltas go along. Optima do not change.
    /// # Errors
    /// [`CatoptError::Unknown`] for a variable or port that an object has not; [`CatoptError::Step`] for a factor of zero, or one for a variable that must be whole.
    pub fn apply(&self, diagram: &Diagram) -> Result<Diagram, CatoptError> {
        if let Some((name, _)) = self.variables.iter().find(|(_, c)| !c.factor.is_finite() || c.factor == 0.0) {
            return Err(CatoptError::step(format!("the factor of `{name}` must be a finite number and not zero")));
        }
        let touched: BTreeMap<&str, Vec<f64>> = diagram
            .objects()
            .iter()
            .filter(|object| self.touches(object))
            .map(|object| (object.id.as_str(), self.factors(object)))
            .collect();
        let mut objects = Vec::with_capacity(diagram.objects().len());
        for object in diagram.objects() {
            objects.push(if self.touches(object) { self.object(object)? } else { object.clone() });
        }
        let port = |object: &str, name: &str| match touched.contains_key(object) {
            true => self.ports.get(name).map_or_else(|| name.to_owned(), Clone::clone),
            false => name.to_owned(),
        };
        let mut wires = diagram.wires().to_vec();
        wires.iter_mut().for_each(|wire| wire.port = port(wire.object.as_str(), &wire.port));
        let mut after = diagram.with_parts(objects, diagram.junctions().to_vec(), wires)?;
        let duals = core::mem::take(&mut after.duals.wires);
        after.duals.wires = duals.into_iter().map(|((o, p), dual)| ((o.clone(), port(&o, &p)), dual)).collect();
        for ((object, j), value) in after.deltas.iter_mut().flat_map(|delta| delta.set.iter_mut()) {
            *value *= touched.get(object.as_str()).and_then(|factors| factors.get(*j)).unwrap_or(&1.0);
        }
        Ok(after)
    }

    /// One factor per variable.
    fn factors(&self, object: &Object) -> Vec<f64> {
        let Body::Quadratic { local, .. } = &object.body else { return Vec::new() };
        let factor = |name: &String| self.variables.get(name).map_or(1.0, |change| change.factor);
        local.variables().names.iter().map(factor).collect()
    }

    fn object(&self, object: &Object) -> Result<Object, CatoptError> {
        if let Some(name) = self.ports.keys().find(|name| object.ports.iter().all(|port| port.name != **name)) {
            return Err(CatoptError::unknown("port", format!("{name}` of `{}", object.id)));
        }
        let schema = Some(SchemaVersion { name: self.schema.clone(), version: self.to });
        let named = |name: &String| self.ports.get(name).unwrap_or(name).clone();
        let Body::Quadratic { local, units, integer } = &object.body else {
            let ports = object.ports.iter().map(|port| Port { name: named(&port.name), ..port.clone() }).collect();
            return Ok(Object { schema, ports, ..object.clone() });
        };
        let (variables, objective, rows) = (local.variables(), local.objective(), local.rows());
        if let Some(name) = self.variables.keys().find(|name| !variables.names.contains(name)) {
            return Err(CatoptError::unknown("variable", format!("{name}` of `{}", object.id)));
        }
        let factors = self.factors(object);
        if let Some(j) = integer.iter().find(|&&j| factors[j] != 1.0) {
            let what = format!("`{}` of `{}` must be whole and cannot change its unit", variables.names[*j], object.id);
            return Err(CatoptError::step(what));
        }
        let change = |name: &String| self.variables.get(name);
        let (mut lower, mut upper) = (Vec::with_capacity(factors.len()), Vec::with_capacity(factors.len()));
        for (j, factor) in factors.iter().enumerate() {
            let (l, u) = (factor * variables.bounds.lower()[j], factor * variables.bounds.upper()[j]);
            lower.push(l.min(u));
            upper.push(l.max(u));
        }
        let columns = |matrix: &SparseMatrix| {
            let entries: Vec<_> = matrix.triplets().map(|(i, j, v)| (i, j, v / factors[j])).collect();
            SparseMatrix::from_triplets(matrix.row_count(), matrix.column_count(), &entries)
        };
        let n = factors.len();
        let p: Vec<_> = objective.p.triplets().map(|(i, j, v)| (i, j, v / (factors[i] * factors[j]))).collect();
        let local = LocalProblem::new(
            Variables {
                names: variables.names.iter().map(|n| change(n).map_or(n, |c| &c.name).clone()).collect(),
                bounds: Bounds::new(lower, upper)?,
            },
            Objective {
                p: SparseMatrix::from_triplets(n, n, &p)?,
                q: objective.q.iter().zip(&factors).map(|(q, f)| q / f).collect(),
                c: objective.c,
            },
            Rows { names: rows.names.clone(), matrix: columns(&rows.matrix)?, bounds: rows.bounds.clone() },
        )?;
        let unit = |(name, unit): (&String, &String)| {
            change(name).and_then(|change| change.unit.clone()).unwrap_or_else(|| unit.clone())
        };
        let units = variables.names.iter().zip(units).map(unit).collect();
        let mut ports = Vec::with_capacity(object.ports.len());
        for port in &object.ports {
            ports.push(Port { name: named(&port.name), unit: port.unit.clone(), map: columns(&port.map)? });
        }
        let body = Body::Quadratic { local: Box::new(local), units, integer: integer.clone() };
        Ok(Object { schema, body, ports, ..object.clone() })
    }
}

/// The diagram with every object of a schema brought to one version, by the fewest of the given migrations.
///
/// # Errors
/// [`CatoptError::Unknown`] for a version from which no path leads there; else as [`Migration::apply`].
pub fn migrate(diagram: &Diagram, schema: &str, to: u32, known: &[Migration]) -> Result<Diagram, CatoptError> {
    let versions: BTreeSet<u32> = diagram
        .objects()
        .iter()
        .filter_map(|o| o.schema.as_ref())
        .filter(|s| s.name == schema)
        .map(|s| s.version)
        .collect();
    let mut after = diagram.clone();
    for version in versions.into_iter().filter(|version| *version != to) {
        let path = path(schema, version, to, known);
        let path = path.ok_or_else(|| CatoptError::unknown("migration", format!("{schema} {version} to {to}")))?;
        after = path.apply(&after)?;
    }
    Ok(after)
}

/// The composite of the fewest migrations between two versions, breadth first, earlier ones in the list preferred.
fn path(schema: &str, from: u32, to: u32, known: &[Migration]) -> Option<Migration> {
    let mut reached = BTreeSet::from([from]);
    let mut front = vec![Migration::identity(schema, from)];
    while !front.is_empty() {
        if let Some(found) = front.iter().find(|path| path.to == to) {
            return Some(found.clone());
        }
        let mut next = Vec::new();
        for way in &front {
            for step in known.iter().filter(|step| step.schema == schema && step.from == way.to) {
                if reached.insert(step.to) {
                    next.extend(way.then(step).ok());
                }
            }
        }
        front = next;
    }
    None
}

/// Checks that a direct migration and the way over a version between agree, for all of a list.
///
/// # Errors
/// [`CatoptError::Step`] naming the first triangle that does not close.
pub fn check_migrations(known: &[Migration]) -> Result<(), CatoptError> {
    for first in known {
        for second in known.iter().filter(|s| s.schema == first.schema && s.from == first.to) {
            let stepwise = first.then(second)?;
            let direct = known.iter().filter(|d| (&d.schema, d.from, d.to) == (&first.schema, first.from, second.to));
            for direct in direct {
                if !agree(direct, &stepwise) {
                    let (name, a, b, c) = (&first.schema, first.from, first.to, second.to);
                    let what = format!("{name} {a} to {c} is not {a} to {b} and then {b} to {c}");
                    return Err(CatoptError::step(format!("{what}; correct one of them")));
                }
            }
        }
    }
    Ok(())
}

/// The same, factors up to rounding.
fn agree(one: &Migration, other: &Migration) -> bool {
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * a.abs();
    one.ports == other.ports
        && one.variables.len() == other.variables.len()
        && one
            .variables
            .iter()
            .zip(&other.variables)
            .all(|((n, a), (m, b))| n == m && (&a.name, &a.unit) == (&b.name, &b.unit) && close(a.factor, b.factor))
}
