//! One version of a manifest file for the guard: the gated fields, and the content of a `Pipeline`.
//!
//! By the same rules as the catalog: what is not ours is passed over, and what is ours but not valid is reported. A
//! version is parsed once, whatever is asked about it.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::load::{SourceFile, is_problem};
use super::manifests::{key_of, list_items};
use super::read::{mentions_ours, read_stream};
use super::template::is_template;
use crate::model::change::Text;
use crate::model::guard::{ChangedFile, FileThen, Gated, ManifestThen};
use crate::model::policy::Policy;
use crate::model::reference::{Kind, ManifestKey};
use crate::model::source_location::RepoPath;
use crate::yaml::{FieldPath, Limits, Lookup, NodeId, Position, Stream, from_node};

/// Whether a file may hold manifests of ours, or a `Secret`, judged by its bytes.
pub(crate) fn may_matter(bytes: &[u8]) -> bool {
    mentions_ours(bytes) || memchr::memmem::find(bytes, b"Secret").is_some()
}

/// A version of a manifest file, as far as it concerns Sluice.
#[derive(Debug)]
pub struct Version(pub(super) Read);

#[derive(Debug)]
pub(super) enum Read {
    /// There is no file, or nothing in it is ours.
    Nothing,
    Unreadable(String),
    Manifests {
        stream: Box<Stream>,
        /// In the order of the file.
        found: Vec<(ManifestKey, NodeId)>,
    },
}

impl Version {
    /// No file.
    pub const NONE: Self = Self(Read::Nothing);

    /// Parses a file that may matter; any other holds nothing.
    pub fn read(file: &SourceFile, policy: &Policy) -> Self {
        if !may_matter(&file.bytes) {
            return Self::NONE;
        }
        let ours = mentions_ours(&file.bytes);
        let unreadable =
            |at: Position, why: &str| Self(Read::Unreadable(format!("line {}: {why}", at.line)));
        let stream = match Stream::parse(&file.bytes, &Limits::default()) {
            Ok(stream) => Box::new(stream),
            Err(error) if ours && is_problem(&error, is_template(&file.bytes, &error)) => {
                return unreadable(error.position, &error.message);
            }
            // What is left are templates, and files of others.
            Err(_) => return Self::NONE,
        };
        if ours {
            let read = read_stream(&file.path, &stream, policy);
            let mut problems = read.findings.iter().filter(|one| !one.templated);
            if let Some(problem) = problems.next() {
                let place = &problem.finding.place;
                let at = Position {
                    line: place.line,
                    column: place.column,
                };
                return unreadable(at, &problem.finding.message);
            }
        }
        let found = manifests(&stream, &file.path, policy);
        Self(Read::Manifests { stream, found })
    }

    /// How many YAML nodes it has, aliases written out.
    pub fn nodes(&self) -> usize {
        match &self.0 {
            Read::Nothing | Read::Unreadable(_) => 0,
            Read::Manifests { stream, .. } => stream.nodes_written_out(),
        }
    }

    fn manifests(&self) -> &[(ManifestKey, NodeId)] {
        match &self.0 {
            Read::Nothing | Read::Unreadable(_) => &[],
            Read::Manifests { found, .. } => found,
        }
    }

    /// What it holds; of each manifest the fields that are gated in any of these states. `is_compared` says of which manifests more
    /// than the key is looked at.
    fn then(&self, gated: &[&Gated], is_compared: impl Fn(&ManifestKey) -> bool) -> FileThen {
        let (stream, found) = match &self.0 {
            Read::Nothing => return FileThen::Nothing,
            Read::Unreadable(why) => return FileThen::Unreadable(why.clone()),
            Read::Manifests { stream, found } => (stream, found),
        };
        let then = |(key, node): &(ManifestKey, NodeId)| {
            let mut then = ManifestThen {
                key: key.clone(),
                values: BTreeMap::new(),
                ways: None,
            };
            if is_compared(key) {
                let paths = gated.iter().flat_map(|gated| gated.of(key));
                let value = |path| value(stream, *node, path, key.kind);
                then.values = paths
                    .filter_map(|(path, _)| Some((path.clone(), value(path)?)))
                    .collect();
                let way = |name| tree(stream, *node, &FieldPath::keys(&["spec", name]));
                then.ways = (key.kind == Kind::Pipeline).then(|| ["stages", "edges"].map(way));
            }
            then
        };
        FileThen::Read(found.iter().map(then).collect())
    }
}

/// The content of a file before and after a merge; for each manifest the fields that are gated in any of these states.
/// Manifests that do not occur equally often before and after are compared only by how often their keys occur.
pub fn changed_file(
    path: &RepoPath,
    before: &Version,
    after: &Version,
    gated: &[&Gated],
) -> ChangedFile {
    let mut counts: HashMap<&ManifestKey, (usize, usize)> = HashMap::new();
    for (key, _) in before.manifests() {
        counts.entry(key).or_default().0 += 1;
    }
    for (key, _) in after.manifests() {
        counts.entry(key).or_default().1 += 1;
    }
    let is_compared = |key: &ManifestKey| {
        let count = counts.get(key);
        count.is_some_and(|(before, after)| before == after)
    };
    ChangedFile {
        path: path.clone(),
        before: before.then(gated, is_compared),
        after: after.then(gated, is_compared),
    }
}

/// Our manifests in a file, in its order. Documents with a duplicate key are not manifests.
fn manifests(stream: &Stream, file: &RepoPath, policy: &Policy) -> Vec<(ManifestKey, NodeId)> {
    let mut found = Vec::new();
    for document in stream.documents() {
        let Some(root) = document.root else { continue };
        // A template is not a manifest, for anyone who reads it afterwards.
        if !stream.duplicate_keys(document).is_empty() || stream.first_odd_key(document).is_some() {
            continue;
        }
        let root = [root];
        let items = list_items(stream, root[0]).unwrap_or(&root);
        let key = |node| key_of(stream, node, file, policy);
        found.extend(items.iter().filter_map(|node| Some((key(*node)?, *node))));
    }
    found
}

/// What is at a path: the text of a scalar, otherwise the source's own text. Nothing and null are the same.
fn value(stream: &Stream, node: NodeId, path: &FieldPath, kind: Kind) -> Option<Text> {
    let text = match stream.lookup(node, path) {
        Lookup::Found { node, .. } if stream.is_null(node) => return None,
        Lookup::Found { node, .. } => match stream.scalar(node) {
            Some(text) => text.to_owned(),
            None => source(stream, node),
        },
        Lookup::Absent { .. } => return None,
        Lookup::Duplicate { position } => format!("twice, at line {}", position.line),
    };
    Some(match kind {
        Kind::Secret => Text::Secret(text.into()),
        _ => Text::Plain(text),
    })
}

/// A part of a manifest without comments and layout; its own text if it cannot be parsed.
fn tree(stream: &Stream, node: NodeId, path: &FieldPath) -> Value {
    match stream.lookup(node, path) {
        Lookup::Found { node, .. } => {
            from_node::<Value>(stream, node).unwrap_or_else(|_| Value::String(source(stream, node)))
        }
        Lookup::Absent { .. } => Value::Null,
        Lookup::Duplicate { position } => {
            Value::String(format!("twice, at line {}", position.line))
        }
    }
}

fn source(stream: &Stream, node: NodeId) -> String {
    let span = stream.node(node).span;
    let text = stream.source().get(span.start..span.end);
    text.unwrap_or_default().to_owned()
}
