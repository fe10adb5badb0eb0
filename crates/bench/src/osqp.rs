//! OSQP on the assembled problem, in a process of its own, where Python has it; a peer that nothing depends on.

use std::io::Write;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::central::Assembled;

const PROGRAM: &str = include_str!("../peers/osqp_peer.py");

/// What OSQP found.
#[derive(Clone, Debug, Deserialize)]
pub struct Found {
    /// `optimal`, `infeasible`, `unbounded`, or OSQP's own words.
    pub status: String,
    /// The point, all assets' variables in a row.
    pub x: Vec<f64>,
    /// Iterations.
    pub iterations: u64,
    /// Milliseconds of each repetition, set-up included.
    pub walls: Vec<f64>,
}

/// OSQP's version, if this Python has it.
pub fn version(python: &str) -> Option<String> {
    let output = Command::new(python).args(["-c", PROGRAM, "--version"]).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Solves an assembled problem.
///
/// # Errors
/// What went wrong with the process, in words.
pub fn solve(python: &str, assembled: &Assembled, tolerance: f64, repetitions: usize) -> Result<Found, String> {
    let mut problem = assembled.to_json();
    problem["tolerance"] = tolerance.into();
    problem["repetitions"] = repetitions.into();
    let mut child = Command::new(python)
        .args(["-c", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{python}: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(problem.to_string().as_bytes()).map_err(|error| format!("{python}: {error}"))?;
    }
    let output = child.wait_with_output().map_err(|error| format!("{python}: {error}"))?;
    serde_json::from_slice(&output.stdout).map_err(|error| format!("OSQP's answer does not read: {error}"))
}
