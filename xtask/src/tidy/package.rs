use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cargo::{list, text};

/// What the rules need to know of one package of the workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// The folder from the root: `crates/contracts`.
    pub(crate) folder: String,
    /// The text of its manifest.
    pub(crate) manifest: String,
    pub(crate) storey: Option<u64>,
    /// Beside the house: the bench and xtask.
    pub(crate) outside: bool,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
}

/// One line under a manifest's dependencies.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
}

/// Under which heading a dependency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Build,
    Dev,
}

/// One thing that cargo builds from a package.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) kind: String,
    /// The path from the package's folder: `src/lib.rs`.
    pub(crate) path: String,
}

impl Package {
    /// The packages of the workspace from cargo's metadata.
    pub(crate) fn all(metadata: &Value, root: &Path) -> Vec<Self> {
        list(metadata, "packages").iter().map(|package| Self::from_metadata(package, root)).collect()
    }

    pub(crate) fn from_metadata(package: &Value, root: &Path) -> Self {
        let manifest_path = Path::new(text(package, "manifest_path"));
        let folder = manifest_path.parent().unwrap_or(root);
        let ours = &package["metadata"]["cosmosmesh"];
        Self {
            name: text(package, "name").to_owned(),
            folder: relative(folder, root),
            manifest: fs::read_to_string(manifest_path).unwrap_or_default(),
            storey: ours["storey"].as_u64(),
            outside: ours["outside"] == true,
            dependencies: list(package, "dependencies").iter().map(dependency).collect(),
            targets: list(package, "targets").iter().map(|found| target(found, folder)).collect(),
        }
    }

    /// The folder's own name: `contracts`.
    pub(crate) fn short_name(&self) -> &str {
        self.folder.rsplit('/').next().unwrap_or(&self.folder)
    }

    /// The target of this kind, if there is one.
    pub(crate) fn target(&self, kind: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.kind == kind)
    }
}

fn dependency(found: &Value) -> Dependency {
    let kind = match text(found, "kind") {
        "dev" => Kind::Dev,
        "build" => Kind::Build,
        _ => Kind::Normal,
    };
    Dependency { name: text(found, "name").to_owned(), kind, optional: found["optional"] == true }
}

fn target(found: &Value, folder: &Path) -> Target {
    let kind = list(found, "kind").first().and_then(Value::as_str).unwrap_or_default();
    Target { kind: kind.to_owned(), path: relative(Path::new(text(found, "src_path")), folder) }
}

fn relative(path: &Path, base: &Path) -> String {
    path.strip_prefix(base).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
