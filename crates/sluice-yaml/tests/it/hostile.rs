//! Files made to cost much: each ends in a clear refusal or in a right edit. What bounds the cost is counted here, in
//! nodes, bytes and changed places; how long it takes is for the benchmarks.

use sluice_yaml::edit::{Edit, EditErrorKind, Edited, Expect, Identity, Note, apply};
use sluice_yaml::{FieldPath, Limits, NodeKind, Stream, SyntaxErrorKind};

fn edit(path: &str, value: &str) -> Edit {
    Edit {
        object: Identity::default(),
        path: path.parse().unwrap(),
        value: value.to_owned(),
        form: sluice_yaml::Form::Text,
        note: Note::Keep,
    }
}

fn made(source: &str, path: &str) -> Edited {
    apply(source.as_bytes(), &[edit(path, "v2")]).unwrap()
}

/// The whole message.
fn refused(source: &str, path: &str) -> (EditErrorKind, String) {
    let error = apply(source.as_bytes(), &[edit(path, "v2")]).unwrap_err();
    (error.kind, error.to_string())
}

fn limit(source: &str, kind: SyntaxErrorKind) -> String {
    let (found, message) = refused(source, "ref");
    assert_eq!(found, EditErrorKind::Syntax(kind), "{message}");
    message
}

#[test]
fn billion_laughs_are_refused_before_anything_expands_them() {
    let mut source = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..12 {
        let inside = vec![format!("*a{}", level - 1); 9].join(", ");
        source.push_str(&format!("a{level}: &a{level} [{inside}]\n"));
    }
    source.push_str("ref: main\n");
    assert_eq!(
        limit(&source, SyntaxErrorKind::TooManyAliases),
        "6:35: alias expansion exceeds the limit here: write the values out"
    );
}

#[test]
fn twenty_thousand_aliases_to_a_large_scalar_are_refused() {
    let source = format!(
        "a: &a {}\nl:\n{}ref: main\n",
        "x".repeat(20_000),
        "- *a\n".repeat(20_000)
    );
    limit(&source, SyntaxErrorKind::TooManyAliases);
}

#[test]
fn twenty_thousand_aliases_to_a_small_scalar_are_edited_around() {
    let source = format!("a: &a x\nl:\n{}ref: main\n", "- *a\n".repeat(20_000));
    let edited = made(&source, "ref");
    assert_eq!(
        edited.bytes,
        source.replace("ref: main", "ref: v2").into_bytes()
    );
}

#[test]
fn merges_that_double_at_every_level_are_refused() {
    let mut source = String::from("a0: &a0 {k: v}\n");
    for level in 1..30 {
        source.push_str(&format!(
            "a{level}: &a{level} {{<<: [*a{0}, *a{0}]}}\n",
            level - 1
        ));
    }
    source.push_str("ref: main\n");
    limit(&source, SyntaxErrorKind::TooManyAliases);
}

#[test]
fn deep_nesting_is_refused_at_its_first_level_too_many() {
    assert_eq!(
        limit(&"[".repeat(200_000), SyntaxErrorKind::TooDeep),
        "1:129: nested deeper than 128 levels"
    );
    assert_eq!(
        limit(&"{a: ".repeat(100_000), SyntaxErrorKind::TooDeep),
        "1:513: nested deeper than 128 levels"
    );
    assert_eq!(
        limit(&"- ".repeat(100_000), SyntaxErrorKind::TooDeep),
        "1:257: nested deeper than 128 levels"
    );
    let staircase: String = (0..2000)
        .map(|level| format!("{}k:\n", " ".repeat(level)))
        .collect();
    limit(&staircase, SyntaxErrorKind::TooDeep);
    let chain: String = (1..5000)
        .map(|at| format!("a{at}: &a{at} [*a{}]\n", at - 1))
        .collect();
    limit(&format!("a0: &a0 x\n{chain}"), SyntaxErrorKind::TooDeep);
}

#[test]
fn nesting_at_the_limit_is_edited() {
    let keys = vec!["k"; 127].join(".");
    let source: String = (0..127)
        .map(|level| format!("{}k:\n", " ".repeat(level)))
        .collect();
    let edited = made(&source, &keys);
    assert_eq!(
        String::from_utf8(edited.bytes).unwrap(),
        format!("{} v2\n", source.trim_end())
    );
    let source = format!("ref: main\nl: {}{}\n", "[".repeat(127), "]".repeat(127));
    assert_eq!(made(&source, "ref").changed.len(), 1);
}

#[test]
fn more_bytes_than_the_limit_are_not_looked_at() {
    let source = format!("{}ref: main\n", "# comment\n".repeat(500_000));
    assert_eq!(
        limit(&source, SyntaxErrorKind::TooLarge),
        "1:1: the file has 5000010 bytes, more than the 4194304 that are read"
    );
}

#[test]
fn a_wall_of_comments_is_kept_up_to_its_limit() {
    let source = format!("a: 1\n{}ref: main\n", "# comment\n".repeat(100_000));
    assert_eq!(made(&source, "ref").lines, [100_002]);
    let source = format!("a:\n{}  b: 1\n", "#\n".repeat(200_001));
    assert_eq!(
        limit(&source, SyntaxErrorKind::TooLarge),
        "200002:1: more than 200000 comments without content between them"
    );
}

#[test]
fn fifty_thousand_keys_in_one_mapping_are_searched_for_many_edits_at_once() {
    let source: String = (0..50_000)
        .map(|at| format!("key{at}: value{at}\n"))
        .collect();
    let edits: Vec<Edit> = (0..50_000)
        .step_by(10)
        .map(|at| edit(&format!("key{at}"), "v2"))
        .collect();
    let edited = apply(source.as_bytes(), &edits).unwrap();
    assert_eq!(edited.changed.len(), 5_000);
    assert_eq!(edited.lines[4_999], 49_991);
    let stream = Stream::parse(&edited.bytes, &Limits::default()).unwrap();
    let root = stream.documents()[0].root.unwrap();
    let NodeKind::Mapping(entries) = stream.node(root).kind else {
        panic!("no mapping")
    };
    let set = entries
        .iter()
        .filter(|entry| stream.scalar(entry.value) == Some("v2"))
        .count();
    assert_eq!((entries.len(), set), (50_000, 5_000));
}

#[test]
fn five_thousand_new_keys_go_into_one_mapping() {
    let edits: Vec<Edit> = (0..5_000)
        .map(|at| edit(&format!("spec.new{at}"), "v2"))
        .collect();
    let edited = apply(b"spec:\n  a: 1\nother: 1\n", &edits).unwrap();
    let text = String::from_utf8(edited.bytes).unwrap();
    assert!(text.starts_with("spec:\n  a: 1\n  new0: v2\n  new1: v2\n"));
    assert!(text.ends_with("  new4999: v2\nother: 1\n"));
    assert_eq!(edited.changed.len(), 1);
}

#[test]
fn one_line_of_megabytes_is_edited_in_thousands_of_places() {
    let objects: Vec<String> = (0..5_000)
        .map(|at| {
            format!(
                r#"{{"metadata":{{"name":"n{at}"}},"ref":"é{}","m":{{}}}}"#,
                "x".repeat(200)
            )
        })
        .collect();
    let source = format!(r#"{{"kind":"List","items":[{}]}}"#, objects.join(","));
    let edits: Vec<Edit> = (0..5_000)
        .map(|at| Edit {
            object: Identity {
                fields: vec![(
                    FieldPath::keys(&["metadata", "name"]),
                    Expect::Equals(format!("n{at}")),
                )],
            },
            note: Note::Set("v1".to_owned()),
            ..edit(if at % 2 == 0 { "ref" } else { "m.new" }, "v2")
        })
        .collect();
    let edited = apply(source.as_bytes(), &edits).unwrap();
    assert_eq!(edited.changed.len(), 5_000);
    let text = String::from_utf8(edited.bytes).unwrap();
    assert_eq!(
        (
            text.matches(r#""ref":"v2""#).count(),
            text.matches(r#""m":{new: v2}"#).count()
        ),
        (2_500, 2_500)
    );
}

#[test]
fn a_list_of_thousands_is_selected_from_by_name() {
    let source: String = (0..20_000)
        .map(|at| format!("- name: n{at}\n  v: a\n"))
        .collect();
    let edits: Vec<Edit> = (0..20_000)
        .step_by(4)
        .map(|at| edit(&format!("l[name=n{at}].v"), "v2"))
        .collect();
    let edited = apply(format!("l:\n{source}").as_bytes(), &edits).unwrap();
    assert_eq!(edited.changed.len(), 5_000);
}

#[test]
fn anchors_and_tags_by_the_ten_thousand_are_kept() {
    let source: String = (0..10_000)
        .map(|at| format!("k{at}: &a{at} !t{at} [x]\nm{at}: *a{at}\n"))
        .collect();
    let source = format!("{source}ref: main\n");
    assert_eq!(
        made(&source, "ref").bytes,
        source.replace("main", "v2").into_bytes()
    );
    let source = format!(
        "{}ref: main\n",
        (0..30_000)
            .map(|at| format!("k{at}: !t [&a x]\n"))
            .collect::<String>()
    );
    assert_eq!(made(&source, "ref").changed.len(), 1);
}

#[test]
fn long_keys_values_and_block_scalars_are_edited() {
    let source = format!("\"{}\": 1\nref: main\n", "k".repeat(1_000));
    assert_eq!(made(&source, "ref").changed.len(), 1);
    let source = format!(
        "a: |\n{}ref: main\n",
        "  some text: # here\n".repeat(150_000)
    );
    assert_eq!(made(&source, "ref").lines, [150_002]);
    let source = format!(
        "a: \"{}\"\nref: '{}'\n",
        "x ".repeat(1_000_000),
        "y ".repeat(800_000)
    );
    assert_eq!(made(&source, "ref").changed.len(), 1);
    let source = format!("a: {}\nref: main\n", "word\n  ".repeat(400_000));
    assert_eq!(made(&source, "ref").changed.len(), 1);
}

#[test]
fn blank_lines_by_the_million_are_edited_around() {
    let source = format!(
        "a: |+\n  x\n{}ref: main\nb: 1{}",
        "\n".repeat(1_000_000),
        "\n".repeat(1_000_000)
    );
    assert_eq!(made(&source, "ref").lines, [1_000_003]);
    let source = format!("a: {}x\nref: main\n", " ".repeat(3_000_000));
    assert_eq!(made(&source, "ref").lines, [2]);
}

#[test]
fn ten_thousand_documents_take_little_memory() {
    let document = "apiVersion: v1\nkind: Thing\nmetadata:\n  name: some-name\n  namespace: somewhere\n  labels:\n    app: x\nspec:\n  \
                    a: {b: c, d: e}\n  git:\n    ref: main\n    folder: deploy\n---\n";
    let source = document.repeat(10_000);
    let stream = Stream::parse(source.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(
        stream
            .documents()
            .iter()
            .filter(|document| document.root.is_some())
            .count(),
        10_000
    );
    // Two bytes of arena for each byte of file at most, the text itself included three.
    assert!(
        stream.memory() < 8 * source.len(),
        "{} bytes for {}",
        stream.memory(),
        source.len()
    );
}

#[test]
fn more_nodes_than_the_limit_are_refused() {
    let limits = Limits {
        nodes: 10_000,
        ..Limits::default()
    };
    let error = Stream::parse("- a\n".repeat(10_000).as_bytes(), &limits).unwrap_err();
    assert_eq!(error.kind, SyntaxErrorKind::TooLarge);
    assert_eq!(error.to_string(), "10000:3: more than 10000 values");
    assert!(Stream::parse("- a\n".repeat(9_999).as_bytes(), &limits).is_ok());
}

#[test]
fn thirty_thousand_empty_documents_are_edited_around() {
    let source = format!("{}ref: main\n", "---\n".repeat(30_000));
    assert_eq!(made(&source, "ref").lines, [30_001]);
    let source = "---\n".repeat(100_001);
    assert_eq!(
        limit(&source, SyntaxErrorKind::TooLarge),
        "100001:1: more than 100000 documents"
    );
}
