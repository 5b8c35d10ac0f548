//! Reviews and requests for them.

use super::super::call::{Call, read_oid};
use super::super::ids::RepoId;
use super::super::pull::{Review, What};
use super::super::reply::{Answer, Outcome, Refusal};
use super::super::session::{Level, TokenKind};
use super::super::world::World;
use super::super::{pull_events, runs, view};
use super::open_pull::check_setting;
use super::people::everybody;
use serde_json::json;

/// `GET reviews`: oldest first; a pending one only for its author.
pub fn list(world: &mut World, call: &Call) -> Outcome {
    let pull = call.pull(world)?;
    let rows = pull
        .reviews
        .iter()
        .filter(|one| one.state != "PENDING" || one.user == call.session.actor())
        .map(|one| view::pull::review(world, call.repo, pull.number, one))
        .collect();
    Answer::list(rows)
}

/// `GET reviews/{id}`.
pub fn get(world: &mut World, call: &Call) -> Outcome {
    let pull = call.pull(world)?;
    let id = call.number("review")?;
    let found = pull
        .reviews
        .iter()
        .find(|one| one.id == id && (one.state != "PENDING" || one.user == call.session.actor()))
        .ok_or_else(Refusal::not_found)?;
    Answer::ok(view::pull::review(world, call.repo, pull.number, found))
}

fn state_of(event: &str) -> Result<&'static str, Refusal> {
    match event {
        "APPROVE" => Ok("APPROVED"),
        "REQUEST_CHANGES" => Ok("CHANGES_REQUESTED"),
        "COMMENT" => Ok("COMMENTED"),
        "" => Ok("PENDING"),
        _ => Err(Refusal::unprocessable(
            "Variable $event of type PullRequestReviewEvent was provided invalid value",
        )),
    }
}

fn check_opinion(
    world: &World,
    call: &Call,
    number: u64,
    state: &str,
    body: &str,
) -> Result<(), Refusal> {
    let pull = &world.repo(call.repo).pulls[&number];
    let own = call.session.actor() == Some(pull.author);
    match state {
        "APPROVED" => check_setting(world, call)?,
        "CHANGES_REQUESTED" | "COMMENTED" if body.is_empty() => {
            return Err(Refusal::entity("Review body cannot be blank"));
        }
        _ => {}
    }
    match state {
        "APPROVED" if own => Err(Refusal::entity("Can not approve your own pull request")),
        "CHANGES_REQUESTED" if own => Err(Refusal::entity(
            "Can not request changes on your own pull request",
        )),
        _ => Ok(()),
    }
}

/// Gives a review; `event` is GitHub's word, empty for a pending one.
pub fn give(
    world: &mut World,
    call: &Call,
    number: u64,
    event: &str,
    body: &str,
    commit: Option<&str>,
) -> Result<u64, Refusal> {
    let state = state_of(event)?;
    check_opinion(world, call, number, state, body)?;
    let actor = call.actor()?;
    let pull = &world.repo(call.repo).pulls[&number];
    let pending = |one: &Review| one.state == "PENDING" && one.user == Some(actor);
    if state == "PENDING" && pull.reviews.iter().any(pending) {
        return Err(Refusal::entity(
            "User can only have one pending review per pull request",
        ));
    }
    let head = pull.seen_head();
    let oid = match commit {
        None => head,
        Some(text) => read_oid(text)
            .filter(|oid| world.repo(call.repo).store.info(*oid).is_some())
            .ok_or_else(|| Refusal::entity("commit_id is not part of the pull request"))?,
    };
    let (id, now) = (world.next_id(), world.now());
    let at = (state != "PENDING").then_some(now);
    let review = Review {
        id,
        user: Some(actor),
        state: state.to_owned(),
        body: body.to_owned(),
        commit: Some(oid),
        at,
    };
    if let Some(pull) = world.repo_mut(call.repo).pulls.get_mut(&number) {
        pull.reviews.push(review);
        if at.is_some() {
            pull.requested.retain(|who| *who != actor);
            pull.updated_at = now;
        }
    }
    if at.is_some() {
        runs::on_pull(
            world,
            call.by(),
            call.repo,
            number,
            "pull_request_review",
            "submitted",
        );
    }
    Ok(id)
}

fn shown(world: &World, at: RepoId, number: u64, id: u64) -> Outcome {
    let found = world.repo(at).pulls[&number]
        .reviews
        .iter()
        .find(|one| one.id == id);
    let review = found.ok_or_else(Refusal::not_found)?;
    Answer::ok(view::pull::review(world, at, number, review))
}

/// `POST reviews`.
pub fn create(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?.number;
    let id = give(
        world,
        call,
        number,
        call.text("event").unwrap_or_default(),
        call.text("body").unwrap_or_default(),
        call.text("commit_id"),
    )?;
    shown(world, call.repo, number, id)
}

/// `POST reviews/{id}/events`: submits a pending review.
pub fn submit(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?.number;
    let id = call.number("review")?;
    let state = state_of(call.need("PullRequestReview", "event")?)?;
    let body = call.text("body").unwrap_or_default().to_owned();
    check_opinion(world, call, number, state, &body)?;
    let (actor, now) = (call.actor()?, world.now());
    let review = world
        .repo_mut(call.repo)
        .pulls
        .get_mut(&number)
        .and_then(|pull| {
            pull.reviews
                .iter_mut()
                .find(|one| one.id == id && one.user == Some(actor))
        })
        .ok_or_else(Refusal::not_found)?;
    if review.state != "PENDING" {
        return Err(Refusal::entity("Could not submit pull request review."));
    }
    state.clone_into(&mut review.state);
    review.body = body;
    review.at = Some(now);
    runs::on_pull(
        world,
        call.by(),
        call.repo,
        number,
        "pull_request_review",
        "submitted",
    );
    shown(world, call.repo, number, id)
}

/// `PUT reviews/{id}/dismissals`.
pub fn dismiss(world: &mut World, call: &Call) -> Outcome {
    let pull = call.pull(world)?;
    let number = pull.number;
    let id = call.number("review")?;
    let message = call.need("PullRequestReview", "message")?.to_owned();
    let found = pull.reviews.iter().find(|one| one.id == id);
    let state = found.ok_or_else(Refusal::not_found)?.state.clone();
    if state != "APPROVED" && state != "CHANGES_REQUESTED" {
        return Err(Refusal::entity(format!(
            "Can not dismiss a {} pull request review",
            state.to_lowercase()
        )));
    }
    pull_events::dismiss_review(world, call.by(), (call.repo, number), id, &message);
    shown(world, call.repo, number, id)
}

/// `GET requested_reviewers`.
pub fn requested(world: &mut World, call: &Call) -> Outcome {
    let pull = call.pull(world)?;
    let users: Vec<_> = pull
        .requested
        .iter()
        .map(|id| view::user(world, *id))
        .collect();
    Answer::ok(
        json!({"users": users, "teams": view::pull::teams(world, call.repo, &pull.requested_teams)}),
    )
}

/// One of the people who were named has no access to the repository, so no one is asked.
fn no_collaborator(world: &World, at: RepoId, who: &str) -> Refusal {
    let slug = world.slug(at);
    Refusal::unprocessable(format!(
        "Reviews may only be requested from collaborators. One or more of the {who} you specified is not a collaborator of the {slug} \
         repository."
    ))
}

/// Teams that can be asked: those with access to the repository, which the caller can see. A workflow token sees no team, nor does a
/// token without `members: read`.
fn check_teams(world: &World, call: &Call, slugs: &[String]) -> Result<(), Refusal> {
    let repo = world.repo(call.repo);
    let teams = world.orgs.get(&repo.owner).map(|org| org.teams.as_slice());
    for slug in slugs {
        let mut teams = teams.unwrap_or_default().iter();
        let team = teams
            .find(|team| team.slug.eq_ignore_ascii_case(slug))
            .filter(|team| repo.team_roles.contains_key(&team.id))
            .ok_or_else(|| no_collaborator(world, call.repo, "teams"))?;
        let sees = match call.session.token.as_ref().map(|token| &token.kind) {
            Some(TokenKind::Classic(_)) => true,
            Some(TokenKind::FineGrained(_, map) | TokenKind::Installation(_, _, map)) => {
                map.grants("members", Level::Read)
            }
            Some(TokenKind::Workflow(..)) | None => false,
        };
        if !sees {
            let mut refusal = Refusal::unprocessable("Validation Failed");
            let id = view::node("T", team.id);
            refusal.errors = Some(json!([format!(
                "Could not resolve to a node with the global id of '{id}'."
            )]));
            return Err(refusal);
        }
    }
    Ok(())
}

/// `POST requested_reviewers`: everyone who is named is asked, or no one.
pub fn request(world: &mut World, call: &Call) -> Outcome {
    let pull = call.pull(world)?;
    let (number, author) = (pull.number, pull.author);
    let known = everybody(world, call.repo);
    let mut people = Vec::new();
    for login in call.texts("reviewers").unwrap_or_default() {
        let id = world.user_id(&login);
        if id == Some(author) {
            return Err(Refusal::unprocessable(
                "Review cannot be requested from pull request author.",
            ));
        }
        match id.filter(|id| known.contains(id)) {
            Some(id) => people.push(id),
            None => return Err(no_collaborator(world, call.repo, "users or teams")),
        }
    }
    let teams = call.texts("team_reviewers").unwrap_or_default();
    check_teams(world, call, &teams)?;
    for who in people {
        let pull = world.repo_mut(call.repo).pulls.get_mut(&number);
        if let Some(pull) = pull.filter(|pull| !pull.requested.contains(&who)) {
            pull.requested.push(who);
            pull_events::record(
                world,
                call.repo,
                number,
                call.by(),
                What::ReviewRequested(who),
            );
        }
    }
    if let Some(pull) = world.repo_mut(call.repo).pulls.get_mut(&number) {
        for slug in teams {
            if !pull.requested_teams.contains(&slug) {
                pull.requested_teams.push(slug);
            }
        }
    }
    let pull = &world.repo(call.repo).pulls[&number];
    Answer::created(view::pull::pull_short(world, call.repo, pull))
}

/// `DELETE requested_reviewers`.
pub fn unrequest(world: &mut World, call: &Call) -> Outcome {
    let number = call.pull(world)?.number;
    let teams = call.texts("team_reviewers").unwrap_or_default();
    for login in call.texts("reviewers").unwrap_or_default() {
        let who = world.user_id(&login).ok_or_else(Refusal::not_found)?;
        if let Some(pull) = world.repo_mut(call.repo).pulls.get_mut(&number) {
            pull.requested.retain(|one| *one != who);
        }
        pull_events::record(
            world,
            call.repo,
            number,
            call.by(),
            What::ReviewRequestRemoved(who),
        );
    }
    if let Some(pull) = world.repo_mut(call.repo).pulls.get_mut(&number) {
        pull.requested_teams.retain(|slug| !teams.contains(slug));
    }
    let pull = &world.repo(call.repo).pulls[&number];
    Answer::ok(view::pull::pull_short(world, call.repo, pull))
}
