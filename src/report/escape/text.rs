//! For terminals, JSON documents, commits, shells and Mermaid labels.

use crate::model::hidden::{is_hidden, push_escaped};
pub(super) use crate::model::wire_words::BREAK;

/// For a terminal: nothing that moves the cursor, changes colour, hides or reorders text survives. Line breaks become
/// visible too, so that one item stays one line.
pub(crate) fn terminal(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// For a JSON document: characters that hide or reorder text are written as their numbers. Outside ASCII such
/// characters occur in strings only, so the document stays the same to any parser.
pub(crate) fn json(document: &str) -> String {
    let mut safe = String::with_capacity(document.len());
    for c in document.chars() {
        if !c.is_ascii() && is_hidden(c) {
            push_escaped(&mut safe, c);
        } else {
            safe.push(c);
        }
    }
    safe
}

/// For the subject or body of a commit: one line, and nothing that a forge or git acts on. Skip instructions, references
/// and closing keywords before them, mentions and trailers of other tools are broken by a zero-width space (R-3.18).
pub(crate) fn commit(text: &str) -> String {
    let line = terminal(text);
    let mut safe = String::with_capacity(line.len());
    let mut from = 0;
    for at in breaks(&line) {
        safe.push_str(&line[from..at]);
        safe.push(BREAK);
        from = at;
    }
    safe.push_str(&line[from..]);
    safe
}

/// For a chat message: one line, without mentions of people or groups (`@here`, `<!channel>`, `<@U1>`), links with a text of
/// their own and bare addresses, in Slack's, Discord's, Mattermost's and Teams' ways of writing them.
pub(crate) fn chat(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in commit(text).chars() {
        safe.push(c);
        if matches!(c, '<' | ']' | '&') {
            safe.push(BREAK);
        }
    }
    safe
}

/// The positions in a line at which a [`BREAK`] keeps GitHub from acting on it: ascending, each inside the line or at its
/// end. Hidden characters were made visible before, so every [`BREAK`] in an escaped text is ours.
pub(super) fn breaks(line: &str) -> Vec<usize> {
    let lower = line.to_ascii_lowercase();
    let mut breaks: Vec<usize> = Vec::new();
    for word in [
        "[skip ci]",
        "[ci skip]",
        "[no ci]",
        "[skip actions]",
        "[actions skip]",
        "***no_ci***",
        "www.",
        "skip-checks:",
        "co-authored-by:",
        "signed-off-by:",
        "on-behalf-of:",
        "sluice-",
    ] {
        breaks.extend(lower.match_indices(word).map(|(at, _)| at + 1));
    }
    // Between the colon and the slashes, so that any scheme may precede them.
    breaks.extend(lower.match_indices("://").map(|(at, _)| at + 1));
    let bytes = line.as_bytes();
    // What ends a text may be continued by what is put behind it.
    let goes_on = |at: usize| bytes.get(at).is_none_or(u8::is_ascii_alphanumeric);
    for (at, c) in line.char_indices() {
        if c == '@' || c == '#' && goes_on(at + 1) {
            breaks.push(at + 1);
        }
    }
    for (at, _) in lower.match_indices("gh-") {
        if goes_on(at + 3) {
            breaks.push(at + 1);
        }
    }
    breaks.sort_unstable();
    breaks.dedup();
    breaks
}

/// For a word of a POSIX shell, on one line: whatever it holds, the shell takes it as text.
pub(crate) fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", terminal(text).replace('\'', r"'\''"))
}

/// For a Mermaid label between double quotes.
pub(crate) fn mermaid(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in terminal(text).chars() {
        match c {
            '"' | '<' | '>' | '&' | '#' | ';' | '`' | '[' | ']' | '{' | '}' | '|' | '\\' => {
                safe.push_str(&format!("#{};", u32::from(c)));
            }
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_invisible_reaches_a_terminal() {
        assert_eq!(
            terminal("a\x1b[31mb\r\nc\u{202e}d"),
            "a\\u{1b}[31mb\\u{d}\\u{a}c\\u{202e}d"
        );
        assert_eq!(terminal("größe → ✅"), "größe → ✅");
    }

    #[test]
    fn a_chat_message_calls_no_one_and_links_nowhere() {
        for (text, words) in [
            ("@here @channel", &["@here", "@channel"][..]),
            ("<!channel> <@U1> <#C1>", &["<!", "<@", "<#"]),
            ("[pay](https://x.example)", &["](", "://"]),
            ("&lt;!channel&gt;", &["&lt;", "&gt;"]),
            ("www.x.example", &["www."]),
        ] {
            let safe = chat(text);
            for word in words {
                assert!(!safe.contains(word), "{safe:?}");
            }
            assert_eq!(safe.replace(BREAK, ""), text);
        }
        assert_eq!(chat("a\nb"), "a\\u{a}b");
    }

    #[test]
    fn a_commit_message_says_nothing_that_a_forge_obeys() {
        for text in [
            "x [skip ci]",
            "x [Skip CI] y",
            "fixes #12",
            "@team look",
            "a\nCo-authored-by: x <y>",
            "Sluice-Plan: 1",
        ] {
            let safe = commit(text);
            let lower = safe.to_lowercase();
            for word in [
                "[skip ci]",
                "#12",
                "@team",
                "co-authored-by:",
                "sluice-plan",
            ] {
                assert!(!lower.contains(word), "{safe:?}");
            }
            assert!(!safe.contains('\n'));
        }
        assert_eq!(
            commit("podinfo → prod: 6.5.2 → 6.5.3"),
            "podinfo → prod: 6.5.2 → 6.5.3"
        );
    }

    #[test]
    fn a_word_of_a_shell_is_text_whatever_it_holds() {
        for (text, word) in [
            ("infra/k3s-upgrade", "infra/k3s-upgrade"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(rm -rf /)`id`;x", "'$(rm -rf /)`id`;x'"),
            ("it's", r"'it'\''s'"),
            ("a\nid", "'a\\u{a}id'"),
        ] {
            assert_eq!(shell(text), word);
        }
    }

    proptest! {
        #[test]
        fn one_item_stays_one_line(text in any::<String>()) {
            for safe in [terminal(&text), commit(&text), mermaid(&text), shell(&text)] {
                let line_break = |c: char| matches!(c, '\n' | '\r' | '\x1b' | '\u{85}' | '\u{2028}' | '\u{2029}');
                prop_assert!(!safe.contains(line_break));
            }
        }
    }
}
