//! The steps of a path, and how they are written.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scalar::must_escape;

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// Into a mapping: `.key`.
    Key(String),
    /// Into a list, from 0: `[0]`.
    Index(usize),
    /// Into the one element of a list whose field `key` has the text `value`: `[name=web]`.
    Select {
        /// The element's field.
        key: String,
        /// Its text.
        value: String,
    },
}

/// Steps from a document's root (or from an element of its `items`) to a field. The empty path is the root itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath {
    segments: Vec<Segment>,
}

impl FieldPath {
    /// A path of keys only.
    pub fn keys(keys: &[&str]) -> Self {
        keys.iter()
            .map(|key| Segment::Key((*key).to_owned()))
            .collect()
    }

    /// This path and one more key.
    #[must_use]
    pub fn child(&self, key: &str) -> Self {
        self.join(Segment::Key(key.to_owned()))
    }

    /// This path and one more step.
    #[must_use]
    pub fn join(&self, segment: Segment) -> Self {
        let mut segments = self.segments.clone();
        segments.push(segment);
        Self { segments }
    }

    /// Whether this path is `other`, or leads through it.
    pub fn starts_with(&self, other: &Self) -> bool {
        self.segments.starts_with(&other.segments)
    }

    /// The last step, if it is a key.
    pub fn last_key(&self) -> Option<&str> {
        match self.segments.last() {
            Some(Segment::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// The path without its last step; `None` for the empty path.
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.segments.split_last()?;
        Some(rest.iter().cloned().collect())
    }

    /// The steps in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether this is the root itself.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    pub(crate) fn prepend(&mut self, segment: Segment) {
        self.segments.insert(0, segment);
    }
}

impl FromIterator<Segment> for FieldPath {
    fn from_iter<T: IntoIterator<Item = Segment>>(segments: T) -> Self {
        Self {
            segments: segments.into_iter().collect(),
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Key(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    write_word(f, key)?;
                }
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Select { key, value } => {
                    f.write_str("[")?;
                    write_word(f, key)?;
                    f.write_str("=")?;
                    write_word(f, value)?;
                    f.write_str("]")?;
                }
            }
        }
        Ok(())
    }
}

pub(super) fn write_word(f: &mut fmt::Formatter<'_>, word: &str) -> fmt::Result {
    if !word.is_empty() && word.bytes().all(super::word::is_word_byte) {
        return f.write_str(word);
    }
    f.write_str("\"")?;
    for character in word.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            other if must_escape(other) => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    write!(f, "\\u{unit:04x}")?;
                }
            }
            other => write!(f, "{other}")?,
        }
    }
    f.write_str("\"")
}

impl Serialize for FieldPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for FieldPath {
    fn schema_name() -> Cow<'static, str> {
        "FieldPath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "description": "The path of a field: keys joined by dots, list elements as `[0]` or `[name=web]`; a key with characters other than letters, digits, `_` and `-` in double quotes.",
            "examples": ["spec.helm.values.image.tag", "spec.sources[0].git.ref"],
        })
    }
}
