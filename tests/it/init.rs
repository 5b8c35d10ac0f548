//! `sluice init`: what it pairs and what it leaves, that what it writes is valid and moves, and that it never overwrites.

mod drafts;
mod foreign;
mod left;
mod pairs;
mod writes;

use std::path::Path;

use serde_json::Value;

use test_support::{Ran, run};

/// The proposal as JSON.
fn proposal(path: &Path) -> Value {
    run(path, &["init", "--format", "json"]).json()
}

/// `name: from → to (pipeline)` of every pair.
fn pairs(document: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let pairs = document["pairs"].as_array().unwrap().iter();
    pairs
        .map(|pair| {
            format!(
                "{}: {} → {} ({})",
                text(&pair["name"]),
                text(&pair["from"]["stage"]),
                text(&pair["to"]["stage"]),
                text(&pair["pipeline"])
            )
        })
        .collect()
}

/// `file:line why` of every service that is left out.
fn unpaired(document: &Value) -> Vec<String> {
    let unpaired = document["unpaired"].as_array().unwrap().iter();
    unpaired
        .map(|left| {
            format!(
                "{}:{} {}",
                left["file"].as_str().unwrap(),
                left["line"],
                left["why"].as_str().unwrap()
            )
        })
        .collect()
}

/// The paths of the proposed files.
fn files(document: &Value) -> Vec<&str> {
    let files = document["files"].as_array().unwrap().iter();
    files.map(|file| file["path"].as_str().unwrap()).collect()
}

/// The content of a proposed file.
#[track_caller]
fn content<'d>(document: &'d Value, path: &str) -> &'d str {
    let mut files = document["files"].as_array().unwrap().iter();
    let file = files.find(|file| file["path"] == path);
    file.unwrap_or_else(|| panic!("{path} is not in {document:#}"))["content"]
        .as_str()
        .unwrap()
}

/// A `ServiceDeployment`; `spec` is flow YAML.
fn service(name: &str, namespace: Option<&str>, spec: &str) -> String {
    let namespace = namespace.map_or_else(String::new, |text| format!(", namespace: {text}"));
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: {name}{namespace} }}\nspec: \
         {{ {spec} }}\n"
    )
}

/// A chart of this version, from the one place.
fn chart(version: &str) -> String {
    format!("helm: {{ url: https://charts.example.com, chart: app, version: {version} }}")
}

/// Writes the proposal, and asserts that the result is valid.
#[track_caller]
fn written(path: &Path) -> Ran {
    let ran = run(path, &["init", "--write"]).exits(0);
    run(path, &["validate"]).exits(0);
    ran
}
