//! GraphQL over the same state. The library parses, validates and executes against GitHub's own schema (the part that the contract
//! keeps, plus what Debian's `gh` asks for); this module finds the values. A field that GitHub has and this does not know ends the
//! call with a panic that the handle reports, so that no test can lean on a made-up null.

mod change;
mod change_refs;
mod checks;
mod cost;
mod events;
mod input;
mod merge_queue;
mod node;
mod objects;
mod people;
mod pull;
mod pull_parts;
mod query;
mod rules_of_refs;
mod value;

pub use cost::points;

use super::documents::Documents;
use super::record::Operation;
use super::session::Session;
use super::world::World;
use apollo_compiler::Schema;
use apollo_compiler::ast::{self, Definition, OperationType, Selection};
use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::{DiagnosticList, Valid};
use node::Node;
use serde_json::{Value, json};
use std::sync::LazyLock;
use value::{Ctx, Kind};

static SCHEMA: LazyLock<Valid<Schema>> = LazyLock::new(|| {
    let built = Schema::builder()
        .parse(include_str!("../contract/github.graphql"), "github.graphql")
        .parse(include_str!("graphql/gh.graphql"), "gh.graphql")
        .build();
    built.unwrap().validate().unwrap()
});

static DOCUMENTS: Documents = Documents::new();

/// Reads name, root fields, variables and kind of a request without carrying it out.
pub fn peek(body: &[u8]) -> Operation {
    let request: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let document = request["query"].as_str().unwrap_or_default().to_owned();
    let mut operation = Operation {
        variables: request["variables"].clone(),
        document,
        ..Operation::default()
    };
    let Ok(parsed) = ast::Document::parse(operation.document.as_str(), "query.graphql") else {
        return operation;
    };
    let wanted = request["operationName"].as_str();
    for definition in &parsed.definitions {
        let Definition::OperationDefinition(found) = definition else {
            continue;
        };
        let name = found
            .name
            .as_ref()
            .map(|name| name.to_string())
            .unwrap_or_default();
        if wanted.is_some_and(|wanted| wanted != name) {
            continue;
        }
        operation.name = name;
        operation.mutation = found.operation_type == OperationType::Mutation;
        let fields = found.selection_set.iter().filter_map(Selection::as_field);
        (operation.fields, operation.keys) = fields
            .map(|field| (field.name.to_string(), field.response_name().to_string()))
            .unzip();
        break;
    }
    operation
}

/// Carries a request out: status and body.
pub fn answer(world: &mut World, session: &Session, body: &[u8]) -> (u16, Value) {
    let request: Value = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(_) => return (400, json!({"message": "Problems parsing JSON"})),
    };
    let Some(text) = request["query"].as_str() else {
        let message = "A query attribute must be specified and must be a string.";
        return (200, json!({"errors": [{"message": message}]}));
    };
    let variables = request["variables"].as_object().map_or(0, |all| all.len());
    if variables > world.switches.heaviest {
        let message = "We couldn't respond to your request in time. Sorry about that. Please try resubmitting your request and contact us if \
                       the problem persists.";
        return (502, json!({"message": message}));
    }
    if !world.switches.update_refs && peek(body).fields.iter().any(|field| field == "updateRefs") {
        let message = "Field 'updateRefs' doesn't exist on type 'Mutation'";
        return (200, json!({"errors": [{"message": message}]}));
    }
    if !world.switches.rules_of_refs && text.contains("rules(") {
        let message = "Field 'rules' doesn't exist on type 'Ref'";
        return (200, json!({"errors": [{"message": message}]}));
    }
    let checked = DOCUMENTS.parse(&SCHEMA, text);
    let document = match checked.as_ref() {
        Ok(document) => document,
        Err(invalid) => return (200, json!({"errors": complaints(&invalid.errors)})),
    };
    let mut variables = JsonMap::new();
    for (name, value) in request["variables"].as_object().into_iter().flatten() {
        variables.insert(name.as_str(), value.clone().into());
    }
    let ctx = Ctx::new(world, session);
    let operation = document.operations.get(request["operationName"].as_str());
    let is_mutation = |kind: OperationType| kind == OperationType::Mutation;
    let root = match operation.is_ok_and(|operation| is_mutation(operation.operation_type)) {
        true => Node::new(&ctx, Kind::Mutation, "Mutation"),
        false => Node::new(&ctx, Kind::Query, "Query"),
    };
    let execution = Execution::new(&SCHEMA, document)
        .operation_name(request["operationName"].as_str())
        .map(|execution| {
            execution
                .raw_variable_values(&variables)
                .enable_schema_introspection(true)
        });
    let result = execution.and_then(|execution| execution.execute_sync(&root));
    let mut response = match result {
        Ok(response) => json!(response),
        Err(error) => {
            let message = error.message().to_string();
            return (200, json!({"errors": [{"message": message}]}));
        }
    };
    let Some(errors) = response.get_mut("errors").and_then(Value::as_array_mut) else {
        return (200, response);
    };
    for error in errors {
        let message = error["message"].as_str().unwrap_or_default();
        let message = message
            .strip_prefix("resolver error: ")
            .unwrap_or(message)
            .to_owned();
        if let Some(kind) = ctx.kind_of(&message) {
            error["type"] = json!(kind);
        } else {
            // Not a refusal of GitHub's but a value of ours that does not fit GitHub's schema.
            panic!("GraphQL: {message} at {}", error["path"]);
        }
        error["message"] = json!(message);
    }
    (200, response)
}

/// What the library found wrong with a document, in GitHub's words if they are known.
fn complaints(errors: &DiagnosticList) -> Vec<Value> {
    errors
        .iter()
        .map(|diagnostic| {
            let mut error = json!(diagnostic.to_json());
            let message = error["message"].as_str().unwrap_or_default().to_owned();
            let named: Vec<&str> = message.split('`').collect();
            if let ["type ", typename, " does not have a field ", field, ""] = named[..] {
                error["message"] = json!(format!(
                    "Field '{field}' doesn't exist on type '{typename}'"
                ));
                error["extensions"] =
                    json!({"code": "undefinedField", "typeName": typename, "fieldName": field});
            }
            error
        })
        .collect()
}
