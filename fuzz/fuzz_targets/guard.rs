//! Any two versions of a file, with a line `=====` between them, get a verdict. Run with
//! `cargo +nightly fuzz run guard corpus/guard seeds/guard` from the `fuzz` folder; what it finds becomes a seed, and the seeds are
//! replayed by `cargo test`.
#![no_main]
#![allow(dead_code, reason = "each target uses one of the functions")]

#[path = "../../src/fuzzed/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    targets::guard(bytes);
});
