use std::collections::BTreeMap;

use crate::{CatoptError, Diagram, JunctionKind, Program};

/// A diagram put together: one problem in which shared values are one column, and how to read it back.
#[derive(Clone, Debug, PartialEq)]
pub struct Colimit {
    /// The problem.
    pub program: Program,
    /// For each object and variable: the column, and what the column is divided by to give the variable.
    pub(crate) columns: Vec<Vec<(usize, f64)>>,
    /// For each object: where its own rows start.
    pub(crate) row_starts: Vec<usize>,
}

impl Colimit {
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
