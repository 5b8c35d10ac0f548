//! One file's bytes → its manifests, each with its places.

use base64::Engine;

use super::fields::Fields;
use super::manifests::{list_items, namespace, text};
use super::pipeline_spec::{edge, stage};
use super::raw;
use super::template::is_marked;
use crate::model::catalog::{GitRepository, HelmRepository, Other};
use crate::model::finding::{Finding, Stops};
use crate::model::pipeline::Pipeline;
use crate::model::policy::Policy;
use crate::model::reference::{Kind, ManifestKey};
use crate::model::service::{ChartOrigin, Cluster, Git, Helm, Secret, Service};
use crate::model::source_location::{RepoPath, SourceLocation};
use crate::yaml::de::{DeError, from_node};
use crate::yaml::{FieldPath, Limits, Lookup, NodeId, Span, Stream, SyntaxError};

/// The manifests of one file.
#[derive(Debug, Default)]
pub(crate) struct FileManifests {
    /// `Pipeline`s.
    pub pipelines: Vec<Pipeline>,
    /// `ServiceDeployment`s.
    pub services: Vec<Service>,
    /// `Secret`s.
    pub secrets: Vec<Secret>,
    /// `GitRepository`s.
    pub repositories: Vec<GitRepository>,
    /// `HelmRepository`s.
    pub helm_repositories: Vec<HelmRepository>,
    /// Manifests of the other kinds.
    pub others: Vec<Other>,
    /// Manifests of ours that could not be understood.
    pub findings: Vec<FoundFinding>,
}

/// A manifest that could not be understood.
#[derive(Clone, Debug)]
pub(crate) struct FoundFinding {
    /// What is wrong.
    pub finding: Finding,
    /// There is a template at the part that is not valid, so it is not a mistake.
    pub templated: bool,
    /// The bytes of its document.
    pub document: Span,
}

/// Reads one file. Documents that are not manifests of ours are passed over; ours that cannot be understood become
/// findings, and the file's other manifests are read all the same.
///
/// # Errors
/// If the file is not YAML, or exceeds the limits.
pub(crate) fn read_file(
    file: &RepoPath,
    bytes: &[u8],
    policy: &Policy,
) -> Result<FileManifests, SyntaxError> {
    let stream = Stream::parse(bytes, &Limits::default())?;
    Ok(read_stream(file, &stream, policy))
}

/// As [`read_file`], of a file that is parsed already.
pub(super) fn read_stream(file: &RepoPath, stream: &Stream, policy: &Policy) -> FileManifests {
    // In a file with Plural's group, a duplicate key may hide what kind of manifest a document is.
    let strict = mentions_ours(stream.source().as_bytes());
    let mut reader = Reader {
        file,
        fields: Fields { stream },
        policy,
        list_is_encrypted: false,
        document: Span::default(),
        found: FileManifests::default(),
    };
    for document in stream.documents() {
        let Some(root) = document.root else { continue };
        reader.document = document.span;
        let kind = reader.kind(root);
        if kind.is_none() && !strict {
            continue;
        }
        if let Some(key) = stream.first_odd_key(document) {
            if kind.is_some() || reader.fields.may_be_ours(root) {
                reader.template(key, "a key here is not a string");
            }
            continue;
        }
        if let Some(duplicate) = stream.duplicate_keys(document).into_iter().next() {
            let message = format!(
                "duplicate key `{}`: parsers disagree on which one wins",
                duplicate.key
            );
            let place = SourceLocation::new(file, duplicate.position);
            let help = "remove one of the two";
            reader.found.findings.push(FoundFinding {
                finding: unreadable(place, message).help(help),
                templated: false,
                document: document.span,
            });
            continue;
        }
        if kind.is_none()
            && reader.fields.may_be_ours(root)
            && let Some(value) = reader.fields.marked_head(root)
        {
            reader.template(value, "its name or kind is a placeholder");
        }
        match kind {
            None => {}
            Some(RootKind::List(items)) => {
                let sops = stream.lookup(root, &FieldPath::keys(&["sops"]));
                reader.list_is_encrypted = matches!(sops, Lookup::Found { .. });
                for item in items {
                    if let Some(RootKind::Ours(kind)) = reader.kind(*item) {
                        reader.manifest(kind, *item);
                    }
                }
            }
            Some(RootKind::Ours(kind)) => reader.manifest(kind, root),
        }
    }
    reader.found
}

/// Whether a file mentions Plural's group.
pub(super) fn mentions_ours(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"deployments.plural.sh").is_some()
}

/// The finding for a manifest or file that is not valid. It stops no pipeline directly: references to the manifest do
/// not find it.
pub(super) fn unreadable(place: SourceLocation, message: impl Into<String>) -> Finding {
    Finding::error("manifest-unreadable", place, message, Stops::Nothing)
}

enum RootKind<'a> {
    Ours(Kind),
    List(&'a [NodeId]),
}

struct Reader<'a> {
    file: &'a RepoPath,
    fields: Fields<'a>,
    policy: &'a Policy,
    /// The manifests that are being read are items of a `List` with a `sops` block.
    list_is_encrypted: bool,
    /// The document that is being read.
    document: Span,
    found: FileManifests,
}

impl<'a> Reader<'a> {
    fn kind(&self, node: NodeId) -> Option<RootKind<'a>> {
        let stream = self.fields.stream;
        if let Some(items) = list_items(stream, node) {
            return Some(RootKind::List(items));
        }
        let text = |keys| text(stream, node, keys);
        let kind = Kind::of(text(&["apiVersion"])?, text(&["kind"])?)?;
        // A manifest has a name; what has none is a template or a fragment.
        text(&["metadata", "name"])?;
        Some(RootKind::Ours(kind))
    }

    fn manifest(&mut self, kind: Kind, node: NodeId) {
        let read = match kind {
            Kind::Pipeline => self
                .pipeline(node)
                .map(|manifest| self.found.pipelines.push(manifest)),
            Kind::ServiceDeployment => self
                .service(node)
                .map(|manifest| self.found.services.push(manifest)),
            Kind::Secret => self
                .secret(node)
                .map(|manifest| self.found.secrets.push(manifest)),
            Kind::GitRepository => self
                .repository(node)
                .map(|manifest| self.found.repositories.push(manifest)),
            Kind::HelmRepository => self
                .helm_repository(node)
                .map(|manifest| self.found.helm_repositories.push(manifest)),
            _ => self
                .other(kind, node)
                .map(|manifest| self.found.others.push(manifest)),
        };
        if let Err(error) = read {
            let message = match error.path.to_string() {
                path if path.is_empty() => {
                    format!("this {kind} is not valid: {}", error.message)
                }
                path => format!("this {kind} is not valid: {path}: {}", error.message),
            };
            let finding = unreadable(SourceLocation::new(self.file, error.position), message);
            let stream = self.fields.stream;
            let templated = error.node.is_some_and(|node| is_marked(stream, node));
            self.found.findings.push(FoundFinding {
                finding,
                templated,
                document: self.document,
            });
        }
    }

    /// Notes a document as a template, with the place that shows it.
    fn template(&mut self, node: NodeId, why: &str) {
        let place = SourceLocation::new(self.file, self.fields.at(node));
        let message = format!("this is a template, not a manifest: {why}");
        self.found.findings.push(FoundFinding {
            finding: unreadable(place, message),
            templated: true,
            document: self.document,
        });
    }

    fn namespace(&self, metadata: &raw::Metadata) -> Option<String> {
        namespace(metadata.namespace.as_deref(), self.file, self.policy)
    }

    fn key(&self, kind: Kind, metadata: &raw::Metadata) -> ManifestKey {
        ManifestKey {
            kind,
            namespace: self.namespace(metadata),
            name: metadata.name.clone(),
        }
    }

    fn pipeline(&self, node: NodeId) -> Result<Pipeline, DeError> {
        let manifest: raw::Manifest<raw::PipelineSpec> = from_node(self.fields.stream, node)?;
        Ok(Pipeline {
            namespace: self.namespace(&manifest.metadata),
            written_namespace: written(&manifest.metadata),
            name: manifest.metadata.name.into(),
            file: self.file.clone(),
            at: self.fields.at(node),
            stages: manifest
                .spec
                .stages
                .unwrap_or_default()
                .into_iter()
                .map(stage)
                .collect(),
            edges: manifest
                .spec
                .edges
                .unwrap_or_default()
                .into_iter()
                .map(edge)
                .collect(),
        })
    }

    fn service(&self, node: NodeId) -> Result<Service, DeError> {
        let manifest: raw::Manifest<raw::ServiceSpec> = from_node(self.fields.stream, node)?;
        let spec = manifest.spec;
        // Fields that are read as strings, wherever they are.
        for keys in [["git", "ref"], ["helm", "version"], ["helm", "chart"]] {
            self.fields
                .refuse_marked(node, &["spec", keys[0], keys[1]])?;
        }
        let key = self.key(Kind::ServiceDeployment, &manifest.metadata);
        let field = |keys: &[&str]| self.fields.field(node, &FieldPath::keys(keys));
        let text = |keys: &[&str]| field(keys).text().map(str::to_owned);
        Ok(Service {
            key: key.clone(),
            written_namespace: written(&manifest.metadata),
            file: self.file.clone(),
            at: self.fields.at(node),
            spec_name: spec.name,
            spec_namespace: spec.namespace,
            git: spec.git.map(|git| Git {
                url: git.url,
                folder: git.folder,
                reference: field(&["spec", "git", "ref"]),
            }),
            repository: spec.repository_ref.map(Into::into),
            helm: spec.helm.map(|helm| Helm {
                version: field(&["spec", "helm", "version"]),
                chart: field(&["spec", "helm", "chart"]),
                values_files: helm.values_files.clone().unwrap_or_default(),
                origin: chart_origin(helm, key.namespace.as_deref()),
            }),
            cluster: Cluster {
                handle: text(&["spec", "cluster"]),
                name: text(&["spec", "clusterRef", "name"]),
                namespace: text(&["spec", "clusterRef", "namespace"]),
            },
            source_folders: spec
                .sources
                .unwrap_or_default()
                .into_iter()
                .filter_map(|source| source.git?.folder)
                .collect(),
            configuration: self.fields.entries(node),
            configuration_ref: spec.configuration_ref.map(Into::into),
            fields: self
                .policy
                .fields
                .iter()
                .map(|path| self.fields.field(node, path.path()))
                .collect(),
        })
    }

    fn repository(&self, node: NodeId) -> Result<GitRepository, DeError> {
        let manifest: raw::Manifest<raw::RepositorySpec> = from_node(self.fields.stream, node)?;
        Ok(GitRepository {
            name: manifest.metadata.name,
            url: manifest.spec.url,
            place: SourceLocation::new(self.file, self.fields.at(node)),
        })
    }

    fn helm_repository(&self, node: NodeId) -> Result<HelmRepository, DeError> {
        let manifest: raw::Manifest<raw::RepositorySpec> = from_node(self.fields.stream, node)?;
        Ok(HelmRepository {
            key: self.key(Kind::HelmRepository, &manifest.metadata),
            url: manifest.spec.url,
        })
    }

    fn other(&self, kind: Kind, node: NodeId) -> Result<Other, DeError> {
        let manifest: raw::Bare = from_node(self.fields.stream, node)?;
        Ok(Other {
            key: self.key(kind, &manifest.metadata),
            place: SourceLocation::new(self.file, self.fields.at(node)),
        })
    }

    fn secret(&self, node: NodeId) -> Result<Secret, DeError> {
        let manifest: raw::Bare = from_node(self.fields.stream, node)?;
        let sops = self.fields.stream.lookup(node, &FieldPath::keys(&["sops"]));
        Ok(Secret {
            key: self.key(Kind::Secret, &manifest.metadata),
            written_namespace: written(&manifest.metadata),
            file: self.file.clone(),
            at: self.fields.at(node),
            encrypted: self.list_is_encrypted || matches!(sops, Lookup::Found { .. }),
            string_data: self
                .fields
                .secret_entries(node, "stringData", |text| Ok(text.to_owned())),
            data: self.fields.secret_entries(node, "data", |text| {
                // Kubernetes takes line breaks inside base64; nothing else is forgiven.
                let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
                let bytes = base64::engine::general_purpose::STANDARD
                    .decode(compact)
                    .map_err(|_| "it is not base64")?;
                String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text once decoded")
            }),
        })
    }
}

/// `metadata.namespace` as the file has it, for the editor.
fn written(metadata: &raw::Metadata) -> Option<String> {
    metadata.namespace.clone()
}

fn chart_origin(helm: raw::ServiceHelm, own: Option<&str>) -> ChartOrigin {
    let is_git = |reference: &raw::ObjectReference| {
        reference.kind.as_deref() == Some(Kind::GitRepository.as_str())
    };
    let (by_git, by_ref) = match helm.repository_ref {
        Some(reference) if is_git(&reference) => (Some(reference), None),
        reference => (None, reference),
    };
    ChartOrigin {
        url: helm.url.map(|url| url.trim_end_matches('/').to_owned()),
        repository: helm.repository.map(|repository| {
            (
                repository.namespace.unwrap_or_default(),
                repository.name.unwrap_or_default(),
            )
        }),
        git_repository: by_git.map(|reference| reference.name.value),
        repository_ref: by_ref.map(|reference| {
            let namespace = reference.namespace.map(|namespace| namespace.value);
            let own = || own.map(str::to_owned);
            (namespace.or_else(own), reference.name.value)
        }),
        git_folder: helm.git.and_then(|git| git.folder),
    }
}
