//! `.github/sluice.yaml` as text: parsing it into the policy types, and printing their JSON Schema.
//!
//! Strict: an unknown field is an error with a place and the nearest known name, because a rule that is silently not
//! applied is a gate that silently stands open.

use schemars::generate::SchemaSettings;

use crate::model::finding::{Finding, Stops};
use crate::model::nearest::nearest;
use crate::model::place::{Place, RepoPath};
use crate::model::policy::Policy;
use crate::yaml::de::from_node;
use crate::yaml::{Limits, Position, Stream};

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

/// The JSON Schema (draft 2020-12) of the policy, for editors.
pub fn schema() -> serde_json::Value {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<Policy>();
    schema.insert(
        "title".to_owned(),
        "Sluice policy (.github/sluice.yaml)".into(),
    );
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> (u32, u32, String, String) {
        let finding = *parse(&DEFAULT_PATH.into(), text.as_bytes()).unwrap_err();
        (
            finding.place.line,
            finding.place.column,
            finding.message,
            finding.help.unwrap_or_default(),
        )
    }

    #[test]
    fn an_unknown_field_is_refused_with_its_place_and_the_nearest_name() {
        let (line, _, message, help) =
            problem("version: 1\ngates:\n  prod-approval:\n    aprove: []\n");
        assert_eq!(line, 4);
        assert!(message.contains("aprove"), "{message}");
        assert_eq!(help, "did you mean `approve`?");
    }

    #[test]
    fn what_can_never_hold_is_refused() {
        for (text, word) in [
            ("", "empty"),
            ("version: 2\n", "version 2"),
            ("fields: []\n", "version"),
            ("version: 1\n---\nversion: 1\n", "second"),
            ("version: 1\nversion: 1\n", "twice"),
            (
                "version: 1\ngates:\n  a:\n    approve: [{ by: writers, count: 0 }]\n",
                "count",
            ),
            ("version: 1\ngates:\n  a:\n    approve: []\n", "empty"),
            (
                "version: 1\ngates:\n  a: { open: [\"Mon 09:00-17:00\"] }\n",
                "zone",
            ),
            (
                "version: 1\ngates:\n  a: { workflow: x.yml, zone: UTC }\n",
                "different gate types",
            ),
            (
                "version: 1\nfields: [spec.configuration.x]\n",
                "criteria.secrets",
            ),
            ("version: 1\nfields: [spec.git]\n", "promoted anyway"),
            ("version: 1\nfields: [metadata.name]\n", "under `spec`"),
            (
                "version: 1\nfreeze: [{from: 2026-12-19T18:00, until: 2026-12-19T18:00, zone: UTC, reason: x}]\n",
                "not after",
            ),
            (
                "version: 1\nstages:\n  prod: { require: [APROVAL] }\n",
                "APROVAL",
            ),
        ] {
            let (_, _, message, help) = problem(text);
            assert!(
                format!("{message} {help}").contains(word),
                "{text:?}: {message} / {help}"
            );
        }
    }

    #[test]
    fn the_schema_names_every_top_level_field() {
        let schema = schema();
        let properties = schema["properties"].as_object().unwrap();
        for field in [
            "version",
            "manifests",
            "people",
            "fields",
            "gates",
            "stages",
            "pipelines",
            "holds",
            "freeze",
        ] {
            assert!(properties.contains_key(field), "{field}");
        }
        assert_eq!(schema["additionalProperties"], false);
    }
}
