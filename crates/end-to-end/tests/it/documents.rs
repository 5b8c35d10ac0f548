//! What the README shows is what GitHub shows.

use end_to_end::site::Site;

fn readme() -> String {
    test_support::read("README.md")
}

/// The lines between a line and the next fence.
fn pictured(after: &str) -> String {
    let text = readme();
    let (_, rest) = text.split_once(after).unwrap();
    rest.split_once("\n```\n").unwrap().0.trim().to_owned()
}

#[tokio::test]
async fn the_pull_request_in_the_readme_is_the_one_that_is_opened() {
    let site = Site::of("k3s-upgrade-version").await;
    site.run().await;
    let repo = site.repo();
    let title = repo
        .by("carol")
        .does("GET", "/pulls/1", serde_json::Value::Null)["title"]
        .clone();
    let opened = format!("# {}\n\n{}", title.as_str().unwrap(), repo.body(1).trim());
    assert_eq!(pictured("```markdown\n<!-- a pull request -->\n"), opened);
}

#[tokio::test]
async fn the_summary_in_the_readme_is_the_one_that_a_run_gives() {
    let site = Site::of("k3s-upgrade-version").await;
    let summary = crate::step::summary_of(&site);
    // How long it took is the one thing that differs from run to run.
    let (start, _) = summary.rsplit_once(" requests · ").unwrap();
    let summary = format!("{start} requests · …</sub>");
    let picture = pictured("```markdown\n<!-- a summary -->\n");
    assert!(picture.lines().count() > 5);
    for line in picture.lines().filter(|line| *line != "…") {
        assert!(
            summary.lines().any(|real| real == line),
            "{line}\n\n{summary}"
        );
    }
}
