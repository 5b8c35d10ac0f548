//! One version of a manifest file for the guard: what stands at gated fields, and what a `Pipeline` says.
//!
//! By the same rules as the catalog reads it: what is not ours is passed over, and what is ours and cannot be understood
//! is said.

use std::collections::BTreeMap;

use serde_json::Value;

use super::load::{SourceFile, load};
use super::read::mentions_ours;
use super::scalars::scalars_of_file;
use crate::model::change::Text;
use crate::model::guard::{FileThen, Gated, ManifestThen};
use crate::model::place::RepoPath;
use crate::model::policy::Policy;
use crate::model::reference::{Kind, ManifestKey};
use crate::yaml::{FieldPath, Limits, Lookup, NodeId, NodeKind, Stream, from_node};

/// Whether a file may hold manifests of ours, or a `Secret`, judged by its bytes.
pub fn may_matter(bytes: &[u8]) -> bool {
    mentions_ours(bytes) || memchr::memmem::find(bytes, b"Secret").is_some()
}

/// What a file holds; of each manifest the fields that are gated in any of these states.
pub fn file_then(file: &SourceFile, policy: &Policy, gated: &[&Gated]) -> FileThen {
    if !may_matter(&file.bytes) {
        return FileThen::Nothing;
    }
    let read = load(std::slice::from_ref(file), policy);
    if let Some(finding) = read.findings.first() {
        return FileThen::Unreadable(format!("line {}: {}", finding.place.line, finding.message));
    }
    // What is left are templates, and files of others.
    let Ok(stream) = Stream::parse(&file.bytes, &Limits::default()) else {
        return FileThen::Nothing;
    };
    let found = manifests(&stream, &file.path, policy);
    let then = |(key, node): (ManifestKey, NodeId)| ManifestThen {
        values: gated
            .iter()
            .flat_map(|gated| gated.of(&key))
            .filter_map(|(path, _)| Some((path.clone(), value(&stream, node, path, key.kind)?)))
            .collect(),
        ways: (key.kind == Kind::Pipeline).then(|| {
            ["stages", "edges"].map(|name| tree(&stream, node, &FieldPath::keys(&["spec", name])))
        }),
        key,
    };
    FileThen::Read(found.into_iter().map(then).collect())
}

/// Whether two versions of a file differ at most in values that no reference goes by: then the same fields of the same
/// manifests are gated. `false` also where that cannot be told.
pub fn same_shape(path: &RepoPath, before: &[u8], after: &[u8], policy: &Policy) -> bool {
    let shape = |bytes: &[u8]| -> Option<Vec<_>> {
        let manifests = scalars_of_file(path, bytes, policy)?.into_iter();
        let shape = manifests.map(|manifest| {
            let kept: BTreeMap<FieldPath, Option<String>> = manifest
                .scalars
                .into_iter()
                .map(|(path, value)| {
                    let filled = value.as_ref().map(|_| String::new());
                    let kept = if names_something(&path) {
                        value
                    } else {
                        filled
                    };
                    (path, kept)
                })
                .collect();
            (manifest.key, kept)
        });
        Some(shape.collect())
    };
    matches!((shape(before), shape(after)), (Some(before), Some(after)) if before == after)
}

/// Whether references are looked up by what stands there.
fn names_something(path: &FieldPath) -> bool {
    let names = [
        FieldPath::keys(&["apiVersion"]),
        FieldPath::keys(&["kind"]),
        FieldPath::keys(&["metadata"]),
        FieldPath::keys(&["spec", "name"]),
        FieldPath::keys(&["spec", "namespace"]),
        FieldPath::keys(&["spec", "configurationRef"]),
        FieldPath::keys(&["spec", "stages"]),
        FieldPath::keys(&["spec", "edges"]),
    ];
    names.iter().any(|name| path.starts_with(name))
}

/// The manifests of ours in a file, in its order. Documents in which a key stands twice are no manifests.
fn manifests(stream: &Stream, file: &RepoPath, policy: &Policy) -> Vec<(ManifestKey, NodeId)> {
    let text = |node: NodeId, keys: &[&str]| -> Option<String> {
        let Lookup::Found { node, .. } = stream.lookup(node, &FieldPath::keys(keys)) else {
            return None;
        };
        let text = stream.scalar(node).filter(|_| !stream.is_null(node))?;
        Some(text.to_owned())
    };
    let key = |node: NodeId| -> Option<ManifestKey> {
        let kind = Kind::of(&text(node, &["apiVersion"])?, &text(node, &["kind"])?)?;
        Some(ManifestKey {
            kind,
            namespace: text(node, &["metadata", "namespace"])
                .filter(|namespace| !namespace.is_empty())
                .or_else(|| policy.namespace_of(file.as_str()).map(str::to_owned)),
            name: text(node, &["metadata", "name"])?,
        })
    };
    let mut found = Vec::new();
    for document in stream.documents() {
        let Some(root) = document.root else { continue };
        if !stream.duplicate_keys(document).is_empty() {
            continue;
        }
        let is_list = text(root, &["apiVersion"]).as_deref() == Some("v1")
            && text(root, &["kind"]).as_deref() == Some("List");
        let items = match stream.lookup(root, &FieldPath::keys(&["items"])) {
            Lookup::Found { node, .. } if is_list => match stream.node(node).kind {
                NodeKind::Sequence(items) => items,
                _ => &[],
            },
            _ => &[root][..],
        };
        found.extend(items.iter().filter_map(|node| Some((key(*node)?, *node))));
    }
    found
}

/// What stands at a path: the text of a scalar, else the source's own text. Nothing and null are the same.
fn value(stream: &Stream, node: NodeId, path: &FieldPath, kind: Kind) -> Option<Text> {
    let text = match stream.lookup(node, path) {
        Lookup::Found { node, .. } if stream.is_null(node) => return None,
        Lookup::Found { node, .. } => match stream.scalar(node) {
            Some(text) => text.to_owned(),
            None => source(stream, node),
        },
        Lookup::Absent { .. } => return None,
        Lookup::Duplicate { position } => format!("twice, at line {}", position.line),
    };
    Some(match kind {
        Kind::Secret => Text::Secret(text.into()),
        _ => Text::Plain(text),
    })
}

/// A part of a manifest without comments and layout; its own text where it cannot be taken apart.
fn tree(stream: &Stream, node: NodeId, path: &FieldPath) -> Value {
    match stream.lookup(node, path) {
        Lookup::Found { node, .. } => {
            from_node::<Value>(stream, node).unwrap_or_else(|_| Value::String(source(stream, node)))
        }
        Lookup::Absent { .. } => Value::Null,
        Lookup::Duplicate { position } => {
            Value::String(format!("twice, at line {}", position.line))
        }
    }
}

fn source(stream: &Stream, node: NodeId) -> String {
    let span = stream.node(node).span;
    let text = stream.source().get(span.start..span.end);
    text.unwrap_or_default().to_owned()
}
