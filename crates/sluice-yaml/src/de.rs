//! Typed reading with positions: a serde `Deserializer` over one node of a [`Stream`].
//!
//! Owns how text becomes values, the same for every type: a string is the text of any scalar as it is written (`1.10`
//! is "1.10"), numbers and booleans are plain scalars of the YAML 1.2 core schema, null is nothing, `~` or `null`.
//! Aliases and `<<` merges are resolved, a duplicate key is an error. Messages never repeat a value: it may be secret.

mod access;
mod core_schema;
mod error;
mod located;
mod node;

use serde::de::Error as _;
use serde::de::{self, DeserializeOwned, Visitor};
use serde::forward_to_deserialize_any;

use node::{De, visit_integer};

pub use error::{DeError, Unknown};
pub use located::Located;

use super::syntax::{Entry, NodeId, NodeKind, Stream};
use access::{LocatedAccess, Map, Sequence, Variant};
use core_schema::Core;

/// Reads a value from a node.
///
/// # Errors
/// [`DeError`] at the key or value at fault; for a missing field, at the mapping that misses it.
pub fn from_node<T: DeserializeOwned>(stream: &Stream, node: NodeId) -> Result<T, DeError> {
    T::deserialize(De::value(stream, node))
}

macro_rules! located {
    ($($method:ident => $inner:ident),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
            self.located(self.$inner(visitor))
        })*
    };
}

impl<'a> De<'a> {
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
