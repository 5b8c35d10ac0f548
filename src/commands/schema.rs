//! `schema`: the JSON Schema of the policy.

use super::output::Output;
use crate::cli::Format;
use crate::error::Exit;
use crate::report::json;

/// The schema alone, or for `--format json` inside a document with our version.
pub(crate) fn run(format: Format) -> Output {
    let schema = crate::policy::schema();
    let text = match format {
        Format::Json => json::document(
            &serde_json::json!({ "version": json::VERSION, "schema": schema, "findings": [] }),
        ),
        Format::Text => json::document(&schema),
    };
    Output {
        text,
        notices: Vec::new(),
        exit: Exit::Done,
    }
}
