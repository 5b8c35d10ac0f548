//! What GitHub requires of a merge into a branch, and how statuses and checks are reported on a commit.

use serde::Deserialize;
use serde_json::json;

use super::client::Forge;
use super::error::ForgeError;
use super::shapes::{Nodes, shape, take};
use crate::model::fetched::Fetched;
use crate::model::ids::CommitId;
use crate::model::merge_state::{ContextState, Reported};
use crate::model::settings::{Bypass, Rule};

const CONTEXTS: &str = "query($owner: String!, $name: String!, $commit: GitObjectID!) { repository(owner: $owner, name: $name) { \
    object(oid: $commit) { ... on Commit { statusCheckRollup { contexts(first: 100) { pageInfo { hasNextPage endCursor } nodes { __typename \
    ... on StatusContext { context state } \
    ... on CheckRun { name status conclusion checkSuite { app { databaseId } } } } } } } } } }";

impl Forge {
    /// The rules that rulesets have for a branch. Classic protection is not among them.
    pub async fn rules_of(&self, branch: &str) -> Fetched<Vec<Rule>> {
        let rules = self.branch_rules(branch).await;
        rules.map_err(|unread| unread.to_string())
    }

    /// Whether a ruleset binds the account of this token; `None` if GitHub does not say.
    pub async fn is_bound_by(&self, ruleset: u64) -> Option<bool> {
        match self.ruleset(ruleset).await.ok()?.bypass {
            Bypass::Always | Bypass::OnPulls => Some(false),
            Bypass::Never => Some(true),
            Bypass::Unknown => None,
        }
    }

    /// Every status and check on a commit, at most a hundred.
    pub async fn contexts_on(&self, commit: &CommitId) -> Fetched<Vec<Reported>> {
        let operation = format!("read the checks of {}", commit.short());
        let read = self.read_contexts(commit, &operation).await;
        read.map_err(|error| error.to_string())
    }

    async fn read_contexts(
        &self,
        commit: &CommitId,
        operation: &str,
    ) -> Result<Vec<Reported>, ForgeError> {
        let slug = self.slug();
        let variables =
            json!({ "owner": slug.owner(), "name": slug.name(), "commit": commit.to_string() });
        let (mut data, _) = self.query(CONTEXTS, variables, operation).await?;
        let rollup: Option<RollupShape> = shape(
            take(&mut data, &["repository", "object", "statusCheckRollup"]),
            operation,
        )?;
        let Some(contexts) = rollup.map(|rollup| rollup.contexts) else {
            return Ok(Vec::new());
        };
        if contexts.next().is_some() {
            return Err(ForgeError::NotUnderstood(format!(
                "to {operation}: there are more than 100"
            )));
        }
        Ok(contexts.nodes.into_iter().map(Reported::from).collect())
    }
}

#[derive(Deserialize)]
struct RollupShape {
    contexts: Nodes<ContextShape>,
}

#[derive(Deserialize)]
#[serde(tag = "__typename")]
enum ContextShape {
    StatusContext {
        context: String,
        state: String,
    },
    #[serde(rename_all = "camelCase")]
    CheckRun {
        name: String,
        status: String,
        conclusion: Option<String>,
        check_suite: Option<SuiteShape>,
    },
}

#[derive(Deserialize)]
struct SuiteShape {
    app: Option<AppShape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppShape {
    database_id: Option<u64>,
}

impl From<ContextShape> for Reported {
    fn from(shape: ContextShape) -> Self {
        match shape {
            ContextShape::StatusContext { context, state } => Self {
                name: context,
                app: None,
                state: match state.as_str() {
                    "SUCCESS" => ContextState::Success,
                    "PENDING" | "EXPECTED" => ContextState::Pending,
                    _ => ContextState::Failure,
                },
            },
            ContextShape::CheckRun {
                name,
                status,
                conclusion,
                check_suite,
            } => Self {
                name,
                app: check_suite.and_then(|suite| suite.app?.database_id),
                state: match (status.as_str(), conclusion.as_deref()) {
                    ("COMPLETED", Some("SUCCESS" | "NEUTRAL" | "SKIPPED")) => ContextState::Success,
                    ("COMPLETED", _) => ContextState::Failure,
                    _ => ContextState::Pending,
                },
            },
        }
    }
}
