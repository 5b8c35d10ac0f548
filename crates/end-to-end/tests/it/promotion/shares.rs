//! What one run opens: everyone's share of it, and that it closes nothing that it opened itself.

use end_to_end::site::{Report, Site};
use end_to_end::upgrade::FIXTURE;
use sluice::error::Exit;

fn chart(name: &str, version: &str) -> String {
    format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: {{ name: {name}, namespace: apps \
         }}\nspec: {{ helm: {{ url: https://c.example.com, chart: a, version: {version} }} }}\n---\n"
    )
}

/// A pipeline from dev at this version to this many stages at 1.0.0, each behind an approval.
fn pipeline(name: &str, version: &str, stages: usize) -> (String, String) {
    let mut text = chart(&format!("{name}-dev"), version);
    let (mut entries, mut edges) = (String::new(), String::new());
    for stage in 0..stages {
        text.push_str(&chart(&format!("{name}-{stage}"), "1.0.0"));
        entries.push_str(&format!(
            "  - {{ name: to-{stage}, services: [{{ serviceRef: {{ name: {name}-{stage} }}, criteria: {{ serviceRef: {{ name: \
             {name}-dev }} }} }}] }}\n"
        ));
        edges.push_str(&format!(
            "  - {{ from: dev, to: to-{stage}, gates: [{{ name: release, type: APPROVAL }}] }}\n"
        ));
    }
    text.push_str(&format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ name: {name}, namespace: apps }}\nspec:\n  \
         stages:\n  - {{ name: dev, services: [{{ serviceRef: {{ name: {name}-dev }} }}] }}\n{entries}  edges:\n{edges}"
    ));
    (format!("{name}.yaml"), text)
}

fn put(site: &Site, files: &[(String, String)]) {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    site.repo().files("main", &files);
}

fn policy(open: u32) -> (String, String) {
    let text = format!("version: 1\nlimits: {{ open: {open} }}\n");
    (".github/sluice.yaml".to_owned(), text)
}

/// The pipelines of the rows of a kind.
fn rows(run: &Report, kind: &str) -> Vec<String> {
    let rows = run.json["promotions"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["state"] == kind);
    rows.map(|row| row["pipeline"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_pipeline_with_more_than_its_share_keeps_no_other_from_its_turn() {
    let site = Site::empty().await;
    let mut files = vec![policy(3), pipeline("a", "1.1.0", 6)];
    files.extend((1..12).map(|number| pipeline(&format!("b{number}"), "1.1.0", 1)));
    put(&site, &files);
    let mut opened = Vec::new();
    for left in [14, 11, 8, 5, 2] {
        let run = site.run().await;
        let now = rows(&run, "opened");
        assert_eq!(now.len(), 3, "{}", run.text);
        assert_eq!(rows(&run, "due").len(), left, "{}", run.text);
        let others_wait = (1..12)
            .filter(|number| !opened.contains(&format!("apps/b{number}")))
            .count();
        let of_the_large = now.iter().filter(|name| *name == "apps/a").count();
        assert!(
            of_the_large <= 1.max(3_usize.saturating_sub(others_wait)),
            "{now:?}"
        );
        opened.extend(now);
    }
    site.run().await;
    assert_eq!(site.repo().pulls(true).len(), 17);
}

#[tokio::test]
async fn what_is_replaced_takes_no_room_from_what_is_new() {
    let site = Site::empty().await;
    put(&site, &[policy(10), pipeline("a", "1.1.0", 5)]);
    site.run().await;
    let repo = site.repo();
    assert_eq!(repo.pulls(true), [1, 2, 3, 4, 5]);
    let mut files = vec![policy(3), pipeline("a", "1.2.0", 5)];
    files.extend((0..4).map(|number| pipeline(&format!("b{number}"), "1.1.0", 1)));
    put(&site, &files);
    let run = site.run().await;
    let mut opened = rows(&run, "opened");
    opened.retain(|name| name != "apps/a");
    assert_eq!(opened.len(), 3, "{}", run.text);
    let replaced = (1..=5).filter(|number| repo.state(*number) == "CLOSED");
    assert_eq!(replaced.count(), 3, "{}", run.text);
    assert_eq!(rows(&run, "due").len(), 3, "{}", run.text);
    let mut rows = run.json["promotions"].as_array().unwrap().iter();
    let due = rows.find(|row| row["state"] == "due").unwrap();
    assert_eq!(
        due["next"],
        "a later run opens it: this one opened as many as `limits.open` allows, or has few API requests left"
    );
}

#[tokio::test]
async fn what_a_run_opened_it_does_not_close_while_nothing_moved() {
    let site = Site::empty().await;
    let shut = "gates: { release: { open: [\"Sun 03:00-03:01\"], zone: UTC } }\n";
    let policy = format!(
        "version: 1\n{shut}holds: [{{ service: two-prod, until: 2026-03-02T10:00:00Z, reason: later }}]\n"
    );
    let take = |name: &str| {
        format!(
            "{{ serviceRef: {{ name: {name}-prod }}, criteria: {{ serviceRef: {{ name: {name}-dev }} }} }}"
        )
    };
    let pipeline = format!(
        "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata: {{ name: shop, namespace: apps }}\nspec:\n  \
         stages:\n  - {{ name: dev, services: [{{ serviceRef: {{ name: one-dev }} }}, {{ serviceRef: {{ name: two-dev }} }}] \
         }}\n  - {{ name: prod, services: [{}, {}] }}\n  edges:\n  - {{ from: dev, to: prod, gates: [{{ name: release, type: \
         WINDOW }}] }}\n",
        take("one"),
        take("two")
    );
    let services = [
        ("one", "dev"),
        ("one", "prod"),
        ("two", "dev"),
        ("two", "prod"),
    ];
    let services: String = services
        .iter()
        .map(|(name, stage)| {
            let version = if *stage == "dev" { "1.1.0" } else { "1.0.0" };
            chart(&format!("{name}-{stage}"), version)
        })
        .collect();
    site.repo().files(
        "main",
        &[
            ("shop.yaml", &format!("{services}{pipeline}")),
            (".github/sluice.yaml", &policy),
        ],
    );
    // The hold ends while the run is under way: what it opened is not what it would open now.
    site.hub.set_clock("2026-03-02T09:59:59Z");
    let run = site.run().await;
    let repo = site.repo();
    assert_eq!(repo.pulls(false), [1], "{}", run.text);
    assert_eq!(repo.state(1), "OPEN", "{}", run.text);
    assert_eq!(run.exit, Exit::Blocked, "{}", run.text);
    let rows = run.json["promotions"].as_array().unwrap();
    let blocked: Vec<String> = rows
        .iter()
        .filter(|row| row["state"] == "blocked")
        .map(|row| format!("{}; {}", row["why"], row["next"]))
        .collect();
    insta::assert_snapshot!(blocked.join("\n"), @r##""#1 was opened in this run and would be closed again, although neither the base branch nor a source has changed"; "something is reverting it""##);
    // The next run sees nothing that it opened itself.
    let next = site.run().await;
    assert_eq!(repo.state(1), "CLOSED", "{}", next.text);
    assert_eq!(repo.pulls(true), [2]);
}

#[tokio::test]
async fn with_few_calls_left_nothing_new_is_put_up() {
    let site = Site::of(FIXTURE).await;
    site.hub.switch(|switches| switches.limit = 40);
    let run = site.run().await;
    assert_eq!(
        (run.exit, site.repo().pulls(true)),
        (Exit::Done, Vec::new()),
        "{}",
        run.text
    );
    assert!(
        run.notices
            .iter()
            .any(|notice| notice.contains("fewer than 50 API requests remain")),
        "{:?}",
        run.notices
    );
}

#[tokio::test]
async fn limits_open_holds_over_runs_that_each_open_their_share() {
    let site = Site::of("two-pipelines").await;
    site.policy("limits: { open: 1 }\n");
    let repo = site.repo();
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
    assert!(
        run.lines().iter().any(|line| line.starts_with("due")),
        "{}",
        run.text
    );
    site.run().await;
    assert_eq!(repo.pulls(true), [1, 2]);
}
