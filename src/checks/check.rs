//! What a check is, and everything that it may look at.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::catalog::RepositoryIdentity;
use crate::copy::{Comparison, Pair};
use crate::model::catalog::Catalog;
use crate::model::facts::{Revision, RevisionQuery};
use crate::model::finding::{Finding, Severity, Stops};
use crate::model::ids::PipelineId;
use crate::model::pipeline::Pipeline;
use crate::model::policy::{Policy, UntrustedAccount};
use crate::model::resolved::{ResolvedPipeline, StageIndex};
use crate::model::source_location::RepoPath;

/// Everything that checks may look at.
pub struct Context<'a> {
    /// The manifests.
    pub catalog: &'a Catalog,
    /// The policy.
    pub policy: &'a Policy,
    /// The policy's file.
    pub policy_file: &'a RepoPath,
    /// What is wrong with the policy, if it could not be read.
    pub policy_finding: Option<&'a Finding>,
    /// What makes a repository this one.
    pub here: &'a RepositoryIdentity,
    /// The pipelines with their references looked up.
    pub resolved: &'a [ResolvedPipeline],
    /// Answers about revisions.
    pub revisions: &'a BTreeMap<RevisionQuery, Revision>,
    /// Every target with its source, compared.
    pub pairs: Vec<Compared<'a>>,
    /// The bytes of a manifest file.
    pub bytes: &'a dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    /// The time of this evaluation.
    pub now: Timestamp,
    /// Accounts whose reports are not evidence, on GitHub and if the policy trusts the reports of others.
    pub untrusted: &'a [UntrustedAccount],
}

/// A target with its source, compared.
pub struct Compared<'a> {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// The stage.
    pub stage: StageIndex,
    /// Index of the service in the stage.
    pub service: usize,
    /// The pair.
    pub pair: Pair<'a>,
    /// What differs.
    pub comparison: Comparison,
}

impl<'a> Context<'a> {
    /// The manifests of all pipelines with what their references lead to.
    pub(super) fn pipelines(&self) -> impl Iterator<Item = (&'a Pipeline, &'a ResolvedPipeline)> {
        let catalog = self.catalog;
        self.resolved
            .iter()
            .map(|resolved| (catalog.pipeline(resolved.id), resolved))
    }
}

/// A check.
pub struct Check {
    /// The code of its findings.
    pub code: &'static str,
    /// How bad its findings are.
    pub severity: Severity,
    /// What it looks for, in one sentence.
    pub about: &'static str,
    /// Looks for it.
    pub(super) run: fn(&Context<'_>) -> Vec<Finding>,
}

/// Stops one pipeline.
pub(super) fn only(pipeline: PipelineId) -> Stops {
    Stops::Pipelines(vec![pipeline])
}
