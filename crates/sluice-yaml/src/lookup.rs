//! Looking a field up for reading, as a conforming parser sees it: aliases are followed, `<<` merges apply.
//!
//! Whether the field may also be written is another question, asked of [`super::edit::probe`].

use std::collections::HashSet;

use super::path::{FieldPath, Segment};
use super::syntax::index::{FEW, Held, Keys};
use super::syntax::{Entry, NodeId, NodeKind, Position, Stream};

/// Merges within merges that are followed.
const MERGE_DEPTH: usize = 32;

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// A node; never an alias, but the node that it refers to.
    Found {
        /// The node.
        node: NodeId,
        /// Whether it is written there itself.
        via: Via,
    },
    /// Nothing.
    Absent {
        /// How far the path goes.
        parent: Parent,
    },
    /// A mapping on the path has the key twice, so that parsers disagree about its value.
    Duplicate {
        /// The second of the keys.
        position: Position,
    },
}

/// How a node is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// It is at the path itself.
    Direct,
    /// At least one alias is on the path or at its end.
    Alias,
    /// At least one step of the path is given by a `<<` merge.
    Merge,
}

/// The end of a path without a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// In this mapping, which has all of the path but its last key.
    Mapping(NodeId),
    /// Already before that: a key or an element on the way is missing, or several elements match.
    Missing,
    /// At this null, in the place of the mapping or list.
    Null(NodeId),
    /// At this node, which is not a mapping (or not a list), so that the path cannot continue.
    NotAMapping(NodeId),
}

impl Stream {
    /// Follows a path from a node.
    pub fn lookup(&self, from: NodeId, path: &FieldPath) -> Lookup {
        let mut via = Via::Direct;
        let mut node = self.follow(from, &mut via);
        for (at, segment) in path.segments().iter().enumerate() {
            let is_last = at + 1 == path.segments().len();
            let next = match (segment, self.node(node).kind) {
                (Segment::Key(key), NodeKind::Mapping(_)) => match self.value_of(node, key) {
                    Ok(None) if is_last => return absent(Parent::Mapping(node)),
                    Ok(found) => found.map(|(value, is_merged)| {
                        via = via.max(if is_merged { Via::Merge } else { Via::Direct });
                        value
                    }),
                    Err(position) => return Lookup::Duplicate { position },
                },
                (Segment::Index(index), NodeKind::Sequence(items)) => items.get(*index).copied(),
                (Segment::Select { key, value }, NodeKind::Sequence(items)) => {
                    match self.select(items, key, value) {
                        Ok(found) => found,
                        Err(position) => return Lookup::Duplicate { position },
                    }
                }
                _ if self.is_null(node) => return absent(Parent::Null(node)),
                _ => return absent(Parent::NotAMapping(node)),
            };
            match next {
                Some(next) => node = self.follow(next, &mut via),
                None => return absent(Parent::Missing),
            }
        }
        Lookup::Found { node, via }
    }

    /// The value of a key, and whether a merge gives it. The key's own mapping wins, then the first merge source.
    ///
    /// # Errors
    /// The position of the key's duplicate in its mapping.
    pub fn value_of(&self, mapping: NodeId, key: &str) -> Result<Option<(NodeId, bool)>, Position> {
        let NodeKind::Mapping(entries) = self.node(mapping).kind else {
            return Ok(None);
        };
        let merges = |entry: &Entry| self.is_merge_key(entry.key);
        let held = if entries.len() <= FEW && !entries.iter().any(merges) {
            let same = |entry: &&Entry| self.key_text(entry.key) == Some(key);
            let mut same = entries.iter().filter(same);
            match (same.next(), same.next()) {
                (Some(_), Some(second)) => Some(Held::Twice(second.key)),
                (first, _) => first.map(|entry| Held::Own(entry.value)),
            }
        } else {
            let keys = || self.keys_of(entries);
            self.key_index().held(mapping, key, keys)
        };
        match held {
            Some(Held::Own(value)) => Ok(Some((value, false))),
            Some(Held::Merged(value)) => Ok(Some((value, true))),
            Some(Held::Twice(second)) => Err(self.position(second)),
            None => Ok(None),
        }
    }

    fn keys_of(&self, entries: &[Entry]) -> Keys {
        let own = entries.iter().filter(|one| !self.is_merge_key(one.key));
        let own = own.count();
        let all = self.effective_entries(entries);
        let mut keys = Keys::with_capacity(all.len());
        for (at, entry) in all.iter().enumerate() {
            let Some(key) = self.key_text(entry.key) else {
                continue;
            };
            if at >= own {
                keys.insert(key.into(), Held::Merged(entry.value));
            } else if let Some(held) = keys.get_mut(key) {
                if matches!(held, Held::Own(_)) {
                    *held = Held::Twice(entry.key);
                }
            } else {
                keys.insert(key.into(), Held::Own(entry.value));
            }
        }
        keys
    }

    /// All entries of a mapping with its merges applied: its own first, then those that the merges add.
    pub fn effective_entries(&self, entries: &[Entry]) -> Vec<Entry> {
        let sources = self.merge_sources(entries, MERGE_DEPTH);
        let is_own = |entry: &&Entry| !self.is_merge_key(entry.key);
        let mut all: Vec<Entry> = entries.iter().filter(is_own).copied().collect();
        if sources.is_empty() {
            return all;
        }
        let mut seen: HashSet<&str> = all
            .iter()
            .filter_map(|entry| self.key_text(entry.key))
            .collect();
        for source in sources {
            let NodeKind::Mapping(entries) = self.node(source).kind else {
                continue;
            };
            for entry in entries.iter().filter(is_own) {
                if self.key_text(entry.key).is_some_and(|key| seen.insert(key)) {
                    all.push(*entry);
                }
            }
        }
        all
    }

    /// The mappings that `<<` merges in, the strongest first, those that they merge in themselves behind each.
    fn merge_sources(&self, entries: &[Entry], depth: usize) -> Vec<NodeId> {
        let mut sources = Vec::new();
        for entry in entries.iter().filter(|entry| self.is_merge_key(entry.key)) {
            let value = self.resolve(entry.value);
            match self.node(value).kind {
                NodeKind::Sequence(items) => {
                    sources.extend(items.iter().map(|item| self.resolve(*item)));
                }
                _ => sources.push(value),
            }
        }
        if depth == 0 || sources.is_empty() {
            return sources;
        }
        let mut all = Vec::new();
        for source in sources {
            all.push(source);
            if let NodeKind::Mapping(entries) = self.node(source).kind {
                all.extend(self.merge_sources(entries, depth - 1));
            }
        }
        all
    }

    /// The one element whose field has this text; none if several have it.
    fn select(&self, items: &[NodeId], key: &str, value: &str) -> Result<Option<NodeId>, Position> {
        let mut found = None;
        for item in items {
            let element = self.resolve(*item);
            let Some((field, _)) = self.value_of(element, key)? else {
                continue;
            };
            let field = self.resolve(field);
            if self.is_null(field) || self.scalar(field) != Some(value) {
                continue;
            }
            if found.is_some() {
                return Ok(None);
            }
            found = Some(*item);
        }
        Ok(found)
    }

    fn follow(&self, id: NodeId, via: &mut Via) -> NodeId {
        let target = self.resolve(id);
        if target != id {
            *via = (*via).max(Via::Alias);
        }
        target
    }
}

fn absent(parent: Parent) -> Lookup {
    Lookup::Absent { parent }
}

#[cfg(test)]
mod tests;
