//! Thirty sols out of contact: a fleet plans by messages on the real ladder, and after its end there is always a way on.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::traits::TrustPolicy;
use cosmosmesh_contracts::trust::{Invalid, Role, Roles};
use cosmosmesh_crypto::Ed25519Verifier;
use cosmosmesh_identity::certificate::{Evidence, MissionEpoch, Renewal, Request, renewal};
use cosmosmesh_node::round::{Contributing, Gate, RefusalLog, RoundEvent, Stage};
use cosmosmesh_node::standing::{Certified, FleetView};
use cosmosmesh_solver_core::Method;

use crate::fleet_log::{BOUND, FleetLog, SOL, asset, planner, terms, token};
use crate::rounds::{fleet, options};
use crate::world::{World, node};

const ASSETS: usize = 3;

fn roles(k: usize) -> Roles {
    if k == 0 { planner() } else { asset() }
}

/// One planning in the open, by nodes that judge as `judge` does; how it ended.
fn plan(judge: &Certified, now: MissionTime) -> Result<(), String> {
    let gate = |_| Gate::new(judge.clone(), BOUND, RefusalLog::in_memory());
    let mut world = World::make(&fleet(ASSETS), (0, 0), Method::default(), &options(), |_| {}, gate);
    world.now = now;
    world.run(|_, _| false);
    // Never a deadlock: whatever happens, nobody is waited for.
    let facilitator = world.parties[0].facilitator().unwrap();
    assert!(matches!(facilitator.stage(), Stage::Idle | Stage::Done), "{:?} at {now}", facilitator.stage());
    let in_effect = world.parties.iter().all(|party| party.asset().is_some_and(Contributing::in_effect));
    let reason = world.events.iter().find_map(|(_, event)| match event {
        RoundEvent::Void { reason } => Some(reason.clone()),
        _ => None,
    });
    assert_eq!(in_effect, reason.is_none(), "a plan takes effect, or it is said why not");
    reason.map_or(Ok(()), Err)
}

#[test]
fn a_fleet_out_of_contact_plans_to_the_last_rung_and_then_there_is_a_way_on() {
    let members: Vec<(usize, Roles)> = (0..ASSETS).map(|k| (k, roles(k))).collect();
    let mut log = FleetLog::new(&members);
    let verifier = Ed25519Verifier::new();
    let mut judge = log.certified(MissionTime(0));
    let hear = |judge: &mut Certified, bytes: &[u8], now: MissionTime| {
        judge.hear(bytes, &cosmosmesh_contracts::trust::Moment::live(now, BOUND), &verifier).unwrap();
    };
    for (k, roles) in &members {
        hear(&mut judge, &log.ladder(*k, *roles, MissionTime(0)), MissionTime(0));
    }
    // Once a sol, and where one rung ends and the next begins, with clocks that are wrong by their bound.
    let mut planned = 0;
    for now in (0..=60).map(|half| half * SOL / 2) {
        for wrong in [-BOUND, 0, BOUND] {
            let now = MissionTime(now).plus_ms(wrong);
            assert_eq!(plan(&judge, now), Ok(()), "sol {}", now.as_ms() as f64 / SOL as f64);
            planned += 1;
        }
    }
    assert_eq!(planned, 183);

    // The ladder is over: the round is void by name, and nothing waits.
    let end = MissionTime(30 * SOL);
    let soon = end.plus_ms(SOL);
    let expired = plan(&judge, soon).unwrap_err();
    assert!(expired.contains(&Invalid::Expired.to_string()), "{expired}");

    // An issuer is met in the grace window: it answers requests as bytes, by its own log and clock.
    let ask = |log: &FleetLog, k: usize, now: MissionTime| {
        let last = log_certificates(log, k).pop().unwrap();
        let request = Request::sign(token("base", &last), &*node(k).signer).unwrap().to_bytes();
        let request = Request::read(&request, MissionEpoch::default(), &verifier).unwrap();
        let view = FleetView { state: &log.state, heard: now };
        let evidence = Evidence { now, clock_bound_ms: BOUND, position: log.state.entries, view: &view };
        renewal(request.certificate(), &evidence, &terms().tolerance)
    };
    for (k, _) in &members {
        assert_eq!(ask(&log, *k, soon), Renewal::Narrow { roles: asset() });
        hear(&mut judge, &log.ladder(*k, asset(), soon), soon);
    }
    // Assets are heard again; who may run rounds must be given that role again.
    let narrowed = plan(&judge, soon).unwrap_err();
    assert!(narrowed.contains("asset may not do this; needed is one of: planner"), "{narrowed}");

    // After the grace window the log's fresh word about the same keys brings everything back, and no clock ends it.
    let much_later = end.plus_ms(400 * SOL);
    assert_eq!(ask(&log, 0, much_later), Renewal::Readmission);
    for (k, roles) in &members {
        log.give(*k, *roles);
    }
    judge.follow(log.state.clone(), much_later).unwrap();
    assert!(plan(&judge, much_later).is_err());
    for (k, roles) in &members {
        hear(&mut judge, &log.ladder(*k, *roles, much_later), much_later);
    }
    assert_eq!(plan(&judge, much_later), Ok(()));
    assert!(roles(0).contains(Role::Planner));
}

/// The ladder of the beginning, as the holder kept it.
fn log_certificates(log: &FleetLog, k: usize) -> Vec<cosmosmesh_identity::certificate::Certificate> {
    let mut certificates = log.certificates("base", k, roles(k), MissionTime(0));
    certificates.iter_mut().for_each(|certificate| certificate.positions = (log.state.entries, u64::MAX));
    certificates
}
