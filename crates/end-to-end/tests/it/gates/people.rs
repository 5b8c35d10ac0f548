//! APPROVAL with teams, code owners, several lines, and authors of the changes left out.

use end_to_end::shop::{APPROVAL, landed, shop, shop_of_web};
use end_to_end::site::Site;
use github_stand_in::{Membership, Role};

/// acme has the team leads: carol and erin, who does not have write access.
fn with_team(site: &Site) {
    site.hub
        .organisation("acme", &["olga"], &["carol", "dave", "erin"]);
    for login in ["carol", "erin"] {
        site.hub.team("acme", "leads", login, Membership::Active);
    }
    site.repo().role("erin", Role::Read);
}

#[tokio::test]
async fn a_team_line_wants_members_with_write() {
    let site = shop(
        APPROVAL,
        "gates: { release: { approve: [{ by: acme/leads, count: 1 }], ways: [review] } }\n",
    )
    .await;
    with_team(&site);
    let repo = site.repo();
    site.run().await;
    for login in ["dave", "erin"] {
        repo.by(login).approves(1);
        let run = site.run().await;
        assert!(!landed(&site), "{}", run.text);
        assert!(run.why().contains("carol can approve"), "{}", run.text);
    }
    repo.by("carol").approves(1);
    let run = site.run().await;
    assert!(landed(&site), "{}", run.text);
    site.requests_hold();
}

#[tokio::test]
async fn a_team_that_cannot_be_read_is_an_error_and_leaves_other_pipelines_moving() {
    let mut site = shop(
        APPROVAL,
        "gates: { release: { approve: [{ by: acme/leads }], ways: [review] } }\n",
    )
    .await;
    with_team(&site);
    let repo = site.repo();
    let other = end_to_end::shop::pipeline("{ name: other, type: APPROVAL }")
        .replace("shop", "else")
        .replace("web-", "api-");
    repo.files(
        "main",
        &[
            ("else.yaml", &other),
            ("api-dev.yaml", &end_to_end::shop::chart("api-dev", "1.1.0")),
            (
                "api-prod.yaml",
                &end_to_end::shop::chart("api-prod", "1.0.0"),
            ),
        ],
    );
    site.token = repo.app_token(
        4242,
        "sluice-app",
        &end_to_end::shop::PERMISSIONS.replace(", members:read", ""),
    );
    site.run().await;
    for number in repo.pulls(true) {
        repo.by("carol").approves(number);
    }
    let run = site.run().await;
    assert!(!landed(&site), "{}", run.text);
    assert!(
        run.text
            .contains("needs the organisation's permission Members: read"),
        "{}",
        run.text
    );
    assert_eq!(run.exit, sluice::error::Exit::Failed);
    let api = repo.file("main", "api-prod.yaml").unwrap();
    assert!(api.contains("version: 1.1.0"), "{}", run.text);
}

#[tokio::test]
async fn code_owners_are_read_from_the_base_and_not_from_a_branch() {
    let site = shop(
        APPROVAL,
        "gates: { release: { approve: [{ by: code-owners }], ways: [review] } }\n",
    )
    .await;
    let repo = site.repo();
    repo.files("main", &[(".github/CODEOWNERS", "prod.yaml @dave\n")]);
    site.run().await;
    repo.by("carol").approves(1);
    let run = site.run().await;
    assert!(
        !landed(&site) && run.why().contains("dave can approve"),
        "{}",
        run.text
    );
    repo.by("dave").approves(1);
    site.run().await;
    assert!(landed(&site));
}

#[tokio::test]
async fn where_too_few_are_left_it_is_blocked_and_says_who_could() {
    let site = shop(
        APPROVAL,
        "people: { duo: [carol, rita] }\ngates: { release: { approve: [{ by: duo, count: 2 }], ways: [review] } }\n",
    )
    .await;
    site.run().await;
    site.repo().by("carol").approves(1);
    let run = site.run().await;
    assert_eq!(
        run.why(),
        "release: needs 2 approvals by duo: of carol and rita only carol could approve"
    );
}

const WITHOUT_AUTHORS: &str = "gates: { release: { ways: [review], exclude: [change-authors] } }\n";

#[tokio::test]
async fn a05_the_author_of_a_promoted_commit_does_not_approve_it() {
    let (site, first) = shop_of_web(APPROVAL, WITHOUT_AUTHORS).await;
    let web = site.hub.repo("acme/web");
    web.by("carol").pushes("main", &[("app/x", "2")], "Mend it");
    web.by("dave")
        .pushes("main", &[("docs/x", "2")], "Words only");
    let run = site.run().await;
    let repo = site.repo();
    assert_eq!(repo.pulls(true), [1], "{}", run.text);
    repo.by("carol").approves(1);
    let run = site.run().await;
    assert!(
        run.why()
            .contains("carol wrote one of the promoted commits"),
        "{}",
        run.text
    );
    // dave touched nothing that is released.
    repo.by("dave").approves(1);
    let run = site.run().await;
    let prod = repo.file("main", "prod.yaml").unwrap();
    assert!(!prod.contains(&first), "{}", run.text);
    site.requests_hold();
}

#[tokio::test]
async fn a05_an_author_whom_nobody_can_tell_keeps_the_gate_shut() {
    let (site, first) = shop_of_web(APPROVAL, WITHOUT_AUTHORS).await;
    let web = site.hub.repo("acme/web");
    web.by("carol").pushes_as(
        ("Somebody", "somebody@nowhere.example"),
        "main",
        &[("app/x", "2")],
        "Mend it",
    );
    site.run().await;
    let repo = site.repo();
    repo.by("dave").approves(1);
    let run = site.run().await;
    assert!(
        run.why().contains("somebody@nowhere.example"),
        "{}",
        run.text
    );
    assert!(repo.file("main", "prod.yaml").unwrap().contains(&first));
}
