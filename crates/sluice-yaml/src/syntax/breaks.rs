//! Line breaks that the versions of YAML disagree about.

use super::model::{Record, RecordKind, ScalarStyle, Span};
use super::model::{SyntaxError, SyntaxErrorKind};
use super::stream::Stream;

/// U+0085, U+2028 and U+2029 break lines in YAML 1.1 but not in YAML 1.2. If that ends a comment or a plain scalar, the
/// rest of the line is content to one parser but not to the other.
pub(super) fn refuse_ambiguous(stream: &Stream) -> Result<(), SyntaxError> {
    let is_break = |character| matches!(character, '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut quoted: Option<Vec<Span>> = None;
    for (at, character) in stream.source.match_indices(is_break) {
        let quoted = quoted.get_or_insert_with(|| quoted_spans(stream));
        let behind = quoted.partition_point(|span| span.start <= at);
        let before = behind.checked_sub(1).and_then(|index| quoted.get(index));
        if before.is_none_or(|span| at >= span.end) {
            let code = character.chars().next().map_or(0, u32::from);
            return Err(SyntaxError {
                kind: SyntaxErrorKind::AmbiguousLineBreak,
                position: stream.position_of(at),
                message: format!(
                    "U+{code:04X} is a line break in YAML 1.1 but not in YAML 1.2: remove it, or write it as an escape in double quotes"
                ),
            });
        }
    }
    Ok(())
}

fn quoted_spans(stream: &Stream) -> Vec<Span> {
    let is_quoted = |record: &&Record| {
        let RecordKind::Scalar { style, .. } = record.kind else {
            return false;
        };
        matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted)
    };
    let mut spans: Vec<Span> = stream
        .records
        .iter()
        .filter(is_quoted)
        .map(Record::span)
        .collect();
    spans.sort_unstable();
    spans
}
