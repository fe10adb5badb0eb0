//! The frozen vectors of docs/protocol/vectors/masked-sum.json: what a second implementation can be checked with.
//!
//! They may never change without a new version of the protocol. To write them: `COSMOSMESH_RENEW=1 cargo test -p cosmosmesh-privacy vectors`.

use std::path::Path;

use cosmosmesh_contracts::round::WordWidth;
use cosmosmesh_privacy::mask::{Committee, Mode, Opened};
use serde_json::{Value, json};

use crate::world::{World, data, plain_sum};

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A round of four agents, of which one is away, in the words of this width; opened in time or ahead.
fn round(width: WordWidth, ahead: bool) -> (Value, Opened, Vec<u64>) {
    let committee = Committee::new(4, 3, 1).unwrap();
    let mut world = World::new(4, committee.clone(), width);
    let data = data(&world.roster, 5, 1);
    let online = [0, 1, 3];
    let before = world.header(69, 5, Mode::Full);
    let before = ahead.then(|| world.collect(&before, &online, &data));
    // In the second step of the ratchet.
    let header = if ahead { world.header_ahead(70, 5, Mode::Full) } else { world.header(70, 5, Mode::Full) };
    let messages: Vec<Vec<u8>> =
        online.iter().map(|agent| world.message(*agent, &header, &data[*agent]).unwrap()).collect();
    let mut aggregator = cosmosmesh_privacy::mask::Aggregator::new(world.roster.clone(), header.clone());
    let responders = 0b1101;
    let request = before.as_ref().map(|before| {
        let promises = before.promises(&world.facilitator);
        aggregator.request_ahead(&promises, responders, &world.facilitator).unwrap()
    });
    messages.iter().for_each(|message| assert!(aggregator.accept(message, &world.facilitator).is_ok()));
    let request = request.unwrap_or_else(|| aggregator.request(responders, &world.facilitator).unwrap());
    let mut openings = Vec::new();
    for (g, (guardian, crypto)) in world.guardians.iter_mut().enumerate() {
        if responders >> g & 1 == 1 {
            let opening = guardian.answer(&request, &world.log, crypto).unwrap();
            aggregator.hear(&opening, &world.facilitator).unwrap();
            openings.push(hex(opening));
        }
    }
    let opened = aggregator.open(&world.facilitator).unwrap();
    let last_nonces = before.map(|before| before.nonces().map(hex).collect::<Vec<_>>());
    let terms = world.roster.terms();
    let mut value = json!({
        "roster": {
            "mission": hex(terms.mission),
            "epoch": terms.epoch,
            "committee": [committee.guardians(), committee.threshold(), committee.corrupt()],
            "contributors_min": terms.contributors_min,
            "churn_min": terms.churn_min,
            "word_bits": width.bits(),
            "bits_per_word": terms.bits_per_word,
            "words_max": terms.words_max,
            "agents": terms.agents.iter().map(hex).collect::<Vec<_>>(),
            "guardians": terms.guardians.iter().map(|g| json!([hex(g.node), hex(g.agreement)])).collect::<Vec<_>>(),
            "facilitators": terms.facilitators.iter().map(hex).collect::<Vec<_>>(),
            "hash": hex(world.roster.hash()),
        },
        "guardian_secrets": world.secrets.iter().map(hex).collect::<Vec<_>>(),
        "bundles": world.bundles.iter().map(hex).collect::<Vec<_>>(),
        "header": hex(header.bytes()),
        "header_hash": hex(header.hash()),
        "data": data.iter().map(|words| words.iter().map(|w| format!("{w:016x}")).collect::<Vec<_>>()).collect::<Vec<_>>(),
        "online": online,
        "masked_messages": messages.iter().map(hex).collect::<Vec<_>>(),
        "responders": responders,
        "assignment": committee.assignment(responders),
        "request": hex(request),
        "online_set_hash": hex(opened.set),
        "openings": openings,
        "sum": opened.words.iter().map(|w| format!("{w:016x}")).collect::<Vec<_>>(),
        "closing": hex(aggregator.closing(true).sign(&world.facilitator).unwrap()),
    });
    if let Some(last_nonces) = last_nonces {
        value["last_nonces"] = json!(last_nonces);
    }
    let expected = plain_sum(&data, &online, width);
    (value, opened, expected)
}

#[test]
fn the_frozen_vectors_of_the_masked_sum_stand() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol/vectors/masked-sum.json");
    let mut found = Vec::new();
    for (width, ahead) in [(WordWidth::Bits64, false), (WordWidth::Bits48, false), (WordWidth::Bits48, true)] {
        let (value, opened, expected) = round(width, ahead);
        assert_eq!(opened.words, expected);
        found.push(value);
    }
    let found = Value::Array(found);
    if std::env::var_os("COSMOSMESH_RENEW").is_some() {
        std::fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&found).unwrap())).unwrap();
    }
    let frozen: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(frozen.as_array().unwrap().len(), found.as_array().unwrap().len());
    for (frozen, found) in frozen.as_array().unwrap().iter().zip(found.as_array().unwrap()) {
        for (key, value) in found.as_object().unwrap() {
            assert_eq!(&frozen[key], value, "{key}");
        }
    }
}

/// The page once more, in Python, on other people's primitives.
#[test]
fn a_second_implementation_recomputes_the_vectors() {
    use std::process::{Command, Stdio};
    let python = std::env::var("COSMOSMESH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let there = Command::new(&python).args(["-c", "import blake3, cryptography"]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        println!(
            "skipped: {python} has not the packages blake3 and cryptography; `pip install blake3 cryptography`, or name a Python in COSMOSMESH_PYTHON"
        );
        return;
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = std::fs::File::open(here.join("../../docs/protocol/vectors/masked-sum.json")).unwrap();
    let script = here.join("tests/python/masked_sum.py");
    let output = Command::new(&python).arg(script).stdin(vectors).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.starts_with("3 rounds recomputed"), "{said}");
}
