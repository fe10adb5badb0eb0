use super::package::{Kind, Package};

/// Arrows point downwards only: a crate may need crates of lower storeys, never of its own or a higher one.
///
/// Dev-dependencies are excepted, since they are not there for a user; nothing of the house may need what stands beside it, in any way.
pub(crate) fn check(packages: &[Package]) -> Vec<String> {
    let mut findings = Vec::new();
    for from in packages {
        match (from.storey, from.outside) {
            (None, false) => findings
                .push(format!("{}: states no storey; add `[package.metadata.cosmosmesh] storey = N`", from.folder)),
            (Some(_), true) => {
                findings.push(format!("{}: is either on a storey or outside the house, not both", from.folder));
            }
            _ => {}
        }
        for dependency in &from.dependencies {
            let Some(to) = packages.iter().find(|package| package.name == dependency.name) else { continue };
            if from.name == "xtask" {
                findings.push(format!("{}: depends on {}; it spawns things and links none", from.folder, to.name));
            } else if from.outside {
                continue;
            } else if to.outside {
                findings.push(format!("{}: depends on {}, which stands beside the house", from.folder, to.name));
            } else if dependency.kind != Kind::Dev
                && let (Some(a), Some(b)) = (from.storey, to.storey)
                && b >= a
            {
                let way = if a == b { "sideways" } else { "up" };
                findings.push(format!(
                    "{}: the arrow to {} runs {way}, from storey {a} to storey {b}; meet in a higher crate instead",
                    from.folder, to.name
                ));
            }
        }
        if from.storey == Some(0)
            && let Some(needed) = from.dependencies.iter().find(|found| found.kind == Kind::Normal && !found.optional)
        {
            findings.push(format!("{}: storey 0 requires {}; put it behind a feature", from.folder, needed.name));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::tidy::package::Package;

    /// One package: its name, what `package.metadata.cosmosmesh` says, its dependencies with their kind.
    type Drawn<'a> = (&'a str, Value, &'a [(&'a str, Value)]);

    /// A workspace in the form of cargo's metadata.
    fn workspace(packages: &[Drawn<'_>]) -> Vec<Package> {
        let package = |(name, ours, needs): &Drawn<'_>| {
            let needs: Vec<Value> =
                needs.iter().map(|(name, kind)| json!({"name": name, "kind": kind, "optional": false})).collect();
            json!({"name": name, "manifest_path": format!("/r/crates/{name}/Cargo.toml"), "targets": [],
                   "metadata": {"cosmosmesh": ours}, "dependencies": needs})
        };
        let packages: Vec<Value> = packages.iter().map(package).collect();
        Package::all(&json!({ "packages": packages }), std::path::Path::new("/r"))
    }

    fn check_one(packages: &[Drawn<'_>], expected: &str) {
        let findings = check(&workspace(packages));
        assert_eq!(findings.len(), usize::from(!expected.is_empty()), "{findings:?}");
        assert!(findings.iter().all(|finding| finding.contains(expected)), "{findings:?}");
    }

    #[test]
    fn arrows_down_are_free() {
        check_one(
            &[
                ("contracts", json!({"storey": 0}), &[]),
                ("solver", json!({"storey": 1}), &[("contracts", Value::Null)]),
                ("node", json!({"storey": 2}), &[("solver", Value::Null), ("contracts", json!("build"))]),
            ],
            "",
        );
    }

    #[test]
    fn an_upward_arrow_is_caught() {
        check_one(
            &[
                ("contracts", json!({"storey": 0}), &[("solver", json!("build"))]),
                ("solver", json!({"storey": 1}), &[]),
            ],
            "the arrow to solver runs up, from storey 0 to storey 1",
        );
    }

    #[test]
    fn a_sideways_arrow_is_caught_unless_it_is_for_tests() {
        let solver: Drawn<'_> = ("solver", json!({"storey": 1}), &[]);
        check_one(&[solver.clone(), ("adapters", json!({"storey": 1}), &[("solver", Value::Null)])], "runs sideways");
        check_one(&[solver, ("adapters", json!({"storey": 1}), &[("solver", json!("dev"))])], "");
    }

    #[test]
    fn storey_nought_requires_nothing() {
        check_one(&[("contracts", json!({"storey": 0}), &[("serde", Value::Null)])], "storey 0 requires serde");
    }

    #[test]
    fn nothing_leans_on_what_stands_beside_the_house() {
        let bench: Drawn<'_> = ("bench", json!({"outside": true}), &[("solver", Value::Null)]);
        let solver: Drawn<'_> = ("solver", json!({"storey": 1}), &[("bench", json!("dev"))]);
        check_one(&[bench, solver], "depends on bench, which stands beside the house");
    }

    #[test]
    fn xtask_links_nothing_of_the_house() {
        let xtask: Drawn<'_> = ("xtask", json!({"outside": true}), &[("contracts", Value::Null)]);
        check_one(&[xtask, ("contracts", json!({"storey": 0}), &[])], "it spawns things and links none");
    }

    #[test]
    fn a_crate_without_a_storey_is_caught() {
        check_one(&[("stray", Value::Null, &[])], "states no storey");
    }
}
