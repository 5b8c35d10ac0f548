//! Reviews, and who is requested for one.

use super::{R, call, get, token, with_pull};
use github_stand_in::{Membership, Role};
use serde_json::{Value, json};

#[tokio::test]
async fn reviews_keep_their_row_when_dismissed_and_pending_ones_are_their_authors_own() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    repo.role("rita", Role::Read);
    let (carol, dave, rita) = (
        token(&hub, "carol"),
        token(&hub, "dave"),
        token(&hub, "rita"),
    );
    let path = format!("{R}/pulls/{number}/reviews");
    let own = |event: &str| json!({"event": event, "body": "b"});
    assert_eq!(
        call(&hub, &carol, "POST", &path, own("APPROVE"))
            .await
            .said(),
        "422 Can not approve your own pull request"
    );
    assert_eq!(
        call(&hub, &carol, "POST", &path, own("REQUEST_CHANGES"))
            .await
            .said(),
        "422 Can not request changes on your own pull request"
    );
    let first = repo.tip("change").unwrap();
    let id = call(&hub, &dave, "POST", &path, json!({"event": "APPROVE"}))
        .await
        .json()["id"]
        .as_u64()
        .unwrap();
    repo.by("carol")
        .pushes("change", &[("app.yaml", "v: 3\n")], "more");
    repo.by("rita").approves(number);
    repo.by("dave").remarks(number);
    let pending = call(&hub, &dave, "POST", &path, json!({})).await.json();
    assert_eq!(pending["state"], "PENDING");
    assert_eq!(
        call(&hub, &dave, "POST", &path, json!({})).await.said(),
        "422 User can only have one pending review per pull request"
    );
    repo.by("carol").dismisses(number, id);
    let states = |body: Value| {
        body.as_array()
            .unwrap()
            .iter()
            .map(|one| one["state"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        states(get(&hub, &carol, &path).await.json()),
        ["DISMISSED", "APPROVED", "COMMENTED"]
    );
    assert_eq!(
        states(get(&hub, &dave, &path).await.json()),
        ["DISMISSED", "APPROVED", "COMMENTED", "PENDING"]
    );
    let rows = get(&hub, &carol, &path).await.json();
    assert_eq!(
        (
            rows[0]["commit_id"].as_str().unwrap(),
            rows[1]["commit_id"].as_str().unwrap()
        ),
        (first.as_str(), repo.tip("change").unwrap().as_str())
    );
    let dismissals = format!("{path}/{id}/dismissals");
    assert_eq!(
        call(&hub, &rita, "PUT", &dismissals, json!({"message": "m"}))
            .await
            .status,
        403
    );
    assert_eq!(
        call(&hub, &carol, "PUT", &dismissals, json!({"message": "m"}))
            .await
            .said(),
        "422 Can not dismiss a dismissed pull request review"
    );
}

#[tokio::test]
async fn reviewers_are_requested_once_and_only_from_people_of_the_repository() {
    let (hub, number) = with_pull().await;
    let carol = token(&hub, "carol");
    let path = format!("{R}/pulls/{number}/requested_reviewers");
    let ask = |login: &str| json!({"reviewers": [login]});
    assert_eq!(
        call(&hub, &carol, "POST", &path, ask("dave")).await.json()["requested_reviewers"][0]["login"],
        "dave"
    );
    assert_eq!(
        call(&hub, &carol, "POST", &path, ask("carol")).await.said(),
        "422 Review cannot be requested from pull request author."
    );
    hub.account("stranger", github_stand_in::Kind::User);
    assert!(
        call(&hub, &carol, "POST", &path, ask("stranger"))
            .await
            .said()
            .starts_with("422 Reviews may only be requested from collaborators."),
        "that everybody may read a public repository does not make a collaborator"
    );
    assert!(
        call(&hub, &carol, "POST", &path, ask("nobody"))
            .await
            .said()
            .starts_with("422 Reviews may only be requested from collaborators.")
    );
    hub.repo("acme/gitops").by("dave").approves(number);
    assert_eq!(
        hub.repo("acme/gitops").pull(number)["requested_reviewers"],
        json!([])
    );
}

#[tokio::test]
async fn a_team_that_the_token_cannot_see_or_that_has_no_access_refuses_the_whole_request() {
    let (hub, number) = with_pull().await;
    hub.organisation("acme", &["olga"], &[]);
    hub.team("acme", "platform", "ann", Membership::Active);
    hub.team("acme", "elsewhere", "ann", Membership::Active);
    let repo = hub.repo("acme/gitops");
    repo.team_role("platform", Role::Write);
    let path = format!("{R}/pulls/{number}/requested_reviewers");
    let ask = async |token: &str, teams: &[&str], people: &[&str]| {
        let body = json!({"reviewers": people, "team_reviewers": teams});
        call(&hub, token, "POST", &path, body).await
    };
    let unseen = format!(
        "422 Could not resolve to a node with the global id of '{}'.",
        hub.with(|world| {
            let org = world.user_id("acme").unwrap();
            let team = world.orgs[&org]
                .teams
                .iter()
                .find(|team| team.slug == "platform");
            format!("T_{}", team.unwrap().id)
        })
    );
    let words = "contents:write, pull-requests:write, issues:write";
    let with_members = format!("{words}, members:read");
    let workflow = repo.workflow_token(&with_members);
    let app = repo.app_token(7, "sluice", words);
    for token in [&workflow, &app] {
        let refused = ask(token, &["platform"], &["dave"]).await;
        assert_eq!(refused.json()["message"], "Validation Failed");
        assert_eq!(refused.said(), unseen);
    }
    let app = repo.app_token(7, "sluice", &with_members);
    for team in ["elsewhere", "nobody"] {
        assert_eq!(
            ask(&app, &[team], &["dave"]).await.said(),
            "422 Reviews may only be requested from collaborators. One or more of the teams you specified is not a collaborator of the \
             acme/gitops repository."
        );
    }
    assert_eq!(
        ask(&workflow, &[], &["dave", "stranger"]).await.said(),
        "422 Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of \
         the acme/gitops repository."
    );
    assert_eq!(
        repo.pull(number)["requested_reviewers"],
        json!([]),
        "nobody is asked by a request that is refused"
    );
    for token in [&app, &token(&hub, "carol")] {
        assert_eq!(ask(token, &["platform"], &["dave"]).await.status, 201);
        let pull = repo.pull(number);
        assert_eq!(pull["requested_reviewers"][0]["login"], "dave");
        assert_eq!(pull["requested_teams"][0]["slug"], "platform");
        repo.by("carol").does(
            "DELETE",
            &format!("/pulls/{number}/requested_reviewers"),
            json!({"reviewers": ["dave"], "team_reviewers": ["platform"]}),
        );
    }
}

#[tokio::test]
async fn of_two_opinions_the_later_submitted_counts_not_the_later_begun() {
    let (hub, number) = with_pull().await;
    let repo = hub.repo("acme/gitops");
    let dave = repo.by("dave");
    let path = format!("/pulls/{number}/reviews");
    let begun = dave.does("POST", &path, json!({}))["id"].as_u64().unwrap();
    let old = repo.head(number);
    repo.by("carol")
        .pushes("change", &[("app.yaml", "v: 3\n")], "more");
    repo.with(|world, id| {
        // The web lets someone with a pending review give another; the route does not.
        let pull = world.repo_mut(id).pulls.get_mut(&number).unwrap();
        let mut other = pull.reviews[0].clone();
        (other.id, other.state) = (begun + 1, "CHANGES_REQUESTED".to_owned());
        other.at = Some(pull.updated_at);
        pull.reviews.push(other);
    });
    dave.does(
        "POST",
        &format!("{path}/{begun}/events"),
        json!({"event": "APPROVE"}),
    );
    let states = repo.edit(|repo| {
        let opinions = repo.pulls[&number].opinions();
        opinions
            .values()
            .map(|one| one.state.clone())
            .collect::<Vec<_>>()
    });
    assert_eq!(states, ["APPROVED"]);
    assert_eq!(
        repo.reviews(number)[0].2,
        old,
        "it stands on the head at which it was begun"
    );
}
