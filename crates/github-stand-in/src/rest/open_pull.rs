//! Opening a pull request: what is refused, and what it starts with.

use super::super::call::Call;
use super::super::ids::RepoId;
use super::super::pull::Pull;
use super::super::reply::Refusal;
use super::super::runs;
use super::super::world::World;
use super::text_length::check_length;
use std::collections::BTreeSet;

/// What opens a pull request.
#[derive(Debug, Clone, Default)]
pub struct New {
    /// Title.
    pub title: String,
    /// Body.
    pub body: Option<String>,
    /// `branch` or `owner:branch`.
    pub head: String,
    /// Branch it goes to.
    pub base: String,
    /// Not ready yet.
    pub draft: bool,
}

const FORBIDDEN_BY_SETTING: &str =
    "GitHub Actions is not permitted to create or approve pull requests.";

/// `GITHUB_TOKEN` may neither open nor approve if the setting is off.
pub fn check_setting(world: &World, call: &Call) -> Result<(), Refusal> {
    if call.session.is_workflow() && !world.repo(call.repo).settings.actions_may_create_pulls {
        return Err(Refusal::forbidden(FORBIDDEN_BY_SETTING));
    }
    Ok(())
}

fn head_of(world: &World, at: RepoId, head: &str) -> Option<(RepoId, String)> {
    let Some((owner, branch)) = head.split_once(':') else {
        return Some((at, head.to_owned()));
    };
    let found = world.in_network(at, owner)?;
    Some((found, branch.to_owned()))
}

/// Opens a pull request, or says why not (422).
pub fn open(world: &mut World, call: &Call, new: New) -> Result<u64, Refusal> {
    let at = call.repo;
    check_length("Issue", "title", &new.title)?;
    check_length("Issue", "body", new.body.as_deref().unwrap_or_default())?;
    let invalid = |field: &str| Refusal::invalid("PullRequest", field, "invalid");
    if world.switches.unseen_heads > 0 {
        world.switches.unseen_heads -= 1;
        return Err(invalid("head"));
    }
    let (head_repo, head) = head_of(world, at, &new.head).ok_or_else(|| invalid("head"))?;
    let head_sha = world
        .repo(head_repo)
        .branch(&head)
        .ok_or_else(|| invalid("head"))?;
    let base_sha = world
        .repo(at)
        .branch(&new.base)
        .ok_or_else(|| invalid("base"))?;
    if call.session.app().is_none() {
        let author = call.actor()?;
        let public = !world.repo(at).private;
        let may = world.can_push(head_repo, author) || (public && world.can_push(at, author));
        if !may {
            return Err(Refusal::custom("PullRequest", "not all refs are readable"));
        }
    }
    let owner = world.user(world.repo(head_repo).owner).login.clone();
    let twin = |pull: &Pull| {
        pull.open && pull.head_repo == Some(head_repo) && pull.head == head && pull.base == new.base
    };
    if world.repo(at).pulls.values().any(twin) {
        return Err(Refusal::custom(
            "PullRequest",
            format!("A pull request already exists for {owner}:{head}."),
        ));
    }
    let store = &world.repo(at).store;
    if store.merge_base(base_sha, head_sha).is_none() {
        return Err(Refusal::custom(
            "PullRequest",
            format!(
                "The {head} branch has no history in common with {}",
                new.base
            ),
        ));
    }
    if store.is_ancestor(head_sha, base_sha) {
        return Err(Refusal::custom(
            "PullRequest",
            format!("No commits between {} and {}", new.base, new.head),
        ));
    }
    let (id, now, author) = (world.next_id(), world.now(), call.actor()?);
    let lags = (world.switches.mergeable_after, world.switches.listed_after);
    let pusher = world
        .repo(head_repo)
        .activity
        .iter()
        .rev()
        .find(|one| one.after == head_sha && one.name == format!("refs/heads/{head}"))
        .map_or(author, |one| one.actor);
    let repo = world.repo_mut(at);
    repo.last_number += 1;
    let number = repo.last_number;
    repo.refs
        .insert(format!("refs/pull/{number}/head"), head_sha);
    repo.pulls.insert(
        number,
        Pull {
            number,
            id,
            title: new.title,
            body: new.body,
            author,
            open: true,
            merged: None,
            draft: new.draft,
            base: new.base,
            base_sha,
            head_repo: Some(head_repo),
            head,
            head_sha,
            labels: BTreeSet::new(),
            reviews: Vec::new(),
            requested: Vec::new(),
            requested_teams: Vec::new(),
            assignees: Vec::new(),
            comments: Vec::new(),
            events: Vec::new(),
            auto_merge: None,
            test: None,
            fits: None,
            merge_ref: None,
            edited: None,
            lag: None,
            unknown_reads: (lags.0, 0),
            hidden_lists: (lags.1, 0),
            pusher,
            created_at: now,
            updated_at: now,
            closed_at: None,
            closed_by: None,
        },
    );
    runs::on_pull(world, call.by(), at, number, "pull_request", "opened");
    Ok(number)
}
