//! Any bytes are read as a YAML file or refused, and every edit of it that is made keeps its promises. Run with
//! `cargo +nightly fuzz run yaml_edit corpus seeds/yaml_edit` from the `fuzz` folder; what it finds becomes a seed, and
//! the seeds are replayed by `cargo test`.
#![no_main]

#[path = "../../crates/sluice-yaml/tests/it/support/invariants.rs"]
mod invariants;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    invariants::check(bytes);
});
