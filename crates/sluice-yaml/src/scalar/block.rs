//! The lines of a `|` or `>` scalar, under the existing header.

use super::escape::must_escape;

/// The block scalar that is to hold a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockText<'a> {
    /// `|` or `>` with its indicators.
    pub header: &'a str,
    /// Blanks before each line.
    pub indent: usize,
    /// The line break of the file.
    pub line_break: &'a str,
    /// Whether a line break follows the last line. At the end of a file without one, the scalar ends without one too.
    pub is_terminated: bool,
}

/// The lines that make the scalar hold the value, without the last line's break.
///
/// # Errors
/// Why the header cannot hold the value.
pub(crate) fn block_text(value: &str, block: BlockText<'_>) -> Result<String, &'static str> {
    let body = value.trim_end_matches('\n');
    let breaks = value.len() - body.len();
    if body.is_empty() {
        return Err("it cannot hold an empty value");
    }
    if body
        .chars()
        .any(|character| !matches!(character, '\n' | '\t') && must_escape(character))
    {
        return Err("it cannot hold a character that needs an escape");
    }
    let fits = match (block.header.contains('-'), block.header.contains('+')) {
        _ if !block.is_terminated => breaks == 0,
        (true, _) => breaks == 0,
        (_, true) => breaks >= 1,
        _ => breaks == 1,
    };
    if !fits {
        return Err(
            "its header decides how many line breaks end the value, and that number differs",
        );
    }
    let is_folded = block.header.starts_with('>');
    let has_indicator = block.header.bytes().any(|byte| byte.is_ascii_digit());
    let starts_blank = |line: &str| line.starts_with([' ', '\t']);
    let is_misread = match is_folded {
        true => body.starts_with('\n') || body.lines().any(starts_blank),
        false => {
            !has_indicator
                && body
                    .lines()
                    .find(|line| !line.is_empty())
                    .is_some_and(starts_blank)
        }
    };
    if is_misread {
        return Err("a line of the value begins with a blank, which would be read as indentation");
    }
    let mut out = String::with_capacity(value.len() + 16);
    let mut previous_has_text = false;
    for (at, line) in body.split('\n').enumerate() {
        if at > 0 {
            out.push_str(block.line_break);
            // Folding eats one break between two lines of text.
            if is_folded && previous_has_text {
                out.push_str(block.line_break);
            }
        }
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', block.indent));
            out.push_str(line);
        }
        previous_has_text = !line.is_empty();
    }
    for _ in 1..breaks {
        out.push_str(block.line_break);
    }
    Ok(out)
}
