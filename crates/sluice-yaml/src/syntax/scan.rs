//! Small steps over the source text between two nodes, where there can only be blanks, breaks, comments and indicators.

/// Past spaces and tabs.
pub(crate) fn skip_blanks(source: &[u8], mut at: usize) -> usize {
    while matches!(source.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

/// The end of the line that holds `at`: the offset of its line break, or of the end of the file.
pub(crate) fn line_end(source: &[u8], mut at: usize) -> usize {
    while !matches!(source.get(at), None | Some(b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The break of the line that holds `at`; on the last line the file's first break, or `\n` if it has none.
pub(crate) fn line_break_of(source: &str, at: usize) -> &str {
    let break_at = |at: usize| match source.as_bytes().get(at..) {
        Some([b'\r', b'\n', ..]) => Some("\r\n"),
        Some([b'\r', ..]) => Some("\r"),
        Some([b'\n', ..]) => Some("\n"),
        _ => None,
    };
    let bytes = source.as_bytes();
    break_at(line_end(bytes, at))
        .or_else(|| break_at(line_end(bytes, 0)))
        .unwrap_or("\n")
}

/// The start of the line behind the one that holds `at`, or the end of the file.
pub(super) fn next_line(source: &[u8], at: usize) -> usize {
    let end = line_end(source, at);
    match (source.get(end), source.get(end + 1)) {
        (Some(b'\r'), Some(b'\n')) => end + 2,
        (Some(_), _) => end + 1,
        (None, _) => end,
    }
}

/// Past blanks, breaks, comments and the bytes in `also`, but not past `limit`.
pub(crate) fn skip_between(source: &[u8], mut at: usize, limit: usize, also: &[u8]) -> usize {
    while at < limit {
        match source[at] {
            b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            b'#' => at = line_end(source, at),
            other if also.contains(&other) => at += 1,
            _ => break,
        }
    }
    at.min(limit)
}
