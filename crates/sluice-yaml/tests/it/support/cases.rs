//! The cases of `fixtures/yaml`: one folder each, with `before.yaml`, `edit.json`, and either `after.yaml` or `refused.txt`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sluice_yaml::FieldPath;
use sluice_yaml::edit::{Edit, Expect, Form, Identity, Note};

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

/// The folder of the workspace, from within any of its packages.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = here.ancestors();
    let top = folders.find(|folder| folder.join("Cargo.lock").is_file());
    top.unwrap_or(here).to_owned()
}

/// The folders of all cases.
pub(crate) fn cases() -> Vec<PathBuf> {
    let folder = root().join("fixtures/yaml");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    cases
}

/// The edits of a case.
pub(crate) fn edits_of(case: &Path) -> Vec<Edit> {
    let cases: Vec<Case> = serde_json::from_slice(&fs::read(case.join("edit.json")).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    cases.into_iter().map(Edit::from).collect()
}
