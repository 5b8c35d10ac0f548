//! What a comparison of a target with its source says.

use crate::model::change::Change;
use crate::model::facts::Values;
use crate::model::finding::Severity;
use crate::model::reference::ManifestKey;
use crate::model::source_location::SourceLocation;
use crate::yaml::FieldPath;

/// What prevents copying one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The code of the finding that it becomes.
    pub code: &'static str,
    /// Whether it stops the pipeline.
    pub severity: Severity,
    /// Its position.
    pub place: SourceLocation,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// A pair compared.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// What would have to change.
    pub changes: Vec<Change>,
    /// Values of the source as they would be written; the git ref as the commit that it resolves to.
    pub taken: Values,
    /// What prevents it.
    pub problems: Vec<Problem>,
    /// Fields that are not copied, and why.
    pub skipped: Vec<String>,
    /// The revision was not read, because there is no forge.
    pub unread: bool,
}

/// A field that a promotion may write, whatever the values are now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Write {
    /// The manifest.
    pub manifest: ManifestKey,
    /// The position of the manifest or field.
    pub place: SourceLocation,
    /// The field.
    pub path: FieldPath,
}

pub(super) fn not_a_scalar(place: SourceLocation, path: &FieldPath, name: &str) -> Problem {
    Problem {
        code: "target-not-editable",
        severity: Severity::Error,
        place,
        message: format!("{path} of {name} is not a single value, so it cannot be set"),
        help: None,
    }
}
