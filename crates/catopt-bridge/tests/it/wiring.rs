//! The wiring as an ACSet, and solutions by name.

use std::process::Command;

use cosmosmesh_catopt_bridge::solution::Solution;
use cosmosmesh_catopt_bridge::{CatoptError, Diagram, acset, assemble};
use serde_json::Value;

use crate::fixture::{odd, suite};
use crate::world::{ANY, Seed, diagram};

/// Reads each file under the schema beside it and writes it again; prints whether the bytes are the same.
const ACSETS: &str = r#"
import json, sys, warnings
warnings.filterwarnings("ignore")
from acsets import ACSet, Schema
from acsets.acsets import CatlabSchema
for path in sys.argv[1:]:
    schema = Schema.from_catlab("wiring", CatlabSchema.parse_obj(json.load(open(path + ".schema.json"))))
    text = open(path).read()
    print(ACSet.read_json("wiring", schema, text).to_json_str() == text)
"#;

#[test]
fn acsets_reads_the_wiring_and_writes_the_same_bytes() {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let mut paths = Vec::new();
    let mut diagrams = vec![Diagram::of(&odd()).unwrap(), Diagram::of(&suite("strong-3-12-0")).unwrap()];
    diagrams.extend((0..8).map(|k| diagram(&mut Seed(k), "", ANY)));
    for (k, diagram) in diagrams.iter().enumerate() {
        let path = folder.join(format!("wiring-{k}.json"));
        std::fs::write(&path, acset::write(diagram)).unwrap();
        std::fs::write(folder.join(format!("wiring-{k}.json.schema.json")), acset::SCHEMA).unwrap();
        paths.push(path);
    }
    let probe = Command::new("python3").args(["-c", "import acsets"]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("skipped: python3 with the package acsets is not here");
        return;
    }
    let output = Command::new("python3").args(["-c", ACSETS]).args(&paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().collect::<Vec<_>>(), vec!["True"; paths.len()]);
}

/// The bytes that `acsets` 0.0.2 read and wrote again.
#[test]
fn a_wiring_has_these_bytes() {
    let expected = r#"{"Box":[{"_id":1,"name":"a b"},{"_id":2,"name":"ä"}],"Port":[{"_id":1,"box":1,"junction":1,"port_name":"bus[0]"},{"_id":2,"box":1,"junction":2,"port_name":"bus 0"},{"_id":3,"box":1,"junction":3,"port_name":"cost"}],"OuterPort":[],"Junction":[{"_id":1,"variable":"bus[0]"},{"_id":2,"variable":"bus 0"},{"_id":3,"variable":"cost"}]}"#;
    assert_eq!(acset::write(&Diagram::of(&odd()).unwrap()), expected);
    assert!(!acset::losses(&Diagram::of(&odd()).unwrap()).is_empty());
    let schema: Value = serde_json::from_str(acset::SCHEMA).unwrap();
    assert_eq!(schema["Ob"].as_array().unwrap().len(), 4);
}

#[test]
fn ids_count_from_one_and_homs_stay_inside() {
    for k in 0..64 {
        let made = diagram(&mut Seed(k), "", ANY);
        let value: Value = serde_json::from_str(&acset::write(&made)).unwrap();
        let count = |table: &str| value[table].as_array().unwrap().len() as u64;
        for table in ["Box", "Port", "OuterPort", "Junction"] {
            for (row, part) in value[table].as_array().unwrap().iter().enumerate() {
                assert_eq!(part["_id"], row as u64 + 1);
                for (hom, target) in [("box", "Box"), ("junction", "Junction"), ("outer_junction", "Junction")] {
                    assert!(part.get(hom).is_none_or(|at| (1..=count(target)).contains(&at.as_u64().unwrap())));
                }
            }
        }
        assert_eq!(count("Port"), made.wires().len() as u64);
    }
}

#[test]
fn a_solution_comes_back_by_name_from_json_and_csv() {
    let program = assemble(&odd()).unwrap().program;
    let n = program.local.variable_count();
    let x: Vec<f64> = (0..n).map(|j| j as f64 + 0.1).collect();
    let y: Vec<f64> = (0..program.local.row_count()).map(|i| -(i as f64) / 3.0).collect();
    let solution = Solution::of(&program, &x, &y).unwrap();
    for text in [solution.write_json(), solution.write_csv()] {
        let mut again = Solution::read(&text).unwrap();
        assert_eq!(again.onto(&program).unwrap(), (x.clone(), Some(y.clone())));
        // By name: the order is nobody's concern.
        again.columns.reverse();
        again.rows.reverse();
        assert_eq!(again.onto(&program).unwrap(), (x.clone(), Some(y.clone())));
        let row = again.rows.pop().unwrap();
        assert_eq!(again.onto(&program).unwrap().1.unwrap()[0], 0.0, "{}", row.name);
        again.columns.pop();
        assert!(again.onto(&program).unwrap_err().to_string().contains("has no value"));
    }
    let bare = Solution::of(&program, &x, &[]).unwrap();
    assert_eq!(Solution::read(&bare.write_csv()).unwrap().onto(&program).unwrap().1, None);
}

#[test]
fn the_two_sides_of_a_row_are_added_up() {
    let program = crate::fixture::tricky().program;
    let text = "kind,name,value,dual\ncolumn,rover-1/power.x_0,0.3,\ncolumn,rover-1/power.x1,0.7,\ncolumn,rover-1/power.x2,1,\n\
                row,sum,1,2.9\nrow,rover-1/power.between#lo,-0.7,0.25\nrow,rover-1/power.between#hi,-0.7,-1\n";
    let (x, y) = Solution::read(text).unwrap().onto(&program).unwrap();
    assert_eq!((x, y), (vec![0.3, 0.7, 1.0], Some(vec![2.9, -0.75])));
}

/// Who solved the LP file has its names and no others.
#[test]
fn a_solution_of_the_lp_file_is_understood() {
    let program = crate::fixture::tricky().program;
    let text = "kind,name,value,dual\ncolumn,one,1,\ncolumn,x0,0.3,\ncolumn,x2,1,\ncolumn,x1,0.7,\n\
                row,r0,1,2.9\nrow,r1lo,-0.7,0.25\nrow,r1hi,-0.7,-1\n";
    let (x, y) = Solution::read(text).unwrap().onto(&program).unwrap();
    assert_eq!((x, y), (vec![0.3, 0.7, 1.0], Some(vec![2.9, -0.75])));
    for (from, to, part) in [
        ("x2", "x3", "no column `x3`"),
        ("r0", "r2", "no row `r2`"),
        ("r0", "sum", "no row `sum`"),
        ("x2", "x1", "column `x1` comes twice"),
        ("x2", "rover-1/power.x2", "no column `one`"),
        ("x2", "x99999999999999999999", "no column `one`"),
    ] {
        let error = Solution::read(&text.replace(from, to)).unwrap().onto(&program).unwrap_err();
        assert!(error.to_string().contains(part), "no `{part}` in: {error}");
    }
}

#[test]
fn a_damaged_solution_is_refused_with_its_line() {
    for (text, part) in [
        ("", "the first line must be"),
        ("kind,name,value,dual\ncolumn,x\n", "line 2: 2 cells"),
        ("kind,name,value,dual\n\ncolumn,x,nan,\n", "line 3: `nan` is not a finite number"),
        ("kind,name,value,dual\ncolumn,x,,\n", "column `x` has no value"),
        ("kind,name,value,dual\ncost,x,1,\n", "`cost` is neither column nor row"),
        ("kind,name,value,dual\ncolumn,\"x,1,\n", "a quote is not closed"),
        ("{\"format\":\"x\"}", "missing field"),
    ] {
        let error = Solution::read(text).unwrap_err();
        assert!(
            matches!(error, CatoptError::Text { .. }) && error.to_string().contains(part),
            "no `{part}` in: {error}"
        );
    }
    let program = crate::fixture::tricky().program;
    let solution = Solution::read("kind,name,value,dual\ncolumn,stranger,1,\n").unwrap();
    assert!(solution.onto(&program).unwrap_err().to_string().contains("no column `stranger`"));
}
