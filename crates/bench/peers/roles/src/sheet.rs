use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cosmosmesh_identity::role::{Capability, Contract, Policy, Reach, Role, Roles};
use serde_json::json;

use crate::cedar::{self, Cedar};
use crate::random::Random;
use crate::text;
use crate::world::{self, World};

/// How many fleets with delegations stand in the committed answers.
const WORLDS: usize = 20;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../identity/tests/data")
}

/// Writes Cedar's answers, or fails if those that are committed are others.
pub(crate) fn check_or_renew(renew: bool) -> Result<(), String> {
    let policy = Policy::standard();
    let cedar_text = format!("{}\n{}", commented(text::SCHEMA), text::rules(policy.rules(), &text::apart(&policy)));
    for (name, text) in [("standard.cedar", cedar_text), ("cedar.json", answers(&policy)?)] {
        let path = folder().join(name);
        if renew {
            fs::create_dir_all(folder()).map_err(|error| error.to_string())?;
            fs::write(&path, &text).map_err(|error| format!("{}: {error}", path.display()))?;
            println!("{name} is written");
        } else if fs::read_to_string(&path).ok().as_deref() != Some(&text) {
            return Err(format!("crates/identity/tests/data/{name} is not what Cedar says; run it with `-- --renew`"));
        } else {
            println!("{name} is what Cedar says");
        }
    }
    Ok(())
}

fn commented(schema: &str) -> String {
    schema.lines().map(|line| format!("// {line}\n")).collect()
}

/// A word of hexadecimal digits for each contract: bit 3 c + r is capability c and reach r, in the order of the words.
fn words(cedar: &Cedar, member: &str, epoch: u64) -> Result<String, String> {
    let mut words = Vec::new();
    for contract in Contract::ALL {
        let mut bits = 0_u16;
        for (c, capability) in Capability::ALL.iter().enumerate() {
            for (r, reach) in Reach::ALL.iter().enumerate() {
                bits |= u16::from(cedar.allows(member, *capability, *contract, *reach, epoch)?) << (3 * c + r);
            }
        }
        words.push(format!("{bits:04x}"));
    }
    Ok(words.join(" "))
}

fn list(roles: Roles) -> Vec<&'static str> {
    roles.iter().map(Role::word).collect()
}

fn answers(policy: &Policy) -> Result<String, String> {
    let cedar = Cedar::of_combinations(policy)?;
    let mut rows = Vec::new();
    for roles in Roles::combinations() {
        let member = cedar::combination(roles);
        let row = json!({ "roles": list(roles), "may_hold": cedar.may_hold(&member)?, "allowed": words(&cedar, &member, 0)? });
        rows.push(row.to_string());
    }
    let (mut worlds, mut random) = (Vec::new(), Random::new(4));
    for _ in 0..WORLDS {
        let world = World::random(policy, &mut random);
        let fleet = Cedar::of_world(policy, &cedar, &world)?;
        let mut asked = Vec::new();
        for (member, epoch) in world.questions() {
            let allowed = words(&fleet, &world::name(member), epoch)?;
            asked.push(json!({ "member": member, "epoch": epoch, "allowed": allowed }).to_string());
        }
        let roles: Vec<_> = world.roles.iter().map(|roles| list(*roles)).collect();
        let handed: Vec<_> = world
            .delegations
            .iter()
            .map(|it| json!({ "from": it.from, "to": it.to, "role": it.role.word(), "begins": it.begins, "ends": it.ends }))
            .collect();
        worlds.push(format!(
            "{{\"members\":{},\"delegations\":{},\"asked\":[\n{}\n]}}",
            json!(roles),
            json!(handed),
            asked.join(",\n")
        ));
    }
    let mut text = String::from("{\n");
    write!(
        text,
        "\"cedar_policy\":{},\n\"policy\":{},\n\"combinations\":[\n{}\n],\n\"fleets\":[\n{}\n]\n}}\n",
        json!(cedar_policy::get_sdk_version().to_string()),
        json!(policy.document()),
        rows.join(",\n"),
        worlds.join(",\n")
    )
    .expect("a string takes everything");
    Ok(text)
}
