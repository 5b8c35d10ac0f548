use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};
use proptest::prelude::*;

use super::*;

/// What a name may try, and pieces to build worse from.
const HOSTILE: &[&str] = &[
    "a\nb",
    "](https://evil.example)",
    "[x](y)",
    "<img src=x onerror=y>",
    "<!-- ",
    "@everyone",
    "#1",
    "GH-7",
    "acme/x#3",
    "::error::",
    "##[error]",
    "\u{202e}abc",
    "\u{200b}",
    "[skip ci]",
    "`",
    "``",
    "```",
    "|",
    "| - |",
    "\\",
    "\\|",
    "\\`",
    "https://evil.example",
    "www.evil.example",
    "a@b.example",
    "mailto:a@b.example",
    "$x$",
    "$`x`$",
    "**",
    "__",
    "~~",
    "# h",
    "- l",
    "+ l",
    "1. l",
    "2) l",
    "---",
    "===",
    "> q",
    "    code",
    "\t",
    "&lt;",
    "&#64;",
    "![i](j)",
    "[^1]",
    ":tada:",
    "[[w]]",
    "||s||",
    "==m==",
    "--",
    "ftp://x",
    "Fixes",
    " ",
    "a",
    "_",
    "*",
    "\u{a0}",
    "é",
    "1",
];

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        proptest::collection::vec(proptest::sample::select(HOSTILE), 1..8)
            .prop_map(|parts| parts.concat()),
    ]
}

/// GitHub's Markdown and what it may learn next.
fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.strikethrough = true;
    extension.table = true;
    extension.autolink = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.inline_footnotes = true;
    extension.superscript = false;
    extension.alerts = true;
    extension.math_dollars = true;
    extension.math_code = true;
    extension.wikilinks_title_after_pipe = true;
    extension.spoiler = true;
    extension.underline = true;
    options
}

fn walk<'a>(node: &'a AstNode<'a>, seen: &mut impl FnMut(&NodeValue)) {
    seen(&node.data.borrow().value);
    for child in node.children() {
        walk(child, seen);
    }
}

/// The text of the node that a document consists of, if it consists of one plain paragraph (or `code`).
fn only_text(markdown: &str, code: bool) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options());
    let mut text = String::new();
    walk(root, &mut |value| match value {
        NodeValue::Document | NodeValue::Paragraph => {}
        NodeValue::Text(piece) if !code => text.push_str(piece),
        NodeValue::Text(piece) => assert_eq!(piece.trim(), "x", "{markdown:?}"),
        NodeValue::Code(span) if code => text.push_str(&span.literal),
        other => panic!("{other:?} in {markdown:?}"),
    });
    text
}

/// What a forge would see in a finished page: mentions, references, addresses.
fn acts(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let followed = |sign: &str, by: fn(&u8) -> bool| {
        lower
            .match_indices(sign)
            .any(|(at, _)| lower.as_bytes().get(at + sign.len()).is_some_and(by))
    };
    followed("@", u8::is_ascii_alphanumeric)
        || followed("#", u8::is_ascii_digit)
        || followed("gh-", u8::is_ascii_digit)
        || lower.contains("://")
        || lower.contains("www.")
        || lower.contains("[skip ci]")
}

/// The text as it is meant to be read: what is hidden made visible, our breaks left out.
fn read(text: &str) -> String {
    terminal(text).trim().to_owned()
}

fn without_breaks(text: &str) -> String {
    text.replace(BREAK, "")
}

#[test]
fn ordinary_names_stay_as_they_are() {
    for name in [
        "podinfo",
        "v1.4.0-rc.2",
        "dev → prod",
        "größe",
        "clusters/prod/api.yaml:9",
        "6.5.2 (main, 4 commits)",
    ] {
        assert_eq!(markdown(name), name);
        assert_eq!(
            html(name.split(' ').next().unwrap()),
            name.split(' ').next().unwrap()
        );
    }
    assert_eq!(markdown_code("9be04d1"), "`9be04d1`");
    assert_eq!(markdown("db_password"), "db\\_password");
}

#[test]
fn hostile_names_are_shown_and_do_nothing() {
    let shown: Vec<String> = [
        "a\nb",
        "](x)<img>",
        "@everyone #1 GH-2",
        "- `a|b`",
        "1. x",
        "\u{202e}x",
        "$a$",
    ]
    .into_iter()
    .map(|text| markdown(text).replace(BREAK, "·"))
    .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
a\\u{a}b
\](x)&lt;img&gt;
@·everyone #·1 G·H-2
\- \`a&#124;b\`
1\. x
\\u{202e}x
&#36;a&#36;
");
}

#[test]
fn names_between_backticks_become_code_in_a_sentence() {
    assert_eq!(
        prose("- `a_b` follows `x` | y_z"),
        "\\- `a_b` follows `x` &#124; y\\_z"
    );
    assert_eq!(prose("one ` alone"), "one \\` alone");
    assert_eq!(
        prose("an `` empty one, a `|` bar"),
        "an \\`\\` empty one, a \\`&#124;\\` bar"
    );
    assert_eq!(prose("a `|` bar"), "a \\`&#124;\\` bar");
    assert_eq!(prose("1`. x|`"), "1\\`. x&#124;\\`");
}

#[test]
fn code_holds_backticks_and_blanks() {
    let shown: Vec<String> = ["a`b", "`", "``a", " ", "", "a b", "x@y #1"]
        .into_iter()
        .map(|text| markdown_code(text).replace(BREAK, "·"))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
``a`b``
`` ` ``
``` ``a ```
`   `
`  `
`a b`
`x@·y #·1`
");
    assert_eq!(table_code("a|b"), "a&#124;b");
    assert_eq!(table_code("a"), "`a`");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn running_text_is_read_as_it_is_and_as_nothing_else(text in hostile()) {
        let safe = markdown(&text);
        prop_assert!(!safe.contains(['\n', '\r', '<', '>']));
        // At the start of a line, behind a word, in a list item and in bold.
        for around in ["", "x "] {
            let document = format!("{around}{safe}");
            let shown = only_text(&document, false);
            prop_assert!(!acts(&shown), "{shown:?}");
            let expected = if around.is_empty() { read(&text) } else { format!("x {}", read(&text)).trim_end().to_owned() };
            prop_assert_eq!(without_breaks(&shown), expected);
        }
    }

    #[test]
    fn a_sentence_is_read_as_it_is_with_nothing_but_code_in_it(text in hostile()) {
        let safe = prose(&text);
        let arena = Arena::new();
        // A forge looks at the text before, in and behind code separately.
        let (mut shown, mut pieces) = (String::new(), String::new());
        walk(parse_document(&arena, &safe, &options()), &mut |value| match value {
            NodeValue::Document | NodeValue::Paragraph => {}
            NodeValue::Text(piece) => {
                shown.push_str(piece);
                pieces.push_str(piece);
            }
            NodeValue::Code(span) => {
                shown.push_str(&span.literal);
                pieces.push_str(&format!("\n{}\n", span.literal));
            }
            other => panic!("{other:?} in {safe:?}"),
        });
        prop_assert!(!acts(&pieces), "{pieces:?}");
        prop_assert_eq!(without_breaks(&shown).replace('`', ""), read(&text).replace('`', ""));
    }

    #[test]
    fn a_cell_of_a_table_stays_one_cell(text in hostile()) {
        for cell in [markdown(&text), prose(&text), table_code(&text)] {
            let document = format!("| a | b |\n|---|---|\n| {cell} | end |\n");
            let arena = Arena::new();
            let root = parse_document(&arena, &document, &options());
            let (mut rows, mut cells) = (0, 0);
            let mut last = String::new();
            walk(root, &mut |value| match value {
                NodeValue::TableRow(_) => rows += 1,
                NodeValue::TableCell => { cells += 1; last.clear(); }
                NodeValue::Text(piece) => last.push_str(piece),
                NodeValue::Code(_) | NodeValue::Document | NodeValue::Table(_) => {}
                other => panic!("{other:?} in {document:?}"),
            });
            prop_assert_eq!((rows, cells), (2, 4), "{}", document);
            prop_assert_eq!(last, "end");
        }
    }

    #[test]
    fn code_is_one_span(text in hostile()) {
        let safe = markdown_code(&text);
        prop_assert!(!safe.contains(['\n', '\r']));
        let shown = only_text(&format!("x {safe} x"), true);
        prop_assert!(!acts(&shown), "{shown:?}");
        prop_assert_eq!(read(&without_breaks(&shown)), read(&text));
    }

    #[test]
    fn a_line_of_html_holds_no_tag_whether_markdown_is_read_or_not(text in hostile()) {
        let safe = html(&text);
        prop_assert!(!safe.contains(['\n', '\r', '<', '>', '"', '\'']));
        let shown = only_text(&format!("x {safe}"), false);
        prop_assert!(!acts(&shown), "{shown:?}");
        let expected = format!("x {}", read(&text));
        prop_assert_eq!(without_breaks(&shown), expected.trim_end().to_owned());
    }
}
