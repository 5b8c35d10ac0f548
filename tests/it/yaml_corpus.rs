//! The corpus of single edits: `fixtures/yaml/<case>/` holds `before.yaml`, `edit.json`, and either `after.yaml`, the
//! outcome byte for byte, or `refused.txt`, the exact message.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sluice::yaml::FieldPath;
use sluice::yaml::edit::{Edit, Expect, Form, Identity, Note, apply};

/// One element of `edit.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What the object's fields must be: a text, `{"prefix": …}`, or null for absent.
    #[serde(default)]
    object: BTreeMap<FieldPath, Option<Field>>,
    path: FieldPath,
    value: String,
    /// Written without quotes, as what it is.
    #[serde(default)]
    bare: bool,
    #[serde(default)]
    note: NoteCase,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Field {
    Equals(String),
    Prefix { prefix: String },
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum NoteCase {
    #[default]
    Keep,
    Set(String),
    Remove,
}

impl From<Case> for Edit {
    fn from(case: Case) -> Self {
        let expect = |field| match field {
            Some(Field::Equals(text)) => Expect::Equals(text),
            Some(Field::Prefix { prefix }) => Expect::Prefix(prefix),
            None => Expect::Absent,
        };
        let fields = case
            .object
            .into_iter()
            .map(|(path, field)| (path, expect(field)));
        Self {
            object: Identity {
                fields: fields.collect(),
            },
            path: case.path,
            value: case.value,
            form: match case.bare {
                true => Form::Bare,
                false => Form::Text,
            },
            note: match case.note {
                NoteCase::Keep => Note::Keep,
                NoteCase::Set(name) => Note::Set(name),
                NoteCase::Remove => Note::Remove,
            },
        }
    }
}

/// The folders of all cases.
pub fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/yaml");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    cases
}

/// The edits of a case.
pub fn edits_of(case: &Path) -> Vec<Edit> {
    let cases: Vec<Case> = serde_json::from_slice(&fs::read(case.join("edit.json")).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    cases.into_iter().map(Edit::from).collect()
}

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
