//! A unified diff of the files that a plan touches. Lines in which a secret changes are not shown.

use std::fmt::Write;

use similar::{ChangeTag, TextDiff};

use super::escape::terminal;
use super::plan_text::value;
use super::style::Style;
use crate::model::change::Change;
use crate::model::source_location::RepoPath;

/// The difference of one file. A file that holds a `Secret` shows its changed fields, and no line at all: the lines
/// around a change may hold other secrets.
pub(crate) fn file(
    path: &RepoPath,
    before: &[u8],
    after: &[u8],
    changes: &[Change],
    holds_secret: bool,
    style: Style,
) -> String {
    let mut text = String::new();
    let path_shown = terminal(path.as_str());
    let _ = writeln!(text, "--- a/{path_shown}\n+++ b/{path_shown}");
    let own = || changes.iter().filter(|change| change.file == *path);
    if holds_secret || own().any(Change::is_secret) {
        for change in own() {
            let field = terminal(&change.path.to_string());
            let _ = writeln!(text, "  {field}: {}", value(change));
        }
        let _ = writeln!(text, "  (its lines are not shown: it contains a Secret)");
        return text;
    }
    let (before, after) = (
        String::from_utf8_lossy(before),
        String::from_utf8_lossy(after),
    );
    let diff = TextDiff::from_lines(before.as_ref(), after.as_ref());
    for group in diff.grouped_ops(3) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            continue;
        };
        let range = |start: usize, end: usize| format!("{},{}", start + 1, end - start);
        let _ = writeln!(
            text,
            "@@ -{} +{} @@",
            range(first.old_range().start, last.old_range().end),
            range(first.new_range().start, last.new_range().end)
        );
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let line = terminal(change.value().trim_end_matches(['\n', '\r']));
            let line = match change.tag() {
                ChangeTag::Delete => style.red(&format!("-{line}")),
                ChangeTag::Insert => style.green(&format!("+{line}")),
                ChangeTag::Equal => format!(" {line}"),
            };
            let _ = writeln!(text, "{line}");
        }
    }
    text
}
