use proptest::prelude::*;

use super::*;

fn key(key: &str) -> Segment {
    Segment::Key(key.to_owned())
}

#[test]
fn texts_and_steps_correspond() {
    let select = |key: &str, value: &str| Segment::Select {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let table: &[(&str, Vec<Segment>)] = &[
        ("", vec![]),
        ("spec", vec![key("spec")]),
        (
            "spec.helm.values",
            vec![key("spec"), key("helm"), key("values")],
        ),
        (
            "spec.sources[0].git.ref",
            vec![
                key("spec"),
                key("sources"),
                Segment::Index(0),
                key("git"),
                key("ref"),
            ],
        ),
        (
            "a[name=web].image",
            vec![key("a"), select("name", "web"), key("image")],
        ),
        ("a[\"x y\"=\"1.0\"]", vec![key("a"), select("x y", "1.0")]),
        ("c.\"db.password\"", vec![key("c"), key("db.password")]),
        ("\"\".\"a\\\"b\\\\\\n\"", vec![key(""), key("a\"b\\\n")]),
        (
            "\"größe\".\"\\u202e\\ufeff\"",
            vec![key("größe"), key("\u{202e}\u{feff}")],
        ),
        ("[1][2]", vec![Segment::Index(1), Segment::Index(2)]),
    ];
    for (text, segments) in table {
        let path: FieldPath = segments.iter().cloned().collect();
        assert_eq!(path.to_string(), *text);
        assert_eq!(text.parse::<FieldPath>().unwrap(), path, "{text}");
    }
}

#[test]
fn json_escapes_are_read() {
    let path: FieldPath = r#""\u00e9\ud83d\ude00\/\b\f\r\t""#.parse().unwrap();
    assert_eq!(path, FieldPath::keys(&["é😀/\u{8}\u{c}\r\t"]));
}

#[test]
fn what_is_no_path_is_refused_with_the_place() {
    let errors: Vec<String> = [
        ".a",
        "a.",
        "a..b",
        "a b",
        "a[",
        "a[]",
        "a[-1]",
        "a[01]",
        "a[\"1\"]",
        "a[x]",
        "a[x=",
        "a[x=y",
        "a]",
        "\"a",
        "\"\\x\"",
        "\"\\ud800\"",
        "\"\\u12\"",
        "a.ö",
        "a[99999999999999999999999]",
    ]
    .iter()
    .map(|text| text.parse::<FieldPath>().unwrap_err().to_string())
    .collect();
    insta::assert_snapshot!(errors.join("\n"), @r#"
the path `.a` cannot be read at character 1: expected a key; quote a key with characters other than letters, digits, `_` and `-`: `"a.b"`
the path `a.` cannot be read at character 3: expected a key; quote a key with characters other than letters, digits, `_` and `-`: `"a.b"`
the path `a..b` cannot be read at character 3: expected a key; quote a key with characters other than letters, digits, `_` and `-`: `"a.b"`
the path `a b` cannot be read at character 2: expected `.` and a key, or `[`; quote a key with other characters: `"a.b"`
the path `a[` cannot be read at character 3: expected a key; quote a key with characters other than letters, digits, `_` and `-`: `"a.b"`
the path `a[]` cannot be read at character 3: expected a key; quote a key with characters other than letters, digits, `_` and `-`: `"a.b"`
the path `a[-1]` cannot be read at character 3: expected the index of an element, or `key=value`
the path `a[01]` cannot be read at character 3: expected the index of an element, or `key=value`
the path `a["1"]` cannot be read at character 3: expected the index of an element, or `key=value`
the path `a[x]` cannot be read at character 3: expected the index of an element, or `key=value`
the path `a[x=` cannot be read at character 5: expected a key; quote a key with characters other than letters, digits, `_` and `-`: `"a.b"`
the path `a[x=y` cannot be read at character 6: expected `]`
the path `a]` cannot be read at character 2: expected `.` and a key, or `[`; quote a key with other characters: `"a.b"`
the path `"a` cannot be read at character 3: expected `"` at the end of the quoted key
the path `"\x"` cannot be read at character 2: unknown escape; the escapes are those of a JSON string
the path `"\ud800"` cannot be read at character 2: expected `\u` and four hexadecimal digits that form a character
the path `"\u12"` cannot be read at character 2: expected `\u` and four hexadecimal digits that form a character
the path `a.ö` cannot be read at character 3: expected a key; quote a key with characters other than letters, digits, `_` and `-`: `"a.b"`
the path `a[99999999999999999999999]` cannot be read at character 3: expected the index of an element, or `key=value`
"#);
}

#[test]
fn a_path_starts_with_itself_and_with_what_it_leads_through() {
    let path = |text: &str| text.parse::<FieldPath>().unwrap();
    assert!(path("a.b").starts_with(&path("a.b")));
    assert!(path("a.b[0].c").starts_with(&path("a.b")));
    assert!(!path("a.bc").starts_with(&path("a.b")));
    assert!(!path("a").starts_with(&path("a.b")));
    assert_eq!(path("a.b").last_key(), Some("b"));
    assert_eq!(path("a[0]").last_key(), None);
    assert_eq!(path("a.b").parent(), Some(path("a")));
    assert_eq!(path("").parent(), None);
    assert_eq!(path("a").child("b.c"), path("a.\"b.c\""));
}

#[test]
fn serde_reads_and_writes_the_text() {
    let path: FieldPath = serde_json::from_str(r#""a[name=b].c""#).unwrap();
    assert_eq!(serde_json::to_string(&path).unwrap(), r#""a[name=b].c""#);
    assert!(serde_json::from_str::<FieldPath>(r#""a..b""#).is_err());
}

fn any_segment() -> impl Strategy<Value = Segment> {
    let word = prop_oneof!["[a-z]{1,4}", any::<String>()];
    prop_oneof![
        word.clone().prop_map(Segment::Key),
        (0..usize::MAX).prop_map(Segment::Index),
        (word.clone(), word).prop_map(|(key, value)| Segment::Select { key, value }),
    ]
}

proptest! {
    #[test]
    fn every_path_is_read_back_from_its_text(segments in prop::collection::vec(any_segment(), 0..6)) {
        let path: FieldPath = segments.into_iter().collect();
        prop_assert_eq!(path.to_string().parse::<FieldPath>().unwrap(), path);
    }

    #[test]
    fn any_text_is_read_or_refused_without_panic(text in any::<String>()) {
        if let Ok(path) = text.parse::<FieldPath>() {
            prop_assert_eq!(path.to_string().parse::<FieldPath>().unwrap(), path);
        }
    }
}
