//! The `data` of a GraphQL answer, held to what was selected: all of it, nothing else, of the right types.

use std::collections::HashSet;

use apollo_compiler::ast::{self, DirectiveList, Type};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::schema::{ExtendedType, Name};
use apollo_compiler::{ExecutableDocument, Node, Schema};
use serde_json::Value;

use super::graphql_leaf::leaf;
use super::json;
use super::violation::{Came, Violation};

/// Checks the answer to one operation.
pub struct Answer<'a> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    operation: &'a Operation,
    variables: &'a Value,
    name: &'a str,
}

impl<'a> Answer<'a> {
    /// `name` names the operation in violations.
    pub fn new(
        schema: &'a Schema,
        document: &'a ExecutableDocument,
        operation: &'a Operation,
        variables: &'a Value,
        name: &'a str,
    ) -> Self {
        Self {
            schema,
            document,
            operation,
            variables,
            name,
        }
    }

    /// What is wrong with `data`.
    pub fn data(&self, data: &Value) -> Vec<Violation> {
        self.object(
            self.operation.object_type(),
            &[&self.operation.selection_set],
            data,
            "/data",
        )
    }

    /// `sets` are all selections on this one object: a field that is selected twice has two.
    fn object(
        &self,
        ty: &Name,
        sets: &[&'a SelectionSet],
        value: &Value,
        at: &str,
    ) -> Vec<Violation> {
        let Some(members) = value.as_object() else {
            return vec![self.wrong(at, ty.as_str(), Came::Json(value))];
        };
        let mut candidates = self.objects_of(ty);
        if let Some(typename) = members.get("__typename") {
            candidates.retain(|candidate| *typename == candidate.as_str());
            if candidates.is_empty() {
                let at = json::member(at, "__typename");
                return vec![self.wrong(
                    &at,
                    format!("an object type that is a {ty}"),
                    Came::Json(typename),
                )];
            }
        }
        // For an interface or union that does not name its type, any matching type will do; otherwise the nearest one
        // is reported.
        let mut nearest: Option<Vec<Violation>> = None;
        for candidate in &candidates {
            let violations = self.members(candidate, sets, members, at);
            if violations.is_empty() {
                return violations;
            }
            if nearest
                .as_ref()
                .is_none_or(|nearest| violations.len() < nearest.len())
            {
                nearest = Some(violations);
            }
        }
        nearest.unwrap_or_default()
    }

    fn members(
        &self,
        ty: &Name,
        sets: &[&'a SelectionSet],
        members: &serde_json::Map<String, Value>,
        at: &str,
    ) -> Vec<Violation> {
        let mut fields: IndexMap<&Name, Vec<&'a Node<Field>>> = IndexMap::default();
        for set in sets {
            self.collect(ty, set, &mut fields, &mut HashSet::new());
        }
        let mut violations = Vec::new();
        for (key, fields) in &fields {
            let at = json::member(at, key);
            let Some(value) = members.get(key.as_str()) else {
                violations.push(self.wrong(&at, "the selected field", Came::Nothing));
                continue;
            };
            let Some(field) = fields.first() else {
                continue;
            };
            if field.name == "__typename" {
                if *value != ty.as_str() {
                    violations.push(self.wrong(&at, ty.as_str(), Came::Json(value)));
                }
                continue;
            }
            violations.extend(self.value(field.ty(), fields, value, &at));
        }
        for (key, value) in members {
            if !fields.keys().any(|name| name.as_str() == key) {
                let at = json::member(at, key);
                violations.push(self.wrong(
                    &at,
                    "no such field, as it was not selected",
                    Came::Json(value),
                ));
            }
        }
        violations
    }

    fn value(
        &self,
        ty: &Type,
        fields: &[&'a Node<Field>],
        value: &Value,
        at: &str,
    ) -> Vec<Violation> {
        if value.is_null() {
            return if ty.is_non_null() {
                vec![self.wrong(at, ty.to_string(), Came::Json(value))]
            } else {
                Vec::new()
            };
        }
        match ty {
            Type::List(of) | Type::NonNullList(of) => match value {
                Value::Array(items) => items
                    .iter()
                    .enumerate()
                    .flat_map(|(index, item)| self.value(of, fields, item, &json::item(at, index)))
                    .collect(),
                other => vec![self.wrong(at, "a list", Came::Json(other))],
            },
            Type::Named(name) | Type::NonNullNamed(name) => {
                let sets: Vec<&SelectionSet> =
                    fields.iter().map(|field| &field.selection_set).collect();
                match self.schema.types.get(name) {
                    Some(
                        ExtendedType::Object(_)
                        | ExtendedType::Interface(_)
                        | ExtendedType::Union(_),
                    ) => self.object(name, &sets, value, at),
                    _ => leaf(self.schema, name, value)
                        .map(|expected| self.wrong(at, expected, Came::Json(value)))
                        .into_iter()
                        .collect(),
                }
            }
        }
    }

    /// The fields selected on an object of type `ty`, by the key under which each is answered.
    fn collect(
        &self,
        ty: &Name,
        set: &'a SelectionSet,
        fields: &mut IndexMap<&'a Name, Vec<&'a Node<Field>>>,
        spread: &mut HashSet<&'a Name>,
    ) {
        for selection in &set.selections {
            if !self.included(selection.directives()) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    fields.entry(field.response_key()).or_default().push(field);
                }
                Selection::InlineFragment(fragment) => {
                    if fragment
                        .type_condition
                        .as_ref()
                        .is_none_or(|condition| self.is_a(ty, condition))
                    {
                        self.collect(ty, &fragment.selection_set, fields, spread);
                    }
                }
                Selection::FragmentSpread(fragment) => {
                    let definition = fragment.fragment_def(self.document);
                    if let Some(definition) = definition
                        && self.is_a(ty, definition.type_condition())
                        && spread.insert(&fragment.fragment_name)
                    {
                        self.collect(ty, &definition.selection_set, fields, spread);
                    }
                }
            }
        }
    }

    fn included(&self, directives: &DirectiveList) -> bool {
        let holds = |directive: &str| {
            let argument = directives
                .get(directive)?
                .specified_argument_by_name("if")?;
            match argument.as_ref() {
                ast::Value::Boolean(value) => Some(*value),
                ast::Value::Variable(name) => match self.variables.get(name.as_str()) {
                    Some(value) => value.as_bool(),
                    None => self
                        .operation
                        .variables
                        .iter()
                        .find(|declared| declared.name == *name)
                        .and_then(|declared| declared.default_value.as_ref()?.to_bool()),
                },
                _ => None,
            }
        };
        holds("skip") != Some(true) && holds("include") != Some(false)
    }

    fn is_a(&self, object: &Name, condition: &Name) -> bool {
        object == condition || self.schema.is_subtype(condition, object)
    }

    fn objects_of(&self, ty: &Name) -> Vec<Name> {
        match self.schema.types.get(ty) {
            Some(ExtendedType::Union(union)) => union
                .members
                .iter()
                .map(|member| member.name.clone())
                .collect(),
            Some(ExtendedType::Interface(_)) => self
                .schema
                .types
                .iter()
                .filter(|(name, one)| one.is_object() && self.schema.is_subtype(ty, name))
                .map(|(name, _)| name.clone())
                .collect(),
            _ => vec![ty.clone()],
        }
    }

    fn wrong(&self, at: &str, expected: impl Into<String>, came: Came<'_>) -> Violation {
        Violation::new(self.name, at, expected, came)
    }
}
