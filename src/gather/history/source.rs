//! The source as it was when a person set the target.

use std::rc::Rc;

use super::past::Past;
use super::wanted::{Wanted, pick, several};
use super::{History, Search, SetCommit};
use crate::copy::{Pair, is_full_id, values};
use crate::gather::follow::unreadable;
use crate::gather::lineage::Entry;
use crate::gather::remote::RemoteRepo;
use crate::model::catalog::Catalog;
use crate::model::facts::{GitThen, LastSet, RevisionQuery, SourceThen, Values};
use crate::model::ids::CommitId;
use crate::model::origin::Origin;
use crate::model::service::{Secret, Service};
use crate::repo::{ReadObjects, RefHits, Repo, RepoError};

/// A source's manifest and its `Secret`.
type SourceFound = (Service, Option<Secret>);

impl History<'_> {
    /// The source as it was when a person set the target. If another service was the source then, the one that is it now under its old
    /// name; else what it held when it became the source.
    pub(super) fn source_then(
        &self,
        search: &Search<'_>,
        there: &SetCommit<'_>,
        target_before: Option<&str>,
    ) -> Result<SourceThen, LastSet> {
        let pair = &search.pair;
        let (manifest, at) = self.source_at(search, there)?;
        let Some((source, secret)) = manifest else {
            // It was not there at all, so it has certainly moved.
            return Ok(SourceThen {
                values: Values::new(),
                git: GitThen::None,
                descends: self.descends(search)?,
            });
        };
        let then = pair.with(&source, secret.as_ref());
        Ok(SourceThen {
            values: values(&source, secret.as_ref(), pair.keys, self.facts.policy),
            git: self.git_then(search, &then, &at, target_before)?,
            descends: self.descends(search)?,
        })
    }

    /// The source that counts, with its `Secret`, and the commit at which it is looked at.
    fn source_at(
        &self,
        search: &Search<'_>,
        there: &SetCommit<'_>,
    ) -> Result<(Option<SourceFound>, CommitId), LastSet> {
        let pair = &search.pair;
        let set = *there.commit;
        let today = |at: CommitId| -> Result<_, LastSet> {
            let Some(source) = self.source_manifest(pair, &at)? else {
                return Ok((None, at));
            };
            Ok((Some((source, self.source_secret(pair, &at)?)), at))
        };
        let entry = Entry {
            pipeline: search.query.pipeline,
            stage: search.query.stage,
        };
        let (Some(target), [file, ..]) = (there.service, &there.files.files()[..]) else {
            return today(set);
        };
        // Mostly it is the source of today: both are asked for before either is missed.
        let source = self.source_manifest(pair, &set);
        let stage = self.lineage.stage_then(entry, &set, file);
        let (_, stage) = (source?, stage?);
        let name = stage.and_then(|stage| stage.source_for(target));
        if let Some(name) = &name {
            if name.means(pair.source) {
                return today(set);
            }
            let then = self.lineage.service_then(pair.source, &set, file)?;
            if let Some(old) = then.filter(|then| name.means(then)) {
                return Ok((Some((old, self.source_secret(pair, &set)?)), set));
            }
        }
        match self.lineage.became_source(entry, pair.source, &set, file)? {
            Some(at) => today(at),
            None => today(set),
        }
    }

    fn past(&self) -> &Past<'_> {
        &self.lineage.past
    }

    fn source_manifest(
        &self,
        pair: &Pair<'_>,
        commit: &CommitId,
    ) -> Result<Option<Service>, LastSet> {
        let source = pair.source;
        let wanted = Wanted::new(&source.key, source.written_namespace.as_deref());
        if let Some(found) = self.past().service(&wanted, source.file.as_str(), commit)? {
            return Ok(Some(found));
        }
        let tree = self.past().tree(commit)?;
        let found = pick(&wanted, tree.services.iter(), |service| {
            (&service.key, service.written_namespace.as_deref())
        });
        self.told_of_tree(&wanted, found, &tree, commit)
    }

    fn source_secret(&self, pair: &Pair<'_>, commit: &CommitId) -> Result<Option<Secret>, LastSet> {
        let Some(secret) = pair.source_secret else {
            return Ok(None);
        };
        let wanted = Wanted::new(&secret.key, secret.written_namespace.as_deref());
        if let Some(found) = self.past().secret(&wanted, secret.file.as_str(), commit)? {
            return Ok(Some(found));
        }
        let tree = self.past().tree(commit)?;
        let found = pick(&wanted, tree.secrets.iter(), |secret| {
            (&secret.key, secret.written_namespace.as_deref())
        });
        self.told_of_tree(&wanted, found, &tree, commit)
    }

    /// The result of searching the whole tree of a commit: finding nothing may also mean that something could not be
    /// read.
    fn told_of_tree<M: Clone>(
        &self,
        wanted: &Wanted<'_>,
        found: Result<Option<&M>, ()>,
        tree: &Catalog,
        commit: &CommitId,
    ) -> Result<Option<M>, LastSet> {
        match found {
            Ok(Some(found)) => Ok(Some(found.clone())),
            Ok(None) => match self.past().may_be_unread(wanted, tree) {
                Some(failed) => Err(failed),
                None => Ok(None),
            },
            Err(()) => Err(several(wanted, commit)),
        }
    }

    /// The commit that the source's ref resolved to, as far as that can still be determined.
    fn git_then(
        &self,
        search: &Search<'_>,
        then: &Pair<'_>,
        commit: &CommitId,
        target_before: Option<&str>,
    ) -> Result<GitThen, LastSet> {
        let Some(value) = then.source_ref() else {
            return Ok(GitThen::None);
        };
        let text = value.text.as_str();
        if then.literal() {
            return Ok(GitThen::Text(text.to_owned()));
        }
        if is_full_id(text) {
            let id = text.parse();
            return Ok(id.map_or_else(|_| GitThen::Text(text.to_owned()), GitThen::Commit));
        }
        let here = then.source_origin == Some(&Origin::Here);
        if here && self.asked.is_base(text) {
            let query = RevisionQuery {
                origin: Origin::Here,
                reference: text.to_owned(),
                folders: then.watched(),
                values_files_outside: then.values_files_outside(),
                target: None,
            };
            let newest = self.asked.newest(self.repo, &query, commit);
            // If it never contained these folders, it has certainly changed.
            return Ok(newest
                .map_err(|error| unreadable(&error))?
                .map_or(GitThen::None, GitThen::Commit));
        }
        let moved = |moved: bool| Ok(GitThen::Elsewhere { moved });
        let Some(origin) = then.source_origin else {
            return moved(false);
        };
        let Some(repo) = self.opened(origin)? else {
            return moved(false);
        };
        let repo = repo.objects(self.repo);
        let remote = self.repositories.remote.filter(|_| here);
        let hits = match repo.resolve(text, remote) {
            Ok(hits) => hits,
            // A name that must not be followed resolves to nothing that could be compared.
            Err(RepoError::Refused { .. }) => RefHits::default(),
            Err(error) => return Err(unreadable(&error)),
        };
        Ok(match hits {
            RefHits {
                tag: Some(tag),
                branch: None,
                remote_branch: None,
                ..
            } => GitThen::Commit(tag),
            // It is not recorded where a branch was then.
            _ => GitThen::Elsewhere {
                moved: self
                    .moved_forward(search, repo, target_before)
                    .unwrap_or(false),
            },
        })
    }

    /// Whether the source's commit now descends from the one that the target holds.
    fn descends(&self, search: &Search<'_>) -> Result<Option<bool>, LastSet> {
        let pair = &search.pair;
        let (Some(held), Some(query)) = (pair.target_commit(), pair.revision_query()) else {
            return Ok(None);
        };
        let Some(crate::model::facts::Revision::Resolved(now)) = self.facts.revisions.get(&query)
        else {
            return Ok(None);
        };
        let Some(repo) = self.opened(&query.origin)? else {
            return Ok(None);
        };
        match repo.objects(self.repo).is_ancestor(&held, &now.commit) {
            Ok(descends) => Ok(Some(descends)),
            // What still has to be fetched is requested again; a commit that is gone has no known descendants.
            Err(_) => Ok(None),
        }
    }

    /// The repository of an origin; `None` if it is not available.
    fn opened(&self, origin: &Origin) -> Result<Option<Opened>, LastSet> {
        Ok(match origin {
            Origin::Here => Some(Opened::Here),
            Origin::Remote(url) => self
                .repositories
                .remotes
                .and_then(|all| all.of(url))
                .map(Opened::Remote),
            Origin::Local(path) => {
                let path = self.repositories.root.join(path);
                let repo = Repo::at(&path).map_err(|error| unreadable(&error))?;
                repo.map(|repo| Opened::Local(Box::new(repo)))
            }
            _ => None,
        })
    }

    /// Whether the hand edit moved the target forward and the source descends from it; `None` if that cannot be
    /// determined.
    fn moved_forward(
        &self,
        search: &Search<'_>,
        repo: &dyn ReadObjects,
        target_before: Option<&str>,
    ) -> Option<bool> {
        let old: CommitId = target_before?.parse().ok()?;
        let new = search.pair.target_commit()?;
        let now = search.pair.revision_query()?;
        let crate::model::facts::Revision::Resolved(now) = self.facts.revisions.get(&now)? else {
            return None;
        };
        let forward = old != new && repo.is_ancestor(&old, &new).ok()?;
        Some(forward && repo.is_ancestor(&new, &now.commit).ok()?)
    }
}

/// A repository that services take git from.
enum Opened {
    Here,
    Remote(Rc<RemoteRepo>),
    Local(Box<Repo>),
}

impl Opened {
    fn objects<'r>(&'r self, here: &'r dyn ReadObjects) -> &'r dyn ReadObjects {
        match self {
            Self::Here => here,
            Self::Remote(repo) => repo.as_ref(),
            Self::Local(repo) => repo.as_ref(),
        }
    }
}
