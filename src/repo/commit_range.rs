//! The commits between two points of history that touch some folders: what promotions bring.
//!
//! Many are asked for at once, and they mostly lie on one stretch of history: every commit and every folder on the way is
//! read once for all of them.

use std::cell::RefCell;
use std::collections::hash_map::Entry as Slot;
use std::collections::{BinaryHeap, HashMap};
use std::rc::Rc;

use git2::Oid;

use super::error::RepoError;
use super::objects::{Entry, Objects, RawCommit, commit_id, oid, segments};
use super::repository::Repo;
use crate::model::commit_range::Direction;
use crate::model::ids::CommitId;

/// So many commits between two are looked through.
const MAX_COMMITS: usize = 2_000;

/// Two commits, and what counts between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeQuery {
    /// The commit before.
    pub old: CommitId,
    /// The commit after.
    pub new: CommitId,
    /// Folders (or single files) from the root; `""` is the whole repository.
    pub folders: Vec<String>,
}

/// The commits between two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitRange {
    /// How the new one stands to the old one.
    pub way: Direction,
    /// Those that only the new one has (where it goes back: only the old one) and that touch a folder, newest first.
    pub commits: Vec<CommitId>,
    /// There are more than were looked through.
    pub cut: bool,
}

impl Repo {
    /// For each stretch how the new commit stands to the old one, and the commits between them, over all parents, at which
    /// something in a folder differs from every parent's: a merge is one only where it is none of its sides.
    ///
    /// # Errors
    /// As a whole where the object database cannot be opened. For each [`RepoError::NotFound`] where a commit is not here,
    /// [`RepoError::Shallow`] where a shallow clone ends before the answer, [`RepoError::Refused`] where a path leads upwards.
    pub fn between(
        &self,
        stretches: &[RangeQuery],
    ) -> Result<Vec<Result<CommitRange, RepoError>>, RepoError> {
        let objects = self.objects()?;
        let commits = Commits {
            objects: &objects,
            known: RefCell::default(),
        };
        // All paths are known before any folder is read, so that each is read once.
        let mut folders = Folders::new(&objects);
        let paths: Vec<_> = stretches.iter().map(|one| folders.paths(one)).collect();
        let each = stretches
            .iter()
            .zip(paths)
            .map(|(stretch, paths)| between(&commits, &mut folders, stretch, &paths?));
        Ok(each.collect())
    }
}

fn between(
    commits: &Commits<'_>,
    folders: &mut Folders<'_>,
    stretch: &RangeQuery,
    paths: &[Path],
) -> Result<CommitRange, RepoError> {
    let id = |commit: &CommitId| oid(commit.as_bytes(), || format!("the commit {commit}"));
    let mut walk = Walk::new(commits, id(&stretch.old)?, id(&stretch.new)?);
    let (way, mut ids) = walk.walk()?;
    let cut = ids.len() > MAX_COMMITS;
    ids.truncate(MAX_COMMITS);
    let mut found = Vec::new();
    for id in ids {
        if touches(commits, folders, paths, id)? {
            found.push(commit_id(id)?);
        }
    }
    Ok(CommitRange {
        way,
        commits: found,
        cut,
    })
}

/// Whether anything at the paths differs from every parent's.
fn touches(
    commits: &Commits<'_>,
    folders: &mut Folders<'_>,
    paths: &[Path],
    id: Oid,
) -> Result<bool, RepoError> {
    let commit = commits.get(id)?;
    if commit.parents.is_empty() {
        for path in paths {
            if folders.at(commit.tree, path)?.is_some() {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    for parent in &commit.parents {
        let parent = commits.get(*parent)?;
        let mut same = true;
        for path in paths {
            same = same && folders.at(commit.tree, path)? == folders.at(parent.tree, path)?;
        }
        if same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Commits that were read.
struct Commits<'a> {
    objects: &'a Objects<'a>,
    known: RefCell<HashMap<Oid, Rc<RawCommit>>>,
}

impl Commits<'_> {
    fn get(&self, id: Oid) -> Result<Rc<RawCommit>, RepoError> {
        if let Some(known) = self.known.borrow().get(&id) {
            return Ok(Rc::clone(known));
        }
        let commit = Rc::new(self.objects.commit(id)?);
        self.known.borrow_mut().insert(id, Rc::clone(&commit));
        Ok(commit)
    }
}

/// Walks down from both commits at once, newest first, and marks what each has. Times only order the walk: where a clock
/// was wrong, a commit is marked anew as soon as the other side reaches it, and the walk goes on as long as anything as new
/// as the oldest commit of one side alone may still be marked.
struct Walk<'a> {
    commits: &'a Commits<'a>,
    ends: [Oid; 2],
    seen: HashMap<Oid, Seen>,
    queue: BinaryHeap<(i64, Oid)>,
    /// How many queued commits only one side has, by side.
    open: [usize; 2],
}

struct Seen {
    commit: Rc<RawCommit>,
    /// By side: the old commit has it, the new one has it.
    had: [bool; 2],
    queued: bool,
}

impl Seen {
    /// The one side that has it.
    fn alone(&self) -> Option<usize> {
        match self.had {
            [true, false] => Some(OLD),
            [false, true] => Some(NEW),
            _ => None,
        }
    }
}

const OLD: usize = 0;
const NEW: usize = 1;

impl<'a> Walk<'a> {
    fn new(commits: &'a Commits<'a>, old: Oid, new: Oid) -> Self {
        Self {
            commits,
            ends: [old, new],
            seen: HashMap::new(),
            queue: BinaryHeap::new(),
            open: [0; 2],
        }
    }

    fn mark(&mut self, id: Oid, had: [bool; 2]) -> Result<(), RepoError> {
        let seen = match self.seen.entry(id) {
            Slot::Occupied(slot) => slot.into_mut(),
            Slot::Vacant(slot) => {
                let commit = self.commits.get(id)?;
                slot.insert(Seen {
                    commit,
                    had: [false; 2],
                    queued: false,
                })
            }
        };
        let both = [seen.had[OLD] | had[OLD], seen.had[NEW] | had[NEW]];
        if both == seen.had {
            return Ok(());
        }
        if let (true, Some(side)) = (seen.queued, seen.alone()) {
            self.open[side] -= 1;
        }
        seen.had = both;
        if let Some(side) = seen.alone() {
            self.open[side] += 1;
        }
        if !seen.queued {
            seen.queued = true;
            self.queue.push((seen.commit.time, id));
        }
        Ok(())
    }

    fn has(&self, side: usize, id: Oid) -> bool {
        self.seen.get(&id).is_some_and(|seen| seen.had[side])
    }

    /// Which way it goes, and the commits in between, newest first.
    fn walk(&mut self) -> Result<(Direction, Vec<Oid>), RepoError> {
        let [old, new] = self.ends;
        self.mark(old, [true, false])?;
        self.mark(new, [false, true])?;
        let mut popped: Vec<Oid> = Vec::new();
        let mut oldest = i64::MAX;
        let mut ended: Vec<(Oid, RepoError)> = Vec::new();
        while let Some(&(time, id)) = self.queue.peek() {
            if self.open == [0; 2] && time < oldest {
                break;
            }
            self.queue.pop();
            let Some(seen) = self.seen.get_mut(&id) else {
                break;
            };
            seen.queued = false;
            let had = seen.had;
            let commit = Rc::clone(&seen.commit);
            if let Some(side) = seen.alone() {
                self.open[side] -= 1;
                oldest = oldest.min(time);
                popped.push(id);
            }
            match self.commits.objects.parents(id, &commit) {
                Ok(parents) => {
                    for parent in parents {
                        self.mark(*parent, had)?;
                    }
                }
                Err(error @ RepoError::Shallow { .. }) => ended.push((id, error)),
                Err(error) => return Err(error),
            }
        }
        // Below what both have a missing past is missed by nobody.
        let alone = |id: &Oid| self.seen.get(id).and_then(Seen::alone);
        if let Some((_, error)) = ended.into_iter().find(|(id, _)| alone(id).is_some()) {
            return Err(error);
        }
        let way = match (self.has(NEW, old), self.has(OLD, new)) {
            (true, _) => Direction::Forward,
            (false, true) => Direction::Back,
            (false, false) => Direction::Sideways,
        };
        let wanted = if way == Direction::Back { OLD } else { NEW };
        popped.retain(|id| alone(id) == Some(wanted));
        Ok((way, popped))
    }
}

/// A path as the places of its names in [`Folders`].
type Path = Vec<usize>;

/// What stands at some paths, by the root folder.
struct Folders<'a> {
    objects: &'a Objects<'a>,
    nodes: Vec<Node>,
}

/// A folder on the way to a path.
#[derive(Default)]
struct Node {
    /// The names that are asked for in it, and their nodes.
    below: Vec<(Vec<u8>, usize)>,
    /// What stood under these names in trees that were read.
    known: HashMap<Oid, Vec<Option<Entry>>>,
}

impl<'a> Folders<'a> {
    fn new(objects: &'a Objects<'a>) -> Self {
        Self {
            objects,
            nodes: vec![Node::default()],
        }
    }

    fn paths(&mut self, stretch: &RangeQuery) -> Result<Vec<Path>, RepoError> {
        let folders = stretch.folders.iter();
        folders
            .map(|folder| Ok(self.add(&segments(folder)?)))
            .collect()
    }

    fn add(&mut self, path: &[&str]) -> Path {
        let mut node = 0;
        let mut places = Vec::with_capacity(path.len());
        for name in path {
            let name = name.as_bytes();
            let known = self.nodes[node].below.iter().position(|(n, _)| n == name);
            let place = known.unwrap_or_else(|| {
                let next = self.nodes.len();
                self.nodes.push(Node::default());
                let below = &mut self.nodes[node].below;
                below.push((name.to_vec(), next));
                below.len() - 1
            });
            places.push(place);
            node = self.nodes[node].below[place].1;
        }
        places
    }

    fn at(&mut self, root: Oid, path: &Path) -> Result<Option<Entry>, RepoError> {
        let mut node = 0;
        let mut entry = Entry::folder(root);
        for place in path {
            if !entry.is_folder() {
                return Ok(None);
            }
            if !self.nodes[node].known.contains_key(&entry.id) {
                self.read(node, entry.id)?;
            }
            let node_here = &self.nodes[node];
            let found = node_here.known.get(&entry.id).and_then(|all| all[*place]);
            match found {
                Some(found) => entry = found,
                None => return Ok(None),
            }
            node = node_here.below[*place].1;
        }
        Ok(Some(entry))
    }

    fn read(&mut self, node: usize, tree: Oid) -> Result<(), RepoError> {
        let node = &mut self.nodes[node];
        let places: HashMap<&[u8], usize> = node
            .below
            .iter()
            .enumerate()
            .map(|(place, (name, _))| (name.as_slice(), place))
            .collect();
        let mut found = vec![None; node.below.len()];
        self.objects.tree(tree, |name, entry| {
            if let Some(place) = places.get(name) {
                // Of two entries of one name the first one is meant, as everywhere.
                found[*place].get_or_insert(entry);
            }
            true
        })?;
        node.known.insert(tree, found);
        Ok(())
    }
}
