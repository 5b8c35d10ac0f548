//! Which line a regular expression of a `PrAutomation` means, if it is of the simple kind: text with holes in it.
//!
//! Nothing is matched that is not understood: alternatives, look-around, repeated groups and flags are left to people.

use std::iter::Peekable;
use std::str::Chars;

/// The fixed texts of an expression, in order, with anything between them. `None`: it is not of the simple kind.
pub(super) fn fixed_texts(expression: &str) -> Option<Vec<String>> {
    let mut texts = vec![String::new()];
    let mut chars = expression.chars().peekable();
    while let Some(c) = chars.next() {
        let hole = match c {
            '^' | '$' => continue,
            '(' => {
                open_group(&mut chars)?;
                continue;
            }
            // A group that is repeated or left out is more than a hole.
            ')' => match chars.peek() {
                Some('*' | '+' | '?' | '{') => return None,
                _ => continue,
            },
            '|' | '*' | '+' | '?' | '{' | '}' => return None,
            '.' => true,
            '[' => {
                class(&mut chars)?;
                true
            }
            '\\' => match chars.next()? {
                'b' | 'B' => continue,
                's' | 'S' | 'd' | 'D' | 'w' | 'W' => true,
                letter if letter.is_alphanumeric() => return None,
                literal => {
                    push(&mut texts, literal, &mut chars)?;
                    false
                }
            },
            literal => {
                push(&mut texts, literal, &mut chars)?;
                false
            }
        };
        if hole {
            quantifier(&mut chars)?;
            if texts.last().is_some_and(|text| !text.is_empty()) {
                texts.push(String::new());
            }
        }
    }
    texts.retain(|text| !text.is_empty());
    // Without any fixed text it would mean every line.
    (!texts.is_empty()).then_some(texts)
}

/// Whether a line holds these texts in this order.
pub(super) fn holds(line: &str, texts: &[String]) -> bool {
    let mut rest = line;
    texts.iter().all(|text| match rest.find(text.as_str()) {
        Some(at) => {
            rest = &rest[at + text.len()..];
            true
        }
        None => false,
    })
}

fn push(texts: &mut [String], c: char, chars: &mut Peekable<Chars<'_>>) -> Option<()> {
    if matches!(chars.peek(), Some('*' | '+' | '?' | '{')) || c == '\n' {
        return None;
    }
    texts.last_mut()?.push(c);
    Some(())
}

/// Behind `(`: `?:`, `?<name>` and `?P<name>` only group.
fn open_group(chars: &mut Peekable<Chars<'_>>) -> Option<()> {
    if chars.peek() != Some(&'?') {
        return Some(());
    }
    chars.next();
    match chars.next()? {
        ':' => return Some(()),
        'P' if chars.next() == Some('<') => {}
        '<' if !matches!(chars.peek(), Some('=' | '!')) => {}
        _ => return None,
    }
    chars.find(|c| *c == '>').map(|_| ())
}

/// Behind `[`.
fn class(chars: &mut Peekable<Chars<'_>>) -> Option<()> {
    if chars.peek() == Some(&'^') {
        chars.next();
    }
    let mut first = true;
    loop {
        match chars.next()? {
            ']' if !first => return Some(()),
            '\\' => {
                chars.next()?;
            }
            _ => {}
        }
        first = false;
    }
}

fn quantifier(chars: &mut Peekable<Chars<'_>>) -> Option<()> {
    match chars.peek() {
        Some('*' | '+' | '?') => {
            chars.next();
        }
        Some('{') => {
            chars.next();
            loop {
                match chars.next()? {
                    '}' => break,
                    c if c.is_ascii_digit() || c == ',' => {}
                    _ => return None,
                }
            }
        }
        _ => return Some(()),
    }
    if matches!(chars.peek(), Some('?' | '+')) {
        chars.next();
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_simple_kind_is_understood_and_no_other() {
        for (expression, wanted) in [
            ("tag: (.*) # VERSION", &["tag: ", " # VERSION"][..]),
            (r"^\s*version:\s+\S+$", &["version:"]),
            (r"image: acme\/web:[^\s]+", &["image: acme/web:"]),
            (r"ref: (?P<tag>v\d{1,3}\.\d+)", &["ref: v", "."]),
            (r"a(?:.+?)b", &["a", "b"]),
            ("[]x]y", &["y"]),
        ] {
            assert_eq!(fixed_texts(expression).unwrap(), wanted, "{expression}");
        }
        for expression in [
            "a|b", "(ab)?c", "ab*", "(?i)tag", "(?=a)b", r"\1", r"a\nb", "a{2}", "[a", "(.*)", "",
            r"\p{L}",
        ] {
            assert_eq!(fixed_texts(expression), None, "{expression}");
        }
    }

    #[test]
    fn a_line_holds_the_texts_in_their_order() {
        let texts = fixed_texts("tag: (.*) # VERSION").unwrap();
        assert!(holds("        tag: 6.5.2 # VERSION", &texts));
        assert!(!holds("        # VERSION tag: 6.5.2", &texts));
        assert!(!holds("        tag: 6.5.2", &texts));
    }

    proptest! {
        #[test]
        fn plain_text_is_found_in_itself(text in "[a-z :#/-]{1,20}") {
            let line = format!("x{text}y");
            prop_assert!(holds(&line, &fixed_texts(&text).unwrap()));
        }

        #[test]
        fn no_expression_is_too_odd(text in any::<String>()) {
            if let Some(texts) = fixed_texts(&text) {
                prop_assert!(texts.iter().all(|text| !text.is_empty()));
            }
        }
    }
}
