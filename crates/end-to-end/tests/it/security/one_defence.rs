//! Attacks that one defence alone meets: all else about them is in order, so that without it something would land.

use end_to_end::site::{REPO, Report, Site};
use end_to_end::upgrade::{FIXTURE, opened};
use github_stand_in::{Fault, Place, Reach, Role, When, World};
use serde_json::{Value, json};
use sluice::error::Exit;

/// The branch, the commit's message and the file of the promotion that Sluice would open.
async fn twin() -> (String, String, String) {
    let site = opened().await;
    let repo = site.repo();
    let branch = repo.branches("sluice/")[0].clone();
    let file = repo.file(&branch, "upgrade.yaml").unwrap();
    (branch.clone(), repo.message(&branch), file)
}

/// A workflow that runs on a pull request checks its head out.
#[tokio::test]
async fn a02_a_policy_in_the_checkout_of_a_branch_decides_nothing() {
    let site = Site::of(FIXTURE).await;
    let repo = site.repo();
    let two = "version: 1\ngates: { approval-gate: { approve: [{ by: writers, count: 2 }] } }\n";
    repo.files("main", &[(".github/sluice.yaml", two)]);
    site.run().await;
    repo.by("carol").approves(1);
    let before = repo.tip("main").unwrap();
    // All else is as on the base branch. By this policy one approval is enough.
    let one = [(".github/sluice.yaml", "version: 1\n")];
    repo.by("dave").pushes("looser", &one, "Looser");
    let folder = tempfile::tempdir().unwrap();
    repo.checks_out("looser", folder.path());
    let checkout = folder.path().to_str().unwrap();
    let run = site.call(&["reconcile", "--checkout", checkout]).await;
    assert_eq!(repo.tip("main").unwrap(), before, "{}", run.text);
    assert!(run.text.contains("1 of 2 approvals"), "{}", run.text);
}

/// Any workflow gets the token of the simple install, and with it Sluice's account and everything that its name proves.
#[tokio::test]
async fn a03_a_head_of_sluices_untrusted_lands_only_if_its_tree_is_the_one_worked_out_here() {
    let (branch, message, file) = twin().await;
    for case in ["another file", "a comment", "the mode", "nothing"] {
        let site = Site::of(FIXTURE).await;
        let repo = site.repo();
        let ours = repo.with_token(&site.token);
        let (text, mode) = match case {
            "a comment" => (file.replace("# prod", "# forged"), "100644"),
            "the mode" => (file.clone(), "100755"),
            _ => (file.clone(), "100644"),
        };
        let mut entries = vec![("upgrade.yaml", mode, text)];
        if case == "another file" {
            entries.push(("more.yaml", "100644", "a: 1\n".to_owned()));
        }
        let entries: Vec<Value> = entries
            .into_iter()
            .map(|(path, mode, text)| json!({"path": path, "mode": mode, "type": "blob", "content": text}))
            .collect();
        let tip = repo.tip("main").unwrap();
        let commit = made(&repo, &tip, &entries, &message);
        ours.branches_off(&branch, &commit);
        let number = ours.opens(&branch, "main", "Promote");
        repo.by("carol").approves(number);
        let run = site.run().await;
        let landed = repo.tip("main").unwrap() != tip;
        assert_eq!(landed, case == "nothing", "{case}: {}", run.text);
    }
}

/// Makes a commit of these entries on top of another one; nothing leads to it.
fn made<R: Reach>(repo: &Place<R>, parent: &str, entries: &[Value], message: &str) -> String {
    let owner = repo.by("acme");
    let base = owner.does("GET", &format!("/git/commits/{parent}"), Value::Null);
    let tree = json!({"base_tree": base["tree"]["sha"], "tree": entries});
    let tree = owner.does("POST", "/git/trees", tree);
    let commit = json!({"message": message, "tree": tree["sha"], "parents": [parent]});
    let made = owner.does("POST", "/git/commits", commit);
    made["sha"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a08_what_the_base_gets_in_the_moment_of_an_exact_landing_is_not_lost() {
    let site = Site::of(FIXTURE).await;
    let repo = site.repo();
    let exact = "version: 1\nland: exact\n";
    repo.files("main", &[(".github/sluice.yaml", exact)]);
    site.run().await;
    repo.by("carol").approves(1);
    site.hub
        .before(When::rest("PATCH", "/git/refs/heads/main"), |world| {
            let repo = world.place(REPO);
            repo.by("dave")
                .pushes("main", &[("README.md", "new\n")], "Unrelated");
        });
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("landed "), "{}", run.text);
    let readme = repo.file("main", "README.md");
    assert_eq!(readme.as_deref(), Some("new\n"), "{}", run.text);
}

#[tokio::test]
async fn a09_closing_a_forks_pull_request_refuses_nothing() {
    let (branch, ..) = twin().await;
    let site = Site::of(FIXTURE).await;
    let repo = site.repo();
    let fork = repo
        .by("eve")
        .opens_from_fork(&branch, &[("more.txt", "a\n")], "Promote");
    repo.by("dave").closes(fork);
    let run = site.run().await;
    assert_eq!(repo.pulls(true), [fork + 1], "{}", run.text);
}

/// A run on the fixture after this entry was put on top of its base branch.
async fn with_entry(entry: Value) -> (Site, Report) {
    let site = Site::of(FIXTURE).await;
    let repo = site.repo();
    let tip = repo.tip("main").unwrap();
    let made = made(&repo, &tip, &[entry], "Put");
    repo.by("acme").force_pushes("main", &made);
    let run = site.run().await;
    (site, run)
}

/// Git keeps whatever a link is said to lead to, a whole manifest too.
#[tokio::test]
async fn a11_what_a_link_holds_is_no_manifest() {
    let manifests = include_str!("forged.yaml").replacen("1.0.0", "1.1.0", 1);
    for (mode, is_read) in [("120000", false), ("100644", true)] {
        let entry =
            json!({"path": "shop.yaml", "mode": mode, "type": "blob", "content": manifests});
        let (_, run) = with_entry(entry).await;
        assert_eq!(run.exit, Exit::Done, "{mode}: {}", run.text);
        assert_eq!(run.text.contains("apps/shop"), is_read, "{}", run.text);
    }
}

#[tokio::test]
async fn a11_a_link_or_submodule_in_the_place_of_the_policy_is_an_error() {
    let somewhere = "1234567890123456789012345678901234567890";
    let link = |path: &str| json!({"path": path, "mode": "120000", "type": "blob", "content": "version: 1\n"});
    let submodule =
        |path: &str| json!({"path": path, "mode": "160000", "type": "commit", "sha": somewhere});
    for entry in [
        link(".github/sluice.yaml"),
        link(".github"),
        submodule(".github/sluice.yaml"),
        submodule(".github"),
    ] {
        let (site, run) = with_entry(entry.clone()).await;
        assert_eq!(run.exit, Exit::Invalid, "{entry}: {}", run.text);
        assert!(run.text.contains("not a regular file"), "{}", run.text);
        assert_eq!(site.writes(), Vec::<String>::new(), "{entry}");
    }
    // Anywhere else it stops nothing, and is not looked into.
    let (site, run) = with_entry(submodule("more.yaml")).await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(site.repo().pulls(true), [1]);
}

#[tokio::test]
async fn a25_what_is_merged_without_its_content_while_the_answer_is_lost_is_no_landing() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("carol").approves(1);
    let before = repo.tip("main").unwrap();
    let branch = repo.branches("sluice/")[0].clone();
    let tip = before.clone();
    site.hub
        .before(When::graphql("mergePullRequest"), move |world| {
            world.place(REPO).by("dave").force_pushes(&branch, &tip);
        });
    site.hub.fault(
        When::graphql("mergePullRequest"),
        Fault::BadGatewayAfterApply,
    );
    let run = site.run().await;
    assert_eq!((repo.state(1), repo.tip("main")), ("MERGED", Some(before)));
    assert_eq!(run.exit, Exit::Blocked, "{}", run.text);
    assert!(
        run.lines()[0].contains("does not contain what was approved"),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn a32_a_login_that_changes_hands_while_it_is_looked_up_gives_nobody_its_rights() {
    let site = opened().await;
    let repo = site.repo();
    repo.role("eve", Role::Read);
    repo.by("eve").approves(1);
    let before = repo.tip("main").unwrap();
    // Rights are asked for person by person, under the login. Whenever they are, dave has the login of eve.
    site.hub.switch(|switches| switches.collaborators = false);
    let swapped = |world: &World| world.user_id("eve-before").is_some();
    site.hub
        .before(When::rest("GET", "/permission").always(), move |world| {
            if !swapped(world) {
                world.rename("eve", "eve-before");
                world.rename("dave", "eve");
            }
        });
    site.hub
        .before(When::graphql("repository").always(), move |world| {
            if swapped(world) {
                world.rename("eve", "dave");
                world.rename("eve-before", "eve");
            }
        });
    let run = site.run().await;
    assert_eq!(repo.tip("main").unwrap(), before, "{}", run.text);
    assert!(
        run.text.contains("now belongs to another account"),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn a37_what_cannot_be_read_opens_no_gate() {
    let site = opened().await;
    let repo = site.repo();
    repo.by("carol").approves(1);
    let before = repo.tip("main").unwrap();
    site.hub.switch(|switches| switches.collaborators = false);
    let permission = When::rest("GET", "/permission").always();
    site.hub.fault(permission, Fault::ServerError);
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Failed, "{}", run.text);
    assert_eq!(repo.tip("main").unwrap(), before, "{}", run.text);
    site.hub.heal();
    let run = site.run().await;
    assert!(run.lines()[0].starts_with("landed "), "{}", run.text);
}
