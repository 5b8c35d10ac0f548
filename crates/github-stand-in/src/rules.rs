//! Branch protection and rulesets: what stops a push, what stops a merge, and in which words. Decides; changes nothing.

use super::access::acting_role;
use super::ids::RepoId;
use super::pull::Pull;
use super::reply::Refusal;
use super::repo::{Bypass, Repo, Rule};
use super::session::Session;
use super::world::World;
use git2::Oid;

const NOT_AUTHORIZED: &str = "You're not authorized to push to this branch. Visit https://docs.github.com/articles/about-protected-branches/ for more information.";

/// Whether a rule names a branch.
pub fn names(rule: &Rule, branch: &str) -> bool {
    match rule.branch.strip_suffix('*') {
        Some(prefix) => branch.starts_with(prefix),
        None => rule.branch == branch,
    }
}

/// The rules that name a branch.
pub fn of<'a>(repo: &'a Repo, branch: &str) -> Vec<&'a Rule> {
    let all = repo.rules.iter();
    all.filter(|rule| names(rule, branch)).collect()
}

/// Whether a rule does not bind this session.
pub fn bypassed(world: &World, session: &Session, repo: RepoId, rule: &Rule) -> bool {
    rule.bypass.iter().any(|bypass| match bypass {
        Bypass::App(app) => session.app() == Some(*app),
        Bypass::User(user) => session.actor() == Some(*user),
        Bypass::Role(role) => acting_role(world, session, repo) >= *role,
    })
}

/// Paths and blobs of the workflow files at a commit.
pub fn workflow_files(repo: &Repo, commit: Option<Oid>) -> Vec<(String, Oid)> {
    let info = commit.and_then(|oid| repo.store.info(oid));
    info.map_or_else(Vec::new, |info| workflow_files_of(repo, info.tree))
}

/// Paths and blobs of the workflow files of a tree.
pub fn workflow_files_of(repo: &Repo, tree: Oid) -> Vec<(String, Oid)> {
    let folder = repo.store.at(tree, ".github/workflows");
    let entries = folder.and_then(|folder| repo.store.entries(folder.oid, false));
    entries
        .unwrap_or_default()
        .into_iter()
        .filter(|entry| entry.path.ends_with(".yml") || entry.path.ends_with(".yaml"))
        .map(|entry| (format!(".github/workflows/{}", entry.path), entry.oid))
        .collect()
}

/// The state of a context on a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No one has reported.
    Expected,
    /// Someone has, without a result yet.
    Pending,
    /// Green; neutral and skipped check runs too.
    Success,
    /// Red.
    Failure,
}

/// The state of a context (status or check run, by an App if one is named) on a commit.
pub fn standing(repo: &Repo, sha: Oid, context: &str, app: Option<u64>) -> Standing {
    let status = repo
        .statuses
        .iter()
        .rev()
        .find(|status| app.is_none() && status.sha == sha && status.context == context)
        .map(|status| (status.at, word(&status.state)));
    let check = repo
        .checks
        .iter()
        .rev()
        .find(|check| {
            check.sha == sha && check.name == context && app.is_none_or(|app| check.app == app)
        })
        .map(|check| {
            let word = check.conclusion.as_deref().map_or(Standing::Pending, word);
            (check.started_at, word)
        });
    match (status, check) {
        (None, None) => Standing::Expected,
        (Some((_, one)), None) | (None, Some((_, one))) => one,
        (Some((at, one)), Some((later, two))) => {
            if at > later {
                one
            } else {
                two
            }
        }
    }
}

fn word(state: &str) -> Standing {
    match state {
        "success" | "neutral" | "skipped" => Standing::Success,
        "pending" => Standing::Pending,
        _ => Standing::Failure,
    }
}

/// The sentences about required contexts, as GitHub words them: one by name, several by number.
fn status_texts(repo: &Repo, rule: &Rule, sha: Oid, behind: bool) -> Vec<String> {
    let all = rule.statuses.len();
    let with = |wanted: Standing| -> Vec<&str> {
        rule.statuses
            .iter()
            .filter(|(context, app)| {
                let standing = if behind && rule.strict {
                    Standing::Expected
                } else {
                    standing(repo, sha, context, *app)
                };
                standing == wanted
            })
            .map(|(context, _)| context.as_str())
            .collect()
    };
    let mut texts = Vec::new();
    for (standing, word) in [
        (Standing::Expected, "expected"),
        (Standing::Failure, "failing"),
        (Standing::Pending, "pending"),
    ] {
        match with(standing)[..] {
            [] => {}
            [one] if all == 1 => texts.push(format!("Required status check \"{one}\" is {word}.")),
            ref several => {
                texts.push(format!(
                    "{} of {all} required status checks are {word}.",
                    several.len()
                ));
            }
        }
    }
    texts
}

fn refusal(texts: &[(bool, String)], status: fn(String) -> Refusal) -> Result<(), Refusal> {
    if texts.is_empty() {
        return Ok(());
    }
    let joined: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
    Err(status(if texts.iter().any(|(ruleset, _)| *ruleset) {
        format!(
            "Repository rule violations found\n\n{}\n\n",
            joined.join("\n\n")
        )
    } else {
        joined[0].to_owned()
    }))
}

/// Lets a direct update or deletion of a branch through, or refuses it.
pub fn check_push(
    world: &World,
    session: &Session,
    repo: RepoId,
    branch: &str,
    before: Oid,
    after: Option<Oid>,
    forced: bool,
) -> Result<(), Refusal> {
    let here = world.repo(repo);
    let mut texts = Vec::new();
    for rule in of(here, branch) {
        if bypassed(world, session, repo, rule) {
            continue;
        }
        let mut say = |text: &str| texts.push((rule.ruleset, text.to_owned()));
        let Some(after) = after else {
            if !rule.allow_force {
                say(if rule.ruleset {
                    "Cannot delete this branch"
                } else {
                    "Cannot delete a protected branch"
                });
            }
            continue;
        };
        if rule.restrict {
            say(if rule.ruleset {
                "Cannot update this protected ref."
            } else {
                NOT_AUTHORIZED
            });
        }
        if forced && !rule.allow_force {
            say(if rule.ruleset {
                "Cannot force-push to this branch"
            } else {
                "Cannot force-push to a protected branch"
            });
        }
        if rule.queue {
            say("Changes must be made through the merge queue");
        }
        if rule.reviews.is_some() {
            say("Changes must be made through a pull request.");
        }
        if rule.linear && has_merges(here, before, after) {
            say("This branch must not contain merge commits.");
        }
        for text in status_texts(here, rule, after, false) {
            texts.push((rule.ruleset, text));
        }
    }
    refusal(&texts, Refusal::unprocessable)
}

fn has_merges(repo: &Repo, before: Oid, after: Oid) -> bool {
    repo.store
        .between(Some(before), after)
        .iter()
        .filter_map(|oid| repo.store.info(*oid))
        .any(|commit| commit.parents.len() > 1)
}

/// The state of the required reviews of a pull request: None if its base requires none.
pub fn review_decision(world: &World, repo: RepoId, pull: &Pull) -> Option<&'static str> {
    let here = world.repo(repo);
    let rules = of(here, &pull.base);
    let needed = rules.iter().filter_map(|rule| rule.reviews).max()?;
    let last_push = rules.iter().any(|rule| rule.last_push_approval);
    let mut approvals = 0;
    for (user, review) in pull.opinions() {
        if !world.can_push(repo, user) || user == pull.author {
            continue;
        }
        match review.state.as_str() {
            "CHANGES_REQUESTED" => return Some("CHANGES_REQUESTED"),
            "APPROVED" if !(last_push && user == pull.pusher) => approvals += 1,
            _ => {}
        }
    }
    Some(if approvals >= needed {
        "APPROVED"
    } else {
        "REVIEW_REQUIRED"
    })
}

/// Whether a head lacks commits of its base.
pub fn behind(repo: &Repo, pull: &Pull) -> bool {
    repo.branch(&pull.base)
        .is_some_and(|tip| !repo.store.is_ancestor(tip, pull.head_sha))
}

/// Why the rules of the base branch forbid a merge by this method; queue and bypass included.
pub fn check_merge(
    world: &World,
    session: &Session,
    repo: RepoId,
    pull: &Pull,
    method: &str,
    through_queue: bool,
) -> Result<(), Refusal> {
    let here = world.repo(repo);
    let mut texts = Vec::new();
    for rule in of(here, &pull.base) {
        if bypassed(world, session, repo, rule) {
            continue;
        }
        let mut say = |text: String| texts.push((rule.ruleset, text));
        if rule.restrict {
            say(if rule.ruleset {
                "Cannot update this protected ref.".to_owned()
            } else {
                NOT_AUTHORIZED.to_owned()
            });
        }
        if let Some(needed) = rule.reviews {
            match review_decision(world, repo, pull) {
                Some("CHANGES_REQUESTED") => say("Changes have been requested.".to_owned()),
                Some("REVIEW_REQUIRED") => say(match needed {
                    1 => "At least 1 approving review is required by reviewers with write access."
                        .to_owned(),
                    many => format!(
                        "At least {many} approving reviews are required by reviewers with write access."
                    ),
                }),
                _ => {}
            }
        }
        // The queue itself brings the head up to date.
        let behind = !through_queue && behind(here, pull);
        for text in status_texts(here, rule, pull.head_sha, behind) {
            say(text);
        }
        if through_queue {
            continue;
        }
        if rule.linear && method == "merge" {
            say("This branch must not contain merge commits.".to_owned());
        }
        if let Some(methods) = &rule.methods
            && !methods.iter().any(|one| one == method)
        {
            say(method_text(method).to_owned());
        }
        if rule.queue {
            say("Changes must be made through the merge queue".to_owned());
        }
    }
    refusal(&texts, Refusal::not_allowed)
}

/// The refusal of a merge method that is switched off.
pub fn method_text(method: &str) -> &'static str {
    match method {
        "squash" => "Squash merges are not allowed on this repository.",
        "rebase" => "Rebase merges are not allowed on this repository.",
        _ => "Merge commits are not allowed on this repository.",
    }
}
