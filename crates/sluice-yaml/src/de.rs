//! Typed reading with positions: a serde `Deserializer` over one node of a [`Stream`].
//!
//! Owns how text becomes values, the same for everybody: a string is the text of any scalar as it is written
//! (`1.10` is "1.10"), numbers and booleans are plain scalars of the YAML 1.2 core schema, null is nothing, `~` or
//! `null`. Aliases and `<<` merges are resolved, a key that stands twice is an error. Messages never repeat a value:
//! it may be secret.

mod access;
mod core_schema;
mod error;
mod located;

use std::collections::HashSet;

use serde::de::{self, DeserializeOwned, Error as _, Visitor};
use serde::forward_to_deserialize_any;

pub use error::{DeError, Unknown};
pub use located::Located;

use super::syntax::{Entry, NodeId, NodeKind, Position, ScalarStyle, Stream};
use access::{LocatedAccess, Map, Sequence, Variant};
use core_schema::Core;

/// Reads a value from a node.
///
/// # Errors
/// [`DeError`] at the key or value at fault; for a missing field, at the mapping that misses it.
pub fn from_node<T: DeserializeOwned>(stream: &Stream, node: NodeId) -> Result<T, DeError> {
    T::deserialize(De::value(stream, node))
}

/// A node to be read.
#[derive(Clone, Copy)]
struct De<'a> {
    stream: &'a Stream,
    /// The node where it stands: its position is the one that errors show.
    at: NodeId,
    /// The same node, or the one that the alias stands for.
    node: NodeId,
    /// A key is text even where a value would be null.
    is_key: bool,
}

impl<'a> De<'a> {
    fn value(stream: &'a Stream, at: NodeId) -> Self {
        Self {
            stream,
            at,
            node: stream.resolve(at),
            is_key: false,
        }
    }

    fn key(stream: &'a Stream, at: NodeId) -> Self {
        Self {
            is_key: true,
            ..Self::value(stream, at)
        }
    }

    fn position(&self) -> Position {
        self.stream.position(self.at)
    }

    fn is_null(&self) -> bool {
        !self.is_key && self.stream.is_null(self.node)
    }

    fn core(&self) -> Option<Core<'a>> {
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

    fn entries(&self, entries: &[Entry]) -> Result<Vec<Entry>, DeError> {
        let mut seen = HashSet::with_capacity(entries.len());
        for entry in entries {
            if let Some(key) = self.stream.key_text(entry.key)
                && !seen.insert(key)
            {
                let message = format!(
                    "the key `{}` stands twice in this mapping: remove one of them",
                    shown(key)
                );
                return Err(DeError::custom(message).at(self.stream, entry.key));
            }
            if self.stream.is_merge_key(entry.key) && !self.is_merge_value(entry.value) {
                let message = "`<<` takes a mapping, or a list of mappings";
                return Err(DeError::custom(message).at(self.stream, entry.value));
            }
        }
        Ok(self.stream.effective_entries(entries))
    }

    fn is_merge_value(&self, value: NodeId) -> bool {
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

    fn wrong_type<T>(&self, expected: &dyn de::Expected) -> Result<T, DeError> {
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
        let message = format!("expected {}, found {found}", error::plain(expected));
        Err(DeError::custom(message).at(self.stream, self.at))
    }

    fn text<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.stream.scalar(self.node) {
            Some(text) if !self.is_null() => visitor.visit_borrowed_str(text),
            _ => self.wrong_type(&visitor),
        }
    }

    fn number<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.core() {
            Some(Core::Integer(number)) => visit_integer(number, visitor),
            _ => self.wrong_type(&visitor),
        }
    }

    fn any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.stream.node(self.node).kind {
            NodeKind::Mapping(_) => self.map(visitor),
            NodeKind::Sequence(_) => self.sequence(visitor),
            NodeKind::Scalar { .. } | NodeKind::Alias(_) => match self.core() {
                _ if self.is_null() => visitor.visit_unit(),
                Some(Core::Bool(value)) => visitor.visit_bool(value),
                Some(Core::Integer(value))
                    if value < i64::MIN.into() || value > u64::MAX.into() =>
                {
                    visitor.visit_f64(value as f64)
                }
                Some(Core::Integer(value)) => visit_integer(value, visitor),
                Some(Core::Float(value)) => visitor.visit_f64(value),
                _ => self.text(visitor),
            },
        }
    }

    fn map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.stream.node(self.node).kind {
            NodeKind::Mapping(entries) => {
                visitor.visit_map(Map::new(self.stream, self.entries(entries)?))
            }
            _ => self.wrong_type(&visitor),
        }
    }

    fn sequence<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.stream.node(self.node).kind {
            NodeKind::Sequence(items) => visitor.visit_seq(Sequence::new(self.stream, items)),
            _ => self.wrong_type(&visitor),
        }
    }

    fn enumeration<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.stream.node(self.node).kind {
            NodeKind::Scalar { .. } if !self.is_null() => visitor.visit_enum(Variant::unit(self)),
            NodeKind::Mapping(entries) => match self.entries(entries)?[..] {
                [Entry { key, value }] => visitor.visit_enum(Variant::with(
                    De::key(self.stream, key),
                    De::value(self.stream, value),
                )),
                _ => Err(DeError::custom("expected a mapping with exactly one key")),
            },
            _ => self.wrong_type(&visitor),
        }
    }

    fn located<T>(self, result: Result<T, DeError>) -> Result<T, DeError> {
        result.map_err(|error| error.at(self.stream, self.at))
    }
}

fn visit_integer<'a, V: Visitor<'a>>(number: i128, visitor: V) -> Result<V::Value, DeError> {
    if let Ok(number) = u64::try_from(number) {
        visitor.visit_u64(number)
    } else if let Ok(number) = i64::try_from(number) {
        visitor.visit_i64(number)
    } else {
        visitor.visit_i128(number)
    }
}

/// A name from a file, short and without control characters.
fn shown(name: &str) -> String {
    const LONGEST: usize = 60;
    let safe = |character: char| {
        if character.is_control() {
            '\u{fffd}'
        } else {
            character
        }
    };
    let mut shown: String = name.chars().take(LONGEST).map(safe).collect();
    if name.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

macro_rules! located {
    ($($method:ident => $inner:ident),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
            self.located(self.$inner(visitor))
        })*
    };
}

impl<'de> de::Deserializer<'de> for De<'de> {
    type Error = DeError;

    located! {
        deserialize_any => any,
        deserialize_str => text,
        deserialize_string => text,
        deserialize_char => text,
        deserialize_identifier => text,
        deserialize_i8 => number,
        deserialize_i16 => number,
        deserialize_i32 => number,
        deserialize_i64 => number,
        deserialize_i128 => number,
        deserialize_u8 => number,
        deserialize_u16 => number,
        deserialize_u32 => number,
        deserialize_u64 => number,
        deserialize_u128 => number,
        deserialize_map => map,
        deserialize_seq => sequence,
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let result = match self.core() {
            Some(Core::Bool(value)) => visitor.visit_bool(value),
            _ => self.wrong_type(&visitor),
        };
        self.located(result)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let result = match self.core() {
            Some(Core::Float(value)) => visitor.visit_f64(value),
            _ => self.number(visitor),
        };
        self.located(result)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let result = if self.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        };
        self.located(result)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let result = if self.is_null() {
            visitor.visit_unit()
        } else {
            self.wrong_type(&visitor)
        };
        self.located(result)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        let result = if name == located::NAME {
            visitor.visit_seq(LocatedAccess::new(self))
        } else {
            visitor.visit_newtype_struct(self)
        };
        self.located(result)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.located(self.enumeration(visitor))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { bytes byte_buf }
}

#[cfg(test)]
mod tests;
