use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_node::round::{Contributing, Facilitating, Gate, Guarding, Masks, MemoryLog, Party, Summing};
use cosmosmesh_solver_core::{Options, Participant, Ranging, coordinator};

use super::masks::{self, Enrolled};
use super::slowest::slowest;
use crate::fleet::Fleet;
use crate::report::MaskReport;
use crate::scenario::Scenario;
use crate::{SimulateError, SimulateOptions};

/// Everybody, before anything is said.
pub(super) struct Made {
    pub(super) parties: Vec<Party>,
    /// Each asset's keys for the guardians, if sums are masked.
    pub(super) bundles: Vec<Vec<u8>>,
    pub(super) masks: Option<MaskReport>,
}

/// One party for every asset; the facilitator's is one of them.
pub(super) fn parties(
    scenario: &Scenario,
    fleet: &Fleet,
    options: &SimulateOptions,
    names: &[String],
) -> Result<Made, SimulateError> {
    // Vehicles act on plans, and a limit is a limit: only a plan that violates nothing will do.
    let (tolerance, rounds_max) = (options.tolerance, options.rounds_max);
    let masked = options.masked.unwrap_or(scenario.planning.masked);
    let absence = masked && scenario.planning.answer_timeout_ms.is_some();
    let solver =
        Options { tolerance, rounds_max, strict: true, absence, link: slowest(scenario), ..Options::default() };
    let coordination = coordinator(options.method, &fleet.coupling, names.len(), &solver);
    let coordination = coordination.map_err(SimulateError::Coordination)?;
    let primitives = |name: &String| masks::primitives(options.seed, name);
    let ids: Vec<NodeId> = names.iter().map(|name| primitives(name).signer.node_id()).collect();
    let mut enrolled = if masked { Some(masks::enrol(scenario, options.seed, &ids)?) } else { None };
    let report = enrolled.as_ref().map(|enrolled| MaskReport::new(scenario, &enrolled.roster));
    let summing = match &enrolled {
        None => Summing::Plain,
        Some(Enrolled { roster, .. }) => {
            let rule = Ranging::new(roster.terms().width, names.len() as u32);
            Summing::Masked(Masks {
                answer_timeout_ms: scenario.planning.answer_timeout_ms,
                opening_timeout_ms: scenario.planning.opening_timeout_ms,
                ahead: scenario.planning.ahead,
                ..Masks::new(roster.clone(), Box::new(rule))
            })
        }
    };
    let here = scenario.planning.facilitator;
    let mut facilitating = Some(Facilitating::new(coordination, ids.clone(), summing));
    let mut parties = Vec::with_capacity(names.len());
    let mut bundles = Vec::new();
    for (k, (name, member)) in names.iter().zip(&fleet.members).enumerate() {
        let participant =
            Participant::new(&member.problem).map_err(|error| SimulateError::Problem { asset: name.clone(), error })?;
        let mut party = Party::new(primitives(name), ids[here], Gate::open());
        match enrolled.as_mut().and_then(|e| e.agents.pop_front().map(|agent| (e, agent))) {
            Some((Enrolled { roster, guardians, .. }, (agent, bundle))) => {
                bundles.push(bundle);
                party = party.with_asset(Contributing::masked(participant, roster.clone(), agent));
                if let Some(guardian) = guardians[k].take() {
                    party = party.with_guardian(Guarding::new(guardian, Box::new(MemoryLog::new())));
                }
            }
            None => party = party.with_asset(Contributing::plain(participant)),
        }
        if let Some(role) = facilitating.take_if(|_| k == here) {
            party = party.with_facilitator(role);
        }
        parties.push(party);
    }
    Ok(Made { parties, bundles, masks: report })
}
