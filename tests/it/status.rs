//! `status` without a forge: what it says of repositories and folders, its document, its exits, and what it never shows.

mod not_moved;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::SLUICE;
use test_support::{
    change, chart, copy_of, fixture, folder, pipeline, replace, repo, repo_of, run, web,
};

#[test]
fn a_repository_with_a_promotion_that_waits_and_one_in_sync() {
    let calm = pipeline(
        "search",
        &[("dev", &["find-dev"]), ("prod", &["find-prod < find-dev"])],
        &[("dev prod", &["release APPROVAL"])],
    );
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
        ("a.yaml", &chart("find-dev", "3.0.0")),
        ("b.yaml", &chart("find-prod", "3.0.0")),
        ("search.yaml", &calm),
    ]);
    let text = run(repo.path(), &["status"]).exits(0).out;
    let name = repo.path().file_name().unwrap().to_str().unwrap();
    let tip = repo.tip("main").unwrap().short();
    insta::assert_snapshot!(text.replace(name, "FOLDER").replace(&tip, "TIP"), @"
    FOLDER  main TIP   2 pipelines   2026-07-01 12:00 UTC
    1 waiting, 1 in sync

    web                           prod waits: 1 approval by anyone with write access
      dev   web-dev 1.1.0                                since Tue 2023-11-14 22:14 UTC  Test
      prod  web-prod 1.0.0                               since Tue 2023-11-14 22:14 UTC  Test
        ⏳ web-prod 1.0.0 → 1.1.0                                             8130bb
           ⏳ release  1 approval by anyone with write access (unread: not on
                       GitHub)

    search                                               in sync
    ");
    // A pipeline that is alone shows its stages, in sync or not.
    let text = run(repo.path(), &["status", "--pipeline", "search"])
        .exits(0)
        .out;
    insta::assert_snapshot!(text.replace(name, "FOLDER").replace(&tip, "TIP"), @"
    FOLDER  main TIP   1 pipeline   2026-07-01 12:00 UTC
    1 in sync

    search                                               in sync
      dev   find-dev 3.0.0                               since Tue 2023-11-14 22:14 UTC  Test
      prod  in sync with dev                             since Tue 2023-11-14 22:14 UTC  Test
    ");
}

#[test]
fn a_folder_has_no_history_and_every_way_to_wait_is_said() {
    let at = ["status", "--at", "2026-11-22T14:20:00Z"];
    insta::assert_snapshot!(run(&fixture("company"), &at).exits(0).out, @r"
    company  a folder without history   2 pipelines   2026-11-22 14:20 UTC
    4 held

    payments                              qa-eu held: revision unread: not on GitHub
      dev    api main, schemaVersion 42, tag 2.5.0       no history here
             ledger chart 3.3.0, tag 3.3.0
      qa-eu  api c41d9e0 (main 2026-06-29),              no history here
               schemaVersion 42, tag 2.5.0
             ledger chart 3.3.0, tag 3.3.0
        ⏸  revision unread: not on GitHub
           help: the repository is not this one; a run on GitHub reads it, or set
           its url to a local path
      qa-us  api 5b0f3b7 (main 2026-06-24),              no history here
               schemaVersion 41, tag 2.4.1
             ledger chart 3.2.0, tag 3.2.0
        ⏸  api schemaVersion 41 → 42, api tag 2.4.1 → 2.5.0,                  300e47
           ledger 3.2.0 → 3.3.0, ledger tag 3.2.0 → 3.3.0
           revision unread: not on GitHub; readiness of dev unread: not on GitHub
           help: the repository is not this one; a run on GitHub reads it, or set
           its url to a local path
           ⏳ integration-tests  integration.yml runs (unread: not on GitHub)
      prod   api 5b0f3b7 (main 2026-06-24),              no history here
               schemaVersion 41, tag 2.4.1
             ledger chart 3.2.0, tag 3.2.0
        ⏸  api schemaVersion 41 → 42, api tag 2.4.1 → 2.5.0                   a9d802
           revision unread: not on GitHub; promoted only on a person's request
           (`trigger: manual`); readiness of qa-eu unread: not on GitHub; readiness
           of qa-us unread: not on GitHub; guarded by qa-us, which is not in sync
           help: the repository is not this one; a run on GitHub reads it, or set
           its url to a local path
           ⏳ prod-approval   2 approvals by payments and 2 approvals by sre and 1
                              approval by code owners (unread: not on GitHub)
           ⏳ office-hours    opens Mon 09:00 Europe/Berlin (08:00 UTC)
           ⏳ fleet-sentinel  the check e2e of App 123456 (unread: not on GitHub)
        stays behind: ledger, held: INC-4711

    search                            prod held: promoted only on a person's request
      dev   search 1.9.0                                 no history here
      prod  search 1.8.2                                 no history here
        ⏸  search 1.8.2 → 1.9.0                                               bb9dfa
           promoted only on a person's request (`trigger: manual`); readiness of dev
           unread: not on GitHub
           help: sluice promote --local PATH --pipeline search --to prod
           ⏳ approval-gate  1 approval by anyone with write access (unread: not on
                             GitHub)
    ");
    insta::assert_snapshot!(run(&fixture("three-services"), &at).exits(0).out, @"
    three-services  a folder without history   1 pipeline   2026-11-22 14:20 UTC
    1 waiting

    payments                      prod waits: 1 approval by anyone with write access
      dev   api-dev 1.1.0  web-dev 1.1.0                 no history here
            ledger-dev 1.1.0
      prod  api-prod 1.0.0  web-prod 1.0.0               no history here
            ledger-prod 1.0.0
        ⏳ api-prod 1.0.0 → 1.1.0, web-prod 1.0.0 → 1.1.0                     a7e796
           ⏳ release  1 approval by anyone with write access (unread: not on
                       GitHub)
        stays behind: ledger-prod, held: INC-4711
    ");
    insta::assert_snapshot!(run(&fixture("join-any"), &at).exits(0).out, @"
    join-any  a folder without history   1 pipeline   2026-11-22 14:20 UTC
    2 waiting

    joined                                            prod waits: 1 approval by @ann
      a     edge-a 1.1.0                                 no history here
      b     edge-b 2.1.0                                 no history here
      prod  prod-a 1.0.0  prod-b 2.0.0                   no history here
        ⏳ from a: prod-a 1.0.0 → 1.1.0                                       529b53
           ⏳ by-a  1 approval by @ann (unread: not on GitHub)
        ⏳ from b: prod-b 2.0.0 → 2.1.0                                       9a919c
           ⏳ by-b  1 approval by @bob (unread: not on GitHub)
    ");
    insta::assert_snapshot!(run(&fixture("secrets-sops"), &at).exits(2).out, @"
    secrets-sops  a folder without history   1 pipeline   2026-11-22 14:20 UTC
    1 error

    billing  error: secret-encrypted secret-prod.yaml:1:1: Secret billing-prod-conf…
      dev   billing-dev 2.1.0                            no history here
      prod  billing-prod 2.0.0                           no history here

    error[secret-encrypted]: Secret billing-prod-config is encrypted with SOPS; promoting encrypted values is not supported yet, so it is left alone
    --> secret-prod.yaml:1:1
     = help: promote this key by hand, or remove it from `criteria.secrets`
    ");
    insta::assert_snapshot!(run(&fixture("triggers"), &at).exits(0).out, @r"
    triggers  a folder without history   1 pipeline   2026-11-22 14:20 UTC
    2 held, 1 due

    app                             manual held: promoted only on a person's request
      dev     app-dev 1.1.0                              no history here
      auto    app-auto 1.0.0                             no history here
        ●  app-auto 1.0.0 → 1.1.0                                             e2a157
           the next run handles it
      manual  app-manual 1.0.0                           no history here
        ⏸  app-manual 1.0.0 → 1.1.0                                           98b38e
           promoted only on a person's request (`trigger: manual`)
           help: sluice promote --local PATH --pipeline app --to manual
      unset   app-unset 1.0.0                            no history here
        ⏸  app-unset 1.0.0 → 1.1.0                                            e47c64
           no trigger: the stage has no gate, its source has no `ready` rule, and
           `trigger: auto` is not set
           help: add a gate to its edge, or `stages: { unset: { trigger: auto } }`
           to the policy
    ");
}

#[test]
fn since_is_the_newest_commit_that_set_a_promoted_value_wherever_the_file_lay() {
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.0.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
    ]);
    let first = repo.tip("main").unwrap();
    let since = |stage: usize| {
        let document = run(repo.path(), &["status", "--format", "json"]).json();
        let since = &document["pipelines"][0]["stages"][stage]["since"];
        since["commit"].as_str().unwrap().to_owned()
    };
    assert_eq!((since(0), since(1)), (first.to_string(), first.to_string()));
    let moved = replace(&repo, "dev.yaml", "1.0.0", "1.1.0");
    assert_eq!((since(0), since(1)), (moved.to_string(), first.to_string()));
    // Neither a change outside promoted values nor another path of the file sets it.
    let text = format!("# a note\n{}", repo.read("dev.yaml").unwrap());
    change(&repo, "note", &[("dev.yaml", &text)]);
    assert_eq!(since(0), moved.to_string());
    test_support::git::git(repo.path(), &["mv", "dev.yaml", "elsewhere.yaml"]);
    test_support::git::git(
        repo.path(),
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "-qm",
            "move",
        ],
    );
    assert_eq!(since(0), moved.to_string());
    let promote = [
        "promote",
        "--local",
        "--pipeline",
        "web",
        "--to",
        "prod",
        "--approved-by",
        "ann",
    ];
    run(repo.path(), &promote).exits(0);
    assert_eq!(since(1), repo.tip("main").unwrap().to_string());
}

#[track_caller]
fn keys(value: &Value, wanted: &[&str]) {
    let found: BTreeSet<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(found, wanted.iter().copied().collect(), "{value:#}");
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn time(value: &Value) {
    if !value.is_null() {
        value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    }
}

const STANDINGS: &[&str] = &[
    "blocked",
    "error",
    "waits-for-people",
    "waits-for-checks",
    "waits-for-time",
    "held",
    "due",
    "ahead",
    "not-moved",
    "in-sync",
];

/// Holds a document to docs/json.md, and gathers the standings in it.
fn document(document: &Value, standings: &mut BTreeSet<String>) {
    keys(
        document,
        &[
            "version",
            "repository",
            "base",
            "tip",
            "now",
            "pipelines",
            "findings",
            "workflow",
        ],
    );
    assert_eq!(document["version"], 2);
    assert!(document["workflow"].is_null(), "GitHub is not asked");
    time(&document["now"]);
    let standing = |value: &Value| {
        let text = value.as_str().unwrap();
        assert!(STANDINGS.contains(&text), "{text}");
        STANDINGS.iter().position(|one| *one == text).unwrap()
    };
    let mut last = 0;
    for pipeline in list(&document["pipelines"]) {
        keys(pipeline, &["pipeline", "namespace", "state", "stages"]);
        let worst = standing(&pipeline["state"]);
        assert!(last <= worst, "what needs a person comes first");
        last = worst;
        for stage in list(&pipeline["stages"]) {
            keys(
                stage,
                &["stage", "services", "values", "since", "promotions"],
            );
            for service in list(&stage["services"]) {
                keys(service, &["service", "source", "since"]);
                if !service["since"].is_null() {
                    keys(&service["since"], &["at", "commit", "by", "pull"]);
                }
            }
            for value in list(&stage["values"]) {
                keys(value, &["service", "field", "value", "name", "secret"]);
                assert_eq!(value["secret"].as_bool().unwrap(), value["value"].is_null());
            }
            if !stage["since"].is_null() {
                keys(&stage["since"], &["at", "commit", "by", "pull"]);
                time(&stage["since"]["at"]);
            }
            for promotion in list(&stage["promotions"]) {
                keys(
                    promotion,
                    &[
                        "edges",
                        "state",
                        "reason",
                        "help",
                        "next",
                        "plan",
                        "newer",
                        "pull",
                        "emergency",
                        "changes",
                        "gates",
                        "left_out",
                        "debts",
                        "rollback",
                        "after_rollback",
                    ],
                );
                assert!(worst <= standing(&promotion["state"]));
                standings.insert(promotion["state"].as_str().unwrap().to_owned());
                time(&promotion["next"]);
                assert!(!promotion["reason"].as_str().unwrap().is_empty());
                for gate in list(&promotion["gates"]) {
                    keys(
                        gate,
                        &["edge", "name", "type", "verdict", "reason", "next", "link"],
                    );
                    time(&gate["next"]);
                }
                for change in list(&promotion["changes"]) {
                    if change["secret"].as_bool().unwrap() {
                        assert!(change["old"].is_null() && change["new"].is_null());
                    }
                }
            }
        }
    }
}

#[test]
fn the_document_has_exactly_the_keys_of_the_contract_for_every_fixture() {
    let mut standings = BTreeSet::new();
    let json = ["status", "--format", "json"];
    for entry in std::fs::read_dir(fixture(".")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        document(&run(&fixture(&name), &json).json(), &mut standings);
        let repo = repo_of(&name);
        let found = run(repo.path(), &json).json();
        assert_eq!(found["tip"], repo.tip("main").unwrap().to_string());
        document(&found, &mut standings);
    }
    let repo = repo(&[
        ("dev.yaml", &chart("web-dev", "1.1.0")),
        ("prod.yaml", &chart("web-prod", "1.0.0")),
        ("web.yaml", &web()),
    ]);
    replace(&repo, "prod.yaml", "1.0.0", "1.0.1");
    document(&run(repo.path(), &json).json(), &mut standings);
    let found: Vec<&str> = standings.iter().map(String::as_str).collect();
    assert_eq!(
        found,
        [
            "ahead",
            "due",
            "error",
            "held",
            "in-sync",
            "not-moved",
            "waits-for-people",
            "waits-for-time"
        ]
    );
}

#[test]
fn a_source_that_follows_a_branch_shows_what_it_stands_for_and_since_when() {
    let repo = repo_of("monorepo");
    repo.git()
        .remote("origin", "https://github.com/acme/mono.git")
        .unwrap();
    let first = repo.tip("main").unwrap().to_string();
    let deployed = change(
        &repo,
        "deploy",
        &[("services/web/deployment.yaml", "a: 1\n")],
    );
    change(&repo, "unrelated", &[("docs/notes.md", "x\n")]);
    let found = run(repo.path(), &["status", "--format", "json"]).json();
    assert_eq!(found["repository"], "acme/mono");
    let stages = found["pipelines"][0]["stages"].as_array().unwrap();
    let value = &stages[0]["values"][0];
    assert_eq!(value["field"], "ref");
    assert_eq!(value["value"], deployed.to_string());
    assert!(
        value["name"].as_str().unwrap().starts_with("main "),
        "{value}"
    );
    assert_eq!(stages[0]["since"]["commit"], deployed.to_string());
    assert_eq!(stages[1]["since"]["commit"], first);
}

#[test]
fn no_value_of_a_secret_is_in_it() {
    for name in ["secrets", "secrets-sops"] {
        for format in ["text", "json"] {
            let arguments = ["status", "--format", format];
            for all in [
                run(&fixture(name), &arguments).all(),
                SLUICE.run(repo_of(name).path(), &arguments).all(),
            ] {
                for needle in ["canary", "Y2FuYXJ5", "NhbmFye", "jYW5hcn"] {
                    assert!(!all.contains(needle), "{needle}: {all}");
                }
            }
        }
    }
}

#[test]
fn a_key_that_lies_in_a_secret_anywhere_is_hidden_everywhere() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: { name: prod, namespace: apps }\nstringData: { token: old }\n";
    let service = test_support::service;
    let dir = folder(&[
        (
            "dev.yaml",
            &service("web-dev", "configuration: { token: canary, level: loud }"),
        ),
        (
            "prod.yaml",
            &service(
                "web-prod",
                "configurationRef: { name: prod }\nconfiguration: { level: quiet }",
            ),
        ),
        ("secret.yaml", secret),
        (
            "pipeline.yaml",
            &pipeline(
                "web",
                &[
                    ("dev", &["web-dev"]),
                    ("prod", &["web-prod < web-dev: token, level"]),
                ],
                &[("dev prod", &["release APPROVAL"])],
            ),
        ),
    ]);
    for format in ["text", "json"] {
        let all = run(dir.path(), &["status", "--format", format]).all();
        assert!(all.contains("loud") && !all.contains("canary"), "{all}");
    }
}

#[test]
fn it_ends_with_what_a_plan_ends_with() {
    for name in ["three-services", "secrets-sops", "triggers", "monorepo"] {
        let plan = run(&fixture(name), &["plan"]).exit;
        run(&fixture(name), &["status"]).exits(plan);
    }
    let empty = folder(&[("notes.md", "x\n")]);
    let ran = run(empty.path(), &["status"]).exits(0);
    assert_eq!(ran.all().matches("There is no Pipeline here").count(), 1);
    let ran = run(empty.path(), &["status", "--format", "json"]).exits(0);
    ran.json();
    assert_eq!(ran.err.matches("There is no Pipeline here").count(), 1);
    SLUICE
        .run(std::path::Path::new("/nonexistent/sluice"), &["status"])
        .exits(64);
}

#[test]
fn an_unknown_pipeline_is_asked_back() {
    run(
        &fixture("two-pipelines"),
        &["status", "--pipeline", "serch"],
    )
    .exits(64)
    .says(&["there is no pipeline serch", "did you mean search?"]);
}

#[test]
fn a_run_that_is_frozen_says_so() {
    let dir = copy_of("two-pipelines");
    let ran = run(dir.path(), &["status", "--freeze", "INC-4711"]).exits(0);
    assert!(
        ran.out
            .contains("prod frozen by this run's input: INC-4711\n"),
        "{}",
        ran.out
    );
}

/// Names that begin a line, in YAML's double quotes.
const EVIL: &str = "::error::x\\u202E\\x1b[31m y";

#[test]
fn foreign_names_are_shown_and_do_nothing() {
    let service = |name: &str, version: &str| {
        format!(
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: \"{name}\", namespace: apps \
             }}\nspec: {{ helm: {{ url: https://c.example.com, chart: a, version: \"{version}\" }} }}\n---\n"
        )
    };
    let (dev, prod) = (format!("{EVIL}d"), format!("{EVIL}p"));
    let text = format!(
        "{}{}apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ name: \"{EVIL}\", namespace: apps }}\nspec:\n  \
         stages:\n  - {{ name: \"{dev}\", services: [{{ serviceRef: {{ name: \"{dev}\" }} }}] }}\n  - {{ name: \"{prod}\", services: \
         [{{ serviceRef: {{ name: \"{prod}\" }}, criteria: {{ serviceRef: {{ name: \"{dev}\" }} }} }}] }}\n  edges:\n  - {{ from: \
         \"{dev}\", to: \"{prod}\", gates: [{{ name: \"{EVIL}\", type: APPROVAL }}] }}\n",
        service(&dev, "1.1.0"),
        service(&prod, "1.0.0")
    );
    let dir = folder(&[("all.yaml", &text)]);
    let ran = run(dir.path(), &["status"]).exits(0);
    assert!(
        ran.out.contains("error::x\\u{202e}\\u{1b}[31m y"),
        "{}",
        ran.out
    );
    for line in ran.all().lines() {
        assert!(!line.trim_start().starts_with("::"), "{line}");
    }
    let hidden = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!ran.all().contains(hidden), "{:?}", ran.out);
}

/// Two pipelines, of which one waits.
fn one_waits() -> tempfile::TempDir {
    let still = pipeline(
        "still",
        &[("dev", &["a-dev"]), ("prod", &["a-prod < a-dev"])],
        &[("dev prod", &["release APPROVAL"])],
    );
    let waits = pipeline(
        "waits",
        &[("dev", &["b-dev"]), ("prod", &["b-prod < b-dev"])],
        &[("dev prod", &["release APPROVAL"])],
    );
    folder(&[
        ("still.yaml", &still),
        ("waits.yaml", &waits),
        ("a-dev.yaml", &chart("a-dev", "1.0.0")),
        ("a-prod.yaml", &chart("a-prod", "1.0.0")),
        ("b-dev.yaml", &chart("b-dev", "1.1.0")),
        ("b-prod.yaml", &chart("b-prod", "1.0.0")),
    ])
}

#[test]
fn it_can_be_short_and_about_what_waits_alone() {
    let dir = one_waits();
    let shown = |more: &[&str]| {
        let at = ["status", "--at=2026-07-01T12:00:00Z"];
        let out = run(dir.path(), &[&at[..], more].concat()).exits(0).out;
        let (_, rest) = out.split_once('\n').unwrap();
        rest.to_owned()
    };
    insta::assert_snapshot!(shown(&["--short"]), @"
    1 waiting, 1 in sync

    waits                         prod waits: 1 approval by anyone with write access
    still                                                in sync
    ");
    insta::assert_snapshot!(shown(&["--waiting"]), @"
    1 waiting, 1 in sync

    waits                         prod waits: 1 approval by anyone with write access
      dev   b-dev 1.1.0                                  no history here
      prod  b-prod 1.0.0                                 no history here
        ⏳ b-prod 1.0.0 → 1.1.0                                               449e8b
           ⏳ release  1 approval by anyone with write access (unread: not on
                       GitHub)
    ");
    insta::assert_snapshot!(shown(&["--waiting", "--pipeline=still"]), @"
    1 in sync

    Nothing waits.
    ");
    let document = run(dir.path(), &["status", "--waiting", "--format=json"]).json();
    assert_eq!(document["pipelines"].as_array().unwrap().len(), 1);
    run(dir.path(), &["status", "--short", "--format=json"])
        .exits(64)
        .says(&["--short is for people"]);
}

#[test]
fn colour_is_used_if_it_is_asked_for() {
    let dir = one_waits();
    let coloured = |variables: &[(&str, &str)], more: &[&str]| {
        let words = [&["status"], more].concat();
        let ran = SLUICE.run_in(dir.path(), variables, &words);
        ran.exits(0).out.contains("\u{1b}[")
    };
    for (variables, more, expected) in [
        (&[][..], &[][..], false),
        (&[("CLICOLOR_FORCE", "1")], &[], true),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[], false),
        (&[("CLICOLOR_FORCE", "1")], &["--color=never"], false),
        (&[("NO_COLOR", "1")], &["--color=always"], true),
        (&[], &["--color=auto"], false),
    ] {
        assert_eq!(
            coloured(variables, more),
            expected,
            "{variables:?} {more:?}"
        );
    }
}
