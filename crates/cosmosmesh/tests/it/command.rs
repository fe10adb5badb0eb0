//! Running the built binary, and the small files it is given.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

/// What one run came to.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The end of a process as text; a panic fails the test whatever the code is.
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let run =
            Self { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) };
        assert!(!run.stderr.contains("panicked"), "the program panicked:\n{}", run.stderr);
        run
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in:\n{}\n{}", self.stdout, self.stderr))
    }
}

/// The built binary.
pub(crate) fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_cosmosmesh"))
}

/// Runs the binary with these arguments.
pub(crate) fn run(arguments: &[&str]) -> Run {
    Run::of(binary().args(arguments).output().unwrap())
}

/// A path of a problem that comes with the tests.
pub(crate) fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name).to_str().unwrap().to_owned()
}

/// A path for a file of one test; `name` is unique among the tests.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("it");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// Writes a file for one test and returns its path.
pub(crate) fn written(name: &str, text: &str) -> String {
    let path = scratch(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Three assets that each want 2 units of a task; the bus carries 3 in all.
pub(crate) fn tiny() -> Value {
    let asset = |id: &str| {
        json!({
            "id": id,
            "variables": { "names": ["task", "spare"], "lower": [0.0, 0.0], "upper": [5.0, 5.0] },
            "objective": { "P": [[0, 0, 1.0], [1, 1, 1.0]], "q": [-2.0, 0.0], "c": 2.0 },
            "rows": { "names": ["sum"], "A": [[0, 0, 1.0], [0, 1, 1.0]], "lower": [null], "upper": [4.0] },
            "coupling": [[0, 0, 1.0]]
        })
    };
    json!({
        "format": "cosmosmesh.fleet/1",
        "name": "tiny",
        "coupling": { "names": ["bus"], "lower": [null], "upper": [3.0] },
        "agents": [asset("rover"), asset("drone"), asset("habitat")]
    })
}
