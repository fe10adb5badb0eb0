//! Three assets share a bus of 5 kWh; each wants 2.5 kWh and values a shortfall differently. Nobody but the asset sees its own cost.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::ops::ControlFlow;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::problem::{
    AssetProblem, Bounds, Coupling, LocalProblem, Objective, Rows, SparseMatrix, Variables,
};
use cosmosmesh_solver_core::{Method, Options, Participant, PlainSum, coordinator, run};

fn asset(name: &str, weight: f64) -> Result<AssetProblem, Box<dyn std::error::Error>> {
    let variables = Variables { names: vec!["bus_kwh".into()], bounds: Bounds::new(vec![0.0], vec![4.0])? };
    let p = SparseMatrix::from_triplets(1, 1, &[(0, 0, weight)])?;
    let objective = Objective { p, q: vec![-2.5 * weight], c: 0.0 };
    let rows = Rows { names: vec![], matrix: SparseMatrix::zeros(0, 1), bounds: Bounds::default() };
    let use_of_bus = SparseMatrix::from_triplets(1, 1, &[(0, 0, 1.0)])?;
    Ok(AssetProblem::new(AssetId::new(name)?, LocalProblem::new(variables, objective, rows)?, use_of_bus, vec![])?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fleet = [asset("rover", 1.0)?, asset("drone", 2.0)?, asset("habitat", 4.0)?];
    let bus = Coupling { names: vec!["bus_kwh".into()], bounds: Bounds::new(vec![f64::NEG_INFINITY], vec![5.0])? };

    let mut participants = fleet.iter().map(Participant::new).collect::<Result<Vec<_>, _>>()?;
    let mut coordination = coordinator(Method::default(), &bus, fleet.len(), &Options::default())?;
    let outcome = run(&mut *coordination, &mut participants, &mut PlainSum, &mut |_, _| ControlFlow::Continue(()))?;

    println!("{} after {} rounds; a kWh is worth {:.4}", outcome.status, outcome.rounds, outcome.prices[0]);
    let mix = outcome.mix.ok_or("there is no plan")?;
    for participant in &participants {
        let plan = participant.plan(&mix)?;
        println!("  {:8} {:.4} kWh", plan.id, plan.x[0]);
    }
    Ok(())
}
