//! docs/security.md names the test that holds each defence: every test that it names is there.

use std::collections::BTreeMap;
use test_support::read;

/// `file.rs::name` between backticks.
fn named(text: &str) -> Vec<(String, String)> {
    text.split('`')
        .filter_map(|code| code.split_once(".rs::"))
        .map(|(file, name)| (format!("{file}.rs"), name.to_owned()))
        .collect()
}

fn rows(text: &str) -> BTreeMap<u32, String> {
    text.lines()
        .filter_map(|line| {
            let (number, _) = line.strip_prefix("| A")?.split_once(' ')?;
            Some((number.parse().ok()?, line.to_owned()))
        })
        .collect()
}

#[test]
fn every_attack_has_its_row_with_a_test_or_the_reason_for_having_none() {
    let rows = rows(&read("docs/security.md"));
    assert_eq!(
        rows.keys().copied().collect::<Vec<_>>(),
        (1..=47).collect::<Vec<_>>()
    );
    for (number, row) in rows {
        let said = row.contains("out of reach: ") || row.contains("not built: ");
        assert!(said || !named(&row).is_empty(), "A{number}: {row}");
    }
}

#[test]
fn every_test_that_the_document_names_is_there() {
    let named = named(&read("docs/security.md"));
    assert!(named.len() > 60);
    let missing: Vec<String> = named
        .into_iter()
        .filter(|(file, name)| {
            let text = read(file);
            let at = text.find(&format!("fn {name}("));
            // A helper is not a test: a test has its attribute right above it.
            let is_test = |at: usize| {
                let above = text[..at].trim_end_matches("async ").trim_end();
                above.ends_with("test]") || above.contains("proptest! {")
            };
            !at.is_some_and(is_test)
        })
        .map(|(file, name)| format!("{file}::{name}"))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
