#![no_main]
//! Whatever bytes a budget's ledger holds, its reader does not panic, and what it takes is what it would have written.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = cosmosmesh_privacy::budget::decode_record(bytes);
});
