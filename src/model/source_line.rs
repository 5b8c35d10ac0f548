//! The line of a file that a finding points at: foreign text, cut to what is read at a glance.

use crate::yaml::{Lines, Position};

/// A piece of a line around a place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The piece: foreign text, without its line break.
    pub text: String,
    /// What is highlighted: its first character and its length, in characters of `text`. `None` if it points past the
    /// end.
    pub marked: (usize, usize),
    /// The line begins before the piece.
    pub cut_before: bool,
    /// The line continues after this part.
    pub cut_after: bool,
}

/// How many characters are kept before and behind the place.
const BEFORE: usize = 50;
const BEHIND: usize = 40;

/// The lines of a file: each is found in the same short time, as there may be very many findings in one file, or on one line of it.
#[derive(Debug)]
pub(crate) struct SourceLines<'a> {
    source: &'a str,
    lines: Lines,
}

impl<'a> SourceLines<'a> {
    /// `None` if it cannot be determined what a line of the file is: it is not UTF-8, or has line breaks other than
    /// `\n`.
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Self> {
        #[cfg(any(test, fuzzing))]
        crate::yaml::syntax::steps::count_many(bytes.len());
        let source = std::str::from_utf8(bytes).ok()?;
        if memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n')) {
            return None;
        }
        let lines = Lines::new(source);
        Some(Self { source, lines })
    }

    /// The line at a place; `None` if the line does not reach that far.
    pub(crate) fn at(&self, place: Position) -> Option<SourceLine> {
        let (start, offset) = self.lines.offset_of(self.source, place)?;
        if self.lines.position_of(self.source, offset) != place {
            return None;
        }
        let behind = self.source.get(offset..)?;
        let before = self.source.get(start..offset)?;
        let mut kept: Vec<char> = before.chars().rev().take(BEFORE).collect();
        kept.reverse();
        let at = kept.len();
        let bytes: usize = kept.iter().map(|c| c.len_utf8()).sum();
        let mut rest = behind.chars().take_while(|c| *c != '\n').peekable();
        while kept.len() < at + BEHIND
            && let Some(c) = rest.next()
        {
            kept.push(c);
        }
        // `\r\n` ends a line as well.
        let cut_after = rest.next_if(|c| *c != '\r').is_some();
        if kept.last() == Some(&'\r') {
            kept.pop();
        }
        if at > kept.len() {
            return None;
        }
        Some(SourceLine {
            marked: (at, token(&kept[at..])),
            cut_before: bytes < before.len(),
            cut_after,
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
        SourceLines::of(text.as_bytes())?.at(Position { line, column })
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
        assert!(SourceLines::of(b"\xff\xfe").is_none());
        assert_eq!(at("a: b\nc: d\n", 1, 7), None);
        assert_eq!(at("a\r\nb\r\n", 1, 3), None);
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_place() {
        let long = format!("{}ref{}", "x ".repeat(100_000), " y".repeat(100_000));
        let found = at(&long, 1, 200_001).unwrap();
        assert_eq!(found.text.chars().count(), BEFORE + BEHIND);
        assert_eq!(found.marked, (BEFORE, 3));
        assert!(found.cut_before && found.cut_after);
    }

    #[test]
    fn very_many_places_on_one_very_long_line_are_found_in_proportion() {
        use crate::yaml::syntax::steps::counted;

        let text = "é, ".repeat(100_000);
        let steps = counted(|| {
            let lines = SourceLines::of(text.as_bytes()).unwrap();
            for column in (1..300_000).step_by(100) {
                assert!(lines.at(Position { line: 1, column }).is_some());
            }
        });
        assert!(steps < 3 * text.len() as u64 + 3_000 * 1_000, "{steps}");
    }
}
