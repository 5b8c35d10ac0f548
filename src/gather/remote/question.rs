//! What is asked of the forge about commits, and its answers.

use std::rc::Rc;

use crate::forge::{Deployment, Forge, ForgeError, Push, SaidStatus};
use crate::model::commit_range::RangeCommits;
use crate::model::ids::CommitId;
use crate::model::policy::CheckOf;
use crate::model::signal::Signal;

/// Something to ask about history, which has one answer for good.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Question {
    /// The newest pushes to a branch at this tip, this many pages of them.
    Pushes(String, CommitId, usize),
    /// The commits between two that touch these folders.
    CommitRange(CommitId, CommitId, Vec<String>),
    /// The commits that the second has and the first does not, with their parents.
    Ahead(CommitId, CommitId),
}

/// Something to ask about what others say now, or where a branch is now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum SignalQuestion {
    /// Deployments to an environment.
    Deployments(String),
    /// Statuses of a deployment.
    DeploymentStatuses(u64),
    /// Statuses of a commit.
    Statuses(CommitId),
    /// Check runs on a commit.
    Checks(CommitId, CheckOf),
    /// Which commits have a report under this context, or by this App.
    Spoken(Vec<CommitId>, Option<String>, Option<u64>),
    /// The default branch.
    DefaultBranch,
}

/// The answer to a [`Question`].
#[derive(Clone)]
pub(super) enum Answer {
    Pushes(Rc<(Vec<Push>, bool)>),
    RangeCommits(Rc<RangeCommits>),
    Ahead(Rc<Vec<(CommitId, Vec<CommitId>)>>),
}

/// The answer to a [`SignalQuestion`].
#[derive(Clone)]
pub(super) enum SignalAnswer {
    Deployments(Rc<Vec<Deployment>>),
    Statuses(Rc<Vec<SaidStatus>>),
    Signals(Rc<Vec<Signal>>),
    Spoken(Rc<Vec<bool>>),
    Branch(String, CommitId),
}

impl Question {
    pub(super) async fn ask(&self, forge: &Forge) -> Result<Answer, ForgeError> {
        Ok(match self {
            Self::Pushes(branch, _, pages) => {
                Answer::Pushes(Rc::new(forge.pushes(branch, *pages).await?))
            }
            Self::CommitRange(old, new, folders) => {
                Answer::RangeCommits(Rc::new(forge.between(old, new, folders).await?))
            }
            Self::Ahead(old, new) => Answer::Ahead(Rc::new(forge.ahead(old, new).await?)),
        })
    }
}

impl SignalQuestion {
    pub(super) async fn ask(&self, forge: &Forge) -> Result<SignalAnswer, ForgeError> {
        Ok(match self {
            Self::Deployments(environment) => {
                SignalAnswer::Deployments(Rc::new(forge.deployments(environment).await?))
            }
            Self::DeploymentStatuses(id) => {
                SignalAnswer::Statuses(Rc::new(forge.deployment_statuses(*id).await?))
            }
            Self::Statuses(commit) => {
                SignalAnswer::Statuses(Rc::new(forge.statuses(commit).await?))
            }
            Self::Checks(commit, check) => {
                SignalAnswer::Signals(Rc::new(forge.check_runs(commit, check).await?))
            }
            Self::Spoken(commits, context, app) => SignalAnswer::Spoken(Rc::new(
                forge
                    .spoken_about(commits, context.as_deref(), *app)
                    .await?,
            )),
            Self::DefaultBranch => {
                let (name, tip) = forge.default_branch().await?;
                SignalAnswer::Branch(name, tip)
            }
        })
    }
}
