#![no_main]
//! Whatever bytes arrive, no reader of the masked sum panics; the readers are those that `cargo test` replays the corpus with.

#[path = "../../tests/it/world.rs"]
mod world;
#[path = "../../tests/it/readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    readers::with(|readers| readers.read_all(bytes));
});
