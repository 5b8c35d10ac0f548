//! The guard by tables, without a forge: which fields are gated, and what a change of files touches.

use sluice::catalog::{
    RepositoryIdentity, SourceFile, Version, changed_file, load, resolve_pipelines, same_shape,
};
use sluice::model::guard::{ChangedFile, Gated};
use sluice::model::policy::Policy;
use sluice::model::source_location::RepoPath;
use sluice::plan::guard::{GuardVerdict, Merge, gate_files, gated, judge};
use sluice::policy::parse;

const GATED: &str = "gates: [{ name: release, type: APPROVAL }]";

fn service(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: {name}, namespace: apps }}\n\
         spec: {spec}\n"
    )
}

fn pipeline(edge: &str, criteria: &str) -> String {
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ name: shop, namespace: apps }}\nspec:\n  stages:\n\
         \x20 - {{ name: dev, services: [{{ serviceRef: {{ name: api-dev }} }}] }}\n\
         \x20 - {{ name: prod, services: [{{ serviceRef: {{ name: api }}, criteria: {{ serviceRef: {{ name: api-dev }}{criteria} }} }}] }}\n\
         \x20 edges:\n  - {{ from: dev, to: prod{edge} }}\n"
    )
}

fn policy(text: &str) -> Policy {
    parse(
        &".github/sluice.yaml".into(),
        format!("version: 1\n{text}").as_bytes(),
    )
    .unwrap()
}

fn source(path: &str, text: &str) -> SourceFile {
    SourceFile {
        path: path.into(),
        blob: "0".repeat(40).parse().unwrap(),
        bytes: text.as_bytes().to_vec(),
    }
}

fn gated_in(files: &[(&str, &str)], policy: &Policy) -> Gated {
    let files: Vec<SourceFile> = files
        .iter()
        .map(|(path, text)| source(path, text))
        .collect();
    let catalog = load(&files, policy);
    let resolved = resolve_pipelines(&catalog, &RepositoryIdentity::default());
    gated(&catalog, policy, &resolved)
}

/// `manifest path barrier` of every gated field.
fn lines(gated: &Gated) -> Vec<String> {
    let all = gated.iter();
    all.map(|(key, path, field)| format!("{key} {path} {}", field.barrier))
        .collect()
}

const GIT: &str = "{ git: { url: https://github.com/acme/api, ref: v1 } }";

#[test]
fn a_field_is_gated_by_the_first_barrier_on_the_way_and_by_none_it_is_free() {
    let gate = format!(", {GATED}");
    for (edge, rules, wanted) in [
        (gate.as_str(), "", Some("through release")),
        (
            &gate,
            "stages: { prod: { trigger: manual } }",
            Some("through release"),
        ),
        (
            "",
            "stages: { dev: { ready: { soak: 4h } } }",
            Some("once dev is ready"),
        ),
        (
            "",
            "stages: { prod: { trigger: manual } }",
            Some("into prod on request"),
        ),
        ("", "", None),
        ("", "stages: { prod: { trigger: auto } }", None),
        // Rules about other stages, and about what comes into the first one.
        ("", "stages: { prod: { ready: { soak: 4h } } }", None),
        ("", "stages: { dev: { trigger: manual } }", None),
    ] {
        let files = [
            ("p.yaml", pipeline(edge, "")),
            ("d.yaml", service("api-dev", GIT)),
            ("a.yaml", service("api", GIT)),
        ];
        let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
        let found = lines(&gated_in(&files, &policy(rules)));
        let wanted: Vec<String> = wanted
            .iter()
            .map(|barrier| format!("ServiceDeployment apps/api spec.git.ref {barrier}"))
            .collect();
        assert_eq!(found, wanted, "{edge} {rules}");
    }
}

#[test]
fn what_a_source_that_is_gone_could_bring_stays_gated() {
    let pipeline = pipeline(&format!(", {GATED}"), ", secrets: [token]");
    let target = service(
        "api",
        "{ git: { url: https://github.com/acme/api, ref: v1 }, helm: { version: 1.0.0 } }",
    );
    let found = gated_in(
        &[("p.yaml", &pipeline), ("a.yaml", &target)],
        &policy("fields: [spec.helm.values.tag]"),
    );
    let paths: Vec<String> = lines(&found)
        .iter()
        .map(|line| line.split(' ').nth(2).unwrap().to_owned())
        .collect();
    assert_eq!(
        paths,
        [
            "spec.configuration.token",
            "spec.git.ref",
            "spec.helm.chart",
            "spec.helm.values.tag",
            "spec.helm.version",
        ]
    );
}

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: { name: keys, namespace: apps }\ndata: { token: YQ== }\n";
const SECRET_DEV: &str = "apiVersion: v1\nkind: Secret\nmetadata: { name: keys-dev, namespace: apps }\nstringData: { token: b }\n";

/// The files of a pipeline that copies a key from `Secret` to `Secret`.
fn with_secrets() -> Vec<(&'static str, String)> {
    let with = |name: &str, keys: &str| {
        service(name, &format!("{{ configurationRef: {{ name: {keys} }} }}"))
    };
    vec![
        (
            "p.yaml",
            pipeline(&format!(", {GATED}"), ", secrets: [token]"),
        ),
        ("d.yaml", with("api-dev", "keys-dev")),
        ("a.yaml", with("api", "keys")),
        ("s.yaml", SECRET.to_owned()),
        ("sd.yaml", SECRET_DEV.to_owned()),
    ]
}

/// The verdict on replacing files: `None` removes one. Everything is compared, also by what is gated afterwards.
fn verdict(
    base: &[(&str, String)],
    edits: &[(&str, Option<&str>)],
    policy: &Policy,
) -> GuardVerdict {
    let all = |files: &[(&str, String)]| {
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        gated_in(&files, policy)
    };
    let mut merged: Vec<(&str, String)> = base.to_vec();
    for (path, text) in edits {
        merged.retain(|(known, _)| known != path);
        merged.extend(text.map(|text| (*path, text.to_owned())));
    }
    let (before, after) = (all(base), all(&merged));
    let version = |files: &[(&str, String)], path: &str| {
        let found = files.iter().find(|(known, _)| *known == path);
        found.map_or(Version::NONE, |(path, text)| {
            Version::read(&source(path, text), policy)
        })
    };
    let files: Vec<ChangedFile> = edits
        .iter()
        .map(|(path, _)| {
            let (old, new) = (version(base, path), version(&merged, path));
            changed_file(&(*path).into(), &old, &new, &[&before, &after])
        })
        .collect();
    let rules = gate_files(policy, &".github/sluice.yaml".into());
    let paths: Vec<RepoPath> = edits.iter().map(|(path, _)| (*path).into()).collect();
    judge(&Merge {
        gate_files: paths
            .iter()
            .filter_map(|path| rules.get_key_value(path))
            .collect(),
        files: &files,
        before: &before,
        after: Some(&after),
    })
}

#[test]
fn a_key_is_gated_wherever_it_would_be_read_and_its_value_is_never_shown() {
    let base = with_secrets();
    let policy = policy("");
    let moved = "apiVersion: v1\nkind: Secret\nmetadata: { name: keys, namespace: apps }\ndata: { token: YQ== }\nstringData: { token: hunter2 }\n";
    let configured = service(
        "api",
        "{ configurationRef: { name: keys }, configuration: { token: hunter2 } }",
    );
    let other = service("api", "{ configurationRef: { name: other } }");
    let rotated = SECRET.replace("YQ==", "aHVudGVyMg==");
    let beside = SECRET.replace("data: {", "data: { more: YQ==,");
    let through = "is promoted through release";
    for (path, text, wanted) in [
        (
            "s.yaml",
            rotated.as_str(),
            format!("s.yaml: data.token of keys {through}"),
        ),
        (
            "s.yaml",
            moved,
            format!("s.yaml: stringData.token of keys {through}"),
        ),
        (
            "a.yaml",
            &configured,
            format!("a.yaml: spec.configuration.token of api {through}"),
        ),
        (
            "a.yaml",
            &other,
            "a.yaml: spec.configurationRef of api refers to keys that are promoted through release"
                .to_owned(),
        ),
        ("s.yaml", &beside, "not a promotion".to_owned()),
        (
            "sd.yaml",
            &SECRET_DEV.replace("token: b", "token: c"),
            "not a promotion".to_owned(),
        ),
    ] {
        let found = verdict(&base, &[(path, Some(text))], &policy);
        let said = found.description(str::to_owned);
        assert_eq!(said, wanted, "{text}");
        let shown = format!("{found:?}{said}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("aHVudGVyMg"),
            "{shown}"
        );
    }
}

#[test]
fn what_becomes_gated_by_the_merge_may_not_have_been_set_by_hand() {
    // The target is not there yet: anyone who adds it decides what prod runs.
    let base = vec![
        ("p.yaml", pipeline(&format!(", {GATED}"), "")),
        ("d.yaml", service("api-dev", GIT)),
    ];
    let target = service("api", GIT);
    let found = verdict(&base, &[("a.yaml", Some(&target))], &policy(""));
    assert_eq!(
        found.description(str::to_owned),
        "a.yaml: api is added here, and is promoted through release"
    );
}

#[test]
fn aliases_merges_and_lists_are_read_as_a_parser_reads_them() {
    let gate = format!(", {GATED}");
    let base = |target: String| {
        vec![
            ("p.yaml", pipeline(&gate, "")),
            ("d.yaml", service("api-dev", GIT)),
            ("a.yaml", target),
        ]
    };
    let aliased = |anchor: &str| {
        format!(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: api, namespace: apps }}\n\
             spec: {{ notes: {{ x: &v {anchor} }}, git: {{ ref: *v }} }}\n"
        )
    };
    let list = |reference: &str| {
        let item = service("api", &format!("{{ git: {{ ref: {reference} }} }}"));
        let item = item.replace('\n', "\n  ");
        format!(
            "apiVersion: v1\nkind: List\nitems:\n- {}\n",
            item.trim_end()
        )
    };
    let field = "a.yaml: spec.git.ref of api is promoted through release";
    for (before, after, wanted) in [
        (aliased("v1"), aliased("v2"), field),
        (aliased("v1"), aliased("\"v1\""), "not a promotion"),
        (list("v1"), list("v2"), field),
        (list("v1"), aliased("v1"), "not a promotion"),
        (
            service("api", GIT),
            service("api", GIT) + "---\n" + &service("api", GIT),
            "a.yaml: api is added here, and is promoted through release",
        ),
        (
            service("api", GIT),
            service("api", "{ git: { url: https://github.com/acme/api, ref: } }"),
            field,
        ),
        (
            service("api", GIT),
            service(
                "api",
                "{ git: { url: https://github.com/acme/api, ref: { a: v1 } } }",
            ),
            field,
        ),
        (
            service("api", GIT),
            service(
                "api",
                "{ git: { url: https://github.com/acme/api, ref: v1, ref: v2 } }",
            ),
            "a.yaml: cannot be read after this: ",
        ),
        // No one applies a file that is now a template as it is.
        (
            service("api", GIT),
            format!("{{{{ if .on }}}}\n{}", service("api", GIT)),
            "a.yaml: api is removed, and is promoted through release",
        ),
    ] {
        let found = verdict(&base(before), &[("a.yaml", Some(&after))], &policy(""));
        let said = found.description(str::to_owned);
        assert!(said.starts_with(wanted), "{said}\n{after}");
    }
}

#[test]
fn pipelines_are_compared_without_comments_and_layout() {
    let old = pipeline(&format!(", {GATED}"), "");
    let base = vec![("p.yaml", old.clone())];
    let second = old.replace("name: shop", "name: other");
    for (text, wanted) in [
        (Some(format!("# x\n{old}")), "not a promotion"),
        (
            Some(old.replace(
                "{ name: release, type: APPROVAL }",
                "{ type: \"APPROVAL\", name: release } ",
            )),
            "not a promotion",
        ),
        (
            Some(old.replace("metadata: {", "metadata: { labels: { a: b },")),
            "not a promotion",
        ),
        (
            Some(old.replace("APPROVAL", "WINDOW")),
            "p.yaml: changes stages, edges, gates or criteria of shop",
        ),
        (
            Some(old.replace("release", "other")),
            "p.yaml: changes stages, edges, gates or criteria of shop",
        ),
        (
            Some(second.clone()),
            "p.yaml: adds the pipeline other, and 1 more",
        ),
        (
            Some(format!("{old}---\n{second}")),
            "p.yaml: adds the pipeline other",
        ),
        (None, "p.yaml: removes the pipeline shop"),
    ] {
        let found = verdict(&base, &[("p.yaml", text.as_deref())], &policy(""));
        assert_eq!(found.description(str::to_owned), wanted, "{text:?}");
    }
}

#[test]
fn gate_files_are_the_policy_workflows_of_gates_and_code_owners_where_a_rule_asks_for_them() {
    let of = |text: &str| -> Vec<String> {
        let files = gate_files(&policy(text), &".github/sluice.yaml".into());
        files.keys().map(ToString::to_string).collect()
    };
    let owners = [
        ".github/CODEOWNERS",
        ".github/sluice.yaml",
        "CODEOWNERS",
        "docs/CODEOWNERS",
    ];
    assert_eq!(of(""), [".github/sluice.yaml"]);
    for text in [
        "gates: { g: { approve: [{ by: writers }, { by: code-owners }] } }",
        "pipelines: { p: { gates: { g: { approve: [{ by: code-owners }] } } } }",
        "stages: { prod: { emergency: { approve: [{ by: code-owners }], skip: [soak] } } }",
        "pipelines: { p: { stages: { prod: { emergency: { approve: [{ by: code-owners }], skip: [soak] } } } } }",
    ] {
        assert_eq!(of(text), owners, "{text}");
    }
    assert_eq!(
        of(
            "gates: { a: { workflow: x.yml } }\npipelines: { p: { gates: { b: { workflow: y.yml } } } }"
        ),
        [
            ".github/sluice.yaml",
            ".github/workflows/x.yml",
            ".github/workflows/y.yml"
        ]
    );
}

#[test]
fn versions_that_gate_the_same_are_told_by_their_shape() {
    let policy = policy("");
    let old = service("api", GIT);
    let version = |text: &str| Version::read(&source("a.yaml", text), &policy);
    let same = |new: &str| same_shape(&version(&old), &version(new));
    assert!(same(&old.replace("v1 }", "v2 }")));
    assert!(same(&format!("# x\n{old}")));
    for other in [
        old.replace("v1 }", "}"),
        old.replace("ref:", "tag:"),
        old.replace("name: api", "name: other"),
        old.replace("namespace: apps", "namespace: else"),
        old.replace("spec: {", "spec: { name: x,"),
        old.replace("spec: {", "spec: { configurationRef: { name: x },"),
        old.replace("ref: v1", "ref: &a v1, x: *a"),
        String::new(),
    ] {
        assert!(!same(&other), "{other}");
    }
}

#[test]
fn the_first_path_is_named_whatever_kind_of_thing_it_is() {
    let base = vec![
        ("p.yaml", pipeline(&format!(", {GATED}"), "")),
        ("d.yaml", service("api-dev", GIT)),
        ("a.yaml", service("api", GIT)),
    ];
    let policy = policy("gates: { release: { approve: [{ by: code-owners }] } }");
    let hand = service("api", &GIT.replace("v1", "v2"));
    let edits = [
        ("p.yaml", None),
        ("docs/CODEOWNERS", Some("* @carol\n")),
        ("a.yaml", Some(hand.as_str())),
    ];
    assert_eq!(
        verdict(&base, &edits, &policy).description(str::to_owned),
        "a.yaml: spec.git.ref of api is promoted through release, and 2 more"
    );
}
