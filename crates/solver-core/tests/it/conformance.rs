//! The suites that every implementer of a contract passes.

use cosmosmesh_contracts::conformance::{self, FleetAssets, Oracle};
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_contracts::round::{Contribution, Mix, RoundQuery};
use cosmosmesh_solver_core::{InteriorPoint, Method, Options, Participant, PlainSum, coordinator};

use crate::oracle::{self, Verdict};

struct Fleet(Vec<Participant>);

impl FleetAssets for Fleet {
    fn answer(&mut self, query: &RoundQuery) -> Vec<Contribution> {
        self.0.iter_mut().map(|p| p.answer(query).expect("an answer")).collect()
    }

    fn plan(&self, mix: &Mix) -> Vec<Plan> {
        self.0.iter().map(|p| p.plan(mix).expect("kept")).collect()
    }
}

fn coordination(method: Method, tolerance: f64) {
    conformance::coordination(
        &mut |coupling, assets| {
            coordinator(method, coupling, assets, &Options { tolerance, ..Options::default() }).expect("a coordinator")
        },
        &mut |fleet: &FleetProblem| {
            Box::new(Fleet(fleet.assets().iter().map(|a| Participant::new(a).expect("convex")).collect()))
        },
        tolerance,
    );
}

#[test]
fn menu_coordinates() {
    coordination(Method::Menu, 1e-6);
}

#[test]
fn aladin_coordinates() {
    coordination(Method::Aladin, 1e-6);
}

#[test]
fn fan_coordinates() {
    coordination(Method::Fan, 1e-6);
}

#[test]
fn ipm_coordinates() {
    coordination(Method::Ipm, 1e-6);
}

#[test]
fn auto_coordinates() {
    coordination(Method::Auto, 1e-6);
}

#[test]
fn admm_coordinates() {
    coordination(Method::Admm, 1e-4);
}

#[test]
fn admm_adaptive_coordinates() {
    coordination(Method::AdmmAdaptive, 1e-4);
}

#[test]
fn plain_sum_adds_up() {
    conformance::sum(&mut PlainSum, 1e-12);
}

#[test]
fn interior_point_solves() {
    conformance::local_solver(&mut InteriorPoint, &mut |problem| match oracle::local(problem) {
        Verdict::Optimal { objective } => Oracle::Optimal { objective },
        Verdict::Infeasible => Oracle::Infeasible,
        Verdict::Unbounded => Oracle::Unbounded,
        Verdict::Unsure(status) => panic!("the oracle is unsure: {status}"),
    });
}
