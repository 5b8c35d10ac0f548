//! Pipelines with thousands of stages: what is said of each stage does not grow with the number of stages.

use std::fmt::Write as _;

use serde_json::Value;

use test_support::{folder, run};

/// A pipeline whose stages lead from each to the next, and from the last to the first.
fn ring(stages: usize) -> String {
    let mut text = String::from(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: { name: ring }\nspec:\n  stages:\n",
    );
    for stage in 0..stages {
        writeln!(text, "  - {{ name: s{stage}, services: [] }}").unwrap();
    }
    text.push_str("  edges:\n");
    for stage in 0..stages {
        writeln!(
            text,
            "  - {{ from: s{stage}, to: s{} }}",
            (stage + 1) % stages
        )
        .unwrap();
    }
    text
}

fn plan_of_ring(stages: usize) -> String {
    let dir = folder(&[("ring.yaml", &ring(stages))]);
    run(dir.path(), &["plan", "--format", "json"]).out
}

#[test]
fn a_ring_of_thousands_of_stages_is_said_in_a_few_names() {
    let plan: Value = serde_json::from_str(&plan_of_ring(3_000)).unwrap();
    let findings = plan["findings"].as_array().unwrap();
    let cycle = findings.iter().find(|finding| finding["code"] == "cycle");
    assert_eq!(
        cycle.unwrap()["message"],
        "the edges form a cycle: s0 → s1 → s2 → s3 → s4 → and 2995 more → s0"
    );
}

#[test]
fn the_plan_of_a_stopped_pipeline_grows_with_its_stages() {
    let (small, large) = (plan_of_ring(2_000).len(), plan_of_ring(4_000).len());
    assert!(
        small > 100_000 && large * 10 <= small * 22,
        "{small} bytes for 2,000 stages, {large} for 4,000"
    );
}
