use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::cargo::{Cargo, Done, Failure, metadata, root, text};

/// Where the generated schemas are committed.
const SCHEMAS: &str = "docs/protocol/schemas";

/// Writes the JSON Schemas that the contracts' types imply, or checks that the committed ones are those.
pub(crate) fn run(check: bool) -> Done {
    let committed = root().join(SCHEMAS);
    if !check {
        return generate(&committed);
    }
    let fresh = Path::new(text(&metadata()?, "target_directory")).join("codegen");
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    generate(&fresh)?;
    let differing = differences(&files(&committed)?, &files(&fresh)?);
    for line in &differing {
        println!("{SCHEMAS}/{line}");
    }
    if differing.is_empty() {
        return Ok(());
    }
    Err(Failure::new("the committed schemas are not the generated ones; run `cargo xtask codegen` and commit"))
}

fn generate(folder: &Path) -> Done {
    fs::create_dir_all(folder)?;
    for (package, example) in [("cosmosmesh-contracts", "schemas"), ("cosmosmesh-catopt-bridge", "catopt_schema")] {
        let run = ["run", "--quiet", "--package", package, "--example", example];
        Cargo::new(run).args(["--features", "schema", "--"]).args([folder]).run()?;
    }
    Ok(())
}

fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut found = BTreeMap::new();
    if folder.exists() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                found.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
            }
        }
    }
    Ok(found)
}

fn differences(committed: &BTreeMap<String, Vec<u8>>, fresh: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, bytes) in fresh {
        match committed.get(name) {
            None => found.push(format!("{name}: not committed")),
            Some(old) if old != bytes => found.push(format!("{name}: differs")),
            Some(_) => {}
        }
    }
    // Prose beside the schemas is not generated and not compared.
    let stale = |name: &&String| name.ends_with(".json") && !fresh.contains_key(*name);
    found.extend(committed.keys().filter(stale).map(|name| format!("{name}: no longer generated")));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_differing_and_stale_files_are_named() {
        let set = |names: &[(&str, &str)]| {
            names.iter().map(|(name, body)| ((*name).to_owned(), body.as_bytes().to_vec())).collect::<BTreeMap<_, _>>()
        };
        let committed = set(&[("a.json", "1"), ("b.json", "old"), ("gone.json", "1"), ("README.md", "prose")]);
        let fresh = set(&[("a.json", "1"), ("b.json", "new"), ("c.json", "1")]);
        let expected = ["b.json: differs", "c.json: not committed", "gone.json: no longer generated"];
        assert_eq!(differences(&committed, &fresh), expected);
        assert!(differences(&fresh, &fresh).is_empty());
    }
}
