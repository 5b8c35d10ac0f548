//! One file's bytes → its manifests, each with its places.

use base64::Engine;
use secrecy::SecretString;

use super::raw;
use super::template::is_marked;
use crate::model::catalog::{GitRepository, HelmRepository, Other};
use crate::model::finding::{Finding, Stops};
use crate::model::pipeline::{
    Criteria, Edge, EdgeEnds, Gate, GateJob, GateKind, Pipeline, Stage, StageService,
};
use crate::model::policy::Policy;
use crate::model::reference::{Kind, ManifestKey};
use crate::model::service::{
    ChartOrigin, Cluster, Entries, Field, Git, Helm, Secret, SecretEntries, SecretField, Service,
    Value,
};
use crate::model::source_location::{RepoPath, SourceLocation};
use crate::yaml::de::{DeError, from_node};
use crate::yaml::scalar::{PlainType, plain_type};
use crate::yaml::{
    FieldPath, Limits, Located, Lookup, NodeId, NodeKind, Parent, Position, ScalarStyle, Span,
    Stream, SyntaxError,
};

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
    /// A template stands where it could not be understood, so it is nobody's mistake.
    pub templated: bool,
    /// The bytes of its document.
    pub document: Span,
}

/// Reads one file. Documents that are not manifests of ours are passed over; ours that cannot be understood become
/// findings, and the file's other manifests are read all the same.
///
/// # Errors
/// Where the file is not YAML, or goes beyond the limits.
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
    // In a file that speaks of Plural's group, a doubled key may hide what kind of manifest a document is.
    let strict = mentions_ours(stream.source().as_bytes());
    let mut reader = Reader {
        file,
        stream,
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
            if kind.is_some() || reader.may_be_ours(root) {
                reader.template(key, "a key here is not a text");
            }
            continue;
        }
        if let Some(duplicate) = stream.duplicate_keys(document).into_iter().next() {
            let message = format!(
                "the key `{}` stands twice in one mapping, so what it says depends on who reads it",
                duplicate.key
            );
            let place = SourceLocation::new(file, duplicate.position);
            let help = "keep one of the two";
            reader.found.findings.push(FoundFinding {
                finding: unreadable(place, message).help(help),
                templated: false,
                document: document.span,
            });
            continue;
        }
        if kind.is_none()
            && reader.may_be_ours(root)
            && let Some(value) = reader.marked_head(root)
        {
            reader.template(value, "its name or kind is still to be filled in");
        }
        match kind {
            None => {}
            Some(RootKind::List) => {
                let sops = stream.lookup(root, &FieldPath::keys(&["sops"]));
                reader.list_is_encrypted = matches!(sops, Lookup::Found { .. });
                for item in reader.items(root) {
                    if let Some(RootKind::Ours(kind)) = reader.kind(item) {
                        reader.manifest(kind, item);
                    }
                }
            }
            Some(RootKind::Ours(kind)) => reader.manifest(kind, root),
        }
    }
    reader.found
}

/// Whether a file speaks of Plural's group.
pub(super) fn mentions_ours(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"deployments.plural.sh").is_some()
}

/// The finding for a manifest or file that cannot be understood. It stops no pipeline by itself: what refers to the
/// manifest does not find it.
pub(super) fn unreadable(place: SourceLocation, message: impl Into<String>) -> Finding {
    Finding::error("manifest-unreadable", place, message, Stops::Nothing)
}

enum RootKind {
    Ours(Kind),
    List,
}

struct Reader<'a> {
    file: &'a RepoPath,
    stream: &'a Stream,
    policy: &'a Policy,
    /// The manifests that are being read are items of a `List` with a `sops` block.
    list_is_encrypted: bool,
    /// The document that is being read.
    document: Span,
    found: FileManifests,
}

impl Reader<'_> {
    fn kind(&self, node: NodeId) -> Option<RootKind> {
        let api_version = self.text(node, &["apiVersion"])?;
        let kind = self.text(node, &["kind"])?;
        if api_version == "v1" && kind == "List" {
            return Some(RootKind::List);
        }
        let kind = Kind::of(&api_version, &kind)?;
        // A manifest has a name; what has none is a template or a fragment.
        self.text(node, &["metadata", "name"])?;
        Some(RootKind::Ours(kind))
    }

    fn items(&self, root: NodeId) -> Vec<NodeId> {
        match self.stream.lookup(root, &FieldPath::keys(&["items"])) {
            Lookup::Found { node, .. } => match self.stream.node(node).kind {
                NodeKind::Sequence(items) => items.to_vec(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn text(&self, node: NodeId, keys: &[&str]) -> Option<String> {
        match self.field(node, &FieldPath::keys(keys)) {
            Field::Value(value) => Some(value.text),
            _ => None,
        }
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
                    format!("this {kind} cannot be understood: {}", error.message)
                }
                path => format!(
                    "this {kind} cannot be understood: {path}: {}",
                    error.message
                ),
            };
            let finding = unreadable(SourceLocation::new(self.file, error.position), message);
            let stream = self.stream;
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
        let place = SourceLocation::new(self.file, self.at(node));
        let message = format!("this is a template, not a manifest: {why}");
        self.found.findings.push(FoundFinding {
            finding: unreadable(place, message),
            templated: true,
            document: self.document,
        });
    }

    /// Whether a document that is no manifest may become one of ours once it is filled in: nothing in it says that it is anything else.
    fn may_be_ours(&self, root: NodeId) -> bool {
        let of = |key: &str| self.field(root, &FieldPath::keys(&[key]));
        match (of("apiVersion"), of("kind")) {
            (Field::Value(api_version), Field::Value(kind)) => {
                Kind::of(&api_version.text, &kind.text).is_some()
            }
            (Field::Value(api_version), Field::NotScalar(_)) => {
                api_version.text.starts_with("deployments.plural.sh/")
            }
            (Field::NotScalar(_), Field::Value(_) | Field::NotScalar(_)) => true,
            _ => false,
        }
    }

    /// The value among those that tell what a manifest is, and what it is called, that holds a template's marks and is no text.
    fn marked_head(&self, root: NodeId) -> Option<NodeId> {
        let heads: [&[&str]; 3] = [&["apiVersion"], &["kind"], &["metadata", "name"]];
        heads.into_iter().find_map(|keys| self.marked(root, keys))
    }

    /// The value at a path, if it is no text and holds a template's marks.
    fn marked(&self, node: NodeId, keys: &[&str]) -> Option<NodeId> {
        match self.stream.lookup(node, &FieldPath::keys(keys)) {
            Lookup::Found { node, .. } if self.stream.scalar(node).is_none() => {
                is_marked(self.stream, node).then_some(node)
            }
            _ => None,
        }
    }

    /// The same as an error.
    fn refuse_marked(&self, node: NodeId, keys: &[&str]) -> Result<(), DeError> {
        match self.marked(node, keys) {
            Some(value) => Err(DeError::about(
                self.stream,
                value,
                "a template stands here instead of a text",
            )),
            None => Ok(()),
        }
    }

    /// `metadata.namespace`, or what the policy fills in for this file.
    /// An empty one says as much as none.
    fn namespace(&self, written: Option<&String>) -> Option<String> {
        written
            .filter(|text| !text.is_empty())
            .cloned()
            .or_else(|| {
                self.policy
                    .namespace_of(self.file.as_str())
                    .map(str::to_owned)
            })
    }

    fn key(&self, kind: Kind, metadata: &raw::Metadata) -> ManifestKey {
        ManifestKey {
            kind,
            namespace: self.namespace(written(metadata).as_ref()),
            name: metadata.name.clone(),
        }
    }

    fn at(&self, node: NodeId) -> Position {
        self.stream.position(node)
    }

    fn pipeline(&self, node: NodeId) -> Result<Pipeline, DeError> {
        let manifest: raw::Manifest<raw::PipelineSpec> = from_node(self.stream, node)?;
        let written_namespace = written(&manifest.metadata);
        Ok(Pipeline {
            namespace: self.namespace(written_namespace.as_ref()),
            written_namespace,
            name: manifest.metadata.name.into(),
            file: self.file.clone(),
            at: self.at(node),
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
        let manifest: raw::Manifest<raw::ServiceSpec> = from_node(self.stream, node)?;
        let spec = manifest.spec;
        // What is read as a text, wherever it stands.
        for keys in [["git", "ref"], ["helm", "version"], ["helm", "chart"]] {
            self.refuse_marked(node, &["spec", keys[0], keys[1]])?;
        }
        let key = self.key(Kind::ServiceDeployment, &manifest.metadata);
        let field = |keys: &[&str]| self.field(node, &FieldPath::keys(keys));
        let text = |keys: &[&str]| field(keys).text().map(str::to_owned);
        Ok(Service {
            key: key.clone(),
            written_namespace: written(&manifest.metadata),
            file: self.file.clone(),
            at: self.at(node),
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
            configuration: self.entries(node),
            configuration_ref: spec.configuration_ref.map(Into::into),
            fields: self
                .policy
                .fields
                .iter()
                .map(|path| self.field(node, path.path()))
                .collect(),
        })
    }

    fn repository(&self, node: NodeId) -> Result<GitRepository, DeError> {
        let manifest: raw::Manifest<raw::RepositorySpec> = from_node(self.stream, node)?;
        Ok(GitRepository {
            name: manifest.metadata.name,
            url: manifest.spec.url,
            place: SourceLocation::new(self.file, self.at(node)),
        })
    }

    fn helm_repository(&self, node: NodeId) -> Result<HelmRepository, DeError> {
        let manifest: raw::Manifest<raw::RepositorySpec> = from_node(self.stream, node)?;
        Ok(HelmRepository {
            key: self.key(Kind::HelmRepository, &manifest.metadata),
            url: manifest.spec.url,
        })
    }

    fn other(&self, kind: Kind, node: NodeId) -> Result<Other, DeError> {
        let manifest: raw::Bare = from_node(self.stream, node)?;
        Ok(Other {
            key: self.key(kind, &manifest.metadata),
            place: SourceLocation::new(self.file, self.at(node)),
        })
    }

    fn secret(&self, node: NodeId) -> Result<Secret, DeError> {
        let manifest: raw::Bare = from_node(self.stream, node)?;
        let sops = self.stream.lookup(node, &FieldPath::keys(&["sops"]));
        Ok(Secret {
            key: self.key(Kind::Secret, &manifest.metadata),
            written_namespace: written(&manifest.metadata),
            file: self.file.clone(),
            at: self.at(node),
            encrypted: self.list_is_encrypted || matches!(sops, Lookup::Found { .. }),
            string_data: self.secret_entries(node, "stringData", |text| Ok(text.to_owned())),
            data: self.secret_entries(node, "data", |text| {
                // Kubernetes takes line breaks inside base64; nothing else is forgiven.
                let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
                let bytes = base64::engine::general_purpose::STANDARD
                    .decode(compact)
                    .map_err(|_| "it is not base64")?;
                String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text once decoded")
            }),
        })
    }

    fn secret_entries(
        &self,
        node: NodeId,
        key: &str,
        decode: impl Fn(&str) -> Result<String, &'static str>,
    ) -> SecretEntries {
        let mut found = SecretEntries::default();
        for (name, at, field) in self.children(node, &FieldPath::keys(&[key]), &mut found.at) {
            let field = match field {
                // What SOPS writes, wherever its own block stands.
                Field::Value(value) if value.text.starts_with("ENC[AES256_GCM,") => {
                    SecretField::Unusable {
                        at: value.at,
                        why: "it is encrypted with SOPS",
                    }
                }
                Field::Value(value) => match decode(&value.text) {
                    Ok(text) => SecretField::Value {
                        value: SecretString::from(text),
                        at: value.at,
                    },
                    Err(why) => SecretField::Unusable { at: value.at, why },
                },
                Field::NotScalar(at) => SecretField::Unusable {
                    at,
                    why: "it is not a scalar",
                },
                Field::Empty(at) => SecretField::Empty(at),
                Field::Absent { .. } => SecretField::Empty(at),
            };
            found.entries.insert(name, field);
        }
        found
    }

    fn entries(&self, node: NodeId) -> Entries {
        let mut found = Entries::default();
        let path = FieldPath::keys(&["spec", "configuration"]);
        let children = self.children(node, &path, &mut found.at);
        // A key with nothing behind it takes entries as well.
        if let Lookup::Found { node: null, .. } = self.stream.lookup(node, &path)
            && self.stream.is_null(null)
        {
            found.at = Some(self.at(null));
        }
        found.entries = children
            .into_iter()
            .map(|(name, _, field)| (name, field))
            .collect();
        found
    }

    /// The entries of the mapping at `path`; `at` becomes its position where it is one.
    fn children(
        &self,
        node: NodeId,
        path: &FieldPath,
        at: &mut Option<Position>,
    ) -> Vec<(String, Position, Field)> {
        let Lookup::Found { node: mapping, .. } = self.stream.lookup(node, path) else {
            return Vec::new();
        };
        let NodeKind::Mapping(pairs) = self.stream.node(mapping).kind else {
            return Vec::new();
        };
        *at = Some(self.at(mapping));
        let mut entries = Vec::new();
        for pair in self.stream.effective_entries(pairs) {
            let Some(name) = self.stream.scalar(pair.key) else {
                continue;
            };
            let name = name.to_owned();
            let key = pair.key;
            let field = self.field(mapping, &FieldPath::keys(&[&name]));
            entries.push((name, self.at(key), field));
        }
        entries
    }

    /// What readers take a scalar for. Quotes make a text of it, and so does a tag that only its own readers know.
    fn plain_type(&self, node: NodeId) -> PlainType {
        let node = self.stream.node(node);
        let NodeKind::Scalar { value, style } = node.kind else {
            return PlainType::Unclear;
        };
        match node
            .tag
            .and_then(|tag| tag.strip_prefix("tag:yaml.org,2002:"))
        {
            Some("str") => PlainType::Text,
            Some(_) => match plain_type(value) {
                PlainType::Text => PlainType::Unclear,
                other => other,
            },
            None if style == ScalarStyle::Plain && node.tag.is_none() => plain_type(value),
            None => PlainType::Text,
        }
    }

    fn field(&self, node: NodeId, path: &FieldPath) -> Field {
        match self.stream.lookup(node, path) {
            Lookup::Found { node, .. } => match self.stream.scalar(node) {
                Some(_) if self.stream.is_null(node) => Field::Empty(self.at(node)),
                Some(text) => Field::Value(Value {
                    text: text.to_owned(),
                    at: self.at(node),
                    note: self.stream.trailing_comment(node).and_then(our_note),
                    kind: self.plain_type(node),
                }),
                None => Field::NotScalar(self.at(node)),
            },
            Lookup::Absent { parent } => Field::Absent {
                parent: match parent {
                    Parent::Mapping(mapping) => Some(self.at(mapping)),
                    Parent::Null(null) => Some(self.at(null)),
                    Parent::Missing | Parent::NotAMapping(_) => None,
                },
            },
            Lookup::Duplicate { position } => Field::NotScalar(position),
        }
    }
}

/// The name in our own comment, `# sluice: NAME`.
fn our_note(comment: &str) -> Option<String> {
    comment.strip_prefix("sluice: ").map(str::to_owned)
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

fn stage(raw: raw::PipelineStage) -> Stage {
    Stage {
        name: raw.name,
        services: raw
            .services
            .unwrap_or_default()
            .into_iter()
            .map(|service| StageService {
                reference: service.service_ref.into(),
                criteria: service.criteria.map(|criteria| Criteria {
                    at: criteria.at,
                    source: criteria.value.service_ref.map(Into::into),
                    secrets: criteria.value.secrets.unwrap_or_default(),
                    repository: criteria.value.repository,
                    pr_automation: criteria.value.pr_automation_ref.is_some(),
                    ai: criteria.value.ai.is_some(),
                }),
            })
            .collect(),
    }
}

fn edge(raw: crate::yaml::Located<raw::PipelineEdge>) -> Edge {
    let at = raw.at;
    let raw = raw.value;
    let by_ids = raw.from_id.is_some() || raw.to_id.is_some();
    let nameless = |at| crate::yaml::Located {
        value: "".into(),
        at,
    };
    let ends = match (raw.from, raw.to) {
        (Some(from), Some(to)) => EdgeEnds::Stages { from, to },
        (None, None) if by_ids => EdgeEnds::ConsoleIds,
        // An end that is missing names no stage: `unknown-stage` says so.
        (from, to) => EdgeEnds::Stages {
            from: from.unwrap_or_else(|| nameless(at)),
            to: to.unwrap_or_else(|| nameless(at)),
        },
    };
    Edge {
        at,
        ends,
        gates: raw
            .gates
            .unwrap_or_default()
            .into_iter()
            .map(|gate| Gate {
                at: gate.at,
                name: gate.value.name,
                kind: GateKind::of(&gate.value.kind),
                job: gate.value.spec.and_then(|spec| spec.job).map(gate_job),
            })
            .collect(),
    }
}

/// The containers of a job as a workflow takes them, and what it cannot honour.
fn gate_job(raw: super::raw::JobSpec) -> GateJob {
    let mut unsupported: Vec<Located<&'static str>> = Vec::new();
    let mut note = |name: &'static str, at: Option<Position>| {
        unsupported.extend(at.map(|at| Located { value: name, at }));
    };
    note("serviceAccount", raw.service_account.map(|found| found.at));
    note("tolerations", raw.tolerations.map(|found| found.at));
    note("raw", raw.raw.map(|found| found.at));
    let mut containers = Vec::new();
    for container in raw.containers.unwrap_or_default() {
        note("envFrom", container.env_from.map(|found| found.at));
        let env: serde_json::Map<String, serde_json::Value> = container
            .env
            .unwrap_or_default()
            .into_iter()
            .map(|variable| (variable.name, variable.value.unwrap_or_default().into()))
            .collect();
        containers.push(serde_json::json!({
            "image": container.image, "args": container.args.unwrap_or_default(), "env": env,
        }));
    }
    GateJob {
        json: serde_json::json!({ "containers": containers }).to_string(),
        unsupported,
    }
}
