//! Debian's `gh` as a second client that we did not write. Left out, which is reported, if it is not installed.

use super::{token, with_pull};
use github_stand_in::GitHub;
use std::process::Command;

/// Runs `gh` against the stand-in: to it `github.localhost` is a host that speaks plain HTTP, reached through the proxy setting.
fn gh(hub: &GitHub, token: &str, home: &std::path::Path, args: &[&str]) -> Option<String> {
    let run = Command::new("gh")
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("GH_CONFIG_DIR", home)
        .env("GH_HOST", "github.localhost")
        .env("GH_TOKEN", token)
        .env("GH_NO_UPDATE_NOTIFIER", "1")
        .env("NO_COLOR", "1")
        .env("HTTP_PROXY", hub.url())
        .current_dir(home)
        .output();
    let run = match run {
        Ok(run) => run,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("gh: {error}"),
    };
    let (out, err) = (
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr),
    );
    assert!(run.status.success(), "gh {args:?}: {out}{err}");
    Some(out.into_owned())
}

#[tokio::test]
async fn gh_lists_views_reviews_labels_and_merges() {
    let (hub, number) = with_pull().await;
    // What gh asks is not what Sluice asks: the contract does not list it.
    hub.check_with(std::sync::Arc::new(|_| Vec::new()));
    let home = tempfile::TempDir::new().unwrap();
    let (carol, dave) = (token(&hub, "carol"), token(&hub, "dave"));
    let n = number.to_string();
    let at = ["-R", "acme/gitops"];
    let run = |token: &str, args: &[&str]| gh(&hub, token, home.path(), &[args, &at].concat());
    let Some(login) = gh(
        &hub,
        &carol,
        home.path(),
        &["api", "user", "--jq", ".login"],
    ) else {
        let mut err = std::io::stderr();
        std::io::Write::write_all(&mut err, b"left out: gh is not installed\n").unwrap();
        return;
    };
    assert_eq!(login, "carol\n");
    assert!(
        run(&carol, &["pr", "list"])
            .unwrap()
            .starts_with("1\tBump v\tchange\tOPEN\t")
    );
    let shown = run(&carol, &["pr", "view", &n]).unwrap();
    assert!(
        shown.contains("title:\tBump v") && shown.contains("author:\tcarol"),
        "{shown}"
    );
    run(&dave, &["pr", "review", &n, "--approve"]).unwrap();
    run(&carol, &["label", "create", "hold"]).unwrap();
    run(&carol, &["pr", "edit", &n, "--add-label", "hold"]).unwrap();
    assert_eq!(
        hub.repo("acme/gitops").pull(number)["labels"][0]["name"],
        "hold"
    );
    run(&carol, &["pr", "edit", &n, "--remove-label", "hold"]).unwrap();
    run(&carol, &["pr", "edit", &n, "--add-reviewer", "dave"]).unwrap();
    run(&carol, &["pr", "comment", &n, "--body", "hello"]).unwrap();
    let json = run(
        &carol,
        &[
            "pr",
            "view",
            &n,
            "--json",
            "reviews,mergeable,labels,comments",
        ],
    )
    .unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (
            json["reviews"][0]["state"].as_str(),
            json["mergeable"].as_str()
        ),
        (Some("APPROVED"), Some("MERGEABLE"))
    );
    run(&carol, &["pr", "merge", &n, "--squash", "--delete-branch"]).unwrap();
    let repo = hub.repo("acme/gitops");
    assert_eq!(
        (
            repo.file("main", "app.yaml").unwrap().as_str(),
            repo.tip("change")
        ),
        ("v: 2\n", None)
    );
}
