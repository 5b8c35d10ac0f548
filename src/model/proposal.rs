//! Proposals: Sluice's branches that propose a plan, as they are on GitHub.

use super::ids::{CommitId, PlanId};
use super::name::{EdgeName, StageName};
use super::promotion_id::{PipelineKey, PromotionId};
use super::pull::{PromotionBranch, Pull, PullState};

/// A branch of ours, by what its head's record says. The record only says what to compare; what is landed is proved.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    /// The branch and its pull requests.
    pub branch: PromotionBranch,
    /// The pipeline's namespace.
    pub namespace: Option<String>,
    /// The pipeline's name.
    pub pipeline: String,
    /// The stage.
    pub stage: StageName,
    /// The edges, sorted.
    pub edges: Vec<EdgeName>,
    /// The plan.
    pub plan: PlanId,
    /// The build.
    pub build: String,
    /// Who asked for it by a dispatch.
    pub requested_by: Option<u64>,
    /// They asked for it as an emergency.
    pub emergency: bool,
    /// It goes back to what the stage held at this landing.
    pub rollback: Option<CommitId>,
}

impl Proposal {
    /// The promotion that it proposes.
    pub(crate) fn promotion(&self) -> PromotionId {
        let pipeline = PipelineKey::new(self.namespace.clone(), self.pipeline.as_str());
        PromotionId::new(pipeline, self.stage.clone(), self.edges.clone())
    }

    /// Its pull request from this repository into `base`: the open one, else the newest.
    pub(crate) fn pull(&self, base: &str) -> Option<&Pull> {
        let ours = || {
            self.branch.pulls.iter().filter(|pull| {
                !pull.foreign && pull.base == base && pull.branch == self.branch.name
            })
        };
        ours()
            .find(|pull| pull.is_open())
            .or_else(|| ours().max_by_key(|pull| pull.number))
    }

    /// Its open pull request.
    pub(crate) fn open(&self, base: &str) -> Option<&Pull> {
        self.pull(base).filter(|pull| pull.is_open())
    }

    /// Whether it was merged.
    pub(crate) fn merged(&self, base: &str) -> bool {
        self.pull(base)
            .is_some_and(|pull| matches!(pull.state, PullState::Merged { .. }))
    }
}

/// Whether a merge of an open pull request would do to the base's tip exactly what its plan says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// It would.
    Intact,
    /// It would have on an older tip, and a file that it edits has changed since, or the base was pushed back: another build is needed.
    BaseMoved,
    /// Its head is not what Sluice put there: in these words.
    HeadMoved(String),
    /// It could not be read.
    Unreadable(String),
}
