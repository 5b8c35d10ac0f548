//! The commits between two points of history that touch some folders: what a promotion brings.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use git2::Oid;

use super::error::RepoError;
use super::history::{differs, excepted};
use super::objects::{Entry, Objects, RawCommit, commit_id, oid, segments};
use super::{Repo, Watch};
use crate::model::brought::Way;
use crate::model::ids::CommitId;

/// So many commits between two are looked through.
const MOST: usize = 2_000;

/// The commits between two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Between {
    /// How the new one stands to the old one.
    pub way: Way,
    /// Those that only the new one has (where it goes back: only the old one) and that touch what is watched, newest first.
    pub commits: Vec<CommitId>,
    /// There are more than were looked through.
    pub cut: bool,
}

impl Repo {
    /// How `new` stands to `old`, and the commits between them, over all parents, at which a watched tree differs from that
    /// of every parent: a merge is one only where it is none of its sides.
    ///
    /// # Errors
    /// [`RepoError::NotFound`] where a commit is not here, [`RepoError::Shallow`] where a shallow clone ends before the
    /// answer, [`RepoError::Refused`] where a path leads upwards.
    pub fn between(
        &self,
        old: &CommitId,
        new: &CommitId,
        watch: &Watch,
    ) -> Result<Between, RepoError> {
        self.between_bounded(old, new, watch, MOST)
    }

    fn between_bounded(
        &self,
        old: &CommitId,
        new: &CommitId,
        watch: &Watch,
        most: usize,
    ) -> Result<Between, RepoError> {
        let way = if self.is_ancestor(old, new)? {
            Way::Forward
        } else if self.is_ancestor(new, old)? {
            Way::Back
        } else {
            Way::Sideways
        };
        let (of, without) = match way {
            Way::Back => (old, new),
            Way::Forward | Way::Sideways => (new, old),
        };
        let objects = self.objects()?;
        let id = |commit: &CommitId| oid(commit.as_bytes(), || format!("the commit {commit}"));
        let mut walk = Walk::new(&objects);
        walk.mark(id(without)?, false)?;
        walk.mark(id(of)?, true)?;
        let (ids, cut) = walk.only_wanted(most)?;
        let mut trees = Trees::new(&objects, watch)?;
        let mut commits = Vec::new();
        for id in ids {
            if let Some(seen) = walk.seen.get(&id)
                && trees.touches(&seen.commit)?
            {
                commits.push(commit_id(id)?);
            }
        }
        Ok(Between { way, commits, cut })
    }
}

/// Walks down from both commits at once, newest first. Times only order the walk. Where a clock was wrong, a commit that
/// was reached from one side is reached from the other later; so it is marked anew, and the walk goes on as long as
/// anything as new as the oldest commit found may still be marked.
struct Walk<'a> {
    objects: &'a Objects<'a>,
    seen: HashMap<Oid, Seen>,
    queue: BinaryHeap<(i64, Oid)>,
    /// How many queued commits only the wanted side has.
    open: usize,
}

struct Seen {
    commit: RawCommit,
    /// It was reached from the other side, so it is none of those between.
    known: bool,
    queued: bool,
}

impl<'a> Walk<'a> {
    fn new(objects: &'a Objects<'a>) -> Self {
        Self {
            objects,
            seen: HashMap::new(),
            queue: BinaryHeap::new(),
            open: 0,
        }
    }

    fn mark(&mut self, id: Oid, wanted: bool) -> Result<(), RepoError> {
        match self.seen.entry(id) {
            Slot::Occupied(mut slot) => {
                let seen = slot.get_mut();
                if wanted || seen.known {
                    return Ok(());
                }
                seen.known = true;
                if seen.queued {
                    self.open -= 1;
                } else {
                    seen.queued = true;
                    self.queue.push((seen.commit.time, id));
                }
            }
            Slot::Vacant(slot) => {
                let commit = self.objects.commit(id)?;
                self.queue.push((commit.time, id));
                self.open += usize::from(wanted);
                slot.insert(Seen {
                    commit,
                    known: !wanted,
                    queued: true,
                });
            }
        }
        Ok(())
    }

    /// The commits that only the wanted side has, newest first, and whether there are more than `most`.
    fn only_wanted(&mut self, most: usize) -> Result<(Vec<Oid>, bool), RepoError> {
        let mut found: Vec<Oid> = Vec::new();
        let mut oldest = i64::MAX;
        let mut cut = false;
        while let Some(&(time, id)) = self.queue.peek() {
            if self.open == 0 && time < oldest {
                break;
            }
            self.queue.pop();
            let Some(seen) = self.seen.get_mut(&id) else {
                break;
            };
            seen.queued = false;
            let known = seen.known;
            if !known {
                if found.len() == most {
                    cut = true;
                    break;
                }
                self.open -= 1;
                found.push(id);
                oldest = oldest.min(time);
            }
            match self.objects.parents(id, &seen.commit).map(<[Oid]>::to_vec) {
                Ok(parents) => {
                    for parent in parents {
                        self.mark(parent, !known)?;
                    }
                }
                // Below what is known a missing past is missed by nobody.
                Err(RepoError::Shallow { .. }) if known => {}
                Err(error) => return Err(error),
            }
        }
        found.retain(|id| self.seen.get(id).is_some_and(|seen| !seen.known));
        Ok((found, cut))
    }
}

/// What stands at the watched paths, by root tree.
struct Trees<'a> {
    objects: &'a Objects<'a>,
    folders: Vec<Vec<&'a str>>,
    except: BTreeSet<Vec<u8>>,
    known: HashMap<Oid, Vec<Option<Entry>>>,
}

impl<'a> Trees<'a> {
    fn new(objects: &'a Objects<'a>, watch: &'a Watch) -> Result<Self, RepoError> {
        let folders = watch.folders.iter().map(|folder| segments(folder));
        Ok(Self {
            objects,
            folders: folders.collect::<Result<_, _>>()?,
            except: excepted(watch)?,
            known: HashMap::new(),
        })
    }

    fn at(&mut self, tree: Oid) -> Result<Vec<Option<Entry>>, RepoError> {
        if let Some(known) = self.known.get(&tree) {
            return Ok(known.clone());
        }
        let entries = self
            .folders
            .iter()
            .map(|folder| self.objects.entry_at(tree, folder))
            .collect::<Result<Vec<_>, _>>()?;
        self.known.insert(tree, entries.clone());
        Ok(entries)
    }

    /// Whether what is watched differs from every parent's.
    fn touches(&mut self, commit: &RawCommit) -> Result<bool, RepoError> {
        let new = self.at(commit.tree)?;
        if commit.parents.is_empty() {
            return Ok(new.iter().any(Option::is_some));
        }
        for parent in &commit.parents {
            let tree = self.objects.commit(*parent)?.tree;
            let old = self.at(tree)?;
            let mut same = true;
            for ((folder, old), new) in self.folders.iter().zip(old).zip(&new) {
                let path = folder.join("/");
                same &= !differs(self.objects, &path, old, *new, &self.except)?;
            }
            if same {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
