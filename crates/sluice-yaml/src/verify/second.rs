//! The second opinion: serde_yaml, another parser in another tradition (libyaml), must find the same tree, and in it
//! the same texts, asked for as `String`s. It is walked along the first parser's tree, so nothing is built twice and
//! aliases are never expanded.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::unproved::unproved;
use crate::edit::error::EditError;
use crate::syntax::{NodeId, NodeKind, Position, Stream};

pub(super) fn compare(stream: &Stream) -> Result<(), EditError> {
    // libyaml takes a byte order mark for content before a mapping of two or more keys.
    let source = stream.source();
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let mut documents = stream.documents().iter();
    for document in serde_yaml::Deserializer::from_str(source) {
        let Some(expected) = documents.next() else {
            return Err(unproved(None, "a second parser finds more documents"));
        };
        let result = match expected.root {
            Some(node) => Mirror { stream, node }.deserialize(document),
            None => Option::<IgnoredAny>::deserialize(document).and_then(|content| match content {
                None => Ok(()),
                Some(_) => Err(serde::de::Error::custom("content in an empty document")),
            }),
        };
        // After an error the iterator would repeat it for ever.
        result.map_err(|error| {
            let position = error.location().map(|place| Position {
                line: u32::try_from(place.line()).unwrap_or(u32::MAX),
                column: u32::try_from(place.column()).unwrap_or(u32::MAX),
            });
            unproved(
                position,
                &format!("a second parser reads it differently: {error}"),
            )
        })?;
    }
    match documents.next() {
        None => Ok(()),
        Some(missing) => Err(unproved(
            Some(missing.position),
            "a second parser finds fewer documents",
        )),
    }
}

/// Reads a node with the second parser and compares it with what the first one found.
#[derive(Clone, Copy)]
struct Mirror<'a> {
    stream: &'a Stream,
    node: NodeId,
}

impl<'a> Mirror<'a> {
    fn of(self, node: NodeId) -> Self {
        Self { node, ..self }
    }

    fn differs<E: serde::de::Error>(self) -> E {
        E::custom(format!(
            "something else than at {}",
            self.stream.position(self.node)
        ))
    }
}

impl<'de> DeserializeSeed<'de> for Mirror<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.stream.node(self.node).kind {
            NodeKind::Scalar { .. } => deserializer.deserialize_str(self),
            NodeKind::Sequence(_) => deserializer.deserialize_seq(self),
            NodeKind::Mapping(_) => deserializer.deserialize_map(self),
            // That its anchor exists was checked; skipping it follows nothing.
            NodeKind::Alias(_) => deserializer.deserialize_ignored_any(IgnoredAny).map(|_| ()),
        }
    }
}

impl<'de> Visitor<'de> for Mirror<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what the first parser found")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        if self.stream.scalar(self.node) == Some(text) {
            Ok(())
        } else {
            Err(self.differs())
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let NodeKind::Sequence(expected) = self.stream.node(self.node).kind else {
            return Err(self.differs());
        };
        for item in expected {
            if items.next_element_seed(self.of(*item))?.is_none() {
                return Err(self.of(*item).differs());
            }
        }
        if items.next_element::<IgnoredAny>()?.is_some() {
            Err(self.differs())
        } else {
            Ok(())
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let NodeKind::Mapping(expected) = self.stream.node(self.node).kind else {
            return Err(self.differs());
        };
        for entry in expected {
            if entries.next_key_seed(self.of(entry.key))?.is_none() {
                return Err(self.of(entry.key).differs());
            }
            entries.next_value_seed(self.of(entry.value))?;
        }
        if entries.next_key::<IgnoredAny>()?.is_some() {
            Err(self.differs())
        } else {
            Ok(())
        }
    }
}
