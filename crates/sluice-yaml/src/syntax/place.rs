//! The real positions of nodes: spans that the parser gives differently are corrected here.
//!
//! A block scalar's span omits the header and may end inside the next line's indentation, an absent value's span is
//! before the colon, and a block sequence's may begin after its first dash.

use super::builder::{Builder, Unplaced, to_u32};
use super::model::{Block, NodeId, Span, flag};
use super::scan::{line_end, next_line, skip_between, skip_blanks};

impl Builder<'_> {
    /// Puts the span of a block scalar or of an absent value right, once its anchor and tag are known.
    pub(super) fn place(&mut self) {
        let Some((id, unplaced)) = self.unplaced.take() else {
            return;
        };
        let span = match unplaced {
            Unplaced::Block { end, indent } => self.place_block(id, end, indent),
            Unplaced::Empty { at } => self.place_empty(id, at),
            Unplaced::Sequence => {
                let source = self.source.as_bytes();
                let start = skip_between(source, self.token_end, source.len(), b":");
                Span { start, end: start }
            }
        };
        let record = &mut self.stream.records[id.index()];
        (record.start, record.end) = (to_u32(span.start), to_u32(span.end));
        self.token_end = span.end;
        if let Some(frame) = self.frames.last_mut() {
            frame.content_end = frame.content_end.max(span.end);
        }
    }

    fn place_block(&mut self, id: NodeId, end: usize, indent: Option<usize>) -> Span {
        let source = self.source.as_bytes();
        let start = skip_between(source, self.token_end, source.len(), b":-?,");
        let mut header_end = start + 1;
        while matches!(source.get(header_end), Some(b'+' | b'-' | b'0'..=b'9')) {
            header_end += 1;
        }
        let content_start = next_line(source, header_end);
        // The parser's end may be in the indentation of the following line.
        let mut content_end = end.max(content_start);
        while content_end > content_start && source[content_end - 1] == b' ' {
            content_end -= 1;
        }
        if content_end > content_start && !matches!(source[content_end - 1], b'\n' | b'\r') {
            // Blanks after text, or a last line of blanks only, belong to the content.
            content_end = end.max(content_start);
        }
        let block = Block {
            header: Span {
                start,
                end: header_end,
            },
            content: Span {
                start: content_start,
                end: content_end,
            },
            indent,
        };
        self.stream.blocks.push((id, block));
        Span {
            start,
            end: last_content_end(source, &block),
        }
    }

    fn place_empty(&mut self, id: NodeId, at: usize) -> Span {
        let source = self.source.as_bytes();
        let mut end = self.token_end;
        let record = &self.stream.records[id.index()];
        if record.properties == 0
            && let Some(frame) = self.frames.last()
        {
            let before = skip_blanks(source, end);
            let is_value = frame.is_mapping && (self.pending.len() - frame.first).is_multiple_of(2);
            if is_value {
                let key = self.pending[self.pending.len() - 2];
                let is_explicit = self.stream.records[key.index()].flags & flag::EXPLICIT_KEY != 0;
                let colon = if is_explicit {
                    skip_between(source, end, source.len(), b"")
                } else {
                    before
                };
                if source.get(colon) == Some(&b':') {
                    end = colon + 1;
                }
            } else if !frame.is_mapping && self.flow_depth == 0 {
                // The dash is passed already.
            } else {
                end = end.max(at);
            }
        }
        Span { start: end, end }
    }
}

/// Behind the last byte of a block scalar that is more than layout: blank lines at its end count for `+` only.
fn last_content_end(source: &[u8], block: &Block) -> usize {
    let content = &source[block.content.start..block.content.end];
    let keeps = source[block.header.start..block.header.end].contains(&b'+');
    let last = if keeps {
        let without_break = content
            .strip_suffix(b"\n")
            .or(content.strip_suffix(b"\r"))
            .unwrap_or(content);
        Some(
            without_break
                .strip_suffix(b"\r")
                .unwrap_or(without_break)
                .len(),
        )
    } else {
        content
            .iter()
            .rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
            .map(|at| at + 1)
    };
    match last {
        Some(length) if length > 0 => line_end(source, block.content.start + length),
        _ => block.header.end,
    }
}
