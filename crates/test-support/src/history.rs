//! The document of `sluice history --format json`.

use std::path::Path;

use serde_json::Value;

use crate::program::{Ran, run};

/// `sluice history --format json` with more arguments.
pub fn history(path: &Path, more: &[&str]) -> Ran {
    let mut arguments = vec!["history", "--format", "json"];
    arguments.extend(more);
    run(path, &arguments)
}

/// The commits of the landings, newest first.
pub fn commits(document: &Value) -> Vec<String> {
    let landings = document["landings"].as_array().unwrap();
    let text = |landing: &Value| landing["commit"].as_str().unwrap().to_owned();
    landings.iter().map(text).collect()
}

/// Each deviation as `kind commit: name path: old → new, …`; a secret shows `secret`.
pub fn deviations(document: &Value) -> Vec<String> {
    let found = document["verified"]["deviations"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let one = |change: &Value| {
        let values = match change["secret"].as_bool().unwrap() {
            true => "secret".to_owned(),
            false => format!("{} → {}", text(&change["old"]), text(&change["new"])),
        };
        format!(
            "{} {}: {values}",
            text(&change["name"]),
            text(&change["path"])
        )
    };
    found
        .iter()
        .map(|deviation| {
            let changes: Vec<String> = deviation["changes"]
                .as_array()
                .unwrap()
                .iter()
                .map(one)
                .collect();
            let commit = &text(&deviation["commit"])[..7];
            let line = format!(
                "{} {commit}: {}",
                text(&deviation["kind"]),
                changes.join(", ")
            );
            line.trim_end().to_owned()
        })
        .collect()
}
