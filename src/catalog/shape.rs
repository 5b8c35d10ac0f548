//! Whether two versions of a file are equal in everything that references depend on.

use std::collections::HashMap;

use super::guard::{Read, Version};
use super::manifests::items;
use crate::yaml::{Entry, NodeId, NodeKind, Stream};

/// Whether two versions of a file differ at most in values that no reference depends on: then the same fields of the
/// same manifests are gated. `false` also if that cannot be determined.
pub fn same_shape(before: &Version, after: &Version) -> bool {
    let (Read::Manifests { stream: before, .. }, Read::Manifests { stream: after, .. }) =
        (&before.0, &after.0)
    else {
        return false;
    };
    let (Some(old), Some(new)) = (roots(before), roots(after)) else {
        return false;
    };
    let sides = Sides { before, after };
    let mut pairs = old.iter().zip(&new);
    old.len() == new.len() && pairs.all(|(old, new)| sides.same(*old, *new, Part::Root))
}

/// The manifests and everything else at the roots of a file's documents; a `List` is replaced by its items. `None` if a
/// mapping has a duplicate key.
fn roots(stream: &Stream) -> Option<Vec<NodeId>> {
    let mut found = Vec::new();
    for document in stream.documents() {
        let Some(root) = document.root else { continue };
        if !stream.duplicate_keys(document).is_empty() {
            return None;
        }
        found.extend(items(stream, root));
    }
    Some(found)
}

/// Which part of a manifest a node is.
#[derive(Clone, Copy)]
enum Part {
    Root,
    Spec,
    /// References are looked up by these values.
    Names,
    Other,
}

impl Part {
    fn child(self, key: &str) -> Self {
        match (self, key) {
            (Self::Root, "apiVersion" | "kind" | "metadata") => Self::Names,
            (Self::Root, "spec") => Self::Spec,
            (Self::Spec, "name" | "namespace" | "configurationRef" | "stages" | "edges") => {
                Self::Names
            }
            (Self::Names, _) => Self::Names,
            _ => Self::Other,
        }
    }

    fn item(self) -> Self {
        match self {
            Self::Names => Self::Names,
            _ => Self::Other,
        }
    }
}

struct Sides<'a> {
    before: &'a Stream,
    after: &'a Stream,
}

impl Sides<'_> {
    fn same(&self, old: NodeId, new: NodeId, part: Part) -> bool {
        match (self.before.node(old).kind, self.after.node(new).kind) {
            (NodeKind::Alias(_), _) | (_, NodeKind::Alias(_)) => false,
            (NodeKind::Mapping(old), NodeKind::Mapping(new))
                if !old.is_empty() && !new.is_empty() =>
            {
                self.same_entries(old, new, part)
            }
            (NodeKind::Sequence(old), NodeKind::Sequence(new))
                if !old.is_empty() && !new.is_empty() =>
            {
                let mut pairs = old.iter().zip(new);
                old.len() == new.len() && pairs.all(|(old, new)| self.same(*old, *new, part.item()))
            }
            _ => match (leaf(self.before, old), leaf(self.after, new)) {
                (Some(Some(old)), Some(Some(new))) => !matches!(part, Part::Names) || old == new,
                (old, new) => old.is_some() && old == new,
            },
        }
    }

    fn same_entries(&self, old: &[Entry], new: &[Entry], part: Part) -> bool {
        let values: Option<HashMap<&str, NodeId>> = new
            .iter()
            .map(|entry| Some((plain_key(self.after, entry)?, entry.value)))
            .collect();
        let Some(values) = values else { return false };
        old.len() == new.len()
            && old.iter().all(|entry| {
                let key = plain_key(self.before, entry);
                let other = key.and_then(|key| Some((key, values.get(key)?)));
                other.is_some_and(|(key, new)| self.same(entry.value, *new, part.child(key)))
            })
    }
}

/// The key of an entry, unless it is an alias, a collection or a merge.
fn plain_key<'a>(stream: &'a Stream, entry: &Entry) -> Option<&'a str> {
    stream.scalar(entry.key).filter(|key| *key != "<<")
}

/// The text of a scalar. Null, an empty mapping and an empty list are the same and have none, so that filling one is
/// noticed. `None` if the node is none of these.
fn leaf(stream: &Stream, node: NodeId) -> Option<Option<&str>> {
    match stream.node(node).kind {
        NodeKind::Scalar { value, .. } => Some((!stream.is_null(node)).then_some(value)),
        NodeKind::Mapping(entries) => entries.is_empty().then_some(None),
        NodeKind::Sequence(items) => items.is_empty().then_some(None),
        NodeKind::Alias(_) => None,
    }
}
