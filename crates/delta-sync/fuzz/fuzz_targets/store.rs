#![no_main]
#[path = "../judge.rs"]
#[allow(dead_code, reason = "each target judges one decoder")]
mod judge;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    judge::store(bytes, &cosmosmesh_crypto::Blake3);
});
