//! docs/policy.md is what the policy's types say of themselves.

use std::fs;

use sluice::policy::{DEFAULT_PATH, document, parse};

use test_support::fixture;

#[test]
fn docs_policy_md_is_written_from_the_types() {
    let example = fs::read_to_string(fixture("company").join(DEFAULT_PATH)).unwrap();
    let written = document(&example);
    let path = test_support::root("docs/policy.md");
    if std::env::var_os("SLUICE_WRITE_DOCS").is_some() {
        fs::write(&path, &written).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == written,
        "docs/policy.md is not what the types say. Write it anew:\nSLUICE_WRITE_DOCS=1 cargo test --test it docs_policy_md"
    );
}

#[test]
fn the_example_at_its_top_is_a_policy() {
    let example = fs::read_to_string(fixture("company").join(DEFAULT_PATH)).unwrap();
    let text = document(&example);
    let first = text.split("```yaml\n").nth(1).unwrap();
    let first = first.split("```").next().unwrap();
    assert!(first.starts_with("version: 1\npeople:\n"), "{first}");
    let policy = parse(&DEFAULT_PATH.into(), first.as_bytes()).unwrap();
    assert!(policy.gates.iter().count() > 3);
}

#[test]
fn its_links_lead_somewhere() {
    let docs = test_support::root("docs");
    let text = fs::read_to_string(docs.join("policy.md")).unwrap();
    let headings: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let words = line.trim_start_matches(['#', ' ']).to_lowercase();
            words.replace('`', "").replace(' ', "-")
        })
        .collect();
    let mut links = 0;
    for link in text.split("](").skip(1) {
        let target = link.split(')').next().unwrap();
        links += 1;
        match target.strip_prefix('#') {
            Some(anchor) => assert!(headings.iter().any(|one| one == anchor), "{target}"),
            None => assert!(docs.join(target).exists(), "{target}"),
        }
    }
    assert!(links > 5);
}
