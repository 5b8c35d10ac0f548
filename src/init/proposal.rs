//! What is proposed.

use super::drafts::ManifestDraft;
use super::unpaired::Unpaired;
use crate::model::source_location::{RepoPath, SourceLocation};

/// The path of the workflow.
pub(crate) const WORKFLOW_PATH: &str = ".github/workflows/sluice.yml";

/// The path of the policy.
pub(crate) const POLICY_PATH: &str = ".github/sluice.yaml";

/// The workflow of the simple install, to the byte.
pub(crate) const WORKFLOW: &str = include_str!("../../examples/workflows/install.yml");

/// What is proposed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proposal {
    /// Files to be written.
    pub files: Vec<NewFile>,
    /// Which service takes its values from which.
    pub pairs: Vec<Pair>,
    /// Services that no proposed pipeline has, and why.
    pub unpaired: Vec<Unpaired>,
    /// What to change by hand in files that are there.
    pub drafts: Vec<ManifestDraft>,
    /// What else to know.
    pub notes: Vec<String>,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewFile {
    /// Its position.
    pub path: RepoPath,
    /// All of it.
    pub content: String,
    /// Something is there already, so that it cannot be written.
    pub exists: bool,
}

/// One service and the one that it takes its values from.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// What both are called without environment.
    pub name: String,
    /// The name of the proposed pipeline.
    pub pipeline: String,
    /// The service that the values come from.
    pub from: End,
    /// The service that receives them.
    pub to: End,
}

/// One end of a pair.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// Its stage.
    pub stage: String,
    /// `metadata.name`.
    pub service: String,
    /// The namespace by which it is referred to.
    pub namespace: Option<String>,
    /// The position at which its manifest begins.
    pub place: SourceLocation,
}
