//! Writing a new value in the style of the old one.
//!
//! Owns when text may be written without quotes: only if no parser, of YAML 1.1 or 1.2, could read it as anything but
//! that string. Whether the old value was quoted decides the quotes, never what the old value meant.

mod block;
mod escape;
mod resolve;

pub(crate) use block::{BlockText, block_text};
pub(crate) use escape::must_escape;
pub use resolve::{PlainType, could_be_no_string, plain_type};

/// Quotes around a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quotes {
    /// None, if the value allows it.
    Plain,
    /// `'…'`, if the value allows it.
    Single,
    /// `"…"`
    Double,
}

/// The context of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// In block layout.
    Block,
    /// Between `{}` or `[]`, where more characters have a meaning.
    Flow,
}

/// The value on one line, with these quotes or, if they cannot hold it, with double ones.
pub fn render(value: &str, quotes: Quotes, context: Context) -> String {
    match quotes {
        Quotes::Plain if is_plain_safe(value, context) => value.to_owned(),
        Quotes::Single
            if value
                .chars()
                .all(|character| character == '\t' || !must_escape(character)) =>
        {
            format!("'{}'", value.replace('\'', "''"))
        }
        _ => double_quoted(value),
    }
}

/// Whether every reader takes the text, written without quotes, for exactly this string.
pub fn is_plain_safe(value: &str, context: Context) -> bool {
    let is_plain_character = |character: char| match character {
        ' ' => true,
        ',' | '[' | ']' | '{' | '}' | ':' | '?' => context == Context::Block,
        other => other.is_ascii_graphic() || (!other.is_ascii() && other.is_alphanumeric()),
    };
    let starts_safely = value.starts_with(|first: char| {
        !matches!(
            first,
            '-' | '?' | ':' | ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>'
        ) && !matches!(first, '\'' | '"' | '%' | '@' | '`' | ' ')
    });
    starts_safely
        && value.chars().all(is_plain_character)
        && !value.ends_with([' ', ':'])
        && !value.contains(": ")
        && !value.contains(" #")
        && !value.starts_with("...")
        && !could_be_no_string(value)
}

/// A key for a new entry: plain if that is safe, else in double quotes. The caller refuses one that is too long.
pub fn render_key(key: &str, quotes: Quotes, context: Context) -> String {
    // A colon in a plain key is legal, and misread by people.
    let quotes = if key.contains(':') {
        Quotes::Double
    } else {
        quotes
    };
    render(key, quotes, context)
}

/// The value between double quotes. Everything that a person could not see is escaped.
pub fn double_quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other if must_escape(other) => {
                let code = u32::from(other);
                out.push_str(&match code {
                    0..=0xff => format!("\\x{code:02x}"),
                    0x100..=0xffff => format!("\\u{code:04x}"),
                    _ => format!("\\U{code:08x}"),
                });
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
