use cosmosmesh_simulator::scenario::{Scenario, ScenarioErrorKind};

use crate::edit::edited;

/// An edit of the testbed is refused at the line that contains `place`, with these words.
#[track_caller]
fn refused(old: &str, new: &str, place: &str, words: &[&str]) {
    refused_text(&edited("three-assets", &[(old, new)]), place, words);
}

#[track_caller]
fn refused_text(text: &str, place: &str, words: &[&str]) {
    let error = Scenario::parse("base.toml", text).expect_err("must be refused");
    let line = text.lines().position(|line| line.contains(place)).map_or(0, |k| k + 1);
    assert_eq!(error.line, line, "{error}");
    let message = error.to_string();
    assert!(message.starts_with("base.toml:"), "{message}");
    for word in words {
        assert!(message.contains(word), "{message:?} does not say {word:?}");
    }
}

const ROVER: &str = "class = \"radioisotope-rover\"";

fn rover_with(line: &str) -> String {
    format!("{ROVER}\n{line}")
}

#[test]
fn unknown_keys() {
    refused(ROVER, &rover_with("colour = \"red\""), "colour", &["unknown key `colour`", "[[asset]]", "remove it"]);
    refused("solve_ms = 500", "solve_mss = 500\nsolve_ms = 500", "solve_mss", &["did you mean `solve_ms`?"]);
    refused("name = \"three-assets\"", "name = \"three-assets\"\nversion = 3", "version", &["unknown key"]);
    // The rover has a generator; only solar vehicles have an array.
    refused(ROVER, &rover_with("array_m2 = 2.0"), "array_m2", &["unknown key `array_m2`"]);
}

#[test]
fn missing_units() {
    refused(ROVER, &rover_with("battery = 5"), "battery = 5", &["`battery` has no unit", "write `battery_wh`"]);
    refused("rate_bps = 256_000", "rate = 256_000", "rate = 256_000", &["write `rate_bps`"]);
    refused("start_s = 11_097", "start = 11_097", "start = 11_097", &["write `start_s`"]);
    refused(ROVER, &rover_with("memory = 5"), "memory = 5", &["write `memory_mbit`"]);
}

#[test]
fn missing_keys() {
    refused("latitude_deg = 18.4   # Jezero\n", "", "[site]", &["[site] has no `latitude_deg`", "add it"]);
    refused("id = \"rover\"\n", "", "[[asset]]", &["has no `id`"]);
}

#[test]
fn negative_capacities_and_numbers_out_of_range() {
    refused(ROVER, &rover_with("battery_wh = -2400"), "battery_wh = -2400", &["-2400", "cannot be negative"]);
    refused(ROVER, &rover_with("memory_mbit = -1.0"), "memory_mbit", &["cannot be negative"]);
    refused("loss_fraction = 0.01", "loss_fraction = 1.0", "loss_fraction = 1.0", &["between 0 and 0.9"]);
    refused("rate_bps = 256_000", "rate_bps = 0", "rate_bps = 0", &["between 1 and"]);
    // Such horizons would be followed step by step for minutes.
    let far = "between 0 and 60000000";
    refused("start_s = 11_097", "start_s = 3_200_000_000", "start_s = 3_200", &["3200000000", far]);
    refused("slot_count = 48", "slot_count = 48\nlength_s = 3_200_000_000", "length_s", &["between 0 and 9000000"]);
    refused("slot_count = 48", "slot_count = 0", "slot_count = 0", &["between 1 and 4096"]);
    refused("slot_count = 48", "slot_count = 99999999999999999999", "slot_count = 9", &["whole number"]);
    refused("battery_start_fraction = 0.70", "battery_start_fraction = 70", "= 70", &["between 0 and 1"]);
}

#[test]
fn what_is_not_a_number() {
    refused(ROVER, &rover_with("battery_wh = nan"), "nan", &["`battery_wh` is NaN", "finite"]);
    refused("optical_depth = 0.6", "optical_depth = inf", "inf", &["`optical_depth` is inf"]);
    refused("optical_depth = 0.6", "optical_depth = \"much\"", "much", &["must be a number"]);
    refused("delay_ms = 1\n", "delay_ms = 1.5\n", "delay_ms = 1.5", &["must be a whole number"]);
    refused("name = \"three-assets\"", "name = 3", "name = 3", &["must be a text"]);
}

#[test]
fn a_name_used_twice_names_both_lines() {
    let text = edited("three-assets", &[("id = \"drone\"", "id = \"rover\" # again")]);
    let first = text.lines().position(|line| line == "id = \"rover\"").unwrap() + 1;
    refused_text(&text, "# again", &["\"rover\" is already used", &format!("in line {first}"), "rename"]);
    let text = edited("three-assets", &[("name = \"odyssey/2\"", "name = \"odyssey/1\" # again")]);
    refused_text(&text, "# again", &["\"odyssey/1\" is already used"]);
}

#[test]
fn names_that_no_asset_has() {
    refused("facilitator = \"habitat\"", "facilitator = \"houston\"", "houston", &["no asset has this id"]);
    refused("[\"habitat\", \"rover\"]", "[\"habitat\", \"lander\"]", "lander", &["\"lander\"", "no asset"]);
    refused("id = \"drone\"", "id = \" drone\"", "\" drone\"", &["white space"]);
    refused(ROVER, "class = \"submarine\"", "submarine", &["choose one of", "solar-rover"]);
}

#[test]
fn the_habitat_facilitates_unless_told_otherwise() {
    let facilitator = |line: &str| {
        let text = edited("three-assets", &[("facilitator = \"habitat\"\n", line)]);
        Scenario::parse("base.toml", &text).unwrap().planning.facilitator
    };
    assert_eq!((facilitator(""), facilitator("facilitator = \"rover\"\n")), (2, 0));
}

#[test]
fn assets_out_of_reach() {
    let link = "[[link]]\nbetween = [\"habitat\", \"rover\"]\ndelay_ms = 1\nrate_bps = 256_000\nloss_fraction = 0.01\n";
    refused(link, "", "id = \"rover\"", &["no chain of links", "\"rover\"", "\"habitat\"", "add a [[link]]"]);
    // A link that opens only after the planning has to be over is none.
    let late = format!("{}windows_s = [[20_000, 30_000]]\n", link);
    refused(link, &late, "id = \"rover\"", &["no chain of links"]);
}

#[test]
fn links_passes_and_faults_that_contradict_themselves() {
    refused("[\"habitat\", \"rover\"]", "[\"rover\", \"rover\"]", "[\"rover\", \"rover\"]", &["to itself"]);
    refused("[\"habitat\", \"rover\"]", "[\"rover\"]", "[\"rover\"]", &["a link joins two"]);
    refused("rate_bps = 256_000", "rate_bps = 256_000\nopen = \"in_sight\"", "in_sight", &["needs an orbiter"]);
    refused("rate_bps = 256_000", "rate_bps = 256_000\nopen = \"often\"", "often", &["choose one of: always"]);
    refused("end_s = 25_880", "end_s = 25_000", "end_s = 25_000", &["not after its start"]);
    let fault = "\n[[fault]]\ncut = [\"rover\", \"drone\"]\nstart_s = 0\n";
    let text = edited("three-assets", &[]) + fault;
    refused_text(&text, "cut = ", &["without a [[link]]"]);
    let text = edited("three-assets", &[]) + &fault.replace("drone", "habitat") + "end_s = 0\n";
    refused_text(&text, "end_s = 0", &["not after its start"]);
}

#[test]
fn orbits_under_ground() {
    let text = edited("jezero-base", &[("periapsis_km = 180.0", "periapsis_km = -180.0")]);
    refused_text(&text, "-180.0", &["cannot be negative"]);
    let text = edited(
        "jezero-base",
        &[("periapsis_km = 180.0, apoapsis_km = 4500.0", "periapsis_km = 4500.0, apoapsis_km = 180.0")],
    );
    refused_text(&text, "apoapsis_km = 180.0", &["below the periapsis"]);
}

#[test]
fn files_that_are_no_scenarios() {
    refused("[horizon]", "[horizon", "[horizon", &["correct the TOML"]);
    let error = Scenario::parse("big.toml", &"#".repeat(2 << 20)).unwrap_err();
    assert!(matches!(error.kind, ScenarioErrorKind::TooLarge { .. }), "{error}");
    let empty = Scenario::parse("empty.toml", "").unwrap_err();
    assert!(matches!(empty.kind, ScenarioErrorKind::MissingKey { key: "name", .. }), "{empty}");
    let error = Scenario::load("jezero-bass").unwrap_err();
    assert!(error.to_string().contains("one of: jezero-base, three-assets"), "{error}");
}

#[test]
fn no_cut_of_a_scenario_makes_the_reader_panic() {
    let text = edited("jezero-base", &[]);
    for end in (0..text.len()).step_by(97).filter(|end| text.is_char_boundary(*end)) {
        // Whole prefixes may be scenarios of their own; none may panic.
        let _ = Scenario::parse("cut.toml", &text[..end]);
    }
}

#[test]
fn texts_cannot_command_a_terminal() {
    let escape = "name = \"\\u001b[31mred\"";
    refused("name = \"three-assets\"", escape, "name = ", &["control characters"]);
}
