//! Builds, checks and benchmarks.
fn main() {}
