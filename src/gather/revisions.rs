//! What a `git.ref` resolves to (semantics: revisions). It fails closed: what cannot be read, is ambiguous or is not
//! reachable from an allowed branch or tag is an answer of its own kind, never a guess.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::Timestamp;

use super::parallel::{chunks, threads};
use super::repositories::{Repositories, RepositoryReader};
use super::watched::{Watched, watched};
use crate::model::facts::{ResolvedRevision, Revision, RevisionQuery};
use crate::model::ids::CommitId;
use crate::model::origin::Origin;
use crate::model::policy::Policy;
use crate::repo::{FoundBy, ReadObjects, Repo, RepoError, WatchedPaths};

/// How much is read of a branch that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Always the newest commit at which a watched tree changed.
    Newest,
    /// That is only done if the target holds something else. A source with the target's own commit ID is not looked up
    /// at all, so there are no findings about it either: nothing could be copied. If all watched trees are equal at the
    /// branch's tip and at the target's commit, the answer is the target's own commit: nothing is copied, and no
    /// history has to be walked to find that out.
    WhereItDiffers,
}

/// Answers all queries.
///
/// # Errors
/// If this repository cannot be read at all.
pub(crate) fn answer_revisions(
    repositories: &Repositories<'_>,
    queries: BTreeSet<RevisionQuery>,
    depth: Depth,
) -> Result<BTreeMap<RevisionQuery, Revision>> {
    let mut by_origin: BTreeMap<Origin, Vec<RevisionQuery>> = BTreeMap::new();
    for query in queries {
        by_origin
            .entry(query.origin.clone())
            .or_default()
            .push(query);
    }
    let mut answers = BTreeMap::new();
    for (origin, queries) in by_origin {
        let all = |revision: Revision| queries.iter().map(|_| revision.clone()).collect();
        let revisions: Vec<Revision> = match &origin {
            Origin::Here => match &repositories.here {
                Some((here, tip)) => {
                    let asked = RevisionResolver::here(repositories, here, *tip)?.to(depth);
                    match here {
                        RepositoryReader::Clone(repo) => asked.answer_all(repo, &queries)?,
                        RepositoryReader::Forge(repo) => queries
                            .iter()
                            .map(|query| asked.answer(*repo, query))
                            .collect(),
                    }
                }
                None => all(failed(
                    "this folder is not a git repository, so it has no revisions",
                )),
            },
            Origin::Local(path) => match Repo::at(&repositories.root.join(path)) {
                Ok(Some(repo)) => {
                    let asked = RevisionResolver::elsewhere(repositories, &repo)?.to(depth);
                    asked.answer_all(&repo, &queries)?
                }
                Ok(None) => all(failed(&format!(
                    "{path} is not the top of a git repository"
                ))),
                Err(error) => all(failed(&error.to_string())),
            },
            Origin::Remote(url) => match repositories.remotes {
                None => all(Revision::Unread),
                Some(remotes) => match remotes.of(url) {
                    Some(repo) => {
                        let asked = RevisionResolver::remote(repositories).to(depth);
                        queries
                            .iter()
                            .map(|query| asked.answer(repo.as_ref(), query))
                            .collect()
                    }
                    None => all(failed_with(
                        format!("{url} is not a repository of {}", remotes.host()),
                        "only repositories on the same GitHub server can be read; a commit ID in it can still be copied with `revision: literal`",
                    )),
                },
            },
            Origin::Unreadable(why) => all(failed(why)),
            Origin::Unknown { .. } | Origin::Unsaid => all(failed("its repository is unknown")),
        };
        answers.extend(queries.into_iter().zip(revisions));
    }
    Ok(answers)
}

fn failed(why: &str) -> Revision {
    Revision::Failed {
        why: why.to_owned(),
        help: None,
    }
}

fn failed_with(why: String, help: &str) -> Revision {
    Revision::Failed {
        why,
        help: Some(help.to_owned()),
    }
}

/// Nothing has this name. A shortened commit ID may mean another commit tomorrow, so it is not resolved, but it is not
/// a typo either.
fn no_such(repo: &dyn ReadObjects, name: &str) -> Revision {
    let is_short = (4..40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_hexdigit());
    match repo.begins_with(name).filter(|_| is_short) {
        Some(commit) => Revision::Failed {
            why: format!(
                "it is a shortened commit ID, which another commit may share one day; the full ID is {commit}"
            ),
            help: Some(format!("write {commit}")),
        },
        None if is_short => failed_with(
            "there is no branch or tag with this name, and shortened commit IDs are not resolved"
                .to_owned(),
            "write the full commit ID (`git rev-parse` prints it), or check the name for a typo",
        ),
        None => failed_with(
            "there is no branch, tag or commit with this name".to_owned(),
            "check the name for a typo, or fetch it (`git fetch --tags`)",
        ),
    }
}

/// One repository being asked.
pub(super) struct RevisionResolver<'a> {
    /// The tip of the base branch, if it is this repository.
    base: Option<(Option<&'a str>, CommitId)>,
    remote: Option<&'a str>,
    /// Tips from which a promoted commit must be reachable; `None` if the repository can answer that directly.
    allowed: Option<Vec<CommitId>>,
    policy: &'a Policy,
    targets: Option<&'a BTreeMap<RevisionQuery, BTreeSet<String>>>,
    written: &'a [String],
    depth: Depth,
}

impl<'a> RevisionResolver<'a> {
    /// This repository, as it is at `tip`.
    pub(super) fn here(
        repositories: &'a Repositories<'_>,
        here: &RepositoryReader<'_>,
        tip: CommitId,
    ) -> Result<Self, RepoError> {
        let branch = repositories.branch;
        let refs = &repositories.policy.refs;
        let allowed = match here {
            RepositoryReader::Forge(_) => None,
            RepositoryReader::Clone(repo) => {
                let mut allowed = allowed_tips(repo, repositories.policy, repositories.remote)?;
                if branch.map_or(refs.allow_all(), |name| refs.allows_branch(name)) {
                    allowed.push(tip);
                }
                Some(allowed)
            }
        };
        Ok(Self {
            base: Some((branch, tip)),
            remote: repositories.remote,
            policy: repositories.policy,
            allowed,
            targets: Some(&repositories.targets),
            written: &repositories.written,
            depth: Depth::Newest,
        })
    }

    fn to(self, depth: Depth) -> Self {
        Self { depth, ..self }
    }

    /// Whether a name is the base branch.
    pub(super) fn is_base(&self, name: &str) -> bool {
        let branch = self.base.and_then(|(branch, _)| branch);
        branch.is_some_and(|branch| name.strip_prefix("refs/heads/").unwrap_or(name) == branch)
    }

    /// The newest commit at or before `tip` that changed anything that the query watches; `None` if nothing of it ever
    /// existed.
    pub(super) fn newest(
        &self,
        repo: &dyn ReadObjects,
        query: &RevisionQuery,
        tip: &CommitId,
    ) -> Result<Option<CommitId>, RepoError> {
        repo.newest_change(tip, &self.watch(&watched(repo, tip, query)?, query))
    }

    fn watch(&self, found: &Watched, query: &RevisionQuery) -> WatchedPaths {
        let mut watch = WatchedPaths::default();
        if found.everything.is_some() {
            watch.folders.push(String::new());
        } else {
            watch.folders.extend(query.folders.iter().cloned());
            watch.folders.extend(found.outside.iter().cloned());
        }
        // If something is watched automatically rather than because a manifest names it, a landing must not make the next one
        // due.
        if found.everything.is_some() || !found.outside.is_empty() {
            watch.except = self.written.to_vec();
        }
        watch
    }

    /// A repository at a local path.
    pub(super) fn elsewhere(
        repositories: &'a Repositories<'_>,
        repo: &Repo,
    ) -> Result<Self, RepoError> {
        Ok(Self {
            base: None,
            remote: None,
            policy: repositories.policy,
            allowed: Some(allowed_tips(repo, repositories.policy, None)?),
            targets: None,
            written: &[],
            depth: Depth::Newest,
        })
    }

    /// Another repository of the forge.
    pub(super) fn remote(repositories: &'a Repositories<'_>) -> Self {
        Self {
            base: None,
            remote: None,
            policy: repositories.policy,
            allowed: None,
            targets: None,
            written: &[],
            depth: Depth::Newest,
        }
    }

    fn answer_all(&self, repo: &Repo, queries: &[RevisionQuery]) -> Result<Vec<Revision>> {
        let answer = |repo: &Repo, query: &RevisionQuery| Ok(self.answer(repo, query));
        if queries.len() < 64 || threads() == 1 {
            return queries.iter().map(|query| answer(repo, query)).collect();
        }
        chunks(repo, queries, answer)
    }

    /// What the ref of a query resolves to.
    pub(super) fn answer(&self, repo: &dyn ReadObjects, query: &RevisionQuery) -> Revision {
        match self.try_answer(repo, query) {
            Ok(revision) => revision,
            Err(error) => failed(&error.to_string()),
        }
    }

    fn try_answer(
        &self,
        repo: &dyn ReadObjects,
        query: &RevisionQuery,
    ) -> Result<Revision, RepoError> {
        let name = query.reference.as_str();
        if self.depth == Depth::WhereItDiffers
            && let Some(same) = same_id(query)
        {
            return Ok(Revision::Resolved(same));
        }
        let short = name
            .strip_prefix("refs/heads/")
            .or_else(|| name.strip_prefix("refs/tags/"))
            .unwrap_or(name);
        if self.allowed.is_none() {
            look_ahead(repo, query);
            if query.target.is_some() && name.parse::<CommitId>().is_ok() {
                self.expect_who_set(repo, query);
            }
        }
        let hits = repo.resolve(name, self.remote)?;
        let base = self.base.and_then(|(branch, tip)| {
            (branch == Some(short) && !name.starts_with("refs/tags/")).then_some(tip)
        });
        let branch = base.or(hits.branch).or(hits.remote_branch);
        let kinds = [branch.is_some(), hits.tag.is_some(), hits.commit.is_some()];
        if kinds.into_iter().filter(|hit| *hit).count() > 1 {
            return Ok(failed_with(
                "it is ambiguous: a branch, a tag or a commit ID share this name".to_owned(),
                "write refs/heads/NAME, refs/tags/NAME or a full commit ID",
            ));
        }
        if let Some(tip) = branch {
            return self.branch(repo, query, short, tip);
        }
        let Some(commit) = hits.tag.or(hits.commit) else {
            return Ok(no_such(repo, name));
        };
        let by = hits.tag.map_or(FoundBy::Id, |_| FoundBy::Tag(short));
        if let Some(refused) = self.refused(repo, &commit, by)? {
            return Ok(refused);
        }
        let found = watched(repo, &commit, query)?;
        let watch = self.watch(&found, query);
        Ok(Revision::Resolved(ResolvedRevision {
            commit,
            name: hits.tag.map(|_| short.to_owned()),
            moving: false,
            same_as_target: same_as_target(repo, query, &commit, &watch)?,
            outside: found.outside,
            everything: found.everything,
        }))
    }

    fn branch(
        &self,
        repo: &dyn ReadObjects,
        query: &RevisionQuery,
        name: &str,
        tip: CommitId,
    ) -> Result<Revision, RepoError> {
        let found = watched(repo, &tip, query)?;
        let watch = self.watch(&found, query);
        if let (Depth::WhereItDiffers, Some(target)) = (self.depth, query.target)
            && self.policy.refs.allows_branch(name)
            && same_as_target(repo, query, &tip, &watch)?
        {
            return Ok(Revision::Resolved(ResolvedRevision {
                commit: target,
                name: Some(name.to_owned()),
                moving: true,
                same_as_target: true,
                outside: found.outside,
                everything: found.everything,
            }));
        }
        self.expect_who_set(repo, query);
        let Some(commit) = repo.newest_change(&tip, &watch)? else {
            return Ok(failed_with(
                format!("{name} never held {}", shown_folders(&query.folders)),
                "check `git.folder` for a typo",
            ));
        };
        if let Some(refused) = self.refused(repo, &commit, FoundBy::Branch(name))? {
            return Ok(refused);
        }
        let time = repo.commit_info(&commit)?.committer_time.unix_seconds;
        let day = Timestamp::from_second(time).map(|time| time.strftime("%Y-%m-%d").to_string());
        Ok(Revision::Resolved(ResolvedRevision {
            commit,
            name: Some(match day {
                Ok(day) => format!("{name} {day}"),
                Err(_) => name.to_owned(),
            }),
            moving: true,
            same_as_target: same_as_target(repo, query, &commit, &watch)?,
            outside: found.outside,
            everything: found.everything,
        }))
    }

    /// If a source differs, the next question is who last set its target: what answers that is read together with what
    /// the source resolves to.
    fn expect_who_set(&self, repo: &dyn ReadObjects, query: &RevisionQuery) {
        let files = self.targets.and_then(|targets| targets.get(query));
        if let (Some(files), Some((_, tip))) = (files, &self.base) {
            repo.expect_history(tip, files);
        }
    }

    /// Why a commit must not be promoted, or `None` if it may (A27).
    fn refused(
        &self,
        repo: &dyn ReadObjects,
        commit: &CommitId,
        by: FoundBy<'_>,
    ) -> Result<Option<Revision>, RepoError> {
        let may = match (
            &self.allowed,
            repo.promotable(commit, by, &self.policy.refs)?,
        ) {
            (_, Some(answer)) => answer,
            (Some(tips), None) => tips.contains(commit) || repo.reachable_from_any(commit, tips)?,
            (None, None) => false,
        };
        if may {
            return Ok(None);
        }
        Ok(Some(failed_with(
            format!(
                "{} is not reachable from any branch or tag that may be promoted",
                commit.short()
            ),
            "merge it into one of them, or extend `refs` in the policy",
        )))
    }
}

fn shown_folders(folders: &[String]) -> String {
    let shown: Vec<&str> = folders
        .iter()
        .map(|folder| if folder.is_empty() { "." } else { folder })
        .collect();
    shown.join(", ")
}

fn allowed_tips(
    repo: &Repo,
    policy: &Policy,
    remote: Option<&str>,
) -> Result<Vec<CommitId>, RepoError> {
    let branches = repo
        .branches()?
        .into_iter()
        .filter(|branch| branch.remote.is_none() || branch.remote.as_deref() == remote)
        .filter(|branch| policy.refs.allows_branch(&branch.name))
        .map(|branch| branch.commit);
    let tags = repo
        .tags()?
        .into_iter()
        .filter(|tag| policy.refs.allows_tag(&tag.name))
        .map(|tag| tag.commit);
    let tips: BTreeSet<CommitId> = branches.chain(tags).collect();
    Ok(tips.into_iter().collect())
}

/// Whether the target's commit holds the same watched trees. A commit that is not here is simply another one: it is
/// what would be replaced, not what would be taken.
fn same_as_target(
    repo: &dyn ReadObjects,
    query: &RevisionQuery,
    commit: &CommitId,
    watch: &WatchedPaths,
) -> Result<bool, RepoError> {
    let Some(target) = &query.target else {
        return Ok(false);
    };
    // Both are asked for before either is waited for.
    let same = repo.same_trees(target, commit, watch);
    if repo.has(target)? { same } else { Ok(false) }
}

/// Asks for what will be compared in any case, so that it comes along with what the name means.
fn look_ahead(repo: &dyn ReadObjects, query: &RevisionQuery) {
    let named = query.reference.parse::<CommitId>().ok();
    for commit in query.target.iter().chain(&named) {
        for folder in &query.folders {
            let _ = repo.entry_at(commit, folder);
        }
    }
}

/// The answer for a source with exactly the commit ID of its target: nothing could be copied, so it does not matter
/// from where it is reachable or what it is built from. Most stages are in sync like this most of the time.
fn same_id(query: &RevisionQuery) -> Option<ResolvedRevision> {
    let commit = query.target?;
    (query.reference == commit.to_string()).then(|| ResolvedRevision {
        commit,
        name: None,
        moving: false,
        same_as_target: true,
        outside: Vec::new(),
        everything: None,
    })
}
