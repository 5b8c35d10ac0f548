//! Merging: the test merge that GitHub keeps for each open pull request, the three methods of `PUT merge`, auto-merge.
//! Every tree here is really merged.

use super::ids::RepoId;
use super::pull::{Fits, TestMerge, What};
use super::pull_events;
use super::ref_moves;
use super::refs;
use super::reply::Refusal;
use super::rules;
use super::session::{By, Session};
use super::signature::{author, web_flow};
use super::world::World;
use git2::Oid;
use jiff::SignedDuration;

/// What a client asks of a merge.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The head that it evaluated.
    pub sha: Option<String>,
    /// `merge`, `squash` or `rebase`.
    pub method: Option<String>,
    /// Title of the commit.
    pub title: Option<String>,
    /// Rest of its message.
    pub message: Option<String>,
}

/// How long a test merge is kept while nothing but the base moves.
const TEST_MERGE_AGE: SignedDuration = SignedDuration::from_hours(12);

/// The test merge of an open pull request, as GitHub keeps it since 2026-02-19: made when the head is pushed, when head and base no longer
/// have the same commit in common, and at the first look after twelve hours. A base that advances leaves it as it is.
pub fn test(world: &mut World, repo: RepoId, number: u64) -> Option<TestMerge> {
    let now = world.now();
    let here = world.repo(repo);
    let pull = here.pulls.get(&number)?;
    let (head, tip) = (pull.head_sha, here.branch(&pull.base)?);
    let store = here.store.clone();
    let merge_base = store.merge_base(tip, head);
    let base = match pull.test {
        Some(known) if known.head == head && known.merge_base == merge_base => {
            if now.duration_since(known.at) < TEST_MERGE_AGE {
                return Some(known);
            }
            tip
        }
        // The job runs when the head is pushed, no matter who asks for it later.
        _ if store.merge_base(pull.base_sha, head) == merge_base => pull.base_sha,
        _ => tip,
    };
    let commit = store.merge(base, head).and_then(|tree| {
        let by = author(world, pull.author);
        let message = format!("Merge {head} into {base}");
        let made = store.commit(tree, &[base, head], &message, &by, &web_flow(world));
        made.ok()
    });
    let test = TestMerge {
        head,
        merge_base,
        at: now,
        commit,
    };
    let here = world.repo_mut(repo);
    if let Some(pull) = here.pulls.get_mut(&number) {
        pull.test = Some(test);
        pull.merge_ref = commit.or(pull.merge_ref);
    }
    // A conflict leaves the ref unchanged.
    if let Some(oid) = commit {
        here.refs.insert(format!("refs/pull/{number}/merge"), oid);
    }
    Some(test)
}

/// Whether an open pull request merges into the present tip of its base, which is right however old its test merge is.
pub fn fits(world: &mut World, repo: RepoId, number: u64) -> Option<bool> {
    let here = world.repo_mut(repo);
    let pull = here.pulls.get(&number)?;
    let (head, base) = (pull.head_sha, here.branch(&pull.base)?);
    let fits = match pull.fits {
        Some(known) if (known.base, known.head) == (base, head) => known.fits,
        _ => here.store.merge(base, head).is_some(),
    };
    if let Some(pull) = here.pulls.get_mut(&number) {
        pull.fits = Some(Fits { base, head, fits });
    }
    Some(fits)
}

/// What a reader learns about mergeability: None while GitHub has not computed it yet.
pub fn mergeable(world: &mut World, repo: RepoId, number: u64) -> Option<bool> {
    let serial = world.serial;
    let pull = world.repo_mut(repo).pulls.get_mut(&number)?;
    if !pull.open {
        return None;
    }
    let (left, seen) = pull.unknown_reads;
    if seen == serial && seen != 0 {
        return None;
    }
    if left > 0 {
        pull.unknown_reads = (left - 1, serial);
        return None;
    }
    test(world, repo, number);
    fits(world, repo, number)
}

/// `mergeStateStatus`, for an account without any bypass.
pub fn state_status(world: &mut World, repo: RepoId, number: u64) -> &'static str {
    let mergeable = mergeable(world, repo, number);
    let here = world.repo(repo);
    let pull = &here.pulls[&number];
    let blocked =
        rules::check_merge(world, &Session::default(), repo, pull, "squash", true).is_err();
    let strict = rules::of(here, &pull.base)
        .iter()
        .any(|rule| rule.strict && !rule.statuses.is_empty());
    let red = || {
        let contexts = here
            .statuses
            .iter()
            .filter(|status| status.sha == pull.head_sha)
            .map(|status| &status.context);
        let checks = here
            .checks
            .iter()
            .filter(|check| check.sha == pull.head_sha)
            .map(|check| &check.name);
        contexts.chain(checks).any(|context| {
            rules::standing(here, pull.head_sha, context, None) != rules::Standing::Success
        })
    };
    match mergeable {
        None => "UNKNOWN",
        Some(false) => "DIRTY",
        Some(true) if pull.draft => "DRAFT",
        Some(true) if strict && rules::behind(here, pull) => "BEHIND",
        Some(true) if blocked => "BLOCKED",
        Some(true) if red() => "UNSTABLE",
        Some(true) => "CLEAN",
    }
}

/// `PUT pulls/{n}/merge`.
pub fn merge(
    world: &mut World,
    session: &Session,
    repo: RepoId,
    number: u64,
    request: &Request,
) -> Result<Oid, Refusal> {
    let method = request.method.clone().unwrap_or_else(|| "merge".to_owned());
    if !["merge", "squash", "rebase"].contains(&method.as_str()) {
        return Err(Refusal::invalid("PullRequest", "merge_method", "invalid"));
    }
    let pull = world
        .repo(repo)
        .pulls
        .get(&number)
        .ok_or_else(Refusal::not_found)?
        .clone();
    if !pull.open {
        return Err(Refusal::not_allowed("Pull Request is not mergeable"));
    }
    if let Some(sha) = &request.sha
        && !sha.eq_ignore_ascii_case(&pull.head_sha.to_string())
    {
        return Err(Refusal::conflict(
            "Head branch was modified. Review and try the merge again.",
        ));
    }
    if pull.draft {
        return Err(Refusal::not_allowed("Pull Request is still a draft"));
    }
    if !world.repo(repo).merge_refusals.is_empty() {
        let text = world.repo_mut(repo).merge_refusals.remove(0);
        return Err(Refusal::not_allowed(text));
    }
    let settings = &world.repo(repo).settings;
    let allowed = match method.as_str() {
        "merge" => settings.merge,
        "squash" => settings.squash,
        _ => settings.rebase,
    };
    if !allowed {
        return Err(Refusal::not_allowed(rules::method_text(&method)));
    }
    if fits(world, repo, number) != Some(true) {
        return Err(Refusal::not_allowed("Pull Request has merge conflicts"));
    }
    rules::check_merge(world, session, repo, &pull, &method, false)?;
    let by = By::of(session);
    let commit = land_commit(world, by, repo, number, &method, request)?;
    let tip = world.repo(repo).branch(&pull.base);
    let before = rules::workflow_files(world.repo(repo), tip);
    refs::check_workflows(world, session, repo, commit, &before)?;
    world.repo_mut(repo).verified.insert(commit);
    ref_moves::mark_merged(world, repo, number, by, commit);
    ref_moves::apply(
        world,
        by,
        repo,
        &format!("refs/heads/{}", pull.base),
        Some(commit),
        "pr_merge",
    );
    delete_head(world, by, repo, number);
    Ok(commit)
}

/// Deletes the head branch of a merged pull request if the repository's settings say so.
pub fn delete_head(world: &mut World, by: By, repo: RepoId, number: u64) {
    let pull = &world.repo(repo).pulls[&number];
    let (head_repo, name) = (pull.head_repo, format!("refs/heads/{}", pull.head));
    if world.repo(repo).settings.delete_branch
        && head_repo == Some(repo)
        && world.repo(repo).refs.contains_key(&name)
    {
        ref_moves::apply(world, by, repo, &name, None, "branch_deletion");
    }
}

/// Builds the commit (or commits) that a method puts onto the base tip.
fn land_commit(
    world: &World,
    by: By,
    repo: RepoId,
    number: u64,
    method: &str,
    request: &Request,
) -> Result<Oid, Refusal> {
    let here = world.repo(repo);
    let store = &here.store;
    let pull = &here.pulls[&number];
    let conflict = || Refusal::not_allowed("Pull Request has merge conflicts");
    let tip = here.branch(&pull.base).ok_or_else(Refusal::not_found)?;
    let mut commits = store.between(Some(tip), pull.head_sha);
    commits.reverse();
    if method == "rebase" {
        let mut onto = tip;
        for oid in commits {
            let old = store.info(oid).ok_or_else(conflict)?;
            let tree = store.replay(oid, onto).ok_or_else(conflict)?;
            onto = store
                .commit(tree, &[onto], &old.message, &old.author, &web_flow(world))
                .map_err(Refusal::unprocessable)?;
        }
        return Ok(onto);
    }
    let tree = store.merge(tip, pull.head_sha).ok_or_else(conflict)?;
    let (title, rest) = if method == "squash" {
        // The title of a single commit wins over the pull request's.
        let single = match commits[..] {
            [one] => store.info(one),
            _ => None,
        };
        let headline = single.as_ref().and_then(|one| one.message.lines().next());
        (
            format!("{} (#{number})", headline.unwrap_or(&pull.title)),
            squash_text(world, repo, &commits),
        )
    } else {
        let owner = pull
            .head_repo
            .map_or("unknown", |id| &world.user(world.repo(id).owner).login);
        (
            format!("Merge pull request #{number} from {owner}/{}", pull.head),
            pull.title.clone(),
        )
    };
    let title = request.title.clone().unwrap_or(title);
    let rest = request.message.clone().unwrap_or(rest);
    let message = if rest.is_empty() {
        title
    } else {
        format!("{title}\n\n{rest}")
    };
    let (who, parents) = if method == "squash" {
        (pull.author, vec![tip])
    } else {
        (by.actor, vec![tip, pull.head_sha])
    };
    store
        .commit(
            tree,
            &parents,
            &message,
            &author(world, who),
            &web_flow(world),
        )
        .map_err(Refusal::unprocessable)
}

/// GitHub's default squash text: the body of a single commit, else every message as a list.
fn squash_text(world: &World, repo: RepoId, commits: &[Oid]) -> String {
    let infos: Vec<_> = commits
        .iter()
        .filter_map(|oid| world.repo(repo).store.info(*oid))
        .collect();
    match &infos[..] {
        [one] => one
            .message
            .split_once("\n\n")
            .map_or("", |(_, rest)| rest)
            .trim_end()
            .to_owned(),
        many => many
            .iter()
            .map(|commit| format!("* {}", commit.message.trim_end()))
            .collect::<Vec<_>>()
            .join("\n\n"),
    }
}

/// Arms auto-merge with a method, or disarms it.
pub fn set_auto_merge(
    world: &mut World,
    session: &Session,
    repo: RepoId,
    number: u64,
    method: Option<String>,
) -> Result<(), Refusal> {
    let by = By::of(session);
    let at = world.now();
    if method.is_some() {
        if !world.repo(repo).settings.auto_merge {
            return Err(Refusal::unprocessable(
                "Auto merge is not allowed for this repository",
            ));
        }
        match state_status(world, repo, number) {
            "CLEAN" => {
                return Err(Refusal::unprocessable(
                    "Pull request Pull request is in clean status",
                ));
            }
            "UNSTABLE" => {
                return Err(Refusal::unprocessable(
                    "Pull request Pull request is in unstable status",
                ));
            }
            _ => {}
        }
    } else if world.repo(repo).pulls[&number].auto_merge.is_none() {
        return Err(Refusal::unprocessable(
            "Can't disable auto-merge for this pull request",
        ));
    }
    let what = if method.is_some() {
        What::AutoMergeOn
    } else {
        What::AutoMergeOff
    };
    let pull = world.repo_mut(repo).pulls.get_mut(&number);
    let pull = pull.ok_or_else(Refusal::not_found)?;
    pull.auto_merge = method.map(|method| super::pull::AutoMerge {
        by: by.actor,
        method,
        title: pull.title.clone(),
        message: String::new(),
        at,
    });
    pull_events::record(world, repo, number, by, what);
    Ok(())
}
