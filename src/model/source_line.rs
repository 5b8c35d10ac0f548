//! The line of a file that a finding points at: foreign text, cut to what is read at a glance.

use crate::yaml::Position;

/// A piece of a line around a place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The piece: foreign text, without its line break.
    pub text: String,
    /// What is pointed at: its first character and how many follow, in characters of `text`. None where it points behind the end.
    pub marked: (usize, usize),
    /// The line begins before the piece.
    pub cut_before: bool,
    /// The line goes on behind the piece.
    pub cut_after: bool,
}

/// How many characters are kept before and behind the place.
const BEFORE: usize = 50;
const BEHIND: usize = 40;

impl SourceLine {
    /// The line of a file at a place. `None` where it cannot be told which line that is: the file is not UTF-8, breaks lines in another
    /// way than by `\n`, or does not reach that far.
    pub fn at(bytes: &[u8], place: Position) -> Option<Self> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let index = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let line = bytes.split(|byte| *byte == b'\n').nth(index)?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n')) {
            return None;
        }
        let line = std::str::from_utf8(line).ok()?;
        let start = usize::try_from(place.column).ok()?.checked_sub(1)?;
        let skipped = start.saturating_sub(BEFORE);
        let mut rest = line.chars().skip(skipped);
        let kept: Vec<char> = rest.by_ref().take(start - skipped + BEHIND).collect();
        let at = start - skipped;
        if at > kept.len() {
            return None;
        }
        Some(Self {
            marked: (at, token(&kept[at..])),
            cut_before: skipped > 0,
            cut_after: rest.next().is_some(),
            text: kept.into_iter().collect(),
        })
    }
}

/// How long the scalar, key or mark is that a text begins with.
fn token(text: &[char]) -> usize {
    let Some(first) = text.first() else { return 0 };
    if let '"' | '\'' = first {
        let end = text.iter().skip(1).position(|c| c == first);
        return end.map_or(text.len(), |end| end + 2);
    }
    let blank = |at: usize| text.get(at).is_none_or(|c| c.is_whitespace());
    let ends = |at: &usize| match text[*at] {
        ',' | ']' | '}' => true,
        ':' => blank(at + 1),
        c => c.is_whitespace(),
    };
    let end = (1..text.len()).find(ends);
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, line: u32, column: u32) -> Option<SourceLine> {
        SourceLine::at(text.as_bytes(), Position { line, column })
    }

    #[test]
    fn the_token_at_the_place_is_marked() {
        let marked = |text: &str, column| {
            let found = at(text, 1, column).unwrap();
            let (from, length) = found.marked;
            found
                .text
                .chars()
                .skip(from)
                .take(length)
                .collect::<String>()
        };
        assert_eq!(marked("  ref: master # x", 8), "master");
        assert_eq!(marked("  ref: master", 3), "ref");
        assert_eq!(marked("{ a: b, c: [d] }", 6), "b");
        assert_eq!(marked("{ a: b, c: [d] }", 13), "d");
        assert_eq!(marked("a: \"b c\" # d", 4), "\"b c\"");
        assert_eq!(marked("größe: ü", 8), "ü");
        assert_eq!(marked("a:b", 1), "a:b");
        assert_eq!(marked("key:", 5), "");
    }

    #[test]
    fn a_line_is_found_whatever_ends_it_and_not_guessed() {
        assert_eq!(at("a\r\nb c\r\n", 2, 3).unwrap().text, "b c");
        assert_eq!(at("\u{feff}a: b", 1, 4).unwrap().text, "a: b");
        assert_eq!(at("a\rb\n", 1, 1), None);
        assert_eq!(at("a\n", 3, 1), None);
        assert_eq!(at("a\n", 1, 9), None);
        assert_eq!(
            SourceLine::at(b"\xff\xfe", Position { line: 1, column: 1 }),
            None
        );
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_place() {
        let long = format!("{}ref{}", "x ".repeat(100_000), " y".repeat(100_000));
        let found = at(&long, 1, 200_001).unwrap();
        assert_eq!(found.text.chars().count(), BEFORE + BEHIND);
        assert_eq!(found.marked, (BEFORE, 3));
        assert!(found.cut_before && found.cut_after);
    }
}
