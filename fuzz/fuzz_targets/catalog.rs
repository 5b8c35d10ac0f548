//! Any bytes are a manifest file, or are said to be none. Run with
//! `cargo +nightly fuzz run catalog corpus/catalog seeds/catalog` from the `fuzz` folder; what it finds becomes a seed, and the seeds are
//! replayed by `cargo test`.
#![no_main]
#![allow(dead_code, reason = "each target uses one of the functions")]

#[path = "../../src/fuzzed/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    targets::catalog(bytes);
});
