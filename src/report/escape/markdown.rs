//! Foreign text in GitHub's Markdown: pull-request bodies, comments and step summaries.
//!
//! Escaping is not enough there: mentions, references and bare addresses are looked for in the finished page, where
//! entities and backslashes are gone. Those are broken by a zero-width space (A13), everything else is escaped.

use super::text::{BREAK, breaks, terminal};

/// For running text: a paragraph, a list item, a cell of a table. It stays one line, starts no list and no heading, and
/// makes no tag, link, picture, formula, mention or reference. Blanks at its ends go.
pub(crate) fn markdown(text: &str) -> String {
    let line = terminal(text);
    let line = line.trim();
    running(line, opens_block(line))
}

/// For a sentence of ours with names between backticks: those become code spans, everything else is [`markdown`]. A
/// name with backticks of its own moves the spans, and nothing more.
pub(crate) fn prose(text: &str) -> String {
    let line = terminal(text);
    let line = line.trim();
    let parts: Vec<&str> = line.split('`').collect();
    // An even number of parts has a backtick without a partner; an empty one is between several in a row; a bar would
    // end a table cell even inside code.
    let several = parts.len() > 2 && parts[1..parts.len() - 1].contains(&"");
    let no_code = |code: &&str| code.trim().is_empty() || code.contains('|');
    if several || parts.len().is_multiple_of(2) || parts.iter().skip(1).step_by(2).any(no_code) {
        return markdown(line);
    }
    let mut safe = String::with_capacity(line.len() + line.len() / 8);
    for (at, part) in parts.into_iter().enumerate() {
        match at {
            0 => safe.push_str(&running(part, opens_block(part))),
            at if at % 2 == 1 => safe.push_str(&code_span(part)),
            _ => safe.push_str(&running(part, None)),
        }
    }
    safe
}

/// A line without hidden characters as running text; `opens` is where it would open a block.
fn running(line: &str, opens: Option<usize>) -> String {
    pieces(line, |at, c, safe| match c {
        '\\' | '`' | '*' | '_' | '[' | ']' | '~' => {
            safe.push('\\');
            safe.push(c);
        }
        _ if opens == Some(at) => {
            safe.push('\\');
            safe.push(c);
        }
        '<' => safe.push_str("&lt;"),
        '>' => safe.push_str("&gt;"),
        '&' => safe.push_str("&amp;"),
        // A table gives a bar behind a backslash its meaning back before the rest is read.
        '|' => safe.push_str("&#124;"),
        // A backslash does not keep GitHub from setting a formula.
        '$' => safe.push_str("&#36;"),
        c => safe.push(c),
    })
}

/// The position in a line of a character that opens a list, a heading or an underline: at its start, or after a number.
fn opens_block(line: &str) -> Option<usize> {
    let after_digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = line.len() - after_digits.len();
    let opens = match digits {
        0 => line.starts_with(['#', '-', '+', '=']),
        _ => after_digits
            .strip_prefix(['.', ')'])
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)),
    };
    opens.then_some(digits)
}

/// As a code span. Not for a table: see [`table_code`].
pub(crate) fn markdown_code(text: &str) -> String {
    code_span(&terminal(text))
}

fn code_span(line: &str) -> String {
    let code = pieces(line, |_, c, safe| safe.push(c));
    let longest = code
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // One blank at each end belongs to the fence; a span of nothing does not exist.
    let touches = |end: Option<char>| matches!(end, None | Some('`' | ' '));
    if touches(code.chars().next()) || touches(code.chars().next_back()) {
        format!("{fence} {code} {fence}")
    } else {
        format!("{fence}{code}{fence}")
    }
}

/// As a code span in a cell of a table. A bar ends a cell even inside code, so text with one is not code there.
pub(crate) fn table_code(text: &str) -> String {
    if text.contains('|') {
        markdown(text)
    } else {
        markdown_code(text)
    }
}

/// For a line of HTML in which Markdown may or may not be read, such as `<summary>`: entities mean the same in both.
pub(crate) fn html(text: &str) -> String {
    let line = terminal(text);
    pieces(line.trim(), |_, c, safe| match c {
        '<' => safe.push_str("&lt;"),
        '>' => safe.push_str("&gt;"),
        '&' => safe.push_str("&amp;"),
        '"' | '\'' | '*' | '_' | '[' | ']' | '(' | ')' | '\\' | '`' | '~' | '|' | '$' | '!'
        | '^' => {
            safe.push_str(&format!("&#{};", u32::from(c)));
        }
        c => safe.push(c),
    })
}

/// The line with its breaks, each character written by `write`, which is given its position.
fn pieces(line: &str, write: impl Fn(usize, char, &mut String)) -> String {
    let breaks = breaks(line);
    let mut next = breaks.iter().peekable();
    let mut safe = String::with_capacity(line.len() + line.len() / 8);
    for (at, c) in line.char_indices() {
        if next.next_if(|next| **next == at).is_some() {
            safe.push(BREAK);
        }
        write(at, c, &mut safe);
    }
    if next.next().is_some() {
        safe.push(BREAK);
    }
    safe
}

#[cfg(test)]
mod tests;
