//! Why a node could not be read into a type.

use std::fmt;

use serde::de;

use crate::path::{FieldPath, Segment};
use crate::syntax::{NodeId, Position, Stream};

/// Why a node could not be read into a type, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {}{message}", PathPrefix(path))]
pub struct DeError {
    /// What is wrong, without the place.
    pub message: String,
    /// The key or value at fault; for a missing field the mapping that misses it.
    pub position: Position,
    /// The same key or value; `None` if the error was made outside of a node.
    pub node: Option<NodeId>,
    /// The path of that value from the node that was read.
    pub path: FieldPath,
    /// Set if a name is unknown, so that the caller can suggest the one that was meant.
    pub unknown: Option<Unknown>,
}

/// A name that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// As written.
    pub name: String,
    /// The names that are known there, in the order in which the type declares them.
    pub expected: Vec<String>,
}

impl DeError {
    /// Sets the place, unless something further in has set it.
    pub(super) fn at(mut self, stream: &Stream, node: NodeId) -> Self {
        if self.node.is_none() {
            self.position = stream.position(node);
            self.node = Some(node);
        }
        self
    }

    /// An error of the caller's own about a node.
    pub fn about(stream: &Stream, node: NodeId, message: &str) -> Self {
        <Self as de::Error>::custom(message).at(stream, node)
    }

    pub(super) fn within(mut self, segment: Segment) -> Self {
        self.path.prepend(segment);
        self
    }

    fn unknown(message: String, name: &str, expected: &[&str]) -> Self {
        let unknown = Unknown {
            name: name.to_owned(),
            expected: expected.iter().map(|name| (*name).to_owned()).collect(),
        };
        Self {
            unknown: Some(unknown),
            ..<Self as de::Error>::custom(message)
        }
    }
}

impl de::Error for DeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            message: message.to_string(),
            position: Position::default(),
            path: FieldPath::default(),
            unknown: None,
            node: None,
        }
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format!(
            "expected {}, found {}",
            plain(expected),
            kind_of(&found)
        ))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format!(
            "expected {}, found {} that does not fit",
            plain(expected),
            kind_of(&found)
        ))
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        Self::custom(format!("expected {expected}, found {length} of them"))
    }

    fn unknown_field(name: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown(
            format!(
                "the field `{}` is unknown here, {}",
                shown(name),
                OneOf(expected)
            ),
            name,
            expected,
        )
    }

    fn unknown_variant(name: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown(
            format!("`{}` is unknown here, {}", shown(name), OneOf(expected)),
            name,
            expected,
        )
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format!("the field `{field}` is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::custom(format!("duplicate field `{field}`, under one name or two"))
    }
}

/// What was expected, in the words of YAML: names of Rust types mean nothing to users.
pub(super) fn plain(expected: &dyn de::Expected) -> String {
    let text = expected.to_string();
    let first = text.split(' ').next().unwrap_or_default();
    match (first, text.as_str()) {
        ("struct", _) | (_, "a map") => "a mapping".to_owned(),
        ("tuple", _) | (_, "a sequence") => "a list".to_owned(),
        ("enum", _) | (_, "field identifier") => "a name".to_owned(),
        (_, "u8" | "u16" | "u32" | "u64" | "usize" | "i32" | "i64") => "a whole number".to_owned(),
        _ => text,
    }
}

/// The value itself is left out: it may be secret.
fn kind_of(found: &de::Unexpected<'_>) -> &'static str {
    match found {
        de::Unexpected::Bool(_) => "a boolean",
        de::Unexpected::Unsigned(_) | de::Unexpected::Signed(_) => "a whole number",
        de::Unexpected::Float(_) => "a number",
        de::Unexpected::Char(_) | de::Unexpected::Str(_) => "a string",
        de::Unexpected::Bytes(_) => "bytes",
        de::Unexpected::Unit | de::Unexpected::Option => "nothing",
        de::Unexpected::Seq => "a list",
        de::Unexpected::Map => "a mapping",
        _ => "something else",
    }
}

struct OneOf<'a>(&'a [&'a str]);

impl fmt::Display for OneOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("and nothing is known"),
            [one] => write!(f, "expected `{one}`"),
            names => write!(f, "expected one of `{}`", names.join("`, `")),
        }
    }
}

struct PathPrefix<'a>(&'a FieldPath);

impl fmt::Display for PathPrefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, "{}: ", self.0)
    }
}

/// A name from a file, short and without control characters.
pub(super) fn shown(name: &str) -> String {
    const MAX_LENGTH: usize = 60;
    let safe = |character: char| {
        if character.is_control() {
            '\u{fffd}'
        } else {
            character
        }
    };
    let mut shown: String = name.chars().take(MAX_LENGTH).map(safe).collect();
    if name.chars().nth(MAX_LENGTH).is_some() {
        shown.push('…');
    }
    shown
}
