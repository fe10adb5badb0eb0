//! The primitives against somebody else's vectors and somebody else's implementation.

mod blake3;
mod edges;
mod provider;
mod wycheproof;
