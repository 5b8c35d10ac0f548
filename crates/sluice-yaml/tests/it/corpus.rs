//! The corpus of single edits: `fixtures/yaml/<case>/` holds `before.yaml`, `edit.json`, and either `after.yaml`, the
//! outcome byte for byte, or `refused.txt`, the exact message.

use std::fs;
use std::path::Path;

use sluice_yaml::edit::apply;

use crate::support::cases::{cases, edits_of};

/// What differs from the case's expectation, if anything does.
fn failure(case: &Path) -> Option<String> {
    let before = fs::read(case.join("before.yaml")).unwrap();
    let edits = edits_of(case);
    let result = apply(&before, &edits);
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).escape_debug().to_string();
    match (fs::read(case.join("after.yaml")), result) {
        (Ok(after), Ok(edited)) => {
            if edited.bytes != after {
                return Some(format!(
                    "expected {}\n     got {}",
                    shown(&after),
                    shown(&edited.bytes)
                ));
            }
            if edited.changed.is_empty() != (before == after) {
                return Some(format!("the changed places are {:?}", edited.changed));
            }
            if edited.lines.len() != edits.len() {
                return Some(format!(
                    "{} lines for {} edits",
                    edited.lines.len(),
                    edits.len()
                ));
            }
            let again = apply(&after, &edits);
            match again {
                Ok(again) if again.bytes == after && again.changed.is_empty() => None,
                other => Some(format!("made again: {other:?}")),
            }
        }
        (Ok(after), Err(error)) => Some(format!("expected {}\n refused {error}", shown(&after))),
        (Err(_), result) => {
            let expected = fs::read_to_string(case.join("refused.txt")).unwrap();
            match result {
                Ok(edited) => Some(format!(
                    "expected {expected}     got {}",
                    shown(&edited.bytes)
                )),
                Err(error) if format!("{error}\n") == expected => None,
                Err(error) => Some(format!("expected {expected}     got {error}")),
            }
        }
    }
}

#[test]
fn every_case_of_the_corpus_comes_out_byte_for_byte() {
    let cases = cases();
    assert!(cases.len() >= 150, "only {} cases", cases.len());
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let name = case.file_name().unwrap().to_string_lossy().into_owned();
            failure(case).map(|failure| format!("{name}:\n{failure}\n"))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases fail\n\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}
