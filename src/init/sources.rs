//! The manifests' own text, for fields that the catalog does not keep: clusters, and what a `PrAutomation` does.

use std::collections::BTreeMap;

use crate::model::reference::Kind;
use crate::model::source_location::RepoPath;
use crate::yaml::{FieldPath, Limits, Lookup, NodeId, NodeKind, Position, Stream};

/// The files that hold manifests, parsed.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    files: BTreeMap<RepoPath, File>,
}

#[derive(Debug)]
struct File {
    stream: Stream,
    /// Its manifests by the positions at which they begin.
    manifests: BTreeMap<(u32, u32), NodeId>,
}

/// One manifest in its file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manifest<'a> {
    /// Its file, parsed.
    pub stream: &'a Stream,
    /// The manifest.
    pub node: NodeId,
}

impl Sources {
    /// Parses these files; those that are not YAML are omitted, because the catalog reports them.
    pub(crate) fn of<'a>(files: impl IntoIterator<Item = (&'a RepoPath, &'a [u8])>) -> Self {
        let files = files
            .into_iter()
            .filter_map(|(path, bytes)| {
                let stream = Stream::parse(bytes, &Limits::default()).ok()?;
                let place = |node: NodeId| {
                    let at = stream.position(node);
                    ((at.line, at.column), node)
                };
                let manifests = manifests(&stream).map(place).collect();
                Some((path.clone(), File { stream, manifests }))
            })
            .collect();
        Self { files }
    }

    /// The manifest that begins here.
    pub(crate) fn manifest(&self, file: &RepoPath, at: Position) -> Option<Manifest<'_>> {
        let File { stream, manifests } = self.files.get(file)?;
        let node = *manifests.get(&(at.line, at.column))?;
        Some(Manifest { stream, node })
    }

    /// All manifests of a kind, with their files.
    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (&RepoPath, Manifest<'_>)> {
        self.files.iter().flat_map(move |(path, file)| {
            file.manifests
                .values()
                .map(move |node| Manifest {
                    stream: &file.stream,
                    node: *node,
                })
                .filter(move |manifest| {
                    let api = manifest.text(&FieldPath::keys(&["apiVersion"]));
                    let name = manifest.text(&FieldPath::keys(&["kind"]));
                    api.zip(name)
                        .is_some_and(|(api, name)| Kind::of(api, name) == Some(kind))
                })
                .map(move |manifest| (path, manifest))
        })
    }

    /// How many documents a file has.
    pub(crate) fn documents(&self, file: &RepoPath) -> usize {
        self.files.get(file).map_or(0, |file| {
            let documents = file.stream.documents().iter();
            documents.filter(|document| document.root.is_some()).count()
        })
    }
}

/// The documents of a file, and the items of those that are lists.
fn manifests(stream: &Stream) -> impl Iterator<Item = NodeId> + '_ {
    let roots = stream
        .documents()
        .iter()
        .filter_map(|document| document.root);
    roots.flat_map(|root| {
        let items = match stream.lookup(root, &FieldPath::keys(&["items"])) {
            Lookup::Found { node, .. } => match stream.node(node).kind {
                NodeKind::Sequence(items) => items.to_vec(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        std::iter::once(root).chain(items)
    })
}

impl<'a> Manifest<'a> {
    /// The scalar at a path.
    pub(crate) fn text(&self, path: &FieldPath) -> Option<&'a str> {
        match self.stream.lookup(self.node, path) {
            Lookup::Found { node, .. } if !self.stream.is_null(node) => self.stream.scalar(node),
            _ => None,
        }
    }

    /// Every scalar value with its path and position. Values from aliases and merges are omitted: they are somewhere
    /// else.
    pub(crate) fn leaves(&self) -> Vec<(FieldPath, Position)> {
        let mut found = Vec::new();
        self.collect(self.node, FieldPath::default(), &mut found);
        found
    }

    fn collect(&self, node: NodeId, path: FieldPath, into: &mut Vec<(FieldPath, Position)>) {
        match self.stream.node(node).kind {
            NodeKind::Scalar { .. } => into.push((path, self.stream.position(node))),
            NodeKind::Mapping(entries) => {
                for entry in entries {
                    if let Some(key) = self.stream.scalar(entry.key).filter(|key| *key != "<<") {
                        self.collect(entry.value, path.child(key), into);
                    }
                }
            }
            NodeKind::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    let path = path.join(crate::yaml::Segment::Index(index));
                    self.collect(*item, path, into);
                }
            }
            NodeKind::Alias(_) => {}
        }
    }
}
