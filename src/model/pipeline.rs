//! A `Pipeline` as its manifest states it: stages, services, edges, gates, each with its place.

use std::fmt;

use super::name::{GateName, PipelineName, StageName};
use super::promotion_id::PipelineKey;
use super::reference::{Kind, ManifestKey, Reference};
use super::source_location::{RepoPath, SourceLocation};
use crate::yaml::{Identity, Located, Position};

/// One `Pipeline` manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// `metadata.name`.
    pub name: PipelineName,
    /// `metadata.namespace`, or what the policy fills in.
    pub namespace: Option<String>,
    /// `metadata.namespace` as the file has it.
    pub written_namespace: Option<String>,
    /// The file that holds it.
    pub file: RepoPath,
    /// The position at which the manifest begins.
    pub at: Position,
    /// `spec.stages`, in the order of the file.
    pub stages: Vec<Stage>,
    /// `spec.edges`, in the order of the file.
    pub edges: Vec<Edge>,
}

impl Pipeline {
    /// Kind, namespace and name.
    pub fn key(&self) -> ManifestKey {
        ManifestKey {
            kind: Kind::Pipeline,
            namespace: self.namespace.clone(),
            name: self.name.to_string(),
        }
    }

    /// Namespace and name.
    pub fn pipeline_key(&self) -> PipelineKey {
        PipelineKey {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }

    /// What identifies it in its file for the editor.
    pub fn identity(&self) -> Identity {
        self.key().identity(self.written_namespace.as_deref())
    }

    /// A place in this pipeline's file.
    pub fn place(&self, at: Position) -> SourceLocation {
        SourceLocation::new(&self.file, at)
    }
}

/// One stage: a named set of services.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The stage's name.
    pub name: Located<StageName>,
    /// Its services.
    pub services: Vec<StageService>,
}

/// A service of a stage, and what it takes its values from.
#[derive(Clone, Debug, PartialEq)]
pub struct StageService {
    /// Which `ServiceDeployment`.
    pub reference: Reference,
    /// What it takes, if anything.
    pub criteria: Option<Criteria>,
}

/// `criteria` of a stage's service.
#[derive(Clone, Debug, PartialEq)]
pub struct Criteria {
    /// The position of the criteria.
    pub at: Position,
    /// `serviceRef`: the source.
    pub source: Option<Reference>,
    /// `secrets`: configuration keys that are copied along.
    pub secrets: Vec<Located<String>>,
    /// `repository`: the slug of another repository in which the target lives.
    pub repository: Option<Located<String>>,
    /// `prAutomationRef` is set.
    pub pr_automation: bool,
    /// `ai` is set.
    pub ai: bool,
}

/// A directed edge between two stages.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The position of the edge.
    pub at: Position,
    /// How its ends are named.
    pub ends: EdgeEnds,
    /// Gates in the order of the file.
    pub gates: Vec<Gate>,
}

/// How an edge names its ends.
#[derive(Clone, Debug, PartialEq)]
pub enum EdgeEnds {
    /// By the names of stages of the same pipeline.
    Stages {
        /// `from`.
        from: Located<StageName>,
        /// `to`.
        to: Located<StageName>,
    },
    /// By `fromId`/`toId`: ids of Plural's console, which mean nothing in git.
    ConsoleIds,
}

/// A gate on an edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The gate's name: its policy and its label depend on it.
    pub name: GateName,
    /// What kind of gate it is.
    pub kind: GateKind,
    /// The position of the gate.
    pub at: Position,
    /// `spec.job`, if it has one.
    pub job: Option<GateJob>,
}

/// `spec.job` of a gate, as far as a workflow can run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateJob {
    /// `{"containers": [{"image", "args", "env"}]}`.
    pub json: String,
    /// Fields that a runner cannot honour.
    pub unsupported: Vec<Located<&'static str>>,
}

/// `type` of a gate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GateKind {
    /// People approve.
    Approval,
    /// Only at certain hours.
    Window,
    /// A job must succeed.
    Job,
    /// A sentinel must succeed.
    Sentinel,
    /// A type that this version does not know; never passes.
    Unknown(String),
}

impl GateKind {
    /// From the `type:` as written.
    pub fn of(text: &str) -> Self {
        match text {
            "APPROVAL" => Self::Approval,
            "WINDOW" => Self::Window,
            "JOB" => Self::Job,
            "SENTINEL" => Self::Sentinel,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The `type:` as written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Approval => "APPROVAL",
            Self::Window => "WINDOW",
            Self::Job => "JOB",
            Self::Sentinel => "SENTINEL",
            Self::Unknown(text) => text,
        }
    }
}

impl fmt::Display for GateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
