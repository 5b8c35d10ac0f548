//! What started this run, and where. The event only wakes Sluice up: nothing in it is evidence, and who caused it is not
//! even read (R-3.2, A20). What it can do is make a run read-only.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::environment::Environment;
use crate::model::address::{WebAddress, graphql_of};
use crate::model::ids::CommitId;
use crate::model::slug::RepoSlug;

/// A payload is a few hundred kilobytes at most.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// What is known of this run before anything is asked.
#[derive(Clone, Debug)]
pub struct Run {
    /// What started it.
    pub event: Event,
    /// Its number, for links.
    pub id: Option<u64>,
    /// `owner/name` of the repository, as it is written on the forge.
    pub repository: Option<String>,
    /// The default branch, if the payload has it.
    pub default_branch: Option<String>,
    /// How much the repository takes on the forge, with its history, in kilobytes: if the payload says so.
    pub repository_size: Option<u64>,
    /// Why this run must write nothing, if so.
    pub read_only: Option<ReadOnly>,
    /// The folder into which the repository may be checked out.
    pub workspace: Option<PathBuf>,
    /// The REST API.
    pub api: WebAddress,
    /// The GraphQL API.
    pub graphql: WebAddress,
    /// The site, for links.
    pub server: WebAddress,
    /// The address of the folder `docs` of the version of the Action that runs; foreign text.
    pub docs: Option<String>,
    /// Whether the workflow runs with debug logging.
    pub debug: bool,
    /// What is unexpected about the event, for the log.
    pub notices: Vec<String>,
}

/// What started a run, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// `push`.
    Push,
    /// `schedule`.
    Schedule,
    /// `workflow_dispatch`: the inputs may narrow what is done.
    Dispatch,
    /// `repository_dispatch`.
    RepositoryDispatch,
    /// `pull_request`.
    PullRequest,
    /// `pull_request_target`: what is checked out may be foreign (A34).
    PullRequestTarget,
    /// `pull_request_review`.
    Review,
    /// `merge_group`: a merge queue asks for checks of a commit.
    MergeGroup(MergeGroup),
    /// `workflow_run`, `check_run`, `check_suite`, `status`, `deployment_status`: something finished elsewhere.
    Finished,
    /// Anything else; handled like a push.
    Other,
}

/// The commit that a merge queue asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeGroup {
    /// The commit.
    pub head: CommitId,
    /// The full name of the branch that it would go to, such as `refs/heads/main`.
    pub base_ref: String,
}

/// Why a run must write nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOnly {
    /// A pull request from another repository: the token reads only.
    Fork,
    /// Dependabot: the token reads only.
    Dependabot,
    /// It is about a pull request, and it cannot be determined that it comes from this repository.
    Unknown,
}

impl ReadOnly {
    /// Why, in plain words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fork => "read-only run: the pull request comes from a fork",
            Self::Dependabot => "read-only run: started by Dependabot",
            Self::Unknown => {
                "read-only run: the event does not say which repository the pull request comes from"
            }
        }
    }
}

/// An address of the forge that a token must not be sent to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is not an https address without a user (http only to this machine)")]
pub struct AddressRefused {
    /// The variable that holds it.
    pub variable: &'static str,
}

impl Run {
    /// Reads the environment, and the payload's file if there is one. A payload that cannot be read is a notice; about
    /// a pull request it makes the run read-only.
    pub fn read(environment: &Environment) -> Result<Self, AddressRefused> {
        let payload = environment
            .get("GITHUB_EVENT_PATH")
            .map(|path| payload(Path::new(path)));
        let mut notices = Vec::new();
        let payload = match payload {
            Some(Ok(payload)) => payload,
            Some(Err(why)) => {
                notices.push(format!("the event's payload {why}"));
                Value::Null
            }
            None => Value::Null,
        };
        let name = environment.get("GITHUB_EVENT_NAME");
        let event = name.map_or(Event::Other, |name| event(name, &payload, &mut notices));
        let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
        let repository = environment
            .get("GITHUB_REPOSITORY")
            .or_else(|| text("/repository/full_name"))
            .filter(|slug| slug.parse::<RepoSlug>().is_ok());
        let api = address(environment, "GITHUB_API_URL", "https://api.github.com")?;
        let graphql = match environment.get("GITHUB_GRAPHQL_URL") {
            Some(_) => address(environment, "GITHUB_GRAPHQL_URL", "")?,
            None => beside(&api)?,
        };
        let server = address(environment, "GITHUB_SERVER_URL", "https://github.com")?;
        let action = ["GITHUB_ACTION_REPOSITORY", "GITHUB_ACTION_REF"].map(|name| {
            let value = environment.get(name);
            value.filter(|value| !value.is_empty())
        });
        let docs = match action {
            [Some(slug), Some(at)] => {
                let server = server.as_str().trim_end_matches('/');
                Some(format!("{server}/{slug}/blob/{at}/docs"))
            }
            _ => None,
        };
        Ok(Self {
            read_only: read_only(&event, &payload),
            event,
            id: environment
                .get("GITHUB_RUN_ID")
                .and_then(|id| id.parse().ok()),
            repository: repository.map(str::to_owned),
            default_branch: text("/repository/default_branch")
                .filter(|branch| !branch.is_empty())
                .map(str::to_owned),
            repository_size: payload.pointer("/repository/size").and_then(Value::as_u64),
            workspace: environment.get("GITHUB_WORKSPACE").map(PathBuf::from),
            api,
            graphql,
            server,
            docs,
            debug: environment.get("RUNNER_DEBUG") == Some("1"),
            notices,
        })
    }
}

fn payload(path: &Path) -> Result<Value, String> {
    let file = fs::File::open(path).map_err(|error| format!("could not be read: {error}"))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("could not be read: {error}"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err("is too large".to_owned());
    }
    // The words of the parser may quote the payload, which is not for the log.
    serde_json::from_slice(&bytes).map_err(|error| {
        format!(
            "is not JSON (line {}, column {})",
            error.line(),
            error.column()
        )
    })
}

fn event(name: &str, payload: &Value, notices: &mut Vec<String>) -> Event {
    match name {
        "push" => Event::Push,
        "schedule" => Event::Schedule,
        "workflow_dispatch" => Event::Dispatch,
        "repository_dispatch" => Event::RepositoryDispatch,
        "pull_request" => Event::PullRequest,
        "pull_request_target" => Event::PullRequestTarget,
        "pull_request_review" => Event::Review,
        "workflow_run" | "check_run" | "check_suite" | "status" | "deployment_status" => {
            Event::Finished
        }
        "merge_group" => match merge_group(payload) {
            Some(group) => Event::MergeGroup(group),
            None => {
                notices.push("the merge_group event does not name its commit and branch, so it gets no status".to_owned());
                Event::Other
            }
        },
        other => {
            let name: String = other.chars().take(80).collect();
            notices.push(format!(
                "the event `{name}` is unknown and handled like any other"
            ));
            Event::Other
        }
    }
}

fn merge_group(payload: &Value) -> Option<MergeGroup> {
    let group = payload.get("merge_group")?;
    let base_ref = group.get("base_ref")?.as_str()?;
    base_ref
        .strip_prefix("refs/heads/")
        .filter(|branch| !branch.is_empty())?;
    Some(MergeGroup {
        head: group.get("head_sha")?.as_str()?.parse().ok()?,
        base_ref: base_ref.to_owned(),
    })
}

fn read_only(event: &Event, payload: &Value) -> Option<ReadOnly> {
    if payload.pointer("/sender/login").and_then(Value::as_str) == Some("dependabot[bot]") {
        return Some(ReadOnly::Dependabot);
    }
    if !matches!(
        event,
        Event::PullRequest | Event::PullRequestTarget | Event::Review
    ) {
        return None;
    }
    let id = |end: &str| {
        payload
            .pointer(&format!("/pull_request/{end}/repo/id"))
            .and_then(Value::as_u64)
    };
    match (id("head"), id("base")) {
        (Some(head), Some(base)) if head == base => None,
        (Some(_), Some(_)) => Some(ReadOnly::Fork),
        // A fork that is gone leaves `head.repo` empty.
        (None, Some(_)) if payload.pointer("/pull_request/head/repo") == Some(&Value::Null) => {
            Some(ReadOnly::Fork)
        }
        _ => Some(ReadOnly::Unknown),
    }
}

fn address(
    environment: &Environment,
    variable: &'static str,
    default: &str,
) -> Result<WebAddress, AddressRefused> {
    environment
        .get(variable)
        .unwrap_or(default)
        .parse()
        .map_err(|_| AddressRefused { variable })
}

/// GraphQL's address if only REST's is known.
fn beside(api: &WebAddress) -> Result<WebAddress, AddressRefused> {
    graphql_of(api.as_str())
        .parse()
        .map_err(|_| AddressRefused {
            variable: "GITHUB_API_URL",
        })
}

#[cfg(test)]
mod tests;
