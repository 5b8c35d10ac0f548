//! The source as it was when a person set the target.

use super::past::{Wanted, pick, several};
use super::{History, Search, unreadable};
use crate::copy::{Pair, is_full_id, values};
use crate::model::catalog::Catalog;
use crate::model::facts::{GitThen, LastSet, RevisionQuery, SourceThen, Values};
use crate::model::ids::CommitId;
use crate::model::origin::Origin;
use crate::model::service::{Secret, Service};
use crate::repo::{ReadObjects, RefHits, Repo, RepoError};

impl History<'_> {
    pub(super) fn source_then(
        &self,
        search: &Search<'_>,
        commit: &CommitId,
        target_before: Option<&str>,
    ) -> Result<SourceThen, LastSet> {
        let pair = &search.pair;
        let Some(source) = self.source_manifest(pair, commit)? else {
            // It was not there at all, so it has certainly moved.
            return Ok(SourceThen {
                values: Values::new(),
                git: GitThen::None,
            });
        };
        let secret = self.source_secret(pair, commit)?;
        let then = pair.with(&source, secret.as_ref());
        Ok(SourceThen {
            values: values(&source, secret.as_ref(), pair.keys, self.facts.policy),
            git: self.git_then(search, &then, commit, target_before)?,
        })
    }

    fn source_manifest(
        &self,
        pair: &Pair<'_>,
        commit: &CommitId,
    ) -> Result<Option<Service>, LastSet> {
        let source = pair.source;
        let wanted = Wanted::new(&source.key, source.written_namespace.as_deref());
        if let Some(found) = self.past.service(&wanted, source.file.as_str(), commit)? {
            return Ok(Some(found));
        }
        let tree = self.past.tree(commit)?;
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
        if let Some(found) = self.past.secret(&wanted, secret.file.as_str(), commit)? {
            return Ok(Some(found));
        }
        let tree = self.past.tree(commit)?;
        let found = pick(&wanted, tree.secrets.iter(), |secret| {
            (&secret.key, secret.written_namespace.as_deref())
        });
        self.told_of_tree(&wanted, found, &tree, commit)
    }

    /// What a look through the whole tree of a commit tells: nothing there may also be something that could not be read.
    fn told_of_tree<M: Clone>(
        &self,
        wanted: &Wanted<'_>,
        found: Result<Option<&M>, ()>,
        tree: &Catalog,
        commit: &CommitId,
    ) -> Result<Option<M>, LastSet> {
        match found {
            Ok(Some(found)) => Ok(Some(found.clone())),
            Ok(None) => match self.past.may_be_unread(wanted, tree) {
                Some(failed) => Err(failed),
                None => Ok(None),
            },
            Err(()) => Err(several(wanted, commit)),
        }
    }

    /// The commit that the source's ref stood for, as far as that can still be told.
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
                leads: then.leads(),
                target: None,
            };
            let newest = self.asked.newest(self.repo, &query, commit);
            // Where it never held these folders, it has certainly moved.
            return Ok(newest
                .map_err(|error| unreadable(&error))?
                .map_or(GitThen::None, GitThen::Commit));
        }
        let elsewhere;
        let remote;
        let repo: &dyn ReadObjects = match then.source_origin {
            Some(Origin::Here) => self.repo,
            Some(Origin::Remote(url)) => {
                match self.repositories.remotes.and_then(|all| all.of(url)) {
                    Some(found) => {
                        remote = found;
                        remote.as_ref()
                    }
                    None => return Ok(GitThen::Elsewhere { moved: false }),
                }
            }
            Some(Origin::Local(path)) => {
                let path = self.repositories.root.join(path);
                match Repo::at(&path).map_err(|error| unreadable(&error))? {
                    Some(repo) => {
                        elsewhere = repo;
                        &elsewhere
                    }
                    None => return Ok(GitThen::Elsewhere { moved: false }),
                }
            }
            _ => return Ok(GitThen::Elsewhere { moved: false }),
        };
        let remote = self.repositories.remote.filter(|_| here);
        let hits = match repo.resolve(text, remote) {
            Ok(hits) => hits,
            // A name that must not be followed stands for nothing that could be compared.
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
            // Where a branch stood then is not recorded.
            _ => GitThen::Elsewhere {
                moved: self
                    .moved_forward(search, repo, target_before)
                    .unwrap_or(false),
            },
        })
    }

    /// Whether the hand moved the target forward and the source descends from it; `None` where that cannot be told.
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
