//! How refs move: the checks that GitHub makes before, and what follows (activity log, pull requests that follow their branches,
//! workflows of the default branch). Knows nothing of HTTP.

use super::access::{Level, Session, TokenKind};
use super::pull::{Event, Merged, What};
use super::reply::Refusal;
use super::repo::Activity;
use super::world::{AppId, GHOST, RepoId, UserId, World};
use super::{queue, rules, runs};
use git2::Oid;

/// Who does something, and through which App.
#[derive(Debug, Clone, Copy)]
pub struct By {
    /// The account.
    pub actor: UserId,
    /// The App, for tokens of Apps.
    pub app: Option<AppId>,
}

impl By {
    /// The account and App of a session; the ghost where nobody has signed in.
    pub fn of(session: &Session) -> Self {
        Self {
            actor: session.actor().unwrap_or(GHOST),
            app: session.app(),
        }
    }
}

/// Refuses names that no client may create or move: those that GitHub keeps for itself, and what git takes for none.
fn check_name(name: &str) -> Result<(), Refusal> {
    let kept = ["refs/pull/", "refs/heads/gh-readonly-queue/"];
    let closed = kept.iter().any(|prefix| name.starts_with(prefix));
    if closed || name.matches('/').count() < 2 || !git2::Reference::is_valid_name(name) {
        return Err(Refusal::unprocessable(format!(
            "{name} is not a valid ref name."
        )));
    }
    Ok(())
}

/// A branch is a commit; tags, notes and whatever else may be any object.
fn check_object(world: &World, repo: RepoId, name: &str, oid: Oid) -> Result<(), Refusal> {
    match world.repo(repo).store.kind(oid) {
        None => Err(Refusal::unprocessable("Object does not exist")),
        Some(git2::ObjectType::Commit) => Ok(()),
        Some(_) if !name.starts_with("refs/heads/") => Ok(()),
        Some(_) => Err(Refusal::unprocessable("Reference update failed")),
    }
}

/// A push that brings a workflow file which no branch has, and the default branch did not have where the push leaves it, needs a permission of
/// its own.
fn check_push_of_workflows(
    world: &World,
    session: &Session,
    repo: RepoId,
    after: Oid,
) -> Result<(), Refusal> {
    let here = world.repo(repo);
    let branches = here
        .refs
        .iter()
        .filter(|(name, _)| name.starts_with("refs/heads/"));
    let main = here.branch(&here.default_branch);
    let leaves = main.and_then(|tip| here.store.merge_base(tip, here.store.peel(after)?));
    let have: Vec<(String, Oid)> = branches
        .map(|(_, tip)| *tip)
        .chain(leaves)
        .flat_map(|commit| rules::workflow_files(here, Some(commit)))
        .collect();
    check_workflows(world, session, repo, after, &have)
}

/// A new ref needs that permission too where the workflow files at its commit differ from those at the tip of the default branch, be it only
/// because the default branch moved on; GitHub then says no more than that the token may not.
fn check_workflows_at_new_ref(
    world: &World,
    session: &Session,
    repo: RepoId,
    at: Oid,
) -> Result<(), Refusal> {
    if session.app().is_none() || session.grants(repo, "workflows", Level::Write) {
        return Ok(());
    }
    let here = world.repo(repo);
    let (Some(commit), Some(tip)) = (here.store.peel(at), here.branch(&here.default_branch)) else {
        return Ok(());
    };
    if rules::workflow_files(here, Some(commit)) == rules::workflow_files(here, Some(tip)) {
        Ok(())
    } else {
        Err(Refusal::forbidden("Resource not accessible by integration"))
    }
}

/// Whether a session may bring workflow files beyond these.
pub fn check_workflows(
    world: &World,
    session: &Session,
    repo: RepoId,
    after: Oid,
    have: &[(String, Oid)],
) -> Result<(), Refusal> {
    let who = match session.token.as_ref().map(|token| &token.kind) {
        Some(TokenKind::Classic(scopes)) if scopes.iter().any(|scope| scope == "workflow") => {
            return Ok(());
        }
        Some(TokenKind::Classic(_)) => ("an OAuth App", "`workflow` scope"),
        _ if session.grants(repo, "workflows", Level::Write) => return Ok(()),
        _ => ("a GitHub App", "`workflows` permission"),
    };
    let brings = rules::workflow_files(world.repo(repo), Some(after));
    match brings.iter().find(|file| !have.contains(file)) {
        Some((path, _)) => Err(Refusal::forbidden(format!(
            "refusing to allow {} to create or update workflow `{path}` without {}",
            who.0, who.1
        ))),
        None => Ok(()),
    }
}

/// `POST git/refs`, or a push of a new branch.
pub fn create(
    world: &mut World,
    session: &Session,
    repo: RepoId,
    name: &str,
    oid: Oid,
) -> Result<(), Refusal> {
    check_name(name)?;
    if world.repo(repo).refs.contains_key(name) {
        return Err(Refusal::unprocessable("Reference already exists"));
    }
    check_object(world, repo, name, oid)?;
    // A ref is a file: none can lie under another's name.
    let under = |one: &str, other: &str| {
        one.strip_prefix(other)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    let mut names = world.repo(repo).refs.keys();
    if names.any(|other| under(name, other) || under(other, name)) {
        return Err(Refusal::unprocessable("Reference update failed"));
    }
    check_push_of_workflows(world, session, repo, oid)?;
    check_workflows_at_new_ref(world, session, repo, oid)?;
    apply(
        world,
        By::of(session),
        repo,
        name,
        Some(oid),
        "branch_creation",
    );
    Ok(())
}

/// `PATCH git/refs`, or a push: without force only a fast-forward.
pub fn update(
    world: &mut World,
    session: &Session,
    repo: RepoId,
    name: &str,
    oid: Oid,
    force: bool,
) -> Result<(), Refusal> {
    check_name(name)?;
    let Some(before) = world.repo(repo).refs.get(name).copied() else {
        return Err(Refusal::unprocessable("Reference does not exist"));
    };
    check_object(world, repo, name, oid)?;
    let forward = world.repo(repo).store.is_ancestor(before, oid);
    if !forward && !force {
        return Err(Refusal::unprocessable("Update is not a fast forward"));
    }
    if let Some(branch) = name.strip_prefix("refs/heads/") {
        rules::check_push(world, session, repo, branch, before, Some(oid), !forward)?;
    }
    check_push_of_workflows(world, session, repo, oid)?;
    if before != oid {
        let kind = if forward { "push" } else { "force_push" };
        apply(world, By::of(session), repo, name, Some(oid), kind);
    }
    Ok(())
}

/// `DELETE git/refs`.
pub fn delete(
    world: &mut World,
    session: &Session,
    repo: RepoId,
    name: &str,
) -> Result<(), Refusal> {
    check_name(name)?;
    let Some(before) = world.repo(repo).refs.get(name).copied() else {
        return Err(Refusal::unprocessable("Reference does not exist"));
    };
    if let Some(branch) = name.strip_prefix("refs/heads/") {
        if branch == world.repo(repo).default_branch {
            return Err(Refusal::unprocessable("Cannot delete the default branch"));
        }
        rules::check_push(world, session, repo, branch, before, None, false)?;
    }
    apply(world, By::of(session), repo, name, None, "branch_deletion");
    Ok(())
}

/// Moves a ref without asking, and lets everything that hangs on it follow.
pub fn apply(
    world: &mut World,
    by: By,
    repo: RepoId,
    name: &str,
    to: Option<Oid>,
    kind: &'static str,
) {
    let before = world.repo(repo).refs.get(name).copied();
    match to {
        Some(oid) => world.repo_mut(repo).refs.insert(name.to_owned(), oid),
        None => world.repo_mut(repo).refs.remove(name),
    };
    let id = world.next_id();
    let at = world.now();
    let unseen_reads = world.switches.activity_after;
    if name.starts_with("refs/heads/") {
        world.repo_mut(repo).activity.push(Activity {
            id,
            name: name.to_owned(),
            before: before.unwrap_or(Oid::ZERO_SHA1),
            after: to.unwrap_or(Oid::ZERO_SHA1),
            kind,
            actor: by.actor,
            at,
            unseen_reads,
        });
    }
    if let Some(branch) = name.strip_prefix("refs/heads/") {
        let moved = Moved {
            repo,
            branch,
            before,
            after: to,
            by_queue: kind == "merge_queue_merge",
        };
        follow_heads(world, by, &moved);
        follow_bases(world, by, &moved);
        if branch == world.repo(repo).default_branch {
            find_workflows(world, repo);
        }
    }
    if let Some(oid) = to {
        runs::on_push(world, by, repo, name, oid);
    }
}

struct Moved<'a> {
    repo: RepoId,
    branch: &'a str,
    before: Option<Oid>,
    after: Option<Oid>,
    by_queue: bool,
}

/// Adds an event to a pull request.
pub fn record(world: &mut World, repo: RepoId, number: u64, by: By, what: What) {
    let event = Event {
        id: world.next_id(),
        what,
        actor: Some(by.actor),
        app: by.app,
        at: world.now(),
    };
    let at = event.at;
    let starts = runs::activity(&event.what);
    if let Some(pull) = world.repo_mut(repo).pulls.get_mut(&number) {
        pull.events.push(event);
        pull.updated_at = at;
    }
    if let Some((name, activity)) = starts {
        runs::on_pull(world, by, repo, number, name, activity);
    }
}

/// Closes an open pull request.
pub fn close(world: &mut World, repo: RepoId, number: u64, by: By) {
    let at = world.now();
    if let Some(pull) = world.repo_mut(repo).pulls.get_mut(&number) {
        pull.open = false;
        pull.closed_at = Some(at);
        pull.closed_by = Some(by.actor);
        pull.auto_merge = None;
    }
    record(world, repo, number, by, What::Closed);
    queue::leave(world, repo, number, by, "closed");
}

/// Marks a pull request as merged by this commit.
pub fn mark_merged(world: &mut World, repo: RepoId, number: u64, by: By, commit: Oid) {
    queue::leave(world, repo, number, by, "merged");
    let at = world.now();
    if let Some(pull) = world.repo_mut(repo).pulls.get_mut(&number) {
        pull.open = false;
        pull.merged = Some(Merged {
            by: by.actor,
            at,
            commit,
        });
        pull.closed_at = Some(at);
        pull.closed_by = Some(by.actor);
        pull.auto_merge = None;
    }
    record(world, repo, number, by, What::Merged(commit));
    record(world, repo, number, by, What::Closed);
}

fn numbers(
    world: &World,
    filter: impl Fn(RepoId, &super::pull::Pull) -> bool,
) -> Vec<(RepoId, u64)> {
    world
        .repos
        .iter()
        .enumerate()
        .flat_map(|(id, repo)| repo.pulls.values().map(move |pull| (id, pull)))
        .filter(|(id, pull)| filter(*id, pull))
        .map(|(id, pull)| (id, pull.number))
        .collect()
}

/// The button that brings a deleted head branch back to where it was. A push of the same branch does not count as that.
pub fn restore_head(
    world: &mut World,
    session: &Session,
    repo: RepoId,
    number: u64,
) -> Result<(), Refusal> {
    let pull = world.repo(repo).pulls.get(&number);
    let pull = pull.ok_or_else(Refusal::not_found)?;
    let home = pull.head_repo.ok_or_else(Refusal::not_found)?;
    let (name, head) = (format!("refs/heads/{}", pull.head), pull.head_sha);
    create(world, session, home, &name, head)?;
    record(world, repo, number, By::of(session), What::HeadRestored);
    Ok(())
}

/// Pull requests whose head branch moved.
fn follow_heads(world: &mut World, by: By, moved: &Moved<'_>) {
    for (repo, number) in numbers(world, |_, pull| {
        pull.head_repo == Some(moved.repo) && pull.head == moved.branch
    }) {
        let open = world.repo(repo).pulls[&number].open;
        match (moved.before, moved.after) {
            (_, None) => {
                if open {
                    close(world, repo, number, by);
                }
                record(world, repo, number, by, What::HeadDeleted);
            }
            (Some(before), Some(after)) if open => {
                head_moved(world, by, (repo, number), before, after);
            }
            _ => {}
        }
    }
}

fn head_moved(world: &mut World, by: By, at: (RepoId, u64), before: Oid, after: Oid) {
    let (repo, number) = at;
    let forced = !world.repo(repo).store.is_ancestor(before, after);
    let writer = world.can_push(repo, by.actor);
    let (lag, slow) = (world.switches.mergeable_after, world.switches.head_after);
    let base = world.repo(repo).pulls[&number].base.clone();
    let base_tip = world.repo(repo).branch(&base);
    let dismiss = rules::of(world.repo(repo), &base)
        .iter()
        .any(|rule| rule.dismiss_stale);
    let mut disarmed = false;
    if let Some(pull) = world.repo_mut(repo).pulls.get_mut(&number) {
        let seen = pull.seen_head();
        pull.lag = (slow > 0).then_some((seen, slow));
        pull.head_sha = after;
        pull.pusher = by.actor;
        pull.unknown_reads.0 = lag;
        pull.base_sha = base_tip.unwrap_or(pull.base_sha);
        disarmed = !writer && pull.auto_merge.take().is_some();
    }
    world
        .repo_mut(repo)
        .refs
        .insert(format!("refs/pull/{number}/head"), after);
    if forced {
        record(
            world,
            repo,
            number,
            by,
            What::HeadForcePushed(before, after),
        );
    }
    if disarmed {
        record(world, repo, number, by, What::AutoMergeOff);
    }
    runs::on_pull(world, by, repo, number, "pull_request", "synchronize");
    if dismiss {
        dismiss_approvals(world, by, at);
    }
    queue::leave(world, repo, number, by, "head_moved");
    if let Some(tip) = base_tip
        && world.repo(repo).store.is_ancestor(after, tip)
    {
        if world.switches.empty_head_closes {
            close(world, repo, number, by);
        } else {
            let landing = world.repo(repo).store.landing(after, tip);
            mark_merged(world, repo, number, by, landing);
        }
    }
}

/// Dismisses every approval, as a push or a change of the base branch does where the rules say so.
pub fn dismiss_approvals(world: &mut World, by: By, at: (RepoId, u64)) {
    let reviews = &world.repo(at.0).pulls[&at.1].reviews;
    let approvals = reviews.iter().filter(|review| review.state == "APPROVED");
    let stale: Vec<u64> = approvals.map(|review| review.id).collect();
    for id in stale {
        dismiss_review(world, by, at, id, "");
    }
}

/// Turns a review into DISMISSED; it keeps its row.
pub fn dismiss_review(
    world: &mut World,
    by: By,
    (repo, number): (RepoId, u64),
    review: u64,
    message: &str,
) {
    let Some(found) = world
        .repo_mut(repo)
        .pulls
        .get_mut(&number)
        .and_then(|pull| pull.reviews.iter_mut().find(|one| one.id == review))
    else {
        return;
    };
    let was = std::mem::replace(&mut found.state, "DISMISSED".to_owned());
    record(
        world,
        repo,
        number,
        by,
        What::ReviewDismissed(review, was.to_lowercase(), message.to_owned()),
    );
}

/// Pull requests whose base branch moved.
fn follow_bases(world: &mut World, by: By, moved: &Moved<'_>) {
    let lag = world.switches.mergeable_after;
    for (repo, number) in numbers(world, |repo, pull| {
        repo == moved.repo && pull.base == moved.branch && pull.open
    }) {
        let head = world.repo(repo).pulls[&number].head_sha;
        let Some(after) = moved.after else {
            let name = moved.branch.to_owned();
            record(world, repo, number, by, What::BaseDeleted(name));
            close(world, repo, number, by);
            continue;
        };
        if let Some(pull) = world.repo_mut(repo).pulls.get_mut(&number) {
            pull.unknown_reads.0 = lag;
        }
        if let Some(before) = moved.before
            && !world.repo(repo).store.is_ancestor(before, after)
        {
            record(
                world,
                repo,
                number,
                by,
                What::BaseForcePushed(before, after),
            );
        }
        if world.repo(repo).store.is_ancestor(head, after) {
            let landing = world.repo(repo).store.landing(head, after);
            mark_merged(world, repo, number, by, landing);
        }
    }
    if moved.after.is_some() && !moved.by_queue {
        queue::rebuild(world, moved.repo, moved.branch, 0);
    }
}

/// Registers the workflow files of the default branch.
pub fn find_workflows(world: &mut World, repo: RepoId) {
    let tip = world.repo(repo).branch(&world.repo(repo).default_branch);
    for (path, blob) in rules::workflow_files(world.repo(repo), tip) {
        runs::register(world, repo, &path, blob);
    }
}
