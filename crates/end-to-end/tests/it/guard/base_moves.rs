//! The base branch moves on while pull requests are open: GitHub keeps their test merges for hours, and verdicts come all the same.

use super::{HARMLESS, edits, guarded, pair, says, statuses};
use end_to_end::shop::{APPROVAL, chart, pipeline, shop};
use end_to_end::site::Site;
use serde_json::{Value, json};

const HAND: (&str, &str) = (
    "failure",
    "prod.yaml: spec.helm.version of web-prod is promoted through release",
);

/// The parents of the test merge that GitHub shows.
fn test_merge(site: &Site, number: u64) -> Vec<String> {
    let repo = site.repo();
    let pull = repo
        .by("carol")
        .does("GET", &format!("/pulls/{number}"), Value::Null);
    let commit = pull["merge_commit_sha"].as_str().unwrap();
    repo.parents(commit)
}

/// A service in whose file there is room between what is gated and the rest.
fn roomy(name: &str, version: &str, note: &str) -> String {
    let room = "# room\n".repeat(10);
    format!(
        "{}{room}# note: {note}\n{room}# the end\n",
        chart(name, version)
    )
}

/// A commit on top of these parents, with the tree of the first and these files.
fn commit(site: &Site, parents: &[&str], files: &[(&str, &str)], date: Option<&str>) -> String {
    let repo = site.repo();
    let carol = repo.by("carol");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let first = carol.does("GET", &format!("/git/commits/{}", parents[0]), Value::Null);
    let entries: Vec<Value> = files
        .iter()
        .map(|(path, content)| {
            json!({ "path": path, "mode": "100644", "type": "blob", "content": content })
        })
        .collect();
    let body = json!({ "base_tree": text(&first["tree"]["sha"]), "tree": entries });
    let tree = text(&carol.does("POST", "/git/trees", body)["sha"]);
    let mut body = json!({ "message": "By hand", "tree": tree, "parents": parents });
    if let Some(date) = date {
        let who = json!({ "name": "Carol", "email": "carol@example.com", "date": date });
        body["author"] = who.clone();
        body["committer"] = who;
    }
    text(&carol.does("POST", "/git/commits", body)["sha"])
}

#[tokio::test]
async fn fifty_unrelated_commits_of_the_base_change_no_verdict_and_cost_no_write() {
    let site = guarded("").await;
    let repo = site.repo();
    let docs = edits(&site, "docs", &[("README.md", "hello")]).await;
    let dev = edits(&site, "dev", &[("dev.yaml", &chart("web-dev", "1.1.1"))]).await;
    let hand = edits(&site, "hand", &[("prod.yaml", &chart("web-prod", "1.2.0"))]).await;
    let first = test_merge(&site, docs);
    for at in 0..50 {
        repo.files("main", &[(&format!("other/{at}.md"), "x")]);
        if at % 10 == 0 {
            site.hub.forget_calls();
            let run = site.run().await;
            assert_eq!(site.writes(), Vec::<String>::new(), "{}", run.text);
        }
    }
    site.run().await;
    assert_eq!(
        test_merge(&site, docs),
        first,
        "the test merge is an old one"
    );
    for (number, words) in [(docs, HARMLESS), (dev, HARMLESS), (hand, HAND)] {
        assert_eq!(says(&site, number), pair(words));
        assert_eq!(statuses(&site, number).len(), 1, "{number}");
    }
    site.requests_hold();
}

#[tokio::test]
async fn a_new_pull_request_gets_its_verdict_at_once_although_its_test_merge_is_old() {
    let site = guarded("").await;
    let repo = site.repo();
    let hand = chart("web-prod", "1.2.0");
    let own = |branch: &str, files: &[(&str, &str)]| {
        repo.by("carol").pushes(branch, files, "Edit");
        repo.by("carol").opens(branch, "main", "Edit")
    };
    let fork = |branch: &str, files: &[(&str, &str)]| {
        repo.by("rita").opens_from_fork(branch, files, "Edit")
    };
    let pulls = [
        (own("good", &[("README.md", "hi")]), HARMLESS),
        (own("bad", &[("prod.yaml", &hand)]), HAND),
        (fork("far", &[("README.md", "hi")]), HARMLESS),
        (fork("far-bad", &[("prod.yaml", &hand)]), HAND),
    ];
    let old = repo.tip("main").unwrap();
    for (number, _) in pulls {
        assert_eq!(test_merge(&site, number)[0], old);
    }
    repo.files("main", &[("dev.yaml", &chart("web-dev", "1.1.2"))]);
    repo.files("main", &[("other.md", "x")]);
    // Nor is anything waited for while GitHub does not know whether they can be merged.
    site.hub.switch(|switches| switches.mergeable_after = 1000);
    let run = site.run().await;
    for (number, words) in pulls {
        assert_eq!(says(&site, number), pair(words), "{}", run.text);
        assert_eq!(statuses(&site, number).len(), 1);
    }
    site.requests_hold();
}

#[tokio::test]
async fn a_manifest_that_both_sides_changed_in_different_lines_is_merged_and_judged() {
    let site = guarded("").await;
    let repo = site.repo();
    repo.files(
        "main",
        &[("prod.yaml", &roomy("web-prod", "1.0.0", "none"))],
    );
    let own = |branch: &str, text: &str| {
        repo.by("carol")
            .pushes(branch, &[("prod.yaml", text)], "Edit");
        repo.by("carol").opens(branch, "main", "Edit")
    };
    let note = own("note", &roomy("web-prod", "1.0.0", "mine"));
    let hand = own("hand", &roomy("web-prod", "1.2.0", "none"));
    let fork = repo.by("rita").opens_from_fork(
        "fork",
        &[("prod.yaml", &roomy("web-prod", "1.2.0", "none"))],
        "Edit",
    );
    for end in ["# end\n", "# the very end\n"] {
        let text = roomy("web-prod", "1.0.0", "none").replace("# the end\n", end);
        repo.files("main", &[("prod.yaml", &text)]);
        let run = site.run().await;
        assert_eq!(says(&site, note), pair(HARMLESS), "{}", run.text);
        assert_eq!(says(&site, hand), pair(HAND));
        assert_eq!(says(&site, fork), pair(HAND));
    }
    // The base gets another version, as by a promotion: who changed the note does not take it back.
    site.hub.switch(|switches| switches.mergeable_after = 1000);
    repo.files(
        "main",
        &[("prod.yaml", &roomy("web-prod", "1.1.0", "none"))],
    );
    site.run().await;
    assert_eq!(says(&site, note), pair(HARMLESS));
    assert_eq!(statuses(&site, note).len(), 1);
    // Both changed the version: GitHub does not say so here, and it is found all the same.
    let conflict = ("pending", "it conflicts with main in prod.yaml");
    assert_eq!(says(&site, hand), pair(conflict));
    assert_eq!(says(&site, fork), pair(conflict));
    // A value that both set to the same is no longer a change.
    repo.files(
        "main",
        &[("prod.yaml", &roomy("web-prod", "1.2.0", "none"))],
    );
    site.run().await;
    assert_eq!(says(&site, hand), pair(HARMLESS));
}

#[tokio::test]
async fn a_file_that_only_one_side_still_has_is_a_conflict() {
    let site = guarded("").await;
    let repo = site.repo();
    let dev = edits(&site, "dev", &[("more.yaml", &chart("else", "1.0.0"))]).await;
    assert_eq!(says(&site, dev), pair(HARMLESS));
    site.hub.switch(|switches| switches.mergeable_after = 1000);
    repo.files("main", &[("more.yaml", &chart("else", "2.0.0"))]);
    site.run().await;
    let conflict = ("pending", "it conflicts with main in more.yaml");
    assert_eq!(says(&site, dev), pair(conflict));
    repo.by("acme").removes("main", &["more.yaml"], "Away");
    site.run().await;
    assert_eq!(says(&site, dev), pair(HARMLESS));
}

#[tokio::test]
async fn a_field_that_the_base_begins_to_gate_turns_a_success_into_a_failure() {
    let site = shop("", "guard: true\n").await;
    let repo = site.repo();
    let hand = chart("web-prod", "1.2.0");
    let own = edits(&site, "hand", &[("prod.yaml", &hand)]).await;
    let fork = repo
        .by("rita")
        .opens_from_fork("fork", &[("prod.yaml", &hand)], "Hand");
    let free = edits(&site, "free", &[("dev.yaml", &chart("web-dev", "1.1.1"))]).await;
    for number in [own, fork, free] {
        assert_eq!(says(&site, number), pair(HARMLESS));
    }
    let old = test_merge(&site, own);
    let policy = "version: 1\nguard: true\nstages: { prod: { trigger: manual } }\n";
    repo.files("main", &[(".github/sluice.yaml", policy)]);
    site.run().await;
    let words = "prod.yaml: spec.helm.version of web-prod is promoted into prod on request";
    for number in [own, fork] {
        assert_eq!(says(&site, number), pair(("failure", words)));
    }
    assert_eq!(says(&site, free), pair(HARMLESS));
    assert_eq!(statuses(&site, free).len(), 1);
    repo.files("main", &[("pipeline.yaml", &pipeline(APPROVAL))]);
    site.run().await;
    assert_eq!(says(&site, own), pair(HAND));
    assert_eq!(test_merge(&site, own), old, "the test merge is an old one");
}

#[tokio::test]
async fn what_the_base_took_back_would_come_again_with_a_merge() {
    let site = guarded("").await;
    let repo = site.repo();
    let hand = chart("web-prod", "1.0.1");
    let number = edits(&site, "hand", &[("prod.yaml", &hand)]).await;
    assert_eq!(says(&site, number), pair(HAND));
    // The base goes where the pull request goes, and back: no test merge in between shows a change.
    repo.files("main", &[("prod.yaml", &hand)]);
    site.hub.advance(12 * 3600);
    site.run().await;
    assert_eq!(says(&site, number), pair(HARMLESS));
    let tip = repo.tip("main").unwrap();
    assert_eq!(test_merge(&site, number)[0], tip);
    repo.files("main", &[("prod.yaml", &chart("web-prod", "1.0.0"))]);
    site.run().await;
    assert_eq!(test_merge(&site, number)[0], tip);
    assert_eq!(says(&site, number), pair(HAND));
    repo.by("carol").merges(number, "merge");
    assert_eq!(repo.file("main", "prod.yaml").unwrap(), hand);
}

#[tokio::test]
async fn a_base_that_was_pushed_back_is_judged_from_where_the_two_meet() {
    let site = guarded("").await;
    let repo = site.repo();
    let old = repo.tip("main").unwrap();
    repo.files("main", &[("prod.yaml", &chart("web-prod", "1.1.0"))]);
    let docs = edits(&site, "docs", &[("README.md", "hello")]).await;
    assert_eq!(says(&site, docs), pair(HARMLESS));
    // GitHub is slow to work out again what a merge would give.
    site.hub.switch(|switches| switches.mergeable_after = 1000);
    repo.by("acme").force_pushes("main", &old);
    site.run().await;
    assert_eq!(says(&site, docs), pair(HAND), "it brings 1.1.0 with it");
}

#[tokio::test]
async fn with_several_merge_bases_it_is_pending_even_after_a_success() {
    let site = guarded("").await;
    let repo = site.repo();
    let carol = repo.by("carol");
    let one = carol.pushes("one", &[("a.md", "a")], "One");
    let first = carol.opens("one", "main", "One");
    repo.files("main", &[("b.md", "b")]);
    let main = repo.tip("main").unwrap();
    let two = commit(&site, &[&one, &main], &[("b.md", "b"), ("c.md", "c")], None);
    carol.branches_off("two", &two);
    let number = carol.opens("two", "main", "Two");
    site.run().await;
    assert_eq!(says(&site, number), pair(HARMLESS));
    carol.merges(first, "merge");
    site.run().await;
    let several = "it has several merge bases with main: merge main into its branch";
    assert_eq!(says(&site, number), pair(("pending", several)));
    // Its branch is updated, as the status says.
    let main = repo.tip("main").unwrap();
    let updated = commit(&site, &[&main, &two], &[("c.md", "c")], None);
    carol.force_pushes("two", &updated);
    site.run().await;
    assert_eq!(says(&site, number), pair(HARMLESS));
    site.requests_hold();
}

#[tokio::test]
async fn a_branch_that_merged_the_base_again_and_again_is_judged_by_its_own_changes() {
    let site = guarded("").await;
    let repo = site.repo();
    let carol = repo.by("carol");
    let mut head = carol.pushes("long", &[("0.md", "x")], "Edit");
    for at in 1..15 {
        let version = format!("1.0.{at}");
        repo.files("main", &[("prod.yaml", &chart("web-prod", &version))]);
        let main = repo.tip("main").unwrap();
        // In reverse order of their dates.
        let date = format!("2020-01-{:02}T00:00:00Z", 28 - at);
        let files = [
            ("prod.yaml", chart("web-prod", &version)),
            (&*format!("{at}.md"), "x".to_owned()),
        ]
        .map(|(path, text)| (path.to_owned(), text));
        let files = files
            .each_ref()
            .map(|(path, text)| (path.as_str(), text.as_str()));
        head = commit(&site, &[&head, &main], &files, Some(&date));
    }
    carol.force_pushes("long", &head);
    let number = carol.opens("long", "main", "Long");
    repo.files("main", &[("prod.yaml", &chart("web-prod", "1.1.0"))]);
    site.run().await;
    assert_eq!(says(&site, number), pair(HARMLESS));
    // It takes back what it had merged.
    let back = commit(
        &site,
        &[&head],
        &[("prod.yaml", &chart("web-prod", "1.0.1"))],
        Some("2019-01-01T00:00:00Z"),
    );
    carol.force_pushes("long", &back);
    repo.files("main", &[("prod.yaml", &chart("web-prod", "1.0.14"))]);
    site.run().await;
    assert_eq!(says(&site, number), pair(HAND));
}

#[tokio::test]
async fn a_success_stays_while_nothing_can_be_read_and_a_failure_comes_once_it_can() {
    use github_stand_in::{Fault, When};
    let site = guarded("").await;
    let repo = site.repo();
    let docs = edits(&site, "docs", &[("README.md", "hello")]).await;
    let far = edits(
        &site,
        "far",
        &[("x/y/dev.yaml", &chart("web-dev", "1.1.1"))],
    )
    .await;
    for at in 0..3 {
        repo.files("main", &[(&format!("{at}.md"), "x")]);
    }
    site.hub.forget_calls();
    site.run().await;
    let reads = site.hub.calls().iter().filter(|call| !call.write).count();
    let mut failed = 0;
    for read in 1..=reads {
        site.hub
            .fault(When::read().nth(read).always(), Fault::NotFound);
        let run = site.run().await;
        site.hub.heal();
        let unread = |notice: &String| notice.contains("the guard could not read");
        failed += usize::from(run.notices.iter().any(unread));
        for number in [docs, far] {
            assert_eq!(says(&site, number), pair(HARMLESS), "{read}: {}", run.text);
            assert_eq!(statuses(&site, number).len(), 1, "{read}");
        }
    }
    assert!(failed > 0, "no fault met the guard's own reading");
}

#[tokio::test]
async fn a_commit_with_a_thousand_statuses_is_named_in_a_notice_and_holds_up_no_other() {
    use sluice::error::Exit;
    let site = guarded("").await;
    let repo = site.repo();
    let carol = repo.by("carol");
    carol.pushes("full", &[("README.md", "hello")], "Full");
    let full = carol.opens("full", "main", "Full");
    for _ in 0..1000 {
        carol.reports(&repo.head(full), "sluice", "failure");
    }
    carol.pushes("docs", &[("docs.md", "hello")], "Docs");
    let docs = carol.opens("docs", "main", "Docs");
    let run = site.run().await;
    assert_eq!(says(&site, docs), pair(HARMLESS));
    assert_eq!(says(&site, full).0, "failure");
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let short = &repo.head(full)[..7];
    let notices: Vec<&String> = run
        .notices
        .iter()
        .filter(|notice| notice.contains("the guard"))
        .collect();
    assert_eq!(notices.len(), 1, "{:?}", run.notices);
    assert!(
        notices[0].contains(&format!("#{full}")) && notices[0].contains(short),
        "{notices:?}"
    );
}
