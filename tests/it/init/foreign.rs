//! Names are foreign text: in YAML they come back as they were, and on a terminal they do nothing.

use proptest::prelude::*;

use super::{content, proposal};
use test_support::{folder, run};

/// A pair whose name, namespaces and configuration key are these, written as JSON strings.
fn tree(name: &str, namespace: &str, key: &str) -> tempfile::TempDir {
    let quoted = |text: String| serde_json::to_string(&text).unwrap();
    let one = |environment: &str, version: &str| {
        format!(
            "{{\"apiVersion\": \"deployments.plural.sh/v1alpha1\", \"kind\": \"ServiceDeployment\", \"metadata\": {{\"name\": {}, \
             \"namespace\": {}}}, \"spec\": {{\"configuration\": {{{}: \"x\"}}, \"helm\": {{\"url\": \"https://c.example\", \"chart\": \
             \"a\", \"version\": \"{version}\"}}}}}}\n",
            quoted(format!("{name}-{environment}")),
            quoted(namespace.to_owned()),
            quoted(key.to_owned()),
        )
    };
    folder(&[
        ("dev.yaml", &one("dev", "1.1.0")),
        ("prod.yaml", &one("prod", "1.0.0")),
    ])
}

#[track_caller]
fn comes_back(name: &str, namespace: &str, key: &str) {
    let dir = tree(name, namespace, key);
    let document = proposal(dir.path());
    let pairs = document["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 1, "{document:#}");
    let pipeline = pairs[0]["pipeline"].as_str().unwrap();
    let text = content(&document, &format!("pipelines/{pipeline}.yaml"));
    // By a parser that is not ours.
    let parsed: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
    let prod = &parsed["spec"]["stages"][1]["services"][0];
    assert_eq!(
        prod["serviceRef"]["name"].as_str().unwrap(),
        format!("{name}-prod")
    );
    let source = &prod["criteria"]["serviceRef"];
    assert_eq!(source["name"].as_str().unwrap(), format!("{name}-dev"));
    assert_eq!(source["namespace"].as_str().unwrap(), namespace);
    // The comment about keys stays one comment.
    assert_eq!(prod["criteria"].as_mapping().unwrap().len(), 1, "{text}");
    let said = run(dir.path(), &["init"]).exits(0).out;
    let loud = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202e}' | '\u{2028}');
    assert!(!said.contains(loud), "{said:?}");
}

#[test]
fn names_that_look_like_something_else_come_back_as_they_were() {
    for (name, namespace, key) in [
        ("yes", "no", "on"),
        ("1e3", "0x1f", "null"),
        ("a: b #", "x # y", "k\nspec: {}"),
        ("\"'", "*a", "&b"),
        ("\u{1b}[31mred", "\u{202e}tfel", "\u{202e}x"),
        ("a\nkind: Secret\n", "ns\r\n---\n", "]"),
        ("größe", "日本", "emoji 🚀"),
    ] {
        comes_back(name, namespace, key);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_name_comes_back_as_it_was(name in "\\PC{1,12}[a-z]", namespace in "[a-z]\\PC{0,12}", key in "\\PC{1,12}") {
        // Words that name an environment are another test's subject.
        let says = |text: &str| {
            let lower = text.to_lowercase();
            ["dev", "test", "qa", "uat", "stag", "prod"].iter().any(|word| lower.contains(word))
        };
        // Parsers read what holds these differently: such a manifest cannot be edited, and that is reported.
        let breaks = |text: &str| text.contains(['\u{2028}', '\u{2029}']);
        prop_assume!(!breaks(&name) && !breaks(&namespace) && !breaks(&key));
        prop_assume!(!says(&name) && !says(&namespace) && !name.ends_with("pre") && !name.ends_with("non"));
        comes_back(&name, &namespace, &key);
    }
}
