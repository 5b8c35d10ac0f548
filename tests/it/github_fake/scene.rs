//! Setting up and acting without the wire.

use super::{R, get, start, token, with_pull};
use crate::support::github::{Fault, Role, When};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_folder_of_fixtures_becomes_a_commit_with_modes_and_links() {
    let folder = tempfile::TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("deep")).unwrap();
    std::fs::write(at("deep/a.yaml"), "a: 1\n").unwrap();
    std::fs::write(at("run.sh"), "#!/bin/sh\n").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(at("run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink("deep/a.yaml", at("link")).unwrap();
    }
    let hub = start().await;
    hub.repo("acme/gitops").folder("main", folder.path());
    let owner = token(&hub, "acme");
    let tree = get(&hub, &owner, &format!("{R}/git/trees/main?recursive=1"))
        .await
        .json();
    let rows: Vec<Value> = tree["tree"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["path"], one["mode"]]))
        .collect();
    let wanted = json!([
        ["deep", "040000"],
        ["deep/a.yaml", "100644"],
        ["link", "120000"],
        ["run.sh", "100755"]
    ]);
    assert!(cfg!(not(unix)) || json!(rows) == wanted, "{rows:?}");
}

#[tokio::test]
async fn people_act_as_they_could_on_the_web_and_leave_no_call_behind() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.files(
        "main",
        &[(
            ".github/workflows/w.yml",
            "on:\n  workflow_dispatch:\n    inputs:\n      a: {default: one}\n",
        )],
    );
    repo.by("dave").removes("change", &["other.yaml"], "gone");
    let run = repo.by("dave").dispatches("w.yml", "main", json!({}));
    assert_eq!(repo.runs(), [run]);
    assert_eq!(
        repo.edit(|repo| repo.runs[0].inputs.clone()),
        json!({"a": "one"})
    );
    let sha = repo.by("dave").merges(number, "squash");
    assert_eq!(
        (repo.tip("main").unwrap(), repo.file("main", "other.yaml")),
        (sha, None)
    );
    assert_eq!(
        (repo.pulls(true), repo.pulls(false)),
        (vec![], vec![number])
    );
    repo.forget_activity(1);
    let log = repo.by("carol").does("GET", "/activity", Value::Null);
    assert_eq!(log.as_array().map(Vec::len), Some(1));
    assert_eq!(hub.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn the_same_deeds_can_be_done_from_within_a_hook_before_a_read() {
    let (hub, number) = with_pull().await;
    hub.before(When::read().nth(2), move |world| {
        let place = world.place("acme/gitops");
        place.role("rita", Role::Read);
        place.by("rita").approves(number);
    });
    let carol = token(&hub, "carol");
    let count = async || {
        get(&hub, &carol, &format!("{R}/pulls/{number}/reviews"))
            .await
            .json()
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((count().await, count().await, count().await), (0, 1, 1));
    hub.fault(When::read(), Fault::Slow(Duration::from_millis(20)));
    let start = Instant::now();
    assert_eq!(count().await, 1, "slow is still true");
    assert!(start.elapsed() >= Duration::from_millis(20));
}
