//! Every scalar of every document of a file, for comparing two versions of it.

use std::collections::BTreeMap;

use crate::model::place::RepoPath;
use crate::model::policy::Policy;
use crate::model::reference::{Kind, ManifestKey};
use crate::yaml::{FieldPath, Limits, NodeId, NodeKind, Segment, Stream};

/// One document (or item of a `List`) and its scalars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestScalars {
    /// Its key, where it is a manifest of ours.
    pub key: Option<ManifestKey>,
    /// Every scalar by path; `None` is null. Empty mappings and lists count as null, so that filling one shows.
    pub scalars: BTreeMap<FieldPath, Option<String>>,
}

/// All scalars of a file by document; `None` where it cannot be read or holds what cannot be compared this way
/// (aliases, keys that are not plain names, duplicate keys).
pub fn scalars_of_file(
    file: &RepoPath,
    bytes: &[u8],
    policy: &Policy,
) -> Option<Vec<ManifestScalars>> {
    let stream = Stream::parse(bytes, &Limits::default()).ok()?;
    let mut found = Vec::new();
    for document in stream.documents() {
        let Some(root) = document.root else {
            continue;
        };
        if !stream.duplicate_keys(document).is_empty() {
            return None;
        }
        for node in items(&stream, root) {
            let mut scalars = BTreeMap::new();
            collect(&stream, node, &FieldPath::keys(&[]), &mut scalars)?;
            found.push(ManifestScalars {
                key: key(file, &scalars, policy),
                scalars,
            });
        }
    }
    Some(found)
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

fn collect(
    stream: &Stream,
    node: NodeId,
    path: &FieldPath,
    into: &mut BTreeMap<FieldPath, Option<String>>,
) -> Option<()> {
    match stream.node(node).kind {
        NodeKind::Scalar { value, .. } => {
            let value = (!stream.is_null(node)).then(|| value.to_owned());
            into.insert(path.clone(), value);
        }
        NodeKind::Mapping(pairs) => {
            if pairs.is_empty() {
                into.insert(path.clone(), None);
            }
            for pair in pairs {
                let name = stream.scalar(pair.key)?;
                if name == "<<" {
                    return None;
                }
                collect(stream, pair.value, &path.child(name), into)?;
            }
        }
        NodeKind::Sequence(items) => {
            if items.is_empty() {
                into.insert(path.clone(), None);
            }
            for (index, item) in items.iter().enumerate() {
                collect(stream, *item, &path.join(Segment::Index(index)), into)?;
            }
        }
        NodeKind::Alias(_) => return None,
    }
    Some(())
}

fn key(
    file: &RepoPath,
    scalars: &BTreeMap<FieldPath, Option<String>>,
    policy: &Policy,
) -> Option<ManifestKey> {
    let text = |keys: &[&str]| scalars.get(&FieldPath::keys(keys)).cloned().flatten();
    let kind = Kind::of(&text(&["apiVersion"])?, &text(&["kind"])?)?;
    Some(ManifestKey {
        kind,
        namespace: text(&["metadata", "namespace"])
            .filter(|namespace| !namespace.is_empty())
            .or_else(|| policy.namespace_of(file.as_str()).map(str::to_owned)),
        name: text(&["metadata", "name"])?,
    })
}
