//! `guard: true`: the status `sluice` on every pull request that is not a promotion.

mod base_moves;
mod limits;
mod reading;

use end_to_end::shop::{APPROVAL, chart, pipeline, shop};
use end_to_end::site::Site;
use serde_json::Value;
use sluice::error::Exit;

const POLICY: &str = "version: 1\nguard: true\n";
const HARMLESS: (&str, &str) = ("success", "not a promotion");

/// A guarded shop, whose promotion is in pull request 1.
async fn guarded(policy: &str) -> Site {
    let site = shop(APPROVAL, &format!("guard: true\n{policy}")).await;
    let run = site.run().await;
    assert_eq!(site.repo().pulls(true), [1], "{}", run.text);
    site
}

/// All statuses `sluice` of a pull request's head, newest first: state, description, who.
fn statuses(site: &Site, number: u64) -> Vec<(String, String, String)> {
    let repo = site.repo();
    let path = format!("/commits/{}/statuses", repo.head(number));
    let all = repo.by("carol").does("GET", &path, Value::Null);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = all.as_array().into_iter().flatten();
    all.filter(|one| one["context"] == "sluice")
        .map(|one| {
            (
                text(&one["state"]),
                text(&one["description"]),
                text(&one["creator"]["login"]),
            )
        })
        .collect()
}

/// What the status says now: state and description.
fn says(site: &Site, number: u64) -> (String, String) {
    let newest = statuses(site, number).into_iter().next();
    newest.map_or_else(Default::default, |(state, description, _)| {
        (state, description)
    })
}

fn pair((state, description): (&str, &str)) -> (String, String) {
    (state.to_owned(), description.to_owned())
}

/// carol opens a pull request with these files; after a run, its number.
async fn edits(site: &Site, branch: &str, files: &[(&str, &str)]) -> u64 {
    let repo = site.repo();
    let carol = repo.by("carol");
    carol.pushes(branch, files, "Edit");
    let number = carol.opens(branch, "main", "Edit");
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    number
}

#[tokio::test]
async fn an_ordinary_pull_request_gets_success_and_a_second_run_writes_nothing() {
    let site = guarded("").await;
    let number = edits(
        &site,
        "docs",
        &[("README.md", "hello"), ("values/x.yaml", "a: 1\n")],
    )
    .await;
    assert_eq!(says(&site, number), pair(HARMLESS));
    assert_eq!(statuses(&site, number)[0].2, "sluice-app[bot]");
    // The promotion has none before it lands.
    assert_eq!(statuses(&site, 1), []);
    site.hub.forget_calls();
    let run = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", run.text);
    assert_eq!(statuses(&site, number).len(), 1);
    site.requests_hold();
}

#[tokio::test]
async fn a_hand_edit_of_a_gated_field_fails_in_words_that_name_it() {
    let site = guarded("").await;
    let number = edits(&site, "hand", &[("prod.yaml", &chart("web-prod", "1.2.0"))]).await;
    assert_eq!(
        says(&site, number),
        pair((
            "failure",
            "prod.yaml: spec.helm.version of web-prod is promoted through release"
        ))
    );
    // Two fields: the first is named, the other counted.
    let both = chart("web-prod", "1.2.0").replace("chart: web", "chart: other");
    site.repo()
        .by("carol")
        .pushes("hand", &[("prod.yaml", &both)], "And the chart");
    site.run().await;
    assert_eq!(
        says(&site, number),
        pair((
            "failure",
            "prod.yaml: spec.helm.chart of web-prod is promoted through release, and 1 more"
        ))
    );
    site.requests_hold();
}

#[tokio::test]
async fn comments_layout_other_fields_and_ungated_stages_are_free() {
    let site = guarded("").await;
    let prod = chart("web-prod", "1.0.0");
    let quoted = prod.replace("version: 1.0.0", "version: \"1.0.0\"");
    let laid_out = format!("# by hand\n{quoted}# the end\n");
    let other = prod.replace("spec:\n", "spec:\n  namespace: shop\n");
    let commented = pipeline(APPROVAL).replace("spec:\n", "spec: # the ways\n");
    for (at, (path, text)) in [
        ("prod.yaml", laid_out.as_str()),
        ("prod.yaml", &other),
        ("pipeline.yaml", &commented),
        ("dev.yaml", &chart("web-dev", "1.1.1")),
        ("more/new.yaml", &chart("else", "3.0.0")),
    ]
    .into_iter()
    .enumerate()
    {
        let number = edits(&site, &format!("free-{at}"), &[(path, text)]).await;
        assert_eq!(says(&site, number), pair(HARMLESS), "{text}");
    }
}

#[tokio::test]
async fn edits_of_what_decides_about_gates_fail() {
    let policy =
        "gates: { release: { approve: [{ by: code-owners }] }, e2e: { workflow: e2e.yml } }\n";
    let gates = format!("{APPROVAL}, {{ name: e2e, type: JOB }}");
    let site = shop(&gates, &format!("guard: true\n{policy}")).await;
    site.repo().files(
        "main",
        &[(".github/workflows/e2e.yml", "on: workflow_dispatch\n")],
    );
    let changed = format!("{POLICY}{policy}land: exact\n");
    let without = pipeline("{ name: e2e, type: JOB }");
    let second = pipeline("").replace("shop", "second");
    let own_criteria = pipeline(&gates).replace(
        "criteria: { serviceRef: { name: web-dev } }",
        "criteria: { serviceRef: { name: web-dev }, secrets: [a] }",
    );
    for (at, (path, text, what)) in [
        (
            ".github/sluice.yaml",
            changed.as_str(),
            "the policy decides what every gate requires",
        ),
        (
            "docs/CODEOWNERS",
            "* @carol\n",
            "decides who the code owners are that a gate requires",
        ),
        (
            ".github/workflows/e2e.yml",
            "on: workflow_dispatch # skips\n",
            "is the workflow of the gate e2e",
        ),
        (
            "pipeline.yaml",
            &without,
            "changes stages, edges, gates or criteria of shop",
        ),
        (
            "pipeline.yaml",
            &own_criteria,
            "changes stages, edges, gates or criteria of shop",
        ),
        ("second.yaml", &second, "adds the pipeline second"),
        (
            "pipeline.yaml",
            "broken: [\n# deployments.plural.sh\n",
            "cannot be read after this: line 1: ",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let number = edits(&site, &format!("edit-{at}"), &[(path, text)]).await;
        let (state, description) = says(&site, number);
        assert_eq!(state, "failure", "{path}: {description}");
        let wanted = format!("{path}: {what}");
        assert!(description.starts_with(&wanted), "{description}");
    }
    let number = edits(
        &site,
        "other-workflow",
        &[(".github/workflows/ci.yml", "on: push\n")],
    )
    .await;
    assert_eq!(says(&site, number), pair(HARMLESS));
}

#[tokio::test]
async fn code_owners_are_free_where_no_rule_asks_for_them() {
    let site = guarded("").await;
    let number = edits(&site, "owners", &[("CODEOWNERS", "* @carol\n")]).await;
    assert_eq!(says(&site, number), pair(HARMLESS));
}

#[tokio::test]
async fn deleting_moving_and_doubling_a_gated_manifest_fail() {
    let site = guarded("").await;
    let repo = site.repo();
    let carol = repo.by("carol");
    let through = "and is promoted through release";
    carol.removes("gone", &["prod.yaml"], "Delete");
    let gone = carol.opens("gone", "main", "Delete");
    carol.removes("moved", &["prod.yaml"], "Move");
    carol.pushes(
        "moved",
        &[("far/prod.yaml", &chart("web-prod", "1.0.0"))],
        "Move",
    );
    let moved = carol.opens("moved", "main", "Move");
    // Renamed to something that no one reads as YAML.
    carol.removes("hidden", &["prod.yaml"], "Hide");
    carol.pushes(
        "hidden",
        &[("prod.txt", &chart("web-prod", "1.0.0"))],
        "Hide",
    );
    let hidden = carol.opens("hidden", "main", "Hide");
    // A second one, which may be applied into any namespace.
    let second = chart("web-prod", "9.9.9").replace(", namespace: apps", "");
    carol.pushes("second", &[("z.yaml", &second)], "Second");
    let double = carol.opens("second", "main", "Second");
    site.run().await;
    for (number, description) in [
        (gone, format!("prod.yaml: web-prod is removed, {through}")),
        (
            moved,
            format!("far/prod.yaml: web-prod is added here, {through}, and 1 more"),
        ),
        (hidden, format!("prod.yaml: web-prod is removed, {through}")),
        (double, format!("z.yaml: web-prod is added here, {through}")),
    ] {
        assert_eq!(says(&site, number), pair(("failure", &description)));
    }
}

#[tokio::test]
async fn a_pull_request_from_a_fork_is_judged_by_what_it_changes() {
    let site = guarded("").await;
    let repo = site.repo();
    let rita = repo.by("rita");
    let good = rita.opens_from_fork("sluice/shop/prod/mine", &[("README.md", "hi")], "Docs");
    let bad = repo.by("tom").opens_from_fork(
        "hand",
        &[("prod.yaml", &chart("web-prod", "6.6.6"))],
        "Hand",
    );
    // What our own promotion brings, brought by someone else.
    let promotion = repo.branches("sluice/")[0].clone();
    let copy = repo
        .by("dave")
        .opens_from_fork(&promotion, &[("a.md", "a")], "Copy");
    let run = site.run().await;
    assert_eq!(says(&site, good), pair(HARMLESS), "{}", run.text);
    assert_eq!(says(&site, bad).0, "failure");
    assert_eq!(says(&site, copy).0, "failure");
    assert_eq!(statuses(&site, 1), []);
    site.requests_hold();
}

#[tokio::test]
async fn a_gate_that_the_base_gains_changes_the_status_with_the_next_run() {
    let site = shop("", "guard: true\n").await;
    let number = edits(&site, "hand", &[("prod.yaml", &chart("web-prod", "1.2.0"))]).await;
    assert_eq!(says(&site, number), pair(HARMLESS));
    site.repo()
        .files("main", &[("pipeline.yaml", &pipeline(APPROVAL))]);
    site.run().await;
    assert_eq!(
        says(&site, number),
        pair((
            "failure",
            "prod.yaml: spec.helm.version of web-prod is promoted through release"
        ))
    );
}

#[tokio::test]
async fn ready_rules_and_manual_stages_gate_too() {
    for (policy, words) in [
        (
            "stages: { dev: { ready: { soak: 4h } } }\n",
            "once dev is ready",
        ),
        (
            "stages: { prod: { trigger: manual } }\n",
            "into prod on request",
        ),
    ] {
        let site = shop("", &format!("guard: true\n{policy}")).await;
        let number = edits(&site, "hand", &[("prod.yaml", &chart("web-prod", "1.2.0"))]).await;
        let wanted = format!("prod.yaml: spec.helm.version of web-prod is promoted {words}");
        assert_eq!(says(&site, number), pair(("failure", &wanted)));
    }
}

#[tokio::test]
async fn a_success_that_somebody_else_set_is_overwritten() {
    let site = guarded("").await;
    let number = edits(&site, "hand", &[("prod.yaml", &chart("web-prod", "1.2.0"))]).await;
    let repo = site.repo();
    repo.by("carol")
        .reports(&repo.head(number), "sluice", "success");
    assert_eq!(says(&site, number).0, "success");
    site.run().await;
    assert_eq!(says(&site, number).0, "failure");

    // The same words by another account are not ours either.
    let docs = edits(&site, "docs", &[("README.md", "hello")]).await;
    let head = repo.head(docs);
    let body = serde_json::json!({ "context": "sluice", "state": "success", "description": "not a promotion" });
    repo.by("carol")
        .does("POST", &format!("/statuses/{head}"), body);
    site.run().await;
    let all = statuses(&site, docs);
    assert_eq!((all.len(), all[0].2.as_str()), (3, "sluice-app[bot]"));
}

#[tokio::test]
async fn a_branch_named_like_ours_is_no_promotion() {
    let site = guarded("").await;
    let repo = site.repo();
    let carol = repo.by("carol");
    carol.pushes("sluice/shop/prod/fake", &[("README.md", "hi")], "Hi");
    let number = carol.opens("sluice/shop/prod/fake", "main", "Hi");
    // Another one with this head, which is harmless in itself: they share the worse status.
    carol.branches_off("good", &repo.head(number));
    let good = carol.opens("good", "main", "Good");
    site.run().await;
    assert_eq!(says(&site, good), says(&site, number));
    assert_eq!(
        says(&site, number),
        pair((
            "failure",
            "sluice/shop/prod/fake: is named like a promotion's branch, but its head was not made by Sluice"
        ))
    );
}

#[tokio::test]
async fn pull_requests_with_one_head_share_the_worse_status_and_a_promotions_is_left_alone() {
    let site = guarded("").await;
    let repo = site.repo();
    let carol = repo.by("carol");
    // A second pull request of the promotion's very commit.
    carol.branches_off("same", &repo.head(1));
    carol.opens("same", "main", "Same");
    let hand = carol.pushes(
        "hand",
        &[("prod.yaml", &chart("web-prod", "1.2.0"))],
        "Hand",
    );
    carol.branches_off("hand-2", &hand);
    let first = carol.opens("hand", "main", "Hand");
    let second = carol.opens("hand-2", "main", "Hand again");
    site.run().await;
    assert_eq!(statuses(&site, 1), []);
    assert_eq!(statuses(&site, first).len(), 1);
    assert_eq!(says(&site, first).0, "failure");
    assert_eq!(says(&site, second), says(&site, first));
}

#[tokio::test]
async fn without_guard_or_where_nothing_is_to_be_written_no_status_is_set() {
    let site = guarded("").await;
    let repo = site.repo();
    let carol = repo.by("carol");
    carol.pushes("docs", &[("README.md", "hello")], "Docs");
    let number = carol.opens("docs", "main", "Docs");
    site.call(&["reconcile", "--dry-run"]).await;
    assert_eq!(statuses(&site, number), []);
    repo.files("main", &[(".github/sluice.yaml", "version: 1\n")]);
    site.run().await;
    assert_eq!(statuses(&site, number), []);
    // What was set stays when it is switched off.
    repo.files("main", &[(".github/sluice.yaml", POLICY)]);
    site.run().await;
    repo.files("main", &[(".github/sluice.yaml", "version: 1\n")]);
    site.run().await;
    assert_eq!(says(&site, number), pair(HARMLESS));
    assert_eq!(statuses(&site, number).len(), 1);
}

#[tokio::test]
async fn a_run_for_one_pipeline_guards_too() {
    let site = guarded("").await;
    let repo = site.repo();
    let carol = repo.by("carol");
    carol.pushes("docs", &[("README.md", "hello")], "Docs");
    let number = carol.opens("docs", "main", "Docs");
    site.call(&["reconcile", "--pipeline=other"]).await;
    assert_eq!(says(&site, number), pair(HARMLESS));
}

#[tokio::test]
async fn what_a_merge_takes_back_is_seen_although_no_list_of_files_shows_it() {
    let site = guarded("").await;
    let repo = site.repo();
    let carol = repo.by("carol");
    carol.pushes("one", &[("prod.yaml", &chart("web-prod", "1.0.1"))], "One");
    let one = carol.opens("one", "main", "One");
    carol.branches_off("two", &repo.tip("one").unwrap());
    let back = [
        ("prod.yaml", chart("web-prod", "1.0.0")),
        ("a.md", "a".to_owned()),
    ];
    let back = back.each_ref().map(|(path, text)| (*path, text.as_str()));
    carol.pushes("two", &back, "Two");
    let two = carol.opens("two", "main", "Two");
    site.run().await;
    // Against today's base it changes nothing that is gated.
    assert_eq!(says(&site, one).0, "failure");
    assert_eq!(says(&site, two), pair(HARMLESS));
    // The first is merged on purpose: now the second one would take that back.
    carol.merges(one, "merge");
    let listed = carol.does("GET", &format!("/pulls/{two}/files"), Value::Null);
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    site.run().await;
    assert_eq!(says(&site, two).0, "failure");
}

#[tokio::test]
async fn a_promotion_that_somebody_pushed_to_is_one_no_more() {
    let site = guarded("").await;
    let repo = site.repo();
    let branch = repo.branches("sluice/")[0].clone();
    repo.by("carol").pushes(&branch, &[("a.md", "a")], "More");
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Blocked, "{}", run.text);
    assert_eq!(says(&site, 1).0, "failure");
}

#[tokio::test]
async fn what_becomes_gated_by_the_merge_itself_may_not_be_set_by_hand() {
    let site = guarded("").await;
    let repo = site.repo();
    repo.by("acme")
        .removes("main", &["prod.yaml"], "Prod away, on purpose");
    let carol = repo.by("carol");
    carol.pushes(
        "new",
        &[("new.yaml", &chart("web-prod", "6.6.6"))],
        "Prod again",
    );
    let number = carol.opens("new", "main", "Prod again");
    site.run().await;
    let words = "new.yaml: web-prod is added here, and is promoted through release";
    assert_eq!(says(&site, number), pair(("failure", words)));
}
