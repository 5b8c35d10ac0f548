//! Fetching what was noted, side by side, and proving it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use futures_util::future::join_all;

use super::{Listed, PAGE, RemoteRepo, Wants, told};
use crate::forge::{
    CommitWanted, Forge, ForgeError, HistoryCommit, PathEntry, Relation, RemoteEntry,
};
use crate::model::evidence::Looked;
use crate::model::ids::{BlobId, CommitId, TreeId};
use crate::repo::{FOLDER, Repo, TreeEntry};

impl RemoteRepo {
    /// Fetches everything that was noted; whether there was anything.
    pub async fn fetch(&self, forge: &Forge) -> bool {
        if self.satisfied() {
            return false;
        }
        let mut wants = self.wants.take();
        self.compare_later(&mut wants);
        let (pages, single): (Vec<_>, Vec<_>) =
            wants.commits.iter().partition(|(_, (first, _))| *first > 1);
        tokio::join!(
            join_all(pages.into_iter().map(|(from, (first, paths))| async move {
                let paths: Vec<String> = paths.iter().cloned().collect();
                self.fetch_page(forge, from, *first, &paths).await;
            })),
            self.fetch_names_and_commits(forge, &wants.refs, &single),
            self.fetch_trees(forge, &wants),
            join_all(wants.deep.iter().map(|tree| self.fetch_deep(forge, tree))),
            self.fetch_blobs(forge, &wants),
            join_all(wants.contains.iter().map(|(inner, outer)| async move {
                let answer = forge.contains(outer, inner).await;
                let answer = answer.map(|relation| relation == Relation::Contained);
                self.known
                    .borrow_mut()
                    .contains
                    .insert((*inner, *outer), words(answer));
            })),
            self.fetch_answers(forge, wants.questions.iter().cloned().collect()),
            async {
                if wants.list {
                    let listed = words(list(forge).await);
                    self.known.borrow_mut().listed = Some(listed);
                }
            },
        );
        true
    }

    /// A comparison costs a call, a page of history tells of all the commits on it: as long as pages come, nothing is compared, and
    /// where several commits are to be compared with one whose history was not read yet, its first page comes instead. What is left
    /// then is noted anew.
    fn compare_later(&self, wants: &mut Wants) {
        let pages_come = |wants: &Wants| wants.commits.values().any(|(first, _)| *first > 1);
        if !pages_come(wants) {
            let mut inners: BTreeMap<CommitId, usize> = BTreeMap::new();
            for (_, outer) in &wants.contains {
                *inners.entry(*outer).or_default() += 1;
            }
            let paged = &self.known.borrow().paged;
            for (outer, count) in inners {
                if count > 1 && !paged.contains(&outer) {
                    wants.commits.entry(outer).or_default().0 = PAGE;
                }
            }
        }
        if pages_come(wants) {
            wants.contains.clear();
        }
    }

    /// Names and single commits, many in a call.
    async fn fetch_names_and_commits(
        &self,
        forge: &Forge,
        names: &BTreeSet<String>,
        wanted: &[(&CommitId, &(usize, BTreeSet<String>))],
    ) {
        let names: Vec<String> = names.iter().cloned().collect();
        let wanted: Vec<CommitWanted> = wanted
            .iter()
            .map(|(id, (_, paths))| (**id, paths.iter().cloned().collect()))
            .collect();
        let (refs, found) = forge.look_up(&names, &wanted).await;
        self.known
            .borrow_mut()
            .refs
            .extend(names.into_iter().zip(refs));
        for ((id, paths), found) in wanted.iter().zip(found) {
            match found {
                Ok(Some(found)) if found.commit.id == *id => self.know_history(&found, paths),
                Ok(_) => {
                    self.known.borrow_mut().commits.insert(*id, Ok(None));
                }
                Err(why) => {
                    self.known.borrow_mut().commits.insert(*id, Err(why));
                }
            }
        }
    }

    fn know_history(&self, found: &HistoryCommit, paths: &[String]) {
        let mut known = self.known.borrow_mut();
        let id = found.commit.id;
        for (path, entry) in paths.iter().zip(&found.entries) {
            known.entries.insert((id, path.clone()), entry.clone());
        }
        known
            .commits
            .insert(id, Ok(Some(Rc::new(told(&found.commit)))));
    }

    /// A page of history.
    async fn fetch_page(&self, forge: &Forge, from: &CommitId, first: usize, paths: &[String]) {
        self.known.borrow_mut().paged.insert(*from);
        match forge.commits(from, first, paths).await {
            Ok(found) => {
                if !found.iter().any(|one| one.commit.id == *from) {
                    self.known.borrow_mut().commits.insert(*from, Ok(None));
                }
                for one in found {
                    self.know_history(&one, paths);
                }
            }
            Err(error) => {
                self.known
                    .borrow_mut()
                    .commits
                    .insert(*from, Err(error.to_string()));
            }
        }
    }

    async fn fetch_trees(&self, forge: &Forge, wants: &Wants) {
        if wants.trees.is_empty() && wants.folders.is_empty() {
            return;
        }
        let ids: Vec<TreeId> = wants.trees.iter().copied().collect();
        let folders: Vec<(CommitId, String)> = wants.folders.iter().cloned().collect();
        let (found, folders) = forge.trees_and_folders(&ids, &folders).await;
        for (id, entries) in folders.into_iter().flatten() {
            // Whatever is not what its id says is asked for by that id when it is needed.
            if let Ok(entries) = proved(&id, entries) {
                self.know_tree(id, entries);
            }
        }
        let mut unproved = Vec::new();
        for (id, entries) in ids.into_iter().zip(found) {
            match entries.and_then(|entries| proved(&id, entries)) {
                Ok(entries) => self.know_tree(id, entries),
                Err(_) => unproved.push(id),
            }
        }
        join_all(unproved.iter().map(|id| self.fetch_deep(forge, id))).await;
    }

    /// A tree and all below it in one call, where GitHub does not cut it; else itself alone.
    async fn fetch_deep(&self, forge: &Forge, tree: &TreeId) {
        let error = match forge.tree_recursive(tree).await {
            Ok(Some(entries)) => match self.know_all(tree, entries) {
                Ok(()) => return,
                Err(why) => why,
            },
            Ok(None) => {
                let one = forge.trees(std::slice::from_ref(tree)).await;
                match one
                    .into_iter()
                    .next()
                    .unwrap_or_else(|| Err("it was not answered".to_owned()))
                {
                    Ok(entries) => match proved(tree, entries) {
                        Ok(entries) => return self.know_tree(*tree, entries),
                        Err(why) => why,
                    },
                    Err(why) => why,
                }
            }
            Err(error) => error.to_string(),
        };
        self.known.borrow_mut().trees.insert(*tree, Err(error));
    }

    /// Builds every folder from one list of paths, and takes them only if the top one is the tree that was asked for:
    /// its id covers all of them.
    fn know_all(&self, tree: &TreeId, entries: Vec<PathEntry>) -> Looked<()> {
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
                return Err(format!("the folder {path:?} is not what its id says"));
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

    async fn fetch_blobs(&self, forge: &Forge, wants: &Wants) {
        if wants.blobs.is_empty() {
            return;
        }
        let ids: Vec<BlobId> = wants.blobs.iter().copied().collect();
        let found = forge.blobs(&ids).await;
        let mut unproved = Vec::new();
        for (id, bytes) in ids.into_iter().zip(found) {
            match bytes.and_then(|bytes| proved_blob(&id, bytes)) {
                Ok(bytes) => self.know_blob(id, bytes),
                Err(_) => unproved.push(id),
            }
        }
        // Long or binary ones: GraphQL cuts and mends them, REST does not.
        join_all(unproved.iter().map(|id| async move {
            let bytes = words(forge.blob(id).await).and_then(|bytes| proved_blob(id, bytes));
            self.known
                .borrow_mut()
                .blobs
                .insert(*id, bytes.map(Rc::new));
        }))
        .await;
    }
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

fn words<T>(answer: Result<T, ForgeError>) -> Looked<T> {
    answer.map_err(|error| error.to_string())
}

fn proved(id: &TreeId, entries: Vec<RemoteEntry>) -> Looked<Vec<TreeEntry>> {
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
        .collect::<Looked<Vec<_>>>()?;
    match Repo::hash_tree(&entries) {
        Ok(found) if found == *id => Ok(entries),
        Ok(_) => Err("it is not what its id says".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn proved_blob(id: &BlobId, bytes: Vec<u8>) -> Looked<Vec<u8>> {
    match Repo::hash_blob(&bytes) {
        Ok(found) if found == *id => Ok(bytes),
        Ok(_) => Err(format!(
            "the bytes of {} are not what its id says",
            id.short()
        )),
        Err(error) => Err(error.to_string()),
    }
}
