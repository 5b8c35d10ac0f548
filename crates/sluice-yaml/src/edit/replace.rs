//! Replacing an existing value.

use super::error::{EditError, EditErrorKind};
use super::note;
use super::request::{Edit, Form};
use super::splice::{CommentChange, Order, Splice};
use crate::scalar::{self, BlockText, Context, Quotes, block_text};
use crate::syntax::{Block, NodeId, NodeKind, ScalarStyle, Span, Stream, line_break_of};

/// Refuses a value that cannot be exchanged, whatever the new one is.
pub(super) fn check(stream: &Stream, node: NodeId) -> Result<(), EditError> {
    let refuse = |message: &str| {
        Err(EditError::new(
            EditErrorKind::Layout,
            Some(stream.position(node)),
            message,
        ))
    };
    if let Some(tag) = stream.node(node).tag
        && let Some(kind) = tag.strip_prefix("tag:yaml.org,2002:")
        && kind != "str"
    {
        return refuse(&format!(
            "the tag `!!{kind}` says that the value is not a string: remove the tag"
        ));
    }
    if stream.is_empty_value(node) {
        let before = &stream.source()[..stream.span(node).start];
        let node = stream.node(node);
        if node.anchor.is_none() && node.tag.is_none() && !before.ends_with([':', '-']) {
            return refuse("the key has no colon: write `key: value`");
        }
    }
    if let Some(block) = stream.block(node)
        && block.indent.is_none()
    {
        return refuse("the block scalar has no text: write the value after the key instead");
    }
    Ok(())
}

pub(super) fn plan(
    stream: &Stream,
    node: NodeId,
    key: Option<NodeId>,
    edit: &Edit,
    splices: &mut Vec<Splice>,
) -> Result<(), EditError> {
    let current = stream.resolve(node);
    if stream.is_null(current) || stream.scalar(current) != Some(&edit.value) {
        check(stream, node)?;
        splices.push(exchange(stream, node, key, edit)?);
    }
    note::plan(stream, node, &edit.note, splices);
    Ok(())
}

fn exchange(
    stream: &Stream,
    node: NodeId,
    key: Option<NodeId>,
    edit: &Edit,
) -> Result<Splice, EditError> {
    if edit.form == Form::Bare && !matches!(quotes(stream, node), Some(Quotes::Plain)) {
        let message = "this value is a string, and would be replaced by a number or a boolean: write both the same way";
        let position = Some(stream.position(node));
        return Err(EditError::new(EditErrorKind::Value, position, message));
    }
    if let Some(block) = stream.block(node) {
        return exchange_block(stream, node, block, edit);
    }
    let span = stream.span(node);
    let context = if stream.in_flow(node) {
        Context::Flow
    } else {
        Context::Block
    };
    let quotes = match quotes(stream, node) {
        Some(quotes @ (Quotes::Single | Quotes::Double)) => quotes,
        // What looks like JSON stays JSON.
        _ if context == Context::Flow && key.is_some_and(|key| is_double_quoted(stream, key)) => {
            Quotes::Double
        }
        _ => Quotes::Plain,
    };
    let value = match edit.form {
        Form::Text => scalar::render(&edit.value, quotes, context),
        Form::Bare => edit.value.clone(),
    };
    Ok(Splice {
        span,
        text: if stream.is_empty_value(node) {
            format!(" {value}")
        } else {
            value
        },
        comment: CommentChange::None,
        order: Order::Value,
    })
}

/// The quotes around a value; `None` around a block scalar.
fn quotes(stream: &Stream, node: NodeId) -> Option<Quotes> {
    match stream.node(node).kind {
        NodeKind::Scalar { style, .. } => match style {
            ScalarStyle::SingleQuoted => Some(Quotes::Single),
            ScalarStyle::DoubleQuoted => Some(Quotes::Double),
            ScalarStyle::Plain => Some(Quotes::Plain),
            ScalarStyle::Literal | ScalarStyle::Folded => None,
        },
        _ => Some(Quotes::Plain),
    }
}

fn exchange_block(
    stream: &Stream,
    node: NodeId,
    block: &Block,
    edit: &Edit,
) -> Result<Splice, EditError> {
    let source = stream.source();
    let span = Span {
        start: block.content.start,
        end: stream.span(node).end,
    };
    let text = BlockText {
        header: &source[block.header.start..block.header.end],
        indent: block.indent.unwrap_or_default(),
        line_break: line_break_of(source, block.header.end),
        is_terminated: span.end < source.len(),
    };
    let text = block_text(&edit.value, text).map_err(|reason| {
        let message = format!(
            "the value of `{}` is a block scalar `{}`, and {reason}: write it in quotes",
            edit.path,
            &source[block.header.start..block.header.end]
        );
        EditError::new(EditErrorKind::Value, Some(stream.position(node)), message)
    })?;
    Ok(Splice {
        span,
        text,
        comment: CommentChange::None,
        order: Order::BlockText,
    })
}

pub(super) fn is_double_quoted(stream: &Stream, key: NodeId) -> bool {
    matches!(
        stream.node(key).kind,
        NodeKind::Scalar {
            style: ScalarStyle::DoubleQuoted,
            ..
        }
    )
}
