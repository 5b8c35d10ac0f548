//! From the bytes of a file to the parser's events, each handed to the builder. The only file that names granit-parser.

use granit_parser::{ErrorKind, Event, Parser, Span as GranitSpan, Tag};

use super::builder::{Builder, Token, too_deep};
use super::lines::Lines;
use super::model::{Document, Limits, ScalarStyle, Span, SyntaxError, SyntaxErrorKind};
use super::scan::skip_between;
use super::stream::Stream;

impl Stream {
    /// Parses a whole file: UTF-8, an optional byte order mark, any number of documents.
    ///
    /// # Errors
    /// [`SyntaxError`] if the bytes are not YAML, or if they exceed one of the `limits`. There is no partial result.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, SyntaxError> {
        build(bytes, limits)
    }
}

fn build(bytes: &[u8], limits: &Limits) -> Result<Stream, SyntaxError> {
    let source = checked_text(bytes, limits)?;
    let mut builder = Builder::new(source, limits);
    let options = granit_parser::options! {
        emit_anchor_events: true,
        max_buffered_comment_events: limits.comment_run,
        flow_nesting_limit: limits.depth,
        block_nesting_limit: limits.depth,
    };
    for event in Parser::new_from_str_with_options(source, options) {
        match event {
            Ok((event, span)) => self::event(&mut builder, event, span)?,
            Err(error) => {
                let kind = match error.kind() {
                    ErrorKind::RecursionLimitExceeded => SyntaxErrorKind::TooDeep,
                    ErrorKind::TooManyComments => SyntaxErrorKind::TooLarge,
                    _ => SyntaxErrorKind::Broken,
                };
                let at = error.marker().byte_offset().unwrap_or(0);
                return Err(builder.error(kind, at, message(kind, &error.info(), limits)));
            }
        }
    }
    builder.finish()
}

fn message(kind: SyntaxErrorKind, info: &str, limits: &Limits) -> String {
    match kind {
        SyntaxErrorKind::TooDeep => too_deep(limits),
        SyntaxErrorKind::TooLarge => {
            format!(
                "more than {} comments without content between them",
                limits.comment_run
            )
        }
        _ => info.to_owned(),
    }
}

fn checked_text<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, SyntaxError> {
    let largest = limits.bytes.min(u32::MAX as usize);
    if bytes.len() > largest {
        return Err(SyntaxError {
            kind: SyntaxErrorKind::TooLarge,
            position: super::Position::default(),
            message: format!(
                "the file has {} bytes, more than the {largest} that are read",
                bytes.len()
            ),
        });
    }
    // A parser may take it for the end of the file, and everything after it would be lost.
    if let Some(at) = memchr::memchr(0, bytes) {
        let before = String::from_utf8_lossy(&bytes[..at]);
        return Err(SyntaxError {
            kind: SyntaxErrorKind::Broken,
            position: Lines::new(&before).position_of(&before, before.len()),
            message: "a NUL byte is here, which YAML does not allow".to_owned(),
        });
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let valid = std::str::from_utf8(&bytes[..at]).unwrap_or("");
        SyntaxError {
            kind: SyntaxErrorKind::NotUtf8,
            position: Lines::new(valid).position_of(valid, at),
            message: "the bytes from here are not UTF-8".to_owned(),
        }
    })
}

fn event(builder: &mut Builder<'_>, event: Event<'_>, at: GranitSpan) -> Result<(), SyntaxError> {
    let span = bytes_of(at);
    match event {
        Event::Comment(..) => {
            builder.stream.comments.push(span);
            return Ok(());
        }
        Event::Anchor(_, name) => {
            builder.anchor(&name, span);
            builder.place();
            return Ok(());
        }
        _ => builder.place(),
    }
    match event {
        Event::StreamStart | Event::Comment(..) | Event::Anchor(..) => {}
        Event::StreamEnd => {
            if !skip_is_to_end(builder.source, span.start) {
                let message = "nothing after this position was read".to_owned();
                return Err(builder.error(SyntaxErrorKind::Broken, span.start, message));
            }
        }
        Event::DocumentStart(explicit, _) => {
            if explicit {
                builder.token_end = span.end;
            }
            if builder.stream.documents.len() >= builder.limits.documents {
                let message = format!("more than {} documents", builder.limits.documents);
                return Err(builder.error(SyntaxErrorKind::TooLarge, span.start, message));
            }
            builder.stream.documents.push(Document {
                root: None,
                span,
                position: builder.stream.position_of(span.start),
                index: builder.stream.documents.len(),
            });
        }
        Event::DocumentEnd => {
            builder.token_end = builder.token_end.max(span.end);
        }
        Event::Alias(id) => builder.alias(id, span)?,
        Event::Scalar(value, style, anchor, tag) => {
            builder.scalar(&value, style_of(style), token(at, anchor, tag.as_deref()))?;
        }
        Event::SequenceStart(_, anchor, tag) => {
            builder.open(false, token(at, anchor, tag.as_deref()))?;
        }
        Event::MappingStart(_, anchor, tag) => {
            builder.open(true, token(at, anchor, tag.as_deref()))?;
        }
        Event::SequenceEnd | Event::MappingEnd => builder.close(span)?,
        _ => {
            let message = "the parser reported an unknown error".to_owned();
            return Err(builder.error(SyntaxErrorKind::Broken, span.start, message));
        }
    }
    Ok(())
}

/// What the parser says of a node's token.
fn token(at: GranitSpan, anchor: usize, tag: Option<&Tag>) -> Token {
    let tag = tag.zip(at.tag_span());
    Token {
        span: bytes_of(at),
        anchor,
        tag: tag.map(|(tag, at)| {
            (
                format!("{}{}", tag.handle(), tag.suffix()).into(),
                bytes_of(at),
            )
        }),
        indent: at.indent,
    }
}

fn style_of(style: granit_parser::ScalarStyle) -> ScalarStyle {
    match style {
        granit_parser::ScalarStyle::Plain => ScalarStyle::Plain,
        granit_parser::ScalarStyle::SingleQuoted => ScalarStyle::SingleQuoted,
        granit_parser::ScalarStyle::DoubleQuoted => ScalarStyle::DoubleQuoted,
        granit_parser::ScalarStyle::Literal => ScalarStyle::Literal,
        granit_parser::ScalarStyle::Folded => ScalarStyle::Folded,
    }
}

fn bytes_of(span: GranitSpan) -> Span {
    let start = span.start.byte_offset().unwrap_or(0);
    Span {
        start,
        end: span.end.byte_offset().unwrap_or(start).max(start),
    }
}

fn skip_is_to_end(source: &str, at: usize) -> bool {
    skip_between(source.as_bytes(), at, source.len(), b"") >= source.len()
}
