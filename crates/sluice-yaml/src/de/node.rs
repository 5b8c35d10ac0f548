//! A node to be read.

use std::collections::HashSet;

use serde::de::Error as _;
use serde::de::{self, Visitor};

use super::core_schema::Core;
use super::error::{DeError, plain, shown};
use crate::syntax::{Entry, NodeId, NodeKind, Position, ScalarStyle, Stream};

/// A node to be read.
#[derive(Clone, Copy)]
pub(super) struct De<'a> {
    pub(super) stream: &'a Stream,
    /// The node as written: errors show its position.
    pub(super) at: NodeId,
    /// The same node, or the one that the alias refers to.
    pub(super) node: NodeId,
    /// A key is text even if a value would be null.
    pub(super) is_key: bool,
}

impl<'a> De<'a> {
    pub(super) fn value(stream: &'a Stream, at: NodeId) -> Self {
        Self {
            stream,
            at,
            node: stream.resolve(at),
            is_key: false,
        }
    }

    pub(super) fn key(stream: &'a Stream, at: NodeId) -> Self {
        Self {
            is_key: true,
            ..Self::value(stream, at)
        }
    }

    pub(super) fn position(&self) -> Position {
        self.stream.position(self.at)
    }

    pub(super) fn is_null(&self) -> bool {
        !self.is_key && self.stream.is_null(self.node)
    }

    pub(super) fn core(&self) -> Option<Core<'a>> {
        let node = self.stream.node(self.node);
        let NodeKind::Scalar { value, style } = node.kind else {
            return None;
        };
        Some(
            match node
                .tag
                .and_then(|tag| tag.strip_prefix("tag:yaml.org,2002:"))
            {
                Some("int" | "float" | "bool" | "null") => Core::of(value),
                _ if node.tag == Some("!") => Core::Text(value),
                Some("str" | "binary" | "timestamp") => Core::Text(value),
                _ if style == ScalarStyle::Plain => Core::of(value),
                _ => Core::Text(value),
            },
        )
    }

    pub(super) fn entries(&self, entries: &[Entry]) -> Result<Vec<Entry>, DeError> {
        let mut seen = HashSet::with_capacity(entries.len());
        for entry in entries {
            if let Some(key) = self.stream.key_text(entry.key)
                && !seen.insert(key)
            {
                let message = format!(
                    "duplicate key `{}` in this mapping: remove one of them",
                    shown(key)
                );
                return Err(DeError::custom(message).at(self.stream, entry.key));
            }
            if self.stream.is_merge_key(entry.key) && !self.is_merge_value(entry.value) {
                let message = "`<<` needs a mapping or a list of mappings";
                return Err(DeError::custom(message).at(self.stream, entry.value));
            }
        }
        Ok(self.stream.effective_entries(entries))
    }

    pub(super) fn is_merge_value(&self, value: NodeId) -> bool {
        let is_mapping = |id: NodeId| {
            matches!(
                self.stream.node(self.stream.resolve(id)).kind,
                NodeKind::Mapping(_)
            )
        };
        match self.stream.node(self.stream.resolve(value)).kind {
            NodeKind::Sequence(items) => items.iter().all(|item| is_mapping(*item)),
            _ => is_mapping(value),
        }
    }

    pub(super) fn wrong_type<T>(&self, expected: &dyn de::Expected) -> Result<T, DeError> {
        let found = match self.stream.node(self.node).kind {
            NodeKind::Mapping(_) => "a mapping",
            NodeKind::Sequence(_) => "a list",
            NodeKind::Scalar { .. } | NodeKind::Alias(_) => match self.core() {
                _ if self.is_null() => "nothing",
                Some(Core::Bool(_)) => "a boolean",
                Some(Core::Integer(_) | Core::Float(_)) => "a number",
                _ => "a string",
            },
        };
        let message = format!("expected {}, found {found}", plain(expected));
        Err(DeError::custom(message).at(self.stream, self.at))
    }

    pub(super) fn text<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.stream.scalar(self.node) {
            Some(text) if !self.is_null() => visitor.visit_borrowed_str(text),
            _ => self.wrong_type(&visitor),
        }
    }

    pub(super) fn number<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.core() {
            Some(Core::Integer(number)) => visit_integer(number, visitor),
            _ => self.wrong_type(&visitor),
        }
    }

    pub(super) fn located<T>(self, result: Result<T, DeError>) -> Result<T, DeError> {
        result.map_err(|error| error.at(self.stream, self.at))
    }
}

pub(super) fn visit_integer<'a, V: Visitor<'a>>(
    number: i128,
    visitor: V,
) -> Result<V::Value, DeError> {
    if let Ok(number) = u64::try_from(number) {
        visitor.visit_u64(number)
    } else if let Ok(number) = i64::try_from(number) {
        visitor.visit_i64(number)
    } else {
        visitor.visit_i128(number)
    }
}
