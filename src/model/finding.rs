//! Findings: what `validate` and every run say about manifests and policy.

use super::ids::PipelineId;
use super::source_line::SourceLine;
use super::source_location::{RepoPath, SourceLocation};
use crate::yaml::Edit;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The pipelines that it stops do not move.
    Error,
    /// Reported, and nothing more.
    Warning,
}

/// Which pipelines an error stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stops {
    /// None: it is a warning, it concerns no pipeline that could be read, or the planner stops what it is about.
    Nothing,
    /// These.
    Pipelines(Vec<PipelineId>),
    /// All of them.
    Everything,
}

impl Stops {
    /// Whether it stops this pipeline.
    pub fn stops(&self, pipeline: PipelineId) -> bool {
        match self {
            Self::Nothing => false,
            Self::Pipelines(pipelines) => pipelines.contains(&pipeline),
            Self::Everything => true,
        }
    }
}

/// One finding. Its code is stable; its words may get better.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The stable kebab-case code.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Its position.
    pub place: SourceLocation,
    /// What is wrong, in one or two sentences without the place.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Edits that fix it, if that is safe.
    pub fix: Option<Fix>,
    /// Which pipelines it stops.
    pub stops: Stops,
    /// The line that it points at, if that may be shown.
    pub line: Option<SourceLine>,
}

impl Finding {
    /// An error that stops these pipelines.
    pub fn error(
        code: &'static str,
        place: SourceLocation,
        message: impl Into<String>,
        stops: Stops,
    ) -> Self {
        Self {
            code,
            severity: Severity::Error,
            place,
            message: message.into(),
            help: None,
            fix: None,
            stops,
            line: None,
        }
    }

    /// A warning.
    pub fn warning(code: &'static str, place: SourceLocation, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Warning,
            place,
            message: message.into(),
            help: None,
            fix: None,
            stops: Stops::Nothing,
            line: None,
        }
    }

    /// With a help line.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With a fix.
    pub fn fix(mut self, file: &RepoPath, edits: Vec<Edit>) -> Self {
        self.fix = Some(Fix {
            file: file.clone(),
            edits,
        });
        self
    }
}

/// Edits of one file that fix a finding.
#[derive(Clone, Debug)]
pub struct Fix {
    /// The file.
    pub file: RepoPath,
    /// What is set there.
    pub edits: Vec<Edit>,
}
