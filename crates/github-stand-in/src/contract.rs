//! GitHub's own contract: what a request may ask, and what an answer must hold.
//!
//! Checks the client's requests and the stand-in's answers against what `contract/derive.mjs` took from GitHub's
//! published OpenAPI description and GraphQL schema. Knows nothing of Sluice: an operation, field or status that is not
//! in those files, or in the short lists of known exceptions here, is a violation. To use more of GitHub, derive more
//! of it.

mod file;
mod graphql;
mod graphql_answer;
mod graphql_input;
mod graphql_leaf;
mod json;
mod rest;
mod schema;
mod violation;

pub use violation::Violation;

use std::sync::LazyLock;

use serde_json::Value;

use graphql::GraphQl;
use rest::Rest;

/// The one contract of this test binary. Each half is loaded at its first use, each schema compiled at its first check.
pub fn contract() -> &'static Contract {
    static CONTRACT: Contract = Contract {
        rest: LazyLock::new(Rest::load),
        graphql: LazyLock::new(GraphQl::load),
    };
    &CONTRACT
}

/// See the module.
pub struct Contract {
    rest: LazyLock<Rest>,
    graphql: LazyLock<GraphQl>,
}

impl Contract {
    /// What is wrong with a REST request. `path_and_query` is what follows the API's root, percent-encoded as sent.
    /// Stricter than GitHub, which ignores what it does not know: a property or parameter that it does not name is a
    /// violation.
    pub fn request(
        &self,
        method: &str,
        path_and_query: &str,
        body: Option<&Value>,
    ) -> Vec<Violation> {
        self.rest.request(method, path_and_query, body)
    }

    /// What is wrong with the answer to a REST request, whose query is ignored if `path` has one. `body` is the parsed JSON, `None` for an empty body.
    /// A property that GitHub does not document is a violation: the client might come to lean on it.
    pub fn response(
        &self,
        method: &str,
        path: &str,
        status: u16,
        body: Option<&Value>,
    ) -> Vec<Violation> {
        self.rest.response(method, path, status, body)
    }

    /// What is wrong with a GraphQL request: the document by the schema and by GitHub's limits on nodes, the variables by
    /// their declared types. One operation a document.
    pub fn graphql_request(&self, query: &str, variables: &Value) -> Vec<Violation> {
        self.graphql.request(query, variables)
    }

    /// What is wrong with the `data` of an answer to that request: exactly what was selected, of the right types.
    pub fn graphql_response(&self, query: &str, variables: &Value, data: &Value) -> Vec<Violation> {
        self.graphql.data(query, variables, data)
    }

    /// The same for the whole body of an answer, `errors` included.
    pub fn graphql_answer(&self, query: &str, variables: &Value, body: &Value) -> Vec<Violation> {
        self.graphql.answer(query, variables, body)
    }
}
