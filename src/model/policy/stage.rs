//! Rules of the policy for a stage.

use schemars::JsonSchema;
use serde::Deserialize;

use super::gate::{ApproveLine, CheckOf};
use super::time::Wait;
use crate::model::pipeline::GateKind;
use crate::yaml::Located;

/// Rules for one stage.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StageEntry {
    /// What must be so before anything leaves this stage.
    pub ready: Option<Ready>,
    /// Types of gate without which no way may lead into this stage.
    #[serde(default)]
    pub require: Vec<Located<RequiredGate>>,
    /// How a promotion into this stage is delivered.
    #[serde(default)]
    pub delivery: Delivery,
    /// What is written as the git ref.
    #[serde(default)]
    pub revision: RevisionMode,
    /// `manual`: only by dispatch. `auto`: also without a gate or a `ready` rule. Unset: by gate or `ready`.
    pub trigger: Option<Trigger>,
    /// How several edges into this stage count.
    #[serde(default)]
    pub join: Join,
    /// Who is asked to review the pull request: groups of `people`, `organisation/team` or `@login`.
    #[serde(default)]
    pub reviewers: Vec<Located<String>>,
    /// A way past some rules, by dispatch and with a reason.
    pub emergency: Option<Emergency>,
}

/// What must be so before anything leaves a stage. Every given line must hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// A successful deployment to this environment, by `creator`.
    pub deployment: Option<String>,
    /// The numeric id of who may say so.
    pub creator: Option<u64>,
    /// A successful check run of one App.
    pub check: Option<CheckOf>,
    /// A successful commit status by one creator.
    pub status: Option<StatusOf>,
    /// How long the content must have been there.
    pub soak: Option<Wait>,
}

/// A commit status by one creator.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusOf {
    /// The status context.
    pub context: String,
    /// The numeric id of who may say so.
    pub creator: u64,
}

/// A type of gate that a stage requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum RequiredGate {
    /// APPROVAL.
    Approval,
    /// WINDOW.
    Window,
    /// JOB.
    Job,
    /// SENTINEL.
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// By a pull request.
    #[default]
    PullRequest,
    /// Straight onto the base branch, for stages whose gates need no pull request.
    Commit,
}

/// What is written as the git ref.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RevisionMode {
    /// The commit id.
    #[default]
    Pin,
    /// The source's text.
    Literal,
}

/// What sets a promotion off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// Only a dispatch.
    Manual,
    /// A difference alone.
    Auto,
}

/// How several edges into one stage count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Join {
    /// One promotion, once all are ready.
    #[default]
    All,
    /// One promotion for each edge.
    Any,
}

/// A way past some rules, by dispatch and with a reason.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Emergency {
    /// Who must approve instead; every line must be met.
    pub approve: Vec<ApproveLine>,
    /// What is skipped. Approval never is.
    pub skip: Vec<EmergencySkip>,
}

/// What an emergency may skip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EmergencySkip {
    /// WINDOW gates.
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
