//! The keys of mappings, indexed the first time that a key is looked up: looking up every key of a mapping in turn does
//! not read the whole mapping for each.

use std::cell::RefCell;
use std::collections::HashMap;

use super::model::NodeId;

/// A mapping with fewer entries is read from its beginning, unless it merges others.
pub(crate) const FEW: usize = 16;

/// What a mapping has for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// The value of its one own entry.
    Own(NodeId),
    /// The value of the first entry that a `<<` merge adds.
    Merged(NodeId),
    /// It has the key twice; this is the second key.
    Twice(NodeId),
}

/// The keys of one mapping.
pub(crate) type Keys = HashMap<Box<str>, Held>;

/// The keys of the mappings of one file that were looked at.
#[derive(Debug, Default)]
pub(crate) struct KeyIndex(RefCell<HashMap<NodeId, Keys>>);

impl KeyIndex {
    /// What the mapping has for a key. `keys` is called once for each mapping.
    pub(crate) fn held(
        &self,
        mapping: NodeId,
        key: &str,
        keys: impl FnOnce() -> Keys,
    ) -> Option<Held> {
        let mut known = self.0.borrow_mut();
        known.entry(mapping).or_insert_with(keys).get(key).copied()
    }

    /// Bytes of memory that this takes, to the accuracy of a few percent.
    pub(crate) fn memory(&self) -> usize {
        let entry = size_of::<(Box<str>, Held)>();
        let of = |keys: &Keys| {
            let texts: usize = keys.keys().map(|key| key.len()).sum();
            keys.capacity() * entry + texts
        };
        self.0.borrow().values().map(of).sum()
    }
}
