//! `cosmosmesh.result/1`: what is read, what is written, what is refused.

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::file::{
    AgentResult, FileError, ResultFile, ResultFormat, SumKind, read_fleet, read_result, write_result,
};
use cosmosmesh_contracts::plan::{PlanKind, Status};
use serde_json::{Value, json};

pub(crate) fn valid() -> ResultFile {
    let agent = |id: &str, x: &[f64]| AgentResult { id: AssetId::new(id).unwrap(), x: x.to_vec() };
    ResultFile {
        format: ResultFormat::V1,
        problem: "two assets".to_owned(),
        variant: "admm".to_owned(),
        status: Status::RoundLimit,
        rounds: 31,
        objective: Some(-1.0 / 3.0),
        dual_bound: Some(-0.5),
        gap_relative: Some(0.1),
        coupling_violation: Some(0.0),
        prices: vec![0.25, -1e-300],
        agents: vec![agent("rover", &[0.1, 5e-324]), agent("drone", &[-0.0])],
        bytes_up_per_agent: 1_000,
        bytes_down_per_agent: 2_000,
        wall_ms: 12.5,
        sum: SumKind::Plain,
        plan: Some(PlanKind::Safe),
        conflict: None,
        extensions: serde_json::Map::from_iter([("safe_round".to_owned(), json!({"first": 4}))]),
    }
}

#[track_caller]
fn refused(value: &Value, words: &[&str]) {
    let message = read_result(value.to_string().as_bytes()).expect_err("must be refused").to_string();
    for word in words.iter().chain(&["; "]) {
        assert!(message.contains(word), "`{word}` is not in: {message}");
    }
}

#[test]
fn what_is_written_is_read() {
    let text = write_result(&valid()).unwrap();
    assert_eq!(read_result(text.as_bytes()).unwrap(), valid());
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&value["status"], &value["sum"], &value["plan"]),
        (&json!("round_limit"), &json!("plain"), &json!("safe"))
    );
    assert!(value.get("conflict").is_none(), "an absent list has no key");
}

#[test]
fn infinite_figures_become_null() {
    let mut result = valid();
    result.dual_bound = Some(f64::NEG_INFINITY);
    result.gap_relative = Some(f64::NAN);
    result.objective = None;
    let text = write_result(&result).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    for key in ["dual_bound", "gap_relative", "objective"] {
        assert_eq!(value.get(key), Some(&Value::Null), "{key}");
    }
    let read = read_result(text.as_bytes()).unwrap();
    assert_eq!((read.dual_bound, read.gap_relative, read.objective), (None, None, None));
}

#[test]
fn a_result_without_a_plan() {
    let mut result = valid();
    (result.status, result.plan, result.agents) = (Status::Infeasible, None, Vec::new());
    result.conflict = Some(vec![0.5, 0.0]);
    assert_eq!(read_result(write_result(&result).unwrap().as_bytes()).unwrap(), result);
    result.conflict = Some(vec![0.5]);
    let error = write_result(&result).unwrap_err();
    assert!(error.to_string().starts_with("conflict: has 1 entries where 2"), "{error}");
}

#[test]
fn plans_that_are_no_numbers_are_not_written() {
    let mut result = valid();
    result.agents[1].x[0] = f64::NAN;
    let error = write_result(&result).unwrap_err();
    assert!(error.to_string().starts_with("agents[1].x[0]: NaN is not a finite number"), "{error}");
    let mut result = valid();
    result.prices[1] = f64::INFINITY;
    assert!(matches!(write_result(&result), Err(FileError::Content(e)) if e.place == "prices[1]"));
    let mut result = valid();
    result.wall_ms = f64::NAN;
    assert!(matches!(write_result(&result), Err(FileError::Content(e)) if e.place == "wall_ms"));
}

#[test]
fn malformed_results_are_refused_with_their_place() {
    let value: Value = serde_json::from_str(&write_result(&valid()).unwrap()).unwrap();
    for key in value.as_object().unwrap().keys().filter(|key| !["plan", "extensions"].contains(&key.as_str())) {
        let mut changed = value.clone();
        changed.as_object_mut().unwrap().remove(key);
        refused(&changed, &[&format!("missing field `{key}`"), "add it"]);
    }
    for (pointer, bad, words) in [
        ("/format", json!("cosmosmesh.result/2"), vec!["format", "cosmosmesh.result/2"]),
        ("/status", json!("splendid"), vec!["status", "splendid", "round_limit"]),
        ("/sum", json!("clear"), vec!["sum", "clear", "masked"]),
        ("/rounds", json!(-1), vec!["rounds", "-1"]),
        ("/rounds", json!(1.5), vec!["rounds", "1.5"]),
        ("/bytes_up_per_agent", json!(1e3), vec!["bytes_up_per_agent"]),
        ("/prices/1", json!(null), vec!["prices[1]", "a finite number"]),
        ("/agents/1/x/0", json!("a"), vec!["agents[1].x[0]", "a finite number"]),
        ("/agents/1/id", json!("rover"), vec!["agents[1].id", "rover"]),
        ("/agents/1/id", json!(" "), vec!["agents[1].id", "white space"]),
        ("/agents/1", json!(["a", []]), vec!["agents[1]", "an object"]),
        ("/extensions", json!([]), vec!["extensions"]),
        ("/plan", json!(null), vec!["plan"]),
    ] {
        let mut changed = value.clone();
        *changed.pointer_mut(pointer).unwrap() = bad;
        refused(&changed, &words);
    }
    let mut changed = value.clone();
    changed["colour"] = json!(1);
    refused(&changed, &["unknown field `colour`"]);
    let mut changed = value;
    changed["agents"][0]["colour"] = json!(1);
    refused(&changed, &["unknown field `colour`", "agents[0]"]);
}

#[test]
fn a_result_knows_whether_it_fits_a_fleet() {
    let fleet = |ids: [&str; 2], names: &[&str]| {
        let agents: Vec<Value> = ids
            .iter()
            .zip([2, 1])
            .map(|(id, n)| {
                let coupling: Vec<Value> = (0..names.len()).map(|row| json!([row, 0, 1])).collect();
                json!({"id": id, "variables": {"names": vec!["v"; n], "lower": vec![0; n], "upper": vec![1; n]},
                    "objective": {"P": [], "q": vec![0; n]}, "coupling": coupling,
                    "rows": {"names": [], "A": [], "lower": [], "upper": []}})
            })
            .collect();
        let open = vec![Value::Null; names.len()];
        let coupling = json!({"names": names, "lower": open, "upper": open});
        let document = json!({"format": "cosmosmesh.fleet/1", "name": "f", "coupling": coupling, "agents": agents});
        read_fleet(document.to_string().as_bytes()).unwrap()
    };
    let message = |ids, names: &[&str]| valid().check_fits(&fleet(ids, names)).unwrap_err().to_string();
    assert_eq!(valid().check_fits(&fleet(["rover", "drone"], &["a", "b"])), Ok(()));
    assert!(message(["rover", "drone"], &["a"]).starts_with("prices: has 2 entries where 1"));
    assert!(
        message(["rover", "habitat"], &["a", "b"])
            .contains("agents[1].id: `drone` stands where the fleet has `habitat`")
    );
    let mut shorter = valid();
    shorter.agents[0].x.pop();
    let error = shorter.check_fits(&fleet(["rover", "drone"], &["a", "b"])).unwrap_err();
    assert!(error.to_string().starts_with("agents[0].x: has 1 entries where 2"), "{error}");
}
