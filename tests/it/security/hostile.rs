//! Foreign text on its way to a terminal, a commit or a chart: names, values and paths that try to be more.

use crate::SLUICE;
use test_support::git::{TestRepo, git};
use test_support::{Ran, repo, run};

/// Line breaks, colours, workflow commands, direction marks, invisible letters, C1 controls, trailers, mentions.
const EVIL: &str = "x\\n::error::owned\\r\\x1b[31mred\\x1b]0;title\\a\\u202Ereversed\\u200Bhidden\\u009B31m\\nSluice-Plan: 00\\n@everyone \
                    #12 [skip ci]";

fn evil_files() -> Vec<(String, String)> {
    let service = |name: &str, version: &str| {
        format!(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: \"{name}\", namespace: \
             \"{EVIL}\" }}\nspec: {{ helm: {{ url: https://c.example.com, chart: a, version: 1.0.0, values: {{ x: \
             \"{version}\" }} }} }}\n"
        )
    };
    let (dev, prod) = (format!("d{EVIL}"), format!("p{EVIL}"));
    let pipeline = format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ name: \"{EVIL}\", namespace: \"{EVIL}\" \
         }}\nspec:\n  stages:\n  - {{ name: \"{dev}\", services: [{{ serviceRef: {{ name: \"{dev}\" }} }}] }}\n  - {{ name: \
         \"{prod}\", services: [{{ serviceRef: {{ name: \"{prod}\" }}, criteria: {{ serviceRef: {{ name: \"{dev}\" }} }} }}] \
         }}\n  edges:\n  - {{ from: \"{dev}\", to: \"{prod}\", gates: [{{ name: \"{EVIL}\", type: APPROVAL }}, {{ name: b, \
         type: \"{EVIL}\" }}] }}\n"
    );
    let policy = format!(
        "version: 1\nfields: [spec.helm.values.x]\nholds: [{{ reason: \"{EVIL}\", until: 2026-01-01T00:00:00Z }}]\n"
    );
    vec![
        (
            "a\u{202e}\u{1b}[31m/dev.yaml".to_owned(),
            service(&dev, &format!("new{EVIL}")),
        ),
        (
            "a\u{202e}\u{1b}[31m/prod.yaml".to_owned(),
            service(&prod, "old"),
        ),
        ("pipeline.yaml".to_owned(), pipeline),
        (".github/sluice.yaml".to_owned(), policy),
    ]
}

#[track_caller]
fn calm(what: &str, ran: &Ran) {
    for line in ran.all().lines() {
        assert!(
            !line.starts_with("::"),
            "{what}: a workflow command: {line}"
        );
    }
    let bad = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    assert!(!ran.all().contains(bad), "{what}: {:?}", ran.all());
}

#[test]
fn nothing_reaches_a_terminal_raw() {
    let files = evil_files();
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let repo = repo(&files);
    for arguments in [
        &["validate"][..],
        &["plan"],
        &["plan", "--diff", "--why"],
        &["status"],
        &["simulate"],
        &["simulate", "--approve", "\u{1b}[31mann\n::error::x"],
        &["graph"],
        &[
            "promote",
            "--local",
            "--pipeline",
            "\u{1b}[31m\n::error::x",
            "--to",
            "x",
        ],
    ] {
        let ran = SLUICE.run(repo.path(), arguments);
        assert!(!ran.all().is_empty());
        calm(&format!("{arguments:?}"), &ran);
    }
}

#[test]
fn findings_about_hostile_names_are_calm_too() {
    let files = evil_files();
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| {
            (
                path.as_str(),
                text.replace("serviceRef: { name: \"d", "serviceRef: { name: \"e"),
            )
        })
        .collect();
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    let repo = repo(&files);
    for arguments in [
        &["validate"][..],
        &["plan", "--why"],
        &["status"],
        &["simulate"],
        &["graph"],
    ] {
        calm(
            &format!("{arguments:?}"),
            &SLUICE.run(repo.path(), arguments).exits(2),
        );
    }
}

/// The hostile pipeline without what keeps it from landing, and the call that lands it.
fn to_land() -> (TestRepo, Vec<String>) {
    let mut files = evil_files();
    // Git holds such a path, but nothing is written if it has control characters.
    for (path, _) in &mut files {
        *path = path.replace('\u{1b}', "");
    }
    let unknown = format!(", {{ name: b, type: \"{EVIL}\" }}");
    files[2].1 = files[2].1.replace(&unknown, "");
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let name: String = serde_json::from_str(&format!(
        "\"{}\"",
        EVIL.replace("\\x1b", "\\u001b").replace("\\a", "\\u0007")
    ))
    .unwrap();
    let stage = format!("p{name}");
    let approver = "ann\nSluice-Plan: 11\u{1b}[31m";
    let call = [
        "promote",
        "--local",
        "--pipeline",
        &name,
        "--to",
        &stage,
        "--approved-by",
        approver,
    ];
    (repo(&files), call.map(str::to_owned).to_vec())
}

#[test]
fn a_promotion_of_hostile_names_is_told_calmly_and_recorded() {
    let (repo, call) = to_land();
    let call: Vec<&str> = call.iter().map(String::as_str).collect();
    calm("promote", &SLUICE.run(repo.path(), &call).exits(0));
    let message = git(repo.path(), &["log", "-1", "--format=%B"]);
    let plans = message
        .lines()
        .filter(|line| line.starts_with("Sluice-Plan: "));
    assert_eq!(plans.count(), 1, "{message}");
    let dev = "a\u{202e}[31m/dev.yaml";
    let text = repo.read(dev).unwrap().replace("x: \"new", "x: \"newer");
    repo.commit("main", &[(dev, &text)]);
    repo.check_out("main");
    let document = run(repo.path(), &["plan", "--format", "json"]).json();
    assert_eq!(document["pipelines"][0]["promotions"][0]["state"], "due");
}

#[test]
fn a_stage_of_a_hostile_name_that_is_in_sync_is_told_calmly() {
    let (repo, call) = to_land();
    let call: Vec<&str> = call.iter().map(String::as_str).collect();
    run(repo.path(), &call).exits(0);
    calm("in sync", &SLUICE.run(repo.path(), &call).exits(0));
}

#[test]
fn a_chart_cannot_be_left_by_a_name() {
    let files = evil_files();
    let files: Vec<(String, String)> = files
        .into_iter()
        .map(|(path, text)| {
            (
                path,
                text.replace(
                    EVIL,
                    "a\\\"]; click x \\\"javascript:x\\\" <img src=x> %%{init: {}}%%\\n",
                ),
            )
        })
        .collect();
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let ran = run(repo(&files).path(), &["graph"]);
    for line in ran.out.lines() {
        let outside: String = line.split('"').step_by(2).collect();
        assert!(line.matches('"').count() % 2 == 0, "{line}");
        assert!(
            !outside.contains("click") && !outside.contains("javascript"),
            "{line}"
        );
    }
    assert!(!ran.out.contains("<img"), "{}", ran.out);
}

#[test]
fn a_record_of_hostile_names_holds_nothing_hidden_and_nothing_that_a_forge_obeys() {
    let (repo, call) = to_land();
    let call: Vec<&str> = call.iter().map(String::as_str).collect();
    run(repo.path(), &call).exits(0);
    let message = git(repo.path(), &["log", "-1", "--format=%B"]);
    for word in ["[skip ci]", "@everyone", "#12"] {
        assert!(!message.contains(word), "{word} in {message:?}");
    }
    // A zero-width space of our own breaks such words.
    let bad = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!message.contains(bad), "{message:?}");
}

#[test]
fn a_path_that_is_never_written_to_is_found_before_and_stops_only_its_own_pipeline() {
    use test_support::{chart, pipeline, plan, web};

    let good = [
        chart("by-one", "2.0.0"),
        chart("by-two", "1.0.0"),
        pipeline(
            "good",
            &[("first", &["by-one"]), ("second", &["by-two < by-one"])],
            &[("first second", &["release APPROVAL"])],
        ),
    ]
    .join("---\n");
    for path in [
        "a\u{1b}/prod.yaml",
        "GI7EBA~1/prod.yaml",
        ".gitlab/prod.yaml",
        ".GITHUB/prod.yaml",
    ] {
        let repo = repo(&[
            ("good.yaml", &good),
            ("dev.yaml", &chart("web-dev", "1.1.0")),
            (path, &chart("web-prod", "1.0.0")),
            ("web.yaml", &web()),
        ]);
        let ran = run(
            repo.path(),
            &["simulate", "--approve", "ann", "--format", "json"],
        );
        let committed = ran.out.matches("\"committed\"").count();
        assert_eq!((ran.exit, committed), (2, 1), "{path:?}: {}", ran.all());
        let planned = plan(repo.path());
        assert_eq!(
            planned.codes().first().map(String::as_str),
            Some("forbidden-path"),
            "{path:?}"
        );
        assert_eq!(
            (
                planned.state("web", "prod"),
                planned.state("good", "second")
            ),
            ("error", "due")
        );
    }
}
