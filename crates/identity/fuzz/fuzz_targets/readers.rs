#![no_main]
//! Whatever bytes arrive, no reader of identity panics; the readers are those that `cargo test` replays the corpus with.

#[path = "../../tests/it/readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    readers::read_all(bytes);
});
