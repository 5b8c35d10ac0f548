//! `.github/sluice.yaml` as text: parsing it into the policy types, their JSON Schema, and the document about it.
//!
//! Strict: an unknown field is an error with a place and the nearest known name, because a rule that is silently not
//! applied is a gate that silently stands open.

mod document;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::Value;

use crate::model::finding::{Finding, Stops};
use crate::model::nearest::nearest;
use crate::model::place::{Place, RepoPath};
use crate::model::policy::Policy;
use crate::yaml::de::from_node;
use crate::yaml::{Limits, Position, Stream};

pub use document::document;

/// Where the policy lies unless told otherwise.
pub const DEFAULT_PATH: &str = ".github/sluice.yaml";

/// Parses a policy. An empty file is not a policy: it lacks `version`.
///
/// # Errors
/// The finding `policy-invalid`, which stops every pipeline: without the policy nobody knows what a gate demands.
pub fn parse(file: &RepoPath, bytes: &[u8]) -> Result<Policy, Box<Finding>> {
    let invalid = |at: Position, message: String| {
        Box::new(Finding::error(
            "policy-invalid",
            Place::new(file, at),
            message,
            Stops::Everything,
        ))
    };
    let stream = Stream::parse(bytes, &Limits::default())
        .map_err(|error| invalid(error.position, error.message))?;
    let start = Position { line: 1, column: 1 };
    let mut roots = stream
        .documents()
        .iter()
        .filter_map(|document| document.root);
    let root = match (roots.next(), roots.next()) {
        (Some(root), None) if !stream.is_null(root) => root,
        (Some(_), Some(second)) => {
            let at = stream.position(second);
            return Err(invalid(
                at,
                "a policy is one document; here begins a second one".to_owned(),
            ));
        }
        _ => {
            return Err(Box::new(
                invalid(start, "the policy is empty".to_owned())
                    .help("begin with `version: 1`, or remove the file"),
            ));
        }
    };
    from_node(&stream, root).map_err(|error| {
        let path = error.path.to_string();
        let message = if path.is_empty() {
            error.message.clone()
        } else {
            format!("{path}: {}", error.message)
        };
        let finding = invalid(error.position, message);
        match &error.unknown {
            Some(unknown) => {
                let known = unknown.expected.iter().map(String::as_str);
                let help = match nearest(&unknown.name, known).first() {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", unknown.expected.join(", ")),
                };
                Box::new(finding.help(help))
            }
            None => finding,
        }
    })
}

/// The finding for a policy that is there and cannot be read.
pub fn unreadable(file: &RepoPath, why: &str) -> Finding {
    let start = Place::new(file, Position::default());
    Finding::error("policy-invalid", start, why, Stops::Everything)
}

/// What the texts of the policy look like that are parsed by hand, for their definitions in the schema.
const TEXTS: &[(&str, &str)] = &[
    (
        "Wait",
        "A length of time such as `30m`, `4h`, `90d` or `1h30m`. A day has 24 hours.",
    ),
    (
        "Hours",
        "Days and times such as `Mon-Thu 09:00-17:00` or `Sat,Sun 22:00-06:00`. The whole day is `00:00-24:00`.",
    ),
    (
        "Zone",
        "An IANA time zone such as `Europe/Berlin` or `UTC`.",
    ),
    (
        "Civil",
        "A time without an offset, such as `2026-12-19T18:00`: `zone` says where.",
    ),
    (
        "Instant",
        "A time with its offset (RFC 3339), such as `2026-12-19T18:00:00+01:00`.",
    ),
];
/// [`Hours`](crate::model::policy::Hours), as far as a pattern can say it.
const HOURS: &str = "^[A-Za-z]{3}(-[A-Za-z]{3})?(,[A-Za-z]{3}(-[A-Za-z]{3})?)* +[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$";

/// The JSON Schema (draft 2020-12) of the policy, for editors.
pub fn schema() -> serde_json::Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.transforms.push(Box::new(not_nothing));
    let mut schema = settings.into_generator().into_root_schema_for::<Policy>();
    schema.insert(
        "title".to_owned(),
        "Sluice policy (.github/sluice.yaml)".into(),
    );
    let mut schema = schema.to_value();
    for (name, about) in TEXTS {
        if let Some(definition) = schema.pointer_mut(&format!("/$defs/{name}")) {
            definition["description"] = Value::from(*about);
        }
    }
    if let Some(hours) = schema.pointer_mut("/$defs/Hours") {
        hours["pattern"] = Value::from(HOURS);
    }
    schema
}

/// Takes "or nothing" off what may be left out: an editor need not offer `soak:` without a value.
fn not_nothing(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::Array(forms)) = schema.get_mut("anyOf") {
        forms.retain(|form| form.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(one)] = forms.as_slice() {
            let one = one.clone();
            schema.remove("anyOf");
            for (key, value) in one {
                schema.ensure_object().entry(key).or_insert(value);
            }
        }
    }
    transform_subschemas(&mut not_nothing, schema);
}

#[cfg(test)]
mod tests;
