use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use serde_json::Value;

/// Why a verb did not do its work, and the exit code that says so.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) code: u8,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// What a verb returns.
pub(crate) type Done = Result<(), Failure>;

/// The root of the workspace this command was started in.
pub(crate) fn root() -> PathBuf {
    // `cargo run` sets the variable for the running checkout; the compiled-in value may be another clone's.
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// One cargo invocation at the root, without incremental state, which only fills the disk in a pipeline.
pub(crate) struct Cargo {
    command: Command,
    shown: String,
}

impl Cargo {
    pub(crate) fn new<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        // What `cargo run` has set for xtask itself must not reach the build scripts of others.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        command.current_dir(root()).env("CARGO_INCREMENTAL", "0").stdin(Stdio::null());
        Self { command, shown: "cargo".into() }.args(arguments)
    }

    #[must_use]
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        for argument in arguments {
            self.shown.push(' ');
            self.shown.push_str(&argument.as_ref().to_string_lossy());
            self.command.arg(argument);
        }
        self
    }

    #[must_use]
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.shown = format!("{name}=\"{value}\" {}", self.shown);
        self.command.env(name, value);
        self
    }

    /// Runs it with its output on the terminal.
    pub(crate) fn run(mut self) -> Done {
        println!("$ {}", self.shown);
        let status = self.command.status()?;
        self.verdict(status)
    }

    /// Runs it with its errors on the terminal, and hands each line of its output to `line` as well as printing it.
    pub(crate) fn run_lines(mut self, mut line: impl FnMut(&str)) -> Done {
        println!("$ {}", self.shown);
        let mut child = self.command.stdout(Stdio::piped()).spawn()?;
        if let Some(output) = child.stdout.take() {
            for text in BufReader::new(output).split(b'\n') {
                let text = String::from_utf8_lossy(&text?).into_owned();
                println!("{text}");
                line(&text);
            }
        }
        let status = child.wait()?;
        self.verdict(status)
    }

    /// Runs it with its errors on the terminal, and returns its output.
    pub(crate) fn output(mut self) -> Result<String, Failure> {
        let output = self.command.stderr(Stdio::inherit()).output()?;
        self.verdict(output.status)?;
        self.text(output.stdout)
    }

    /// The same for a program whose exit code is part of its answer.
    pub(crate) fn output_and_code(mut self) -> Result<(String, Option<i32>), Failure> {
        let output = self.command.stderr(Stdio::inherit()).output()?;
        Ok((self.text(output.stdout)?, output.status.code()))
    }

    fn text(&self, bytes: Vec<u8>) -> Result<String, Failure> {
        String::from_utf8(bytes).map_err(|error| Failure::new(format!("{}: {error}", self.shown)))
    }

    /// Whether it runs and succeeds, quietly: how an optional tool is looked for.
    pub(crate) fn succeeds(mut self) -> bool {
        self.command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    fn verdict(&self, status: ExitStatus) -> Done {
        if status.success() {
            return Ok(());
        }
        let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
        Err(Failure { message: format!("`{}` failed: {status}", self.shown), code })
    }
}

/// The workspace as `cargo metadata` sees it, without the dependencies' own packages.
pub(crate) fn metadata() -> Result<Value, Failure> {
    let text = Cargo::new(["metadata", "--format-version", "1", "--no-deps"]).output()?;
    serde_json::from_str(&text).map_err(|error| Failure::new(format!("cargo metadata is not JSON: {error}")))
}

/// A list inside a JSON value; empty if there is none.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// A text inside a JSON value; empty if there is none.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
