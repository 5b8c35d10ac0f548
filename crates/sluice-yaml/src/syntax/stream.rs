//! All nodes of one file, and what can be asked of them.

use std::collections::HashSet;

use super::index::KeyIndex;
use super::lines::Lines;
use super::model::Block;
use super::model::NODE_WEIGHT;
use super::model::Span;
use super::model::{Document, DuplicateKey, Entry, Node, NodeId, NodeKind, Position, ScalarStyle};
use super::model::{Properties, Record, RecordKind, Text, flag};
use super::scan::skip_blanks;

/// The name of the merge key of YAML 1.1, which Kubernetes' parsers still follow.
pub(crate) const MERGE_KEY: &str = "<<";

/// All nodes of one file, in an arena.
#[derive(Debug)]
pub struct Stream {
    pub(super) source: String,
    pub(super) lines: Lines,
    pub(super) documents: Vec<Document>,
    pub(super) records: Vec<Record>,
    pub(super) items: Vec<NodeId>,
    pub(super) entries: Vec<Entry>,
    pub(super) texts: Vec<Box<str>>,
    pub(super) properties: Vec<Properties>,
    pub(super) blocks: Vec<(NodeId, Block)>,
    pub(super) comments: Vec<Span>,
    pub(super) keys: KeyIndex,
    pub(super) expansion: usize,
}

impl Stream {
    /// The documents in the order of the file. A file with nothing in it but comments has none.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// What was parsed, as text. A byte order mark is part of it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// How many nodes there are if every alias is written out: as written, and one for every 16 bytes that [`Limits::expansion`](super::Limits::expansion) counts.
    pub fn nodes_written_out(&self) -> usize {
        self.records.len() + self.expansion / NODE_WEIGHT
    }

    /// Bytes of memory that this takes, to the accuracy of a few percent.
    pub fn memory(&self) -> usize {
        let texts: usize = self
            .texts
            .iter()
            .map(|text| text.len() + size_of::<Box<str>>())
            .sum();
        self.source.capacity()
            + self.lines.memory()
            + self.documents.capacity() * size_of::<Document>()
            + self.records.capacity() * size_of::<Record>()
            + self.items.capacity() * size_of::<NodeId>()
            + self.entries.capacity() * size_of::<Entry>()
            + texts
            + self.properties.capacity() * size_of::<Properties>()
            + self.blocks.capacity() * size_of::<(NodeId, Block)>()
            + self.comments.capacity() * size_of::<Span>()
            + self.keys.memory()
    }

    /// One node.
    pub fn node(&self, id: NodeId) -> Node<'_> {
        let record = &self.records[id.index()];
        let kind = match record.kind {
            RecordKind::Scalar { style, text } => NodeKind::Scalar {
                value: self.text(record, text),
                style,
            },
            RecordKind::Sequence { first, len } => {
                NodeKind::Sequence(&self.items[first as usize..(first + len) as usize])
            }
            RecordKind::Mapping { first, len } => {
                NodeKind::Mapping(&self.entries[first as usize..(first + len) as usize])
            }
            RecordKind::Alias { target } => NodeKind::Alias(target),
        };
        let properties = self.properties_of(record);
        Node {
            kind,
            span: record.span(),
            anchor: properties.and_then(|p| p.anchor.as_ref().map(|(name, _)| &**name)),
            tag: properties.and_then(|p| p.tag.as_ref().map(|(name, _)| &**name)),
        }
    }

    /// The decoded text of a scalar; `None` for every other node.
    pub fn scalar(&self, id: NodeId) -> Option<&str> {
        #[cfg(feature = "count-steps")]
        super::steps::count();
        let record = &self.records[id.index()];
        match record.kind {
            RecordKind::Scalar { text, .. } => Some(self.text(record, text)),
            _ => None,
        }
    }

    /// The node that an alias refers to; any other node itself.
    pub fn resolve(&self, id: NodeId) -> NodeId {
        match self.records[id.index()].kind {
            RecordKind::Alias { target } => target,
            _ => id,
        }
    }

    /// Whether the node is null: nothing at all, or a plain `~` or `null` that no tag makes a string.
    pub fn is_null(&self, id: NodeId) -> bool {
        let node = self.node(id);
        let NodeKind::Scalar { value, style } = node.kind else {
            return false;
        };
        match node.tag {
            Some("tag:yaml.org,2002:null") => true,
            Some("tag:yaml.org,2002:str" | "!") => false,
            _ => {
                style == ScalarStyle::Plain && matches!(value, "" | "~" | "null" | "Null" | "NULL")
            }
        }
    }

    /// The start of a node.
    pub fn position(&self, id: NodeId) -> Position {
        self.position_of(self.records[id.index()].start as usize)
    }

    /// Line and column of a byte of the file. Takes the same short time wherever it is, on lines of any length.
    pub fn position_of(&self, offset: usize) -> Position {
        self.lines.position_of(&self.source, offset)
    }

    /// A line by its number from 1, including its line break; empty if there is no such line.
    pub fn line(&self, line: u32) -> &str {
        self.lines.text(&self.source, line)
    }

    /// Every key that is a duplicate in one mapping of this document, in the order of the file.
    pub fn duplicate_keys(&self, document: &Document) -> Vec<DuplicateKey> {
        let mut found = Vec::new();
        let mut open: Vec<NodeId> = document.root.into_iter().collect();
        while let Some(id) = open.pop() {
            match self.node(id).kind {
                NodeKind::Sequence(items) => open.extend_from_slice(items),
                NodeKind::Mapping(entries) => {
                    let mut seen = HashSet::with_capacity(entries.len());
                    for entry in entries {
                        open.extend([entry.key, entry.value]);
                        let Some(key) = self.key_text(entry.key) else {
                            continue;
                        };
                        if !seen.insert(key) {
                            found.push((entry.key, key));
                        }
                    }
                }
                NodeKind::Scalar { .. } | NodeKind::Alias(_) => {}
            }
        }
        found.sort_by_key(|(id, _)| *id);
        found
            .into_iter()
            .map(|(id, key)| DuplicateKey {
                position: self.position(id),
                key: key.to_owned(),
            })
            .collect()
    }

    /// The first key of this document, in the order of the file, that is a mapping or a list.
    pub fn first_odd_key(&self, document: &Document) -> Option<NodeId> {
        let mut first: Option<NodeId> = None;
        let mut open: Vec<NodeId> = document.root.into_iter().collect();
        while let Some(id) = open.pop() {
            match self.node(id).kind {
                NodeKind::Sequence(items) => open.extend_from_slice(items),
                NodeKind::Mapping(entries) => {
                    for entry in entries {
                        open.push(entry.value);
                        if self.key_text(entry.key).is_none() {
                            first = Some(first.map_or(entry.key, |first| first.min(entry.key)));
                        }
                    }
                }
                NodeKind::Scalar { .. } | NodeKind::Alias(_) => {}
            }
        }
        first
    }

    /// The comment behind a scalar on the line on which it ends, without `#`, trimmed. For `|` and `>` it is the one
    /// behind the header. In a flow collection one comma may be in between.
    pub fn trailing_comment(&self, id: NodeId) -> Option<&str> {
        let span = self.trailing_comment_span(id)?;
        Some(self.source[span.start + 1..span.end].trim())
    }

    /// The bytes of [`Stream::trailing_comment`], from `#` to the end of the line.
    pub(crate) fn trailing_comment_span(&self, id: NodeId) -> Option<Span> {
        if matches!(
            self.node(id).kind,
            NodeKind::Sequence(_) | NodeKind::Mapping(_)
        ) {
            return None;
        }
        let at = skip_blanks(self.source.as_bytes(), self.behind_value(id));
        let index = self
            .comments
            .binary_search_by_key(&at, |comment| comment.start)
            .ok()?;
        Some(self.comments[index])
    }

    /// Where the line continues behind a value: behind a block scalar's header, behind the comma of a flow entry.
    pub(crate) fn behind_value(&self, id: NodeId) -> usize {
        let source = self.source.as_bytes();
        let end = match self.block(id) {
            Some(block) => block.header.end,
            None => self.span(id).end,
        };
        if self.in_flow(id) {
            let comma = skip_blanks(source, end);
            if source.get(comma) == Some(&b',') {
                return comma + 1;
            }
        }
        end
    }

    /// The text of a scalar key, looked up behind an alias; `None` for a key that is a collection.
    pub fn key_text(&self, key: NodeId) -> Option<&str> {
        self.scalar(self.resolve(key))
    }

    /// The text of a key, unless it merges.
    pub(crate) fn own_key(&self, key: NodeId) -> Option<&str> {
        self.key_text(key).filter(|_| !self.is_merge_key(key))
    }

    /// Every node that an alias refers to, once for each alias.
    pub fn alias_targets(&self) -> impl Iterator<Item = NodeId> {
        self.records.iter().filter_map(|record| match record.kind {
            RecordKind::Alias { target } => Some(target),
            _ => None,
        })
    }

    /// The start of the line of a byte.
    pub(crate) fn line_start(&self, offset: usize) -> usize {
        self.lines.start_of(offset)
    }

    /// Whether a key is the merge key: a plain `<<`.
    pub fn is_merge_key(&self, key: NodeId) -> bool {
        matches!(
            self.node(key).kind,
            NodeKind::Scalar {
                value: MERGE_KEY,
                style: ScalarStyle::Plain
            }
        )
    }

    pub(crate) fn span(&self, id: NodeId) -> Span {
        self.records[id.index()].span()
    }

    /// The span with the anchor and the tag before the node.
    pub(crate) fn outer_start(&self, id: NodeId) -> usize {
        let record = &self.records[id.index()];
        let mut start = record.start as usize;
        if let Some(properties) = self.properties_of(record) {
            for span in properties.spans() {
                start = start.min(span.start);
            }
        }
        start
    }

    pub(crate) fn block(&self, id: NodeId) -> Option<&Block> {
        let index = self
            .blocks
            .binary_search_by_key(&id, |(node, _)| *node)
            .ok()?;
        Some(&self.blocks[index].1)
    }

    pub(crate) fn key_index(&self) -> &KeyIndex {
        &self.keys
    }

    pub(crate) fn comments(&self) -> &[Span] {
        &self.comments
    }

    /// Whether the node is inside a `{}` or `[]`, or is one.
    pub(crate) fn in_flow(&self, id: NodeId) -> bool {
        self.records[id.index()].flags & flag::IN_FLOW != 0
    }

    /// Whether the node is a collection that begins with its bracket: not a block one, not a bare `a: b` in a list.
    pub fn is_bracketed(&self, id: NodeId) -> bool {
        self.records[id.index()].flags & flag::BRACKETED != 0
    }

    /// Whether a key is written with `? `.
    pub(crate) fn is_explicit_key(&self, key: NodeId) -> bool {
        self.records[key.index()].flags & flag::EXPLICIT_KEY != 0
    }

    /// Whether nothing at all is written in the place of the value.
    pub(crate) fn is_empty_value(&self, id: NodeId) -> bool {
        self.records[id.index()].flags & flag::EMPTY != 0
    }

    fn properties_of(&self, record: &Record) -> Option<&Properties> {
        let index = record.properties.checked_sub(1)?;
        self.properties.get(index as usize)
    }

    fn text(&self, record: &Record, text: Text) -> &str {
        let (start, end) = (record.start as usize, record.end as usize);
        match text {
            Text::Written => &self.source[start..end],
            Text::Inside => &self.source[start + 1..end - 1],
            Text::Stored(index) => &self.texts[index as usize],
        }
    }
}
