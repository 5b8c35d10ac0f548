//! Workflow runs: who started the one that is running now (A19, A20); starting the workflow of a gate, and finding what
//! became of it.

use http::Method;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Forge;
use super::error::ForgeError;
use super::shapes::{id, time};
use super::writer::Writer;
use crate::model::actor::{Actor, ActorKind};
use crate::model::signal::{Ended, JobRun};

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
        let operation = "read this workflow run";
        let answer = self
            .get(self.path(&format!("/actions/runs/{id}")), operation)
            .await?;
        let run: RunShape = answer.parse(operation)?;
        if run.id != id {
            return Err(ForgeError::NotUnderstood(format!(
                "to {operation}: it is another run"
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

impl Forge {
    /// Runs of a workflow that were dispatched on a branch at or after an instant, newest first. It is not known here
    /// whether their commits are on the base branch.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn dispatched_runs(
        &self,
        workflow: &str,
        branch: &str,
        since: Timestamp,
    ) -> Result<Vec<JobRun>, ForgeError> {
        let operation = format!("read the runs of {workflow}");
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut next = Some(self.path(&format!(
            "/actions/workflows/{}/runs?event=workflow_dispatch&branch={}&created=%3E%3D{}&per_page=100",
            encode(workflow),
            encode(branch),
            encode(&since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        )));
        let mut runs = Vec::new();
        for _ in 0..PAGES_OF_RUNS {
            let Some(page) = next.take() else { break };
            let answer = self.get(page, &operation).await?;
            next = answer.next.clone();
            for run in answer.parse::<RunsShape>(&operation)?.workflow_runs {
                runs.push(run.job()?);
            }
        }
        Ok(runs)
    }
}

impl Writer {
    /// Starts a workflow on a branch. Sent once: a second one would run it twice.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn dispatch(
        &self,
        workflow: &str,
        branch: &str,
        inputs: &Value,
    ) -> Result<(), ForgeError> {
        let file = utf8_percent_encode(workflow, NON_ALPHANUMERIC);
        let path = self
            .forge
            .path(&format!("/actions/workflows/{file}/dispatches"));
        let body = json!({ "ref": branch, "inputs": inputs });
        let operation = format!("start {workflow}");
        self.write(Method::POST, path, Some(body), &operation)
            .await?;
        Ok(())
    }
}

/// At most this many runs of one workflow since a promotion was opened are read.
const PAGES_OF_RUNS: usize = 5;

#[derive(Deserialize)]
struct RunsShape {
    workflow_runs: Vec<JobShape>,
}

#[derive(Deserialize)]
struct JobShape {
    id: u64,
    display_title: Option<String>,
    html_url: String,
    path: String,
    event: String,
    head_branch: Option<String>,
    head_sha: String,
    status: Option<String>,
    conclusion: Option<String>,
    created_at: String,
    updated_at: String,
    actor: Option<UserShape>,
    triggering_actor: Option<UserShape>,
    repository: RepositoryShape,
    head_repository: Option<RepositoryShape>,
}

#[derive(Deserialize)]
struct RepositoryShape {
    id: u64,
}

impl JobShape {
    fn job(self) -> Result<JobRun, ForgeError> {
        let ended = match (self.status.as_deref(), self.conclusion) {
            (Some("completed"), Some(word)) if word == "success" => Ended::Well,
            (Some("completed"), word) => {
                Ended::Badly(word.unwrap_or_else(|| "no conclusion".to_owned()))
            }
            _ => Ended::NotYet,
        };
        let path = self.path.split('@').next().unwrap_or_default().to_owned();
        Ok(JobRun {
            id: self.id,
            title: self.display_title.unwrap_or_default(),
            url: self.html_url,
            path,
            event: self.event,
            branch: self.head_branch,
            commit: id(&self.head_sha)?,
            on_base: Err("its commit was not looked up".to_owned()),
            here: self
                .head_repository
                .is_some_and(|head| head.id == self.repository.id),
            actor: self.actor.map(Into::into),
            triggering: self.triggering_actor.map(Into::into),
            created: time(&self.created_at)?,
            updated: time(&self.updated_at)?,
            ended,
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
