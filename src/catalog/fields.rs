//! The fields of a document, whatever kind of manifest it is.

use secrecy::SecretString;

use super::template::is_marked;
use crate::model::reference::Kind;
use crate::model::service::{Entries, Field, SecretEntries, SecretField, Value};
use crate::model::wire_words::NOTE;
use crate::yaml::de::DeError;
use crate::yaml::scalar::{PlainType, plain_type};
use crate::yaml::{FieldPath, Lookup, NodeId, NodeKind, Parent, Position, ScalarStyle, Stream};

/// Reads the fields of the nodes of one file.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) stream: &'a Stream,
}

impl Fields<'_> {
    /// Where a node begins.
    pub(super) fn at(&self, node: NodeId) -> Position {
        self.stream.position(node)
    }

    /// Whether a document that is not a manifest may become one of ours once its template is filled in: nothing in it
    /// says that it is anything else.
    pub(super) fn may_be_ours(&self, root: NodeId) -> bool {
        let of = |key: &str| self.field(root, &FieldPath::keys(&[key]));
        match (of("apiVersion"), of("kind")) {
            (Field::Value(api_version), Field::Value(kind)) => {
                Kind::of(&api_version.text, &kind.text).is_some()
            }
            (Field::Value(api_version), Field::NotScalar(_)) => {
                api_version.text.starts_with("deployments.plural.sh/")
            }
            (Field::NotScalar(_), Field::Value(_) | Field::NotScalar(_)) => true,
            _ => false,
        }
    }

    /// The value, among those that say what a manifest is and what it is called, that contains template syntax and is
    /// not a string.
    pub(super) fn marked_head(&self, root: NodeId) -> Option<NodeId> {
        let heads: [&[&str]; 3] = [&["apiVersion"], &["kind"], &["metadata", "name"]];
        heads.into_iter().find_map(|keys| self.marked(root, keys))
    }

    /// The value at a path, if it is not a string and contains template syntax.
    fn marked(&self, node: NodeId, keys: &[&str]) -> Option<NodeId> {
        match self.stream.lookup(node, &FieldPath::keys(keys)) {
            Lookup::Found { node, .. } if self.stream.scalar(node).is_none() => {
                is_marked(self.stream, node).then_some(node)
            }
            _ => None,
        }
    }

    /// The same as an error.
    pub(super) fn refuse_marked(&self, node: NodeId, keys: &[&str]) -> Result<(), DeError> {
        match self.marked(node, keys) {
            Some(value) => Err(DeError::about(
                self.stream,
                value,
                "this is a template, not a string",
            )),
            None => Ok(()),
        }
    }

    /// The entries of a `Secret` below `key`, each as `decode` reads it.
    pub(super) fn secret_entries(
        &self,
        node: NodeId,
        key: &str,
        decode: impl Fn(&str) -> Result<String, &'static str>,
    ) -> SecretEntries {
        let mut found = SecretEntries::default();
        for (name, at, field) in self.children(node, &FieldPath::keys(&[key]), &mut found.at) {
            let field = match field {
                // What SOPS writes, wherever its own block is.
                Field::Value(value) if value.text.starts_with("ENC[AES256_GCM,") => {
                    SecretField::Unusable {
                        at: value.at,
                        why: "it is encrypted with SOPS",
                    }
                }
                Field::Value(value) => match decode(&value.text) {
                    Ok(text) => SecretField::Value {
                        value: SecretString::from(text),
                        at: value.at,
                    },
                    Err(why) => SecretField::Unusable { at: value.at, why },
                },
                Field::NotScalar(at) => SecretField::Unusable {
                    at,
                    why: "it is not a scalar",
                },
                Field::Empty(at) => SecretField::Empty(at),
                Field::Absent { .. } => SecretField::Empty(at),
            };
            found.entries.insert(name, field);
        }
        found
    }

    /// The entries of `spec.configuration`.
    pub(super) fn entries(&self, node: NodeId) -> Entries {
        let mut found = Entries::default();
        let path = FieldPath::keys(&["spec", "configuration"]);
        let children = self.children(node, &path, &mut found.at);
        // A key with nothing behind it takes entries as well.
        if let Lookup::Found { node: null, .. } = self.stream.lookup(node, &path)
            && self.stream.is_null(null)
        {
            found.at = Some(self.at(null));
        }
        found.entries = children
            .into_iter()
            .map(|(name, _, field)| (name, field))
            .collect();
        found
    }

    /// The entries of the mapping at `path`; `at` is set to its position if it is one.
    fn children(
        &self,
        node: NodeId,
        path: &FieldPath,
        at: &mut Option<Position>,
    ) -> Vec<(String, Position, Field)> {
        let Lookup::Found { node: mapping, .. } = self.stream.lookup(node, path) else {
            return Vec::new();
        };
        let NodeKind::Mapping(pairs) = self.stream.node(mapping).kind else {
            return Vec::new();
        };
        *at = Some(self.at(mapping));
        let mut entries = Vec::new();
        for pair in self.stream.effective_entries(pairs) {
            let Some(name) = self.stream.scalar(pair.key) else {
                continue;
            };
            let name = name.to_owned();
            let key = pair.key;
            let field = self.field(mapping, &FieldPath::keys(&[&name]));
            entries.push((name, self.at(key), field));
        }
        entries
    }

    /// What readers take a scalar for. Quotes make a text of it, and so does a tag that only its own readers know.
    fn plain_type(&self, node: NodeId) -> PlainType {
        let node = self.stream.node(node);
        let NodeKind::Scalar { value, style } = node.kind else {
            return PlainType::Unclear;
        };
        match node
            .tag
            .and_then(|tag| tag.strip_prefix("tag:yaml.org,2002:"))
        {
            Some("str") => PlainType::Text,
            Some(_) => match plain_type(value) {
                PlainType::Text => PlainType::Unclear,
                other => other,
            },
            None if style == ScalarStyle::Plain && node.tag.is_none() => plain_type(value),
            None => PlainType::Text,
        }
    }

    /// What is at a path.
    pub(super) fn field(&self, node: NodeId, path: &FieldPath) -> Field {
        match self.stream.lookup(node, path) {
            Lookup::Found { node, .. } => match self.stream.scalar(node) {
                Some(_) if self.stream.is_null(node) => Field::Empty(self.at(node)),
                Some(text) => Field::Value(Value {
                    text: text.to_owned(),
                    at: self.at(node),
                    note: self.stream.trailing_comment(node).and_then(our_note),
                    kind: self.plain_type(node),
                }),
                None => Field::NotScalar(self.at(node)),
            },
            Lookup::Absent { parent } => Field::Absent {
                parent: match parent {
                    Parent::Mapping(mapping) => Some(self.at(mapping)),
                    Parent::Null(null) => Some(self.at(null)),
                    Parent::Missing | Parent::NotAMapping(_) => None,
                },
            },
            Lookup::Duplicate { position } => Field::NotScalar(position),
        }
    }
}

/// The name in our own comment, `# sluice: NAME`.
fn our_note(comment: &str) -> Option<String> {
    comment.strip_prefix(NOTE).map(str::to_owned)
}
