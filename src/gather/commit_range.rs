//! What a promotion brings, commit by commit: asked of the forge, or looked up in a clone.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;

use super::remote::RemoteRepo;
use super::remotes::Remotes;
use super::repositories::{Repositories, RepositoryReader};
use crate::copy::{Pair, is_full_id};
use crate::model::change::Change;
use crate::model::commit_range::{
    CommitRangeSummary, Direction, LinkedRange, MAX_LISTED, Person, RangeCommit, RangeCommits,
};
use crate::model::facts::Revision;
use crate::model::fetched::Fetched;
use crate::model::ids::CommitId;
use crate::model::landed::pull_of_message;
use crate::model::origin::Origin;
use crate::model::policy::Refs;
use crate::model::repo_url::{Location, RepoUrl};
use crate::repo::{
    AskAll, CommitRange, FoundBy, RangeQuery, ReadObjects, Repo, RepoError, WatchedPaths,
};

/// A change and what is known about its origin.
#[derive(Clone)]
pub(crate) struct RevisionChange<'a> {
    /// The target and its source.
    pub pair: Pair<'a>,
    /// What the source's ref resolves to, if that was requested.
    pub revision: Option<&'a Revision>,
    /// A change of the target.
    pub change: &'a Change,
}

impl RevisionChange<'_> {
    /// The folders whose commits count: those that the manifests name, and wherever these lead.
    fn folders(&self) -> Vec<String> {
        let mut folders = self.pair.watched();
        if let Some(Revision::Resolved(resolved)) = self.revision {
            if resolved.everything.is_some() {
                return vec![String::new()];
            }
            folders.extend(resolved.outside.iter().cloned());
        }
        folders
    }

    /// The commits before and after.
    fn ends(&self, repo: &dyn ReadObjects, remote: Option<&str>) -> Result<RangeEnds, RepoError> {
        let watch = WatchedPaths {
            folders: self.folders(),
            ..WatchedPaths::default()
        };
        let id = |text: &str| -> Result<Option<CommitId>, RepoError> {
            if is_full_id(text) {
                return Ok(text.parse().ok());
            }
            let hits = repo.resolve(text, remote)?;
            // A branch resolves to the newest commit that touched what is watched, here as in a promotion: its tip may
            // be any number of other commits ahead.
            match hits.branch.or(hits.remote_branch) {
                Some(tip) => repo.newest_change(&tip, &watch),
                None => Ok(hits.tag.or(hits.commit)),
            }
        };
        let Some(old) = &self.change.old else {
            return Ok(RangeEnds::NoneBefore);
        };
        let (old, new) = (old.expose(), self.change.new.expose());
        let (before, after) = (id(old), id(new));
        Ok(match (before?, after?) {
            (None, _) => RangeEnds::Unknown(old.to_owned()),
            (_, None) => RangeEnds::Unknown(new.to_owned()),
            (Some(old), Some(new)) if old == new => RangeEnds::Same(new),
            (Some(old), Some(new)) => RangeEnds::Two(old, new),
        })
    }

    fn summary(
        &self,
        repository: Option<String>,
        ends: (CommitId, CommitId),
        brought: &RangeCommits,
    ) -> CommitRangeSummary {
        let name = &self.pair.target.key.name;
        CommitRangeSummary::of(name, repository, ends.0, ends.1, brought)
    }
}

/// Between which commits a change leads.
enum RangeEnds {
    /// There was no value before.
    NoneBefore,
    /// From a commit to itself: a ref that is pinned to the commit it already points to.
    Same(CommitId),
    /// A text that does not resolve to a commit of the repository.
    Unknown(String),
    /// From the first to the second.
    Two(CommitId, CommitId),
}

/// Nothing is taken back if none of the commits in between counts.
fn is_unchanged(brought: &RangeCommits) -> bool {
    brought.way == Direction::Back && brought.total == 0 && !brought.cut
}

/// What one change of a git ref brings.
pub(super) struct Found {
    /// The repository.
    pub repo: Rc<RemoteRepo>,
    /// The commits before and after.
    pub ends: (CommitId, CommitId),
    /// The commits in between.
    pub brought: Rc<RangeCommits>,
}

/// The commits that one change of a git ref brings, for `ask`; `None` for any other change, and if its repository is
/// unknown.
fn found(
    remotes: &Remotes,
    bringing: &RevisionChange<'_>,
    ask: impl Fn(&RemoteRepo, &CommitId, &CommitId, &[String]) -> Result<Rc<RangeCommits>, RepoError>,
) -> Result<Option<Found>, RepoError> {
    if !bringing.change.sets_git_ref() || bringing.pair.unknown_origin() {
        return Ok(None);
    }
    let origin = bringing.pair.source_origin;
    let Some(repo) = origin.and_then(|origin| remotes.at(origin)) else {
        return Ok(None);
    };
    let (ends, brought) = match bringing.ends(&*repo, None)? {
        RangeEnds::NoneBefore | RangeEnds::Unknown(_) => return Ok(None),
        RangeEnds::Same(commit) => ((commit, commit), Rc::new(RangeCommits::nothing())),
        RangeEnds::Two(old, new) => ((old, new), ask(&repo, &old, &new, &bringing.folders())?),
    };
    Ok(Some(Found {
        repo,
        ends,
        brought,
    }))
}

/// Whether a branch or tag that may be promoted leads to every commit that the changes set.
///
/// # Errors
/// In words.
pub(crate) fn promotable(
    remotes: &Remotes,
    refs: &Refs,
    changes: &[RevisionChange<'_>],
) -> Fetched<bool> {
    let mut all = true;
    let mut asked = AskAll::new();
    for RevisionChange { pair, change, .. } in changes {
        let new = change.new.expose();
        if !change.sets_git_ref() || pair.unknown_origin() || !is_full_id(new) {
            continue;
        }
        let repo = pair.source_origin.and_then(|origin| remotes.at(origin));
        let (Some(repo), Ok(commit)) = (repo, new.parse()) else {
            continue;
        };
        if let Some(may) = asked.ask(repo.promotable(&commit, FoundBy::Id, refs)) {
            all &= may.unwrap_or(false);
        }
    }
    asked.answered(all).map_err(|error| error.to_string())
}

/// The commits that one change of a git ref brings; `None` for any other change, and if its repository is unknown.
///
/// # Errors
/// If they could not be read.
pub(super) fn commits_between(
    remotes: &Remotes,
    bringing: &RevisionChange<'_>,
) -> Result<Option<Found>, RepoError> {
    found(remotes, bringing, RemoteRepo::between)
}

fn summary_of(bringing: &RevisionChange<'_>, found: Option<Found>) -> Option<CommitRangeSummary> {
    let found =
        found.filter(|found| found.ends.0 != found.ends.1 && !is_unchanged(&found.brought))?;
    let repository = found.repo.slug().to_string();
    Some(bringing.summary(Some(repository), found.ends, &found.brought))
}

/// What changes bring; what cannot be read is left out, because it decides nothing.
pub(crate) fn range_summaries(
    remotes: &Remotes,
    changes: &[RevisionChange<'_>],
) -> Vec<CommitRangeSummary> {
    let found = changes
        .iter()
        .filter_map(|bringing| summary_of(bringing, commits_between(remotes, bringing).ok()?));
    found.collect()
}

/// What a change brings so far as that is known without a call: asked for before, or in the clone at hand.
pub(crate) fn known_range(
    remotes: &Remotes,
    bringing: &RevisionChange<'_>,
) -> Option<CommitRangeSummary> {
    let found = found(remotes, bringing, |repo, old, new, folders| {
        match repo.known_between(old, new, folders) {
            Some(known) => Ok(known),
            None => {
                let local = repo.local().ok_or_else(|| RepoError::NotFound {
                    what: "a clone".to_owned(),
                })?;
                let stretch = RangeQuery {
                    old: *old,
                    new: *new,
                    folders: folders.to_vec(),
                };
                let found = local.between(&[stretch])?.pop();
                let nothing = || RepoError::NotFound {
                    what: "an answer".to_owned(),
                };
                in_clone(local, found.ok_or_else(nothing)??).map(Rc::new)
            }
        }
    });
    summary_of(bringing, found.ok()?)
}

/// What changes bring, looked up without GitHub: in this repository and in local ones. `None` for a change that sets no
/// git ref, has no value before, or resolves to the same content as before.
pub(crate) fn ranges_of_changes(
    repositories: &Repositories<'_>,
    changes: &[RevisionChange<'_>],
) -> Vec<Option<Fetched<LinkedRange>>> {
    let mut ranges: Vec<Option<Fetched<LinkedRange>>> = changes.iter().map(|_| None).collect();
    // By the path of their repository; none for this one.
    let mut asked: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (at, bringing) in changes.iter().enumerate() {
        if !bringing.change.sets_git_ref() || bringing.change.old.is_none() {
            continue;
        }
        match bringing.pair.source_origin {
            Some(Origin::Here) => asked.entry(None).or_default().push(at),
            Some(Origin::Local(path)) => asked.entry(Some(path)).or_default().push(at),
            Some(Origin::Remote(url)) => {
                ranges[at] = Some(Err(format!("{url} is not available here")));
            }
            _ => ranges[at] = Some(Err("its repository is unknown".to_owned())),
        }
    }
    for (path, members) in asked {
        let find = |repo: &Repo, remote| {
            let asked: Vec<&RevisionChange<'_>> = members.iter().map(|at| &changes[*at]).collect();
            ranges_in(repo, remote, &asked).map_err(|error| error.to_string())
        };
        let found = match (path, &repositories.here) {
            (None, Some((RepositoryReader::Clone(repo), _))) => find(repo, repositories.remote),
            (None, _) => Err("this folder is not a git repository".to_owned()),
            (Some(path), _) => match Repo::at(&repositories.root.join(path)) {
                Ok(Some(repo)) => find(&repo, None),
                Ok(None) => Err(format!("{path} is not the top of a git repository")),
                Err(error) => Err(error.to_string()),
            },
        };
        match found {
            Ok(found) => {
                for (at, found) in members.into_iter().zip(found) {
                    ranges[at] = found;
                }
            }
            Err(why) => members
                .into_iter()
                .for_each(|at| ranges[at] = Some(Err(why.clone()))),
        }
    }
    ranges
}

/// What changes bring that all come from one repository.
fn ranges_in(
    repo: &Repo,
    remote: Option<&str>,
    changes: &[&RevisionChange<'_>],
) -> Result<Vec<Option<Fetched<LinkedRange>>>, RepoError> {
    let page = page_of(repo, remote)?;
    let mut stretches = Vec::new();
    let mut ranges: Vec<Option<Fetched<LinkedRange>>> = Vec::with_capacity(changes.len());
    let mut places = Vec::new();
    for (at, bringing) in changes.iter().enumerate() {
        ranges.push(match bringing.ends(repo, remote) {
            Ok(RangeEnds::NoneBefore | RangeEnds::Same(_)) => None,
            Ok(RangeEnds::Unknown(text)) => Some(Err(format!("there is no commit `{text}`"))),
            Ok(RangeEnds::Two(old, new)) => {
                places.push(at);
                let folders = bringing.folders();
                stretches.push(RangeQuery { old, new, folders });
                None
            }
            Err(error) => Some(Err(error.to_string())),
        });
    }
    let found = repo.between(&stretches)?;
    for ((at, stretch), found) in places.into_iter().zip(stretches).zip(found) {
        let found = found.and_then(|found| in_clone(repo, found));
        ranges[at] = match found {
            Ok(brought) if is_unchanged(&brought) => None,
            Ok(brought) => {
                let repository = page.as_ref().and_then(RepoUrl::slug).map(str::to_owned);
                let ends = (stretch.old, stretch.new);
                let summary = changes[at].summary(repository, ends, &brought);
                let compare = page.as_ref().and_then(|url| summary.compare(url.host()));
                Some(Ok(LinkedRange { summary, compare }))
            }
            Err(error) => Some(Err(error.to_string())),
        };
    }
    Ok(ranges)
}

/// The page of a clone on GitHub: by the remote that counts, if it is on a GitHub server.
fn page_of(repo: &Repo, remote: Option<&str>) -> Result<Option<RepoUrl>, RepoError> {
    let wanted = remote.unwrap_or("origin");
    let found = repo
        .remotes()?
        .into_iter()
        .find(|known| known.name == wanted)
        .and_then(|known| known.url);
    Ok(match found {
        Some(Location::Remote(url)) => Some(url).filter(RepoUrl::is_on_github),
        _ => None,
    })
}

fn in_clone(repo: &Repo, between: CommitRange) -> Result<RangeCommits, RepoError> {
    let total = between.commits.len();
    let listed = between.commits.into_iter().take(MAX_LISTED);
    let commits = listed.map(|commit| {
        let info = repo.commit_info(&commit)?;
        Ok(RangeCommit {
            commit,
            number: pull_of_message(&info.subject),
            subject: info.subject,
            at: Timestamp::from_second(info.committer_time.unix_seconds).unwrap_or_default(),
            // Accounts are the forge's: a clone only has names.
            authors: vec![Person {
                id: None,
                login: None,
                name: info.author_name,
                email: info.author_email,
            }],
        })
    });
    Ok(RangeCommits {
        way: between.way,
        commits: commits.collect::<Result<_, RepoError>>()?,
        total,
        cut: between.cut,
    })
}
