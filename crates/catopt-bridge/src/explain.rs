use crate::plan::{Plans, check_plans};
use crate::{CatoptError, Diagram, Duals, JunctionKind};

/// What plans say at one junction.
#[derive(Clone, Debug, PartialEq)]
pub struct JunctionReport {
    /// Its name.
    pub junction: String,
    /// What it was called before its name had to be unique, or its name.
    pub label: String,
    /// Its unit.
    pub unit: String,
    /// Whether the ports should agree; else their sum should stay within bounds.
    pub shared: bool,
    /// The worst disagreement, or the worst distance of the sum from its bounds, in the junction's unit.
    pub amount: f64,
    /// The same relative to one plus the largest value shown, or the largest finite bound.
    pub relative: f64,
    /// What each port brings, in the junction's unit, in the order of the wires: object, port, values.
    pub brought: Vec<(String, String, Vec<f64>)>,
    /// Of a balance: the sum.
    pub sum: Vec<f64>,
    /// Of a balance: its dual, zero where none is known.
    pub dual: Vec<f64>,
}

/// The junctions at which plans do not agree, worst first: the obstruction to putting them together.
///
/// # Errors
/// [`CatoptError::Opaque`]; [`CatoptError::Solution`] for a plan that is missing or of another length.
pub fn explain(diagram: &Diagram, plans: &Plans, tolerance: f64) -> Result<Vec<JunctionReport>, CatoptError> {
    check_plans(diagram, plans)?;
    let mut found = reports(diagram, plans, &Duals::default());
    found.retain(|report| report.relative > tolerance);
    found.sort_by(|a, b| b.relative.total_cmp(&a.relative).then_with(|| a.junction.cmp(&b.junction)));
    Ok(found)
}

/// The one plan of the assembled problem that the objects' plans glue to.
///
/// # Shape
/// One value per column of [`Diagram::assemble`]'s problem.
/// # Errors
/// [`CatoptError::Solution`] with the worst junction if they do not agree to the tolerance; [`explain`] lists all.
pub fn glue(diagram: &Diagram, plans: &Plans, tolerance: f64) -> Result<Vec<f64>, CatoptError> {
    let shared = |report: &JunctionReport| report.shared;
    if let Some(worst) = explain(diagram, plans, tolerance)?.into_iter().find(shared) {
        let what = format!("the plans differ by {:e} at junction `{}`", worst.amount, worst.junction);
        return Err(CatoptError::solution(what));
    }
    Ok(diagram.assemble()?.glued(diagram, plans))
}

/// Every junction, in the diagram's order. The plans fit the diagram.
pub(crate) fn reports(diagram: &Diagram, plans: &Plans, duals: &Duals) -> Vec<JunctionReport> {
    let by_junction = diagram.by_junction();
    let mut reports = Vec::with_capacity(by_junction.len());
    for (junction, wires) in diagram.junctions().iter().zip(by_junction) {
        let bring = |&w: &usize| {
            let (wire, place) = (&diagram.wires()[w], diagram.places()[w]);
            let object = &diagram.objects()[place.object];
            let mut value = object.ports[place.port].value(&plans[object.id.as_str()]);
            value.iter_mut().for_each(|v| *v *= wire.factor());
            (wire.object.to_string(), wire.port.clone(), value)
        };
        let brought: Vec<_> = wires.iter().map(bring).collect();
        let at = |k: usize| brought.iter().map(move |(_, _, value)| value[k]);
        let (mut sum, mut dual) = (Vec::new(), Vec::new());
        let (amount, scale) = match &junction.kind {
            JunctionKind::Shared => (0..junction.dimension).fold((0.0_f64, 0.0_f64), |(amount, scale), k| {
                let (low, high) = at(k).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
                // Values that overflow agree with nothing, not even with each other.
                let finite = at(k).all(f64::is_finite) && (high - low).is_finite();
                let spread = match wires.is_empty() {
                    true => 0.0,
                    false if finite => high - low,
                    false => f64::INFINITY,
                };
                (amount.max(spread), at(k).fold(scale, |worst, v| worst.max(v.abs())))
            }),
            JunctionKind::Balance(bounds) => {
                sum = (0..junction.dimension).map(|k| at(k).sum()).collect();
                dual = duals.junctions.get(&junction.name).cloned().unwrap_or_else(|| vec![0.0; junction.dimension]);
                (bounds.violation(&sum) * (1.0 + bounds.magnitude()), bounds.magnitude())
            }
        };
        reports.push(JunctionReport {
            junction: junction.name.clone(),
            label: junction.label().to_owned(),
            unit: junction.unit.clone(),
            shared: junction.kind == JunctionKind::Shared,
            amount,
            relative: if amount.is_finite() { amount / (1.0 + scale) } else { f64::INFINITY },
            brought,
            sum,
            dual,
        });
    }
    reports
}
