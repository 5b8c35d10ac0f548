//! What is asked of the history for a rollback, and why there may be none.

use crate::catalog::RepositoryIdentity;
use crate::model::facts::{Facts, LastSet};
use crate::model::ids::{CommitId, PipelineId};
use crate::model::name::EdgeName;
use crate::model::plan_prefix::PlanPrefix;
use crate::model::resolved::StageIndex;
use crate::repo::ReadObjects;

/// What a stage is to go back to.
#[derive(Clone, Debug)]
pub(crate) enum GoBack {
    /// What it held last that is not what it holds now. What was rolled back already is passed over.
    Last,
    /// What the landing of this plan brought.
    Plan(PlanPrefix),
    /// What it held at this landing: a rollback that was begun continues.
    Landing(CommitId),
}

/// Where to search.
pub(crate) struct RollbackSearch<'a> {
    /// The base, as it is now.
    pub repo: &'a dyn ReadObjects,
    /// Its tip.
    pub tip: CommitId,
    /// The manifests and the policy at that tip, and the time.
    pub facts: &'a Facts<'a>,
    /// What makes a repository this one.
    pub here: &'a RepositoryIdentity,
    /// The pipeline.
    pub pipeline: PipelineId,
    /// The stage.
    pub stage: StageIndex,
    /// The edges of each promotion into the stage, sorted: several with `join: any`.
    pub edges: &'a [Vec<EdgeName>],
    /// How far.
    pub back: &'a GoBack,
}

/// Why a stage cannot go back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoRollback {
    /// There is nothing to go back to, or the policy does not allow it.
    #[error("{why}")]
    Refused {
        /// Why, in plain words.
        why: String,
        /// What to do.
        help: String,
    },
    /// It could not be read.
    #[error("{why}")]
    Unread {
        /// Why, in plain words.
        why: String,
        /// What to do, if anything.
        help: Option<String>,
    },
}

impl From<LastSet> for NoRollback {
    /// For a manifest that could not be read, or was ambiguous, at some point of history.
    fn from(last: LastSet) -> Self {
        match last {
            LastSet::Failed { why, help } => Self::Unread { why, help },
            _ => Self::from_why("its history could not be read".to_owned()),
        }
    }
}

impl NoRollback {
    pub(super) fn from_why(why: String) -> Self {
        Self::Unread { why, help: None }
    }
}
