//! REST: which operation a method and path are, its parameters, its statuses.

use std::cmp::Reverse;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::file::contract_file;
use super::json::member;
use super::schema::{CLOSED, OPEN, Schemas};
use super::violation::{Came, Violation};

/// Statuses that GitHub sends to any request without documenting them for each operation: nothing changed since (304); no or
/// a bad token (401); not permitted, or too many requests (403, 429); hidden or absent (404); GitHub itself is at fault (5xx).
const EVERYWHERE: [u16; 9] = [304, 401, 403, 404, 429, 500, 502, 503, 504];

/// Statuses that GitHub sends and does not document.
const UNDOCUMENTED: [(&str, u16); 4] = [
    // No trigger `workflow_dispatch` in the workflow, an input that it does not have, no such ref.
    ("actions/create-workflow-dispatch", 422),
    // "No commit found for SHA".
    ("checks/list-for-ref", 422),
    ("repos/create-commit-status", 422),
    ("repos/get-combined-status-for-ref", 422),
];

/// The REST half of the contract.
pub struct Rest {
    operations: Vec<Operation>,
    schemas: Schemas,
}

struct Operation {
    method: String,
    template: String,
    segments: Vec<Segment>,
    /// JSON pointer into the document, without a trailing slash.
    at: String,
    id: String,
    parameters: Vec<Parameter>,
    /// `None`: takes no body. Else whether one is required.
    body: Option<bool>,
    /// Documented statuses, and whether a body is documented for them.
    statuses: Vec<(u16, bool)>,
}

enum Segment {
    Literal(String),
    Parameter { name: String, many: bool },
}

/// Path parameters by name, with their decoded values.
type PathValues<'a> = Vec<(&'a str, String)>;

struct Parameter {
    name: String,
    place: String,
    required: bool,
    /// JSON pointer to its schema.
    schema: String,
}

impl Rest {
    /// From `contract/openapi.json`.
    pub fn load() -> Self {
        let document: Value = serde_json::from_str(&contract_file("openapi.json"))
            .unwrap_or_else(|error| panic!("openapi.json: {error}"));
        let mut operations = Vec::new();
        for (template, methods) in entries(&document["paths"]) {
            for (method, operation) in entries(methods) {
                operations.push(Operation::new(template, method, operation));
            }
        }
        // The template that says more comes first: /commits/{ref}/status before /commits/{ref}, whose ref may hold slashes.
        operations.sort_by_key(|operation| {
            let literals = operation
                .segments
                .iter()
                .filter(|segment| matches!(segment, Segment::Literal(_)));
            Reverse(literals.count())
        });
        Self {
            operations,
            schemas: Schemas::new(document),
        }
    }

    /// See [`super::Contract::request`].
    pub fn request(
        &self,
        method: &str,
        path_and_query: &str,
        body: Option<&Value>,
    ) -> Vec<Violation> {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        let (operation, values) = match self.find(method, path) {
            Ok(found) => found,
            Err(violation) => return vec![violation],
        };
        let name = operation.name();
        let mut violations = Vec::new();
        for (parameter, value) in values {
            self.parameter(operation, "path", parameter, &value, &mut violations);
        }
        let mut seen: Vec<String> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (key, value) = (
                decoded(&key.replace('+', " ")),
                decoded(&value.replace('+', " ")),
            );
            if seen.contains(&key) {
                violations.push(Violation::new(
                    &name,
                    &member("/query", &key),
                    "the parameter once",
                    Came::Text("it again"),
                ));
            }
            self.parameter(operation, "query", &key, &value, &mut violations);
            seen.push(key);
        }
        for parameter in &operation.parameters {
            if parameter.required && parameter.place == "query" && !seen.contains(&parameter.name) {
                violations.push(Violation::new(
                    &name,
                    &member("/query", &parameter.name),
                    "this parameter",
                    Came::Nothing,
                ));
            }
        }
        match (operation.body, body) {
            (None, Some(body)) => {
                violations.push(Violation::new(&name, "/body", "no body", Came::Json(body)));
            }
            (Some(true), None) => {
                violations.push(Violation::new(&name, "/body", "a body", Came::Nothing));
            }
            (Some(_), Some(body)) => violations.extend(self.schemas.check(
                CLOSED,
                &format!("{}/requestBody/schema", operation.at),
                &name,
                "/body",
                body,
            )),
            (_, None) => {}
        }
        violations
    }

    /// See [`super::Contract::response`].
    pub fn response(
        &self,
        method: &str,
        path: &str,
        status: u16,
        body: Option<&Value>,
    ) -> Vec<Violation> {
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        let operation = match self.find(method, path) {
            Ok((operation, _)) => operation,
            Err(violation) => return vec![violation],
        };
        let name = format!("{} answering {status}", operation.name());
        let documented = operation
            .statuses
            .iter()
            .find(|(code, _)| *code == status)
            .map(|(_, has_body)| *has_body);
        if documented.is_none() && !operation.may_answer(status) {
            let known: Vec<String> = operation
                .statuses
                .iter()
                .map(|(code, _)| code.to_string())
                .collect();
            return vec![Violation::new(
                &name,
                "/status",
                format!(
                    "one of {}, or what GitHub sends everywhere",
                    known.join(", ")
                ),
                Came::Text(&status.to_string()),
            )];
        }
        let schema = format!("{}/responses/{status}", operation.at);
        let has_schema = documented == Some(true);
        match body {
            None if has_schema && status < 400 => {
                vec![Violation::new(&name, "/body", "a body", Came::Nothing)]
            }
            // A proxy between GitHub and us may cut off an error's body.
            None => Vec::new(),
            Some(body) if status < 400 => {
                if has_schema {
                    self.schemas.check(CLOSED, &schema, &name, "/body", body)
                } else {
                    vec![Violation::new(&name, "/body", "no body", Came::Json(body))]
                }
            }
            // A proxy's error has no known shape.
            Some(_) if status >= 500 => Vec::new(),
            // GitHub documents less of its errors than it says, such as `status` in most of them, but always says why.
            Some(body) => {
                let mut violations = if has_schema {
                    self.schemas.check(OPEN, &schema, &name, "/body", body)
                } else {
                    Vec::new()
                };
                if !body["message"].is_string() && violations.is_empty() {
                    violations.push(Violation::new(
                        &name,
                        "/body/message",
                        "string",
                        Came::Json(&body["message"]),
                    ));
                }
                violations
            }
        }
    }

    fn find<'a>(
        &'a self,
        method: &str,
        path: &str,
    ) -> Result<(&'a Operation, PathValues<'a>), Violation> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let mut other_methods = Vec::new();
        for operation in &self.operations {
            let mut values = Vec::new();
            if !matches(&operation.segments, &segments, &mut values) {
                continue;
            }
            if operation.method.eq_ignore_ascii_case(method) {
                return Ok((operation, values));
            }
            other_methods.push(operation.method.as_str());
        }
        let expected = if other_methods.is_empty() {
            "a path in contract/openapi.json".to_owned()
        } else {
            format!("the method {}", other_methods.join(" or "))
        };
        let came = format!("{method} {path}");
        Err(Violation::new(&came, "/path", expected, Came::Text(&came)))
    }

    fn parameter(
        &self,
        operation: &Operation,
        place: &str,
        name: &str,
        value: &str,
        violations: &mut Vec<Violation>,
    ) {
        let pointer = member(&format!("/{place}"), name);
        let Some(parameter) = operation
            .parameters
            .iter()
            .find(|parameter| parameter.place == place && parameter.name == name)
        else {
            violations.push(Violation::new(
                &operation.name(),
                &pointer,
                "no such parameter",
                Came::Text(value),
            ));
            return;
        };
        // Text on the wire; the schema decides which type it represents.
        let text = Value::String(value.to_owned());
        let other = value
            .parse::<i64>()
            .map(Value::from)
            .or_else(|_| value.parse::<bool>().map(Value::from))
            .ok();
        let right = |candidate: &Value| self.schemas.accepts(&parameter.schema, candidate);
        if right(&text) || other.as_ref().is_some_and(right) {
            return;
        }
        let candidate = other.unwrap_or(text);
        violations.extend(self.schemas.check(
            OPEN,
            &parameter.schema,
            &operation.name(),
            &pointer,
            &candidate,
        ));
    }
}

impl Operation {
    fn new(template: &str, method: &str, operation: &Value) -> Self {
        let at = format!("{}/{method}", member("/paths", template));
        let parameters: Vec<Parameter> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(index, parameter)| Parameter {
                name: text(&parameter["name"]),
                place: text(&parameter["in"]),
                required: parameter["required"] == true,
                schema: format!("{at}/parameters/{index}/schema"),
            })
            .collect();
        let many = |name: &str| {
            operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|parameter| parameter["name"] == name && parameter["multiSegment"] == true)
        };
        let segments = template
            .trim_start_matches('/')
            .split('/')
            .map(|segment| {
                match segment
                    .strip_prefix('{')
                    .and_then(|rest| rest.strip_suffix('}'))
                {
                    Some(name) => Segment::Parameter {
                        name: name.to_owned(),
                        many: many(name),
                    },
                    None => Segment::Literal(segment.to_owned()),
                }
            })
            .collect();
        Self {
            method: method.to_ascii_uppercase(),
            template: template.to_owned(),
            segments,
            id: text(&operation["operationId"]),
            parameters,
            body: operation
                .get("requestBody")
                .map(|body| body["required"] == true),
            statuses: entries(&operation["responses"])
                .filter_map(|(status, schema)| Some((status.parse().ok()?, !schema.is_null())))
                .collect(),
            at,
        }
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    fn may_answer(&self, status: u16) -> bool {
        EVERYWHERE.contains(&status) || UNDOCUMENTED.contains(&(self.id.as_str(), status))
    }
}

/// Whether `path` matches the template. A parameter takes one segment, or several if GitHub allows slashes in its
/// value.
fn matches<'a>(template: &'a [Segment], path: &[&str], values: &mut PathValues<'a>) -> bool {
    let Some((segment, rest)) = template.split_first() else {
        return path.is_empty();
    };
    match segment {
        Segment::Literal(literal) => {
            path.first() == Some(&literal.as_str()) && matches(rest, &path[1..], values)
        }
        Segment::Parameter { name, many } => {
            let most = if *many { path.len() } else { path.len().min(1) };
            for taken in 1..=most {
                let value = path[..taken].join("/");
                values.push((name, decoded(&value)));
                if !value.is_empty() && matches(rest, &path[taken..], values) {
                    return true;
                }
                values.pop();
            }
            false
        }
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
