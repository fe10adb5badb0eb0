//! What a fleet decides: who may, what follows, what is refused and why.

mod envelope;
mod expiry;
mod fold;
mod fork;
pub(crate) mod house;
mod root;
mod rotation;
mod rules;
mod securesystemslib;
mod vectors;
mod who;
