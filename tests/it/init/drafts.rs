//! Drafts for pipelines that only Plural's console moves.

use std::fs;

use super::{chart, files, proposal, service};
use test_support::{fixture, folder, plan, run, snapshot};

/// Plural's pipelines demo as it lies in its own repository.
fn demo() -> Vec<(&'static str, String)> {
    let read = |name: &str| fs::read_to_string(fixture("plural-examples").join(name)).unwrap();
    vec![
        (
            "dev/podinfo.yaml",
            read("08-demo-dev-podinfo.yaml").replace("6.5.2", "6.5.3"),
        ),
        ("prod/podinfo.yaml", read("08-demo-prod-podinfo.yaml")),
        ("pipeline/pipeline.yaml", read("08-demo-pipeline.yaml")),
        (
            "pipeline/automation.yaml",
            read("08-demo-prautomation.yaml"),
        ),
    ]
}

fn tree<'t>(files: &'t [(&'t str, String)]) -> Vec<(&'t str, &'t str)> {
    files.iter().map(|(path, text)| (*path, &**text)).collect()
}

#[test]
fn the_draft_for_the_published_demo_put_in_by_hand_promotes_the_image() {
    let demo = demo();
    let dir = folder(&tree(&demo));
    let document = proposal(dir.path());
    let drafts = document["drafts"].as_array().unwrap();
    assert_eq!(drafts.len(), 2);
    assert!(
        drafts[0]["text"] == ""
            && drafts[0]["notes"][0]
                .as_str()
                .unwrap()
                .contains("first stage")
    );
    let draft = &drafts[1];
    assert_eq!(
        (
            draft["file"].as_str().unwrap(),
            draft["line"].as_u64().unwrap()
        ),
        ("pipeline/pipeline.yaml", 21)
    );
    assert_eq!(draft["fields"][0], "spec.helm.values.image.tag");

    // It is never written, not even with --write.
    let before = snapshot(dir.path());
    run(dir.path(), &["init", "--write"])
        .exits(0)
        .says(&["never written"]);
    for (path, entry) in before {
        assert_eq!(snapshot(dir.path())[&path], entry, "{path}");
    }
    assert_eq!(
        files(&document),
        [".github/sluice.yaml", ".github/workflows/sluice.yml"]
    );

    // Inserted at its line, and the field added to the policy.
    let path = dir.path().join("pipeline/pipeline.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let stanza = draft["text"].as_str().unwrap().trim_end();
    lines.insert(20, stanza);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let policy = dir.path().join(".github/sluice.yaml");
    let text = fs::read_to_string(&policy).unwrap();
    assert!(
        text.contains("# fields: [spec.helm.values.image.tag]\n"),
        "{text}"
    );
    fs::write(&policy, text.replace("# fields:", "fields:")).unwrap();
    run(dir.path(), &["validate"]).exits(0);
    assert!(
        plan(dir.path())
            .changes("podinfo", "prod")
            .contains(&"podinfo spec.helm.values.image.tag: 6.5.2 → 6.5.3".to_owned())
    );
}

/// A pipeline of two stages that this automation moves, and the draft for prod.
fn draft_for(updates: &str, more: &str) -> (Vec<String>, String, Vec<String>) {
    let pipeline = "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: { name: web, namespace: apps }\nspec:\n  \
        stages:\n    - name: dev\n      services:\n        - serviceRef: { name: web-dev }\n    - name: prod\n      services:\n        \
        - serviceRef: { name: web-prod }\n          criteria: { prAutomationRef: { name: bump } }\n  edges:\n    - { from: dev, to: prod }\n";
    let automation = format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: PrAutomation\nmetadata: {{ name: bump }}\nspec:\n  scmConnectionRef: \
         {{ name: gh }}\n{more}  updates:\n{updates}"
    );
    let prod = "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata:\n  name: web-prod\n  namespace: \
        apps\nspec:\n  helm:\n    url: https://charts.example.com\n    chart: app\n    version: 1.0.0\n    values:\n      image:\n        \
        tag: v1 # VERSION\n      sidecar:\n        tag: v1\n  configuration:\n    release: one\n";
    let dir = folder(&[
        (
            "web-dev.yaml",
            &service("web-dev", Some("apps"), &chart("1.0.0")),
        ),
        ("web-prod.yaml", prod),
        ("pipeline.yaml", pipeline),
        ("automation.yaml", &automation),
    ]);
    let document = proposal(dir.path());
    let draft = &document["drafts"][0];
    let list = |key: &str| {
        let items = draft[key].as_array().unwrap().iter();
        items
            .map(|item| item.as_str().unwrap().to_owned())
            .collect()
    };
    (
        list("fields"),
        draft["text"].as_str().unwrap().to_owned(),
        list("notes"),
    )
}

#[test]
fn replacements_and_overlays_become_fields_and_keys_so_far_as_they_are_understood() {
    let (fields, text, notes) = draft_for(
        "    regexReplacements:\n    - { regex: 'tag: (.*) # VERSION', file: \"web-{{ context.pipeline.stage.name }}.yaml\", replacement: \"tag: {{ context.version }}\" }\n    \
         - { regex: 'release: .+', file: web-prod.yaml, replacement: \"release: {{ context.version }}\" }\n    \
         yamlOverlays:\n    - file: web-prod.yaml\n      yaml: |\n        spec:\n          helm:\n            version: {{ context.chart }}\n            values:\n              digest: \"{{ context.digest }}\"\n",
        "",
    );
    assert_eq!(
        fields,
        ["spec.helm.values.digest", "spec.helm.values.image.tag"]
    );
    assert!(
        text.contains("name: web-dev\n") && text.contains("namespace: apps\n"),
        "{text}"
    );
    assert!(text.contains("secrets: [release]\n"), "{text}");
    // The chart's version is promoted in any case; the only note left says to remove the automation.
    assert!(
        matches!(&notes[..], [one] if one.contains("remove its `prAutomationRef`")),
        "{notes:?}"
    );
}

#[test]
fn what_is_not_understood_is_said_and_never_guessed() {
    for (updates, more, wanted) in [
        (
            "    regexReplacements: [{ regex: 'tag: (.*)', file: web-prod.yaml, replacement: '{{ context.v }}' }]\n",
            "",
            "matches several lines of web-prod.yaml: [13, 15]",
        ),
        (
            "    regexReplacements: [{ regex: 'a|b', file: web-prod.yaml, replacement: '{{ context.v }}' }]\n",
            "",
            "the expression `a|b` is not supported",
        ),
        (
            "    regexReplacements: [{ regex: 'none: (.*)', file: web-prod.yaml, replacement: '{{ context.v }}' }]\n",
            "",
            "no line of web-prod.yaml matches",
        ),
        (
            "    regexReplacements: [{ regex: 'tag: (.*) # V', file: web-prod.yaml, replacement: 'tag: v9' }]\n",
            "",
            "which is not a release",
        ),
        (
            "    regexReplacements: [{ regex: 'name: (web.*)', file: web-prod.yaml, replacement: '{{ context.v }}' }]\n",
            "",
            "it sets metadata.name, which Sluice never does",
        ),
        (
            "    regexReplacements: [{ regex: 'tag: (.*)', file: 'x/{{ context.app }}.yaml', replacement: '{{ context.v }}' }]\n",
            "",
            "it changes x/*.yaml, but web-prod is in web-prod.yaml",
        ),
        (
            "    regexReplacements: [{ regex: 'tag: (.*)', file: '{{ context.app | downcase }}.yaml', replacement: '{{ context.v }}' }]\n",
            "",
            "stage and service do not determine which file",
        ),
        (
            "    regexReplacements: [{ regex: 'tag: (.*)', file: values/prod.yaml, replacement: '{{ context.v }}' }]\n",
            "",
            "it changes values/prod.yaml",
        ),
        (
            "    yamlOverlays: [{ file: web-prod.yaml, yaml: 'spec: { helm: { values: { list: [\"{{ context.v }}\"] } } }' }]\n",
            "",
            "list at spec.helm.values.list[0] is not supported",
        ),
        (
            "    yamlOverlays: [{ file: web-prod.yaml, yaml: 'spec: { helm: { values: { on: true } } }' }]\n",
            "",
            "also sets spec.helm.values.on to a fixed value",
        ),
        (
            "    yamlOverlays: [{ file: web-prod.yaml, yaml: '{% if x %}a: 1{% endif %}' }]\n",
            "",
            "an overlay for web-prod.yaml is not supported",
        ),
        ("    yq: { x: y }\n", "", "`updates.yq` is not supported"),
        (
            "    yq: { x: y }\n",
            "  creates: { templates: [] }\n",
            "also has `creates`",
        ),
    ] {
        let (fields, text, notes) = draft_for(updates, more);
        assert!(fields.is_empty(), "{updates}: {fields:?}");
        assert!(text.contains("serviceRef:"), "{updates}");
        assert!(
            notes.iter().any(|note| note.contains(wanted)),
            "{wanted}\n{notes:?}"
        );
    }
}

#[test]
fn a_source_that_cannot_be_told_is_not_drafted() {
    let stage = |names: &[&str], criteria: &str| -> String {
        let lines = names
            .iter()
            .map(|name| format!("        - serviceRef: {{ name: {name} }}\n{criteria}"));
        lines.collect()
    };
    let pipeline = format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ name: web, namespace: apps }}\nspec:\n  stages:\n    \
         - name: dev\n      services:\n{}    - name: prod\n      services:\n{}  edges:\n    - {{ from: dev, to: prod }}\n",
        stage(&["one-dev", "two-dev"], ""),
        stage(
            &["one-prod", "three-prod"],
            "          criteria: { ai: { prompt: x } }\n"
        ),
    );
    let services: Vec<String> = ["one-dev", "two-dev", "one-prod", "three-prod"]
        .iter()
        .map(|name| service(name, Some("apps"), &chart("1.0.0")))
        .collect();
    let dir = folder(&[
        ("all.yaml", &services.join("---\n")),
        ("pipeline.yaml", &pipeline),
    ]);
    let document = proposal(dir.path());
    let drafts = &document["drafts"];
    assert!(
        drafts[0]["text"]
            .as_str()
            .unwrap()
            .contains("name: one-dev")
    );
    assert_eq!(drafts[1]["text"], "");
    assert!(
        drafts[1]["notes"][0]
            .as_str()
            .unwrap()
            .contains("from: all.yaml:1, all.yaml:6")
    );
}

#[test]
fn a_variable_that_is_not_known_stands_for_one_segment_of_the_path() {
    for file in [
        "{{ context.app }}.yaml",
        "web-{{ context.env }}.yaml",
        "./{{ context.app }}-prod.yaml",
    ] {
        let updates = format!(
            "    regexReplacements: [{{ regex: 'tag: (.*) # V', file: '{file}', replacement: 'tag: {{{{ context.v }}}}' }}]\n"
        );
        let (fields, _, notes) = draft_for(&updates, "");
        assert_eq!(fields, ["spec.helm.values.image.tag"], "{file}: {notes:?}");
    }
}

#[test]
fn a_stage_that_runs_the_very_service_of_the_stage_before_is_told_so() {
    let pipeline = "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: { name: web, namespace: apps }\nspec:\n  \
        stages:\n    - name: dev\n      services:\n        - serviceRef: { name: web }\n    - name: prod\n      services:\n        \
        - serviceRef: { name: web }\n          criteria: { prAutomationRef: { name: bump } }\n  edges:\n    - { from: dev, to: prod }\n";
    let dir = folder(&[
        ("web.yaml", &service("web", Some("apps"), &chart("1.0.0"))),
        ("pipeline.yaml", pipeline),
    ]);
    let document = proposal(dir.path());
    let note = document["drafts"][0]["notes"][0].as_str().unwrap();
    assert!(
        note.starts_with("the previous stage runs this very service (web.yaml:1)"),
        "{note}"
    );
}

#[test]
fn nobody_tells_a_first_stage_to_add_a_service_ref() {
    let demo = demo();
    let dir = folder(&tree(&demo));
    let document = run(dir.path(), &["validate", "--format", "json"]).json();
    let help: Vec<&str> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["code"] == "automation-only")
        .map(|finding| finding["help"].as_str().unwrap())
        .collect();
    assert_eq!(help.len(), 2);
    assert!(help[0].starts_with("it is a first stage"), "{help:?}");
    assert!(help[1].starts_with("add `serviceRef`"), "{help:?}");
}
