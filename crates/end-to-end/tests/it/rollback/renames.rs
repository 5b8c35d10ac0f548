//! A rollback, and a hotfix, are remembered when things are renamed, moved, restored or put in between.

use super::{dev, goes_back, promoted};
use end_to_end::shop::{APPROVAL, PROMOTE, chart, shop};
use end_to_end::site::{Site, WORKFLOW};

/// Moves automatically, so that no one is asked before anything would be undone.
const AUTO: &str =
    "stages: { prod: { trigger: auto }, live: { trigger: auto }, staging: { trigger: auto } }\n";

type Deed = fn(&Site);

/// Replaces texts in files of the base, in one commit.
fn replaces(site: &Site, replacements: &[(&str, &str, &str)]) {
    let repo = site.repo();
    let mut files: Vec<(&str, String)> = Vec::new();
    for (path, old, new) in replacements {
        let known = files.iter().position(|(known, _)| known == path);
        let text = match known {
            Some(at) => files.remove(at).1,
            None => repo.file("main", path).unwrap(),
        };
        assert!(text.contains(old), "{old} in {text}");
        files.push((path, text.replace(old, new)));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (*path, &text[..]))
        .collect();
    repo.by("carol").pushes("main", &files, "Rename");
}

const DEEDS: &[(&str, Deed)] = &[
    ("nothing", |_| {}),
    ("the target is renamed", |site| {
        replaces(
            site,
            &[
                ("prod.yaml", "web-prod", "shop-prod"),
                ("pipeline.yaml", "web-prod", "shop-prod"),
            ],
        );
    }),
    ("the target's namespace changes", |site| {
        replaces(
            site,
            &[
                ("prod.yaml", "namespace: apps", "namespace: live"),
                (
                    "pipeline.yaml",
                    "name: web-prod }",
                    "name: web-prod, namespace: live }",
                ),
            ],
        );
    }),
    ("the target is deleted and restored", |site| {
        let repo = site.repo();
        let text = repo.file("main", "prod.yaml").unwrap();
        repo.by("carol").removes("main", &["prod.yaml"], "Delete");
        repo.by("carol").pushes("main", &[("docs/x", "1")], "Words");
        repo.by("carol")
            .pushes("main", &[("prod.yaml", &text)], "Revert");
    }),
    ("the source is renamed", |site| {
        replaces(
            site,
            &[
                ("dev.yaml", "web-dev", "shop-dev"),
                ("pipeline.yaml", "web-dev", "shop-dev"),
            ],
        );
    }),
    ("the pipeline is renamed", |site| {
        replaces(site, &[("pipeline.yaml", "name: shop,", "name: store,")]);
    }),
    ("the stage is renamed", |site| {
        replaces(
            site,
            &[
                ("pipeline.yaml", "name: prod,", "name: live,"),
                ("pipeline.yaml", "to: prod,", "to: live,"),
            ],
        );
    }),
    ("a stage is put in between", |site| {
        let repo = site.repo();
        let source = repo.file("main", "dev.yaml").unwrap();
        let staging = source.replace("web-dev", "web-staging");
        repo.by("carol")
            .pushes("main", &[("staging.yaml", &staging)], "Add staging");
        replaces(
            site,
            &[
                (
                    "pipeline.yaml",
                    "criteria: { serviceRef: { name: web-dev } }",
                    "criteria: { serviceRef: { name: web-staging } }",
                ),
                (
                    "pipeline.yaml",
                    "  - { name: prod,",
                    "  - { name: staging, services: [{ serviceRef: { name: web-staging }, criteria: { serviceRef: { name: web-dev } } }] }\n  - { name: prod,",
                ),
                (
                    "pipeline.yaml",
                    "  - { from: dev, to: prod,",
                    "  - { from: dev, to: staging, gates: [] }\n  - { from: staging, to: prod,",
                ),
            ],
        );
    }),
];

/// What prod runs, whatever it is called.
fn prod(site: &Site) -> String {
    super::prod(site)
}

#[tokio::test]
async fn what_was_rolled_back_does_not_come_again_by_itself() {
    for (name, deed) in DEEDS {
        let mut site = promoted("", AUTO, &["1.1.0", "1.2.0"]).await;
        let run = goes_back(&mut site, &["--reason=INC-7"]).await;
        assert_eq!(prod(&site), "1.1.0", "{name}: {}", run.text);
        deed(&site);
        for _ in 0..3 {
            let run = site.run().await;
            assert_eq!(prod(&site), "1.1.0", "{name}: {}", run.text);
            let says = run.text.contains("it was rolled back in");
            assert!(says, "{name}: {}", run.text);
        }
        // Nor does the next version.
        dev(&site, "1.3.0");
        if *name == "the source is renamed" {
            replaces(&site, &[("dev.yaml", "web-dev", "shop-dev")]);
        }
        for _ in 0..3 {
            let run = site.run().await;
            assert_eq!(prod(&site), "1.1.0", "{name}: {}", run.text);
        }
    }
}

#[tokio::test]
async fn what_a_person_sets_after_a_rollback_does_not_end_it() {
    let mut site = promoted("", AUTO, &["1.1.0", "1.2.0"]).await;
    goes_back(&mut site, &["--reason=INC-7"]).await;
    site.repo().by("dave").pushes(
        "main",
        &[("prod.yaml", &chart("web-prod", "1.1.1"))],
        "Fix checkout",
    );
    dev(&site, "1.3.0");
    let run = site.run().await;
    assert_eq!(prod(&site), "1.1.1", "{}", run.text);
    // A person who asks for it overwrites the hotfix, and what comes after a rollback is held all the same.
    let run = site.asks("dave", &PROMOTE).await;
    assert_eq!(prod(&site), "1.1.1", "{}", run.text);
    let [number] = site.repo().pulls(true)[..] else {
        panic!("{}", run.text)
    };
    assert!(super::is_held(&site, number), "{}", run.text);
    let body = site.repo().body(number);
    assert!(body.contains("> `prod` was rolled back in"), "{body}");
}

#[tokio::test]
async fn a_stage_goes_back_to_what_it_held_under_other_names() {
    for (name, deed) in DEEDS {
        let mut site = promoted("", AUTO, &["1.1.0", "1.2.0"]).await;
        deed(&site);
        let pipeline = match *name {
            "the pipeline is renamed" => "--pipeline=store",
            _ => "--pipeline=shop",
        };
        let stage = match *name {
            "the stage is renamed" => "--to=live",
            _ => "--to=prod",
        };
        let run = site.asks("dave", &["rollback", pipeline, stage]).await;
        assert_eq!(prod(&site), "1.1.0", "{name}: {}", run.text);
    }
}

#[tokio::test]
async fn a_hotfix_is_not_undone_by_itself() {
    for (name, deed) in DEEDS {
        let site = shop("", AUTO).await;
        site.repo().by("dave").pushes(
            "main",
            &[("prod.yaml", &chart("web-prod", "1.0.1"))],
            "Fix checkout",
        );
        let run = site.run().await;
        assert_eq!(prod(&site), "1.0.1", "{name}: {}", run.text);
        deed(&site);
        for _ in 0..2 {
            let run = site.run().await;
            assert_eq!(prod(&site), "1.0.1", "{name}: {}", run.text);
            let ahead = &run.json["ahead"][0];
            assert_eq!(ahead["author"], "dave", "{name}: {}", run.text);
        }
    }
}

#[tokio::test]
async fn a_pull_request_says_that_it_takes_a_hotfix_away_under_every_name() {
    for (name, deed) in DEEDS {
        let site = shop(APPROVAL, "").await;
        let repo = site.repo();
        repo.by("dave").pushes(
            "main",
            &[("prod.yaml", &chart("web-prod", "1.0.1"))],
            "Fix checkout",
        );
        deed(&site);
        let path = match repo.file("main", "staging.yaml") {
            Some(_) => "staging.yaml",
            None => "dev.yaml",
        };
        replaces(&site, &[(path, "version: 1.1.0", "version: 1.2.0")]);
        site.run().await;
        let open = repo.pulls(true);
        let into_prod = |number: &u64| {
            let head = repo.pull(*number)["head"]["ref"].to_string();
            head.contains("/prod/") || head.contains("/live/")
        };
        let number = open.iter().copied().find(into_prod).expect(name);
        let body = repo.body(number);
        assert!(body.contains("** was set by hand in"), "{name}: {body}");
    }
}

#[tokio::test]
async fn a_hotfix_that_its_source_has_not_caught_up_with_is_taken_away_only_if_a_person_asks() {
    let mut site = shop("", AUTO).await;
    let repo = site.repo();
    repo.by("dave").pushes(
        "main",
        &[("prod.yaml", &chart("web-prod", "1.0.1")), WORKFLOW],
        "Fix checkout",
    );
    repo.files("main", &[("dev.yaml", &chart("web-dev", "1.2.0"))]);
    let run = site.run().await;
    assert_eq!(prod(&site), "1.0.1", "{}", run.text);
    let why = run.json["promotions"][0]["why"].as_str().unwrap();
    let (start, end) = why.split_once("set by hand in ").unwrap();
    assert_eq!(
        start,
        "takes away what was set by hand only on a person's request: web-prod was "
    );
    assert!(
        end.ends_with(" by dave; web-dev has not caught up with it"),
        "{why}"
    );
    let run = site.asks("dave", &PROMOTE).await;
    assert_eq!(prod(&site), "1.2.0", "{}", run.text);
}

/// Commits of the base that touch no manifest.
fn passes(site: &Site, commits: usize) {
    let repo = site.repo();
    for number in 0..commits {
        repo.files("main", &[("docs/x", &format!("{number}"))]);
    }
}

#[tokio::test]
async fn a_new_service_costs_few_calls_however_long_the_history_is() {
    let mut counts = Vec::new();
    for (before, name) in [(None, "web"), (Some("old-prod"), "web")] {
        let site = shop("", AUTO).await;
        let repo = site.repo();
        // Long ago something else was at its path.
        repo.by("carol")
            .removes("main", &["prod.yaml", "pipeline.yaml"], "Begin");
        if let Some(before) = before {
            repo.files("main", &[("shop.yaml", &chart(before, "0.1.0"))]);
            repo.by("carol").removes("main", &["shop.yaml"], "Delete");
        }
        passes(&site, 6_000);
        let pipeline = end_to_end::shop::pipeline("").replace("web-prod", &format!("{name}-new"));
        repo.files(
            "main",
            &[
                ("pipeline.yaml", &pipeline),
                ("shop.yaml", &chart(&format!("{name}-new"), "1.0.0")),
            ],
        );
        passes(&site, 10);
        site.hub.forget_calls();
        let run = site.run().await;
        let row = &run.json["promotions"][0];
        assert_eq!(row["state"], "landed", "{}", run.text);
        counts.push(site.hub.calls().len());
    }
    // Five pages of a hundred commits more, where its path was in use long ago.
    assert_eq!(counts, [14, 19]);
}
