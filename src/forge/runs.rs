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

/// A run that someone waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FollowedRun {
    /// Its ID.
    pub id: u64,
    /// Its number among the runs of its workflow.
    pub number: u64,
    /// Its page.
    pub url: String,
    /// GitHub's word for its state, such as `queued`.
    pub status: String,
    /// How it ended.
    pub ended: Ended,
    /// When it was started.
    pub created: Timestamp,
}

/// What GitHub knows of a workflow file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct WorkflowEntry {
    /// `active`, or why it is not: `disabled_manually`, `disabled_inactivity`, …
    pub state: String,
}

impl Forge {
    /// What GitHub knows of a workflow file of the default branch.
    ///
    /// # Errors
    /// Any [`ForgeError`]; [`ForgeError::NotFound`] if it does not know the file.
    pub(crate) async fn workflow_entry(&self, workflow: &str) -> Result<WorkflowEntry, ForgeError> {
        let operation = format!("read the workflow {workflow}");
        let file = utf8_percent_encode(workflow, NON_ALPHANUMERIC);
        let path = self.path(&format!("/actions/workflows/{file}"));
        self.get(path, &operation).await?.parse(&operation)
    }

    /// A run, as far as someone who waits for it wants to know.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub(crate) async fn followed_run(&self, id: u64) -> Result<FollowedRun, ForgeError> {
        let operation = "read the workflow's run";
        let path = self.path(&format!("/actions/runs/{id}"));
        let run: FollowedShape = self.get(path, operation).await?.parse(operation)?;
        run.followed()
    }

    /// The newest runs of a workflow that a person started by hand on a branch: up to thirty of them, newest first. GitHub may not list a
    /// run at once.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub(crate) async fn runs_started_by(
        &self,
        workflow: &str,
        branch: &str,
        login: &str,
    ) -> Result<Vec<FollowedRun>, ForgeError> {
        let only = format!(
            "event=workflow_dispatch&branch={}&actor={}",
            encode(branch),
            encode(login)
        );
        self.list_runs(workflow, &only).await
    }
}

impl Forge {
    /// The newest runs of a workflow on a branch, whatever started them: up to thirty of them, newest first.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub(crate) async fn runs_on(
        &self,
        workflow: &str,
        branch: &str,
    ) -> Result<Vec<FollowedRun>, ForgeError> {
        self.list_runs(workflow, &format!("branch={}", encode(branch)))
            .await
    }

    async fn list_runs(&self, workflow: &str, only: &str) -> Result<Vec<FollowedRun>, ForgeError> {
        let operation = format!("read the runs of {workflow}");
        let path = self.path(&format!(
            "/actions/workflows/{}/runs?{only}&per_page=30",
            encode(workflow)
        ));
        let found: FollowedRunsShape = self.get(path, &operation).await?.parse(&operation)?;
        let runs = found.workflow_runs.into_iter();
        runs.map(FollowedShape::followed).collect()
    }
}

/// A value of an address.
fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Writer {
    /// Starts a workflow on a branch, and asks which run that is; `None` if the server does not say. Sent once: a second one would start a
    /// second run.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub(crate) async fn dispatch_run(
        &self,
        workflow: &str,
        branch: &str,
        inputs: &Value,
    ) -> Result<Option<u64>, ForgeError> {
        let file = utf8_percent_encode(workflow, NON_ALPHANUMERIC);
        let path = self
            .forge
            .path(&format!("/actions/workflows/{file}/dispatches"));
        let body = json!({ "ref": branch, "inputs": inputs, "return_run_details": true });
        let operation = format!("start {workflow}");
        match self.write(Method::POST, path, Some(body), &operation).await {
            Ok(answer) => Ok(answer.body["workflow_run_id"].as_u64()),
            // A server that does not know the field refuses the whole call, so nothing was started.
            Err(ForgeError::Refused { said, .. }) if said.contains("return_run_details") => {
                self.dispatch(workflow, branch, inputs).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

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
struct FollowedRunsShape {
    workflow_runs: Vec<FollowedShape>,
}

#[derive(Deserialize)]
struct FollowedShape {
    id: u64,
    run_number: u64,
    html_url: String,
    status: Option<String>,
    conclusion: Option<String>,
    created_at: String,
}

impl FollowedShape {
    fn followed(self) -> Result<FollowedRun, ForgeError> {
        let status = self.status.unwrap_or_else(|| "unknown".to_owned());
        Ok(FollowedRun {
            id: self.id,
            number: self.run_number,
            url: self.html_url,
            ended: ended(&status, self.conclusion),
            created: time(&self.created_at)?,
            status,
        })
    }
}

/// How a run ended, by its status and conclusion.
fn ended(status: &str, conclusion: Option<String>) -> Ended {
    match (status, conclusion) {
        ("completed", Some(word)) if word == "success" => Ended::Well,
        ("completed", word) => Ended::Badly(word.unwrap_or_else(|| "no conclusion".to_owned())),
        _ => Ended::NotYet,
    }
}

#[derive(Deserialize)]
struct RepositoryShape {
    id: u64,
}

impl JobShape {
    fn job(self) -> Result<JobRun, ForgeError> {
        let ended = ended(self.status.as_deref().unwrap_or_default(), self.conclusion);
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
