//! Outcomes that are not what was planned, made by hand: each must be refused, whatever made it.

use super::*;
use crate::edit::request::{Form, NewValue};
use crate::edit::splice::{CommentChange, Splice};
use crate::syntax::{NodeId, NodeKind, Span};

fn text(text: &str) -> NewValue<'_> {
    NewValue {
        text,
        form: Form::Text,
    }
}

fn parse(source: &str) -> Stream {
    Stream::parse(source.as_bytes(), &Limits::default()).unwrap()
}

fn entry(stream: &Stream, at: usize) -> NodeId {
    let root = stream.documents()[0].root.unwrap();
    let NodeKind::Mapping(entries) = stream.node(root).kind else {
        panic!("no mapping")
    };
    entries[at].value
}

/// The value of the first key is to become `new`, and these bytes are put in its place.
fn outcome(source: &str, new: &str, bytes: &str) -> Result<(), String> {
    outcome_of(source, text(new), bytes)
}

fn outcome_of(source: &str, new: NewValue<'_>, bytes: &str) -> Result<(), String> {
    let stream = parse(source);
    let first = entry(&stream, 0);
    let span = stream.node(first).span;
    let mut plan = Plan::default();
    plan.splices
        .push(Splice::put(span, bytes, CommentChange::None));
    plan.values.insert(first, new);
    let edited = format!("{}{bytes}{}", &source[..span.start], &source[span.end..]);
    verify(&stream, &plan, edited.as_bytes()).map_err(|error| error.message)
}

#[test]
fn a_value_has_the_form_that_was_planned() {
    let bare = NewValue {
        text: "3",
        form: Form::Bare,
    };
    outcome_of("a: 2\n", bare, "3").unwrap();
    for bytes in ["\"3\"", "'3'"] {
        assert!(outcome_of("a: 2\n", bare, bytes).is_err(), "{bytes}");
    }
    assert!(outcome("a: x\n", "3", "3").is_err());
    outcome("a: x\n", "3", "'3'").unwrap();
}

#[test]
fn the_planned_value_passes() {
    outcome("a: x # c\nb: 1\n", "v2", "v2").unwrap();
    outcome("a: x\n", "1.10", "'1.10'").unwrap();
    outcome("a: &x !t x\nb: &y [*x]\n", "v2", "v2").unwrap();
}

#[test]
fn whatever_else_the_bytes_would_mean_is_refused() {
    let source = "a: x # c\nb: &b {k: 1}\nc: *b\n";
    let refusals = [
        ("v2", "v3"),
        ("1.10", "1.10"),
        ("~", "~"),
        ("v2", "&n v2"),
        ("v2", "!n v2"),
        ("v2", "v2\nb2: 1"),
        ("v2", "v2\n#"),
        ("v2", "v2 #"),
        ("v2 # c", "v2"),
        ("v2", "{a: v2}"),
        ("v2", "\"v2"),
        ("v2", "v2\n---\nz: 1"),
        ("v2", "v2\n..."),
        ("v2", "|\n  v2\n"),
        ("v2", "v2\nb: 2"),
        ("v2", "*b"),
        ("x\u{85}y", "\"x\u{85}y\""),
    ];
    let messages: Vec<String> = refusals
        .iter()
        .map(|(new, bytes)| {
            let message = outcome(source, new, bytes).expect_err(bytes);
            let reason = message.strip_prefix("the edit is not made: ").unwrap();
            format!(
                "{bytes:?}: {}",
                reason.split(". Write this part").next().unwrap()
            )
        })
        .collect();
    insta::assert_snapshot!(messages.join("\n"), @r#"
"v3": the value would be read as something else
"1.10": the value would be read as something else
"~": the value would be read as something else
"&n v2": an anchor or a tag would change
"!n v2": an anchor or a tag would change
"v2\nb2: 1": a mapping would gain or lose a key
"v2\n#": a comment would change
"v2 #": a comment would change
"v2": the value would be read as something else
"{a: v2}": the layout would change
"\"v2": the result would not be valid YAML: invalid indentation in multiline quoted scalar
"v2\n---\nz: 1": the number of documents would change
"v2\n...": the number of documents would change
"|\n  v2\n": the value would be read as something else
"v2\nb: 2": a mapping would gain or lose a key
"*b": the result would not be valid YAML: while parsing node, found unknown anchor
"\"x\u{85}y\"": a second parser reads it differently: a: something else than at 1:4 at line 1 column 4
"#);
}

#[test]
fn bytes_outside_the_planned_places_are_compared() {
    let stream = parse("a: x\nb: 1\n");
    let first = entry(&stream, 0);
    let mut plan = Plan::default();
    plan.splices.push(Splice::put(
        stream.node(first).span,
        "v2",
        CommentChange::None,
    ));
    plan.values.insert(first, text("v2"));
    let check =
        |edited: &str| verify(&stream, &plan, edited.as_bytes()).map_err(|error| error.message);
    check("a: v2\nb: 1\n").unwrap();
    for edited in [
        "a: v2\nb:  1\n",
        "a:  v2\nb: 1\n",
        "a: v2\nb: 1",
        "a: v2\nb: 1\n\n",
        "a: v2\r\nb: 1\n",
    ] {
        let message = check(edited).expect_err(edited);
        assert!(
            message.contains("bytes outside the edited fields"),
            "{message}"
        );
    }
    plan.splices[0].span = Span { start: 3, end: 99 };
    assert!(verify(&stream, &plan, b"a: v2\nb: 1\n").is_err());
}

#[test]
fn comments_change_only_as_planned() {
    let source = "a: x # sluice: v1\n# other\nb: 1\n";
    let stream = parse(source);
    let changes = [
        (
            CommentChange::Replaced("# sluice: v2".to_owned()),
            "# sluice: v2",
            true,
        ),
        (
            CommentChange::Replaced("# sluice: v2".to_owned()),
            "# sluice: v3",
            false,
        ),
        (CommentChange::Removed, "", true),
        (CommentChange::Removed, "# sluice: v2", false),
        (CommentChange::None, "# sluice: v2", false),
        (
            CommentChange::Added(vec!["# sluice: v2".to_owned()]),
            "# sluice: v2",
            false,
        ),
    ];
    for (change, text, passes) in changes {
        let mut plan = Plan::default();
        plan.splices.push(Splice::put(
            Span { start: 5, end: 17 },
            text,
            change.clone(),
        ));
        let edited = format!("a: x {text}\n# other\nb: 1\n");
        let result = verify(&stream, &plan, edited.as_bytes());
        assert_eq!(result.is_ok(), passes, "{change:?} {text:?} {result:?}");
    }
}

#[test]
fn a_plan_that_is_not_carried_out_is_refused() {
    let stream = parse("a: x\nb: {}\n");
    let mut plan = Plan::default();
    plan.values.insert(entry(&stream, 0), text("v2"));
    assert!(verify(&stream, &plan, b"a: x\nb: {}\n").is_err());
    let mut plan = Plan::default();
    plan.inserts
        .insert(entry(&stream, 1), vec![("k", text("v"))]);
    assert!(verify(&stream, &plan, b"a: x\nb: {}\n").is_err());
    assert!(verify(&stream, &Plan::default(), b"a: x\nb: {}\n").is_ok());
}
