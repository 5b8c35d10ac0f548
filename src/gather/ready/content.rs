//! The commits that hold the content of a source: the stretches of history on which it is the same as now.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::looking::Looking;
use crate::copy::{Pair, is_full_id, values};
use crate::gather::history::past::Past;
use crate::gather::history::wanted::Wanted;
use crate::gather::remote::RemoteRepo;
use crate::gather::revisions::RevisionResolver;
use crate::model::facts::{LastSet, ReadyQuery, RevisionQuery, Slot, Values};
use crate::model::fetched::Fetched;
use crate::model::ids::CommitId;
use crate::model::origin::Origin;
use crate::model::policy::Policy;
use crate::model::service::{Secret, Service};
use crate::repo::{ReadObjects, RepoError};
use crate::yaml::Located;

/// What is known about where content is.
pub(super) enum Content<'a> {
    /// On these stretches; on all of them at once.
    Stretches(Vec<Stretch<'a>>),
    /// It cannot be determined, and why.
    Unsaid(String),
}

/// A repository that is read: the run's own, or another.
#[derive(Clone)]
pub(super) enum Reading<'a> {
    Own(&'a RemoteRepo),
    Other(Rc<RemoteRepo>),
}

impl std::ops::Deref for Reading<'_> {
    type Target = RemoteRepo;

    fn deref(&self) -> &RemoteRepo {
        match self {
            Self::Own(repo) => repo,
            Self::Other(repo) => repo,
        }
    }
}

/// Asks of any commit whether it holds the same content.
pub(super) type Same<'a> = Box<dyn Fn(&CommitId) -> Result<bool, RepoError> + 'a>;

/// Commits of one repository that hold a part of the content: all of it, if it is the only stretch.
pub(super) struct Stretch<'a> {
    /// The repository.
    pub repo: Reading<'a>,
    /// The commits, newest first; the last one brought it.
    pub commits: Vec<CommitId>,
    /// How it got there.
    pub kind: Kind,
    /// Whether another commit holds the same, for histories that were rewritten.
    pub same: Option<Same<'a>>,
}

/// How a stretch came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// By pushes to this branch. `whole`: it holds all of the content, so that nothing about it is older.
    Branch { name: String, whole: bool },
    /// A commit that the manifest names by its id: it was there before the stage took it.
    Fixed,
    /// A commit that a tag names: no one records when a tag was moved.
    Tag(String),
}

impl Stretch<'_> {
    /// Reports about these commits are reports about the content, whenever they were made.
    pub(super) fn tells_by_itself(&self) -> bool {
        matches!(self.kind, Kind::Branch { whole: true, .. })
    }
}

/// What a source is made of.
struct Source<'a> {
    service: &'a Service,
    secret: Option<&'a Secret>,
    keys: &'a [Located<String>],
    /// The promoted fields; `None`: all that there are.
    slots: Option<BTreeSet<Slot>>,
    /// What its git ref resolves to, if that is looked up and not only copied.
    revision: Option<RevisionQuery>,
}

impl Source<'_> {
    fn values(&self, service: &Service, secret: Option<&Secret>, policy: &Policy) -> Values {
        let mut values = values(service, secret, self.keys, policy);
        if let Some(slots) = &self.slots {
            values.retain(|slot, _| slots.contains(slot));
        }
        values
    }
}

impl<'a> Looking<'a> {
    /// The stretches on which the content of a query is.
    pub(super) fn content(
        &'a self,
        query: &ReadyQuery,
        asked: &RevisionResolver<'_>,
    ) -> Fetched<Content<'a>> {
        let Some(source) = self.source(query) else {
            return Err("its source does not exist".to_owned());
        };
        let branch = self.repositories.branch.unwrap_or_default();
        let set = self.manifest_set(&source)?;
        let words = |error: RepoError| error.to_string();
        let mut own = self.repo.first_parents(&self.tip, &set).map_err(words)?;
        let mut stretches = Vec::new();
        let mut whole = true;
        match source.revision.as_ref() {
            None => {}
            Some(revision) if is_full_id(&revision.reference) => {
                whole = false;
                let repo = self.reading(&revision.origin)?;
                let commit: CommitId = revision
                    .reference
                    .parse()
                    .map_err(|_| format!("{} is not a commit", revision.reference))?;
                stretches.push(Stretch {
                    repo,
                    commits: vec![commit],
                    kind: Kind::Fixed,
                    same: None,
                });
            }
            Some(revision) => {
                let repo = self.reading(&revision.origin)?;
                let short = revision
                    .reference
                    .strip_prefix("refs/heads/")
                    .or_else(|| revision.reference.strip_prefix("refs/tags/"))
                    .unwrap_or(&revision.reference)
                    .to_owned();
                let is_base = revision.origin == Origin::Here && asked.is_base(&revision.reference);
                let hits = repo.resolve(&revision.reference, None).map_err(words)?;
                let tip = if is_base { Some(self.tip) } else { hits.branch };
                match (tip, hits.tag) {
                    (Some(tip), _) => {
                        let newest = asked.newest(&*repo, revision, &tip).map_err(words)?;
                        let Some(newest) = newest else {
                            return Err(format!("{short} never held it"));
                        };
                        let commits = repo.first_parents(&tip, &newest).map_err(words)?;
                        if is_base {
                            // Both are on the base branch: the content has been there since the later of them.
                            own.truncate(own.len().min(commits.len()));
                        } else {
                            whole = false;
                            stretches.push(Stretch {
                                repo,
                                commits,
                                kind: Kind::Branch {
                                    name: short,
                                    whole: false,
                                },
                                same: None,
                            });
                        }
                    }
                    (None, Some(commit)) => {
                        whole = false;
                        stretches.push(Stretch {
                            repo,
                            commits: vec![commit],
                            kind: Kind::Tag(short),
                            same: None,
                        });
                    }
                    (None, None) => {
                        return Ok(Content::Unsaid(format!(
                            "it cannot be determined where {short} is"
                        )));
                    }
                }
            }
        }
        let same = self.same_on_base(source);
        stretches.push(Stretch {
            repo: Reading::Own(self.repo),
            commits: own,
            kind: Kind::Branch {
                name: branch.to_owned(),
                whole,
            },
            same: Some(same),
        });
        Ok(Content::Stretches(stretches))
    }

    fn source(&'a self, query: &ReadyQuery) -> Option<Source<'a>> {
        let facts = self.facts;
        let resolved = facts.resolved.get(query.pipeline.0)?;
        let service = facts.catalog.service(query.source);
        let Some((stage, index)) = query.target else {
            let entry = resolved.stages[query.from]
                .services
                .iter()
                .find(|entry| entry.service.found() == Some(query.source))?;
            return Some(Source {
                service,
                secret: None,
                keys: &[],
                slots: None,
                revision: own_revision(service, entry.target_origin.as_ref()),
            });
        };
        let pair = Pair::of(facts.catalog, facts.policy, resolved, stage, index)?;
        let revision = pair.revision_query();
        let answer = revision
            .as_ref()
            .and_then(|asked| facts.revisions.get(asked));
        Some(Source {
            service,
            secret: pair.source_secret,
            keys: pair.keys,
            slots: Some(pair.compare(answer).taken.into_keys().collect()),
            revision: revision.filter(|_| !pair.literal()),
        })
    }

    fn reading(&self, origin: &Origin) -> Fetched<Reading<'a>> {
        match origin {
            Origin::Here => Ok(Reading::Own(self.repo)),
            Origin::Remote(url) => self
                .repositories
                .remotes
                .and_then(|remotes| remotes.of(url))
                .map(Reading::Other)
                .ok_or_else(|| format!("{url} is not on this GitHub server")),
            _ => Err("its repository is not on this GitHub server".to_owned()),
        }
    }

    /// The newest first-parent commit of the base branch that changed a promoted value in the source's manifest;
    /// creating or moving the manifest counts as such.
    fn manifest_set(&self, source: &Source<'_>) -> Fetched<CommitId> {
        let mut paths = vec![source.service.file.to_string()];
        if let Some(secret) = source.secret
            && !paths.contains(&secret.file.to_string())
        {
            paths.push(secret.file.to_string());
        }
        let all: Vec<usize> = (0..paths.len()).collect();
        let mut set: Option<Fetched<CommitId>> = None;
        let walked = self
            .repo
            .walk_changes(&self.tip, &paths, usize::MAX, &mut |change| {
                let differs = match &change.parent {
                    None => Ok(true),
                    Some(parent) => self
                        .values_at(source, &change.commit)
                        .and_then(|after| Ok(after != self.values_at(source, parent)?)),
                };
                match differs {
                    Ok(false) => Ok(Vec::new()),
                    Ok(true) => {
                        set = Some(Ok(change.commit));
                        Ok(all.clone())
                    }
                    Err(why) => {
                        set = Some(Err(why));
                        Ok(all.clone())
                    }
                }
            });
        walked.map_err(|error| error.to_string())?;
        set.unwrap_or_else(|| {
            Err(format!(
                "{} was not made by any commit on the base branch",
                source.service.file
            ))
        })
    }

    /// The source's promoted values at a commit; `None` if its manifest does not exist there.
    fn values_at(&self, source: &Source<'_>, commit: &CommitId) -> Fetched<Option<Values>> {
        let service = source.service;
        let wanted = Wanted::new(&service.key, service.written_namespace.as_deref());
        let Some(found) = found(&self.past, &wanted, service.file.as_str(), commit)? else {
            return Ok(None);
        };
        let secret = match source.secret {
            Some(secret) => {
                let wanted = Wanted::new(&secret.key, secret.written_namespace.as_deref());
                let found = self.past.secret(&wanted, secret.file.as_str(), commit);
                found.map_err(LastSet::into_why)?
            }
            None => None,
        };
        Ok(Some(source.values(
            &found,
            secret.as_ref(),
            self.facts.policy,
        )))
    }

    fn same_on_base(&'a self, source: Source<'a>) -> Same<'a> {
        let tip = self.tip;
        Box::new(move |commit| {
            let words = |why: String| RepoError::Remote { why };
            let now = self.values_at(&source, &tip).map_err(words)?;
            let then = self.values_at(&source, commit).map_err(words)?;
            if now != then {
                return Ok(false);
            }
            match &source.revision {
                Some(revision)
                    if revision.origin == Origin::Here && !is_full_id(&revision.reference) =>
                {
                    let watch = crate::repo::WatchedPaths {
                        folders: revision.folders.clone(),
                        ..Default::default()
                    };
                    self.repo.same_trees(commit, &tip, &watch)
                }
                _ => Ok(true),
            }
        })
    }
}

/// The revision of a service that no other service takes from.
fn own_revision(service: &Service, origin: Option<&Origin>) -> Option<RevisionQuery> {
    let git = service.git.as_ref()?;
    let reference = git.reference.text()?.to_owned();
    let origin = origin.filter(|origin| !origin.is_unknown())?.clone();
    let mut folders: Vec<String> = std::iter::once(git.folder.clone().unwrap_or_default())
        .chain(service.source_folders.iter().cloned())
        .map(|folder| folder.trim_matches('/').trim_start_matches("./").to_owned())
        .collect();
    folders.sort();
    folders.dedup();
    Some(RevisionQuery {
        origin,
        reference,
        folders,
        values_files_outside: Vec::new(),
        target: None,
    })
}

fn found(
    past: &Past<'_>,
    wanted: &Wanted<'_>,
    file: &str,
    commit: &CommitId,
) -> Fetched<Option<Service>> {
    past.service(wanted, file, commit)
        .map_err(LastSet::into_why)
}
