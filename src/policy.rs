//! `.github/sluice.yaml` as text: the parser into the policy types, their JSON Schema, and their documentation.
//!
//! Strict: an unknown field is an error with a position and the nearest known name, because a rule that is silently not
//! applied is a gate that is silently open.

mod document;
mod schema;

use crate::model::finding::{Finding, Stops};
use crate::model::nearest::nearest;
use crate::model::policy::Policy;
use crate::model::source_location::{RepoPath, SourceLocation};
use crate::yaml::de::from_node;
use crate::yaml::{Limits, Position, Stream};

pub use document::document;
pub use schema::schema;

/// Where the policy is by default.
pub const DEFAULT_PATH: &str = ".github/sluice.yaml";

/// Parses a policy. An empty file is not a policy: it lacks `version`.
///
/// # Errors
/// The finding `policy-invalid`, which stops every pipeline: without the policy it is unknown what gates require.
pub fn parse(file: &RepoPath, bytes: &[u8]) -> Result<Policy, Box<Finding>> {
    let invalid = |at: Position, message: String| {
        Box::new(Finding::error(
            "policy-invalid",
            SourceLocation::new(file, at),
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
                "a policy must be one YAML document; a second one begins here".to_owned(),
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

/// The finding for a policy that exists but cannot be read.
pub fn unreadable(file: &RepoPath, why: &str) -> Finding {
    let start = SourceLocation::new(file, Position::default());
    Finding::error("policy-invalid", start, why, Stops::Everything)
}

#[cfg(test)]
mod tests;
