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
    Some(ManifestKey {
        kind: Kind::of(text(&["apiVersion"])?, text(&["kind"])?)?,
        namespace: namespace(text(&["metadata", "namespace"]), file, policy),
        name: text(&["metadata", "name"])?.to_owned(),
    })
}

/// `metadata.namespace`, or what the policy fills in for this file. An empty one says as much as none.
pub(super) fn namespace(written: Option<&str>, file: &RepoPath, policy: &Policy) -> Option<String> {
    let written = written.filter(|text| !text.is_empty());
    let filled_in = || policy.namespace_of(file.as_str());
    written.or_else(filled_in).map(str::to_owned)
}

/// The items of a `List` of `v1`; `None` if the node is something else.
pub(super) fn list_items(stream: &Stream, node: NodeId) -> Option<&[NodeId]> {
    let is_list = text(stream, node, &["apiVersion"]) == Some("v1")
        && text(stream, node, &["kind"]) == Some("List");
    is_list.then(|| match stream.lookup(node, &FieldPath::keys(&["items"])) {
        Lookup::Found { node, .. } => match stream.node(node).kind {
            NodeKind::Sequence(items) => items,
            _ => &[],
        },
        _ => &[],
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
