use proptest::prelude::*;

use super::*;

#[test]
fn a_plain_value_stays_plain_only_where_nobody_could_misread_it() {
    let plain = [
        "v1.4.0",
        "1.2.3",
        "main",
        "release/1.x",
        "4a5b6c",
        "6f1e0a",
        "0.1.2-rc1",
        "a:b",
        "a#b",
        "it's",
        "a b",
        "größe",
        "https://example.com/x?y=z",
        "a{b}",
        "a, b",
        "_x",
        "/etc",
        "x-",
        "$HOME",
        "(x)",
        "<x",
        "1.2.3.4",
        "1h30m",
        "0xyz",
        "12e3f",
        "2024-01",
        "=x",
        ".5.",
        "..a",
        "nullx",
        "12 34",
        "0b12x",
        "^1.2",
        "~1.2",
    ];
    for value in plain {
        assert_eq!(render(value, Quotes::Plain, Context::Block), value);
    }
    let quoted = [
        "",
        " a",
        "a ",
        "- a",
        "-",
        "-1",
        "--- a",
        "...",
        "?",
        ": a",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "'a'",
        "\"a\"",
        "%a",
        "@a",
        "`a`",
        "{a}",
        "[a]",
        ",a",
        "a\tb",
        "a\nb",
        "null",
        "Null",
        "~",
        "true",
        "YES",
        "no",
        "On",
        "off",
        "y",
        "N",
        "1",
        "1.10",
        "1_000",
        "1,000",
        "+1",
        "017",
        "0o17",
        "0x1F",
        "0b11",
        "1:30",
        "190:20:30.15",
        "1.",
        ".5",
        "1e3",
        "1E+3",
        "12e34",
        ".inf",
        "-.Inf",
        ".NaN",
        "nan",
        "2024-01-02",
        "2024-1-2 x",
        "2001-12-14t21:59:43.10-05:00",
        "=",
        "<<",
        "a\u{a0}b",
        "\u{feff}a",
        "a\u{202e}b",
        "😀",
        "0x",
        "_1",
    ];
    for value in quoted {
        assert_eq!(
            render(value, Quotes::Plain, Context::Block),
            double_quoted(value)
        );
    }
}

#[test]
fn flow_context_is_stricter() {
    for value in ["a,b", "a{b", "a}b", "a[b", "a]b", "a:b", "a?b"] {
        assert_eq!(
            render(value, Quotes::Plain, Context::Flow),
            format!("\"{value}\"")
        );
        assert_eq!(render(value, Quotes::Plain, Context::Block), value);
    }
    assert_eq!(render("v1.4.0", Quotes::Plain, Context::Flow), "v1.4.0");
}

#[test]
fn quotes_are_kept_where_they_can_hold_the_value() {
    assert_eq!(render("it's", Quotes::Single, Context::Block), "'it''s'");
    assert_eq!(render("1.10", Quotes::Single, Context::Flow), "'1.10'");
    assert_eq!(render("", Quotes::Single, Context::Block), "''");
    assert_eq!(render("a\tb", Quotes::Single, Context::Block), "'a\tb'");
    assert_eq!(render("a\nb", Quotes::Single, Context::Block), "\"a\\nb\"");
    assert_eq!(render("v1", Quotes::Double, Context::Block), "\"v1\"");
    assert_eq!(
        render(
            "a\"\\\u{0}\u{85}\u{2028}\u{e0001}é😀",
            Quotes::Double,
            Context::Block
        ),
        "\"a\\\"\\\\\\x00\\x85\\u2028\\U000e0001é😀\""
    );
}

#[test]
fn keys_are_plain_where_that_is_safe() {
    assert_eq!(
        render_key("version", Quotes::Plain, Context::Block),
        "version"
    );
    assert_eq!(
        render_key("db.password", Quotes::Plain, Context::Flow),
        "db.password"
    );
    assert_eq!(render_key("a:b", Quotes::Plain, Context::Block), "\"a:b\"");
    assert_eq!(render_key("on", Quotes::Plain, Context::Block), "\"on\"");
    assert_eq!(render_key("<<", Quotes::Plain, Context::Block), "\"<<\"");
    assert_eq!(
        render_key("version", Quotes::Double, Context::Flow),
        "\"version\""
    );
}

fn lines(value: &str, header: &str) -> Result<String, &'static str> {
    let block = BlockText {
        header,
        indent: 2,
        line_break: "\n",
        is_terminated: true,
    };
    block_text(value, block)
}

#[test]
fn block_scalars_keep_their_header_or_refuse() {
    assert_eq!(lines("a\n\n b\n", "|").unwrap(), "  a\n\n   b");
    assert_eq!(lines("a\nb\n\nc", ">-").unwrap(), "  a\n\n  b\n\n\n  c");
    assert_eq!(lines("a\n\n\n", "|+").unwrap(), "  a\n\n");
    assert_eq!(lines(" a", "|2-").unwrap(), "   a");
    assert_eq!(lines("\na\n", "|").unwrap(), "\n  a");
    for (value, header) in [
        ("a", "|"),
        ("a\n\n", "|"),
        ("a\n", "|-"),
        ("a", "|+"),
        ("", "|-"),
        ("\n", "|"),
        (" a\n", "|"),
    ] {
        assert!(lines(value, header).is_err(), "{value:?} under {header}");
    }
    for value in [
        "a\n b\n",
        "\na\n",
        "\ta\n",
        "a\rb\n",
        "a\u{85}\n",
        "a\u{0}\n",
    ] {
        assert!(lines(value, ">").is_err(), "{value:?}");
    }
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[-+.:_,0-9eExob]{1,8}",
        "[ a#:,\\[\\]{}'\"&*!|>%@`?-]{1,6}",
        "[\\x00-\\x20a\u{85}\u{a0}\u{2028}\u{feff}😀]{1,5}",
        "(true|null|on|~|=|<<|y|2024-01-02)",
    ]
}

/// Typed reading by the second parser: a string, or something else.
fn is_read_as(text: &str, value: &str) -> bool {
    matches!(serde_yaml::from_str::<serde_yaml::Value>(text), Ok(serde_yaml::Value::Mapping(map))
        if map.len() == 1 && map.get("k") == Some(&serde_yaml::Value::String(value.to_owned())))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_rendering_is_read_back_as_that_string(
        value in any_value(),
        quotes in prop_oneof![Just(Quotes::Plain), Just(Quotes::Single), Just(Quotes::Double)],
    ) {
        let block = format!("k: {} # c\n", render(&value, quotes, Context::Block));
        prop_assert!(is_read_as(&block, &value), "{block}");
        let flow = format!("{{k: {}}}\n", render(&value, quotes, Context::Flow));
        prop_assert!(is_read_as(&flow, &value), "{flow}");
    }

    #[test]
    fn every_block_text_is_read_back(
        value in prop_oneof!["[a b\n\t]{1,12}", "[a-c\n ]{1,20}\n{0,3}", any::<String>()],
        header in "[|>]2?[-+]?",
    ) {
        if let Ok(text) = lines(&value, &header) {
            let document = format!("k: {header}\n{text}\n");
            prop_assert!(is_read_as(&document, &value), "{document:?}");
        }
    }
}

#[test]
fn a_type_is_clear_only_where_every_reader_finds_what_the_text_says() {
    let of = |kind: PlainType, texts: &[&str]| {
        for text in texts {
            assert_eq!(plain_type(text), kind, "{text}");
        }
    };
    of(PlainType::Text, &["1.2.3", "v1", "main", "2024.9-a", "1h"]);
    of(PlainType::Boolean, &["true", "false"]);
    of(
        PlainType::Number,
        &[
            "0",
            "3",
            "-3",
            "1000000",
            "0.5",
            "-1.5",
            "12.1",
            "2024.9",
            "9223372036854775807",
        ],
    );
    of(
        PlainType::Unclear,
        &[
            "12.10",
            "1.0",
            "1e3",
            "012",
            "0x1F",
            "0o17",
            "0b1",
            "1_000",
            "1,000",
            "yes",
            "Yes",
            "no",
            "on",
            "y",
            "True",
            "1:30",
            "+1",
            "-0",
            ".5",
            "1.",
            "0.00001",
            ".inf",
            "2024-01-02",
            "9223372036854775808",
            "null",
            "~",
            "",
        ],
    );
}
