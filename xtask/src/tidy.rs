//! The rules that a machine can check. Each rule is a pure function from what was read to a list of findings.

mod arrows;
mod documents;
mod links;
mod owners;
mod package;
mod shape;
mod source;
mod weight;

use std::fs;
use std::path::Path;

use crate::cargo::{Done, Failure, metadata, root};
use package::Package;

/// A file of the repository: its path from the root with forward slashes, and its text.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Checks every rule, prints every finding, and fails if there is one.
pub(crate) fn run() -> Done {
    let root = root();
    let packages = Package::all(&metadata()?, &root);
    let (files, heavy) = read(&root)?;
    let document = |path: &str| files.iter().find(|file| file.path == path).map_or("", |file| file.text.as_str());

    let mut findings = heavy;
    findings.extend(arrows::check(&packages));
    match owners::table(document("docs/architecture.md")) {
        Ok(table) => findings.extend(owners::check(&packages, &table)),
        Err(finding) => findings.push(finding),
    }
    findings.extend(shape::check(&packages, document));
    for file in &files {
        findings.extend(source::check(file));
        findings.extend(documents::check(file));
    }
    findings.extend(links::check(&files, |path| root.join(path).exists()));

    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy: {} packages, {} files, nothing to say", packages.len(), files.len());
            Ok(())
        }
        count => Err(Failure::new(format!("tidy has {count} findings"))),
    }
}

/// Every text file that is or could be committed, in a fixed order, and what is said of those, text or not, that are too heavy.
fn read(root: &Path) -> Result<(Vec<File>, Vec<String>), Failure> {
    let (mut files, mut heavy) = (Vec::new(), Vec::new());
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let hidden = name.starts_with('.') && ![".github", ".ci", ".cargo"].contains(&name.as_str());
            if hidden || name == "target" || name == "out" || name == "Cargo.lock" {
                continue;
            }
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let path = entry.path();
                let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                heavy.extend(weight::check(&relative, entry.metadata()?.len()));
                if let Ok(text) = fs::read_to_string(&path) {
                    files.push(File { path: relative, text });
                }
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    heavy.sort();
    Ok((files, heavy))
}
