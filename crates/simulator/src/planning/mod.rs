//! The rounds as they happen: a facilitator and the assets, each a process of its own that knows nothing but the bytes it receives.
//!
//! ```text
//! facilitator ── round query ──► every asset         collects answers, holds nothing but their running sum
//! facilitator ◄── contribution ── every asset        after its computing time
//! facilitator ── round result ──► every asset        when the rounds are over
//! facilitator ◄── "plan activated" ── every asset    it holds the plan: reductions count from here on
//! facilitator ── "plan activated" ──► every asset    everybody holds it: growth counts from here on
//! ```

mod asset;
mod driver;
mod facilitator;
mod running_sum;

pub(crate) use driver::{Planned, plan};
