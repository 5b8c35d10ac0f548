//! GraphQL documents that were parsed and validated before: a client sends the same few again and again, and parsing is most of what answering costs.

use apollo_compiler::validation::{Valid, WithErrors};
use apollo_compiler::{ExecutableDocument, Schema};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// At most this many documents are kept.
const MAX_DOCUMENTS: usize = 1_000;

type Kept = HashMap<String, Arc<Valid<ExecutableDocument>>>;

/// The valid documents of one schema, by their text.
pub struct Documents(LazyLock<Mutex<Kept>>);

impl Documents {
    /// None yet.
    pub const fn new() -> Self {
        Self(LazyLock::new(|| Mutex::new(HashMap::new())))
    }

    /// A document, parsed and validated.
    pub fn parse(
        &self,
        schema: &Valid<Schema>,
        text: &str,
    ) -> Result<Arc<Valid<ExecutableDocument>>, Box<WithErrors<ExecutableDocument>>> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(document) = kept().get(text) {
            return Ok(Arc::clone(document));
        }
        let document = ExecutableDocument::parse_and_validate(schema, text, "query.graphql")
            .map_err(Box::new)?;
        let document = Arc::new(document);
        let mut kept = kept();
        if kept.len() >= MAX_DOCUMENTS {
            kept.clear();
        }
        kept.insert(text.to_owned(), Arc::clone(&document));
        Ok(document)
    }
}
