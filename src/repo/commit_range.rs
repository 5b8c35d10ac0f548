//! The commits between two points of history that touch some folders: what promotions bring.
//!
//! Many are requested at once, and they are mostly on one stretch of history: every commit and every folder on the way
//! is read once for all of them.

use std::collections::HashMap;

use git2::Oid;

use super::error::RepoError;
use super::objects::{Objects, commit_id, oid, segments};
use super::repository::Repo;
use super::tree_entry::Entry;
use super::two_sides::{Side, Walk};
use crate::model::commit_range::Direction;
use crate::model::ids::CommitId;

/// At most this many commits between two are looked through.
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
    /// How the new one relates to the old one.
    pub way: Direction,
    /// Those that only the new one has (if it goes back: only the old one) and that touch a folder, newest first.
    pub commits: Vec<CommitId>,
    /// There are more than were looked through.
    pub cut: bool,
}

impl Repo {
    /// For each stretch how the new commit relates to the old one, and the commits between them, over all parents, at
    /// which something in a folder differs from every parent's: a merge counts only if it equals none of its sides.
    ///
    /// # Errors
    /// As a whole if the object database cannot be opened. For each [`RepoError::NotFound`] if a commit is not here,
    /// [`RepoError::Shallow`] if a shallow clone ends before the answer, [`RepoError::Refused`] if a path contains
    /// `..`.
    pub fn between(
        &self,
        stretches: &[RangeQuery],
    ) -> Result<Vec<Result<CommitRange, RepoError>>, RepoError> {
        let objects = self.objects()?;
        // All paths are known before any folder is read, so that each is read once.
        let mut folders = Folders::new(&objects);
        let paths: Vec<_> = stretches.iter().map(|one| folders.paths(one)).collect();
        let each = stretches
            .iter()
            .zip(paths)
            .map(|(stretch, paths)| between(&objects, &mut folders, stretch, &paths?));
        Ok(each.collect())
    }
}

fn between(
    objects: &Objects<'_>,
    folders: &mut Folders<'_>,
    stretch: &RangeQuery,
    paths: &[Path],
) -> Result<CommitRange, RepoError> {
    let id = |commit: &CommitId| oid(commit.as_bytes(), || format!("the commit {commit}"));
    let (way, mut ids) = walk(objects, id(&stretch.old)?, id(&stretch.new)?)?;
    let cut = ids.len() > MAX_COMMITS;
    ids.truncate(MAX_COMMITS);
    let mut found = Vec::new();
    for id in ids {
        if touches(objects, folders, paths, id)? {
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
    objects: &Objects<'_>,
    folders: &mut Folders<'_>,
    paths: &[Path],
    id: Oid,
) -> Result<bool, RepoError> {
    let commit = objects.commit(id)?;
    if commit.parents.is_empty() {
        for path in paths {
            if folders.at(commit.tree, path)?.is_some() {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    for parent in &commit.parents {
        let parent = objects.commit(*parent)?;
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

/// Which way it goes, and the commits in between, newest first. The walk continues as long as anything as new as the
/// oldest commit of one side alone may still be marked.
fn walk(objects: &Objects<'_>, old: Oid, new: Oid) -> Result<(Direction, Vec<Oid>), RepoError> {
    let mut walk = Walk::new(objects);
    walk.begin(Side::Old, old)?;
    walk.begin(Side::New, new)?;
    let mut found: Vec<Oid> = Vec::new();
    let mut oldest = i64::MAX;
    while let Some(time) = walk.newest() {
        if !walk.is_open(Side::Old) && !walk.is_open(Side::New) && time < oldest {
            break;
        }
        let Some(id) = walk.step()? else { break };
        if walk.alone(id).is_some() {
            oldest = oldest.min(time);
            found.push(id);
        }
    }
    walk.whole(&[Side::Old, Side::New])?;
    let way = match (walk.has(Side::New, old), walk.has(Side::Old, new)) {
        (true, _) => Direction::Forward,
        (false, true) => Direction::Back,
        (false, false) => Direction::Sideways,
    };
    let wanted = match way {
        Direction::Back => Side::Old,
        Direction::Forward | Direction::Sideways => Side::New,
    };
    found.retain(|id| walk.alone(*id) == Some(wanted));
    Ok((way, found))
}

/// A path as the places of its names in [`Folders`].
type Path = Vec<usize>;

/// What is at some paths, by the root folder.
struct Folders<'a> {
    objects: &'a Objects<'a>,
    nodes: Vec<Node>,
}

/// A folder on the way to a path.
#[derive(Default)]
struct Node {
    /// The names that are asked for in it, and their nodes.
    below: Vec<(Vec<u8>, usize)>,
    /// What was under these names in trees that were read.
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
                // If two entries have one name, the first one is meant, as everywhere.
                found[*place].get_or_insert(entry);
            }
            true
        })?;
        node.known.insert(tree, found);
        Ok(())
    }
}
