//! Parses the text form of a path.

use std::str::FromStr;

use super::field_path::{FieldPath, Segment};
use super::word::is_word_byte;

/// Why a text is not a valid [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path `{text}` cannot be read at character {at}: {reason}")]
pub struct ParsePathError {
    /// The whole text.
    pub text: String,
    /// The character at fault, from 1.
    pub at: usize,
    /// What is wrong there, and what would be right.
    pub reason: &'static str,
}

impl FromStr for FieldPath {
    type Err = ParsePathError;

    fn from_str(text: &str) -> Result<Self, ParsePathError> {
        let mut reader = Reader { text, at: 0 };
        reader.path().map_err(|reason| ParsePathError {
            text: text.to_owned(),
            at: text[..reader.at].chars().count() + 1,
            reason,
        })
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn path(&mut self) -> Result<FieldPath, &'static str> {
        let mut segments = Vec::new();
        while self.at < self.text.len() {
            match self.peek() {
                Some(b'[') => segments.push(self.brackets()?),
                Some(b'.') if !segments.is_empty() => {
                    self.at += 1;
                    segments.push(Segment::Key(self.word()?));
                }
                _ if segments.is_empty() => segments.push(Segment::Key(self.word()?)),
                _ => {
                    return Err(
                        "expected `.` and a key, or `[`; quote a key with other characters: `\"a.b\"`",
                    );
                }
            }
        }
        Ok(segments.into_iter().collect())
    }

    fn brackets(&mut self) -> Result<Segment, &'static str> {
        self.at += 1;
        let start = self.at;
        let is_quoted = self.peek() == Some(b'"');
        let word = self.word()?;
        let segment = if self.peek() == Some(b'=') {
            self.at += 1;
            let value = self.word()?;
            Segment::Select { key: word, value }
        } else {
            match word.parse() {
                // One text for one index: no `+1`, no `01`.
                Ok(index)
                    if !is_quoted && self.text[start..self.at] == usize::to_string(&index) =>
                {
                    Segment::Index(index)
                }
                _ => {
                    self.at = start;
                    return Err("expected the index of an element, or `key=value`");
                }
            }
        };
        if self.peek() != Some(b']') {
            return Err("expected `]`");
        }
        self.at += 1;
        Ok(segment)
    }

    fn word(&mut self) -> Result<String, &'static str> {
        if self.peek() == Some(b'"') {
            return self.quoted();
        }
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().take_while(|byte| is_word_byte(**byte)).count();
        if length == 0 {
            return Err(
                "expected a key; quote a key with characters other than letters, digits, `_` and `-`: `\"a.b\"`",
            );
        }
        let word = self.text[self.at..self.at + length].to_owned();
        self.at += length;
        Ok(word)
    }

    fn quoted(&mut self) -> Result<String, &'static str> {
        let mut word = String::new();
        self.at += 1;
        loop {
            let Some(character) = self.text[self.at..].chars().next() else {
                return Err("expected `\"` at the end of the quoted key");
            };
            match character {
                '"' => {
                    self.at += 1;
                    return Ok(word);
                }
                '\\' => word.push(self.escape()?),
                other => {
                    self.at += other.len_utf8();
                    word.push(other);
                }
            }
        }
    }

    /// The escapes of a JSON string.
    fn escape(&mut self) -> Result<char, &'static str> {
        let character = match self.text.as_bytes().get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err("unknown escape; the escapes are those of a JSON string"),
        };
        self.at += 2;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, &'static str> {
        const WRONG: &str = "expected `\\u` and four hexadecimal digits that form a character";
        let first = self.unit(self.at).ok_or(WRONG)?;
        let second = if (0xd800..0xdc00).contains(&first) {
            self.unit(self.at + 6)
        } else {
            None
        };
        let units = [first, second.unwrap_or(0)];
        let units = &units[..if second.is_some() { 2 } else { 1 }];
        let character = match char::decode_utf16(units.iter().copied()).next() {
            Some(Ok(character)) => character,
            _ => return Err(WRONG),
        };
        self.at += 6 * units.len();
        Ok(character)
    }

    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u16::from_str_radix(digits, 16).ok()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}
