use std::collections::BTreeMap;

use cosmosmesh_contracts::file::ResultFile;

use crate::{CatoptError, Diagram, Duals, JunctionKind};

/// One value per variable, by object.
pub type Plans = BTreeMap<String, Vec<f64>>;

/// The plans and duals of a `cosmosmesh.result/1`, whose prices have the other sign.
///
/// # Errors
/// [`CatoptError::Solution`] if the result has no plan or another number of prices than the diagram has balances.
pub fn from_result(diagram: &Diagram, result: &ResultFile) -> Result<(Plans, Duals), CatoptError> {
    if result.agents.is_empty() {
        return Err(CatoptError::solution("the result holds no plan"));
    }
    let plans = result.agents.iter().map(|agent| (agent.id.to_string(), agent.x.clone())).collect();
    let mut duals = Duals::default();
    let mut prices = result.prices.iter();
    for junction in diagram.junctions().iter().filter(|j| matches!(j.kind, JunctionKind::Balance(_))) {
        let dual: Vec<f64> = prices.by_ref().take(junction.dimension).map(|price| -price).collect();
        if dual.len() != junction.dimension {
            return Err(CatoptError::solution("it has fewer prices than the problem has fleet rows"));
        }
        duals.junctions.insert(junction.name.clone(), dual);
    }
    match prices.next() {
        Some(_) => Err(CatoptError::solution("it has more prices than the problem has fleet rows")),
        None => Ok((plans, duals)),
    }
}

/// Whether there is a plan for every object and for nobody else, each with a finite number per variable.
pub(crate) fn check_plans(diagram: &Diagram, plans: &Plans) -> Result<(), CatoptError> {
    for object in diagram.objects() {
        let n = object.solvable()?.0.variable_count();
        let x = plans.get(object.id.as_str());
        let x = x.ok_or_else(|| CatoptError::solution(format!("there is no plan of `{}`", object.id)))?;
        if x.len() != n {
            let what = format!("the plan of `{}` has {} values for {n} variables", object.id, x.len());
            return Err(CatoptError::solution(what));
        }
        if let Some(j) = x.iter().position(|v| !v.is_finite()) {
            return Err(CatoptError::solution(format!("value {j} of the plan of `{}` is {}", object.id, x[j])));
        }
    }
    let known = |id: &String| diagram.objects().iter().any(|object| object.id.as_str() == id);
    match plans.len() > diagram.objects().len() {
        true => {
            let stranger = plans.keys().find(|id| !known(id)).map_or("", String::as_str);
            Err(CatoptError::solution(format!("there is a plan of `{stranger}`, which the problem has not")))
        }
        false => Ok(()),
    }
}
