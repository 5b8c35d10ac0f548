//! Golden files: `FOLDER/FIXTURE.KIND.snap`, one for each fixture and each kind of looking at it.

use std::path::Path;

use crate::workspace::{fixture_names, names_in};

/// Compares a text with the golden file of a fixture. `INSTA_UPDATE=always` writes it instead.
pub fn holds(folder: &Path, fixture: &str, kind: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("{fixture}.{kind}"), text));
}

/// Asserts that the folder has the golden files of all fixtures and these kinds, and no others.
#[track_caller]
pub fn holds_no_others(folder: &Path, kinds: &[&str]) {
    let files = |name: &String| -> Vec<String> {
        let files = kinds.iter().map(|kind| format!("{name}.{kind}.snap"));
        files.collect()
    };
    let mut wanted: Vec<String> = fixture_names().iter().flat_map(files).collect();
    wanted.sort();
    assert_eq!(names_in(folder), wanted);
}
