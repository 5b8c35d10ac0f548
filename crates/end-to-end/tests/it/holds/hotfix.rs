//! What a person set by hand in a stage stays until its source moves, and is shown until its source has caught up with it.

use end_to_end::shop::{APPROVAL, chart, from_web, shop, shop_of_web};
use end_to_end::site::Site;

fn taken_away(run: &end_to_end::site::Report) -> Vec<bool> {
    let ahead = run.json["ahead"].as_array().unwrap().iter();
    ahead
        .map(|service| service["taken_away"].as_bool().unwrap())
        .collect()
}

async fn says(site: &Site, texts: &[&str]) {
    let status = site.call(&["status", "--format=text"]).await.text;
    for text in texts {
        assert!(status.contains(text), "{text}: {status}");
    }
}

#[tokio::test]
async fn a_version_set_by_hand_is_shown_until_it_is_what_the_source_has() {
    let site = shop(APPROVAL, "").await;
    let repo = site.repo();
    repo.files("main", &[("dev.yaml", &chart("web-dev", "1.0.0"))]);
    repo.by("dave").pushes(
        "main",
        &[("prod.yaml", &chart("web-prod", "1.0.1"))],
        "Fix checkout",
    );
    for _ in 0..2 {
        let run = site.run().await;
        assert_eq!(taken_away(&run), [false], "{}", run.text);
        assert_eq!(run.json["ahead"][0]["author"], "dave");
        assert!(run.json["ahead"][0]["date"].is_string());
        assert_eq!(repo.pulls(true), Vec::<u64>::new());
    }
    says(&site, &["ahead: web-prod, set by hand in", "(dave, "]).await;
    // The source moves without it: what waits says what it overwrites, in every run.
    repo.files("main", &[("dev.yaml", &chart("web-dev", "1.1.0"))]);
    for _ in 0..2 {
        let run = site.run().await;
        assert_eq!(taken_away(&run), [true], "{}", run.text);
        assert!(
            repo.body(1)
                .contains("takes away: **web-prod** was set by hand in"),
            "{}",
            repo.body(1)
        );
    }
    says(&site, &["takes away: web-prod, set by hand in"]).await;
    // It has caught up.
    repo.files("main", &[("dev.yaml", &chart("web-dev", "1.0.1"))]);
    let run = site.run().await;
    assert_eq!(taken_away(&run), Vec::<bool>::new(), "{}", run.text);
}

#[tokio::test]
async fn a_commit_set_by_hand_is_shown_until_the_source_descends_from_it() {
    let (site, first) = shop_of_web(APPROVAL, "").await;
    let web = site.hub.repo("acme/web");
    web.by("carol").branches_off("hotfix", &first);
    let hotfix = web
        .by("carol")
        .pushes("hotfix", &[("app/fix", "1")], "Fix checkout");
    let repo = site.repo();
    repo.by("dave").pushes(
        "main",
        &[("prod.yaml", &from_web("web-prod", &hotfix))],
        "Run the fix",
    );
    // main moves on without it: in another repository that alone makes nothing due.
    web.files("main", &[("app/x", "2")]);
    let run = site.run().await;
    assert_eq!(taken_away(&run), [false], "{}", run.text);
    assert_eq!(repo.pulls(true), Vec::<u64>::new());
    // main takes it up: the newest commit of the folder descends from it.
    let number = web.by("carol").opens("hotfix", "main", "Fix checkout");
    web.by("carol").merges(number, "merge");
    let run = site.run().await;
    assert_eq!(taken_away(&run), Vec::<bool>::new(), "{}", run.text);
    let number = *repo.pulls(true).last().unwrap();
    let body = repo.body(number);
    assert!(!body.contains("takes away"), "{body}");
}

#[tokio::test]
async fn a_commit_of_this_repository_is_taken_away_only_where_the_source_does_not_descend_from_it()
{
    let site = Site::empty().await;
    let repo = site.repo();
    let app = "apiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata: { name: NAME, namespace: apps }\n\
        spec:\n  git: { url: https://github.com/acme/gitops, folder: app, ref: REF }\n";
    let service = |name: &str, reference: &str| app.replace("NAME", name).replace("REF", reference);
    let first = repo.files("main", &[("app/x", "1")]);
    repo.files(
        "main",
        &[
            ("pipeline.yaml", &end_to_end::shop::pipeline(APPROVAL)),
            ("dev.yaml", &service("web-dev", "main")),
            ("prod.yaml", &service("web-prod", &first)),
        ],
    );
    repo.by("carol").branches_off("hotfix", &first);
    let hotfix = repo
        .by("carol")
        .pushes("hotfix", &[("app/fix", "1")], "Fix checkout");
    repo.by("dave").pushes(
        "main",
        &[("prod.yaml", &service("web-prod", &hotfix))],
        "Run the fix",
    );
    let run = site.run().await;
    assert_eq!(taken_away(&run), [false], "{}", run.text);
    repo.files("main", &[("app/x", "2")]);
    let run = site.run().await;
    assert_eq!(taken_away(&run), [true], "{}", run.text);
    let body = repo.body(*repo.pulls(true).last().unwrap());
    assert!(body.contains("takes away: **web-prod**"), "{body}");
    let number = repo.by("carol").opens("hotfix", "main", "Fix checkout");
    repo.by("carol").merges(number, "merge");
    let run = site.run().await;
    assert_eq!(taken_away(&run), Vec::<bool>::new(), "{}", run.text);
    let body = repo.body(*repo.pulls(true).last().unwrap());
    assert!(!body.contains("takes away"), "{body}");
}

#[tokio::test]
async fn a_hold_on_a_service_makes_nobody_forget_what_was_set_by_hand() {
    let holds = "holds: [{ pipeline: shop, stage: prod, service: web-prod, reason: INC-9 }]\n";
    let site = shop(APPROVAL, holds).await;
    let repo = site.repo();
    repo.files("main", &[("dev.yaml", &chart("web-dev", "1.0.0"))]);
    repo.by("dave")
        .pushes("main", &[("prod.yaml", &chart("web-prod", "1.0.1"))], "Fix");
    let run = site.run().await;
    assert_eq!(taken_away(&run), [false], "{}", run.text);
    says(&site, &["ahead: web-prod, set by hand in", "held: INC-9"]).await;
}
