//! The seeds of the fuzz targets are replayed, and changed a little at random: cargo-fuzz needs a compiler that the tests do not.

mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// This many changed seeds are tried for each target; `SLUICE_FUZZ` gives another number.
const TRIES: usize = 400;
/// What is changed grows no longer than this.
const MAX_BYTES: usize = 20_000;

const PIECES: [&str; 24] = [
    "deployments.plural.sh/v1alpha1",
    "apiVersion: ",
    "kind: Pipeline\n",
    "kind: Secret\n",
    "metadata: {name: a}\n",
    "---\n",
    "=====\n",
    "<<: *a\n",
    "&a ",
    "*a",
    "? ",
    "{",
    "}",
    "[",
    "]",
    "null",
    "\"",
    "\r\n",
    "\u{2028}",
    "\u{feff}",
    "{{ x }}",
    "- ",
    "1e999",
    "!!binary ",
];

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }

    /// A part of the bytes, of whole lines half of the time.
    fn part<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        if self.below(2) == 0 {
            let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            return lines
                .get(self.below(lines.len()))
                .copied()
                .unwrap_or_default();
        }
        let start = self.below(bytes.len());
        let end = start + self.below(60).min(bytes.len() - start);
        &bytes[start..end]
    }

    fn change(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len() + 1);
            match self.below(7) {
                0 => bytes.truncate(at),
                1 => {
                    let end = (at + self.below(30)).min(bytes.len());
                    bytes.drain(at..end);
                }
                2 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                3 => {
                    let piece = PIECES[self.below(PIECES.len())];
                    bytes.splice(at..at, piece.bytes());
                }
                4 => {
                    let other = &seeds[self.below(seeds.len())];
                    let part = self.part(other).to_vec();
                    bytes.splice(at..at, part);
                }
                5 => {
                    let part = self.part(&bytes).to_vec();
                    bytes.splice(at..at, part);
                }
                // Many of one thing.
                _ => {
                    let part = self.part(&bytes).repeat(1 + self.below(100));
                    bytes.splice(at..at, part);
                }
            }
            bytes.truncate(MAX_BYTES);
        }
        bytes
    }
}

fn try_out(name: &str, target: fn(&[u8]), bytes: &[u8]) {
    let tried = catch_unwind(AssertUnwindSafe(|| target(bytes)));
    if tried.is_err() {
        let place = std::env::temp_dir().join(format!("sluice-{name}.found"));
        fs::write(&place, bytes).unwrap();
        panic!(
            "{name}: the input is in {}:\n{}",
            place.display(),
            String::from_utf8_lossy(bytes)
        );
    }
}

fn replay(name: &str, target: fn(&[u8]), seed: u64) {
    let folder = test_support::root("fuzz/seeds").join(name);
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let seeds: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(seeds.len() >= 8, "{name}: only {} seeds", seeds.len());
    for bytes in &seeds {
        try_out(name, target, bytes);
    }
    let tries = std::env::var("SLUICE_FUZZ")
        .ok()
        .and_then(|tries| tries.parse().ok());
    let mut random = Random(seed ^ if tries.is_some() { 77 } else { 0 });
    for _ in 0..tries.unwrap_or(TRIES) {
        try_out(name, target, &random.change(&seeds));
    }
}

#[test]
fn any_manifest_file_is_read_or_refused() {
    replay("catalog", targets::catalog, 1);
}

#[test]
fn any_two_versions_of_a_file_get_a_verdict() {
    replay("guard", targets::guard, 2);
}

#[test]
fn any_policy_is_read_or_refused() {
    replay("policy", targets::policy, 3);
}

#[test]
fn any_event_is_read() {
    replay("event", targets::event, 4);
}

#[test]
fn any_answer_of_github_is_understood_or_an_error() {
    replay("answer", targets::answer, 5);
}
