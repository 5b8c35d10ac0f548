//! A repository of the forge: what is known of it, and what is wanted.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::cache::{Permissions, Signals};
use super::question::{Answer, Question};
use crate::forge::{EntryAt, RemoteRef};
use crate::model::actor::UserId;
use crate::model::authors::Makers;
use crate::model::evidence::Permission;
use crate::model::fetched::Fetched;
use crate::model::ids::{BlobId, CommitId, TreeId};
use crate::model::pull::RemoteCommit;
use crate::model::slug::RepoSlug;
use crate::repo::{CommitInfo, GitTime, Repo, RepoError, TreeEntry};

/// A repository that is read through the forge.
pub(crate) struct RemoteRepo {
    pub(super) slug: RepoSlug,
    pub(super) local: Option<Repo>,
    /// The base branch and its tip, if it is known.
    pub(super) base: RefCell<Option<(String, CommitId)>>,
    /// The cache of objects, names and history, which is kept for the whole run.
    pub(super) known: RefCell<Known>,
    pub(super) wants: RefCell<Wants>,
    pub(super) signals: Signals,
    pub(super) permissions: Permissions,
    /// Folders that were asked for by their paths: once each, whatever came of it.
    pub(super) expected: RefCell<BTreeSet<(CommitId, String)>>,
    /// Files whose history will be asked for if something lands: they are read with the next page.
    pub(super) next_files: RefCell<BTreeSet<String>>,
}

/// Objects, names and history that were read so far. An `Err` was looked for and could not be had.
#[derive(Default)]
pub(super) struct Known {
    pub(super) refs: HashMap<String, Fetched<RemoteRef>>,
    pub(super) commits: HashMap<CommitId, Fetched<Option<Rc<CommitInfo>>>>,
    /// Commits that are known to be there, and of which maybe nothing else is known.
    pub(super) there: HashSet<CommitId>,
    pub(super) entries: HashMap<(CommitId, String), EntryAt>,
    pub(super) trees: HashMap<TreeId, Fetched<Rc<Vec<TreeEntry>>>>,
    pub(super) blobs: HashMap<BlobId, Fetched<Rc<Vec<u8>>>>,
    pub(super) sizes: HashMap<BlobId, Fetched<u64>>,
    pub(super) contains: HashMap<(CommitId, CommitId), Fetched<bool>>,
    /// The messages of the commits at which a path changed, from a commit backwards; `None` if there are more than are listed at once.
    pub(super) touches: HashMap<(CommitId, String), Fetched<Option<Vec<String>>>>,
    /// The IDs of these commits, if all of them are known.
    pub(super) touched_in: HashMap<(CommitId, String), Vec<CommitId>>,
    /// Commits from which a page of history was read, or could not be.
    pub(super) paged: HashSet<CommitId>,
    pub(super) listed: Option<Fetched<Rc<Listed>>>,
    pub(super) answers: HashMap<Question, Fetched<Answer>>,
    pub(super) makers: HashMap<CommitId, Fetched<Rc<Makers>>>,
}

/// Branches and tags.
pub(super) struct Listed {
    pub(super) branches: Vec<(String, CommitId)>,
    pub(super) tags: Vec<(String, CommitId)>,
    pub(super) more: bool,
}

/// How much is asked for of a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FetchDepth {
    /// Whether it exists, and what is at its paths.
    #[default]
    Entries,
    /// Itself too.
    Commit,
    /// A page of its history.
    Page,
}

/// At most this many files are asked about before it is known whether their history leads back to where they appeared.
const MAX_TOUCHES_EARLY: usize = 50;

/// What is to be fetched of them.
#[derive(Default)]
pub(super) struct Wants {
    pub(super) refs: BTreeSet<String>,
    /// Commits, and what was at which paths.
    pub(super) commits: BTreeMap<CommitId, (FetchDepth, BTreeSet<String>)>,
    pub(super) trees: BTreeSet<TreeId>,
    /// Folders by their paths at commits: read before their ids are known.
    pub(super) folders: BTreeSet<(CommitId, String)>,
    /// With everything below.
    pub(super) deep: BTreeSet<TreeId>,
    pub(super) blobs: BTreeSet<BlobId>,
    pub(super) sizes: BTreeSet<BlobId>,
    pub(super) contains: BTreeSet<(CommitId, CommitId)>,
    pub(super) touches: BTreeSet<(CommitId, String)>,
    pub(super) list: bool,
    pub(super) questions: BTreeSet<Question>,
    pub(super) makers: BTreeSet<CommitId>,
}

impl RemoteRepo {
    /// A repository on GitHub of which `local`, if there is one, is a clone.
    pub(crate) fn new(slug: RepoSlug, local: Option<Repo>) -> Self {
        Self {
            slug,
            local,
            base: RefCell::default(),
            known: RefCell::default(),
            wants: RefCell::default(),
            signals: Signals::default(),
            permissions: Permissions::default(),
            expected: RefCell::default(),
            next_files: RefCell::default(),
        }
    }

    /// Which repository.
    pub(crate) fn slug(&self) -> &RepoSlug {
        &self.slug
    }

    /// The local clone, if there is one.
    pub(crate) fn local(&self) -> Option<&Repo> {
        self.local.as_ref()
    }

    /// Whether everything that was asked for was answered.
    pub(crate) fn is_complete(&self) -> bool {
        let wants = self.wants.borrow();
        wants.refs.is_empty()
            && wants.commits.is_empty()
            && wants.trees.is_empty()
            && wants.folders.is_empty()
            && wants.deep.is_empty()
            && wants.blobs.is_empty()
            && wants.sizes.is_empty()
            && wants.contains.is_empty()
            && wants.touches.is_empty()
            && !wants.list
            && wants.questions.is_empty()
            && wants.makers.is_empty()
            && self.signals.is_settled()
            && self.permissions.is_settled()
    }

    /// Asks what people may do, along with whatever is asked next.
    pub(crate) fn want_people(&self, people: BTreeMap<UserId, String>) {
        self.permissions.want(people);
    }

    /// What was answered about what people may do since this was taken last.
    pub(crate) fn take_permissions(&self) -> BTreeMap<UserId, Permission> {
        self.permissions.take()
    }

    /// Forgets what is noted and was not fetched yet.
    pub(crate) fn forget_wanted(&self) {
        self.wants.take();
        self.signals.take_wanted();
        self.permissions.take_wanted();
        self.expected.take();
    }

    /// Whether it was read what a branch or tag of this name means.
    pub(crate) fn knows_name(&self, name: &str) -> bool {
        self.known.borrow().refs.contains_key(name)
    }

    /// Says whose history will be asked for if what can land soon has landed. It is read with the next page, so that
    /// none has to be read then.
    pub(crate) fn expect_next(&self, files: BTreeSet<String>) {
        self.next_files.borrow_mut().extend(files);
    }

    /// Records the tip of the base branch.
    pub(crate) fn know_base(&self, name: &str, tip: &RemoteCommit) {
        self.know_commit(tip);
        self.base.replace(Some((name.to_owned(), tip.id)));
    }

    /// Notes a commit and tree that are known from elsewhere.
    pub(crate) fn know_commit(&self, commit: &RemoteCommit) {
        let mut known = self.known.borrow_mut();
        known
            .commits
            .entry(commit.id)
            .or_insert_with(|| Ok(Some(Rc::new(commit_info(commit)))));
    }

    /// Stores the content of a blob; its ID was computed from it.
    pub(crate) fn know_blob(&self, blob: BlobId, bytes: Vec<u8>) {
        self.known
            .borrow_mut()
            .blobs
            .insert(blob, Ok(Rc::new(bytes)));
    }

    /// Requests all folders of a commit in one call, if no clone has them.
    ///
    /// # Errors
    /// If they were not fetched yet.
    pub(crate) fn prepare(&self, commit: &CommitId) -> Result<(), RepoError> {
        let info = self.info_of(commit)?;
        self.tree(&info.tree, true).map(|_| ())
    }

    /// What is noted now comes with the next pass: it will be here in the next pass.
    pub(super) fn pending<T>(&self) -> Result<T, RepoError> {
        Err(RepoError::pending(self.slug.as_str()))
    }

    pub(super) fn failed<T>(&self, why: &str) -> Result<T, RepoError> {
        Err(RepoError::Remote {
            why: format!("{}: {why}", self.slug),
        })
    }

    /// The clone, if it contains the commit.
    pub(super) fn clone_with(&self, commit: &CommitId) -> Option<&Repo> {
        self.local.as_ref().filter(|local| local.has_commit(commit))
    }

    /// A commit; `None` if there is none with that ID. `paths` are read with it.
    pub(super) fn info(
        &self,
        commit: &CommitId,
        much: FetchDepth,
        paths: &[String],
    ) -> Result<Option<Rc<CommitInfo>>, RepoError> {
        if let Some(known) = self.known.borrow().commits.get(commit) {
            return match known {
                Ok(info) => Ok(info.clone()),
                Err(why) => self.failed(why),
            };
        }
        if let Some(local) = self.clone_with(commit) {
            let info = Rc::new(local.commit_info(commit)?);
            self.known
                .borrow_mut()
                .commits
                .insert(*commit, Ok(Some(Rc::clone(&info))));
            return Ok(Some(info));
        }
        self.want_commits(commit, much, paths);
        self.pending()
    }

    pub(super) fn want_commits(&self, commit: &CommitId, much: FetchDepth, paths: &[String]) {
        let mut wants = self.wants.borrow_mut();
        let want = wants.commits.entry(*commit).or_default();
        want.0 = want.0.max(much);
        want.1.extend(paths.iter().cloned());
    }

    /// Asks early in which commits files changed, of some of them.
    pub(super) fn want_touches(&self, tip: &CommitId, files: Vec<String>) {
        let some = files.into_iter().take(MAX_TOUCHES_EARLY);
        let mut wants = self.wants.borrow_mut();
        wants.touches.extend(some.map(|file| (*tip, file)));
    }

    /// Like [`Self::info`], for one that must exist.
    pub(super) fn info_of(&self, commit: &CommitId) -> Result<Rc<CommitInfo>, RepoError> {
        self.info(commit, FetchDepth::Commit, &[])?
            .ok_or_else(|| RepoError::NotFound {
                what: format!("the commit {commit} of {}", self.slug),
            })
    }

    pub(super) fn related(&self, inner: &CommitId, outer: &CommitId) -> Result<bool, RepoError> {
        if inner == outer {
            return Ok(true);
        }
        if let Some(local) = self.clone_with(outer)
            && local.has_commit(inner)
            && let Ok(answer) = local.is_ancestor(inner, outer)
        {
            return Ok(answer);
        }
        if self.leads_to(outer, inner) {
            return Ok(true);
        }
        let key = (*inner, *outer);
        match self.known.borrow().contains.get(&key) {
            Some(Ok(answer)) => return Ok(*answer),
            Some(Err(why)) => return self.failed(why),
            None => {}
        }
        self.wants.borrow_mut().contains.insert(key);
        self.pending()
    }

    /// Whether the commits that were read lead back from one to the other. `false` proves nothing.
    fn leads_to(&self, from: &CommitId, to: &CommitId) -> bool {
        let known = self.known.borrow();
        let mut open = vec![*from];
        let mut seen: HashSet<CommitId> = HashSet::new();
        while let Some(at) = open.pop() {
            if at == *to {
                return true;
            }
            if let (true, Some(Ok(Some(info)))) = (seen.insert(at), known.commits.get(&at)) {
                open.extend(&info.parents);
            }
        }
        false
    }

    pub(super) fn listed(&self) -> Result<Rc<Listed>, RepoError> {
        match &self.known.borrow().listed {
            Some(Ok(listed)) => return Ok(Rc::clone(listed)),
            Some(Err(why)) => return self.failed(why),
            None => {}
        }
        self.wants.borrow_mut().list = true;
        self.pending()
    }

    /// The content of a blob.
    pub(super) fn content(&self, blob: &BlobId) -> Result<Rc<Vec<u8>>, RepoError> {
        match self.known.borrow().blobs.get(blob) {
            Some(Ok(bytes)) => return Ok(Rc::clone(bytes)),
            Some(Err(why)) => return self.failed(why),
            None => {}
        }
        if let Some(local) = &self.local {
            match local.blob(blob) {
                Ok(bytes) => {
                    let bytes = Rc::new(bytes);
                    self.known
                        .borrow_mut()
                        .blobs
                        .insert(*blob, Ok(Rc::clone(&bytes)));
                    return Ok(bytes);
                }
                Err(RepoError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.wants.borrow_mut().blobs.insert(*blob);
        self.pending()
    }

    /// How many bytes a blob has, without reading it.
    ///
    /// # Errors
    /// If that must be asked for first, or could not be read.
    pub(in crate::gather) fn size(&self, blob: &BlobId) -> Result<u64, RepoError> {
        if let Some(Ok(bytes)) = self.known.borrow().blobs.get(blob) {
            return Ok(bytes.len() as u64);
        }
        match self.known.borrow().sizes.get(blob) {
            Some(Ok(size)) => return Ok(*size),
            Some(Err(why)) => return self.failed(why),
            None => {}
        }
        match self.local.as_ref().map(|local| local.blob_size(blob)) {
            Some(Ok(size)) => return Ok(size),
            Some(Err(RepoError::NotFound { .. })) | None => {}
            Some(Err(error)) => return Err(error),
        }
        self.wants.borrow_mut().sizes.insert(*blob);
        self.pending()
    }

    /// The entries of a folder.
    pub(super) fn tree(&self, tree: &TreeId, deep: bool) -> Result<Rc<Vec<TreeEntry>>, RepoError> {
        match self.known.borrow().trees.get(tree) {
            Some(Ok(entries)) => return Ok(Rc::clone(entries)),
            Some(Err(why)) => return self.failed(why),
            None => {}
        }
        if let Some(local) = &self.local
            && let Some(entries) = local.tree_entries(tree)?
        {
            let entries = Rc::new(entries);
            self.known
                .borrow_mut()
                .trees
                .insert(*tree, Ok(Rc::clone(&entries)));
            return Ok(entries);
        }
        let mut wants = self.wants.borrow_mut();
        if deep {
            wants.deep.insert(*tree);
        } else {
            wants.trees.insert(*tree);
        }
        drop(wants);
        self.pending()
    }
}

/// A commit as GitHub returns it.
pub(super) fn commit_info(commit: &RemoteCommit) -> CommitInfo {
    let time = |at: jiff::Timestamp| GitTime {
        unix_seconds: at.as_second(),
        offset_minutes: 0,
    };
    CommitInfo {
        author_name: commit.author.clone(),
        author_email: String::new(),
        author_time: time(commit.authored),
        committer_time: time(commit.committed),
        subject: commit.message.lines().next().unwrap_or_default().to_owned(),
        message: commit.message.clone(),
        parents: commit.parents.clone(),
        tree: commit.tree,
    }
}
