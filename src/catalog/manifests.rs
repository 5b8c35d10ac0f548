//! Finding the manifests in a document, and their keys.

use crate::model::policy::Policy;
use crate::model::reference::{Kind, ManifestKey};
use crate::model::source_location::RepoPath;
use crate::yaml::{FieldPath, Lookup, NodeId, NodeKind, Stream};

/// The key of a manifest of ours.
pub(super) fn key_of(
    stream: &Stream,
    node: NodeId,
    file: &RepoPath,
    policy: &Policy,
) -> Option<ManifestKey> {
    let text = |keys| text(stream, node, keys);
    let namespace = text(&["metadata", "namespace"]).filter(|namespace| !namespace.is_empty());
    Some(ManifestKey {
        kind: Kind::of(text(&["apiVersion"])?, text(&["kind"])?)?,
        namespace: namespace
            .or_else(|| policy.namespace_of(file.as_str()))
            .map(str::to_owned),
        name: text(&["metadata", "name"])?.to_owned(),
    })
}

/// The manifests of a document: its root, or the items of a `List`.
pub(super) fn items(stream: &Stream, root: NodeId) -> Vec<NodeId> {
    let NodeKind::Mapping(pairs) = stream.node(root).kind else {
        return vec![root];
    };
    let entry = |wanted: &str| {
        pairs
            .iter()
            .find(|pair| stream.scalar(pair.key) == Some(wanted))
            .map(|pair| pair.value)
    };
    let is_list = entry("kind").is_some_and(|kind| stream.scalar(kind) == Some("List"));
    match entry("items").map(|items| stream.node(items).kind) {
        Some(NodeKind::Sequence(items)) if is_list => items.to_vec(),
        _ => vec![root],
    }
}

/// The text of a scalar that is not null.
pub(super) fn text<'a>(stream: &'a Stream, node: NodeId, keys: &[&str]) -> Option<&'a str> {
    match stream.lookup(node, &FieldPath::keys(keys)) {
        Lookup::Found { node, .. } if !stream.is_null(node) => stream.scalar(node),
        _ => None,
    }
}
