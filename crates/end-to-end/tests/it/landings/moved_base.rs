//! The base moves between an approval and the merge: what was approved lands all the same, and nothing else does. GitHub's test merge stays
//! old for hours in all of this.

use end_to_end::shop::shop;
use end_to_end::site::{Report, Site};
use github_stand_in::{Place, Reach, When};
use serde_json::Value;
use sluice::error::Exit;

/// Two pipelines, each with its manifests in a file of its own.
async fn two_files() -> Site {
    let site = Site::empty().await;
    let manifests =
        std::fs::read_to_string(test_support::fixture("two-pipelines").join("all.yaml"));
    let manifests = manifests.unwrap();
    let of = |name: &str| {
        let documents = manifests.split("---\n");
        let mine: Vec<&str> = documents
            .filter(|one| one.contains(&format!("name: {name}")))
            .collect();
        mine.join("---\n")
    };
    let (search, mail) = (of("search"), of("mail"));
    site.repo().files(
        "main",
        &[
            ("search.yaml", &search),
            ("mail.yaml", &mail),
            ("README.md", "one\n"),
        ],
    );
    site
}

/// The same with both promotions open: that of mail is #1, that of search #2.
pub(super) async fn opened(policy: &str) -> Site {
    let site = two_files().await;
    site.repo()
        .files("main", &[(".github/sluice.yaml", policy)]);
    // The base's tip decides which of two pipelines comes first in a run.
    for command in [&["reconcile", "--pipeline=mail"][..], &["reconcile"]] {
        let run = site.call(command).await;
        assert_eq!(run.exit, Exit::Done, "{}", run.text);
    }
    assert_eq!(site.repo().pulls(true), [1, 2]);
    site
}

const POLICIES: [&str; 3] = [
    "version: 1\n",
    "version: 1\nmerge: merge\n",
    "version: 1\nland: exact\n",
];

/// The version in a service's manifest.
fn version(site: &Site, file: &str, service: &str) -> String {
    let text = site.repo().file("main", file).unwrap();
    let document = text
        .split("---\n")
        .find(|one| one.contains(&format!("name: {service}\n")));
    let version = document.unwrap().split("version: ").nth(1).unwrap();
    version.split([' ', '}']).next().unwrap().to_owned()
}

fn kinds(run: &Report) -> Vec<String> {
    let word = |line: String| line.split(' ').next().unwrap().to_owned();
    run.lines().into_iter().map(word).collect()
}

#[tokio::test]
async fn several_approved_promotions_land_in_one_run() {
    for policy in POLICIES {
        let site = opened(policy).await;
        site.repo().by("carol").approves(1);
        site.repo().by("dave").approves(2);
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Done, "{policy}: {}", run.text);
        assert_eq!(kinds(&run), ["landed", "landed"], "{policy}: {}", run.text);
        assert_eq!(version(&site, "search.yaml", "search-prod"), "3.0.1");
        assert_eq!(version(&site, "mail.yaml", "mail-prod"), "3.0.1");
        site.requests_hold();
    }
}

#[tokio::test]
async fn an_approved_promotion_lands_however_often_the_base_moved_elsewhere() {
    for policy in POLICIES {
        let site = opened(policy).await;
        let repo = site.repo();
        repo.by("carol").approves(1);
        for commit in 0..50 {
            repo.by("dave").pushes(
                "main",
                &[("README.md", &format!("{commit}\n"))],
                "Unrelated",
            );
        }
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Done, "{policy}: {}", run.text);
        assert_eq!(
            run.lines()[0].split(' ').next(),
            Some("landed"),
            "{policy}: {}",
            run.text
        );
        assert_eq!(repo.file("main", "README.md").unwrap(), "49\n");
        assert_eq!(repo.pulls(true).len(), 1, "the other one waits as it was");
        assert_eq!(version(&site, "mail.yaml", "mail-prod"), "3.0.1");
        site.requests_hold();
    }
}

#[tokio::test]
async fn an_open_promotion_is_left_alone_while_the_base_moves_elsewhere() {
    let site = opened(POLICIES[0]).await;
    let repo = site.repo();
    let heads = [repo.head(1), repo.head(2)];
    for commit in 0..3 {
        repo.by("dave").pushes(
            "main",
            &[("README.md", &format!("{commit}\n"))],
            "Unrelated",
        );
        site.hub.forget_calls();
        let run = site.run().await;
        assert_eq!(kinds(&run), ["waiting", "waiting"], "{}", run.text);
        assert_eq!(site.writes(), Vec::<String>::new());
    }
    assert_eq!(heads, [repo.head(1), repo.head(2)]);
}

#[tokio::test]
async fn a_file_that_changed_on_the_base_gets_a_new_build_and_approvals_start_again() {
    for policy in POLICIES {
        let site = opened(policy).await;
        let repo = site.repo();
        repo.by("carol").approves(1);
        let text = repo.file("main", "mail.yaml").unwrap();
        repo.by("dave").pushes(
            "main",
            &[("mail.yaml", &format!("# A word.\n{text}"))],
            "Comment",
        );
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Done, "{policy}: {}", run.text);
        assert_eq!(
            version(&site, "mail.yaml", "mail-prod"),
            "3.0.0",
            "{policy}"
        );
        assert_eq!(repo.pulls(true), [2, 3], "{policy}: {}", run.text);
    }
}

#[tokio::test]
async fn a_file_whose_mode_changed_on_the_base_gets_a_new_build() {
    let site = opened(POLICIES[0]).await;
    let repo = site.repo();
    repo.by("carol").approves(1);
    repo.with(|world, id| {
        let store = world.repo(id).store.clone();
        let tip = store.info(world.repo(id).branch("main").unwrap()).unwrap();
        let blob = store.at(tip.tree, "mail.yaml").unwrap().oid;
        let tree = store.tree(
            Some(tip.tree),
            &[("mail.yaml".to_owned(), Some((0o100_755, blob)))],
        );
        let commit = store.commit(
            tree.unwrap(),
            &[tip.oid],
            "Executable",
            &tip.author,
            &tip.author,
        );
        world
            .repo_mut(id)
            .refs
            .insert("refs/heads/main".to_owned(), commit.unwrap());
    });
    let run = site.run().await;
    assert_eq!(
        version(&site, "mail.yaml", "mail-prod"),
        "3.0.0",
        "{}",
        run.text
    );
    assert_eq!(repo.pulls(true), [2, 3], "{}", run.text);
}

/// Pushes main back by the commit on which both promotions were built.
fn push_back(repo: &Place<impl Reach>) -> String {
    let tip = repo.tip("main").unwrap();
    let before = repo.parents(&tip)[0].clone();
    repo.by("carol").force_pushes("main", &before);
    tip
}

#[tokio::test]
async fn nothing_of_a_commit_that_was_pushed_back_out_of_the_base_comes_back() {
    for policy in POLICIES {
        let site = two_files().await;
        let repo = site.repo();
        repo.files("main", &[(".github/sluice.yaml", policy)]);
        repo.files("main", &[("leaked.txt", "a secret\n")]);
        site.run().await;
        assert_eq!(repo.pulls(true), [1, 2]);
        repo.by("carol").approves(1);
        let leaked = push_back(&repo);
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Done, "{policy}: {}", run.text);
        assert_eq!(
            version(&site, "mail.yaml", "mail-prod"),
            "3.0.0",
            "{policy}"
        );
        assert_eq!(repo.file("main", "leaked.txt"), None, "{policy}");
        assert_eq!(repo.pulls(true), [3, 4], "{policy}: {}", run.text);
        assert_eq!(kinds(&run), ["opened", "opened"], "{policy}: {}", run.text);
        repo.by("carol").approves(3);
        repo.by("carol").approves(4);
        let run = site.run().await;
        assert_eq!(
            version(&site, "mail.yaml", "mail-prod"),
            "3.0.1",
            "{policy}: {}",
            run.text
        );
        assert_eq!(repo.file("main", "leaked.txt"), None, "{policy}");
        let reached = repo.with(|world, id| {
            let store = &world.repo(id).store;
            let tip = world.repo(id).branch("main").unwrap();
            store.is_ancestor(leaked.parse().unwrap(), tip)
        });
        assert!(
            !reached,
            "{policy}: the commit is in the history of main again"
        );
        site.requests_hold();
    }
}

#[tokio::test]
async fn a_base_that_moves_right_before_the_merge_is_looked_at_and_landed_on() {
    for policy in POLICIES {
        let site = opened(policy).await;
        site.repo().by("carol").approves(1);
        // The status is the last write before the last look.
        site.hub.before(When::rest("POST", "/statuses/"), |world| {
            let repo = world.place("acme/gitops");
            repo.by("dave")
                .pushes("main", &[("README.md", "moved\n")], "Unrelated");
        });
        let run = site.run().await;
        assert_eq!(run.exit, Exit::Done, "{policy}: {}", run.text);
        assert_eq!(
            version(&site, "mail.yaml", "mail-prod"),
            "3.0.1",
            "{policy}: {}",
            run.text
        );
        assert_eq!(site.repo().file("main", "README.md").unwrap(), "moved\n");
        let statuses = site
            .writes()
            .iter()
            .filter(|line| line.contains("/statuses/"))
            .count();
        assert_eq!(statuses, 1, "{policy}: {:?}", site.writes());
    }
}

/// A landing is tried with each commit that was made for it, and given up after as many in both ways.
#[tokio::test]
async fn as_many_commits_are_made_onto_a_base_that_moves_each_time_in_both_ways() {
    let direct = "stages: { prod: { delivery: commit, trigger: auto } }\n";
    let direct = shop("", direct).await;
    let exact = shop("{ name: release, type: APPROVAL }", "land: exact\n").await;
    exact.run().await;
    exact.repo().by("carol").approves(1);
    for (way, site) in [("direct", direct), ("exact", exact)] {
        site.hub.forget_calls();
        let mut moves = 0;
        let made = When::rest("POST", "/git/commits").always();
        site.hub.before(made, move |world| {
            moves += 1;
            let text = format!("{moves}\n");
            let repo = world.place("acme/gitops");
            repo.by("dave")
                .pushes("main", &[("README.md", &text)], "Unrelated");
        });
        let run = site.run().await;
        let calls = site.hub.calls();
        let made = calls
            .iter()
            .filter(|call| call.method == "POST" && call.path.ends_with("/git/commits"))
            .count();
        // Four commits each time that the stage is tried, and it is tried four times.
        assert_eq!(made, 4 * 4, "{way}: {}", run.text);
        assert!(
            run.text.contains("main moved each time"),
            "{way}: {}",
            run.text
        );
    }
}

/// The pull request says nothing that a second run would write again.
#[tokio::test]
async fn a_second_run_on_a_moved_base_writes_nothing() {
    let site = opened(POLICIES[0]).await;
    let repo = site.repo();
    repo.by("dave")
        .pushes("main", &[("README.md", "moved\n")], "Unrelated");
    repo.by("carol").remarks(1);
    site.run().await;
    site.hub.forget_calls();
    let run = site.run().await;
    assert_eq!(site.writes(), Vec::<String>::new(), "{}", run.text);
    assert_ne!(run.json, Value::Null);
}

/// GitHub deletes the branch at the merge, and someone pushes right after it: the landing is still seen for what it is.
#[tokio::test]
async fn a_landing_is_recognised_although_its_branch_is_gone_and_main_moved_on() {
    let site = opened(POLICIES[0]).await;
    let repo = site.repo();
    repo.settings(|settings| settings.delete_branch = true);
    repo.by("carol").approves(1);
    // GitHub's answer to the merge is not enough then, and the base branch is read.
    site.hub.before(When::graphql("mergePullRequest"), |world| {
        let files = [("README.md", "moved\n")];
        world
            .place("acme/gitops")
            .by("dave")
            .pushes("main", &files, "Unrelated");
    });
    let merged = std::sync::atomic::AtomicBool::new(false);
    site.hub.before_each_read(move |world, _| {
        let repo = world.place("acme/gitops");
        let landed = repo.state(1) == "MERGED";
        if landed && !merged.swap(true, std::sync::atomic::Ordering::SeqCst) {
            let text = repo.file("main", "mail.yaml").unwrap();
            let later = format!("# Later.\n{text}");
            let files = [("mail.yaml", later.as_str())];
            repo.by("dave").pushes("main", &files, "Comment");
        }
    });
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(kinds(&run)[0], "landed", "{}", run.text);
    let file = repo.file("main", "mail.yaml").unwrap();
    assert!(file.starts_with("# Later."), "{file}");
}

#[tokio::test]
async fn a_pull_request_whose_base_somebody_changed_is_named_and_another_one_opens() {
    let site = opened("version: 1\n").await;
    let repo = site.repo();
    let tip = repo.tip("main").unwrap();
    repo.by("dave").branches_off("other", &tip);
    repo.by("dave").retargets(1, "other");
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let said = "someone changed the base of #1 to other: it promotes nothing any more; change it back to main, or close it";
    assert!(
        run.notices.iter().any(|one| one == said),
        "{:?}",
        run.notices
    );
    assert_eq!(repo.pulls(true), [1, 2, 3], "{}", run.text);
    // Change it back, or close it: then nothing more is reported.
    repo.by("dave").closes(1);
    let run = site.run().await;
    let mut notices = run.notices.iter();
    assert!(
        !notices.any(|one| one.contains("changed the base")),
        "{:?}",
        run.notices
    );
}
