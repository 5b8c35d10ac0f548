//! The summary of a command that only answers: what it prints, as it prints it.

/// GitHub takes 1 MiB; a longer summary is not shown at all (R-4.4).
const MAX_BYTES: usize = 1_000_000;

/// The summary of `command`, which printed `text`. Foreign text in it was already made safe for a terminal; inside the block nothing
/// else is markup.
pub(crate) fn printed(command: &str, text: &str) -> String {
    let text = text.trim_end();
    let (shown, note) = match cut(text) {
        Some(shown) => (
            shown,
            "\nThe rest is left out here; the log has all of it.\n",
        ),
        None => (text, ""),
    };
    let runs = shown.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or_default().max(2) + 1);
    format!("### Sluice: {command}\n\n{fence}text\n{shown}\n{fence}\n{note}")
}

/// The whole lines of a text that a summary has room for; `None` if it has room for all of them.
fn cut(text: &str) -> Option<&str> {
    if text.len() <= MAX_BYTES {
        return None;
    }
    let mut end = MAX_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let end = text[..end].rfind('\n').unwrap_or(end);
    Some(&text[..end])
}

#[cfg(test)]
mod tests {
    use comrak::nodes::NodeValue;
    use comrak::{Arena, Options, parse_document};

    use super::*;

    #[test]
    fn what_was_printed_is_one_block_whatever_it_holds() {
        for text in [
            "1 in sync",
            "```\n# not a heading\n```",
            "a ````` b\n</details>",
        ] {
            let markdown = printed("doctor", text);
            let arena = Arena::new();
            let root = parse_document(&arena, &markdown, &Options::default());
            let blocks: Vec<String> = root
                .children()
                .map(|node| match &node.data.borrow().value {
                    NodeValue::Heading(_) => "heading".to_owned(),
                    NodeValue::CodeBlock(block) => block.literal.clone(),
                    other => format!("{other:?}"),
                })
                .collect();
            assert_eq!(blocks, ["heading".to_owned(), format!("{text}\n")]);
        }
    }

    #[test]
    fn what_is_too_long_ends_with_a_whole_line_and_says_so() {
        let markdown = printed("status", &"größe\n".repeat(200_000));
        assert!(markdown.len() <= MAX_BYTES + 200, "{}", markdown.len());
        assert!(
            markdown.ends_with("größe\n```\n\nThe rest is left out here; the log has all of it.\n")
        );
    }
}
