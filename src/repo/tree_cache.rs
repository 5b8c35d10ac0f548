//! The trees that one repository read last: many paths are looked up in the same few folders, above all in the root of a commit.
//!
//! What is kept was read by its ID, and hashed, and an object cannot change under its ID, so it is never out of date.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock};

use git2::Oid;

use super::tree_entry::{Entry, parse_entry};

/// At most this many trees are kept. A look-up reads one tree per folder of its path, and commits are compared by path.
const MAX_TREES: usize = 16;

/// A tree object with more bytes than this is not kept; one with 10,000 entries has about 400 kB.
const MAX_TREE_BYTES: usize = 1 << 20;

/// A tree object, as it was read.
pub(super) struct KnownTree {
    data: Box<[u8]>,
    /// By name. Made when the tree is asked for again: a walk through history asks most trees once.
    entries: OnceLock<Option<HashMap<Box<[u8]>, Entry>>>,
}

impl KnownTree {
    /// What is under a name. The outer `None`: it is not a well-formed tree. Of two entries with one name it is the first.
    pub(super) fn entry(&self, name: &[u8]) -> Option<Option<Entry>> {
        let entries = self.entries.get_or_init(|| self.index());
        Some(entries.as_ref()?.get(name).copied())
    }

    fn index(&self) -> Option<HashMap<Box<[u8]>, Entry>> {
        let mut entries = HashMap::new();
        let mut rest = &*self.data;
        while !rest.is_empty() {
            let (name, entry, after) = parse_entry(rest)?;
            entries.entry(name.into()).or_insert(entry);
            rest = after;
        }
        Some(entries)
    }
}

/// The trees that were read last.
#[derive(Default)]
pub(super) struct TreeCache {
    /// The one that was used last is at the end.
    trees: RefCell<VecDeque<(Oid, Arc<KnownTree>)>>,
}

impl TreeCache {
    /// A tree that was read before.
    pub(super) fn get(&self, id: Oid) -> Option<Arc<KnownTree>> {
        let mut trees = self.trees.borrow_mut();
        let at = trees.iter().position(|(known, _)| *known == id)?;
        let found = trees.remove(at)?;
        let tree = Arc::clone(&found.1);
        trees.push_back(found);
        Some(tree)
    }

    /// Keeps a tree that was read, unless it is huge.
    pub(super) fn keep(&self, id: Oid, data: &[u8]) {
        if data.len() > MAX_TREE_BYTES {
            return;
        }
        let mut trees = self.trees.borrow_mut();
        if trees.len() == MAX_TREES {
            trees.pop_front();
        }
        let tree = KnownTree {
            data: data.into(),
            entries: OnceLock::new(),
        };
        trees.push_back((id, Arc::new(tree)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> Oid {
        Oid::from_str(&format!("{number:040x}")).unwrap()
    }

    /// A tree object with these names, each a file with the ID of its place.
    fn tree(names: &[&str]) -> Vec<u8> {
        let mut data = Vec::new();
        for (at, name) in names.iter().enumerate() {
            data.extend(format!("100644 {name}\0").bytes());
            data.extend(id(at).as_bytes());
        }
        data
    }

    #[test]
    fn a_kept_tree_has_the_entries_that_it_was_read_with() {
        let cache = TreeCache::default();
        assert!(cache.get(id(1)).is_none());
        cache.keep(id(1), &tree(&["a", "b", "b"]));
        let known = cache.get(id(1)).unwrap();
        let at = |name: &str| known.entry(name.as_bytes()).unwrap().map(|entry| entry.id);
        assert_eq!(at("a"), Some(id(0)));
        assert_eq!(at("b"), Some(id(1)), "the first of two");
        assert_eq!(at("c"), None);
    }

    #[test]
    fn a_tree_that_is_cut_off_has_no_entries() {
        let cache = TreeCache::default();
        let whole = tree(&["a", "b"]);
        cache.keep(id(1), &whole[..whole.len() - 1]);
        assert!(cache.get(id(1)).unwrap().entry(b"a").is_none());
    }

    #[test]
    fn the_trees_that_were_used_last_are_kept_unless_they_are_huge() {
        let cache = TreeCache::default();
        for number in 0..MAX_TREES {
            cache.keep(id(number), &[]);
        }
        // The oldest is used again, so the next oldest makes room.
        assert!(cache.get(id(0)).is_some());
        cache.keep(id(MAX_TREES), &[]);
        assert!(cache.get(id(0)).is_some() && cache.get(id(1)).is_none());
        cache.keep(id(100), &vec![0; MAX_TREE_BYTES + 1]);
        assert!(cache.get(id(100)).is_none());
    }
}
