//! Parts of a query: what several of them ask of one repository goes out as one request.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Map, Value};

use super::client::Forge;

/// What one part asks: fields of the repository, with the variables and fragments that they need. Two parts of one query must not
/// use the same aliases and variables.
#[derive(Clone, Default)]
pub(super) struct QueryBuilder {
    declared: String,
    fields: String,
    variables: Map<String, Value>,
    fragments: BTreeSet<&'static str>,
}

impl QueryBuilder {
    /// A variable of this type (`String!`), as it is written in the fields.
    pub(super) fn variable(&mut self, name: &str, kind: &str, value: impl Into<Value>) -> String {
        // Writing to a String cannot fail.
        let _ = write!(self.declared, ", ${name}: {kind}");
        self.variables.insert(name.to_owned(), value.into());
        format!("${name}")
    }

    /// Asks for more fields.
    pub(super) fn field(&mut self, field: &str) {
        self.fields.push(' ');
        self.fields.push_str(field);
    }

    /// The fields need this fragment.
    pub(super) fn fragment(&mut self, fragment: &'static str) {
        self.fragments.insert(fragment);
    }

    /// Takes another part in.
    pub(super) fn join(&mut self, other: Self) {
        self.declared.push_str(&other.declared);
        self.fields.push_str(&other.fields);
        self.variables.extend(other.variables);
        self.fragments.extend(other.fragments);
    }
}

impl Forge {
    /// The query of a part, and its variables.
    pub(super) fn build(&self, part: QueryBuilder) -> (String, Value) {
        self.build_named("", part)
    }

    /// The same under a name.
    pub(super) fn build_named(&self, name: &str, part: QueryBuilder) -> (String, Value) {
        let mut variables = part.variables;
        variables.insert("owner".to_owned(), self.slug().owner().into());
        variables.insert("name".to_owned(), self.slug().name().into());
        let mut query = format!(
            "query {name}($owner: String!, $name: String!{}) {{ repository(owner: $owner, name: $name) {{{} }} }}",
            part.declared, part.fields
        );
        for fragment in part.fragments {
            query.push(' ');
            query.push_str(fragment);
        }
        (query, Value::Object(variables))
    }
}
