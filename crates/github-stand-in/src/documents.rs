//! GraphQL documents that were parsed before: a client sends the same few again and again.

use apollo_compiler::validation::{Valid, WithErrors};
use apollo_compiler::{ExecutableDocument, Schema};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// At most this many are kept.
const MAX_DOCUMENTS: usize = 1_000;

/// What parsing and validating a document gave.
pub type Checked = Result<Valid<ExecutableDocument>, WithErrors<ExecutableDocument>>;

/// The documents of one schema, by their text.
pub struct Documents(LazyLock<Mutex<HashMap<String, Arc<Checked>>>>);

impl Documents {
    /// None yet.
    pub const fn new() -> Self {
        Self(LazyLock::new(Mutex::default))
    }

    /// A document, parsed and validated.
    pub fn parse(&self, schema: &Valid<Schema>, text: &str) -> Arc<Checked> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(checked) = kept.get(text) {
            return Arc::clone(checked);
        }
        let checked = ExecutableDocument::parse_and_validate(schema, text, "query.graphql");
        let checked = Arc::new(checked);
        if kept.len() >= MAX_DOCUMENTS {
            kept.clear();
        }
        kept.insert(text.to_owned(), Arc::clone(&checked));
        checked
    }
}
