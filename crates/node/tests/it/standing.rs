//! Whose messages are heard: certificates, revocations, roles and doubt, over messages as bytes.

use cosmosmesh_contracts::conformance;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::message::{Event, EventKind, Severity};
use cosmosmesh_contracts::traits::{Engine, TrustPolicy};
use cosmosmesh_contracts::trust::{
    Act, Capability, Contract, Invalid, Moment, OpenTrust, Reach, Role, Roles, ShownError, Unknown, Verdict,
};
use cosmosmesh_contracts::wire::{encode, kind_of};
use cosmosmesh_contracts::{MissionTime, trust::TrustRefusal};
use cosmosmesh_crypto::{Ed25519Verifier, seeded_signer};
use cosmosmesh_ledger::governance::{
    ApprovalChange, Decision, Delegation, KeyRotation, Membership, MembershipChange, Policy, Revocation,
};
use cosmosmesh_node::round::{Contributing, Gate, QUESTION_KIND, RefusalLog, RoundEvent, Stage};
use cosmosmesh_node::standing::Certified;
use cosmosmesh_solver_core::Method;

use crate::fleet_log::{BOUND, FleetLog, SOL, asset, guardian, issuer, name, planner, shown};
use crate::rounds::{fleet, options};
use crate::world::{World, node};

pub(crate) const ANSWER: Act = Act::new(Capability::Publish, Contract::Round, Reach::Own);
const RUN: Act = Act::new(Capability::Publish, Contract::Round, Reach::Fleet);
const COMMIT: Act = Act::new(Capability::Publish, Contract::Plan, Reach::Fleet);
const OPEN: Act = Act::new(Capability::Open, Contract::Sum, Reach::Fleet);
const TELL: Act = Act::new(Capability::Publish, Contract::Event, Reach::Own);

/// Five assets, the first of them the planner, and four guardians that are no assets.
const ASSETS: usize = 5;
const GUARDIANS: u8 = 4;

fn roles(k: usize) -> Roles {
    match k {
        0 => planner(),
        k if k < ASSETS => asset(),
        _ => guardian(),
    }
}

fn everybody() -> std::ops::Range<usize> {
    0..ASSETS + usize::from(GUARDIANS)
}

pub(crate) fn fleet_log() -> FleetLog {
    FleetLog::new(&everybody().map(|k| (k, roles(k))).collect::<Vec<_>>())
}

/// Parties whose gates ask for certificates; nobody has shown any.
fn unshown(log: &FleetLog, guardians: u8) -> World<Certified> {
    let first = if guardians == 0 { 0 } else { ASSETS };
    let gate = |_| log.gate(MissionTime(0));
    World::make(&fleet(ASSETS), (guardians, first), Method::default(), &options(), |_| {}, gate)
}

/// The same after everybody has shown a ladder from time 0.
fn world(log: &FleetLog, guardians: u8) -> World<Certified> {
    let mut world = unshown(log, guardians);
    for k in 0..world.parties.len() {
        world.show(k, &log.ladder(k, roles(k), MissionTime(0)));
    }
    assert_eq!(world.refusals(), Vec::<&RoundEvent>::new());
    world
}

fn in_effect<T: TrustPolicy>(world: &World<T>) -> usize {
    world.parties.iter().filter(|party| party.asset().is_some_and(Contributing::in_effect)).count()
}

#[test]
fn policies_keep_the_laws_of_the_trait() {
    let log = fleet_log();
    let mut judge = log.certified(MissionTime(0));
    let verifier = Ed25519Verifier::new();
    for k in [0, 1, 6] {
        let at = Moment::live(MissionTime(0), BOUND);
        judge.hear(&log.ladder(k, roles(k), MissionTime(0)), &at, &verifier).unwrap();
    }
    let authors: Vec<NodeId> = [0, 1, 2, 6, 40].map(|k| node(k).signer.node_id()).to_vec();
    let times = [-SOL, -BOUND, -1, 0, SOL, 3 * SOL, 29 * SOL, 30 * SOL, 30 * SOL + 4 * BOUND, 41 * SOL];
    let moments: Vec<Moment> = times
        .iter()
        .flat_map(|now| [0, BOUND, SOL].map(|bound| Moment::live(MissionTime(*now), bound)))
        .chain(
            [0, 3, log.state.entries + 5, 2_000]
                .map(|position| Moment { position: Some(position), ..Moment::live(MissionTime(SOL), BOUND) }),
        )
        .collect();
    conformance::trust_policy(&judge, &authors, &moments);
    conformance::trust_policy(&OpenTrust, &authors, &moments);
    let unwanted = OpenTrust.hear(&[0x42], &moments[0], &verifier);
    assert_eq!(unwanted, Err(ShownError::Unwanted));
}

#[test]
fn a_fleet_with_certificates_plans_as_without_and_no_round_has_a_message_more() {
    let log = fleet_log();
    for guardians in [0, GUARDIANS] {
        let mut world = world(&log, guardians);
        assert_eq!(world.carried.len(), 0, "certificates are shown before the rounds");
        world.run(|_, _| false);
        let mut open = if guardians == 0 {
            World::new(&fleet(ASSETS), 0, &options(), None)
        } else {
            World::make(&fleet(ASSETS), (guardians, ASSETS), Method::default(), &options(), |_| {}, |_| Gate::open())
        };
        open.run(|_, _| false);
        assert_eq!(world.outcome(), open.outcome());
        assert_eq!(world.refusals(), Vec::<&RoundEvent>::new());
        assert_eq!(in_effect(&world), ASSETS);
        // Every message of one run is a message of the other, byte for byte.
        assert_eq!(world.carried, open.carried);
    }
}

/// What a change of the log, or of the time, does to an author's messages.
struct Case {
    what: &'static str,
    /// Changes the log, given the author's number.
    log: fn(&mut FleetLog, usize),
    now: MissionTime,
    expected: fn(&FleetLog, usize) -> Invalid,
}

fn cases() -> Vec<Case> {
    let still: fn(&mut FleetLog, usize) = |_, _| {};
    vec![
        Case { what: "expired", log: still, now: MissionTime(31 * SOL), expected: |_, _| Invalid::Expired },
        Case { what: "early", log: still, now: MissionTime(-SOL), expected: |_, _| Invalid::Early },
        Case {
            what: "revoked",
            log: revoke,
            now: MissionTime(SOL),
            expected: |log, _| Invalid::Revoked { since: log.state.entries - 1 },
        },
        Case {
            what: "its issuer withdrawn",
            log: |log, _| log.approve("base", ApprovalChange::Revoke),
            now: MissionTime(SOL),
            expected: |_, _| Invalid::Issuer,
        },
        Case {
            what: "removed",
            log: |log, k| {
                let node = node(k).signer.node_id();
                let change = MembershipChange::Remove;
                log.decide(Decision::Membership(Membership { member: name(k), node, next_key: None, change }), &[]);
            },
            now: MissionTime(SOL),
            expected: |_, _| Invalid::Subject,
        },
        Case {
            what: "its key rotated away",
            log: |log, k| {
                let next = seeded_signer(7, "the next key");
                let (old, new) = (node(k).signer.node_id(), cosmosmesh_contracts::traits::Signer::node_id(&next));
                let rotation = KeyRotation { member: name(k), old, new, next_key: None };
                log.decide(Decision::KeyRotation(rotation), &[&*node(k).signer, &next]);
            },
            now: MissionTime(SOL),
            expected: |_, _| Invalid::Subject,
        },
        Case {
            what: "beyond its last position",
            log: |log, _| (0..1_001).for_each(|_| log.pass()),
            now: MissionTime(SOL),
            expected: |_, _| Invalid::Superseded,
        },
        Case {
            what: "its roles taken away",
            log: |log, k| log.give(k, Roles::from(Role::Observer)),
            now: MissionTime(SOL),
            expected: |_, k| Invalid::Role {
                has: Roles::NONE,
                needed: match k {
                    0 => Roles::from(Role::Planner),
                    k if k < ASSETS => planner(),
                    _ => guardian(),
                },
            },
        },
    ]
}

/// Every rung of the ladder from time 0 that could hold in the first sols.
fn revoke(log: &mut FleetLog, k: usize) {
    for certificate in &log.certificates("base", k, roles(k), MissionTime(0))[..2] {
        let name = certificate.name();
        let (certificate, issuer) = name.split_once('@').unwrap();
        let (issuer, certificate) = (issuer_of(issuer), certificate.to_owned());
        log.decide(
            Decision::Revocation(Revocation { issuer, certificate, reason: "its vehicle was lost".to_owned() }),
            &[],
        );
    }
}

fn issuer_of(text: &str) -> NodeId {
    let key = cosmosmesh_contracts::traits::Signer::node_id(&issuer("base"));
    assert_eq!(key.to_string(), text);
    key
}

/// A message of each kind, who says it, who hears it, and what it does.
fn messages(log: &FleetLog) -> Vec<(usize, usize, Act, Vec<u8>)> {
    let mut world = world(log, GUARDIANS);
    world.run(|_, _| false);
    let find = |kind: u8, from: usize, to: usize| {
        let found = world.carried.iter().find(|(f, t, bytes)| (*f, *t, bytes[0]) == (from, to, kind));
        found.unwrap_or_else(|| panic!("{kind:02x} from {from} to {to}")).2.clone()
    };
    let guardian = ASSETS;
    let mut list = vec![
        (0, 2, RUN, find(QUESTION_KIND, 0, 2)),
        (0, guardian, RUN, find(0x33, 0, guardian)),
        (0, guardian, RUN, find(0x35, 0, guardian)),
        (1, guardian, ANSWER, find(0x31, 1, guardian)),
        (1, 0, ANSWER, find(0x34, 1, 0)),
        (guardian, 1, OPEN, find(0x32, guardian, 1)),
        (guardian, 0, OPEN, find(0x36, guardian, 0)),
    ];
    // Of the frames the last ones: the result and what takes effect; an answer that an asset holds the plan.
    let frames = |from: usize, to: usize| {
        let all = world.carried.iter().filter(move |(f, t, bytes)| (*f, *t) == (from, to) && kind_of(bytes).is_ok());
        all.map(|(_, _, bytes)| bytes.clone()).collect::<Vec<_>>()
    };
    let told = frames(0, 2);
    assert_eq!(told.len(), 2, "a result, and that it is in effect");
    list.push((0, 2, COMMIT, told[0].clone()));
    list.push((0, 2, COMMIT, told[1].clone()));
    list.push((1, 0, TELL, frames(1, 0)[0].clone()));
    list
}

/// Hands a message to a party; what it says of it, and whether it sent anything.
fn hand(world: &mut World<Certified>, from: usize, to: usize, bytes: &[u8]) -> (Vec<RoundEvent>, usize) {
    let (now, from) = (world.now, world.names[from]);
    let party = &mut world.parties[to];
    party.handle_input(now, from, bytes);
    let events = std::iter::from_fn(|| party.poll_event()).collect();
    (events, std::iter::from_fn(|| party.poll_transmit(now)).count())
}

/// A world of the same fleet at the stage where the message comes, with its messages still undelivered.
fn waiting(log: &FleetLog, act: Act, bytes: &[u8]) -> World<Certified> {
    let mut world = world(log, GUARDIANS);
    let stop = bytes.to_vec();
    let mut stopped = false;
    world.run_changed(|_, transmit| {
        stopped |= transmit.bytes == stop;
        (!stopped).then_some(transmit)
    });
    assert!(stopped, "{act}: the same fleet says the same again");
    world
}

#[test]
fn every_kind_of_message_is_refused_by_name_for_every_reason_and_heard_without_one() {
    let before = fleet_log();
    for (from, to, act, bytes) in messages(&before) {
        let author = node(from).signer.node_id();
        // Heard as things are.
        let mut world = waiting(&before, act, &bytes);
        let (events, _) = hand(&mut world, from, to, &bytes);
        let unheard = |event: &RoundEvent| matches!(event, RoundEvent::Unheard { .. } | RoundEvent::Refused { .. });
        assert!(!events.iter().any(unheard), "{act} from {from}: {events:?}");
        for case in cases() {
            let mut log = before.clone();
            (case.log)(&mut log, from);
            let mut world = waiting(&before, act, &bytes);
            world.now = case.now;
            world.parties[to].gate_mut().trust_mut().follow(log.state.clone(), MissionTime(0)).unwrap();
            let (events, sent) = hand(&mut world, from, to, &bytes);
            let verdict = Verdict::Invalid((case.expected)(&log, from));
            // The planner without its role is an asset all the same, and the other way round.
            let refusal = TrustRefusal { author, act, verdict };
            let from_name = world.names[from];
            let place = format!("{act} from {from}, {}", case.what);
            match events.first() {
                Some(RoundEvent::Unheard { from: found, refusal: named }) => {
                    assert_eq!((*found, named.author, named.act), (from_name, author, act), "{place}");
                    match (named.verdict, verdict) {
                        (
                            Verdict::Invalid(Invalid::Role { has, .. }),
                            Verdict::Invalid(Invalid::Role { has: expected, .. }),
                        ) => assert_eq!(has, expected, "{place}"),
                        (found, expected) => assert_eq!(found, expected, "{place}"),
                    }
                    let logged = world.parties[to].gate().refusals().refusals();
                    assert_eq!(logged.last(), Some(&(case.now, *named)), "{place}");
                    let text = refusal.to_string();
                    assert!(text.contains(&author.to_string()) && text.contains(&act.to_string()), "{text}");
                }
                other => panic!("{place}: {other:?}"),
            }
            // A facilitator may ask other guardians instead; nobody else says anything.
            let replaced = to == 0 && act == OPEN;
            assert!(sent == 0 || replaced, "{place}: {sent} messages");
            let logged = world.parties[to].gate().refusals().refusals().len();
            hand(&mut world, from, to, &bytes);
            assert_eq!(world.parties[to].gate().refusals().refusals().len(), logged, "{place}: noted once");
        }
    }
}

#[test]
fn whoever_shows_nothing_or_foreign_certificates_is_not_heard() {
    let log = fleet_log();
    let messages = messages(&log);
    for foreign in [false, true] {
        for (from, to, act, bytes) in &messages {
            let mut world = unshown(&log, GUARDIANS);
            if foreign {
                let certificates = log.certificates("stranger", *from, roles(*from), MissionTime(0));
                let (events, sent) = hand(&mut world, *from, *to, &shown("stranger", &certificates));
                let refused = |event: &RoundEvent| matches!(event, RoundEvent::Refused { reason, .. } if reason.contains("its issuer is not approved"));
                assert!(events.len() == 1 && refused(&events[0]) && sent == 0, "{events:?}");
            }
            let (events, sent) = hand(&mut world, *from, *to, bytes);
            let verdict = Verdict::Invalid(Invalid::Unshown);
            let refusal = TrustRefusal { author: node(*from).signer.node_id(), act: *act, verdict };
            // An event that nobody waits for is one for assets.
            let is_same = |event: &RoundEvent| match event {
                RoundEvent::Unheard { refusal: found, .. } => {
                    (found.author, found.verdict) == (refusal.author, verdict) && (found.act == *act || *act == TELL)
                }
                _ => false,
            };
            assert!(is_same(&events[0]) && sent == 0, "{act}: {events:?}");
        }
    }
}

#[test]
fn a_signed_message_is_judged_by_its_author_whoever_hands_it_on() {
    let log = fleet_log();
    let (_, _, act, answer) = messages(&log).into_iter().find(|(_, _, _, bytes)| bytes[0] == 0x34).unwrap();
    let mut world = waiting(&log, act, &answer);
    let mut removed = log.clone();
    let (member, node, change) = (name(1), node(1).signer.node_id(), MembershipChange::Remove);
    removed.decide(Decision::Membership(Membership { member, node, next_key: None, change }), &[]);
    world.parties[0].gate_mut().trust_mut().follow(removed.state, MissionTime(0)).unwrap();
    // Asset 3 is in good standing, and hands on what asset 1 said.
    let (events, _) = hand(&mut world, 3, 0, &answer);
    assert!(
        matches!(&events[0], RoundEvent::Unheard { from, refusal } if *from == world.names[3] && refusal.author == node),
        "{events:?}"
    );
    // And whoever writes another author into the message does not have its signature.
    let mut forged = answer;
    forged[34..38].copy_from_slice(&2_u32.to_le_bytes());
    let mut world = waiting(&log, act, &messages(&log)[4].3);
    let (events, _) = hand(&mut world, 1, 0, &forged);
    assert!(matches!(&events[0], RoundEvent::Refused { .. }), "{events:?}");
}

#[test]
fn a_round_that_cannot_end_is_void_before_anything_is_asked() {
    let log = fleet_log();
    let void = |world: &World<Certified>| {
        let reason = world.events.iter().find_map(|(_, event)| match event {
            RoundEvent::Void { reason } => Some(reason.clone()),
            _ => None,
        });
        reason.unwrap_or_else(|| panic!("{:?}", world.events))
    };
    // Nobody has shown anything: the facilitator may not even begin.
    let mut world = unshown(&log, GUARDIANS);
    let bundles = core::mem::take(&mut world.bundles);
    world.run(|_, _| false);
    assert!(void(&world).contains("no certificate of this key was shown"), "{}", void(&world));
    assert_eq!((world.carried.len(), world.parties[0].facilitator().unwrap().stage()), (0, Stage::Idle));
    // Everybody but one asset.
    for k in (0..world.parties.len()).filter(|k| *k != 3) {
        world.show(k, &log.ladder(k, roles(k), MissionTime(0)));
    }
    world.events.clear();
    world.run(|_, _| false);
    assert!(void(&world).contains(&world.names[3].to_string()), "{}", void(&world));
    assert_eq!(world.carried.len(), 0);
    // It shows its ladder, and the same parties go on.
    world.show(3, &log.ladder(3, roles(3), MissionTime(0)));
    world.bundles = bundles;
    world.run(|_, _| false);
    assert_eq!(in_effect(&world), ASSETS);
}

#[test]
fn an_asset_that_loses_its_standing_in_a_round_ends_it_by_name() {
    for guardians in [0, GUARDIANS] {
        let log = fleet_log();
        let mut world = world(&log, guardians);
        let mut held = Vec::new();
        // The answers of asset 2 are under way when its certificates are revoked.
        world.run_changed(|from, transmit| {
            let is_answer = from == 2 && (transmit.bytes[0] == 0x34 || guardians == 0);
            if is_answer && held.is_empty() {
                held.push(transmit);
                return None;
            }
            Some(transmit)
        });
        assert_eq!(world.parties[0].facilitator().unwrap().stage(), Stage::Collecting);
        let (mut revoked, key) = (log.clone(), node(2).signer.node_id());
        revoke(&mut revoked, 2);
        world.parties[0].gate_mut().trust_mut().follow(revoked.state.clone(), MissionTime(0)).unwrap();
        let (events, _) = hand(&mut world, 2, 0, &held[0].bytes);
        assert!(matches!(&events[0], RoundEvent::Unheard { refusal, .. } if refusal.author == key), "{events:?}");
        assert!(matches!(&events[1], RoundEvent::Void { reason } if reason.contains(&key.to_string())), "{events:?}");
        assert_eq!(world.parties[0].facilitator().unwrap().stage(), Stage::Idle, "nobody is waited for");
        // And it is void again by name, until the asset has certificates that hold; then the rounds go on where they were.
        world.parties[0].begin_round(world.now);
        world.carry(|_, transmit| Some(transmit));
        assert_eq!(world.parties[0].facilitator().unwrap().stage(), Stage::Idle);
        world.show(2, &revoked.ladder(2, roles(2), MissionTime(1_000)));
        world.parties[0].begin_round(world.now);
        world.carry(|_, transmit| Some(transmit));
        assert_eq!(in_effect(&world), ASSETS);
    }
}

#[test]
fn a_guardian_without_standing_is_replaced_and_too_few_are_named() {
    let log = fleet_log();
    let mut expected = world(&log, GUARDIANS);
    expected.run(|_, _| false);
    // In the middle of a planning a guardian's removal is heard; with openings ahead, too.
    let mut world = world(&log, GUARDIANS);
    let mut removed = log.clone();
    let remove = |log: &mut FleetLog, k: usize| {
        let (member, node, change) = (name(k), node(k).signer.node_id(), MembershipChange::Remove);
        log.decide(Decision::Membership(Membership { member, node, next_key: None, change }), &[]);
    };
    remove(&mut removed, ASSETS);
    let mut openings = 0;
    let mut late = None;
    world.run_changed(|from, transmit| {
        openings += usize::from(from == ASSETS && transmit.bytes[0] == 0x36);
        if openings == 2 && late.is_none() {
            late = Some(transmit);
            return None;
        }
        Some(transmit)
    });
    let (late, facilitator) = (late.unwrap(), world.names[0]);
    assert_eq!(late.to, facilitator);
    world.parties[0].gate_mut().trust_mut().follow(removed.state.clone(), MissionTime(0)).unwrap();
    let now = world.now;
    world.parties[0].handle_input(now, world.names[ASSETS], &late.bytes);
    world.run(|_, _| false);
    assert_eq!(world.outcome(), expected.outcome(), "another guardian answered for the same set");
    let unheard = world.events.iter().filter(|(_, event)| matches!(event, RoundEvent::Unheard { .. })).count();
    assert_eq!(unheard, 1, "it is not asked again");
    assert_eq!(in_effect(&world), ASSETS);
    // With two removed there are two left of the three that are needed.
    remove(&mut removed, ASSETS + 1);
    let mut few = self::world(&log, GUARDIANS);
    few.parties[0].gate_mut().trust_mut().follow(removed.state, MissionTime(0)).unwrap();
    few.run(|_, _| false);
    let void = few.events.iter().find_map(|(_, event)| match event {
        RoundEvent::Void { reason } => Some(reason.clone()),
        _ => None,
    });
    let named = |reason: &String| [ASSETS, ASSETS + 1].iter().all(|k| reason.contains(&few.names[*k].to_string()));
    assert!(void.as_ref().is_some_and(named), "{void:?}");
    assert_eq!(few.parties[0].facilitator().unwrap().stage(), Stage::Idle);
}

#[test]
fn in_doubt_a_fleet_solves_and_commits_to_nothing_until_it_hears_the_log() {
    let log = fleet_log();
    for guardians in [0, GUARDIANS] {
        // Certificates hold, and the log was heard so long ago that somebody may have been revoked since.
        let late = MissionTime(45 * SOL);
        let mut world = unshown(&log, guardians);
        world.now = late;
        for k in 0..world.parties.len() {
            world.show(k, &log.ladder(k, roles(k), MissionTime(44 * SOL)));
        }
        world.run(|_, _| false);
        assert_eq!(world.parties[0].facilitator().unwrap().outcome().status.to_string(), "optimal");
        let doubt = |event: &RoundEvent| matches!(event, RoundEvent::InDoubt { unknown: Unknown::Freshness, .. });
        let doubts = world.events.iter().filter(|(k, event)| *k == 0 && doubt(event)).count();
        assert_eq!(doubts, ASSETS + usize::from(guardians), "each author once");
        let void = |world: &World<Certified>| {
            world.refusals().iter().any(|event| {
            matches!(event, RoundEvent::Void { reason } if reason.contains("fetch the log") && reason.contains("not announced"))
        })
        };
        assert!(void(&world), "{:?}", world.refusals());
        assert_eq!(in_effect(&world), 0);
        // The facilitator hears the log again, but asset 3 does not: it does not take the plan, and is named.
        for k in (0..world.parties.len()).filter(|k| *k != 3) {
            world.parties[k].gate_mut().trust_mut().follow(log.state.clone(), late).unwrap();
        }
        world.events.clear();
        world.parties[0].announce(late);
        world.carry(|_, transmit| Some(transmit));
        let freshness =
            |verdict: &Verdict| matches!(verdict, Verdict::Indeterminate { unknown: Unknown::Freshness, .. });
        let unheard = |(k, event): &(usize, RoundEvent)| {
            *k == 3
                && matches!(event, RoundEvent::Unheard { refusal, .. } if refusal.act == COMMIT && freshness(&refusal.verdict))
        };
        assert!(world.events.iter().any(unheard), "{:?}", world.events);
        let facilitator = world.parties[0].facilitator().unwrap();
        assert_eq!((facilitator.stage(), facilitator.missing()), (Stage::Committing, Some(world.names[3])));
        assert_eq!(in_effect(&world), 0);
        // It hears the log as well; announced again, the plan takes effect.
        world.parties[3].gate_mut().trust_mut().follow(log.state.clone(), late).unwrap();
        world.parties[0].announce(late);
        world.carry(|_, transmit| Some(transmit));
        assert_eq!(in_effect(&world), ASSETS);
    }
}

#[test]
fn rights_follow_roles_handed_on_and_policies_of_the_log() {
    let mut log = fleet_log();
    let verifier = Ed25519Verifier::new();
    let at = Moment::live(MissionTime(SOL), BOUND);
    let (zero, one) = (node(0).signer.node_id(), node(1).signer.node_id());
    let mut judge = log.certified(MissionTime(0));
    for k in [0, 1] {
        judge.hear(&log.ladder(k, roles(k), MissionTime(0)), &at, &verifier).unwrap();
    }
    let valid =
        |judge: &Certified, author: &NodeId, act| matches!(judge.judge(author, act, &at), Verdict::Valid { .. });
    assert!(valid(&judge, &zero, RUN) && valid(&judge, &one, ANSWER) && !valid(&judge, &one, RUN));
    // The planner hands its role on for ten entries.
    let begins = log.state.entries;
    let delegation = Delegation { from: name(0), to: name(1), role: "planner".to_owned(), begins, ends: begins + 10 };
    log.decide(Decision::Delegation(delegation), &[&*node(0).signer]);
    judge.follow(log.state.clone(), MissionTime(0)).unwrap();
    assert!(valid(&judge, &one, RUN));
    // A narrowed certificate does not carry it: the log gives two roles, and the certificate only one of them.
    log.give(1, asset().with(Role::Observer));
    judge.follow(log.state.clone(), MissionTime(0)).unwrap();
    assert!(!valid(&judge, &one, RUN) && valid(&judge, &one, ANSWER));
    let both = log.ladder(1, asset().with(Role::Observer), MissionTime(0));
    judge.hear(&both, &at, &verifier).unwrap();
    assert!(valid(&judge, &one, RUN), "of several certificates the one that says most counts");
    (0..10).for_each(|_| log.pass());
    judge.follow(log.state.clone(), MissionTime(0)).unwrap();
    assert!(!valid(&judge, &one, RUN), "the epochs are over");
    // Governors take the planners' right away; an unreadable policy changes nothing else.
    let narrow = r#"{"format": "cosmosmesh.policy/1", "rules": [{"roles": ["asset"], "may": ["publish"], "on": ["round"], "reach": "own"}], "apart": []}"#;
    let policy =
        |document: &str| Decision::Policy(Policy { policy: "roles".to_owned(), document: document.to_owned() });
    log.decide(policy(narrow), &[]);
    judge.follow(log.state.clone(), MissionTime(0)).unwrap();
    assert!(!valid(&judge, &zero, RUN) && valid(&judge, &zero, ANSWER) && !valid(&judge, &one, TELL));
    log.decide(policy("{}"), &[]);
    assert!(judge.follow(log.state.clone(), MissionTime(0)).is_err());
    assert_eq!(judge.position(), log.state.entries);
    assert!(!valid(&judge, &zero, RUN) && valid(&judge, &zero, ANSWER));
    assert!(Certified::new(crate::fleet_log::terms(), log.state.clone(), MissionTime(0)).is_err());
}

#[test]
fn what_is_refused_survives_a_restart() {
    let log = fleet_log();
    let store = Box::new(cosmosmesh_contracts::conformance::MemoryStore::new());
    let (_, _, _, bytes) = messages(&log).into_iter().find(|(_, to, _, _)| *to == 2).unwrap();
    let gate = Gate::new(log.certified(MissionTime(0)), BOUND, RefusalLog::open(store, "refused".to_owned()).unwrap());
    let mut party = cosmosmesh_node::round::Party::new(node(2), node(0).signer.node_id(), gate);
    party.handle_input(MissionTime(5), node(0).signer.node_id(), &encode(&activated()));
    party.handle_input(MissionTime(6), node(0).signer.node_id(), &bytes);
    let noted = party.gate().refusals().refusals().to_vec();
    assert_eq!(
        noted.iter().map(|(at, refusal)| (at.as_ms(), refusal.act)).collect::<Vec<_>>(),
        [(5, COMMIT), (6, RUN)]
    );
    let store = party.into_gate().into_refusals().close().unwrap();
    assert_eq!(RefusalLog::open(store, "refused".to_owned()).unwrap().refusals(), noted);
}

fn activated() -> Event {
    Event { at: MissionTime(0), severity: Severity::Nominal, kind: EventKind::PlanActivated { version: 1 } }
}
