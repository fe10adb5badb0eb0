//! The role table of `identity` beside Cedar: the same policies and fleets, every combination of roles, capability, contract and reach.
//!
//! `cargo xtask bench roles` compares and says what a decision costs on either side;
//! it also checks the answers of Cedar that are committed for `cargo test` in crates/identity/tests/data, and `--renew` writes them.
//!
//! What is asked of Cedar is written from the words of a policy document and from fleets of members, groups and things with owners.
//! How far a request reaches follows there from whose thing it is; in our table it is an argument.

mod cedar;
mod random;
mod sheet;
mod text;
mod world;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use cosmosmesh_identity::role::{Capability, Contract, Policy, Reach, Roles};

use cedar::Cedar;
use random::Random;
use world::World;

/// Random policies that are compared, and fleets with delegations under each policy.
const POLICIES: usize = 12;
const WORLDS_STANDARD: usize = 120;
const WORLDS_RANDOM: usize = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let renew = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--renew"] => true,
        _ => {
            eprintln!("usage: cargo xtask bench roles [-- --renew]");
            return ExitCode::from(64);
        }
    };
    match run(renew) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("roles: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(renew: bool) -> Result<(), String> {
    let mut random = Random::new(20_261_125);
    let standard = Policy::standard();
    let cedar = Cedar::of_combinations(&standard)?;
    let mut asked = whole(&standard, &cedar)?;
    println!("standard policy: {asked} decisions of every combination are Cedar's");
    let mut lent = 0;
    for _ in 0..WORLDS_STANDARD {
        let (count, more) = world(&standard, &cedar, &mut random)?;
        asked += count;
        lent += more;
    }
    println!(
        "delegations: {WORLDS_STANDARD} fleets under the standard policy are Cedar's; a member had more than its own roles {lent} times"
    );
    if lent < WORLDS_STANDARD / 2 {
        return Err("hardly any delegation counted, so nothing is said of them".to_owned());
    }
    let (mut taken, mut refused) = (0, 0);
    while taken < POLICIES {
        match random.policy() {
            (rules, apart, Ok(policy)) => {
                if text::separation(&rules, &apart)?.is_some() {
                    return Err(format!("a policy is taken in which one role judges what it makes: {rules:?}"));
                }
                let cedar = Cedar::of_combinations(&policy)?;
                asked += whole(&policy, &cedar)?;
                for _ in 0..WORLDS_RANDOM {
                    asked += world(&policy, &cedar, &mut random)?.0;
                }
                taken += 1;
            }
            (rules, apart, Err(error)) => {
                use cosmosmesh_identity::role::PolicyError;
                if let PolicyError::Separation { role, .. } = error {
                    let found = text::separation(&rules, &apart)?;
                    if found.is_none() {
                        return Err(format!("{role} is refused and Cedar lets it make and judge nothing: {rules:?}"));
                    }
                    refused += 1;
                }
            }
        }
    }
    println!(
        "{taken} random policies are Cedar's in every combination, {refused} are refused as Cedar's answers ask; {asked} decisions in all"
    );
    cost(&standard, &cedar)?;
    sheet::check_or_renew(renew)
}

/// Every combination of roles under one policy; returns how many decisions were compared.
fn whole(policy: &Policy, cedar: &Cedar) -> Result<usize, String> {
    let mut asked = 0;
    for roles in Roles::combinations() {
        let member = cedar::combination(roles);
        for capability in Capability::ALL {
            for contract in Contract::ALL {
                for reach in Reach::ALL {
                    let theirs = cedar.allows(&member, *capability, *contract, *reach, 0)?;
                    let ours = policy.allows(roles, *capability, *contract, *reach);
                    let decided = policy.decide(roles, *capability, *contract, *reach).is_ok();
                    if ours != theirs || decided != theirs {
                        return Err(format!(
                            "{roles} {capability} {contract} {reach}: Cedar says {theirs}, the table {ours}, the rules {decided}"
                        ));
                    }
                    asked += 1;
                }
            }
        }
        let (theirs, ours) = (cedar.may_hold(&member)?, policy.check_roles(roles).is_ok());
        if ours != theirs {
            return Err(format!("one member with {roles}: Cedar says {theirs}, check_roles {ours}"));
        }
        asked += 1;
    }
    Ok(asked)
}

/// One fleet with delegations, in some epochs: how many decisions were compared, and how often a member had more than its own roles.
fn world(policy: &Policy, alone: &Cedar, random: &mut Random) -> Result<(usize, usize), String> {
    let world = World::random(policy, random);
    let (cedar, members) = (Cedar::of_world(policy, alone, &world)?, world.members(policy)?);
    let (mut asked, mut lent) = (0, 0);
    for (member, epoch) in world.questions() {
        let roles = members.roles_of(policy, &world::node(member), epoch);
        lent += usize::from(world.roles.get(member).is_some_and(|own| *own != roles));
        for capability in Capability::ALL {
            for contract in Contract::ALL {
                for reach in Reach::ALL {
                    let theirs = cedar.allows(&world::name(member), *capability, *contract, *reach, epoch)?;
                    if policy.allows(roles, *capability, *contract, *reach) != theirs {
                        return Err(format!(
                            "member {member} in epoch {epoch}, {roles}: {capability} {contract} {reach}: Cedar says {theirs}\n{world:?}"
                        ));
                    }
                    asked += 1;
                }
            }
        }
    }
    Ok((asked, lent))
}

/// What a decision costs on either side, in this one run.
fn cost(policy: &Policy, cedar: &Cedar) -> Result<(), String> {
    const ROUNDS: u32 = 20;
    let asked: Vec<(Roles, Capability, Contract, Reach)> = Roles::combinations()
        .step_by(37)
        .flat_map(|roles| Capability::ALL.iter().map(move |capability| (roles, *capability)))
        .flat_map(|(roles, capability)| Contract::ALL.iter().map(move |contract| (roles, capability, *contract)))
        .flat_map(|(roles, capability, contract)| {
            Reach::ALL.iter().map(move |reach| (roles, capability, contract, *reach))
        })
        .collect();
    let begun = Instant::now();
    for _ in 0..ROUNDS * 50 {
        for (roles, capability, contract, reach) in &asked {
            black_box(policy.allows(black_box(*roles), *capability, *contract, *reach));
        }
    }
    let ours = begun.elapsed().as_nanos() as f64 / (f64::from(ROUNDS) * 50.0 * asked.len() as f64);
    let requests = asked
        .iter()
        .map(|(roles, capability, contract, reach)| {
            cedar.request(&cedar::combination(*roles), *capability, *contract, *reach, 0)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let begun = Instant::now();
    for request in &requests {
        black_box(cedar.decide(request)?);
    }
    let theirs = begun.elapsed().as_nanos() as f64 / requests.len() as f64;
    println!(
        "a decision: {ours:.1} ns by the table, {theirs:.0} ns by Cedar with {} policies, requests made beforehand",
        policy.rules().len()
    );
    Ok(())
}
