//! Manifests as they are written: the fields that Sluice looks at, everything else ignored.
//!
//! Both the older style (`repositoryRef`, `clusterRef`) and the newer one (`git.url`, `cluster`) are read.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::name::{GateName, StageName};
use crate::model::reference::Reference;
use crate::yaml::Located;

#[derive(Deserialize)]
pub(super) struct Metadata {
    pub name: String,
    pub namespace: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Manifest<S> {
    pub metadata: Metadata,
    pub spec: S,
}

/// A manifest of which only the metadata counts.
#[derive(Deserialize)]
pub(super) struct Bare {
    pub metadata: Metadata,
}

#[derive(Deserialize)]
pub(super) struct ObjectReference {
    pub kind: Option<String>,
    pub name: Located<String>,
    pub namespace: Option<Located<String>>,
}

impl From<Located<ObjectReference>> for Reference {
    fn from(raw: Located<ObjectReference>) -> Self {
        let at = raw.at;
        let ObjectReference {
            kind,
            name,
            namespace,
        } = raw.value;
        Self {
            kind,
            at,
            name_at: name.at,
            name: name.value,
            namespace_at: namespace.as_ref().map(|namespace| namespace.at),
            namespace: namespace
                .map(|namespace| namespace.value)
                .filter(|text| !text.is_empty()),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct PipelineSpec {
    #[serde(default)]
    pub stages: Option<Vec<PipelineStage>>,
    #[serde(default)]
    pub edges: Option<Vec<Located<PipelineEdge>>>,
}

#[derive(Deserialize)]
pub(super) struct PipelineStage {
    pub name: Located<StageName>,
    #[serde(default)]
    pub services: Option<Vec<PipelineService>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PipelineService {
    pub service_ref: Located<ObjectReference>,
    pub criteria: Option<Located<PipelineCriteria>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PipelineCriteria {
    pub service_ref: Option<Located<ObjectReference>>,
    #[serde(default)]
    pub secrets: Option<Vec<Located<String>>>,
    pub repository: Option<Located<String>>,
    pub pr_automation_ref: Option<IgnoredAny>,
    pub ai: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PipelineEdge {
    pub from: Option<Located<StageName>>,
    pub to: Option<Located<StageName>>,
    pub from_id: Option<IgnoredAny>,
    pub to_id: Option<IgnoredAny>,
    #[serde(default)]
    pub gates: Option<Vec<Located<PipelineGate>>>,
}

#[derive(Deserialize)]
pub(super) struct PipelineGate {
    pub name: GateName,
    #[serde(rename = "type")]
    pub kind: String,
    pub spec: Option<PipelineGateSpec>,
}

#[derive(Deserialize)]
pub(super) struct PipelineGateSpec {
    pub job: Option<JobSpec>,
}

/// `spec.job` of a gate: what a workflow can honour of it, and the places of what it cannot.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobSpec {
    #[serde(default)]
    pub containers: Option<Vec<JobContainer>>,
    pub service_account: Option<Located<IgnoredAny>>,
    pub tolerations: Option<Located<IgnoredAny>>,
    pub raw: Option<Located<IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobContainer {
    pub image: Option<String>,
    #[serde(default)]
    pub args: Option<Vec<String>>,
    #[serde(default)]
    pub env: Option<Vec<JobVariable>>,
    pub env_from: Option<Located<IgnoredAny>>,
}

#[derive(Deserialize)]
pub(super) struct JobVariable {
    pub name: String,
    pub value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceSpec {
    pub name: Option<String>,
    pub namespace: Option<String>,
    pub git: Option<ServiceGit>,
    pub repository_ref: Option<Located<ObjectReference>>,
    pub helm: Option<ServiceHelm>,
    #[serde(default)]
    pub sources: Option<Vec<ServiceSource>>,
    pub configuration_ref: Option<Located<ObjectReference>>,
}

#[derive(Deserialize)]
pub(super) struct ServiceGit {
    pub url: Option<String>,
    pub folder: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceHelm {
    pub url: Option<String>,
    pub repository: Option<HelmRepositoryName>,
    pub repository_ref: Option<ObjectReference>,
    pub git: Option<ServiceGit>,
    #[serde(default)]
    pub values_files: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub(super) struct HelmRepositoryName {
    pub namespace: Option<String>,
    pub name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ServiceSource {
    pub git: Option<ServiceGit>,
}

#[derive(Deserialize)]
pub(super) struct RepositorySpec {
    pub url: Option<String>,
}
