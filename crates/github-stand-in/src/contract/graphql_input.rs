//! The variables of a GraphQL request, held to their declared types.

use apollo_compiler::Schema;
use apollo_compiler::ast::Type;
use apollo_compiler::executable::Operation;
use apollo_compiler::schema::ExtendedType;
use serde_json::Value;

use super::graphql_leaf::leaf;
use super::json;
use super::violation::{Came, Violation};

/// Checks the variables of one operation.
pub struct Input<'a> {
    schema: &'a Schema,
    operation: &'a str,
    violations: Vec<Violation>,
}

impl<'a> Input<'a> {
    /// `operation` names it in violations.
    pub fn new(schema: &'a Schema, operation: &'a str) -> Self {
        Self {
            schema,
            operation,
            violations: Vec::new(),
        }
    }

    /// What is wrong with `variables`. One that the operation does not declare is wrong: the caller meant something by it.
    pub fn variables(mut self, operation: &Operation, variables: &Value) -> Vec<Violation> {
        let empty = serde_json::Map::new();
        let given = match variables {
            Value::Null => &empty,
            Value::Object(given) => given,
            other => {
                self.wrong("/variables", "an object", Came::Json(other));
                return self.violations;
            }
        };
        for (name, value) in given {
            if !operation.variables.iter().any(|one| one.name == **name) {
                let pointer = json::member("/variables", name);
                self.wrong(&pointer, "no such variable", Came::Json(value));
            }
        }
        for declared in &operation.variables {
            let pointer = json::member("/variables", &declared.name);
            match given.get(declared.name.as_str()) {
                Some(value) => self.value(&declared.ty, value, &pointer),
                None if declared.ty.is_non_null() && declared.default_value.is_none() => {
                    self.wrong(&pointer, declared.ty.to_string(), Came::Nothing);
                }
                None => {}
            }
        }
        self.violations
    }

    fn value(&mut self, ty: &Type, value: &Value, pointer: &str) {
        if value.is_null() {
            if ty.is_non_null() {
                self.wrong(pointer, ty.to_string(), Came::Json(value));
            }
            return;
        }
        match ty {
            Type::List(of) | Type::NonNullList(of) => match value {
                Value::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        self.value(of, item, &json::item(pointer, index));
                    }
                }
                other => self.wrong(pointer, "a list", Came::Json(other)),
            },
            Type::Named(name) | Type::NonNullNamed(name) => {
                if let Some(ExtendedType::InputObject(input)) = self.schema.types.get(name) {
                    let Value::Object(given) = value else {
                        self.wrong(pointer, name.as_str(), Came::Json(value));
                        return;
                    };
                    for (field, value) in given {
                        if !input.fields.contains_key(field.as_str()) {
                            let pointer = json::member(pointer, field);
                            self.wrong(
                                &pointer,
                                format!("no such field of {name}"),
                                Came::Json(value),
                            );
                        }
                    }
                    for (field, declared) in &input.fields {
                        let pointer = json::member(pointer, field);
                        match given.get(field.as_str()) {
                            Some(value) => self.value(&declared.ty, value, &pointer),
                            None if declared.is_required() => {
                                self.wrong(&pointer, declared.ty.to_string(), Came::Nothing);
                            }
                            None => {}
                        }
                    }
                } else if let Some(expected) = leaf(self.schema, name, value) {
                    self.wrong(pointer, expected, Came::Json(value));
                }
            }
        }
    }

    fn wrong(&mut self, pointer: &str, expected: impl Into<String>, came: Came<'_>) {
        let violation = Violation::new(self.operation, pointer, expected, came);
        self.violations.push(violation);
    }
}
