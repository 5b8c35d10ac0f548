use super::*;

fn parse(source: &str) -> Stream {
    Stream::parse(source.as_bytes(), &Limits::default()).unwrap()
}

fn refusal(source: impl AsRef<[u8]>) -> String {
    let error = Stream::parse(source.as_ref(), &Limits::default()).unwrap_err();
    format!("{:?} at {error}", error.kind)
}

/// Every node in order: its bytes in brackets, then what it holds.
fn outline(source: &str) -> String {
    let stream = parse(source);
    let mut out = String::new();
    for document in stream.documents() {
        out.push_str(&format!(
            "--- {:?}\n",
            &source[document.span.start..document.span.end]
        ));
        if let Some(root) = document.root {
            write(&stream, root, 0, &mut out);
        }
    }
    out
}

fn write(stream: &Stream, id: NodeId, depth: usize, out: &mut String) {
    let node = stream.node(id);
    let bytes = &stream.source()[node.span.start..node.span.end];
    let kind = match node.kind {
        NodeKind::Scalar { value, style } => format!("{style:?} {value:?}"),
        NodeKind::Sequence(_) => "Sequence".to_owned(),
        NodeKind::Mapping(_) => "Mapping".to_owned(),
        NodeKind::Alias(target) => format!("Alias of {}", stream.position(target)),
    };
    out.push_str(&format!(
        "{}{} {kind} {bytes:?}",
        "  ".repeat(depth),
        stream.position(id)
    ));
    for (name, value) in [("anchor", node.anchor), ("tag", node.tag)] {
        if let Some(value) = value {
            out.push_str(&format!(" {name}={value}"));
        }
    }
    if let Some(comment) = stream.trailing_comment(id) {
        out.push_str(&format!(" comment={comment:?}"));
    }
    out.push('\n');
    match node.kind {
        NodeKind::Sequence(items) => items
            .iter()
            .for_each(|item| write(stream, *item, depth + 1, out)),
        NodeKind::Mapping(entries) => {
            for entry in entries {
                write(stream, entry.key, depth + 1, out);
                write(stream, entry.value, depth + 2, out);
            }
        }
        _ => {}
    }
}

#[test]
fn plain_and_quoted_scalars_keep_their_bytes_and_their_text() {
    insta::assert_snapshot!(outline(
        "a: 1.10  # one\nb: 'it''s'\t# two\nc: \"x\\ty\"\nd: two\n  lines # three\n"
    ), @r#"
--- "a: 1.10  # one\nb: 'it''s'\t# two\nc: \"x\\ty\"\nd: two\n  lines # three\n"
1:1 Mapping "a: 1.10  # one\nb: 'it''s'\t# two\nc: \"x\\ty\"\nd: two\n  lines"
  1:1 Plain "a" "a"
    1:4 Plain "1.10" "1.10" comment="one"
  2:1 Plain "b" "b"
    2:4 SingleQuoted "it's" "'it''s'" comment="two"
  3:1 Plain "c" "c"
    3:4 DoubleQuoted "x\ty" "\"x\\ty\""
  4:1 Plain "d" "d"
    4:4 Plain "two lines" "two\n  lines" comment="three"
"#);
}

#[test]
fn block_scalars_begin_with_their_header_and_end_with_their_content() {
    insta::assert_snapshot!(outline(
        "a: |-  # c\n  x\n  y\n\nb: &n |b !t >+2\nc: !t &p|q >2+\n   x\n\n\nd: |\n\ne: |+\n\n\nf:\n- >\n  x\n- |\n  # no\n  y"
            .replace("b: &n |b !t >+2\n", "")
            .as_str()
    ), @r##"
--- "a: |-  # c\n  x\n  y\n\nc: !t &p|q >2+\n   x\n\n\nd: |\n\ne: |+\n\n\nf:\n- >\n  x\n- |\n  # no\n  y"
1:1 Mapping "a: |-  # c\n  x\n  y\n\nc: !t &p|q >2+\n   x\n\n\nd: |\n\ne: |+\n\n\nf:\n- >\n  x\n- |\n  # no\n  y"
  1:1 Plain "a" "a"
    1:4 Literal "x\ny" "|-  # c\n  x\n  y" comment="c"
  5:1 Plain "c" "c"
    5:12 Folded " x\n\n\n" ">2+\n   x\n\n" anchor=p|q tag=!t
  9:1 Plain "d" "d"
    9:4 Literal "" "|"
  11:1 Plain "e" "e"
    11:4 Literal "\n\n" "|+\n\n"
  14:1 Plain "f" "f"
    15:1 Sequence "- >\n  x\n- |\n  # no\n  y"
      15:3 Folded "x\n" ">\n  x"
      17:3 Literal "# no\ny" "|\n  # no\n  y"
"##);
}

#[test]
fn absent_values_stand_behind_their_colon_dash_anchor_or_tag() {
    insta::assert_snapshot!(outline(
        "a:\nb: &x\nc: !!str # hi\n\"d\" :  # c\ne:\n-\n- # c\n- &y\nf: {g: , h, \"i\":}\n? j\n? k\n:\n? l\n: # m\n"
    ), @r#"
--- "a:\nb: &x\nc: !!str # hi\n\"d\" :  # c\ne:\n-\n- # c\n- &y\nf: {g: , h, \"i\":}\n? j\n? k\n:\n? l\n: # m\n"
1:1 Mapping "a:\nb: &x\nc: !!str # hi\n\"d\" :  # c\ne:\n-\n- # c\n- &y\nf: {g: , h, \"i\":}\n? j\n? k\n:\n? l\n:"
  1:1 Plain "a" "a"
    1:3 Plain "" ""
  2:1 Plain "b" "b"
    2:6 Plain "" "" anchor=x
  3:1 Plain "c" "c"
    3:9 Plain "" "" tag=tag:yaml.org,2002:str comment="hi"
  4:1 DoubleQuoted "d" "\"d\""
    4:6 Plain "" "" comment="c"
  5:1 Plain "e" "e"
    6:1 Sequence "-\n- # c\n- &y"
      6:2 Plain "" ""
      7:2 Plain "" "" comment="c"
      8:5 Plain "" "" anchor=y
  9:1 Plain "f" "f"
    9:4 Mapping "{g: , h, \"i\":}"
      9:5 Plain "g" "g"
        9:7 Plain "" ""
      9:10 Plain "h" "h"
        9:11 Plain "" ""
      9:13 DoubleQuoted "i" "\"i\""
        9:17 Plain "" ""
  10:3 Plain "j" "j"
    10:4 Plain "" ""
  11:3 Plain "k" "k"
    12:2 Plain "" ""
  13:3 Plain "l" "l"
    14:2 Plain "" "" comment="m"
"#);
}

#[test]
fn collections_end_with_their_last_content() {
    insta::assert_snapshot!(outline(
        "a: &m !t\n  b:\n  - c\n  -\n  # trailing\n\nd: {e: [1, 2], }  # f\ng: [h: i, ? j : k]\nl: *m\n"
    ), @r#"
--- "a: &m !t\n  b:\n  - c\n  -\n  # trailing\n\nd: {e: [1, 2], }  # f\ng: [h: i, ? j : k]\nl: *m\n"
1:1 Mapping "a: &m !t\n  b:\n  - c\n  -\n  # trailing\n\nd: {e: [1, 2], }  # f\ng: [h: i, ? j : k]\nl: *m"
  1:1 Plain "a" "a"
    2:3 Mapping "b:\n  - c\n  -" anchor=m tag=!t
      2:3 Plain "b" "b"
        3:3 Sequence "- c\n  -"
          3:5 Plain "c" "c"
          4:4 Plain "" ""
  7:1 Plain "d" "d"
    7:4 Mapping "{e: [1, 2], }"
      7:5 Plain "e" "e"
        7:8 Sequence "[1, 2]"
          7:9 Plain "1" "1"
          7:12 Plain "2" "2"
  8:1 Plain "g" "g"
    8:4 Sequence "[h: i, ? j : k]"
      8:5 Mapping "h: i"
        8:5 Plain "h" "h"
          8:8 Plain "i" "i"
      8:11 Mapping "? j : k"
        8:13 Plain "j" "j"
          8:17 Plain "k" "k"
  9:1 Plain "l" "l"
    9:4 Alias of 2:3 "*m"
"#);
}

#[test]
fn documents_have_their_own_spans_and_an_empty_one_has_no_root() {
    insta::assert_snapshot!(outline(
        "\u{feff}%YAML 1.2\n--- # first\na: 1\n---\n# nothing\n---\n~\n...\n# between\nb: 2\n--- &x\n"
    ), @r#"
--- "--- # first\na: 1\n"
3:1 Mapping "a: 1"
  3:1 Plain "a" "a"
    3:4 Plain "1" "1"
--- "---\n# nothing\n"
--- "---\n~\n...\n# between\n"
7:1 Plain "~" "~"
--- "b: 2\n"
10:1 Mapping "b: 2"
  10:1 Plain "b" "b"
    10:4 Plain "2" "2"
--- "--- &x\n"
11:7 Plain "" "" anchor=x
"#);
    assert!(parse("").documents().is_empty());
    assert!(parse("# only a comment\n").documents().is_empty());
}

#[test]
fn comments_count_as_trailing_only_right_behind_the_value() {
    insta::assert_snapshot!(outline(
        "a: {b: 1, # one\n  c: 2 # two\n}\nd: {e: 3} # three\nf: 'x#y' #four\n# five\ng: h#i\n\"j\": k # sluice: v1.4.0 \n"
    ), @r#"
--- "a: {b: 1, # one\n  c: 2 # two\n}\nd: {e: 3} # three\nf: 'x#y' #four\n# five\ng: h#i\n\"j\": k # sluice: v1.4.0 \n"
1:1 Mapping "a: {b: 1, # one\n  c: 2 # two\n}\nd: {e: 3} # three\nf: 'x#y' #four\n# five\ng: h#i\n\"j\": k"
  1:1 Plain "a" "a"
    1:4 Mapping "{b: 1, # one\n  c: 2 # two\n}"
      1:5 Plain "b" "b"
        1:8 Plain "1" "1" comment="one"
      2:3 Plain "c" "c"
        2:6 Plain "2" "2" comment="two"
  4:1 Plain "d" "d"
    4:4 Mapping "{e: 3}"
      4:5 Plain "e" "e"
        4:8 Plain "3" "3"
  5:1 Plain "f" "f"
    5:4 SingleQuoted "x#y" "'x#y'" comment="four"
  7:1 Plain "g" "g"
    7:4 Plain "h#i" "h#i"
  8:1 DoubleQuoted "j" "\"j\""
    8:6 Plain "k" "k" comment="sluice: v1.4.0"
"#);
}

#[test]
fn every_kind_of_line_break_counts_lines() {
    insta::assert_snapshot!(outline("a: 1\r\nb: 2\rc: |\r\n  x\r\n  y\r\nd: 😀é e\r\n"), @r#"
--- "a: 1\r\nb: 2\rc: |\r\n  x\r\n  y\r\nd: 😀é e\r\n"
1:1 Mapping "a: 1\r\nb: 2\rc: |\r\n  x\r\n  y\r\nd: 😀é e"
  1:1 Plain "a" "a"
    1:4 Plain "1" "1"
  2:1 Plain "b" "b"
    2:4 Plain "2" "2"
  3:1 Plain "c" "c"
    3:4 Literal "x\ny\n" "|\r\n  x\r\n  y"
  6:1 Plain "d" "d"
    6:4 Plain "😀é e" "😀é e"
"#);
}

#[test]
fn duplicate_keys_are_found_at_every_depth_in_the_order_of_the_file() {
    let stream = parse("a: {x: 1, 'x': 2}\nb:\n- c: 1\n  d: 2\n  c: 3\na: 4\n---\nok: 1\n");
    let found: Vec<String> = stream
        .documents()
        .iter()
        .flat_map(|document| stream.duplicate_keys(document))
        .map(|duplicate| format!("{} {}", duplicate.position, duplicate.key))
        .collect();
    assert_eq!(found, ["1:11 x", "5:3 c", "6:1 a"]);
}

#[test]
fn what_is_not_read_is_refused_with_its_kind_and_place() {
    let refusals = [
        refusal(b"a: b\nc: \xff\n"),
        refusal("a: [1\n"),
        refusal("a: 1\n\0b: 2\n"),
        refusal("a: *nobody\n"),
        refusal("a: &x [*x]\n"),
        refusal("a: x\u{85}y\n"),
        refusal("a: b # \u{2028}c: d\n"),
        refusal("a: \"x\"\nb: y\u{85}z\n"),
        refusal("a: |\n  \u{2029}\n"),
        refusal("- ".repeat(129) + "x"),
        refusal("[".repeat(200_000)),
        refusal("{{- if .Values.x }}\na: 1\n{{- end }}\n"),
        refusal("{% if x %}\na: 1\n{% endif %}\n"),
        refusal(format!(
            "a: &a [{}]\nb: &b [{}]\nc: &c [{}]\nd: [{}]\n",
            "x, ".repeat(99),
            "*a, ".repeat(99),
            "*b, ".repeat(99),
            "*c, ".repeat(99)
        )),
        refusal(format!(
            "a0: &a0 [x]\n{}",
            (1..200)
                .map(|n| format!("a{n}: &a{n} [*a{}]\n", n - 1))
                .collect::<String>()
        )),
        refusal(vec![b'#'; (4 << 20) + 1]),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r#"
NotUtf8 at 2:4: the bytes from here are not UTF-8
Broken at 1:4: unclosed bracket '['
Broken at 2:1: a NUL byte is here, which YAML does not allow
Broken at 1:4: while parsing node, found unknown anchor
TooManyAliases at 1:8: *x is inside the node that it refers to, so it never ends
AmbiguousLineBreak at 1:5: U+0085 is a line break in YAML 1.1 but not in YAML 1.2: remove it, or write it as an escape in double quotes
AmbiguousLineBreak at 1:8: U+2028 is a line break in YAML 1.1 but not in YAML 1.2: remove it, or write it as an escape in double quotes
AmbiguousLineBreak at 2:5: U+0085 is a line break in YAML 1.1 but not in YAML 1.2: remove it, or write it as an escape in double quotes
AmbiguousLineBreak at 2:3: U+2029 is a line break in YAML 1.1 but not in YAML 1.2: remove it, or write it as an escape in double quotes
TooDeep at 1:257: nested deeper than 128 levels
TooDeep at 1:129: nested deeper than 128 levels
Broken at 1:3: "-" is only valid inside a block
Broken at 1:2: unexpected character: `%'
TooManyAliases at 3:200: alias expansion exceeds the limit here: write the values out
TooDeep at 128:14: nested deeper than 128 levels when *a126 is expanded
TooLarge at 1:1: the file has 4194305 bytes, more than the 4194304 that are read
"#);
    assert_eq!(outline("a: \"x\u{85}\u{2028}y\"\n").lines().count(), 4);
}

#[test]
fn depth_at_the_limit_is_read() {
    for source in ["- ".repeat(128) + "x", "[".repeat(128) + &"]".repeat(128)] {
        parse(&source);
    }
}

#[test]
fn only_limits_are_limits() {
    use SyntaxErrorKind::{AmbiguousLineBreak, Broken, NotUtf8, TooDeep, TooLarge, TooManyAliases};
    let limits = [
        NotUtf8,
        TooLarge,
        TooDeep,
        TooManyAliases,
        AmbiguousLineBreak,
        Broken,
    ]
    .map(SyntaxErrorKind::is_limit);
    assert_eq!(limits, [false, true, true, true, true, false]);
}

#[test]
fn a_node_is_small() {
    assert!(
        size_of::<model::Record>() <= 32,
        "{}",
        size_of::<model::Record>()
    );
}
