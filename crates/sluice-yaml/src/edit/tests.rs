//! Identities, places and refusals by kind. What comes out byte for byte is the corpus in `fixtures/yaml`.

use super::*;
use crate::path::Segment;
use crate::syntax::NodeKind;
use crate::syntax::Position;

fn set(path: &str, value: &str) -> Edit {
    Edit {
        object: Identity::default(),
        path: path.parse().unwrap(),
        value: value.to_owned(),
        form: crate::Form::Text,
        note: Note::Keep,
    }
}

fn named(name: &str) -> Identity {
    Identity {
        fields: vec![(FieldPath::keys(&["name"]), Expect::Equals(name.to_owned()))],
    }
}

fn kind_of(source: &str, path: &str) -> EditErrorKind {
    apply(source.as_bytes(), &[set(path, "x")])
        .unwrap_err()
        .kind
}

fn probed(source: &str, path: &str) -> Result<Editable, EditErrorKind> {
    let stream = Stream::parse(source.as_bytes(), &Limits::default()).unwrap();
    probe(&stream, &Identity::default(), &path.parse().unwrap()).map_err(|error| error.kind)
}

#[test]
fn every_refusal_has_its_kind_and_a_probe_says_the_same() {
    use EditErrorKind::{AliasOnPath, Ambiguous, DuplicateKey, Layout, MergeOnPath, MissingParent};
    use EditErrorKind::{NotAMapping, NotAScalar, NotFound, SharedAnchor, Value};
    let table = [
        ("a: 1\na: 2\n", "a", DuplicateKey),
        ("a: &a {b: 1}\nc: *a\n", "c.b", AliasOnPath),
        ("a: &a {b: 1}\nc: {<<: *a}\n", "c.b", MergeOnPath),
        ("a: &a 1\nc: *a\n", "a", SharedAnchor),
        ("a: &a {b: 1}\nc: *a\n", "a.n", SharedAnchor),
        ("a: {}\n", "a.b.c", MissingParent),
        ("a:\n", "a.b.c", MissingParent),
        ("a: x\n", "a.b", NotAMapping),
        ("a: [x]\n", "a.b", NotAMapping),
        ("a: {b: c}\n", "a", NotAScalar),
        ("a: {b: c}\n", "", NotAScalar),
        ("a: ~\n", "a.b", Layout),
        ("? a\n: b\n", "a", Layout),
        ("? a\n: b\n", "c", Layout),
        ("a: [b: c]\n", "a[0].d", Layout),
        ("a: !!int 1\n", "a", Layout),
        ("a: |\n", "a", Layout),
        ("a: [x]\n", "a[1]", NotFound),
        ("a: [{n: x}]\n", "a[n=y].v", NotFound),
        ("a: [{n: x}, {n: x}]\n", "a[n=x].n", Ambiguous),
        ("a: [{n: x, n: y}]\n", "a[n=x].n", DuplicateKey),
        ("- a\n", "a", NotAMapping),
    ];
    for (source, path, kind) in table {
        assert_eq!(kind_of(source, path), kind, "{source:?} {path}");
        assert_eq!(probed(source, path), Err(kind), "{source:?} {path}");
    }
    let long = "k".repeat(1_000);
    assert_eq!(kind_of("a: 1\n", &long), Value);
    assert_eq!(probed("a: 1\n", &long), Err(Value));
    assert_eq!(
        kind_of("a: [\n", "a"),
        EditErrorKind::Syntax(SyntaxErrorKind::Broken)
    );
}

#[test]
fn a_probe_tells_a_replacement_from_a_new_key() {
    let replaces = |source, path| matches!(probed(source, path), Ok(Editable::Replace { .. }));
    let inserts = |source, path| matches!(probed(source, path), Ok(Editable::Insert { .. }));
    assert!(replaces("a: 1\n", "a") && replaces("a:\n", "a") && replaces("x: &x 1\na: *x\n", "a"));
    assert!(inserts("a: {}\n", "a.b") && inserts("a:\n", "a.b") && inserts("a: 1\n", "b"));
}

#[test]
fn several_candidates_are_listed_with_their_places() {
    let source = "name: a\n---\nitems:\n- name: b\n- name: a\n---\nname: b\n";
    let edit = |name| Edit {
        object: named(name),
        ..set("v", "x")
    };
    let error = apply(source.as_bytes(), &[edit("a")]).unwrap_err();
    assert_eq!(error.kind, EditErrorKind::Ambiguous);
    assert_eq!(
        error.candidates,
        [
            Position { line: 1, column: 1 },
            Position { line: 5, column: 3 }
        ]
    );
    let error = apply(source.as_bytes(), &[edit("c")]).unwrap_err();
    assert_eq!(
        (error.kind, error.candidates.len(), error.position),
        (EditErrorKind::NotFound, 0, None)
    );
}

#[test]
fn an_identity_reads_through_aliases_and_merges_and_null_is_no_text() {
    let source =
        "x: &x {name: a}\nitems:\n- {<<: *x, v: 1}\n- {name: ~, v: 1}\n- {name: '~', v: 2}\n";
    let edit = |name: &str| Edit {
        object: named(name),
        ..set("v", "x")
    };
    let edited = apply(source.as_bytes(), &[edit("a"), edit("~")]).unwrap();
    assert_eq!(edited.lines, [3, 5]);
    let absent = Identity {
        fields: vec![
            (FieldPath::keys(&["name"]), Expect::Absent),
            (FieldPath::keys(&["v"]), Expect::Equals("1".into())),
        ],
    };
    let edited = apply(
        source.as_bytes(),
        &[Edit {
            object: absent,
            ..set("v", "x")
        }],
    )
    .unwrap();
    assert_eq!(edited.lines, [4]);
}

#[test]
fn lines_are_those_of_the_original_in_the_order_of_the_edits() {
    let source = "a: 1\nb:\n  c: |\n    x\n\nd:\n  - e\n";
    let edits = [
        set("d[0]", "f"),
        set("b.c", "y\nz\n"),
        set("a", "g"),
        set("b.new", "h"),
        set("new", "i"),
    ];
    let edited = apply(source.as_bytes(), &edits).unwrap();
    assert_eq!(edited.lines, [7, 3, 1, 4, 7]);
    let changed: Vec<&str> = edited
        .changed
        .iter()
        .map(|span| &source[span.start..span.end])
        .collect();
    assert_eq!(changed, ["1", "    x", "", "e", ""]);
    assert_eq!(
        String::from_utf8(edited.bytes).unwrap(),
        "a: g\nb:\n  c: |\n    y\n    z\n  new: h\n\nd:\n  - f\nnew: i\n"
    );
}

#[test]
fn what_is_there_already_is_left_as_it_is_even_where_it_could_not_be_written() {
    for source in [
        "a: !!int 1\n",
        "a: 0x1F # c\n",
        "a: |+\n  x\n\n",
        "a: 'x'\n",
    ] {
        let stream = Stream::parse(source.as_bytes(), &Limits::default()).unwrap();
        let root = stream.documents()[0].root.unwrap();
        let NodeKind::Mapping([entry]) = stream.node(root).kind else {
            panic!("one entry")
        };
        let edited = apply(
            source.as_bytes(),
            &[set("a", stream.scalar(entry.value).unwrap())],
        )
        .unwrap();
        assert_eq!(
            (edited.bytes, edited.changed.len()),
            (source.as_bytes().to_vec(), 0)
        );
    }
}

#[test]
fn no_edits_change_nothing() {
    let edited = apply(b"a: 1\n", &[]).unwrap();
    assert_eq!(
        (edited.bytes, edited.lines, edited.changed),
        (b"a: 1\n".to_vec(), vec![], vec![])
    );
}

#[test]
fn a_step_that_selects_prints_in_messages_as_it_is_written() {
    let path: FieldPath = [
        Segment::Key("l".to_owned()),
        Segment::Select {
            key: "name".to_owned(),
            value: "we b".to_owned(),
        },
    ]
    .into_iter()
    .collect();
    let error = apply(
        b"l: []\n",
        &[Edit {
            path,
            ..set("", "x")
        }],
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "1:4: `l[name=\"we b\"]` cannot be set: this list has no such element; add it first"
    );
}
