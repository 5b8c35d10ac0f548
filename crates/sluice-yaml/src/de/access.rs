//! The parts of a collection, one after the other, as serde asks for them.

use serde::de::{self, DeserializeSeed, Error as _, IntoDeserializer, Visitor};

use super::error::DeError;
use super::node::De;
use crate::path::Segment;
use crate::syntax::{Entry, NodeId, Stream};

pub(super) struct Map<'a> {
    stream: &'a Stream,
    entries: std::vec::IntoIter<Entry>,
    current: Option<Entry>,
}

impl<'a> Map<'a> {
    pub(super) fn new(stream: &'a Stream, entries: Vec<Entry>) -> Self {
        Self {
            stream,
            entries: entries.into_iter(),
            current: None,
        }
    }
}

impl<'de> de::MapAccess<'de> for Map<'de> {
    type Error = DeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DeError> {
        self.current = self.entries.next();
        let Some(entry) = self.current else {
            return Ok(None);
        };
        let key = De::key(self.stream, entry.key);
        let result = seed.deserialize(key);
        result
            .map(Some)
            .map_err(|error| error.at(key.stream, key.at))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DeError> {
        let Some(entry) = self.current else {
            return Err(DeError::custom("a value was requested before its key"));
        };
        let value = De::value(self.stream, entry.value);
        seed.deserialize(value).map_err(|error| {
            let key = self.stream.key_text(entry.key).unwrap_or("?");
            error
                .at(value.stream, value.at)
                .within(Segment::Key(key.to_owned()))
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

pub(super) struct Sequence<'a> {
    stream: &'a Stream,
    items: &'a [NodeId],
    next: usize,
}

impl<'a> Sequence<'a> {
    pub(super) fn new(stream: &'a Stream, items: &'a [NodeId]) -> Self {
        Self {
            stream,
            items,
            next: 0,
        }
    }
}

impl<'de> de::SeqAccess<'de> for Sequence<'de> {
    type Error = DeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DeError> {
        let Some(item) = self.items.get(self.next) else {
            return Ok(None);
        };
        let index = self.next;
        self.next += 1;
        let item = De::value(self.stream, *item);
        let result = seed.deserialize(item);
        result
            .map(Some)
            .map_err(|error| error.at(item.stream, item.at).within(Segment::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

/// Line, column and value of one node, for [`Located`](super::Located).
pub(super) struct LocatedAccess<'a> {
    node: De<'a>,
    next: u8,
}

impl<'a> LocatedAccess<'a> {
    pub(super) fn new(node: De<'a>) -> Self {
        Self { node, next: 0 }
    }
}

impl<'de> de::SeqAccess<'de> for LocatedAccess<'de> {
    type Error = DeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DeError> {
        self.next += 1;
        match self.next {
            1 => seed
                .deserialize(self.node.position().line.into_deserializer())
                .map(Some),
            2 => seed
                .deserialize(self.node.position().column.into_deserializer())
                .map(Some),
            3 => seed.deserialize(self.node).map(Some),
            _ => Ok(None),
        }
    }
}

/// A name alone, or a name with content: `name` or `{name: content}`.
pub(super) struct Variant<'a> {
    name: De<'a>,
    content: Option<De<'a>>,
}

impl<'a> Variant<'a> {
    pub(super) fn unit(name: De<'a>) -> Self {
        Self {
            name,
            content: None,
        }
    }

    pub(super) fn with(name: De<'a>, content: De<'a>) -> Self {
        Self {
            name,
            content: Some(content),
        }
    }

    fn content(self, expected: &str) -> Result<De<'a>, DeError> {
        let missing = || {
            DeError::custom(format!("expected {expected} after this name"))
                .at(self.name.stream, self.name.at)
        };
        self.content.ok_or_else(missing)
    }
}

impl<'de> de::EnumAccess<'de> for Variant<'de> {
    type Error = DeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), DeError> {
        let name = seed
            .deserialize(self.name)
            .map_err(|error| error.at(self.name.stream, self.name.at))?;
        Ok((name, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'de> {
    type Error = DeError;

    fn unit_variant(self) -> Result<(), DeError> {
        match self.content {
            Some(content) if !content.is_null() => {
                Err(DeError::custom("this name takes no content").at(content.stream, content.at))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, DeError> {
        seed.deserialize(self.content("a value")?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DeError> {
        de::Deserializer::deserialize_seq(self.content("a list")?, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        de::Deserializer::deserialize_map(self.content("a mapping")?, visitor)
    }
}
