//! The OpenAPI document as JSON Schemas: closed to what GitHub does not name, compiled when first needed.
//!
//! Knows nothing of paths and methods; `rest` says by pointer which schema a value is held to.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Registry, ValidationError, Validator};
use serde_json::{Map, Value, json};

use super::json::member;
use super::violation::{Came, Violation};

/// The document as it is read here: no properties but those that it names.
pub const CLOSED: &str = "urn:github:openapi:closed";
/// The document as it is published.
pub const OPEN: &str = "urn:github:openapi:open";

/// All schemas of one OpenAPI document.
pub struct Schemas {
    registry: Registry<'static>,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Schemas {
    /// Of the whole document as `derive.mjs` writes it.
    pub fn new(document: Value) -> Self {
        let mut closed = document.clone();
        close_document(&mut closed);
        let registry = Registry::new()
            .add(CLOSED, closed)
            .and_then(|registry| registry.add(OPEN, document))
            .and_then(|registry| registry.prepare())
            .unwrap_or_else(|error| panic!("openapi.json: {error}"));
        Self {
            registry,
            compiled: Mutex::default(),
        }
    }

    /// What is wrong with `value` by the schema at `schema`, a JSON pointer into `document`, which is [`CLOSED`] or [`OPEN`].
    /// The violations' pointers begin with `root`.
    pub fn check(
        &self,
        document: &str,
        schema: &str,
        operation: &str,
        root: &str,
        value: &Value,
    ) -> Vec<Violation> {
        let validator = self.compiled(document, schema);
        let errors: Vec<_> = validator.iter_errors(value).collect();
        let mut violations = Vec::new();
        report(&errors, operation, root, &mut violations);
        violations
    }

    /// Whether `value` is right by the schema at `schema`.
    pub fn accepts(&self, schema: &str, value: &Value) -> bool {
        self.compiled(OPEN, schema).is_valid(value)
    }

    fn compiled(&self, document: &str, schema: &str) -> Arc<Validator> {
        // The braces of a path template are not allowed in a reference.
        let reference = format!("{document}#{schema}")
            .replace('{', "%7B")
            .replace('}', "%7D");
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = compiled.get(&reference) {
            return Arc::clone(validator);
        }
        let validator = jsonschema::options()
            .with_registry(&self.registry)
            .should_validate_formats(true)
            .build(&json!({ "$ref": reference }))
            .unwrap_or_else(|error| panic!("openapi.json: the schema at {schema}: {error}"));
        let validator = Arc::new(validator);
        compiled.insert(reference, Arc::clone(&validator));
        validator
    }
}

/// Whether `text` is of this JSON Schema format, by the same checks as a property of a REST body.
pub fn has_format(format: &str, text: &str) -> bool {
    static CHECKS: LazyLock<Mutex<HashMap<String, Validator>>> = LazyLock::new(Mutex::default);
    CHECKS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(format.to_owned())
        .or_insert_with(|| {
            jsonschema::options()
                .should_validate_formats(true)
                .should_ignore_unknown_formats(false)
                .build(&json!({ "format": format }))
                .unwrap_or_else(|error| panic!("the format {format}: {error}"))
        })
        .is_valid(&Value::from(text))
}

/// Closes every schema of the document.
fn close_document(document: &mut Value) {
    for schema in members(document.pointer_mut("/components/schemas")) {
        close(schema);
    }
    for path in members(document.pointer_mut("/paths")) {
        for operation in members(Some(path)) {
            if let Some(schema) = operation.pointer_mut("/requestBody/schema") {
                close(schema);
            }
            for response in members(operation.get_mut("responses")) {
                close(response);
            }
        }
    }
}

/// Refuses, in `schema` and everything below it, properties that it does not name. If GitHub says outright what more
/// there may be (`additionalProperties`) or nothing at all (an object without `properties`), that is kept.
fn close(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    close_below(object);
    if object.contains_key("additionalProperties") {
        return;
    }
    let has = |keyword: &str| object.contains_key(keyword);
    if has("allOf") || (has("anyOf") && has("properties")) {
        // What one part does not name, another may: only the whole can be closed.
        for part in parts(object) {
            open(part);
        }
        object.insert("unevaluatedProperties".to_owned(), json!(false));
    } else if has("properties") {
        object.insert("additionalProperties".to_owned(), json!(false));
    } else {
        for part in parts(object) {
            close(part);
        }
    }
}

/// Closes the properties and items of `schema`, and leaves itself unchanged.
fn close_below(schema: &mut Map<String, Value>) {
    for property in members(schema.get_mut("properties")) {
        close(property);
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(below) = schema.get_mut(keyword) {
            close(below);
        }
    }
}

/// Closes `part` of a whole but for the properties that the other parts may name: a component comes from the open document.
fn open(part: &mut Value) {
    let Some(object) = part.as_object_mut() else {
        return;
    };
    close_below(object);
    if let Some(Value::String(reference)) = object.get_mut("$ref")
        && reference.starts_with('#')
    {
        reference.insert_str(0, OPEN);
    }
}

/// What `schema` is put together from.
fn parts(schema: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    schema
        .iter_mut()
        .filter(|(keyword, _)| ["allOf", "anyOf"].contains(&keyword.as_str()))
        .filter_map(|(_, parts)| parts.as_array_mut())
        .flatten()
}

fn members(value: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    value
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(|object| object.values_mut())
}

/// Errors of the validator as violations. Of alternatives that all failed, only the nearest one is reported.
fn report(
    errors: &[ValidationError<'_>],
    operation: &str,
    root: &str,
    violations: &mut Vec<Violation>,
) {
    for error in errors.iter().filter(|error| tells(error, errors)) {
        let at = error.instance_path().as_str();
        let pointer = format!("{root}{at}");
        match error.kind() {
            ValidationErrorKind::AnyOf { context } => {
                if let Some(nearest) = context.iter().min_by_key(|errors| distance(errors, at)) {
                    report(nearest, operation, root, violations);
                }
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                for name in unexpected {
                    let value = error.instance().get(name);
                    violations.push(Violation::new(
                        operation,
                        &member(&pointer, name),
                        "no such property",
                        value.map_or(Came::Nothing, Came::Json),
                    ));
                }
            }
            ValidationErrorKind::Required { .. } => violations.push(Violation::new(
                operation,
                &pointer,
                expected(error),
                Came::Text("an object without it"),
            )),
            _ => violations.push(Violation::new(
                operation,
                &pointer,
                expected(error),
                Came::Json(error.instance()),
            )),
        }
    }
}

/// Whether `error` says anything that the others do not: properties also count as unevaluated if a part that names them
/// failed.
fn tells(error: &ValidationError<'_>, errors: &[ValidationError<'_>]) -> bool {
    let unevaluated = |error: &ValidationError<'_>| {
        matches!(
            error.kind(),
            ValidationErrorKind::UnevaluatedProperties { .. }
        )
    };
    let at = error.instance_path().as_str();
    let below = |other: &ValidationError<'_>| {
        other
            .instance_path()
            .as_str()
            .strip_prefix(at)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    !unevaluated(error)
        || !errors
            .iter()
            .any(|other| !unevaluated(other) && below(other))
}

/// How far the value at `at` is from an alternative: a wrong type of the whole is the farthest, then a wrong tag (a property
/// with one possible value), then the number of errors.
fn distance(errors: &[ValidationError<'_>], at: &str) -> usize {
    let one = |error: &ValidationError<'_>| match error.kind() {
        ValidationErrorKind::Type { .. } if error.instance_path().as_str() == at => 10_000,
        ValidationErrorKind::Enum { options }
            if options.as_array().is_some_and(|options| options.len() == 1) =>
        {
            1_000
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected.len(),
        ValidationErrorKind::AnyOf { context } => context
            .iter()
            .map(|errors| distance(errors, error.instance_path().as_str()))
            .min()
            .unwrap_or(1),
        _ => 1,
    };
    errors
        .iter()
        .filter(|error| tells(error, errors))
        .map(one)
        .sum()
}

fn expected(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::Type {
            kind: TypeKind::Single(kind),
        } => kind.to_string(),
        ValidationErrorKind::Type {
            kind: TypeKind::Multiple(kinds),
        } => kinds
            .iter()
            .map(|kind| kind.to_string())
            .collect::<Vec<_>>()
            .join(" or "),
        ValidationErrorKind::Required { property } => format!("the property {property}"),
        ValidationErrorKind::Enum { options } => format!("one of {options}"),
        ValidationErrorKind::Format { format } => format!("the format {format}"),
        ValidationErrorKind::Maximum { limit } => format!("at most {limit}"),
        ValidationErrorKind::Pattern { pattern } => format!("the pattern {pattern}"),
        _ => error.masked_with("this").to_string(),
    }
}
