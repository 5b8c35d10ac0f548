//! Opening a promotion: one document creates its branch and its commit, and a call of its own the pull request. At each
//! point of it someone else may be faster, GitHub may refuse, or the answer may not come.

use end_to_end::site::{REPO, Report, Site};
use github_stand_in::{Fault, Role, When, World};
use serde_json::{Value, json};
use sluice::error::Exit;

const FIXTURE: &str = "k3s-upgrade-version";
/// The document that creates branch and commit.
const DOCUMENT: &str = "createCommitOnBranch";

/// The name that the promotion's branch gets if no one else took it.
async fn plain_name() -> String {
    let site = Site::of(FIXTURE).await;
    site.run().await;
    site.repo().branches("sluice/")[0].clone()
}

/// The first run of a repository in which something happens before a call.
async fn with(when: When, happens: impl Fn(&mut World) + Send + 'static) -> (Site, Report) {
    let site = Site::of(FIXTURE).await;
    site.repo().role("mallory", Role::Write);
    site.hub.before(when, happens);
    let run = site.run().await;
    (site, run)
}

/// The one pull request, from a branch that Sluice created with one commit on the base's tip.
fn is_opened(site: &Site, run: &Report) -> String {
    let repo = site.repo();
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let open = repo.pulls(true);
    assert_eq!(open.len(), 1, "{}", run.text);
    let head = repo.head(open[0]);
    assert_eq!(repo.parents(&head), [repo.tip("main").unwrap()]);
    let pull = repo.pull(open[0]);
    let branch = pull["head"]["ref"].as_str().unwrap().to_owned();
    assert_eq!(repo.tip(&branch), Some(head));
    branch
}

#[tokio::test]
async fn a_promotion_is_opened_with_two_writes() {
    let site = Site::of(FIXTURE).await;
    let run = site.run().await;
    is_opened(&site, &run);
    let writes = site.writes();
    assert_eq!(
        writes[..2],
        [
            "graphql updateRefs,createCommitOnBranch".to_owned(),
            format!("POST /repos/{REPO}/pulls"),
        ],
        "{writes:?}"
    );
    let repo = site.repo();
    let head = repo.head(1);
    let verified = repo.edit(|repo| {
        let head = repo.resolve(&head).unwrap();
        repo.verified.contains(&head)
    });
    assert!(verified, "GitHub signs what it commits itself");
}

#[tokio::test]
async fn a_branch_that_is_taken_before_the_document_gets_no_pull_request() {
    let plain = plain_name().await;
    // At the very parent: then GitHub carries out the second mutation, though the first one failed.
    for at_the_tip in [true, false] {
        let taken = plain.clone();
        let (site, run) = with(When::graphql(DOCUMENT), move |world| {
            let repo = world.place(REPO);
            let tip = repo.tip("main").unwrap();
            repo.by("mallory").branches_off(&taken, &tip);
            if !at_the_tip {
                let files = [("evil.yaml", "x: 1\n")];
                repo.by("mallory").pushes(&taken, &files, "Mine");
            }
        })
        .await;
        let branch = is_opened(&site, &run);
        assert_ne!(branch, plain, "{}", run.text);
        let repo = site.repo();
        assert!(repo.tip(&plain).is_some(), "what is not Sluice's stays");
        let head = repo.head(repo.pulls(true)[0]);
        assert_eq!(repo.file(&head, "evil.yaml"), None);
    }
}

#[tokio::test]
async fn a_branch_that_is_pushed_to_before_its_pull_request_is_opened_gets_none_that_stays() {
    let plain = plain_name().await;
    let pushed = plain.clone();
    let (site, run) = with(When::rest("POST", "/pulls"), move |world| {
        let files = [("evil.yaml", "x: 1\n")];
        world
            .place(REPO)
            .by("mallory")
            .pushes(&pushed, &files, "Mine");
    })
    .await;
    let branch = is_opened(&site, &run);
    assert_ne!(branch, plain, "{}", run.text);
    let repo = site.repo();
    assert_eq!(repo.state(1), "CLOSED", "the one with mallory's commit");
}

#[tokio::test]
async fn a_branch_that_is_deleted_before_its_pull_request_is_opened_is_created_again() {
    let plain = plain_name().await;
    let deleted = plain.clone();
    let (site, _) = with(When::rest("POST", "/pulls"), move |world| {
        world.place(REPO).by("mallory").deletes(&deleted);
    })
    .await;
    let run = site.run().await;
    is_opened(&site, &run);
}

#[tokio::test]
async fn a_document_of_which_only_the_first_mutation_is_carried_out_leaves_nothing_that_is_used() {
    let plain = plain_name().await;
    // GitHub says that it stopped: the branch is deleted, and created again after the commit.
    let site = Site::of(FIXTURE).await;
    site.hub
        .fault(When::graphql(DOCUMENT), Fault::StopsAfterFirstMutation);
    let run = site.run().await;
    assert_eq!(is_opened(&site, &run), plain, "{}", run.text);
    assert_eq!(
        site.repo().branches("sluice/"),
        std::slice::from_ref(&plain)
    );
    // No answer came: it is not known who created the branch.
    let site = Site::of(FIXTURE).await;
    site.hub
        .fault(When::graphql(DOCUMENT), Fault::GatewayAfterFirstMutation);
    let run = site.run().await;
    assert_ne!(is_opened(&site, &run), plain, "{}", run.text);
    let repo = site.repo();
    assert_eq!(repo.tip(&plain), repo.tip("main"), "it stays as it is");
    // After a day it is deleted, since an App's token created it.
    site.hub.advance(25 * 3600);
    site.run().await;
    assert_eq!(repo.tip(&plain), None);
}

#[tokio::test]
async fn a_server_that_does_not_know_the_document_is_asked_once_in_a_run() {
    let site = Site::of("two-pipelines").await;
    site.hub.switch(|switches| switches.update_refs = false);
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(site.repo().pulls(true).len(), 2, "{}", run.text);
    let documents = site.writes();
    let documents = documents.iter().filter(|line| line.contains(DOCUMENT));
    assert_eq!(documents.count(), 1, "{:?}", site.writes());
}

#[tokio::test]
async fn an_executable_file_keeps_its_mode() {
    let site = Site::of(FIXTURE).await;
    let repo = site.repo();
    let carol = repo.by("carol");
    let tip = repo.tip("main").unwrap();
    let file = repo.file("main", "upgrade.yaml").unwrap();
    let entry =
        json!({ "path": "upgrade.yaml", "mode": "100755", "type": "blob", "content": file });
    let body = json!({ "base_tree": tip, "tree": [entry] });
    let tree = carol.does("POST", "/git/trees", body);
    let body = json!({ "message": "Make it executable", "tree": tree["sha"], "parents": [tip] });
    let commit = carol.does("POST", "/git/commits", body);
    carol.does(
        "PATCH",
        "/git/refs/heads/main",
        json!({ "sha": commit["sha"] }),
    );
    let run = site.run().await;
    is_opened(&site, &run);
    let head = repo.head(repo.pulls(true)[0]);
    let tree = carol.does("GET", &format!("/git/trees/{head}"), Value::Null);
    let entries = tree["tree"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["path"] == "upgrade.yaml");
    assert_eq!(entry.unwrap()["mode"], "100755");
}

#[tokio::test]
async fn a_commit_with_more_in_its_message_than_was_sent_is_not_used() {
    let site = Site::of(FIXTURE).await;
    let more = "\n\nSigned-off-by: acme-bot <bot@example.com>";
    site.hub
        .switch(|switches| switches.commit_trailer = Some(more.to_owned()));
    let run = site.run().await;
    is_opened(&site, &run);
    let repo = site.repo();
    let message = repo.message(&repo.head(1));
    assert!(!message.contains("Signed-off-by"), "{message}");
}

/// GitHub does not know the new branch everywhere yet, and mallory pushes what Sluice would have committed.
#[tokio::test]
async fn a_copy_that_somebody_pushes_while_the_branch_is_not_known_yet_is_not_used() {
    let plain = plain_name().await;
    let whole = Site::of(FIXTURE).await;
    whole.run().await;
    let message = whole.repo().message(&whole.repo().head(1));
    let file = whole.repo().file(&plain, "upgrade.yaml").unwrap();
    let pushed = plain.clone();
    let site = Site::of(FIXTURE).await;
    site.repo().role("mallory", Role::Write);
    site.hub.switch(|switches| switches.stale_branches = 2);
    let look = When::rest("GET", "/git/ref/heads/sluice");
    site.hub.before(look, move |world| {
        let files = [("upgrade.yaml", file.as_str())];
        world
            .place(REPO)
            .by("mallory")
            .pushes(&pushed, &files, &message);
    });
    let run = site.run().await;
    assert_ne!(is_opened(&site, &run), plain, "{}", run.text);
    assert!(
        site.repo().tip(&plain).is_some(),
        "what is not Sluice's stays"
    );
}
