#![no_main]
#[path = "../bodies.rs"]
#[allow(dead_code, reason = "each target judges one reader")]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    bodies::fleet(bytes);
});
