//! GraphQL requests: the document by the schema and by GitHub's limits, and the entry to what variables and data are held to.

use apollo_compiler::ast;
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::schema::Name;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::Value;

use super::file::contract_file;
use super::graphql_answer::Answer;
use super::graphql_input::Input;
use super::json;
use super::violation::{Came, Violation};
use crate::documents::{Checked, Documents};

/// Nodes that one call may ask for. Source: docs.github.com/graphql, "Rate limits and query limits for the GraphQL API".
const MAX_NODES: u64 = 500_000;

/// The GraphQL half of the contract.
pub struct GraphQl {
    schema: Valid<Schema>,
    documents: Documents,
}

impl GraphQl {
    /// From `contract/github.graphql`.
    pub fn load() -> Self {
        let schema = Schema::parse_and_validate(contract_file("github.graphql"), "github.graphql")
            .unwrap_or_else(|invalid| panic!("github.graphql: {}", invalid.errors));
        Self {
            schema,
            documents: Documents::new(),
        }
    }

    /// See [`super::Contract::graphql_request`].
    pub fn request(&self, query: &str, variables: &Value) -> Vec<Violation> {
        let checked = self.documents.parse(&self.schema, query);
        let (document, operation) = match selected(&checked) {
            Ok(found) => found,
            Err(violations) => return violations,
        };
        let name = name(operation);
        let mut violations = Input::new(&self.schema, &name).variables(operation, variables);
        let mut limits = Limits {
            document,
            operation,
            name: &name,
            variables,
            nodes: 0,
            violations: Vec::new(),
        };
        limits.selections(&operation.selection_set, 1, "");
        if limits.nodes > MAX_NODES {
            let nodes = format!("{} nodes", limits.nodes);
            limits.violations.push(Violation::new(
                &name,
                "/document",
                format!("at most {MAX_NODES} nodes"),
                Came::Text(&nodes),
            ));
        }
        violations.append(&mut limits.violations);
        violations
    }

    /// See [`super::Contract::graphql_response`].
    pub fn data(&self, query: &str, variables: &Value, data: &Value) -> Vec<Violation> {
        let checked = self.documents.parse(&self.schema, query);
        match selected(&checked) {
            Ok((document, operation)) => Answer::new(
                &self.schema,
                document,
                operation,
                variables,
                &name(operation),
            )
            .data(data),
            Err(violations) => violations,
        }
    }

    /// See [`super::Contract::graphql_answer`].
    pub fn answer(&self, query: &str, variables: &Value, body: &Value) -> Vec<Violation> {
        let checked = self.documents.parse(&self.schema, query);
        let name = match selected(&checked) {
            Ok((_, operation)) => name(operation),
            Err(violations) => return violations,
        };
        let mut violations = Vec::new();
        let mut wrong = |pointer: &str, expected: &str, came| {
            violations.push(Violation::new(&name, pointer, expected, came));
        };
        let errors = body.get("errors");
        match errors {
            None => {}
            Some(Value::Array(errors)) if !errors.is_empty() => {
                for (index, error) in errors.iter().enumerate() {
                    let at = json::item("/errors", index);
                    if !error["message"].is_string() {
                        wrong(&format!("{at}/message"), "a text", Came::Json(error));
                    }
                    if error.get("type").is_some_and(|kind| !kind.is_string()) {
                        wrong(&format!("{at}/type"), "a text", Came::Json(error));
                    }
                    if error.get("path").is_some_and(|path| !path.is_array()) {
                        wrong(&format!("{at}/path"), "an array", Came::Json(error));
                    }
                }
            }
            Some(other) => wrong("/errors", "a list that is not empty", Came::Json(other)),
        }
        for (key, value) in body.as_object().into_iter().flatten() {
            if !["data", "errors", "extensions"].contains(&key.as_str()) {
                wrong(
                    &json::member("", key),
                    "no such property",
                    Came::Json(value),
                );
            }
        }
        match body.get("data") {
            // Nothing was run, or a null had nowhere to stop.
            None | Some(Value::Null) if errors.is_some() => {}
            None | Some(Value::Null) => wrong("/data", "data or errors", Came::Json(body)),
            Some(data) => violations.extend(self.data(query, variables, data)),
        }
        violations
    }
}

fn selected(checked: &Checked) -> Result<(&ExecutableDocument, &Operation), Vec<Violation>> {
    let document = checked.as_ref().map_err(|invalid| {
        let errors = invalid.errors.iter().map(|diagnostic| {
            let place = diagnostic
                .line_column_range()
                .map_or(String::new(), |range| {
                    format!("/{}:{}", range.start.line, range.start.column)
                });
            Violation::new(
                "GraphQL",
                &format!("/document{place}"),
                "a document by contract/github.graphql",
                Came::Text(&diagnostic.error.to_string()),
            )
        });
        errors.collect::<Vec<Violation>>()
    })?;
    let operation = document.operations.get(None).map_err(|_| {
        vec![Violation::new(
            "GraphQL",
            "/document",
            "one operation",
            Came::Text(&format!("{} operations", document.operations.len())),
        )]
    })?;
    Ok((document, operation))
}

fn name(operation: &Operation) -> String {
    let name = operation.name.as_ref().map_or("(unnamed)", Name::as_str);
    format!("{} {name}", operation.operation_type.name())
}

/// GitHub's limits on connections: each asks for 1 to 100 by `first` or `last`, and not too many nodes come of all together.
struct Limits<'a> {
    document: &'a ExecutableDocument,
    operation: &'a Operation,
    name: &'a str,
    variables: &'a Value,
    nodes: u64,
    violations: Vec<Violation>,
}

impl Limits<'_> {
    fn selections(&mut self, set: &SelectionSet, times: u64, at: &str) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    let at = json::member(at, field.response_key());
                    let times = times.saturating_mul(self.page(field, &at));
                    if is_connection(field) {
                        self.nodes = self.nodes.saturating_add(times);
                    }
                    self.selections(&field.selection_set, times, &at);
                }
                Selection::InlineFragment(fragment) => {
                    self.selections(&fragment.selection_set, times, at);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = spread.fragment_def(self.document) {
                        self.selections(&fragment.selection_set, times, at);
                    }
                }
            }
        }
    }

    /// How many nodes one such field requests; 1 if it is not a connection.
    fn page(&mut self, field: &Field, at: &str) -> u64 {
        if !is_connection(field) {
            return 1;
        }
        let sizes: Vec<Value> = ["first", "last"]
            .iter()
            .filter_map(|argument| self.argument(field, argument))
            .filter(|value| !value.is_null())
            .collect();
        let right = |size: &Value| size.as_u64().filter(|size| (1..=100).contains(size));
        match sizes.as_slice() {
            [size] if right(size).is_some() => right(size).unwrap_or(1),
            sizes => {
                self.violations.push(Violation::new(
                    self.name,
                    &format!("/document{at}"),
                    "`first` or `last`, from 1 to 100",
                    Came::Json(&Value::from(sizes)),
                ));
                1
            }
        }
    }

    /// What the argument comes to, by literal, variable or the variable's default.
    fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        let number = |value: &ast::Value| value.to_i32().map(Value::from);
        match field.specified_argument_by_name(name)?.as_ref() {
            ast::Value::Variable(variable) => match self.variables.get(variable.as_str()) {
                Some(value) => Some(value.clone()),
                None => self
                    .operation
                    .variables
                    .iter()
                    .find(|declared| declared.name == *variable)
                    .and_then(|declared| number(declared.default_value.as_ref()?)),
            },
            literal => number(literal),
        }
    }
}

fn is_connection(field: &Field) -> bool {
    field.definition.argument_by_name("first").is_some()
        && field
            .ty()
            .inner_named_type()
            .as_str()
            .ends_with("Connection")
}
