//! Fetching what was noted, side by side, and proving it.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use futures_util::future::join_all;

use super::repository::{FetchDepth, Listed, RemoteRepo, Wants, commit_info};
use crate::forge::{
    EntryAt, FilesOfBase, Forge, ForgeError, HistoryCommit, ObjectAnswer, ObjectQuery, PathEntry,
    Relation, RemoteEntry,
};
use crate::model::actor::UserId;
use crate::model::fetched::Fetched;
use crate::model::ids::{BlobId, CommitId, TreeId};
use crate::repo::{FOLDER, Repo, TreeEntry};

impl RemoteRepo {
    /// Fetches everything that was noted; whether there was anything.
    pub(crate) async fn fetch(&self, forge: &Forge) -> bool {
        if self.is_complete() {
            return false;
        }
        let mut wants = self.wants.take();
        self.compare_later(&mut wants);
        let wanted = wants.look_ups(self.permissions.take_wanted());
        tokio::join!(
            async {
                let answers = forge.query_objects(&wanted).await;
                let unproved = wanted
                    .iter()
                    .zip(answers)
                    .filter_map(|(one, answer)| self.know(one, answer));
                let unproved: Vec<Unproved> = unproved.collect();
                join_all(unproved.iter().map(|one| self.fetch_whole(forge, one))).await;
            },
            join_all(wants.deep.iter().map(|tree| self.fetch_deep(forge, tree))),
            join_all(wants.contains.iter().map(|(inner, outer)| async move {
                let answer = forge.contains(outer, inner).await;
                let answer = answer.map(|relation| relation == Relation::Contained);
                self.known
                    .borrow_mut()
                    .contains
                    .insert((*inner, *outer), words(answer));
            })),
            self.fetch_answers(forge, wants.questions.iter().cloned().collect()),
            self.fetch_signals(forge, self.signals.take_wanted()),
            self.fetch_makers(forge, wants.makers.iter().copied().collect()),
            async {
                if wants.list {
                    let listed = words(list(forge).await);
                    self.known.borrow_mut().listed = Some(listed);
                }
            },
        );
        true
    }

    /// A comparison costs a call, and a page of history contains all the commits on it: as long as pages come, nothing
    /// is compared, and if several commits are to be compared with one whose history was not read yet, its first page
    /// is read instead. What is left then is requested again.
    fn compare_later(&self, wants: &mut Wants) {
        let pages_come = |wants: &Wants| {
            wants
                .commits
                .values()
                .any(|(much, _)| *much == FetchDepth::Page)
        };
        if !pages_come(wants) {
            let mut inners: BTreeMap<CommitId, usize> = BTreeMap::new();
            for (_, outer) in &wants.contains {
                *inners.entry(*outer).or_default() += 1;
            }
            let paged = &self.known.borrow().paged;
            for (outer, count) in inners {
                if count > 1 && !paged.contains(&outer) {
                    wants.commits.entry(outer).or_default().0 = FetchDepth::Page;
                }
            }
        }
        if pages_come(wants) {
            wants.contains.clear();
        }
    }

    /// What was noted and can be looked up along with something else, as far as it fits into one query. Nothing is noted any longer:
    /// what is not known is asked for when it is needed.
    pub(crate) fn take_wanted(&self) -> Vec<ObjectQuery> {
        let people = self.permissions.take_wanted();
        let mut wants = self.wants.take();
        // Only asked for early, see `expect_history`: they would leave no room for what is needed first.
        wants.touches.clear();
        let mut wanted = wants.look_ups(people);
        self.signals.take_wanted();
        wanted.truncate(ObjectQuery::fitting(&wanted));
        wanted
    }

    /// Notes what was answered along with it. What was not, or is not proved, is asked for when it is needed.
    pub(crate) fn store(&self, wanted: &[ObjectQuery], answers: Vec<Fetched<ObjectAnswer>>) {
        for (one, answer) in wanted.iter().zip(answers) {
            if answer.is_ok() {
                let _ = self.know(one, answer);
            }
        }
    }

    /// Notes folders and files that came with the look, if they are what their IDs say. Whatever is missing is asked for when it is needed.
    pub(crate) fn store_files(&self, files: FilesOfBase) {
        for (id, entries) in files.folders {
            if let Ok(entries) = proved(&id, entries) {
                self.know_tree(id, entries);
            }
        }
        for (id, bytes) in files.texts {
            if let Ok(bytes) = proved_blob(&id, bytes) {
                self.know_blob(id, bytes);
            }
        }
    }

    /// Notes an answer; what was not proved by its id is returned, to be read in another way.
    fn know(&self, wanted: &ObjectQuery, answer: Fetched<ObjectAnswer>) -> Option<Unproved> {
        match (wanted, answer) {
            (ObjectQuery::Name(name), answer) => {
                let answer = answer.and_then(|answer| match answer {
                    ObjectAnswer::Name(found) => Ok(found),
                    _ => odd(),
                });
                self.known.borrow_mut().refs.insert(name.clone(), answer);
            }
            (ObjectQuery::Commit(id, paths), Ok(ObjectAnswer::Commit(found))) => match found {
                Some(found) if found.commit.id == *id => self.know_history(found, paths),
                _ => self.know_absent(id),
            },
            (ObjectQuery::Entries(id, paths), Ok(ObjectAnswer::Entries(found))) => match found {
                Some(entries) => self.know_entries(id, paths, entries),
                None => self.know_absent(id),
            },
            (ObjectQuery::Page(from, paths), Ok(ObjectAnswer::Page(found))) => {
                self.known.borrow_mut().paged.insert(*from);
                if !found.iter().any(|one| one.commit.id == *from) {
                    self.know_absent(from);
                }
                for one in found {
                    self.know_history(one, paths);
                }
            }
            (
                ObjectQuery::Commit(id, _) | ObjectQuery::Entries(id, _) | ObjectQuery::Page(id, _),
                answer,
            ) => {
                if let ObjectQuery::Page(..) = wanted {
                    self.known.borrow_mut().paged.insert(*id);
                }
                let why = answer.map_or_else(Err, |_| odd());
                // Whatever else is known of it: what is missing would be asked for forever.
                self.known.borrow_mut().commits.insert(*id, why);
            }
            (ObjectQuery::Tree(id), answer) => {
                let entries = answer.and_then(|answer| match answer {
                    ObjectAnswer::Tree(entries) => proved(id, entries),
                    _ => odd(),
                });
                match entries {
                    Ok(entries) => self.know_tree(*id, entries),
                    Err(_) => return Some(Unproved::Tree(*id)),
                }
            }
            (ObjectQuery::Folder(..), Ok(ObjectAnswer::Folder(Some((id, entries))))) => {
                // Whatever is not what its id says is asked for by that id when it is needed.
                if let Ok(entries) = proved(&id, entries) {
                    self.know_tree(id, entries);
                }
            }
            (ObjectQuery::Blob(id), answer) => {
                let bytes = answer.and_then(|answer| match answer {
                    ObjectAnswer::Blob(bytes) => proved_blob(id, bytes),
                    _ => odd(),
                });
                match bytes {
                    Ok(bytes) => self.know_blob(*id, bytes),
                    Err(_) => return Some(Unproved::Blob(*id)),
                }
            }
            (ObjectQuery::Touches(tip, path), answer) => {
                let question = (*tip, path.clone());
                if let Ok(ObjectAnswer::Touches(Some(found))) = &answer {
                    let ids = found.iter().map(|(commit, _)| *commit).collect();
                    let mut known = self.known.borrow_mut();
                    known.touched_in.insert(question.clone(), ids);
                }
                let messages = answer.and_then(|answer| match answer {
                    ObjectAnswer::Touches(found) => {
                        Ok(found.map(|all| all.into_iter().map(|(_, message)| message).collect()))
                    }
                    _ => odd(),
                });
                self.known.borrow_mut().touches.insert(question, messages);
            }
            (ObjectQuery::Size(id), answer) => {
                let size = answer.and_then(|answer| match answer {
                    ObjectAnswer::Size(size) => Ok(size),
                    _ => odd(),
                });
                self.known.borrow_mut().sizes.insert(*id, size);
            }
            (ObjectQuery::May(id, _), Ok(ObjectAnswer::May(Some(permission)))) => {
                self.permissions.store(*id, permission);
            }
            (ObjectQuery::Folder(..) | ObjectQuery::PullOf(_) | ObjectQuery::May(..), _) => {}
        }
        None
    }

    fn know_absent(&self, id: &CommitId) {
        self.known.borrow_mut().commits.insert(*id, Ok(None));
    }

    fn know_entries(&self, commit: &CommitId, paths: &[String], entries: Vec<EntryAt>) {
        let mut known = self.known.borrow_mut();
        known.there.insert(*commit);
        for (path, entry) in paths.iter().zip(entries) {
            known.entries.insert((*commit, path.clone()), entry);
        }
    }

    fn know_history(&self, found: HistoryCommit, paths: &[String]) {
        let id = found.commit.id;
        self.know_entries(&id, paths, found.entries);
        let info = Ok(Some(Rc::new(commit_info(&found.commit))));
        self.known.borrow_mut().commits.insert(id, info);
    }

    /// Content in an answer that does not match its ID: GraphQL cuts long files and repairs broken ones, REST does
    /// neither.
    async fn fetch_whole(&self, forge: &Forge, unproved: &Unproved) {
        match unproved {
            Unproved::Tree(tree) => self.fetch_deep(forge, tree).await,
            Unproved::Blob(id) => {
                let bytes = words(forge.blob(id).await).and_then(|bytes| proved_blob(id, bytes));
                self.known
                    .borrow_mut()
                    .blobs
                    .insert(*id, bytes.map(Rc::new));
            }
        }
    }

    /// A tree and everything below it in one call, if GitHub does not cut it; otherwise only the tree itself.
    async fn fetch_deep(&self, forge: &Forge, tree: &TreeId) {
        let error = match forge.tree_recursive(tree).await {
            Ok(Some(entries)) => match self.know_all(tree, entries) {
                Ok(()) => return,
                Err(why) => why,
            },
            Ok(None) => {
                let one = forge.query_objects(&[ObjectQuery::Tree(*tree)]).await;
                match one.into_iter().next() {
                    Some(Ok(ObjectAnswer::Tree(entries))) => match proved(tree, entries) {
                        Ok(entries) => return self.know_tree(*tree, entries),
                        Err(why) => why,
                    },
                    Some(Err(why)) => why,
                    _ => "GitHub did not answer it".to_owned(),
                }
            }
            Err(error) => error.to_string(),
        };
        self.known.borrow_mut().trees.insert(*tree, Err(error));
    }

    /// Builds every folder from one list of paths, and takes them only if the top one is the tree that was asked for:
    /// its id covers all of them.
    fn know_all(&self, tree: &TreeId, entries: Vec<PathEntry>) -> Fetched<()> {
        let mut folders: HashMap<String, Vec<TreeEntry>> =
            HashMap::from([(String::new(), Vec::new())]);
        let mut ids: BTreeMap<String, TreeId> = BTreeMap::from([(String::new(), *tree)]);
        for entry in entries {
            let (folder, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
            let id: CommitId = entry.id.parse().map_err(|error| format!("{error}"))?;
            folders
                .entry(folder.to_owned())
                .or_default()
                .push(TreeEntry {
                    mode: entry.mode,
                    name: name.as_bytes().to_vec(),
                    id: id.as_bytes().to_vec(),
                });
            if entry.mode == FOLDER {
                folders.entry(entry.path.clone()).or_default();
                ids.insert(
                    entry.path,
                    entry.id.parse().map_err(|error| format!("{error}"))?,
                );
            }
        }
        for (path, id) in &ids {
            let entries = folders.get(path).map(Vec::as_slice).unwrap_or_default();
            if Repo::hash_tree(entries).map_err(|error| error.to_string())? != *id {
                return Err(format!("the folder {path:?} does not match its ID"));
            }
        }
        for (path, id) in ids {
            self.know_tree(id, folders.remove(&path).unwrap_or_default());
        }
        Ok(())
    }

    fn know_tree(&self, id: TreeId, entries: Vec<TreeEntry>) {
        self.known
            .borrow_mut()
            .trees
            .insert(id, Ok(Rc::new(entries)));
    }
}

/// At most this many paths of a commit are read together.
const MAX_PATHS: usize = 100;

/// What GitHub answered differently from what its ID says, or not at all.
enum Unproved {
    Tree(TreeId),
    Blob(BlobId),
}

impl Wants {
    /// What can be looked up many at a time, with what these people may do; what GitHub answers soonest first.
    fn look_ups(&self, people: BTreeMap<UserId, String>) -> Vec<ObjectQuery> {
        let names = self.refs.iter().cloned().map(ObjectQuery::Name);
        let commits = self.commits.iter().flat_map(|(id, (much, paths))| {
            let paths: Vec<String> = paths.iter().cloned().collect();
            // In parts that can be requested separately.
            let parts = match paths.is_empty() {
                true => vec![Vec::new()],
                false => paths.chunks(MAX_PATHS).map(<[_]>::to_vec).collect(),
            };
            parts.into_iter().map(move |paths| match much {
                FetchDepth::Entries => ObjectQuery::Entries(*id, paths),
                FetchDepth::Commit => ObjectQuery::Commit(*id, paths),
                FetchDepth::Page => ObjectQuery::Page(*id, paths),
            })
        });
        let trees = self.trees.iter().copied().map(ObjectQuery::Tree);
        let folders = self.folders.iter().cloned();
        let folders = folders.map(|(commit, path)| ObjectQuery::Folder(commit, path));
        let blobs = self.blobs.iter().copied().map(ObjectQuery::Blob);
        let sizes = self.sizes.iter().copied().map(ObjectQuery::Size);
        let touches = self.touches.iter().cloned();
        let touches = touches.map(|(tip, path)| ObjectQuery::Touches(tip, path));
        let people = people.into_iter();
        let people = people.map(|(id, login)| ObjectQuery::May(id, login));
        let mut all: Vec<ObjectQuery> = names.chain(people).collect();
        all.extend(
            trees
                .chain(folders)
                .chain(blobs)
                .chain(sizes)
                .chain(touches),
        );
        all.extend(commits);
        all
    }
}

fn odd<T>() -> Fetched<T> {
    Err("GitHub answered with something else".to_owned())
}

async fn list(forge: &Forge) -> Result<Rc<Listed>, ForgeError> {
    let (branches, tags) = tokio::join!(forge.list_refs(false), forge.list_refs(true));
    let ((branches, more), (tags, more_tags)) = (branches?, tags?);
    Ok(Rc::new(Listed {
        branches,
        tags,
        more: more || more_tags,
    }))
}

fn words<T>(answer: Result<T, ForgeError>) -> Fetched<T> {
    answer.map_err(|error| error.to_string())
}

fn proved(id: &TreeId, entries: Vec<RemoteEntry>) -> Fetched<Vec<TreeEntry>> {
    let entries = entries
        .into_iter()
        .map(|entry| {
            let id: CommitId = entry.id.parse().map_err(|error| format!("{error}"))?;
            Ok(TreeEntry {
                mode: entry.mode,
                name: entry.name,
                id: id.as_bytes().to_vec(),
            })
        })
        .collect::<Fetched<Vec<_>>>()?;
    match Repo::hash_tree(&entries) {
        Ok(found) if found == *id => Ok(entries),
        Ok(_) => Err("it does not match its ID".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn proved_blob(id: &BlobId, bytes: Vec<u8>) -> Fetched<Vec<u8>> {
    match Repo::hash_blob(&bytes) {
        Ok(found) if found == *id => Ok(bytes),
        Ok(_) => Err(format!("the bytes of {} do not match its ID", id.short())),
        Err(error) => Err(error.to_string()),
    }
}
