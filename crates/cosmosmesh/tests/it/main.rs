//! The command from outside: what it prints, what it writes, how it exits.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]
#![allow(clippy::print_stdout, reason = "a skipped test says why")]

mod bad_input;
mod budget;
mod catopt;
mod catopt_highs;
mod cert;
mod command;
mod govern;
mod help;
mod identity;
mod outputs;
mod readme;
mod simulate;
mod solve;
mod sync;
mod validate;
