//! The differences between two versions of a file, expressed as the values that were set.
//!
//! Nodes are compared, not text: an alias equals an alias that refers to the same node. What our edits never do, such
//! as removing a value or changing what an alias refers to, cannot be expressed as such a difference.

use std::collections::{HashMap, HashSet};

use super::manifests::{items, key_of};
use crate::model::policy::Policy;
use crate::model::reference::ManifestKey;
use crate::model::source_location::RepoPath;
use crate::yaml::edit::Prober;
use crate::yaml::{Editable, Entry, FieldPath, Limits, Lookup, NodeId, NodeKind, Segment, Stream};

/// What differs between two versions of a file.
#[derive(Debug)]
pub struct Difference {
    before: Stream,
    /// The manifests that differ, in the order of the file.
    pub manifests: Vec<ChangedManifest>,
}

/// A manifest and the values that were set in it.
#[derive(Debug)]
pub struct ChangedManifest {
    /// Its key.
    pub key: ManifestKey,
    /// `metadata.namespace` as the file has it.
    pub written_namespace: Option<String>,
    /// What was set, in the order of the file.
    pub values: Vec<SetValue>,
}

/// A value that was set.
#[derive(Debug)]
pub struct SetValue {
    /// The field, with elements of lists by their index.
    pub path: FieldPath,
    /// The value before; `None` if there was none, or null.
    pub old: Option<String>,
    /// The value after.
    pub new: String,
    /// Its position in the version before.
    site: Editable,
    /// The element for each index on the path, in the version before.
    elements: Vec<NodeId>,
}

impl Difference {
    /// Compares two versions of a file. `None` if one cannot be read, or if something else was done than setting values of manifests.
    pub fn of(file: &RepoPath, before: &[u8], after: &[u8], policy: &Policy) -> Option<Self> {
        let parse = |bytes| Stream::parse(bytes, &Limits::default()).ok();
        let (before, after) = (parse(before)?, parse(after)?);
        if before.documents().len() != after.documents().len() {
            return None;
        }
        let mut walk = Walk {
            before: &before,
            after: &after,
            shared: before.alias_targets().collect(),
            anchored: HashMap::new(),
            path: Vec::new(),
            elements: Vec::new(),
            found: Vec::new(),
        };
        let mut manifests = Vec::new();
        for (old, new) in before.documents().iter().zip(after.documents()) {
            let (old, new) = match (old.root, new.root) {
                (Some(old), Some(new)) => (old, new),
                (None, None) => continue,
                _ => return None,
            };
            walk.node(old, new, true)?;
            let found = std::mem::take(&mut walk.found);
            if found.is_empty() {
                continue;
            }
            let (old_items, new_items) = (items(&before, old), items(&after, new));
            let mut by_item: Vec<Vec<SetValue>> = old_items.iter().map(|_| Vec::new()).collect();
            for value in found {
                let (item, value) = value.of_item(old, &old_items)?;
                by_item.get_mut(item)?.push(value);
            }
            for ((old, new), values) in old_items.into_iter().zip(new_items).zip(by_item) {
                if values.is_empty() {
                    continue;
                }
                let key = key_of(&before, old, file, policy)?;
                if Some(&key) != key_of(&after, new, file, policy).as_ref() {
                    return None;
                }
                let namespace = FieldPath::keys(&["metadata", "namespace"]);
                let written = match before.lookup(old, &namespace) {
                    Lookup::Found { node, .. } if !before.is_null(node) => before.scalar(node),
                    _ => None,
                };
                manifests.push(ChangedManifest {
                    key,
                    written_namespace: written.map(str::to_owned),
                    values,
                });
            }
        }
        Some(Self { before, manifests })
    }

    /// The fields by which the element at one index of a value's path might be named: at most `most`, in the order of the file. `index`
    /// counts the indices of the path.
    pub fn selectors(&self, value: &SetValue, index: usize, most: usize) -> Vec<&str> {
        let stream = &self.before;
        let Some(element) = value.elements.get(index) else {
            return Vec::new();
        };
        let NodeKind::Mapping(entries) = stream.node(stream.resolve(*element)).kind else {
            return Vec::new();
        };
        let field = |entry: Entry| {
            let node = stream.resolve(entry.value);
            let is_text = stream.scalar(node).is_some() && !stream.is_null(node);
            stream.key_text(entry.key).filter(|_| is_text)
        };
        let entries = stream.effective_entries(entries);
        entries.into_iter().filter_map(field).take(most).collect()
    }

    /// The text of a field of the element at one index of a value's path.
    pub fn selector(&self, value: &SetValue, index: usize, field: &str) -> Option<&str> {
        let stream = &self.before;
        let element = stream.resolve(*value.elements.get(index)?);
        let (node, _) = stream.value_of(element, field).ok()??;
        let node = stream.resolve(node);
        stream.scalar(node).filter(|_| !stream.is_null(node))
    }

    /// Determines whether other paths lead to the same values.
    pub fn namer(&self) -> Namer<'_> {
        Namer(Prober::of(&self.before))
    }
}

/// Whether other paths lead to the values that were set.
pub struct Namer<'a>(Prober<'a>);

impl Namer<'_> {
    /// Whether the editor would have set exactly this value for this path.
    pub fn leads_to(
        &mut self,
        manifest: &ChangedManifest,
        value: &SetValue,
        path: &FieldPath,
    ) -> bool {
        let identity = manifest.key.identity(manifest.written_namespace.as_deref());
        self.0.probe(&identity, path) == Ok(value.site)
    }
}

impl SetValue {
    /// The value as one in an element of a `List`, and which; `None` if it is beside the elements. Without a `List`
    /// there is one element, the document.
    fn of_item(mut self, root: NodeId, items: &[NodeId]) -> Option<(usize, Self)> {
        if items == [root] {
            return Some((0, self));
        }
        let [Segment::Key(list), Segment::Index(at), rest @ ..] = self.path.segments() else {
            return None;
        };
        if list != "items" {
            return None;
        }
        let (at, rest) = (*at, rest.iter().cloned().collect());
        self.path = rest;
        self.elements.remove(0);
        Some((at, self))
    }
}

/// The two versions side by side. Each step is `None` if something else was done than setting values.
struct Walk<'a> {
    before: &'a Stream,
    after: &'a Stream,
    /// What aliases refer to in the version before.
    shared: HashSet<NodeId>,
    /// Anchored nodes of the version before, and what they are in the one after.
    anchored: HashMap<NodeId, NodeId>,
    path: Vec<Segment>,
    elements: Vec<NodeId>,
    found: Vec<SetValue>,
}

impl<'a> Walk<'a> {
    /// At most as deep as the parser lets nodes nest. Unless `may_change`, nothing may differ.
    fn node(&mut self, old_id: NodeId, new_id: NodeId, may_change: bool) -> Option<()> {
        let (old, new) = (self.before.node(old_id), self.after.node(new_id));
        if (old.anchor, old.tag) != (new.anchor, new.tag) {
            return None;
        }
        if old.anchor.is_some() {
            self.anchored.insert(old_id, new_id);
        }
        // Whatever is set there, is set in every place that uses it.
        let may_change = may_change && !self.shared.contains(&old_id);
        match (old.kind, new.kind) {
            (NodeKind::Mapping(old), NodeKind::Mapping(new)) => {
                self.mapping(old_id, old, new, may_change)
            }
            (NodeKind::Scalar { .. }, NodeKind::Mapping(new)) if self.before.is_null(old_id) => {
                self.mapping(old_id, &[], new, may_change)
            }
            (NodeKind::Sequence(old), NodeKind::Sequence(new)) if old.len() == new.len() => {
                for (at, (old, new)) in old.iter().zip(new).enumerate() {
                    self.path.push(Segment::Index(at));
                    self.elements.push(*old);
                    self.node(*old, *new, may_change)?;
                    self.elements.pop();
                    self.path.pop();
                }
                Some(())
            }
            (NodeKind::Alias(old), NodeKind::Alias(new)) => {
                (self.anchored.get(&old) == Some(&new)).then_some(())
            }
            (NodeKind::Scalar { .. } | NodeKind::Alias(_), NodeKind::Scalar { .. }) => {
                self.scalar(old_id, new_id, may_change)
            }
            _ => None,
        }
    }

    fn scalar(&mut self, old_id: NodeId, new_id: NodeId, may_change: bool) -> Option<()> {
        let resolved = self.before.resolve(old_id);
        let old = self.before.scalar(resolved)?;
        let old = (!self.before.is_null(resolved)).then_some(old);
        let new = self.after.scalar(new_id)?;
        let new = (!self.after.is_null(new_id)).then_some(new);
        if old == new {
            // An alias is not written out.
            return (resolved == old_id).then_some(());
        }
        let site = Editable::Replace { node: old_id };
        self.set(old, new?, site, may_change)
    }

    fn mapping(
        &mut self,
        old_id: NodeId,
        old: &'a [Entry],
        new: &'a [Entry],
        may_change: bool,
    ) -> Option<()> {
        let (Some(old_keys), Some(mut new_keys)) = (keys(self.before, old), keys(self.after, new))
        else {
            return self.same_entries(old, new);
        };
        for entry in old {
            let key = self.before.scalar(entry.key)?;
            let other = new_keys.remove(key)?;
            let is_merge = self.before.is_merge_key(entry.key);
            if is_merge != self.after.is_merge_key(other.key) {
                return None;
            }
            self.node(entry.key, other.key, false)?;
            self.path.push(Segment::Key(key.to_owned()));
            self.node(entry.value, other.value, may_change && !is_merge)?;
            self.path.pop();
        }
        if new_keys.is_empty() {
            return Some(());
        }
        for entry in new {
            let key = self.after.scalar(entry.key)?;
            if old_keys.contains_key(key) {
                continue;
            }
            // It would hide what a merge gives.
            let is_merged = !old.is_empty() && self.before.value_of(old_id, key) != Ok(None);
            let bare = |id| {
                let node = self.after.node(id);
                node.anchor.is_none() && node.tag.is_none()
            };
            if is_merged
                || self.after.is_merge_key(entry.key)
                || !bare(entry.key)
                || !bare(entry.value)
                || self.after.is_null(entry.value)
            {
                return None;
            }
            let value = self.after.scalar(entry.value)?;
            self.path.push(Segment::Key(key.to_owned()));
            self.set(None, value, Editable::Insert { parent: old_id }, may_change)?;
            self.path.pop();
        }
        Some(())
    }

    /// What is compared entry by entry, because its keys are not plain names.
    fn same_entries(&mut self, old: &[Entry], new: &[Entry]) -> Option<()> {
        if old.len() != new.len() {
            return None;
        }
        old.iter().zip(new).try_for_each(|(old, new)| {
            self.node(old.key, new.key, false)?;
            self.node(old.value, new.value, false)
        })
    }

    fn set(
        &mut self,
        old: Option<&str>,
        new: &str,
        site: Editable,
        may_change: bool,
    ) -> Option<()> {
        if !may_change {
            return None;
        }
        self.found.push(SetValue {
            path: self.path.iter().cloned().collect(),
            old: old.map(str::to_owned),
            new: new.to_owned(),
            site,
            elements: self.elements.clone(),
        });
        Some(())
    }
}

/// The entries by key; `None` if a key is not a scalar, or appears twice.
fn keys<'a>(stream: &'a Stream, entries: &[Entry]) -> Option<HashMap<&'a str, Entry>> {
    let mut keys = HashMap::with_capacity(entries.len());
    for entry in entries {
        if keys.insert(stream.scalar(entry.key)?, *entry).is_some() {
            return None;
        }
    }
    Some(keys)
}
