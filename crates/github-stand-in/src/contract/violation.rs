//! What the contract finds wrong, and how it is shown.

use std::fmt;

use serde_json::Value;

/// One thing that GitHub would not have accepted, or not have answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Method and path template, or the GraphQL operation.
    pub operation: String,
    /// JSON pointer. Its first word says what it points into: `path`, `query`, `body`, `status`; in GraphQL `document`, `variables`, `data`, `errors`.
    pub pointer: String,
    /// What the contract asks for.
    pub expected: String,
    /// What was there instead, shortened.
    pub came: String,
}

impl Violation {
    pub fn new(
        operation: &str,
        pointer: &str,
        expected: impl Into<String>,
        came: Came<'_>,
    ) -> Self {
        Self {
            operation: operation.to_owned(),
            pointer: pointer.to_owned(),
            expected: expected.into(),
            came: came.to_string(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at {}: expected {}, came {}",
            self.operation, self.pointer, self.expected, self.came
        )
    }
}

/// What came, as far as it is worth showing.
pub enum Came<'a> {
    Nothing,
    Json(&'a Value),
    Text(&'a str),
}

impl fmt::Display for Came<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_LENGTH: usize = 160;
        let text = match self {
            Came::Nothing => "nothing".to_owned(),
            Came::Json(value) => value.to_string(),
            Came::Text(text) => (*text).to_owned(),
        };
        match text.char_indices().nth(MAX_LENGTH) {
            Some((end, _)) => write!(f, "{}…", &text[..end]),
            None => f.write_str(&text),
        }
    }
}
