//! The policy's rules for stages.

use schemars::JsonSchema;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use super::gate::{ApproveLine, CheckOf};
use super::time::Wait;
use super::{checked, people};
use crate::model::pipeline::GateKind;
use crate::yaml::Located;

/// Rules for one stage. `ready` is about what is promoted out of it, everything else about what is promoted into it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with the rules of this stage"
)]
pub struct StageEntry {
    /// Conditions that must hold before anything is promoted out of this stage.
    #[serde(default, deserialize_with = "ready")]
    pub ready: Option<Ready>,
    /// Gate types that every edge into this stage must have.
    #[serde(default)]
    pub require: Vec<Located<RequiredGate>>,
    /// How a promotion into this stage is delivered.
    #[serde(default)]
    pub delivery: Delivery,
    /// What is written as the target's git ref.
    #[serde(default)]
    pub revision: RevisionMode,
    /// What triggers a promotion into this stage. Default: a gate on the edge, or a `ready` rule of the source stage. A
    /// promotion that goes back to something older always waits for a person.
    pub trigger: Option<Trigger>,
    /// How several edges into this stage are combined.
    #[serde(default)]
    pub join: Join,
    /// Who is asked to review the pull request when it is opened.
    #[serde(default, deserialize_with = "people::reviewers")]
    #[schemars(with = "Vec<people::Reviewer>")]
    pub reviewers: Vec<Located<String>>,
    /// Lets a person skip some rules by running the workflow with a reason.
    pub emergency: Option<Emergency>,
}

/// Conditions that must hold before anything is promoted out of a stage, about exactly the content that would be promoted.
/// Every condition that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with the conditions for promotions out of this stage"
)]
#[schemars(extend(
    "minProperties" = 1,
    "dependentRequired" = { "deployment": ["creator"], "creator": ["deployment"] }
))]
pub struct Ready {
    /// The name of an environment to which the content must have been deployed successfully, as reported by `creator`. The
    /// two belong together.
    #[serde(default, deserialize_with = "checked::optional_text")]
    #[schemars(length(min = 1))]
    pub deployment: Option<String>,
    /// Numeric ID of the account whose report about the deployment is trusted: an App's account or a machine account.
    /// `github-actions[bot]` (41898282) is refused: anyone with write access could report it with a workflow.
    #[serde(default, deserialize_with = "checked::optional_creator")]
    #[schemars(range(min = 1), extend("not" = { "const": checked::GITHUB_ACTIONS_BOT }))]
    pub creator: Option<u64>,
    /// A check of one App that must have succeeded.
    pub check: Option<CheckOf>,
    /// A commit status set by one account that must be success.
    pub status: Option<StatusOf>,
    /// How long the content must have been in this stage, such as `4h`.
    #[serde(default, deserialize_with = "checked::optional_wait")]
    pub soak: Option<Wait>,
}

fn ready<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Ready>, D::Error> {
    let ready: Option<Ready> = Option::deserialize(deserializer)?;
    if let Some(ready) = &ready {
        let why = match (ready.deployment.is_some(), ready.creator.is_some()) {
            (true, false) => {
                "`deployment` without `creator`: add the numeric ID of the account whose report is trusted"
            }
            (false, true) => "`creator` without `deployment`: name the environment",
            _ if *ready == Ready::default() => {
                "this entry is empty: add `deployment` and `creator`, `check`, `status` or `soak`"
            }
            _ => return Ok(Some(ready.clone())),
        };
        return Err(D::Error::custom(why));
    }
    Ok(None)
}

/// A commit status set by one account.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping such as `{ context: smoke, creator: 123456 }`"
)]
pub struct StatusOf {
    /// The context of the status.
    #[serde(deserialize_with = "checked::text")]
    #[schemars(length(min = 1))]
    pub context: String,
    /// Numeric ID of the account whose report is trusted: an App's account or a machine account. `github-actions[bot]`
    /// (41898282) is refused: anyone with write access could report it with a workflow.
    #[serde(deserialize_with = "checked::creator")]
    #[schemars(range(min = 1), extend("not" = { "const": checked::GITHUB_ACTIONS_BOT }))]
    pub creator: u64,
}

/// A type of gate that a stage requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum RequiredGate {
    /// People approve.
    Approval,
    /// Hours of the week.
    Window,
    /// A job.
    Job,
    /// A sentinel.
    Sentinel,
}

impl RequiredGate {
    /// The type in the words of the resource.
    pub fn kind(self) -> GateKind {
        match self {
            Self::Approval => GateKind::Approval,
            Self::Window => GateKind::Window,
            Self::Job => GateKind::Job,
            Self::Sentinel => GateKind::Sentinel,
        }
    }
}

/// How a promotion is delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// By a pull request.
    #[default]
    PullRequest,
    /// By a commit directly onto the base branch, for stages whose gates need no pull request.
    Commit,
}

/// What is written as the git ref.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RevisionMode {
    /// The ID of the commit that the source's ref resolves to.
    #[default]
    Pin,
    /// The source's text, unchanged.
    Literal,
}

/// What triggers a promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// Only a person, by running the workflow.
    Manual,
    /// Any difference, even without a gate or a `ready` rule.
    Auto,
}

/// How several edges into one stage are combined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Join {
    /// One promotion, once all sources are ready and the gates of all edges pass.
    #[default]
    All,
    /// One promotion for each edge.
    Any,
}

/// A way past some rules, by running the workflow with a reason.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `approve` and `skip`")]
pub struct Emergency {
    /// Whose approval is needed in place of the gates' approvals. Every line must be met.
    #[serde(deserialize_with = "checked::list")]
    #[schemars(length(min = 1))]
    pub approve: Vec<ApproveLine>,
    /// What is skipped. Approval is never skipped.
    #[serde(deserialize_with = "checked::list")]
    #[schemars(length(min = 1))]
    pub skip: Vec<EmergencySkip>,
}

/// What an emergency may skip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EmergencySkip {
    /// Gates of type WINDOW.
    Window,
    /// The `soak` of a `ready` rule.
    Soak,
    /// Freezes.
    Freeze,
}

impl EmergencySkip {
    /// Its word in the policy.
    pub fn word(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Soak => "soak",
            Self::Freeze => "freeze",
        }
    }
}
