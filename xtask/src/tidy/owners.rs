use std::collections::BTreeMap;

use super::package::{Kind, Package};

/// For each external crate, the folders of the crates that may need it; none for one that only tests may need.
pub(crate) type Owners = BTreeMap<String, Vec<String>>;

/// The heading of the table in docs/architecture.md that is read here, so that the rule and its text cannot part.
const HEADING: &str = "| external crate | sole owner |";

/// The table of owners as the document states it: names in backquotes on the left, folders in backquotes on the right.
pub(crate) fn table(document: &str) -> Result<Owners, String> {
    let mut lines = document.lines().skip_while(|line| line.trim() != HEADING);
    if lines.next().is_none() {
        return Err(format!("docs/architecture.md: the table of owners, headed `{HEADING}`, is missing"));
    }
    let mut owners = Owners::new();
    for line in lines.skip(1).take_while(|line| line.starts_with('|')) {
        let mut cells = line.trim_matches('|').split('|');
        let (left, right) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        for name in quoted(left) {
            owners.insert(name, quoted(right));
        }
    }
    Ok(owners)
}

fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Each external crate has its owners, and nobody else needs it; dev-dependencies are free, and so is what stands beside the house.
pub(crate) fn check(packages: &[Package], owners: &Owners) -> Vec<String> {
    let mut findings = Vec::new();
    for package in packages.iter().filter(|package| !package.outside) {
        for dependency in package.dependencies.iter().filter(|found| found.kind != Kind::Dev) {
            let name = &dependency.name;
            if packages.iter().any(|other| other.name == *name) {
                continue;
            }
            match owners.get(name) {
                None => findings.push(format!(
                    "{}: {name} has no owner; a new dependency is a design decision, so give it a row in docs/architecture.md",
                    package.folder
                )),
                Some(allowed) if !allowed.iter().any(|owner| owner == package.short_name()) => findings.push(format!(
                    "{}: {name} belongs to {}; ask its owner through a trait of contracts",
                    package.folder,
                    if allowed.is_empty() { "tests only".to_owned() } else { allowed.join(", ") }
                )),
                Some(_) => {}
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const DOCUMENT: &str = "# Text\n\n| external crate | sole owner |\n|---|---|\n| `faer` | `solver-core` |\n\
        | `serde`, `toml` | `contracts` (feature) and `simulator` |\n| `criterion` | dev-dependencies anywhere |\n\n| `x` | `y` |\n";

    fn check_one(folder: &str, outside: bool, dependency: &str, kind: Value, expected: &str) {
        let metadata = json!({"packages": [{
            "name": format!("cosmosmesh-{folder}"), "manifest_path": format!("/r/crates/{folder}/Cargo.toml"), "targets": [],
            "metadata": {"cosmosmesh": {"storey": 1, "outside": outside}},
            "dependencies": [{"name": dependency, "kind": kind, "optional": true}],
        }]});
        let packages = Package::all(&metadata, std::path::Path::new("/r"));
        let findings = check(&packages, &table(DOCUMENT).unwrap());
        assert_eq!(findings.len(), usize::from(!expected.is_empty()), "{findings:?}");
        assert!(findings.iter().all(|finding| finding.contains(expected)), "{findings:?}");
    }

    #[test]
    fn the_table_ends_where_it_ends() {
        let owners = table(DOCUMENT).unwrap();
        assert_eq!(owners.keys().collect::<Vec<_>>(), ["criterion", "faer", "serde", "toml"]);
        assert_eq!(owners["toml"], ["contracts", "simulator"]);
        assert!(owners["criterion"].is_empty());
        assert!(table("# Nothing").unwrap_err().contains("is missing"));
    }

    #[test]
    fn owners_may() {
        check_one("solver-core", false, "faer", Value::Null, "");
        check_one("simulator", false, "toml", Value::Null, "");
    }

    #[test]
    fn a_foreign_owner_is_caught_even_behind_a_feature_or_in_a_build_script() {
        check_one("adapters", false, "faer", Value::Null, "faer belongs to solver-core");
        check_one("adapters", false, "faer", json!("build"), "faer belongs to solver-core");
        check_one("adapters", false, "criterion", Value::Null, "criterion belongs to tests only");
    }

    #[test]
    fn tests_and_the_bench_are_free() {
        check_one("adapters", false, "faer", json!("dev"), "");
        check_one("bench", true, "faer", Value::Null, "");
    }

    #[test]
    fn an_unlisted_crate_is_caught() {
        check_one("adapters", false, "left-pad", Value::Null, "left-pad has no owner");
    }
}
