//! What others reported about commits: deployments, check runs, commit statuses, pushes. As GitHub returns it; callers
//! decide whose reports count.

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Forge;
use super::error::ForgeError;
use super::paging::{MAX_PAGES, too_long};
use super::shapes::{id, shape, time};
use crate::model::actor::{Actor, ActorKind, UserId};
use crate::model::ids::CommitId;
use crate::model::policy::CheckOf;
use crate::model::signal::{Ended, Signal};

/// A push, or whatever else moved a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The commit of the branch before, in hex; all zeros if it did not exist.
    pub before: String,
    /// The commit of the branch after.
    pub after: String,
    /// It did not go forward.
    pub forced: bool,
    /// When, by the server.
    pub at: Timestamp,
    /// By whom; `None` for a deleted account.
    pub by: Option<Actor>,
}

/// A status of a commit or of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidStatus {
    /// Its context; empty for a deployment's.
    pub context: String,
    /// Its state, in GitHub's word.
    pub state: String,
    /// Its description.
    pub description: String,
    /// Who set it.
    pub creator: Option<UserId>,
    /// Itself.
    pub signal: Signal,
}

/// A deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Its id.
    pub id: u64,
    /// The commit.
    pub commit: CommitId,
}

impl Forge {
    /// The newest pushes to a branch, newest first, at most this many pages of a hundred; and whether there are more.
    /// If the server keeps no log there are none.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn pushes(
        &self,
        branch: &str,
        pages: usize,
    ) -> Result<(Vec<Push>, bool), ForgeError> {
        let operation = "read the log of pushes";
        let name = utf8_percent_encode(branch, NON_ALPHANUMERIC);
        let path = self.path(&format!("/activity?ref=refs%2Fheads%2F{name}&per_page=100"));
        let mut next = Some(path);
        let mut pushes = Vec::new();
        for _ in 0..pages {
            let Some(page) = next.take() else { break };
            let answer = match self.get(page, operation).await {
                Ok(answer) => answer,
                Err(ForgeError::NotFound { .. }) => return Ok((pushes, false)),
                Err(error) => return Err(error),
            };
            next = answer.next.clone();
            for row in answer.parse::<Vec<Value>>(operation)? {
                let row: ActivityShape = shape(row, operation)?;
                pushes.push(Push {
                    before: row.before.to_ascii_lowercase(),
                    after: row.after.to_ascii_lowercase(),
                    forced: row.activity_type == "force_push",
                    at: time(&row.timestamp)?,
                    by: row.actor.map(PusherShape::actor),
                });
            }
        }
        Ok((pushes, next.is_some()))
    }

    /// All statuses of a commit, newest first.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn statuses(&self, commit: &CommitId) -> Result<Vec<SaidStatus>, ForgeError> {
        let operation = "read the statuses of a commit";
        let path = self.path(&format!("/commits/{commit}/statuses?per_page=100"));
        let rows = self.get_all(path, operation).await?;
        rows.into_iter()
            .map(|row| shape::<StatusShape>(row, operation)?.status())
            .collect()
    }

    /// All check runs of this name by this App on exactly this commit, those that were run again included.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn check_runs(
        &self,
        commit: &CommitId,
        check: &CheckOf,
    ) -> Result<Vec<Signal>, ForgeError> {
        let operation = format!("read the check {}", check.name);
        let name = utf8_percent_encode(&check.name, NON_ALPHANUMERIC);
        let mut next = Some(self.path(&format!(
            "/commits/{commit}/check-runs?check_name={name}&app_id={}&filter=all&per_page=100",
            check.app
        )));
        let mut signals = Vec::new();
        for _ in 0..MAX_PAGES {
            let Some(page) = next.take() else {
                return Ok(signals);
            };
            let answer = self.get(page, &operation).await?;
            next = answer.next.clone();
            for run in answer.parse::<CheckRunsShape>(&operation)?.check_runs {
                let is_it = run.name == check.name
                    && run.app.as_ref().is_some_and(|app| app.id == check.app)
                    && run.head_sha.eq_ignore_ascii_case(&commit.to_string());
                if is_it {
                    signals.push(run.signal()?);
                }
            }
        }
        Err(too_long(&operation))
    }

    /// The newest deployments to an environment, newest first.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn deployments(&self, environment: &str) -> Result<Vec<Deployment>, ForgeError> {
        let operation = format!("read the deployments to {environment}");
        let name = utf8_percent_encode(environment, NON_ALPHANUMERIC);
        let mut next = Some(self.path(&format!("/deployments?environment={name}&per_page=100")));
        let mut found = Vec::new();
        for _ in 0..PAGES_OF_DEPLOYMENTS {
            let Some(page) = next.take() else { break };
            let answer = self.get(page, &operation).await?;
            next = answer.next.clone();
            for row in answer.parse::<Vec<DeploymentShape>>(&operation)? {
                if row.environment == environment {
                    found.push(Deployment {
                        id: row.id,
                        commit: id(&row.sha)?,
                    });
                }
            }
        }
        Ok(found)
    }

    /// The statuses of a deployment, newest first.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn deployment_statuses(&self, id: u64) -> Result<Vec<SaidStatus>, ForgeError> {
        let operation = "read the statuses of a deployment";
        let path = self.path(&format!("/deployments/{id}/statuses?per_page=100"));
        let rows = self.get_all(path, operation).await?;
        rows.into_iter()
            .map(|row| shape::<StatusShape>(row, operation)?.status())
            .collect()
    }

    /// Which of these commits have a report under this context, or by this App: one call for a hundred of them.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn spoken_about(
        &self,
        commits: &[CommitId],
        context: Option<&str>,
        app: Option<u64>,
    ) -> Result<Vec<bool>, ForgeError> {
        let operation = "read the statuses and checks of commits";
        let mut fields = String::new();
        if context.is_some() {
            fields.push_str(" status { contexts { context } }");
        }
        if app.is_some() {
            fields.push_str(" checkSuites(first: 1, filterBy: { appId: $app }) { totalCount }");
        }
        let mut head = String::from("query($owner: String!, $name: String!");
        if app.is_some() {
            head.push_str(", $app: Int!");
        }
        let objects: String = commits
            .iter()
            .enumerate()
            .map(|(at, commit)| {
                format!(" c{at}: object(oid: \"{commit}\") {{ ... on Commit {{ oid{fields} }} }}")
            })
            .collect();
        let query = format!("{head}) {{ repository(owner: $owner, name: $name) {{{objects} }} }}");
        let mut variables = json!({ "owner": self.slug().owner(), "name": self.slug().name() });
        if let Some(app) = app {
            variables["app"] = app.into();
        }
        let (data, _) = self.query(&query, variables, operation).await?;
        Ok((0..commits.len())
            .map(|at| {
                let commit = &data["repository"][format!("c{at}")];
                let contexts = commit["status"]["contexts"].as_array();
                let has_it = |one: &Value| context.is_some() && one["context"].as_str() == context;
                contexts.is_some_and(|all| all.iter().any(has_it))
                    || commit["checkSuites"]["totalCount"]
                        .as_u64()
                        .is_some_and(|count| count > 0)
            })
            .collect())
    }
}

/// Older deployments than these are not looked through.
const PAGES_OF_DEPLOYMENTS: usize = 3;

#[derive(Deserialize)]
struct ActivityShape {
    before: String,
    after: String,
    timestamp: String,
    #[serde(default)]
    activity_type: String,
    actor: Option<PusherShape>,
}

#[derive(Deserialize)]
struct PusherShape {
    id: UserId,
    login: String,
    #[serde(rename = "type")]
    kind: String,
}

impl PusherShape {
    fn actor(self) -> Actor {
        Actor {
            id: Some(self.id),
            login: self.login,
            kind: match self.kind.as_str() {
                "User" => ActorKind::User,
                "Bot" => ActorKind::Bot,
                _ => ActorKind::Other,
            },
        }
    }
}

#[derive(Deserialize)]
struct AccountShape {
    id: UserId,
}

#[derive(Deserialize)]
struct StatusShape {
    id: u64,
    state: String,
    #[serde(default)]
    context: String,
    description: Option<String>,
    created_at: String,
    target_url: Option<String>,
    creator: Option<AccountShape>,
}

impl StatusShape {
    fn status(self) -> Result<SaidStatus, ForgeError> {
        let ended = match self.state.as_str() {
            "success" => Ended::Well,
            "pending" | "queued" | "in_progress" => Ended::NotYet,
            other => Ended::Badly(other.to_owned()),
        };
        Ok(SaidStatus {
            context: self.context,
            state: self.state,
            description: self.description.unwrap_or_default(),
            creator: self.creator.map(|creator| creator.id),
            signal: Signal {
                at: time(&self.created_at)?,
                id: self.id,
                ended,
                url: self.target_url.filter(|url| !url.is_empty()),
            },
        })
    }
}

#[derive(Deserialize)]
struct CheckRunsShape {
    check_runs: Vec<CheckRunShape>,
}

#[derive(Deserialize)]
struct CheckRunShape {
    id: u64,
    name: String,
    head_sha: String,
    status: String,
    conclusion: Option<String>,
    started_at: Option<String>,
    completed_at: Option<String>,
    html_url: Option<String>,
    app: Option<AccountShape>,
}

impl CheckRunShape {
    fn signal(self) -> Result<Signal, ForgeError> {
        let ended = match (self.status.as_str(), self.conclusion.as_deref()) {
            ("completed", Some("success")) => Ended::Well,
            ("completed", Some(other)) => Ended::Badly(other.to_owned()),
            ("completed", None) => Ended::Badly("no conclusion".to_owned()),
            _ => Ended::NotYet,
        };
        let at = self.completed_at.or(self.started_at);
        Ok(Signal {
            at: at.as_deref().map_or(Ok(Timestamp::UNIX_EPOCH), time)?,
            id: self.id,
            ended,
            url: self.html_url,
        })
    }
}

#[derive(Deserialize)]
struct DeploymentShape {
    id: u64,
    sha: String,
    environment: String,
}
