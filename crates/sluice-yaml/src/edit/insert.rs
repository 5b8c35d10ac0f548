//! Adding keys to a mapping, behind its last content line or before its closing brace.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::error::{EditError, EditErrorKind};
use super::locate::Site;
use super::note;
use super::replace::is_double_quoted;
use super::request::{Edit, Form, NewValue, Note};
use super::splice::{CommentChange, Order, Splice};
use crate::path::FieldPath;
use crate::scalar::{self, Context, Quotes};
use crate::syntax::{
    NodeId, NodeKind, Span, Stream, line_break_of, line_end, skip_between, skip_blanks,
};

/// YAML lets a key be 1,024 characters long; this leaves room for its quotes and escapes.
const MAX_KEY_LENGTH: usize = 900;

/// All keys that go into one mapping, in the order of the edits.
pub(super) struct NewKeys<'a> {
    parent: NodeId,
    /// The key of a null below which the mapping begins.
    parent_key: Option<NodeId>,
    layout: Option<Layout>,
    edits: Vec<(&'a str, &'a Edit)>,
    seen: HashSet<&'a str>,
}

/// The position of new entries.
#[derive(Clone, Debug)]
struct Layout {
    at: usize,
    context: Context,
    quotes: Quotes,
    kind: Kind,
    /// Whether nothing but blanks follows on the line, so that our comment can.
    ends_line: bool,
}

#[derive(Clone, Debug)]
enum Kind {
    /// A line for each, with this many blanks before it.
    Block { indent: usize },
    /// A line for each between braces, with this text before it. `at` is the end of the last entry's line.
    FlowLines {
        before: String,
        /// The position at which the last entry lacks a comma.
        missing_comma: Option<usize>,
    },
    /// On the line of the last entry.
    FlowInline { has_comma: bool },
    /// In `{}` or `{ }`.
    FlowEmpty { is_padded: bool },
}

impl<'a> NewKeys<'a> {
    pub(super) fn new(site: &Site<'a>) -> Self {
        let parent_key = match site {
            Site::NewChild { parent_key, .. } => Some(*parent_key),
            Site::NewKey { .. } | Site::Value { .. } => None,
        };
        Self {
            parent: site.node(),
            parent_key,
            layout: None,
            edits: Vec::new(),
            seen: HashSet::new(),
        }
    }

    pub(super) fn parent(&self) -> NodeId {
        self.parent
    }

    /// Takes an edit in, and returns the line that its key goes behind.
    pub(super) fn push(
        &mut self,
        stream: &Stream,
        edit: &'a Edit,
        site: &Site<'a>,
    ) -> Result<u32, EditError> {
        let (Site::NewKey { key, .. } | Site::NewChild { key, .. }) = *site else {
            return Ok(stream.position(self.parent).line);
        };
        check_key(stream, self.parent, key)?;
        if !self.seen.insert(key) {
            return Err(super::error::conflict(stream, self.parent, &edit.path));
        }
        let layout = match self.layout.take() {
            Some(layout) => layout,
            None => Layout::of(stream, self.parent, self.parent_key)?,
        };
        let line = stream.position_of(layout.at).line;
        self.layout = Some(layout);
        self.edits.push((key, edit));
        Ok(line)
    }

    /// Path of the first of the keys, for a message.
    pub(super) fn first_path(&self) -> FieldPath {
        self.edits
            .first()
            .map(|(_, edit)| edit.path.clone())
            .unwrap_or_default()
    }

    /// Keys and values.
    pub(super) fn entries(&self) -> Vec<(&'a str, NewValue<'a>)> {
        self.edits
            .iter()
            .map(|(key, edit)| (*key, edit.new_value()))
            .collect()
    }

    pub(super) fn plan(self, stream: &Stream, splices: &mut Vec<Splice>) {
        let Some(layout) = self.layout else { return };
        let source = stream.source();
        let line_break = match layout.kind {
            Kind::Block { .. } | Kind::FlowLines { .. } => line_break_of(source, layout.at),
            Kind::FlowInline { .. } | Kind::FlowEmpty { .. } => "",
        };
        let mut comments = Vec::new();
        let mut text = String::new();
        let last = self.edits.len() - 1;
        for (at, (key, edit)) in self.edits.iter().enumerate() {
            let key = scalar::render_key(key, layout.quotes, layout.context);
            let value = match edit.form {
                Form::Text => scalar::render(&edit.value, layout.quotes, layout.context),
                Form::Bare => edit.value.clone(),
            };
            let entry = format!("{key}: {value}");
            match &layout.kind {
                Kind::Block { indent } => {
                    text.push_str(line_break);
                    text.extend(std::iter::repeat_n(' ', *indent));
                    text.push_str(&entry);
                    add_note(&edit.note, &mut text, &mut comments);
                }
                Kind::FlowLines {
                    before,
                    missing_comma,
                } => {
                    text.push_str(line_break);
                    text.push_str(before);
                    text.push_str(&entry);
                    if at < last || missing_comma.is_none() {
                        text.push(',');
                    }
                    add_note(&edit.note, &mut text, &mut comments);
                }
                Kind::FlowInline { has_comma: true } => text.push_str(&format!(" {entry},")),
                Kind::FlowInline { has_comma: false } => text.push_str(&format!(", {entry}")),
                Kind::FlowEmpty { is_padded } => {
                    text.push_str(if at > 0 {
                        ", "
                    } else if *is_padded {
                        " "
                    } else {
                        ""
                    });
                    text.push_str(&entry);
                }
            }
        }
        let is_inline = matches!(
            layout.kind,
            Kind::FlowInline { .. } | Kind::FlowEmpty { .. }
        );
        if let (true, true, Some((_, edit))) = (is_inline, layout.ends_line, self.edits.last()) {
            add_note(&edit.note, &mut text, &mut comments);
        }
        let order = match layout.kind {
            Kind::Block { indent } => Order::NewKeys(Reverse(indent)),
            Kind::FlowLines { .. } => Order::NewKeys(Reverse(0)),
            Kind::FlowInline { .. } | Kind::FlowEmpty { .. } => Order::Comma,
        };
        if let Kind::FlowLines {
            missing_comma: Some(at),
            ..
        } = layout.kind
        {
            splices.push(put(at, ",".to_owned(), CommentChange::None, Order::Comma));
        }
        splices.push(put(layout.at, text, CommentChange::Added(comments), order));
    }
}

fn put(at: usize, text: String, comment: CommentChange, order: Order) -> Splice {
    let span = Span { start: at, end: at };
    Splice {
        span,
        text,
        comment,
        order,
    }
}

fn add_note(note: &Note, text: &mut String, comments: &mut Vec<String>) {
    if let Note::Set(name) = note {
        let comment = note::text(name);
        text.push(' ');
        text.push_str(&comment);
        comments.push(comment);
    }
}

/// Refuses a mapping that takes no new key, and a key that cannot be one.
pub(super) fn check(
    stream: &Stream,
    parent: NodeId,
    parent_key: Option<NodeId>,
    key: &str,
) -> Result<(), EditError> {
    check_key(stream, parent, key)?;
    Layout::of(stream, parent, parent_key).map(|_| ())
}

fn check_key(stream: &Stream, parent: NodeId, key: &str) -> Result<(), EditError> {
    if scalar::double_quoted(key).chars().count() <= MAX_KEY_LENGTH {
        return Ok(());
    }
    let message = format!("the new key is longer than {MAX_KEY_LENGTH} characters");
    Err(EditError::new(
        EditErrorKind::Value,
        Some(stream.position(parent)),
        message,
    ))
}

impl Layout {
    fn of(stream: &Stream, parent: NodeId, parent_key: Option<NodeId>) -> Result<Self, EditError> {
        if let Some(key) = parent_key {
            let indent = indent_of(stream, key)? + 2;
            return Ok(Self::block(stream, parent, indent));
        }
        let NodeKind::Mapping(entries) = stream.node(parent).kind else {
            return Err(refused(
                stream,
                parent,
                "keys can only be added to a mapping",
            ));
        };
        if let Some(entry) = entries
            .iter()
            .find(|entry| stream.is_explicit_key(entry.key))
        {
            let message = "no key can be added to a mapping that has keys written with `? `: write them as `key: value`";
            return Err(refused(stream, entry.key, message));
        }
        match entries {
            _ if stream.in_flow(parent) && !stream.is_bracketed(parent) => Err(refused(
                stream,
                parent,
                "no key can be added to a pair in a list: write it as `{key: value}`",
            )),
            [] => Ok(Self::flow_empty(stream, parent)),
            [first, .., last] | [first @ last] if stream.in_flow(parent) => {
                Ok(Self::flow(stream, parent, first.key, last.key, last.value))
            }
            [first, ..] => Ok(Self::block(stream, parent, indent_of(stream, first.key)?)),
        }
    }

    fn block(stream: &Stream, parent: NodeId, indent: usize) -> Self {
        Self {
            at: line_end(stream.source().as_bytes(), stream.span(parent).end),
            context: Context::Block,
            quotes: Quotes::Plain,
            kind: Kind::Block { indent },
            ends_line: true,
        }
    }

    fn flow_empty(stream: &Stream, parent: NodeId) -> Self {
        let span = stream.span(parent);
        let inside = &stream.source()[span.start + 1..span.end - 1];
        Self {
            at: span.start + 1,
            context: Context::Flow,
            quotes: Quotes::Plain,
            kind: Kind::FlowEmpty {
                is_padded: !inside.is_empty() && inside.trim_matches(' ').is_empty(),
            },
            ends_line: ends_line(stream, span.start + 1),
        }
    }

    fn flow(stream: &Stream, parent: NodeId, first: NodeId, last: NodeId, value: NodeId) -> Self {
        let source = stream.source().as_bytes();
        let close = stream.span(parent).end - 1;
        let mut end = stream.span(value).end;
        let comma = skip_between(source, end, close, b"");
        let has_comma = source[comma] == b',';
        let behind = if has_comma { comma + 1 } else { end };
        let key_start = stream.outer_start(last);
        let before = &stream.source()[stream.line_start(key_start)..key_start];
        let rest = skip_blanks(source, behind);
        let line_is_over = matches!(source.get(rest), Some(b'\n' | b'\r' | b'#'));
        let (at, kind) = if line_is_over && before.trim_matches([' ', '\t']).is_empty() {
            let kind = Kind::FlowLines {
                before: before.to_owned(),
                missing_comma: (!has_comma).then_some(end),
            };
            (line_end(source, behind), kind)
        } else {
            if !has_comma && stream.is_empty_value(value) {
                end = skip_blanks(source, end);
            }
            (
                if has_comma { behind } else { end },
                Kind::FlowInline { has_comma },
            )
        };
        let quotes = if is_double_quoted(stream, first) {
            Quotes::Double
        } else {
            Quotes::Plain
        };
        Self {
            at,
            context: Context::Flow,
            quotes,
            kind,
            ends_line: ends_line(stream, behind),
        }
    }
}

fn ends_line(stream: &Stream, at: usize) -> bool {
    let source = stream.source().as_bytes();
    matches!(
        source.get(skip_blanks(source, at)),
        None | Some(b'\n' | b'\r')
    )
}

/// Blanks before a key that are indentation: dashes of lists count as such.
fn indent_of(stream: &Stream, key: NodeId) -> Result<usize, EditError> {
    let start = stream.outer_start(key);
    let before = stream.source()[stream.line_start(start)..start].trim_start_matches('\u{feff}');
    if before.bytes().all(|byte| matches!(byte, b' ' | b'-')) {
        return Ok(before.len());
    }
    Err(refused(
        stream,
        key,
        "the indentation of this mapping is unclear: start it on its own line",
    ))
}

fn refused(stream: &Stream, at: NodeId, message: &str) -> EditError {
    EditError::new(EditErrorKind::Layout, Some(stream.position(at)), message)
}
