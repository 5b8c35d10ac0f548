//! Manifests as they were: in a file at a commit, wherever a commit took them from, anywhere in a commit's tree. What
//! was read once is kept: a file may contain many services, and a commit may move many.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::past_file::{PastFile, told};
use super::wanted::{SET_ONCE, Wanted, pick};
use crate::catalog::{load, wants_file};
use crate::gather::files::files_at;
use crate::gather::follow::unreadable;
use crate::model::catalog::Catalog;
use crate::model::facts::LastSet;
use crate::model::ids::{BlobId, CommitId};
use crate::model::pipeline::Pipeline;
use crate::model::policy::Policy;
use crate::model::reference::ManifestKey;
use crate::model::service::{Secret, Service};
use crate::repo::{EntryId, ReadObjects, RepoError};

/// At most this many files are read to find what preceded it.
pub(in crate::gather) const FILES_BEYOND: usize = 200;

/// What a commit removed or changed: the places that contained manifests before it.
#[derive(Default)]
struct Replaced {
    /// Every YAML file that it removed, by its content: one that was only moved is found without being read.
    removed: HashMap<BlobId, Vec<String>>,
    /// The YAML files that may have contained a manifest, as they were: those that it removed first, at most
    /// [`FILES_BEYOND`].
    files: Vec<(String, BlobId)>,
    /// All that it removed is among them.
    whole: bool,
}

/// Manifests as they were.
pub(in crate::gather) struct Past<'a> {
    repo: &'a dyn ReadObjects,
    policy: &'a Policy,
    files: RefCell<HashMap<(String, BlobId), Rc<PastFile>>>,
    replaced: RefCell<HashMap<(CommitId, CommitId), Rc<Replaced>>>,
    trees: RefCell<HashMap<CommitId, Rc<Catalog>>>,
}

impl<'a> Past<'a> {
    pub(in crate::gather) fn new(repo: &'a dyn ReadObjects, policy: &'a Policy) -> Self {
        Self {
            repo,
            policy,
            files: RefCell::default(),
            replaced: RefCell::default(),
            trees: RefCell::default(),
        }
    }

    /// A service in a file at a commit; `None` if it was not there.
    pub(in crate::gather) fn service(
        &self,
        wanted: &Wanted<'_>,
        file: &str,
        commit: &CommitId,
    ) -> Result<Option<Service>, LastSet> {
        let past = self.file(file, commit)?;
        let services = past.iter().flat_map(|past| &past.found.services);
        let found = pick(wanted, services, |service| {
            (&service.key, service.written_namespace.as_deref())
        });
        told(
            wanted,
            found.map(|found| found.cloned()),
            past.as_deref(),
            commit,
        )
    }

    /// A secret in a file at a commit; `None` if it was not there.
    pub(in crate::gather) fn secret(
        &self,
        wanted: &Wanted<'_>,
        file: &str,
        commit: &CommitId,
    ) -> Result<Option<Secret>, LastSet> {
        let past = self.file(file, commit)?;
        let secrets = past.iter().flat_map(|past| &past.found.secrets);
        let found = pick(wanted, secrets, |secret| {
            (&secret.key, secret.written_namespace.as_deref())
        });
        told(
            wanted,
            found.map(|found| found.cloned()),
            past.as_deref(),
            commit,
        )
    }

    /// The services of a file at a commit.
    ///
    /// # Errors
    /// If the file, or a manifest in it, could not be understood.
    pub(in crate::gather) fn services(
        &self,
        file: &str,
        commit: &CommitId,
    ) -> Result<Vec<Service>, LastSet> {
        let past = self.whole_file(file, commit)?;
        Ok(past.map_or_else(Vec::new, |past| past.found.services.clone()))
    }

    /// A pipeline in a file at a commit; `None` if it was not there.
    pub(in crate::gather) fn pipeline(
        &self,
        wanted: &Wanted<'_>,
        file: &str,
        commit: &CommitId,
    ) -> Result<Option<Pipeline>, LastSet> {
        let past = self.file(file, commit)?;
        let keyed: Vec<(ManifestKey, &Pipeline)> = past
            .iter()
            .flat_map(|past| &past.found.pipelines)
            .map(|one| (one.key(), one))
            .collect();
        let found = pick(wanted, keyed.iter(), |(key, one)| {
            (key, one.written_namespace.as_deref())
        });
        let found = found.map(|found| found.map(|(_, one)| (*one).clone()));
        told(wanted, found, past.as_deref(), commit)
    }

    /// The YAML files of a commit that another commit does not have unchanged. None of them is read. At most
    /// [`FILES_BEYOND`], and whether these are all.
    pub(in crate::gather) fn lost_since(
        &self,
        commit: &CommitId,
        later: &CommitId,
    ) -> Result<(Vec<String>, bool), LastSet> {
        let files = |at: &CommitId| {
            let enter = |folder: &str| folder != ".github";
            let take = |path: &str| wants_file(path, self.policy);
            let listed = self.repo.files_in(at, &enter, &take);
            listed.map_err(|error| unreadable(&error))
        };
        let (then, now) = (files(commit), files(later));
        let (then, now) = (then?.files, now?.files);
        let now: HashSet<(&str, BlobId)> =
            now.iter().map(|file| (&file.path[..], file.blob)).collect();
        let lost = then
            .iter()
            .filter(|file| !now.contains(&(&file.path[..], file.blob)));
        let mut lost: Vec<String> = lost.map(|file| file.path.clone()).collect();
        let whole = lost.len() <= FILES_BEYOND;
        lost.truncate(FILES_BEYOND);
        Ok((lost, whole))
    }

    /// The pipelines of a file at a commit.
    ///
    /// # Errors
    /// As [`Past::services`].
    pub(in crate::gather) fn pipelines(
        &self,
        file: &str,
        commit: &CommitId,
    ) -> Result<Vec<Pipeline>, LastSet> {
        let past = self.whole_file(file, commit)?;
        Ok(past.map_or_else(Vec::new, |past| past.found.pipelines.clone()))
    }

    fn whole_file(&self, file: &str, commit: &CommitId) -> Result<Option<Rc<PastFile>>, LastSet> {
        let past = self.file(file, commit)?;
        match past.as_ref().and_then(|past| past.broken.as_ref()) {
            Some((_, why)) => Err(LastSet::Failed {
                why: format!("at {} it could not be read: {why}", commit.short()),
                help: Some(SET_ONCE.to_owned()),
            }),
            None => Ok(past),
        }
    }

    /// The file that contained a manifest before the commit that made it appear in `file`; `None` if no file that the
    /// commit removed or changed contained it.
    pub(in crate::gather) fn moved_from(
        &self,
        wanted: &Wanted<'_>,
        file: &str,
        parent: &CommitId,
        commit: &CommitId,
    ) -> Result<Option<String>, LastSet> {
        let replaced = self.replaced_by(parent, commit)?;
        if !replaced.removed.is_empty()
            && let Some(EntryId::File(blob)) = self.entry(file, commit)?
            && let Some([first, ..]) = replaced.removed.get(&blob).map(Vec::as_slice)
        {
            return Ok(Some(first.clone()));
        }
        let mut read = Vec::new();
        let mut missing = None;
        // All of them are asked for before any is missed.
        for (path, old) in &replaced.files {
            match self.content(path, old) {
                Ok(past) => read.push((path, past)),
                Err(why) => missing = missing.or(Some(why)),
            }
        }
        if let Some(why) = missing {
            return Err(why);
        }
        for (path, past) in read {
            if past.holds(wanted) {
                return Ok(Some(path.clone()));
            }
            told::<()>(wanted, Ok(None), Some(&past), parent)?;
        }
        Ok(None)
    }

    /// The services that were in a file before a commit, and are not any more.
    pub(in crate::gather) fn gone_services(
        &self,
        file: &str,
        parent: &CommitId,
        commit: &CommitId,
    ) -> Result<Vec<Service>, LastSet> {
        let after = self.services(file, commit)?;
        let mut before = self.services(file, parent)?;
        before.retain(|old| {
            let wanted = Wanted::new(&old.key, old.written_namespace.as_deref());
            !after
                .iter()
                .any(|new| wanted.is(&new.key, new.written_namespace.as_deref()))
        });
        Ok(before)
    }

    /// The YAML files that a commit removed or changed, those first that it removed.
    pub(in crate::gather) fn replaced(
        &self,
        parent: &CommitId,
        commit: &CommitId,
    ) -> Result<Vec<String>, LastSet> {
        let replaced = self.replaced_by(parent, commit)?;
        Ok(replaced
            .files
            .iter()
            .map(|(path, _)| path.clone())
            .collect())
    }

    /// Whether everything that a commit removed was looked at.
    pub(in crate::gather) fn looked_at_all(
        &self,
        parent: &CommitId,
        commit: &CommitId,
    ) -> Result<bool, LastSet> {
        Ok(self.replaced_by(parent, commit)?.whole)
    }

    /// All manifests of a commit.
    pub(in crate::gather) fn tree(&self, commit: &CommitId) -> Result<Rc<Catalog>, LastSet> {
        if let Some(known) = self.trees.borrow().get(commit) {
            return Ok(Rc::clone(known));
        }
        let files = files_at(self.repo, commit, self.policy).map_err(|error| LastSet::Failed {
            why: format!("its history could not be read: {error:#}"),
            help: None,
        })?;
        let catalog = Rc::new(load(&files.files, self.policy));
        self.trees.borrow_mut().insert(*commit, Rc::clone(&catalog));
        Ok(catalog)
    }

    /// Whether an unreadable file somewhere in a commit's tree may contain a manifest.
    pub(super) fn may_be_unread(&self, wanted: &Wanted<'_>, catalog: &Catalog) -> Option<LastSet> {
        let mut unread = catalog.unread.iter().filter(|file| !file.is_template());
        let file = unread.find(|file| file.may_hold(wanted.key.kind, &wanted.key.name))?;
        Some(LastSet::Failed {
            why: format!(
                "{} may have been in {}, which could not be read then: {}",
                wanted.key, file.file, file.why
            ),
            help: Some(SET_ONCE.to_owned()),
        })
    }

    fn replaced_by(&self, parent: &CommitId, commit: &CommitId) -> Result<Rc<Replaced>, LastSet> {
        if let Some(known) = self.replaced.borrow().get(&(*parent, *commit)) {
            return Ok(Rc::clone(known));
        }
        let unread = |error: RepoError| unreadable(&error);
        let mut files = self.repo.replaced_files(parent, commit).map_err(unread)?;
        files.retain(|file| [".yaml", ".yml"].iter().any(|end| file.path.ends_with(end)));
        files.sort_by_key(|file| file.new.is_some());
        let mut replaced = Replaced::default();
        for file in files.iter().filter(|file| file.new.is_none()) {
            let paths = replaced.removed.entry(file.old).or_default();
            paths.push(file.path.clone());
        }
        if files.len() > FILES_BEYOND {
            // What is unchanged in another file was only moved there.
            let changed = self.repo.changed_files(Some(parent), commit);
            let changed = changed.map_err(unread)?.into_iter();
            let added: HashSet<BlobId> = changed
                .filter(|file| file.old.is_none())
                .filter_map(|file| file.new)
                .collect();
            files.retain(|file| file.new.is_some() || !added.contains(&file.old));
        }
        replaced.whole = files.iter().filter(|file| file.new.is_none()).count() <= FILES_BEYOND;
        files.truncate(FILES_BEYOND);
        replaced.files = files
            .into_iter()
            .map(|file| (file.path, file.old))
            .collect();
        let replaced = Rc::new(replaced);
        self.replaced
            .borrow_mut()
            .insert((*parent, *commit), Rc::clone(&replaced));
        Ok(replaced)
    }

    fn entry(&self, file: &str, commit: &CommitId) -> Result<Option<EntryId>, LastSet> {
        let entry = self.repo.entry_at(commit, file);
        entry.map_err(|error| unreadable(&error))
    }

    fn file(&self, file: &str, commit: &CommitId) -> Result<Option<Rc<PastFile>>, LastSet> {
        match self.entry(file, commit)? {
            Some(EntryId::File(blob)) => self.content(file, &blob).map(Some),
            _ => Ok(None),
        }
    }

    fn content(&self, file: &str, blob: &BlobId) -> Result<Rc<PastFile>, LastSet> {
        let place = (file.to_owned(), *blob);
        if let Some(known) = self.files.borrow().get(&place) {
            return Ok(Rc::clone(known));
        }
        let bytes = self.repo.blob(blob).map_err(|error| unreadable(&error))?;
        let past = Rc::new(PastFile::read(file, &bytes, self.policy));
        self.files.borrow_mut().insert(place, Rc::clone(&past));
        Ok(past)
    }
}
