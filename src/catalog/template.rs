//! Whether what could not be understood is a template: text that something else turns into YAML first.
//!
//! `cluster: {{ x }}` is even YAML, a mapping with a mapping as a key, so that it parses does not prove that it is
//! meant as YAML.

use crate::yaml::{NodeId, NodeKind, Stream, SyntaxError};

/// Whether a text holds a template's marks outside of comments.
pub(super) fn holds_marks(text: &str) -> bool {
    text.lines()
        .map(without_comment)
        .any(|line| holds_braces(line) || line.contains("[["))
}

fn holds_braces(line: &str) -> bool {
    line.contains("{{") || line.contains("{%")
}

/// A line without the comment at its end. What looks like one inside quotes counts as one too: then something is broken
/// rather than a template, and reported.
fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    for (at, character) in line.char_indices() {
        if character == '#' && before.is_whitespace() {
            return &line[..at];
        }
        before = character;
    }
    line
}

/// Whether a file that is not YAML is a template. Lists within lists and scripts hold `[[` too, so these marks count only where reading
/// stopped.
pub(super) fn is_template(bytes: &[u8], error: &SyntaxError) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let stopped = error.position.line as usize;
    text.lines().enumerate().any(|(at, line)| {
        let line = without_comment(line);
        let is_near = (at + 1).abs_diff(stopped) <= 1 && at < stopped;
        holds_braces(line) || (is_near && line.contains("[["))
    })
}

/// Whether the value of a node holds a template's marks. Of a block mapping or list, which holds other values, only the first line.
pub(super) fn is_marked(stream: &Stream, node: NodeId) -> bool {
    let span = stream.node(node).span;
    let is_one_value = match stream.node(node).kind {
        NodeKind::Scalar { .. } | NodeKind::Alias(_) => true,
        NodeKind::Mapping(_) | NodeKind::Sequence(_) => stream.is_bracketed(node),
    };
    if is_one_value {
        let text = stream.source().get(span.start..span.end);
        let text = text.unwrap_or_default();
        #[cfg(any(test, fuzzing))]
        crate::yaml::syntax::steps::count_many(text.len());
        return holds_marks(text);
    }
    let line = stream.line(stream.position(node).line);
    #[cfg(any(test, fuzzing))]
    crate::yaml::syntax::steps::count_many(line.len());
    holds_marks(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_count_unless_they_stand_in_a_comment() {
        for text in [
            "a: {{ x }}",
            "{% if x %}",
            "a: [[ .X ]]",
            "a: b#{{ x }}",
            "a: {{ x }} # y",
        ] {
            assert!(holds_marks(text), "{text}");
        }
        for text in [
            "# {{ x }}",
            "a: b # {{ x }}",
            "a: b\t# [[ x ]]",
            "a: { b: c }",
            "a: [b, [c]]",
        ] {
            assert!(!holds_marks(text), "{text}");
        }
    }
}
