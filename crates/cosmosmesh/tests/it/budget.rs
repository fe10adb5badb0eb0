//! `solve --epsilon`: what it plans, what it pays, what it refuses.

use serde_json::{Value, json};

use crate::command::{data, run, scratch, tiny, written};

/// `count` assets of the tiny fleet, whose bus carries half of what they want.
fn many(count: usize) -> Value {
    let mut fleet = tiny();
    let agents: Vec<Value> = (0..count)
        .map(|k| {
            let mut agent = fleet["agents"][0].clone();
            agent["id"] = json!(format!("asset-{k}"));
            agent
        })
        .collect();
    fleet["agents"] = json!(agents);
    fleet["coupling"]["upper"] = json!([count as f64]);
    fleet
}

#[test]
fn a_plan_under_a_budget_meets_every_row_and_says_what_it_cost() {
    let path = written("budget-many.json", &many(150).to_string());
    let plan = run(&[
        "solve",
        &path,
        "--epsilon",
        "300",
        "--delta",
        "1e-6",
        "--clip",
        "2",
        "--rounds-max",
        "32",
        "--confidence",
        "0.999999",
        "--json",
    ]);
    assert_eq!(plan.code, 3, "{}", plan.stderr);
    let result = plan.json();
    assert_eq!(
        (&result["status"], &result["plan"], &result["sum"]),
        (&json!("round_limit"), &json!("safe"), &json!("noisy"))
    );
    assert_eq!(result["coupling_violation"].as_f64(), Some(0.0));
    assert!(result["dual_bound"].is_null() && result["gap_relative"].is_null());
    let privacy = &result["extensions"]["privacy"];
    // Each asset gets one of the two units it wants: the optimum is half a unit each.
    let optimum = privacy["in_the_clear"]["optimum"].as_f64().unwrap();
    assert!((optimum - 75.0).abs() < 0.1, "{optimum}");
    let dearer = privacy["in_the_clear"]["cost_relative"].as_f64().unwrap();
    assert!((0.0..0.5).contains(&dearer), "{dearer}");
    let accounts = privacy["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 150);
    for account in accounts {
        let (spent, left) = (account["epsilon_spent"].as_f64().unwrap(), account["epsilon_left"].as_f64().unwrap());
        assert!(spent <= 300.0 && (spent + left - 300.0).abs() < 1e-3 && left < 0.1, "{account}");
        assert_eq!(account["releases"], 32);
    }
    let row = &privacy["rows"][0];
    assert_eq!((&row["row"], &row["clip"]), (&json!("bus"), &json!(2.0)));
    assert!(row["margin"].as_f64().unwrap() > row["deviation"].as_f64().unwrap());
    assert!(result["extensions"]["stopped"].as_str().unwrap().contains("budget"));
}

#[test]
fn a_budget_in_a_file_lasts_for_the_plans_it_was_made_for() {
    let path = written("budget-lasting.json", &many(40).to_string());
    let ledger = scratch("budget-lasting.sqlite");
    let _ = std::fs::remove_file(&ledger);
    let ledger = ledger.to_str().unwrap();
    let solve = |epsilon: &str| {
        run(&[
            "solve",
            &path,
            "--epsilon",
            epsilon,
            "--delta",
            "1e-6",
            "--plans",
            "2",
            "--rounds-max",
            "4",
            "--budget",
            ledger,
        ])
    };
    for releases in ["4", "8"] {
        let plan = solve("400");
        assert_eq!(plan.code, 3, "{}", plan.stderr);
        assert!(plan.stdout.contains("privacy budget of") && plan.stdout.contains(releases), "{}", plan.stdout);
    }
    let refused = solve("400");
    assert_eq!(refused.code, 64, "{}", refused.stdout);
    assert!(
        refused.stderr.contains("asset-0") && refused.stderr.contains("nothing was released"),
        "{}",
        refused.stderr
    );
    let refused = solve("500");
    assert_eq!(refused.code, 64);
    assert!(refused.stderr.contains("granted once"), "{}", refused.stderr);
}

/// The page shows the budget of every asset, what each round took of it, and what the noise takes of each row; nothing on it comes from elsewhere.
#[test]
fn the_page_draws_the_budget() {
    let path = written("budget-drawn.json", &many(40).to_string());
    let folder = scratch("budget-page");
    let folder = folder.to_str().unwrap();
    let budget = ["--epsilon", "400", "--delta", "1e-6", "--rounds-max", "8", "--report", folder];
    let plan = run(&[&["solve", &path], &budget[..]].concat());
    assert!(plan.stdout.contains("report.html"), "{}", plan.stdout);
    let read = |name: &str| std::fs::read_to_string(std::path::Path::new(folder).join(name)).unwrap();
    let result: Value = serde_json::from_str(&read("result.json")).unwrap();
    let course = result["extensions"]["privacy"]["epsilon_by_round"].as_array().unwrap().clone();
    let course: Vec<f64> = course.iter().filter_map(Value::as_f64).collect();
    assert!(course.len() == 8 && course.windows(2).all(|pair| pair[0] < pair[1]), "{course:?}");
    let page = read("report.html");
    for expected in ["Spent, round by round", "budget-assets", "asset-0 and 39 more", "noise takes of each", "masked; "]
    {
        assert!(page.contains(expected), "`{expected}` is not on the page");
    }
    let page = page.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http://", "https://", "<script", "<link", "@import", "url(", "NaN", "inf<"] {
        assert!(!page.contains(outside), "the page must not contain {outside}");
    }
    let open = data("strong-3-12-0.json");
    let plan = run(&["solve", &open, "--sum", "plain", "--report", folder]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    let page = read("report.html");
    assert!(
        page.contains("added up in the open") && page.contains("convergence-round") && !page.contains("budget-assets")
    );
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_spent() {
    let check = |arguments: &[&str], file: &str, expected: &[&str]| {
        let refused = run(&[&["solve", file], arguments].concat());
        assert_eq!(refused.code, 64, "{}{}", refused.stdout, refused.stderr);
        for expected in expected {
            assert!(refused.stderr.contains(expected), "`{expected}` is not in: {}", refused.stderr);
        }
    };
    let few = data("strong-3-12-0.json");
    check(
        &["--epsilon", "1", "--delta", "1e-6"],
        &few,
        &["fleet row `bus[0]`", "nothing was spent", "epsilon of about"],
    );
    check(&["--epsilon", "1"], &few, &["--delta"]);
    check(&["--delta", "1e-6"], &few, &["--epsilon"]);
    check(&["--clip", "2"], &few, &["--epsilon"]);
    check(&["--epsilon", "-1", "--delta", "1e-6"], &few, &[]);
    check(&["--epsilon", "1", "--delta", "2"], &few, &["a delta of 2"]);
    let mut fleet = many(40);
    fleet["coupling"]["upper"] = json!([0.0]);
    let zero = written("budget-zero.json", &fleet.to_string());
    check(&["--epsilon", "1", "--delta", "1e-6"], &zero, &["`bus`", "no limit but zero"]);
    let mut fleet = many(40);
    fleet["coupling"]["lower"] = json!([40.0]);
    let equal = written("budget-equal.json", &fleet.to_string());
    check(&["--epsilon", "400", "--delta", "1e-6"], &equal, &["`bus`", "wider limit"]);
    let mut fleet = many(40);
    fleet["agents"][7]["variables"]["lower"] = json!([4.0, 0.0]);
    let large = written("budget-large.json", &fleet.to_string());
    check(&["--epsilon", "400", "--delta", "1e-6", "--clip", "2"], &large, &["asset-7", "raise --clip"]);
    let two = written("budget-two.json", &many(2).to_string());
    check(&["--epsilon", "400", "--delta", "1e-6"], &two, &["at least three"]);
}

/// Rows that give an asset away are named before planning, by every verb that plans.
#[test]
fn rows_that_reveal_an_asset_are_named() {
    let mut fleet = tiny();
    fleet["agents"][2]["coupling"] = json!([]);
    let path = written("support-two.json", &fleet.to_string());
    let solved = run(&["solve", &path, "--sum", "plain"]);
    assert!(solved.stderr.contains("`bus`") && solved.stderr.contains("two assets only"), "{}", solved.stderr);
    let checked = run(&["validate", &path]);
    assert!(checked.stdout.contains("`bus`") && checked.stdout.contains("two assets only"), "{}", checked.stdout);
}
