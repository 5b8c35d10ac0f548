use proptest::prelude::*;

use super::super::sample::{CANARY, HOSTILE, change, hostile, ordinary, promotion, secret};
use super::*;
use crate::model::plan::Promotion;

fn texts(yaml: &str) -> Texts {
    serde_yaml::from_str(yaml).unwrap()
}

fn bump() -> Promotion {
    promotion(vec![change(
        "podinfo",
        "spec.helm.version",
        Some("6.5.2"),
        "6.5.3",
    )])
}

fn own(template: &str) -> Worded<Line> {
    let texts = texts(&serde_json::json!({ "title": template }).to_string());
    title(&texts, "podinfo", &bump())
}

#[test]
fn the_built_in_title_says_what_moves_where() {
    let title = |promotion: &Promotion| {
        title(&Texts::default(), "podinfo", promotion)
            .text
            .to_string()
    };
    assert_eq!(title(&bump()), "podinfo → prod: 6.5.2 → 6.5.3");
    assert_eq!(
        title(&ordinary()),
        "podinfo → prod: podinfo 6.5.2 → 6.5.3, api 3f2a1c9 → 9be04d1, a secret"
    );
    assert_eq!(
        title(&promotion(vec![secret("keys", "db-password")])),
        "podinfo → prod: 1 secret"
    );
}

#[test]
fn a_hostile_title_is_one_line_that_nothing_acts_on() {
    let line = title(&Texts::default(), HOSTILE, &hostile())
        .text
        .to_string();
    insta::assert_snapshot!(line.replace('\u{200b}', "·"), @r"
    a b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [ski… → a b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [ski…: 3 changes in 2 manifests
    ");
    assert!(line.chars().count() < 400);
}

#[test]
fn the_policy_words_title_and_subject() {
    let texts = texts(
        "{ title: 'Release {{ services }} {{ new | upper }} to {{ stage }} [skip ci]', subject: 'chore({{ stage }}): {{ changes }} from {{ sources }} ({{ plan }})' }",
    );
    let title = title(&texts, "podinfo", &bump());
    assert_eq!(title.problem, None);
    assert_eq!(
        title.text.as_str(),
        "Release podinfo 6.5.3 to prod [\u{200b}skip ci]"
    );
    let subject = subject(&texts, "podinfo", &bump());
    assert_eq!(
        subject.text.as_str(),
        "chore(prod): 6.5.2 → 6.5.3 from dev (7c1e09)"
    );
}

#[test]
fn services_are_not_the_names_of_secrets() {
    let texts = texts("title: '{{ services }}.'");
    assert_eq!(
        title(&texts, "p", &ordinary()).text.as_str(),
        "podinfo, api."
    );
}

#[test]
fn old_and_new_are_empty_where_several_values_change_and_never_secret() {
    let texts = texts("title: '{{ old }}|{{ new }}|{{ new or changes }}'");
    assert_eq!(
        title(&texts, "p", &promotion(vec![secret("keys", "a")]))
            .text
            .as_str(),
        "||1 secret"
    );
    let both = promotion(vec![
        change("a", "spec.helm.version", Some("1"), "2"),
        secret("keys", "a"),
    ]);
    let line = title(&texts, "p", &both).text.to_string();
    assert_eq!(line, "||2, a secret".replace("2,", "1 → 2,"));
    assert!(!line.contains(CANARY));
}

#[test]
fn a_text_that_fails_is_replaced_and_said() {
    let mut said = String::new();
    let long = "x".repeat(1001);
    for template in [
        "{{ pipelin }}",
        "{{ new",
        "{% for x in [1] %}{% endfor %}",
        "{# hidden #}x",
        "{{ 'x' * 100000000 }}",
        "{{ ' }} x' * 100000000 }}",
        "{{ ( }} * 3) }}",
        "{{ range(1000000000) }}",
        "{{ new | replace('6', '66666666') }}",
        "{{ new.__class__ }}",
        "{{ \"\\\" }} * \" }}",
        "{% include '/etc/passwd' %}",
        "  {{ '' }}  ",
        &long,
    ] {
        let worded = own(template);
        assert_eq!(
            worded.text.as_str(),
            "podinfo → prod: 6.5.2 → 6.5.3",
            "{template}"
        );
        said.push_str(&format!("{}\n", worded.problem.unwrap()));
    }
    insta::assert_snapshot!(said, @r#"
    texts.title of the policy is not used: it uses a name that does not exist; there are pipeline, stage, sources, services, old, new, changes and plan
    texts.title of the policy is not used: a {{ is not closed by }}
    texts.title of the policy is not used: statements and comments are not for texts; use {{ … }} with a name
    texts.title of the policy is not used: statements and comments are not for texts; use {{ … }} with a name
    texts.title of the policy is not used: `*` is not for texts: {{ 'x' * 100000000 }}
    texts.title of the policy is not used: a quote is not closed: {{ ' }}
    texts.title of the policy is not used: syntax error: unexpected `}`
    texts.title of the policy is not used: unknown function: range is unknown
    texts.title of the policy is not used: unknown filter: filter replace is unknown
    texts.title of the policy is not used: it uses a name that does not exist; there are pipeline, stage, sources, services, old, new, changes and plan
    texts.title of the policy is not used: `\` is not for texts: {{ "\" }}
    texts.title of the policy is not used: statements and comments are not for texts; use {{ … }} with a name
    texts.title of the policy is not used: it is empty for this promotion
    texts.title of the policy is not used: it has more than 1000 characters
    "#);
}

#[test]
fn a_note_keeps_its_lines_and_its_own_addresses() {
    let note = |template: &str, promotion: &Promotion| {
        let texts = texts(&serde_json::json!({ "note": template }).to_string());
        note(&texts, "podinfo", promotion).text
    };
    let text =
        "Runbook: https://wiki.example/{{ stage }}.\n\n- <b>ask</b> @sre, *first*\n# no heading";
    insta::assert_snapshot!(note(text, &bump()).unwrap().replace('\u{200b}', "·"), @r"
    Runbook: <https://wiki.example/prod>.

    \- &lt;b&gt;ask&lt;/b&gt; @·sre, \*first\*
    \#· no heading
    ");
    assert_eq!(note("{{ old }}", &ordinary()), None);
    assert_eq!(
        note("https://wiki.example!", &bump()).unwrap(),
        "<https://wiki.example>!"
    );
    // An address inside a name is not a link, and nothing next to it is.
    let mut evil = bump();
    evil.stage = "https://evil.example".into();
    let note = note("https://wiki.example {{ stage }}", &evil).unwrap();
    assert!(!note.contains("://") && !note.contains('<'), "{note}");
}

proptest! {
    #[test]
    fn a_note_is_text_and_links_that_it_spells_out(words in proptest::collection::vec(proptest::sample::select(
        &["\n", "\n\n", "- a", "1. b", "# c", "> d", "    e", "***", "---", "===", "<img>", "[x](y)", "https://wiki.example/a_b", "https://wiki.example/a*c", "http://x.example",
          "https://x.example/<b>", "www.x.example", "@sre", "#1", "`c`", "| a | b |", "|---|---|", "$x$", "[x]: https://y.example", "&lt;", "(https://z.example)."][..]
    ), 0..12)) {
        let texts = Texts { note: Some(crate::yaml::Located { value: words.join(" "), at: Position::default() }), ..Texts::default() };
        let note = note(&texts, "p", &bump()).text.unwrap_or_default();
        let mut options = comrak::Options::default();
        options.extension.autolink = true;
        options.extension.table = true;
        let arena = comrak::Arena::new();
        for node in comrak::parse_document(&arena, &note, &options).descendants() {
            use comrak::nodes::NodeValue;
            match &node.data.borrow().value {
                NodeValue::Document | NodeValue::Paragraph | NodeValue::Text(_) | NodeValue::SoftBreak => {}
                NodeValue::Link(link) => prop_assert!(["https://wiki.example/a_b", "https://y.example"].contains(&link.url.as_str()), "{}", link.url),
                other => prop_assert!(false, "{other:?} in {note:?}"),
            }
        }
    }

    #[test]
    fn whatever_the_policy_says_a_title_is_one_short_line(template in "[ -~\\n→{}%|'\"a-e]{0,60}", name in any::<String>()) {
        let texts = Texts { title: Some(crate::yaml::Located { value: template, at: Position::default() }), ..Texts::default() };
        let line = title(&texts, &name, &bump()).text.to_string();
        prop_assert!(!line.is_empty() && !line.contains(['\n', '\r']));
        prop_assert!(line.chars().count() <= 200 * 10);
    }

    #[test]
    fn no_template_makes_much_of_little(parts in proptest::collection::vec(proptest::sample::select(
        &["{{", "}}", " new ", "~", "+", "(", ")", "[", "]", "'x'", "\"", "|upper", "*", "**", "9", "{%", "%}", "set a=", " if ", " else ", ",", ":", "{", "}", "-"][..]
    ), 0..40)) {
        // Nothing here may panic, hang or fill the memory; what passes is bounded by its length.
        let template = parts.concat();
        if let Ok(text) = expand("texts.title", &template, &Names::of("p", &bump()), 1000) {
            prop_assert!(text.len() <= template.len() * 200);
        }
    }
}
