//! What holds for every edit of every file, over files made up in every style, and over the seeds of the fuzzer.

use std::fs;

use proptest::prelude::*;
use proptest::sample::select;
use sluice_yaml::edit::{Edit, EditErrorKind, Note, apply};
use sluice_yaml::scalar::{Context, Quotes, render};
use sluice_yaml::{Limits, Lookup, NodeKind, ScalarStyle, Stream, Via};

use crate::support::cases::root;
use crate::support::invariants::{Field, check, check_edited, edit, fields, identity, seed};

/// A value and how it is written.
#[derive(Clone, Debug)]
enum Tree {
    /// Written as it is, on one line.
    Line(String),
    /// `|` or `>` with indicators, and its lines.
    Block(&'static str, Vec<String>),
    /// Keys, and whether each has a comment.
    Map(Vec<(String, Self, bool)>),
    List(Vec<Self>),
    /// Flow collections are made up as text.
    Flow(String),
    Nothing,
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z][a-z0-9.-]{1,8}[a-z0-9]",
        1 => select(vec!["v1.2.3", "1.10", "true", "~", "null", "2024-01-02", "größe", "a b", "x#y", "a:b", "日本", "yes"])
            .prop_map(str::to_owned),
    ]
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => word(),
        1 => word().prop_map(|word| format!("'{word}'")),
        1 => word().prop_map(|word| format!("\"{word}\"")),
        1 => Just("'it''s'".to_owned()),
        1 => Just(r#""a\tb \u00e9 \" 😀""#.to_owned()),
        1 => word().prop_map(|word| format!("!!str {word}")),
        1 => word().prop_map(|word| format!("!mine {word}")),
    ]
}

fn flow() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-z]{2,5}".prop_map(|word| word + "x"),
        "[a-z]{2,5}".prop_map(|word| format!("\"{word}\"")),
        Just("1".to_owned()),
        Just("{}".to_owned()),
        Just("[ ]".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|items| {
                let entries: Vec<String> = items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| format!("k{at}: {item}"))
                    .collect();
                format!("{{ {} }}", entries.join(", "))
            }),
            prop::collection::vec(inner, 1..4).prop_map(|items| {
                let entries: Vec<String> = items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| format!("\"k{at}\":{item}"))
                    .collect();
                format!("{{{},}}", entries.join(","))
            }),
        ]
    })
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        6 => line().prop_map(Tree::Line),
        1 => Just(Tree::Nothing),
        1 => (select(vec!["|", "|-", "|+", ">", ">-", ">+"]), prop::collection::vec("[a-z]{1,6}( [a-z#:]{1,4}){0,2}", 1..4))
            .prop_map(|(header, lines)| Tree::Block(header, lines)),
        2 => flow().prop_map(Tree::Flow),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            3 => prop::collection::vec((key(), inner.clone(), any::<bool>()), 1..5).prop_map(|mut entries| {
                let mut seen = std::collections::HashSet::new();
                entries.retain(|(key, _, _)| seen.insert(key.trim_matches(['"', '\'']).to_owned()));
                Tree::Map(entries)
            }),
            1 => prop::collection::vec(inner, 1..4).prop_map(Tree::List),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => "[a-z]{2,6}x",
        1 => "[a-z]{1,3}\\.[a-z]{1,3}x",
        1 => "[a-z]{2,6}x".prop_map(|key| format!("\"{key}\"")),
        1 => "[a-z]{2,6}x".prop_map(|key| format!("'{key}'")),
        1 => Just("größe".to_owned()),
    ]
}

/// How a file is laid out.
#[derive(Clone, Debug)]
struct Style {
    step: usize,
    indentless_lists: bool,
    line_break: &'static str,
    mark: bool,
    final_break: bool,
}

fn style() -> impl Strategy<Value = Style> {
    (
        select(vec![2_usize, 4]),
        any::<bool>(),
        select(vec!["\n", "\n", "\r\n"]),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.8),
    )
        .prop_map(
            |(step, indentless_lists, line_break, mark, final_break)| Style {
                step,
                indentless_lists,
                line_break,
                mark,
                final_break,
            },
        )
}

struct Writer<'a> {
    out: String,
    style: &'a Style,
    anchors: usize,
}

impl Writer<'_> {
    fn value(&mut self, tree: &Tree, indent: usize, comment: bool) {
        let comment = if comment {
            "  # a comment: with ' and \""
        } else {
            ""
        };
        match tree {
            Tree::Nothing => self.out.push_str(&format!("{comment}\n")),
            Tree::Line(line) if line.len() % 7 == 0 => {
                self.anchors += 1;
                self.out
                    .push_str(&format!(" &a{} {line}{comment}\n", self.anchors));
            }
            Tree::Line(line) if line.len() % 11 == 0 && self.anchors > 0 => {
                self.out
                    .push_str(&format!(" *a{}{comment}\n", self.anchors));
            }
            Tree::Line(line) | Tree::Flow(line) => {
                self.out.push_str(&format!(" {line}{comment}\n"));
            }
            Tree::Block(header, lines) => {
                self.out.push_str(&format!(" {header}{comment}\n"));
                for line in lines {
                    self.out
                        .push_str(&format!("{}{line}\n", " ".repeat(indent + 2)));
                }
            }
            Tree::Map(entries) => {
                self.out.push_str(&format!("{comment}\n"));
                self.map(entries, indent, false);
            }
            Tree::List(items) => {
                self.out.push_str(&format!("{comment}\n"));
                self.list(
                    items,
                    if self.style.indentless_lists {
                        indent - self.style.step
                    } else {
                        indent
                    },
                );
            }
        }
    }

    fn map(&mut self, entries: &[(String, Tree, bool)], indent: usize, continues: bool) {
        for (at, (key, value, comment)) in entries.iter().enumerate() {
            if at > 0 || !continues {
                if *comment && key.len() % 3 == 0 {
                    self.out
                        .push_str(&format!("{}# above\n\n", " ".repeat(indent)));
                }
                self.out.push_str(&" ".repeat(indent));
            }
            self.out.push_str(&format!("{key}:"));
            self.value(value, indent + self.style.step, *comment);
        }
    }

    fn list(&mut self, items: &[Tree], indent: usize) {
        for item in items {
            self.out.push_str(&format!("{}-", " ".repeat(indent)));
            match item {
                Tree::Map(entries) => {
                    self.out.push(' ');
                    self.map(entries, indent + 2, true);
                }
                other => self.value(other, indent + self.style.step, false),
            }
        }
    }
}

fn file(documents: &[Tree], style: &Style) -> Vec<u8> {
    let mut writer = Writer {
        out: String::new(),
        style,
        anchors: 0,
    };
    for (at, document) in documents.iter().enumerate() {
        writer.anchors = 0;
        if at > 0 {
            writer.out.push_str("--- # next\n");
        }
        match document {
            Tree::Map(entries) => writer.map(entries, 0, false),
            Tree::List(items) => writer.list(items, 0),
            other => writer.value(
                &Tree::Map(vec![("only".to_owned(), other.clone(), false)]),
                0,
                false,
            ),
        }
    }
    let mut text = writer.out.replace('\n', style.line_break);
    if !style.final_break {
        text.truncate(text.trim_end().len());
    }
    if style.mark {
        text.insert(0, '\u{feff}');
    }
    text.into_bytes()
}

/// Shown as text if a property fails.
#[derive(Clone)]
struct File(Vec<u8>);

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

fn any_file() -> impl Strategy<Value = File> {
    files_of(1..3)
}

fn files_of(documents: std::ops::Range<usize>) -> impl Strategy<Value = File> {
    (prop::collection::vec(tree(), documents), style())
        .prop_map(|(documents, style)| File(file(&documents, &style)))
}

fn parse(bytes: &[u8]) -> Stream {
    Stream::parse(bytes, &Limits::default())
        .unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(bytes)))
}

fn edit_of(stream: &Stream, field: &Field, value: &str) -> Edit {
    Edit {
        object: identity(stream, field),
        path: field.path.clone(),
        value: value.to_owned(),
        form: sluice_yaml::Form::Text,
        note: Note::Keep,
    }
}

/// Whether the value is written just as a new one would be.
fn is_canonical(stream: &Stream, field: &Field) -> bool {
    let root = stream.documents()[field.document].root.unwrap();
    let Lookup::Found {
        node,
        via: Via::Direct,
    } = stream.lookup(root, &field.path)
    else {
        return false;
    };
    let node = stream.node(node);
    let NodeKind::Scalar { value, style } = node.kind else {
        return false;
    };
    let quotes = match style {
        ScalarStyle::Plain => Quotes::Plain,
        ScalarStyle::SingleQuoted => Quotes::Single,
        ScalarStyle::DoubleQuoted => Quotes::Double,
        ScalarStyle::Literal | ScalarStyle::Folded => return false,
    };
    let written = &stream.source()[node.span.start..node.span.end];
    render(value, quotes, Context::Flow) == written
        && render(value, quotes, Context::Block) == written
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn setting_a_field_to_what_it_is_changes_no_byte(File(bytes) in any_file()) {
        let stream = parse(&bytes);
        for field in fields(&stream, 60) {
            let Some(text) = &field.text else { continue };
            if let Ok(edited) = apply(&bytes, &[edit_of(&stream, &field, text)]) {
                prop_assert_eq!(&edited.bytes, &bytes);
                prop_assert!(edited.changed.is_empty());
            }
        }
    }

    #[test]
    fn an_edit_sets_its_field_and_nothing_else(File(bytes) in any_file(), mut random in 1..u64::MAX) {
        let stream = parse(&bytes);
        for field in fields(&stream, 60) {
            let edit = edit(&stream, &field, &mut random);
            if let Ok(edited) = apply(&bytes, std::slice::from_ref(&edit)) {
                check_edited(&bytes, &field, &edit, &edited);
            }
        }
    }

    #[test]
    fn a_value_set_back_restores_the_bytes(File(bytes) in any_file()) {
        let stream = parse(&bytes);
        for field in fields(&stream, 60) {
            let (Some(text), true) = (&field.text, is_canonical(&stream, &field)) else { continue };
            let Ok(edited) = apply(&bytes, &[edit_of(&stream, &field, "another-v2")]) else { continue };
            // In what looks like JSON a plain value becomes a quoted one.
            if String::from_utf8_lossy(&edited.bytes).contains(":\"another-v2\"") {
                continue;
            }
            let there = parse(&edited.bytes);
            let field = Field { text: Some("another-v2".to_owned()), ..field_of(&field) };
            if let Ok(back) = apply(&edited.bytes, &[edit_of(&there, &field, text)]) {
                prop_assert_eq!(String::from_utf8_lossy(&back.bytes), String::from_utf8_lossy(&bytes));
            }
        }
    }

    #[test]
    fn all_edits_in_one_call_come_to_the_same_as_one_after_the_other(File(bytes) in files_of(1..2), mut random in 1..u64::MAX) {
        let stream = parse(&bytes);
        let mut edits = Vec::new();
        for field in fields(&stream, 40) {
            let edit = edit(&stream, &field, &mut random);
            if apply(&bytes, std::slice::from_ref(&edit)).is_ok() {
                edits.push(edit);
            }
        }
        match apply(&bytes, &edits) {
            Ok(together) => {
                let mut one_by_one = bytes.clone();
                for edit in &edits {
                    one_by_one = apply(&one_by_one, std::slice::from_ref(edit)).unwrap().bytes;
                }
                prop_assert_eq!(String::from_utf8_lossy(&together.bytes), String::from_utf8_lossy(&one_by_one));
            }
            // A key below a null, and a value for the null.
            Err(error) => prop_assert_eq!(error.kind, EditErrorKind::Conflict, "{}", error),
        }
    }
}

fn field_of(field: &Field) -> Field {
    Field {
        document: field.document,
        path: field.path.clone(),
        text: field.text.clone(),
    }
}

#[test]
fn the_made_up_files_are_read_and_most_edits_are_made() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut made, mut refused) = (0, 0);
    for _ in 0..300 {
        let File(bytes) = any_file().new_tree(&mut runner).unwrap().current();
        parse(&bytes);
        let (made_here, refused_here) = check(&bytes);
        made += made_here;
        refused += refused_here;
    }
    // Mostly keys below a scalar are refused, and values that several documents have.
    assert!(
        made > 400 && made > refused / 2,
        "{made} made, {refused} refused"
    );
}

#[test]
fn the_seeds_of_the_fuzzer_break_no_promise() {
    let folder = root().join("fuzz/seeds/yaml_edit");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        check(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 60, "only {count} seeds");
}

#[test]
fn the_corpus_breaks_no_promise() {
    let folder = root().join("fixtures/yaml");
    let mut made = 0;
    for entry in fs::read_dir(folder).unwrap() {
        made += check(&fs::read(entry.unwrap().path().join("before.yaml")).unwrap()).0;
    }
    assert!(made > 300, "only {made} edits made");
}

#[test]
fn seeds_choose_different_edits() {
    assert_ne!(seed(b"a: 1\n"), seed(b"a: 2\n"));
}
