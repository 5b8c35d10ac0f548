//! Manifest keys and the references between manifests (semantics: references).

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::yaml::{Expect, FieldPath, Identity, Position};

/// The kinds of manifest that Sluice reads; every other kind is passed over.
#[derive(Clone, Copy, Debug, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `deployments.plural.sh` `Pipeline`.
    Pipeline,
    /// `deployments.plural.sh` `ServiceDeployment`.
    ServiceDeployment,
    /// `deployments.plural.sh` `GitRepository`; cluster-scoped.
    GitRepository,
    /// `deployments.plural.sh` `HelmRepository`.
    HelmRepository,
    /// `deployments.plural.sh` `Cluster`.
    Cluster,
    /// `deployments.plural.sh` `PipelineContext`.
    PipelineContext,
    /// `deployments.plural.sh` `PrAutomation`; cluster-scoped.
    PrAutomation,
    /// Core `v1` `Secret`.
    Secret,
}

/// In tests every comparison is a step, so that a linear search through all manifests is noticed.
impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        #[cfg(any(test, fuzzing))]
        crate::yaml::syntax::steps::count();
        *self as u8 == *other as u8
    }
}

impl Hash for Kind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (*self as u8).hash(state);
    }
}

impl Kind {
    /// The `kind:` as written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pipeline => "Pipeline",
            Self::ServiceDeployment => "ServiceDeployment",
            Self::GitRepository => "GitRepository",
            Self::HelmRepository => "HelmRepository",
            Self::Cluster => "Cluster",
            Self::PipelineContext => "PipelineContext",
            Self::PrAutomation => "PrAutomation",
            Self::Secret => "Secret",
        }
    }

    /// The kind that `apiVersion` and `kind` name together, if it is one of ours (any version of Plural's group).
    pub fn of(api_version: &str, kind: &str) -> Option<Self> {
        if api_version == "v1" {
            return (kind == "Secret").then_some(Self::Secret);
        }
        let (group, version) = api_version.split_once('/')?;
        if group != "deployments.plural.sh" || version.is_empty() {
            return None;
        }
        [
            Self::Pipeline,
            Self::ServiceDeployment,
            Self::GitRepository,
            Self::HelmRepository,
            Self::Cluster,
            Self::PipelineContext,
            Self::PrAutomation,
        ]
        .into_iter()
        .find(|known| known.as_str() == kind)
    }

    /// Whether objects of this kind live outside namespaces, so that a reference's namespace is not compared.
    pub fn cluster_scoped(self) -> bool {
        matches!(self, Self::GitRepository | Self::PrAutomation)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What identifies a manifest: kind, namespace and name. `None` as namespace: neither the manifest nor the policy gives
/// one (often it is only given when the manifest is applied).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ManifestKey {
    /// The kind.
    pub kind: Kind,
    /// `metadata.namespace`, or what `manifests.namespaces` of the policy says.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}

impl ManifestKey {
    /// What identifies the manifest in its file for the editor; `written` is its `metadata.namespace` exactly as in the
    /// file.
    pub fn identity(&self, written: Option<&str>) -> Identity {
        let api_version = match self.kind {
            Kind::Secret => Expect::Equals("v1".to_owned()),
            _ => Expect::Prefix("deployments.plural.sh/".to_owned()),
        };
        let namespace = written.map_or(Expect::Absent, |namespace| {
            Expect::Equals(namespace.to_owned())
        });
        Identity {
            fields: vec![
                (FieldPath::keys(&["apiVersion"]), api_version),
                (
                    FieldPath::keys(&["kind"]),
                    Expect::Equals(self.kind.as_str().to_owned()),
                ),
                (
                    FieldPath::keys(&["metadata", "name"]),
                    Expect::Equals(self.name.clone()),
                ),
                (FieldPath::keys(&["metadata", "namespace"]), namespace),
            ],
        }
    }
}

impl ManifestKey {
    /// How a record calls a value of this `Secret`: namespace (`-` for none), name and key.
    pub fn secret_slot(&self, key: &str) -> String {
        let namespace = self.namespace.as_deref().unwrap_or("-");
        format!("{namespace}/{}/{key}", self.name)
    }
}

impl fmt::Display for ManifestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// A reference as a manifest writes it: Kubernetes' `ObjectReference`, of which name and namespace count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `kind`, if the reference gives one.
    pub kind: Option<String>,
    /// `name`.
    pub name: String,
    /// `namespace`, if the reference gives one.
    pub namespace: Option<String>,
    /// The position of the reference.
    pub at: Position,
    /// The position of the value of `name`.
    pub name_at: Position,
    /// The position of the value of `namespace`.
    pub namespace_at: Option<Position>,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{{name: {}, namespace: {namespace}}}", self.name),
            None => write!(f, "{{name: {}}}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_version_of_plurals_group_is_ours_and_only_core_secrets_are() {
        assert_eq!(
            Kind::of("deployments.plural.sh/v1alpha1", "Pipeline"),
            Some(Kind::Pipeline)
        );
        assert_eq!(
            Kind::of("deployments.plural.sh/v2", "ServiceDeployment"),
            Some(Kind::ServiceDeployment)
        );
        assert_eq!(Kind::of("v1", "Secret"), Some(Kind::Secret));
        for (api, kind) in [
            ("tekton.dev/v1", "Pipeline"),
            ("deployments.plural.sh", "Pipeline"),
            ("deployments.plural.sh/", "Pipeline"),
            ("deployments.plural.sh/v1alpha1", "Secret"),
            ("v1", "Pipeline"),
            ("example.com/v1", "Secret"),
        ] {
            assert_eq!(Kind::of(api, kind), None, "{api} {kind}");
        }
    }
}
