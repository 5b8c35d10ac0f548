//! Who may write to GitHub: only what was given a `Writer`, and only run options that may write, or `doctor --live`, make one.

use super::sources;

/// The files in which one of these words appears as a whole word, outside of comments and unit tests.
fn files_with(words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (module, file, code) in sources() {
        // The policy's `Writer` is another one, of a document: that module may not use the forge.
        if ["fuzzed", "policy"].contains(&module.as_str()) {
            continue;
        }
        let code = code.split("#[cfg(test)]").next().unwrap();
        let named = words.iter().any(|word| {
            code.match_indices(word).any(|(at, _)| {
                let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let before = code[..at].chars().next_back();
                let after = code[at + word.len()..].chars().next();
                !before.is_some_and(part) && !after.is_some_and(part)
            })
        });
        if named {
            found.push(file.display().to_string());
        }
    }
    found
}

#[test]
fn only_acts_and_what_they_call_take_the_writer() {
    // The guard writes one status, after all acts; `request.rs` makes the writer of a run, `live.rs` that of a scratch repository.
    let others = [
        "commands/doctor/live.rs",
        "execute/delivery.rs",
        "forge.rs",
        "reconcile/guard.rs",
        "reconcile/request.rs",
    ];
    let wrong: Vec<String> = files_with(&["Writer"])
        .into_iter()
        .filter(|file| {
            !file.starts_with("forge/")
                && !file.starts_with("reconcile/act/")
                && !others.contains(&file.as_str())
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_writer_is_made_only_by_run_options_and_for_a_scratch_repository() {
    assert_eq!(
        files_with(&["Writer::new"]),
        ["commands/doctor/live.rs", "reconcile/request.rs"]
    );
}

#[test]
fn a_request_that_writes_is_made_only_by_the_writer() {
    assert_eq!(
        files_with(&["Kind::Write", "Kind::ResetSuccess"]),
        ["forge/wire.rs", "forge/writer.rs"]
    );
}
