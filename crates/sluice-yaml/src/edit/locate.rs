//! From an object and a path to the position of the edit. Stricter than a look-up for reading: anything that would
//! change more than this one field, or is in another place than the path says, is refused.

use std::collections::{HashMap, HashSet};

use super::error::{EditError, EditErrorKind};
use super::objects::Object;
use crate::path::{FieldPath, Segment};
use crate::syntax::{Entry, NodeId, NodeKind, Stream};

/// Mappings with more keys than this are indexed when they are looked at.
const FEW: usize = 16;

/// The position of an edit.
#[derive(Clone, Copy, Debug)]
pub(super) enum Site<'p> {
    /// There is a value.
    Value {
        node: NodeId,
        /// Its key, unless it is a list element.
        key: Option<NodeId>,
    },
    /// A mapping without the key.
    NewKey { mapping: NodeId, key: &'p str },
    /// A key without any value, below which a mapping begins.
    NewChild {
        null: NodeId,
        /// The key of the null itself.
        parent_key: NodeId,
        key: &'p str,
    },
}

impl Site<'_> {
    /// The value, or the node that gets the new key.
    pub(super) fn node(&self) -> NodeId {
        match *self {
            Self::Value { node, .. } => node,
            Self::NewKey { mapping, .. } => mapping,
            Self::NewChild { null, .. } => null,
        }
    }
}

/// Entries of a key: the first, and the second if there is a duplicate.
type Keys<'a> = HashMap<&'a str, (Entry, Option<NodeId>)>;

pub(super) struct Locator<'a> {
    stream: &'a Stream,
    /// Nodes that an alias refers to.
    shared: HashSet<NodeId>,
    keys: HashMap<NodeId, Keys<'a>>,
    /// Elements of long lists by the text of one field.
    selections: HashMap<(NodeId, String), HashMap<&'a str, Vec<NodeId>>>,
}

impl<'a> Locator<'a> {
    pub(super) fn new(stream: &'a Stream) -> Self {
        Self {
            stream,
            shared: stream.alias_targets().collect(),
            keys: HashMap::new(),
            selections: HashMap::new(),
        }
    }

    pub(super) fn locate<'p>(
        &mut self,
        object: &Object,
        path: &'p FieldPath,
    ) -> Result<Site<'p>, EditError> {
        for node in &object.around {
            self.check_unshared(*node, path)?;
        }
        let mut node = object.node;
        let mut key_node = None;
        for (at, segment) in path.segments().iter().enumerate() {
            self.check_on_path(node, path)?;
            let is_last = at + 1 == path.segments().len();
            if self.stream.is_null(node) {
                return self.below_null(node, key_node, path, segment, is_last);
            }
            match (segment, self.stream.node(node).kind) {
                (Segment::Key(key), NodeKind::Mapping(entries)) => {
                    match self.entry(node, entries, key)? {
                        Some(entry) => {
                            self.check_key(entry.key)?;
                            (node, key_node) = (entry.value, Some(entry.key));
                        }
                        None => return self.absent(node, key, path, is_last),
                    }
                }
                (Segment::Index(_) | Segment::Select { .. }, NodeKind::Sequence(items)) => {
                    node = self.element(node, items, segment, path)?;
                    key_node = None;
                }
                (segment, _) => {
                    let expected = if matches!(segment, Segment::Key(_)) {
                        "a mapping"
                    } else {
                        "a list"
                    };
                    let message = format!(
                        "`{path}` cannot be set: expected {expected} here, found something else"
                    );
                    return Err(self.error(EditErrorKind::NotAMapping, node, message));
                }
            }
        }
        self.check_unshared(node, path)?;
        if self.stream.scalar(self.stream.resolve(node)).is_none() {
            let message = format!(
                "`{path}` is not a single value but a mapping or a list: name a field within it"
            );
            return Err(self.error(EditErrorKind::NotAScalar, node, message));
        }
        Ok(Site::Value {
            node,
            key: key_node,
        })
    }

    fn below_null<'p>(
        &self,
        null: NodeId,
        parent_key: Option<NodeId>,
        path: &FieldPath,
        segment: &'p Segment,
        is_last: bool,
    ) -> Result<Site<'p>, EditError> {
        let node = self.stream.node(null);
        let is_bare =
            self.stream.is_empty_value(null) && node.anchor.is_none() && node.tag.is_none();
        match (segment, parent_key) {
            (Segment::Key(key), Some(parent_key))
                if is_last && is_bare && !self.stream.in_flow(null) =>
            {
                Ok(Site::NewChild {
                    null,
                    parent_key,
                    key,
                })
            }
            (Segment::Key(_), _) if is_last => {
                let message = format!(
                    "`{path}` cannot be added below an explicit null: write a mapping here, such as `{{}}`"
                );
                Err(self.error(EditErrorKind::Layout, null, message))
            }
            _ => Err(self.missing_parent(null, path)),
        }
    }

    fn absent<'p>(
        &self,
        mapping: NodeId,
        key: &'p str,
        path: &FieldPath,
        is_last: bool,
    ) -> Result<Site<'p>, EditError> {
        if let Ok(Some((_, true))) = self.stream.value_of(mapping, key) {
            let message = format!(
                "`{path}` comes from a `<<` merge: write the key here, or edit what is merged"
            );
            return Err(self.error(EditErrorKind::MergeOnPath, mapping, message));
        }
        if is_last {
            return Ok(Site::NewKey { mapping, key });
        }
        Err(self.missing_parent(mapping, path))
    }

    fn missing_parent(&self, at: NodeId, path: &FieldPath) -> EditError {
        let message = format!(
            "`{path}` cannot be added: the mapping that it belongs to is missing; add that first"
        );
        self.error(EditErrorKind::MissingParent, at, message)
    }

    /// The entry with this key, which must be the only one.
    fn entry(
        &mut self,
        mapping: NodeId,
        entries: &'a [Entry],
        key: &str,
    ) -> Result<Option<Entry>, EditError> {
        let found = if entries.len() <= FEW {
            let mut same = entries
                .iter()
                .filter(|entry| self.stream.own_key(entry.key) == Some(key));
            same.next()
                .map(|first| (*first, same.next().map(|second| second.key)))
        } else {
            let stream = self.stream;
            let keys = self.keys.entry(mapping).or_insert_with(|| {
                let mut keys = Keys::with_capacity(entries.len());
                for entry in entries {
                    if let Some(key) = stream.own_key(entry.key) {
                        keys.entry(key)
                            .and_modify(|(_, second)| *second = second.or(Some(entry.key)))
                            .or_insert((*entry, None));
                    }
                }
                keys
            });
            keys.get(key).copied()
        };
        match found {
            Some((_, Some(second))) => {
                let message = "duplicate key in this mapping: remove one of them";
                Err(self.error(EditErrorKind::DuplicateKey, second, message.to_owned()))
            }
            Some((entry, None)) => Ok(Some(entry)),
            None => Ok(None),
        }
    }

    fn check_key(&self, key: NodeId) -> Result<(), EditError> {
        if self.stream.resolve(key) != key {
            let message = "the key is an alias: write it out".to_owned();
            return Err(self.error(EditErrorKind::AliasOnPath, key, message));
        }
        if self.stream.is_explicit_key(key) {
            let message = "the key is written with `? `: write it as `key: value`".to_owned();
            return Err(self.error(EditErrorKind::Layout, key, message));
        }
        Ok(())
    }

    fn element(
        &mut self,
        list: NodeId,
        items: &'a [NodeId],
        segment: &Segment,
        path: &FieldPath,
    ) -> Result<NodeId, EditError> {
        let stream = self.stream;
        let found = match segment {
            Segment::Key(_) => None,
            Segment::Index(index) => items.get(*index).copied(),
            Segment::Select { key, value } => {
                let same = self.selected(list, items, key)?.get(&**value);
                let same = same.map_or(&[][..], |same| same);
                if same.len() > 1 {
                    let message = format!(
                        "`{path}` matches {} elements of this list: make them differ",
                        same.len()
                    );
                    let position = stream.position(list);
                    return Err(EditError {
                        candidates: same.iter().map(|item| stream.position(*item)).collect(),
                        ..EditError::new(EditErrorKind::Ambiguous, Some(position), message)
                    });
                }
                same.first().copied()
            }
        };
        found.ok_or_else(|| {
            let message =
                format!("`{path}` cannot be set: this list has no such element; add it first");
            self.error(EditErrorKind::NotFound, list, message)
        })
    }

    fn selected(
        &mut self,
        list: NodeId,
        items: &'a [NodeId],
        key: &str,
    ) -> Result<&HashMap<&'a str, Vec<NodeId>>, EditError> {
        let name = (list, key.to_owned());
        if !self.selections.contains_key(&name) {
            let mut by_text: HashMap<&'a str, Vec<NodeId>> = HashMap::new();
            for item in items {
                let field = self
                    .stream
                    .value_of(self.stream.resolve(*item), key)
                    .map_err(|position| {
                        let message =
                            format!("duplicate key `{key}` in this element: remove one of them");
                        EditError::new(EditErrorKind::DuplicateKey, Some(position), message)
                    })?;
                let field = field
                    .map(|(field, _)| self.stream.resolve(field))
                    .filter(|field| !self.stream.is_null(*field));
                if let Some(text) = field.and_then(|field| self.stream.scalar(field)) {
                    by_text.entry(text).or_default().push(*item);
                }
            }
            self.selections.insert(name.clone(), by_text);
        }
        self.selections
            .get(&name)
            .ok_or_else(|| self.error(EditErrorKind::NotFound, list, String::new()))
    }

    fn check_on_path(&self, node: NodeId, path: &FieldPath) -> Result<(), EditError> {
        if self.stream.resolve(node) != node {
            let message = format!(
                "`{path}` passes through an alias: write out its value here, or edit the anchor"
            );
            return Err(self.error(EditErrorKind::AliasOnPath, node, message));
        }
        self.check_unshared(node, path)
    }

    fn check_unshared(&self, node: NodeId, path: &FieldPath) -> Result<(), EditError> {
        if !self.shared.contains(&node) {
            return Ok(());
        }
        let anchor = self.stream.node(node).anchor.unwrap_or_default();
        let message = format!(
            "setting `{path}` would also change every use of `*{anchor}`: write those out first"
        );
        Err(self.error(EditErrorKind::SharedAnchor, node, message))
    }

    fn error(&self, kind: EditErrorKind, at: NodeId, message: String) -> EditError {
        EditError::new(kind, Some(self.stream.position(at)), message)
    }
}
