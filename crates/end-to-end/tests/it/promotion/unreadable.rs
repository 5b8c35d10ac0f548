//! A pipeline whose file is no longer plain YAML, or cannot be read at all, is not gone: what it has open stays open, and the run says so.

use end_to_end::site::Site;
use end_to_end::upgrade;
use serde_json::json;
use sluice::error::Exit;

/// A pipeline in a file of its own, over two services.
async fn opened() -> Site {
    let site = Site::empty().await;
    let service = |name: &str, version: &str| test_support::chart(name, version);
    site.repo().files(
        "main",
        &[
            ("dev.yaml", &service("web-dev", "1.1.0")),
            ("prod.yaml", &service("web-prod", "1.0.0")),
            ("web.yaml", &test_support::web()),
        ],
    );
    let run = site.run().await;
    assert_eq!(site.repo().pulls(true), [1], "{}", run.text);
    site
}

const WHY: &str = "web.yaml contained the Pipeline web when this was opened, and now contains no plain YAML for it";

#[tokio::test]
async fn a_pipeline_that_became_a_template_or_a_pointer_keeps_its_pull_request() {
    let template = test_support::web().replace("name: prod\n", "name: {{ stage }}\n");
    assert!(template.contains("{{ stage }}"), "{template}");
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n".to_owned();
    for text in [template, pointer] {
        let site = opened().await;
        let repo = site.repo();
        repo.files("main", &[("web.yaml", &text)]);
        for _ in 0..2 {
            let run = site.run().await;
            assert_eq!(repo.state(1), "OPEN", "{}", run.text);
            assert_eq!(run.exit, Exit::Failed, "{}", run.text);
            let row = &run.json["promotions"][0];
            assert_eq!(
                (&row["state"], &row["why"]),
                (&json!("error"), &json!(WHY)),
                "{}",
                run.text
            );
            assert_eq!(repo.branches("sluice/").len(), 1);
        }
        // Given up on purpose: then it is closed like any other.
        repo.by("dave").removes("main", &["web.yaml"], "No more");
        let run = site.run().await;
        assert_eq!(repo.state(1), "CLOSED", "{}", run.text);
    }
}

#[tokio::test]
async fn a_template_that_never_held_the_pipeline_keeps_nothing_open() {
    let site = opened().await;
    let repo = site.repo();
    let scaffold = test_support::web().replace("name: prod\n", "name: {{ stage }}\n");
    repo.files("main", &[("scaffold.yaml", &scaffold)]);
    repo.by("dave").removes("main", &["web.yaml"], "No more");
    let run = site.run().await;
    assert_eq!(repo.state(1), "CLOSED", "{}", run.text);
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
}

#[tokio::test]
async fn a_manifest_that_cannot_be_read_closes_nothing() {
    let site = upgrade::opened().await;
    let repo = site.repo();
    let file = repo.file("main", "upgrade.yaml").unwrap();
    repo.files("main", &[("upgrade.yaml", &format!("{file}\nbroken: [\n"))]);
    let run = site.run().await;
    assert_ne!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
}
