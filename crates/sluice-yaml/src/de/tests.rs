use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::*;
use crate::Limits;
use crate::syntax::Position;

fn read<T: DeserializeOwned>(source: &str) -> Result<T, DeError> {
    let stream = Stream::parse(source.as_bytes(), &Limits::default()).unwrap();
    from_node(&stream, stream.documents()[0].root.unwrap())
}

fn error<T: DeserializeOwned + std::fmt::Debug>(source: &str) -> String {
    read::<T>(source).unwrap_err().to_string()
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    name: Located<String>,
    #[serde(default)]
    count: Option<u8>,
    #[serde(default)]
    mode: Option<Mode>,
    #[serde(default)]
    list: Vec<Located<Mode>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Fast,
    Slow,
    With(u8),
    Both { left: bool },
    Pair(u8, u8),
}

fn at(line: u32, column: u32) -> Position {
    Position { line, column }
}

#[test]
fn strings_are_the_text_as_written() {
    let source = "a: 1.10\nb: 0x1F\nc: yes\nd: 2024-01-02\ne: true\nf: 'null'\ng: !!str\nh: \"~\"\ni: |\n  x\n1: k\n~: n\n";
    let read: BTreeMap<String, String> = read(source).unwrap();
    let expected = [
        ("1", "k"),
        ("a", "1.10"),
        ("b", "0x1F"),
        ("c", "yes"),
        ("d", "2024-01-02"),
        ("e", "true"),
        ("f", "null"),
        ("g", ""),
        ("h", "~"),
        ("i", "x\n"),
        ("~", "n"),
    ];
    assert_eq!(
        read,
        expected
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
    );
}

#[test]
fn null_is_none_and_no_string() {
    let read_all: Vec<Option<String>> = read("[~, null, '', !!str ~, x]").unwrap();
    assert_eq!(
        read_all,
        [
            None,
            None,
            Some(String::new()),
            Some("~".to_owned()),
            Some("x".to_owned())
        ]
    );
    assert_eq!(
        error::<Vec<String>>("- a\n- ~\n"),
        "2:3: [1]: expected a string, found nothing"
    );
    assert_eq!(
        error::<Vec<String>>("- a\n-\n"),
        "2:2: [1]: expected a string, found nothing"
    );
    read::<()>("~").unwrap();
}

#[test]
fn numbers_and_booleans_are_plain_core_schema_scalars() {
    assert_eq!(
        read::<Vec<u8>>("[0, 0xff, 0o17, +1]").unwrap(),
        [0, 255, 15, 1]
    );
    assert_eq!(
        read::<Vec<f64>>("[1, 1.5, -.inf]").unwrap(),
        [1.0, 1.5, f64::NEG_INFINITY]
    );
    assert_eq!(read::<Vec<bool>>("[true, FALSE]").unwrap(), [true, false]);
    assert_eq!(read::<i64>("-9223372036854775808").unwrap(), i64::MIN);
    assert_eq!(read::<u8>("!!int '7'").unwrap(), 7);
    assert_eq!(
        error::<u8>("300"),
        "1:1: expected a whole number, found a whole number that does not fit"
    );
    assert_eq!(
        error::<u8>("'3'"),
        "1:1: expected a whole number, found a string"
    );
    assert_eq!(
        error::<u8>("!!str 3"),
        "1:7: expected a whole number, found a string"
    );
    assert_eq!(
        error::<bool>("yes"),
        "1:1: expected a boolean, found a string"
    );
    assert_eq!(
        error::<u8>("1.5"),
        "1:1: expected a whole number, found a number"
    );
    assert_eq!(
        error::<u8>("[]"),
        "1:1: expected a whole number, found a list"
    );
}

#[test]
fn an_untyped_reading_resolves_the_core_schema() {
    let value: serde_json::Value =
        read("a: [1, -2, 1.5, true, ~, 'true', x]\nb: {c: }\nd: 99999999999999999999\n").unwrap();
    assert_eq!(
        value,
        serde_json::json!({"a": [1, -2, 1.5, true, null, "true", "x"], "b": {"c": null}, "d": 1e20})
    );
}

#[test]
fn positions_are_those_of_the_values() {
    let read: Strict = read("name: x\ncount: 3\nmode: fast\nlist:\n- slow\n- with: 2\n- both: {left: true}\n- pair: [1, 2]\n").unwrap();
    assert_eq!(read.name.at, at(1, 7));
    assert_eq!(*read.name, "x");
    let list: Vec<(Position, Mode)> = read
        .list
        .into_iter()
        .map(|mode| (mode.at, mode.value))
        .collect();
    assert_eq!(
        list,
        [
            (at(5, 3), Mode::Slow),
            (at(6, 3), Mode::With(2)),
            (at(7, 3), Mode::Both { left: true }),
            (at(8, 3), Mode::Pair(1, 2)),
        ]
    );
    let nested: Located<HashMap<String, Located<Vec<Located<u8>>>>> =
        super::tests::read("k:\n  - 1\n  - 2\n").unwrap();
    assert_eq!(
        (nested.at, nested["k"].at, nested["k"][1].at),
        (at(1, 1), at(2, 3), at(3, 5))
    );
}

#[test]
fn located_values_are_transparent_in_other_formats() {
    let read: Vec<Located<Vec<u8>>> = serde_json::from_str("[[1], [2, 3, 4]]").unwrap();
    assert_eq!(
        read[1],
        Located {
            value: vec![2, 3, 4],
            at: Position::default()
        }
    );
    assert_eq!(serde_json::to_string(&read).unwrap(), "[[1],[2,3,4]]");
    let read: Located<Option<String>> = serde_yaml::from_str("~").unwrap();
    assert_eq!(read.value, None);
    assert_eq!(
        schemars::schema_for!(Located<u8>),
        schemars::schema_for!(u8)
    );
}

#[test]
fn errors_point_at_the_key_or_value_at_fault() {
    let errors = [
        error::<Strict>("# c\ncount: 1\n"),
        error::<Strict>("name: x\nnmae: y\n"),
        error::<Strict>("name: x\nmode: fsat\n"),
        error::<Strict>("name: x\nlist: [slow, {wiht: 1}]\n"),
        error::<Strict>("name: x\nlist: [slow, {with: x}]\n"),
        error::<Strict>("name: x\nlist: [slow, {with: 1, both: 2}]\n"),
        error::<Strict>("name: x\nlist: [slow, with]\n"),
        error::<Strict>("name: x\nlist: [fast: 1]\n"),
        error::<Strict>("name: [x]\n"),
        error::<Strict>("name: x\ncount: 1\ncount: 2\n"),
        error::<Strict>("- name\n"),
        error::<Strict>("name: x\ncount: {a: b}\n"),
        error::<Strict>("[a]: b\n"),
        error::<HashMap<String, (u8, u8)>>("a.b: [1]\n"),
        error::<Strict>("name: x\n<<: [1]\n"),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r#"
2:1: the field `name` is missing
2:1: the field `nmae` is unknown here, expected one of `name`, `count`, `mode`, `list`
2:7: mode: `fsat` is unknown here, expected one of `fast`, `slow`, `with`, `both`, `pair`
2:15: list[1]: `wiht` is unknown here, expected one of `fast`, `slow`, `with`, `both`, `pair`
2:21: list[1]: expected a whole number, found a string
2:14: list[1]: expected a mapping with exactly one key
2:14: list[1]: expected a value after this name
2:14: list[0]: this name takes no content
1:7: name: expected a string, found a list
3:1: duplicate key `count` in this mapping: remove one of them
1:1: expected a mapping, found a list
2:8: count: expected a whole number, found a mapping
1:1: expected a name, found a list
1:6: "a.b": expected a tuple of size 2, found 1 of them
2:5: `<<` needs a mapping or a list of mappings
"#);
}

#[test]
fn unknown_names_come_with_the_known_ones() {
    let error = read::<Strict>("name: x\nnmae: y\n").unwrap_err();
    let unknown = error.unknown.unwrap();
    assert_eq!(unknown.name, "nmae");
    assert_eq!(unknown.expected, ["name", "count", "mode", "list"]);
    let error = read::<Strict>("name: x\nmode: fsat\n").unwrap_err();
    assert_eq!(error.path.to_string(), "mode");
    assert_eq!(
        error.unknown.unwrap().expected,
        ["fast", "slow", "with", "both", "pair"]
    );
}

#[test]
fn messages_never_hold_a_value() {
    for source in [
        "name: x\ncount: s3cret\n",
        "name: x\ncount: 53973\n",
        "name: {s3cret: 53973}\n",
    ] {
        let message = error::<Strict>(source);
        assert!(
            !message.contains("s3cret") && !message.contains("53973"),
            "{message}"
        );
    }
}

#[test]
fn aliases_and_merges_are_resolved_and_errors_stand_at_the_alias() {
    type Table = BTreeMap<String, BTreeMap<String, u8>>;
    let source = "a: &a {x: 1, y: 2}\nb: *a\nc:\n  <<: *a\n  y: 3\n";
    let read_all: Table = read(source).unwrap();
    assert_eq!(read_all["b"], read_all["a"]);
    assert_eq!(
        read_all["c"],
        [("x".to_owned(), 1), ("y".to_owned(), 3)].into()
    );
    assert_eq!(
        error::<BTreeMap<String, Vec<u8>>>("a: &a [1]\nb: [2]\nc: [*a]\n"),
        "3:5: c[0]: expected a whole number, found a list"
    );
}

#[test]
fn maps_keep_the_order_of_the_file() {
    struct Keys(Vec<String>);
    impl<'de> Deserialize<'de> for Keys {
        fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Collect;
            impl<'de> Visitor<'de> for Collect {
                type Value = Keys;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a mapping")
                }
                fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                    let mut keys = Vec::new();
                    while let Some((key, _)) = map.next_entry::<String, de::IgnoredAny>()? {
                        keys.push(key);
                    }
                    Ok(Keys(keys))
                }
            }
            deserializer.deserialize_map(Collect)
        }
    }
    assert_eq!(
        read::<Keys>("z: 1\na: 2\nm: 3\n").unwrap().0,
        ["z", "a", "m"]
    );
}
