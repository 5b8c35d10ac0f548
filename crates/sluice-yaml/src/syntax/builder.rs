//! The arena of nodes, as it grows from one token to the next.
//!
//! The parser's spans do not always match the node: `place` corrects them.

use super::breaks;
use super::index::KeyIndex;
use super::lines::Lines;
use super::model::NODE_WEIGHT;
use super::model::{
    Entry, Limits, NodeId, Properties, Record, RecordKind, ScalarStyle, Span, SyntaxError,
    SyntaxErrorKind, Text, flag,
};
use super::scan::skip_between;
use super::stream::Stream;

/// A collection that is still open.
pub(super) struct Frame {
    id: NodeId,
    pub(super) is_mapping: bool,
    /// The start of its children in `Builder::pending`.
    pub(super) first: usize,
    weight: usize,
    /// Levels below it so far.
    height: usize,
    /// Behind its last child's last byte.
    pub(super) content_end: usize,
}

struct Anchored {
    id: NodeId,
    /// `None` while the node is still open.
    cost: Option<(usize, usize)>,
}

/// What the parser says of a node's token.
#[derive(Default)]
pub(super) struct Token {
    pub(super) span: Span,
    pub(super) anchor: usize,
    pub(super) tag: Option<(Box<str>, Span)>,
    /// Of a block scalar's content.
    pub(super) indent: Option<usize>,
}

pub(super) struct Builder<'a> {
    pub(super) source: &'a str,
    pub(super) limits: &'a Limits,
    pub(super) stream: Stream,
    pub(super) frames: Vec<Frame>,
    pub(super) pending: Vec<NodeId>,
    /// After the last token that was seen: the next one's layout begins here.
    pub(super) token_end: usize,
    /// By the parser's anchor id, which counts from 1.
    anchors: Vec<Option<Anchored>>,
    pub(super) flow_depth: usize,
    /// A scalar whose span waits for the place of its anchor.
    pub(super) unplaced: Option<(NodeId, Unplaced)>,
}

pub(super) enum Unplaced {
    Block {
        end: usize,
        indent: Option<usize>,
    },
    Empty {
        at: usize,
    },
    /// A block sequence: it begins with its first dash.
    Sequence,
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &'a str, limits: &'a Limits) -> Self {
        Self {
            source,
            limits,
            stream: Stream {
                lines: Lines::new(source),
                source: source.to_owned(),
                documents: Vec::new(),
                records: Vec::new(),
                items: Vec::new(),
                entries: Vec::new(),
                texts: Vec::new(),
                properties: Vec::new(),
                blocks: Vec::new(),
                comments: Vec::new(),
                keys: KeyIndex::default(),
                expansion: 0,
            },
            frames: Vec::new(),
            pending: Vec::new(),
            token_end: if source.starts_with('\u{feff}') { 3 } else { 0 },
            anchors: Vec::new(),
            flow_depth: 0,
            unplaced: None,
        }
    }

    pub(super) fn error(&self, kind: SyntaxErrorKind, at: usize, message: String) -> SyntaxError {
        let position = self.stream.position_of(at);
        SyntaxError {
            kind,
            position,
            message,
        }
    }

    pub(super) fn scalar(
        &mut self,
        value: &str,
        style: ScalarStyle,
        token: Token,
    ) -> Result<(), SyntaxError> {
        let (span, anchor, indent) = (token.span, token.anchor, token.indent);
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let is_empty = style == ScalarStyle::Plain && span.start == span.end;
        let value = match value.strip_suffix('\n') {
            _ if is_empty => "",
            // The parser adds a line break that is not there (YAML 1.2, rule 165 `b-chomped-last`).
            Some(without) if is_block && ends_in_text(self.source, span.end) => without,
            _ => value,
        };
        let text = self.text(value, style, span);
        let id = self.node(RecordKind::Scalar { style, text }, token)?;
        if is_empty {
            self.stream.records[id.index()].flags |= flag::EMPTY;
        }
        if is_block {
            self.unplaced = Some((
                id,
                Unplaced::Block {
                    end: span.end,
                    indent,
                },
            ));
        } else if is_empty {
            self.unplaced = Some((id, Unplaced::Empty { at: span.start }));
        } else {
            self.token_end = span.end;
        }
        // The children of a mapping must be complete before the span is placed: an absent value looks for its key.
        self.finished(id, NODE_WEIGHT + value.len(), 0, anchor, span.end);
        if anchor == 0 {
            self.place();
        }
        Ok(())
    }

    fn text(&mut self, value: &str, style: ScalarStyle, span: Span) -> Text {
        let written = &self.source[span.start..span.end];
        match style {
            ScalarStyle::Plain if written == value => Text::Written,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted
                if written.len() >= 2 && &written[1..written.len() - 1] == value =>
            {
                Text::Inside
            }
            _ => {
                self.stream.texts.push(value.into());
                Text::Stored(to_u32(self.stream.texts.len() - 1))
            }
        }
    }

    pub(super) fn alias(&mut self, anchor: usize, span: Span) -> Result<(), SyntaxError> {
        let name = &self.source[span.start..span.end];
        let known = self.anchors.get(anchor).and_then(Option::as_ref);
        let Some(Anchored { id: target, cost }) = known else {
            return Err(self.error(
                SyntaxErrorKind::Broken,
                span.start,
                format!("{name} has no anchor"),
            ));
        };
        let Some((weight, height)) = *cost else {
            let message = format!("{name} is inside the node that it refers to, so it never ends");
            return Err(self.error(SyntaxErrorKind::TooManyAliases, span.start, message));
        };
        let target = *target;
        self.stream.expansion = self.stream.expansion.saturating_add(weight);
        if self.stream.expansion > self.limits.expansion {
            let message = "alias expansion exceeds the limit here: write the values out".to_owned();
            return Err(self.error(SyntaxErrorKind::TooManyAliases, span.start, message));
        }
        if self.frames.len() + height > self.limits.depth {
            let message = format!("{} when {name} is expanded", too_deep(self.limits));
            return Err(self.error(SyntaxErrorKind::TooDeep, span.start, message));
        }
        let id = self.node(
            RecordKind::Alias { target },
            Token {
                span,
                ..Token::default()
            },
        )?;
        self.token_end = span.end;
        self.finished(id, weight, height, 0, span.end);
        Ok(())
    }

    pub(super) fn open(&mut self, is_mapping: bool, token: Token) -> Result<(), SyntaxError> {
        let (span, anchor) = (token.span, token.anchor);
        if self.frames.len() >= self.limits.depth {
            return Err(self.error(SyntaxErrorKind::TooDeep, span.start, too_deep(self.limits)));
        }
        let bracket: &[u8] = if is_mapping { b"{" } else { b"[" };
        let is_bracketed =
            span.end > span.start && self.source.as_bytes()[span.start..].starts_with(bracket);
        let kind = if is_mapping {
            RecordKind::Mapping { first: 0, len: 0 }
        } else {
            RecordKind::Sequence { first: 0, len: 0 }
        };
        if is_bracketed {
            self.flow_depth += 1;
        }
        let id = self.node(kind, token)?;
        if is_bracketed {
            self.token_end = span.end;
            self.stream.records[id.index()].flags |= flag::BRACKETED;
        }
        self.remember(anchor, Anchored { id, cost: None });
        let is_open_sequence = !is_bracketed && !is_mapping;
        self.frames.push(Frame {
            id,
            is_mapping,
            first: self.pending.len(),
            weight: NODE_WEIGHT,
            height: 1,
            content_end: if is_bracketed { span.end } else { span.start },
        });
        if is_open_sequence {
            self.unplaced = Some((id, Unplaced::Sequence));
            if anchor == 0 {
                self.place();
            }
        }
        Ok(())
    }

    pub(super) fn close(&mut self, span: Span) -> Result<(), SyntaxError> {
        let Some(frame) = self.frames.pop() else {
            let message = "a collection ends that never started".to_owned();
            return Err(self.error(SyntaxErrorKind::Broken, span.start, message));
        };
        let children = self.pending.split_off(frame.first);
        let kind = if frame.is_mapping {
            let first = to_u32(self.stream.entries.len());
            let (pairs, _) = children.as_chunks::<2>();
            self.stream
                .entries
                .extend(pairs.iter().map(|[key, value]| Entry {
                    key: *key,
                    value: *value,
                }));
            RecordKind::Mapping {
                first,
                len: to_u32(pairs.len()),
            }
        } else {
            let first = to_u32(self.stream.items.len());
            self.stream.items.extend_from_slice(&children);
            RecordKind::Sequence {
                first,
                len: to_u32(children.len()),
            }
        };
        let record = &mut self.stream.records[frame.id.index()];
        record.kind = kind;
        let mut end = frame.content_end;
        if record.flags & flag::BRACKETED != 0 {
            self.flow_depth -= 1;
            end = span.end;
            self.token_end = span.end;
        }
        record.end = to_u32(end).max(record.start);
        self.completed(frame.id, (frame.weight, frame.height));
        self.extend_parent(frame.weight, frame.height, end);
        Ok(())
    }

    /// Adds a node to the arena, below the innermost open collection.
    fn node(&mut self, kind: RecordKind, token: Token) -> Result<NodeId, SyntaxError> {
        let span = token.span;
        if self.stream.records.len() >= self.limits.nodes {
            let message = format!("more than {} values", self.limits.nodes);
            return Err(self.error(SyntaxErrorKind::TooLarge, span.start, message));
        }
        let id = NodeId(to_u32(self.stream.records.len()));
        self.pass_dash(span.start);
        let mut flags = if self.flow_depth > 0 {
            flag::IN_FLOW
        } else {
            0
        };
        if self.is_explicit_key(
            token
                .tag
                .as_ref()
                .map_or(span.start, |(_, tag)| tag.start.min(span.start)),
        ) {
            flags |= flag::EXPLICIT_KEY;
        }
        let mut properties = 0;
        if let Some((name, tag_span)) = token.tag {
            self.token_end = self.token_end.max(tag_span.end);
            self.stream.properties.push(Properties {
                anchor: None,
                tag: Some((name, tag_span)),
            });
            properties = to_u32(self.stream.properties.len());
        }
        self.stream.records.push(Record {
            kind,
            start: to_u32(span.start),
            end: to_u32(span.end),
            properties,
            flags,
        });
        match self.frames.last() {
            Some(_) => self.pending.push(id),
            None => {
                let position = self.stream.position_of(span.start);
                let is_nothing = matches!(
                    kind,
                    RecordKind::Scalar {
                        style: ScalarStyle::Plain,
                        ..
                    }
                ) && span.start == span.end
                    && properties == 0;
                if let Some(document) = self.stream.documents.last_mut()
                    && !is_nothing
                {
                    document.root = Some(id);
                    document.position = position;
                }
            }
        }
        Ok(id)
    }

    /// Past the dash of an element of a block sequence.
    fn pass_dash(&mut self, limit: usize) {
        let Some(frame) = self.frames.last() else {
            return;
        };
        if frame.is_mapping || self.stream.records[frame.id.index()].flags & flag::BRACKETED != 0 {
            return;
        }
        let source = self.source.as_bytes();
        let dash = skip_between(source, self.token_end, limit, b"");
        if dash < limit && source[dash] == b'-' {
            self.token_end = dash + 1;
        }
    }

    /// Whether the node that begins at `start` is a mapping's key behind a `?`. Then the layout ends behind it.
    fn is_explicit_key(&mut self, start: usize) -> bool {
        let Some(frame) = self.frames.last() else {
            return false;
        };
        if !frame.is_mapping || !(self.pending.len() - frame.first).is_multiple_of(2) {
            return false;
        }
        let source = self.source.as_bytes();
        let at = skip_between(source, self.token_end, start, b",-:");
        let found = at < start && source[at] == b'?';
        if found {
            self.token_end = at + 1;
        }
        found
    }

    pub(super) fn anchor(&mut self, name: &str, span: Span) {
        let Some(record) = self.stream.records.last_mut() else {
            return;
        };
        if record.properties == 0 {
            self.stream.properties.push(Properties::default());
            record.properties = to_u32(self.stream.properties.len());
        }
        if let Some(properties) = self
            .stream
            .properties
            .get_mut(record.properties as usize - 1)
        {
            properties.anchor = Some((name.into(), span));
        }
        self.token_end = self.token_end.max(span.end);
        // A null with an anchor is more than nothing.
        let id = NodeId(to_u32(self.stream.records.len() - 1));
        if self.frames.is_empty()
            && let Some(document) = self.stream.documents.last_mut()
        {
            document.root = Some(id);
        }
    }

    /// A node without children is complete.
    fn finished(&mut self, id: NodeId, weight: usize, height: usize, anchor: usize, end: usize) {
        self.remember(
            anchor,
            Anchored {
                id,
                cost: Some((weight, height)),
            },
        );
        let is_unplaced = self.unplaced.is_some();
        self.extend_parent(weight, height, if is_unplaced { 0 } else { end });
    }

    fn extend_parent(&mut self, weight: usize, height: usize, end: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.weight = frame.weight.saturating_add(weight);
            frame.height = frame.height.max(height + 1);
            frame.content_end = frame.content_end.max(end);
        }
    }

    fn remember(&mut self, anchor: usize, anchored: Anchored) {
        if anchor == 0 {
            return;
        }
        if self.anchors.len() <= anchor {
            self.anchors.resize_with(anchor + 1, || None);
        }
        self.anchors[anchor] = Some(anchored);
    }

    fn completed(&mut self, id: NodeId, cost: (usize, usize)) {
        let properties = self.stream.records[id.index()].properties as usize;
        let is_anchored = properties > 0 && self.stream.properties[properties - 1].anchor.is_some();
        if !is_anchored {
            return;
        }
        // Only the anchors of the nodes within it follow its own anchor, so each is passed once per level of nesting.
        for anchored in self.anchors.iter_mut().rev().flatten() {
            if anchored.id == id {
                anchored.cost = Some(cost);
                return;
            }
        }
    }

    pub(super) fn finish(mut self) -> Result<Stream, SyntaxError> {
        self.place();
        let mut end = self.source.len();
        for document in self.stream.documents.iter_mut().rev() {
            document.span.end = end;
            end = document.span.start;
        }
        self.stream.comments.sort_unstable();
        self.stream.blocks.sort_unstable_by_key(|(id, _)| *id);
        breaks::refuse_ambiguous(&self.stream)?;
        self.stream.records.shrink_to_fit();
        self.stream.entries.shrink_to_fit();
        self.stream.items.shrink_to_fit();
        Ok(self.stream)
    }
}

/// Whether the end of the file is the end of a line with text.
fn ends_in_text(source: &str, end: usize) -> bool {
    let last_line = source.rsplit(['\n', '\r']).next().unwrap_or(source);
    end == source.len() && !last_line.trim_matches([' ', '\t']).is_empty()
}

pub(super) fn too_deep(limits: &Limits) -> String {
    format!("nested deeper than {} levels", limits.depth)
}

/// Files are at most `u32::MAX` bytes long, and nothing in them is more numerous.
pub(super) fn to_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
