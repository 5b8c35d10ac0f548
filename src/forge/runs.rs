//! Workflow runs: who started the one that is running now (A19, A20).

use serde::Deserialize;

use super::Forge;
use super::error::ForgeError;
use crate::model::evidence::{Actor, ActorKind};

/// A workflow run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRun {
    /// The event that started it.
    pub event: String,
    /// The branch whose workflow it runs.
    pub branch: Option<String>,
    /// Who started it first.
    pub actor: Option<Actor>,
    /// Who started this attempt.
    pub triggering: Option<Actor>,
}

impl Forge {
    /// Reads a workflow run.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn workflow_run(&self, id: u64) -> Result<WorkflowRun, ForgeError> {
        let doing = "read this workflow run";
        let answer = self
            .get(self.path(&format!("/actions/runs/{id}")), doing)
            .await?;
        let run: RunShape = answer.parse(doing)?;
        if run.id != id {
            return Err(ForgeError::NotUnderstood(format!(
                "to {doing}: it is another run"
            )));
        }
        Ok(WorkflowRun {
            event: run.event,
            branch: run.head_branch,
            actor: run.actor.map(Into::into),
            triggering: run.triggering_actor.map(Into::into),
        })
    }
}

#[derive(Deserialize)]
struct RunShape {
    id: u64,
    event: String,
    head_branch: Option<String>,
    actor: Option<UserShape>,
    triggering_actor: Option<UserShape>,
}

/// A person or App as REST shows it.
#[derive(Deserialize)]
struct UserShape {
    id: u64,
    login: String,
    #[serde(rename = "type")]
    kind: String,
}

impl From<UserShape> for Actor {
    fn from(shape: UserShape) -> Self {
        Self {
            id: Some(shape.id),
            login: shape.login,
            kind: match shape.kind.as_str() {
                "User" => ActorKind::User,
                "Bot" => ActorKind::Bot,
                _ => ActorKind::Other,
            },
        }
    }
}
