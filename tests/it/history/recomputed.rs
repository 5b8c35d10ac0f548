//! A plan ID is computed again from what its commit changed, however the manifest is written and however the policy names the fields in it.

use std::fs;

use sluice::catalog::Difference;
use sluice::gather::{Recomputed, landed_changes};
use sluice::model::change::{Change, Text};
use sluice::model::plan_id::PlanSubject;
use sluice::model::policy::Policy;
use sluice::model::record::Record;
use sluice::model::reference::{Kind, ManifestKey};
use sluice::yaml::{FieldPath, Limits, Lookup, Note, Position, Stream};

use super::{promote, put_up};
use crate::yaml_cases;
use test_support::git::{TestRepo, git};
use test_support::{commits, deviations, history, pipeline, plan, replace, repo, run, service};

/// `web-dev` and `web-prod` with these fields promoted; each spec is YAML without indentation.
fn repo_with(fields: &str, dev: &str, prod: &str) -> TestRepo {
    let web = pipeline(
        "web",
        &[("dev", &["web-dev"]), ("prod", &["web-prod < web-dev"])],
        &[("dev prod", &["release APPROVAL"])],
    );
    repo(&[
        (
            ".github/sluice.yaml",
            &format!("version: 1\nfields: {fields}\n"),
        ),
        ("dev.yaml", &service("web-dev", dev)),
        ("prod.yaml", &service("web-prod", prod)),
        ("web.yaml", &web),
    ])
}

/// Promotes, and expects that the landing is proved.
#[track_caller]
fn lands_and_verifies(fields: &str, dev: &str, prod: &str) {
    let repo = repo_with(fields, dev, prod);
    let landing = promote(&repo, "web", "prod");
    let document = history(repo.path(), &["--verify"]).exits(0).json();
    assert_eq!(commits(&document), [landing.to_string()]);
    assert_eq!(document["verified"]["clean"], true);
}

const IMAGES: &str = r#"["spec.helm.values.images[name=web].tag"]"#;

fn images(web: &str, proxy: &str) -> String {
    format!(
        "helm:\n  values:\n    images:\n      - {{ name: proxy, tag: {proxy} }}\n      - {{ name: web, tag: {web} }}\n"
    )
}

#[test]
fn a_field_of_an_element_is_proved_by_whatever_the_policy_names_the_element() {
    lands_and_verifies(IMAGES, &images("v2", "v9"), &images("v1", "v9"));
    let by_index = r#"["spec.helm.values.images[1].tag"]"#;
    lands_and_verifies(by_index, &images("v2", "v9"), &images("v1", "v9"));
    // A new key in an element.
    lands_and_verifies(
        IMAGES,
        &images("v2", "v9"),
        &images("v1", "v9").replace(", tag: v1", ""),
    );
    // By a field that only the policy knows of, with others before it.
    let by_id = |tag: &str, at: &str| {
        format!(
            "helm:\n  values:\n    images:\n      - {{ name: a, kind: x, id: {at}, tags: [ {{ id: t, tag: {tag} }} ] }}\n      \
             - {{ name: a, kind: x, id: two, tags: [] }}\n"
        )
    };
    lands_and_verifies(
        r#"["spec.helm.values.images[id=one].tags[id=t].tag"]"#,
        &by_id("v2", "one"),
        &by_id("v1", "one"),
    );
}

#[test]
fn a_landing_is_proved_after_the_policy_named_its_elements_otherwise() {
    let repo = repo_with(IMAGES, &images("v2", "v9"), &images("v1", "v9"));
    promote(&repo, "web", "prod");
    replace(&repo, ".github/sluice.yaml", "[name=web]", "[1]");
    history(repo.path(), &["--verify"]).exits(0);
    // Each list by one field: a plan that names two elements of a list in two ways would not be ours.
    replace(
        &repo,
        ".github/sluice.yaml",
        "[\"spec",
        "[\"spec.helm.values.images[0].tag\", \"spec",
    );
    replace(&repo, "dev.yaml", "tag: v2", "tag: v3");
    promote(&repo, "web", "prod");
    history(repo.path(), &["--verify"]).exits(0);
}

#[test]
fn a_landing_among_aliases_merges_and_odd_documents_is_proved() {
    let with = |version: &str| {
        format!(
            "helm:\n  version: {version}\n  values: {{ a: &a [x, y], b: *a, c: &c {{ d: e }}, f: {{ <<: *c, g: h }} }}\n"
        )
    };
    lands_and_verifies("[]", &with("1.1.0"), &with("1.0.0"));
    // An alias that is the value is written out.
    lands_and_verifies(
        "[]",
        &with("1.1.0"),
        "name: &v 1.0.0\nhelm: { version: *v }\n",
    );

    let repo = repo_with("[]", &with("1.1.0"), &with("1.0.0"));
    let odd = "a: &x { {{ name }}: 1 }\nb: *x\n---\n? [k]\n: v\n---\n";
    let prod = repo.read("prod.yaml").unwrap();
    repo.commit("main", &[("prod.yaml", &format!("{odd}{prod}"))]);
    repo.check_out("main");
    promote(&repo, "web", "prod");
    assert_eq!(
        history(repo.path(), &["--verify"]).exits(0).json()["verified"]["landings"],
        1
    );
}

#[test]
fn what_an_alias_stands_for_cannot_be_changed_behind_a_record() {
    let prod = "name: &v 1.0.0\nhelm: { version: *v, chart: app }\n";
    let repo = repo_with("[]", "helm: { version: 1.1.0, chart: app }\n", prod);
    let key = ManifestKey {
        kind: Kind::ServiceDeployment,
        namespace: Some("apps".to_owned()),
        name: "web-prod".to_owned(),
    };
    let text = repo.read("prod.yaml").unwrap();
    for (after, path, old, new) in [
        // The alias follows the name.
        (
            text.replace("&v 1.0.0", "&v 1.2.0"),
            "spec.name",
            "1.0.0",
            "1.2.0",
        ),
        // The anchor moves, and something that may change changes.
        (
            text.replace("name: &v 1.0.0", "name: 1.0.0")
                .replace("chart: app", "chart: &v app2"),
            "spec.helm.chart",
            "app",
            "app2",
        ),
    ] {
        let change = planned(&key, path.parse().unwrap(), Some(old), new);
        assert!(
            !proves(&text, &after, "prod.yaml", std::slice::from_ref(&change)),
            "{after}"
        );
    }
    let out = text.replace("version: *v", "version: 1.2.0");
    let change = planned(
        &key,
        "spec.helm.version".parse().unwrap(),
        Some("1.0.0"),
        "1.2.0",
    );
    assert!(proves(&text, &out, "prod.yaml", &[change]));
}

#[test]
fn elements_that_can_be_named_in_too_many_ways_are_said_and_are_no_landing() {
    let wide = |tag: &str, id: &str| {
        let many: String = (0..80).map(|n| format!(", k{n}: v{n}")).collect();
        format!("helm:\n  values:\n    images: [ {{ tag: {tag}{many}, {id}: web }} ]\n")
    };
    let fields = r#"["spec.helm.values.images[last=web].tag"]"#;
    let repo = repo_with(fields, &wide("v2", "last"), &wide("v1", "last"));
    promote(&repo, "web", "prod");
    // The policy knows the field.
    history(repo.path(), &["--verify"]).exits(0);
    let landing = repo.tip("main").unwrap();
    // No policy names it any more, neither now nor then.
    let forget = |repo: &TestRepo| {
        let policy = "version: 1\nfields: [\"spec.helm.values.images[0].tag\"]\n";
        repo.commit("main", &[(".github/sluice.yaml", policy)]);
        repo.check_out("main");
    };
    forget(&repo);
    history(repo.path(), &["--verify"]).exits(0);
    git(repo.path(), &["checkout", "-q", "-B", "side", "HEAD~2"]);
    fs::write(
        repo.path().join(".github/sluice.yaml"),
        "version: 1\nfields: [\"spec.helm.values.images[0].tag\"]\n",
    )
    .unwrap();
    git(repo.path(), &["add", "-A"]);
    git(
        repo.path(),
        &[
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@e",
            "commit",
            "-qm",
            "another policy",
        ],
    );
    git(
        repo.path(),
        &[
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@e",
            "cherry-pick",
            &landing.to_string(),
        ],
    );
    let document = history(repo.path(), &["--verify"]).exits(3).json();
    assert_eq!(document["landings"].as_array().unwrap().len(), 0);
    let found = deviations(&document);
    assert!(found[0].starts_with("not-recomputable "), "{found:?}");
    run(repo.path(), &["history", "--verify"]).exits(3).says(&[
        "not recomputable",
        "Not clean: 1 record that cannot be recomputed.",
    ]);
}

#[test]
fn a_source_that_moved_while_its_value_landed_is_due_again() {
    // The source moved on the base behind the build. A landing is compared with what it wrote, a hand edit with the source then.
    let repo = repo_with(IMAGES, &images("v2", "v9"), &images("v1", "v9"));
    promote(&repo, "web", "prod");
    put_up(&repo);
    replace(&repo, "dev.yaml", "tag: v2", "tag: v3");
    git(
        repo.path(),
        &[
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@e",
            "merge",
            "-q",
            "--no-ff",
            "-m",
            "Merge",
            "head",
        ],
    );
    let plan = plan(repo.path());
    assert_eq!(
        plan.changes("web", "prod"),
        ["web-prod spec.helm.values.images[name=web].tag: v2 → v3"]
    );
}

fn planned(key: &ManifestKey, path: FieldPath, old: Option<&str>, new: &str) -> Change {
    Change {
        manifest: key.clone(),
        written_namespace: key.namespace.clone(),
        file: "prod.yaml".into(),
        at: Position::default(),
        path,
        old: old.map(|old| Text::Plain(old.to_owned())),
        new: Text::Plain(new.to_owned()),
        form: sluice::yaml::Form::Text,
        note: Note::Keep,
        said: None,
        secret: None,
    }
}

/// Whether going from one text to the other proves a record of these changes.
fn proves(before: &str, after: &str, file: &str, changes: &[Change]) -> bool {
    let repo = TestRepo::new();
    let parent = repo.commit("main", &[(file, before)]);
    let commit = repo.commit("main", &[(file, after)]);
    let plan = PlanSubject {
        repository: "",
        base: "main",
        namespace: None,
        pipeline: &"web".into(),
        stage: &"prod".into(),
        edges: Vec::new(),
        changes: changes.iter().map(Change::identity).collect(),
    }
    .id();
    let record = Record {
        namespace: None,
        pipeline: "web".to_owned(),
        stage: "prod".to_owned(),
        edges: Vec::new(),
        plan,
        build: String::new(),
        repository: String::new(),
        base: "main".to_owned(),
        sources: Vec::new(),
        requested_by: None,
        reason: None,
        emergency: None,
        rollback: None,
    };
    let found = landed_changes(&repo.open(), &commit, &parent, &record, &Policy::default());
    matches!(found, Ok(Recomputed::Plan(_)))
}

#[test]
fn every_edit_of_the_corpus_that_a_promotion_could_make_is_proved() {
    let manifest = "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {name: x}\n";
    let key = ManifestKey {
        kind: Kind::ServiceDeployment,
        namespace: None,
        name: "x".to_owned(),
    };
    let (mut proved, mut failed) = (0, Vec::new());
    for case in yaml_cases::cases() {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        // No manifest is read from a document with such a key, so that nothing is promoted there.
        if ["key-complex-elsewhere", "key-twice-elsewhere"].contains(&name.as_str()) {
            continue;
        }
        let Ok(before) = fs::read_to_string(case.join("before.yaml")) else {
            continue;
        };
        // The case as a manifest: its own fields follow those that make it one.
        let wrapped = format!("{manifest}{before}");
        let edits = yaml_cases::edits_of(&case);
        let Ok(stream) = Stream::parse(wrapped.as_bytes(), &Limits::default()) else {
            continue;
        };
        let [document] = stream.documents() else {
            continue;
        };
        let root = document.root.unwrap();
        if edits.iter().any(|edit| !edit.object.fields.is_empty()) {
            continue;
        }
        let mut own = edits.clone();
        for edit in &mut own {
            edit.object = key.identity(None);
        }
        let Ok(edited) = sluice::yaml::apply(wrapped.as_bytes(), &own) else {
            continue;
        };
        if edited.changed.is_empty() {
            continue;
        }
        let mut changes = Vec::new();
        for edit in &edits {
            let old = match stream.lookup(root, &edit.path) {
                Lookup::Found { node, .. } if !stream.is_null(node) => stream.scalar(node),
                _ => None,
            };
            if old != Some(edit.value.as_str()) {
                changes.push(planned(&key, edit.path.clone(), old, &edit.value));
            }
        }
        let after = String::from_utf8(edited.bytes).unwrap();
        if proves(&wrapped, &after, "prod.yaml", &changes) {
            proved += 1;
        } else {
            failed.push(name);
        }
    }
    assert_eq!(failed, Vec::<String>::new());
    assert!(proved >= 100, "only {proved} cases were proved");
}

#[test]
fn an_element_more_or_less_is_nothing_that_a_promotion_does() {
    let text = |list: &str| {
        format!(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{name: x}}\nspec: {list}\n"
        )
    };
    let differs = |before: &str, after: &str| {
        let (before, after) = (text(before), text(after));
        let path = "a.yaml".into();
        Difference::of(
            &path,
            before.as_bytes(),
            after.as_bytes(),
            &Policy::default(),
        )
        .is_some()
    };
    assert!(differs("{a: [b]}", "{a: [c]}"));
    for after in [
        "{a: [b, c]}",
        "{a: []}",
        "{}",
        "{a: {b: c}}",
        "{a: ~}",
        "{a: [&x b]}",
        "{a: [!!str b]}",
    ] {
        assert!(!differs("{a: [b]}", after), "{after}");
    }
}
