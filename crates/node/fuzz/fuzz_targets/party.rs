#![no_main]
//! Whatever bytes arrive, from whomever, no party of planning rounds panics; the parties are those that `cargo test` replays the corpus with.

#[path = "../../tests/it/listeners.rs"]
mod listeners;
#[path = "../../tests/it/world.rs"]
mod world;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    listeners::with(|listeners| listeners.hear(bytes));
});
