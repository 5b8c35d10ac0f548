//! Who may import whom, and who may look at the clock: docs/architecture.md as a test.

mod circles;
mod size;
mod writers;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// What each module may use of the crate besides itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &["yaml"]),
    ("catalog", &["model", "yaml"]),
    ("policy", &["model", "yaml"]),
    ("workflow", &["model", "yaml"]),
    ("copy", &["model", "yaml"]),
    ("graph", &["model"]),
    ("doctor", &["model"]),
    ("init", &["model", "yaml", "catalog", "report"]),
    ("plan", &["model", "yaml", "copy", "graph"]),
    (
        "checks",
        &["model", "yaml", "catalog", "policy", "copy", "graph"],
    ),
    ("repo", &["model"]),
    (
        "gather",
        &["model", "yaml", "catalog", "copy", "forge", "repo"],
    ),
    ("forge", &["model"]),
    ("execute", &["model", "yaml", "repo", "forge", "gather"]),
    ("report", &["model"]),
    ("render", &["model", "yaml", "report"]),
    ("board", &["model", "report"]),
    ("runner", &["model", "report"]),
    ("error", &["repo", "execute", "forge"]),
    ("cli", &[]),
    (
        "evaluation",
        &[
            "model", "yaml", "catalog", "policy", "copy", "plan", "checks", "gather", "repo",
            "report", "error",
        ],
    ),
    (
        "session",
        &[
            "model", "catalog", "cli", "error", "forge", "gather", "repo", "runner",
        ],
    ),
    (
        "reconcile",
        &[
            "model",
            "catalog",
            "error",
            "evaluation",
            "execute",
            "forge",
            "gather",
            "plan",
            "policy",
            "render",
            "repo",
            "report",
            "session",
        ],
    ),
    (
        "commands",
        &[
            "board",
            "model",
            "yaml",
            "copy",
            "catalog",
            "policy",
            "graph",
            "plan",
            "checks",
            "gather",
            "repo",
            "report",
            "error",
            "cli",
            "doctor",
            "execute",
            "forge",
            "evaluation",
            "init",
            "reconcile",
            "record",
            "render",
            "runner",
            "session",
            "workflow",
        ],
    ),
    (
        "step",
        &[
            "model",
            "cli",
            "commands",
            "error",
            "forge",
            "reconcile",
            "render",
            "report",
            "runner",
            "session",
        ],
    ),
    (
        "process",
        &["cli", "commands", "error", "report", "runner", "step"],
    ),
];

/// Module, file and code of the program.
fn sources() -> Vec<(String, PathBuf, String)> {
    let found = sources_in("src");
    assert!(found.len() > 50, "the sources were not found");
    found
}

fn sources_in(folder: &str) -> Vec<(String, PathBuf, String)> {
    let root = test_support::root(folder);
    let mut open = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let inside = path.strip_prefix(&root).unwrap().to_path_buf();
                let first = inside
                    .components()
                    .next()
                    .unwrap()
                    .as_os_str()
                    .to_string_lossy();
                let module = first.trim_end_matches(".rs").to_owned();
                let code: String = fs::read_to_string(&path)
                    .unwrap()
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .map(|line| format!("{line}\n"))
                    .collect();
                found.push((module, inside, code));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_module_uses_only_what_it_may() {
    let may_use: BTreeMap<&str, BTreeSet<&str>> = MAY_USE
        .iter()
        .map(|(module, others)| (*module, others.iter().copied().collect()))
        .collect();
    let mut wrong = Vec::new();
    for (module, file, code) in sources() {
        if matches!(module.as_str(), "main" | "lib" | "fuzzed") {
            continue;
        }
        let Some(allowed) = may_use.get(module.as_str()) else {
            wrong.push(format!(
                "{}: the module {module} stands in no rule",
                file.display()
            ));
            continue;
        };
        for (at, _) in code.match_indices("crate::") {
            let used: String = code[at + "crate::".len()..]
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            if used != module && !allowed.contains(used.as_str()) {
                wrong.push(format!("{}: {module} must not use {used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_edge_reads_the_clock_or_the_environment() {
    let mut wrong = Vec::new();
    for (module, file, code) in sources() {
        if ["commands", "step", "process", "fuzzed"].contains(&module.as_str()) {
            continue;
        }
        // Code in a test module may do as it likes.
        let code = code.split("#[cfg(test)]").next().unwrap();
        for forbidden in [
            "Timestamp::now",
            "SystemTime::now",
            "Instant::now",
            "Zoned::now",
            "env::var",
            "env::args",
        ] {
            if code.contains(forbidden) {
                wrong.push(format!("{}: {forbidden}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_planner_does_no_io_and_names_no_parser() {
    for (module, file, code) in sources() {
        if ["plan", "copy", "graph", "model", "doctor", "init"].contains(&module.as_str()) {
            for forbidden in [
                "std::fs",
                "std::io",
                "std::process",
                "git2",
                "tokio",
                "granit_parser",
                "serde_yaml",
            ] {
                assert!(!code.contains(forbidden), "{}: {forbidden}", file.display());
            }
        }
    }
}

#[test]
fn the_editor_reads_no_clock_and_names_the_span_parser_in_one_module() {
    let sources = sources_in("crates/sluice-yaml/src");
    assert!(sources.len() > 20, "the sources were not found");
    for (module, file, code) in sources {
        for forbidden in ["std::fs", "std::env", "Instant::", "SystemTime::"] {
            assert!(!code.contains(forbidden), "{}: {forbidden}", file.display());
        }
        let names_it = code.contains("granit_parser");
        assert!(!names_it || module == "syntax", "{}", file.display());
    }
}
