//! Rules of the policy for a stage.

use schemars::JsonSchema;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use super::gate::{ApproveLine, CheckOf};
use super::time::Wait;
use super::{checked, people};
use crate::model::pipeline::GateKind;
use crate::yaml::Located;

/// Rules of one stage. `ready` is about what leaves it, everything else about what comes into it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with the rules of this stage"
)]
pub struct StageEntry {
    /// What must be so before anything leaves this stage.
    #[serde(default, deserialize_with = "ready")]
    pub ready: Option<Ready>,
    /// Types of gate without which no way may lead into this stage.
    #[serde(default)]
    pub require: Vec<Located<RequiredGate>>,
    /// How a promotion into this stage is delivered.
    #[serde(default)]
    pub delivery: Delivery,
    /// What is written into the target as its git ref.
    #[serde(default)]
    pub revision: RevisionMode,
    /// What sets a promotion into this stage off. Left out: a gate on the way, or a `ready` rule of the stage that it comes
    /// from. Whatever it is: what goes back waits for a person.
    pub trigger: Option<Trigger>,
    /// How several ways into this stage count.
    #[serde(default)]
    pub join: Join,
    /// Who is asked to review the pull request when it opens.
    #[serde(default, deserialize_with = "people::reviewers")]
    #[schemars(with = "Vec<people::Reviewer>")]
    pub reviewers: Vec<Located<String>>,
    /// A way past some rules, by running the workflow with a reason.
    pub emergency: Option<Emergency>,
}

/// What must be so before anything leaves a stage, about exactly the content that would leave it. Every field that is
/// given must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with what must be so before anything leaves this stage"
)]
#[schemars(extend(
    "minProperties" = 1,
    "dependentRequired" = { "deployment": ["creator"], "creator": ["deployment"] }
))]
pub struct Ready {
    /// The name of an environment to which the content must have been deployed successfully, as `creator` says. The
    /// two go together.
    #[serde(default, deserialize_with = "checked::optional_text")]
    #[schemars(length(min = 1))]
    pub deployment: Option<String>,
    /// The numeric id of the account whose word about the deployment counts: that of an App or a machine.
    /// `github-actions[bot]` (41898282) is refused: a workflow of anybody who may write could say so.
    #[serde(default, deserialize_with = "checked::optional_creator")]
    #[schemars(range(min = 1), extend("not" = { "const": checked::GITHUB_ACTIONS_BOT }))]
    pub creator: Option<u64>,
    /// A check of one App that must have succeeded.
    pub check: Option<CheckOf>,
    /// A commit status by one account that must be success.
    pub status: Option<StatusOf>,
    /// How long the content must have been there, such as `4h`.
    #[serde(default, deserialize_with = "checked::optional_wait")]
    pub soak: Option<Wait>,
}

fn ready<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Ready>, D::Error> {
    let ready: Option<Ready> = Option::deserialize(deserializer)?;
    if let Some(ready) = &ready {
        let why = match (ready.deployment.is_some(), ready.creator.is_some()) {
            (true, false) => {
                "`deployment` without `creator`: say whose word counts, by the numeric id of an account"
            }
            (false, true) => "`creator` without `deployment`: name the environment",
            _ if *ready == Ready::default() => {
                "an entry says something: `deployment` and `creator`, `check`, `status` or `soak`"
            }
            _ => return Ok(Some(ready.clone())),
        };
        return Err(D::Error::custom(why));
    }
    Ok(None)
}

/// A commit status by one account.
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
    /// The numeric id of the account whose word counts: that of an App or a machine. `github-actions[bot]` (41898282) is
    /// refused: a workflow of anybody who may write could say so.
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
    /// Certain hours.
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
    /// By a commit straight onto the base branch, for stages whose gates need no pull request.
    Commit,
}

/// What is written as the git ref.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RevisionMode {
    /// The id of the commit that the source's ref stands for.
    #[default]
    Pin,
    /// The source's text, as it is.
    Literal,
}

/// What sets a promotion off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// Only a person, by running the workflow.
    Manual,
    /// A difference alone, also without a gate or a `ready` rule.
    Auto,
}

/// How several edges into one stage count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Join {
    /// One promotion, once all sources are ready and the gates of all ways are open.
    #[default]
    All,
    /// One promotion for each way.
    Any,
}

/// A way past some rules, by running the workflow with a reason.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `approve` and `skip`")]
pub struct Emergency {
    /// Whose approval is needed instead of that of the gates. Every line must be met.
    #[serde(deserialize_with = "checked::list")]
    #[schemars(length(min = 1))]
    pub approve: Vec<ApproveLine>,
    /// What is skipped. Approval never is.
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
