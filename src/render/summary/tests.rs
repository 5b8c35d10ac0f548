use std::time::Duration;

use comrak::nodes::NodeValue;
use comrak::{Arena, Options, parse_document};

use super::*;
use crate::model::finding::Finding;
use crate::model::life::LifeState;
use crate::model::name::StageName;
use crate::model::pipeline::Pipeline;
use crate::model::pipeline::{Edge, EdgeEnds, Gate, GateKind, Stage};
use crate::model::plan::SkippedBy;
use crate::model::source_location::{Position, SourceLocation};
use crate::render::link::Link;
use crate::render::sample::HOSTILE;
use crate::yaml::Located;

fn row<'a>(state: LifeState, pipeline: &'a str, what: &'a str, why: &str, next: &str) -> Row<'a> {
    Row {
        state,
        kind: None,
        pipeline,
        to: "prod",
        what,
        pull: None,
        why: why.to_owned(),
        commit: None,
        approve: None,
        next: next.to_owned(),
    }
}

fn pull(number: u64) -> Option<Pull> {
    let link = Link::parse(&format!("https://github.com/acme/gitops/pull/{number}"));
    Some(Pull { number, link })
}

fn finding(code: &'static str, file: &str, message: &str) -> Finding {
    let at = Position {
        line: 9,
        column: 10,
    };
    Finding::warning(code, SourceLocation::new(&file.into(), at), message)
}

fn error(code: &'static str, message: &str) -> Finding {
    Finding {
        severity: crate::model::finding::Severity::Error,
        ..finding(code, "clusters/prod/old.yaml", message)
    }
}

fn by(author: &str) -> SkippedBy {
    SkippedBy {
        commit: "a81f03ec".repeat(5).parse().unwrap(),
        author: author.to_owned(),
        date: "2026-11-20T02:14:00Z".parse().unwrap(),
    }
}

fn pipeline(name: &str) -> Pipeline {
    let located = |name: &str| Located {
        value: StageName::from(name),
        at: Position::default(),
    };
    let stage = |name: &str| Stage {
        name: located(name),
        services: Vec::new(),
    };
    Pipeline {
        name: name.into(),
        namespace: None,
        written_namespace: None,
        file: "pipeline.yaml".into(),
        at: Position::default(),
        stages: vec![stage("dev"), stage("prod")],
        edges: vec![Edge {
            at: Position::default(),
            ends: EdgeEnds::Stages {
                from: located("dev"),
                to: located("prod"),
            },
            gates: vec![Gate {
                job: None,
                name: name.into(),
                kind: GateKind::Approval,
                at: Position::default(),
            }],
        }],
    }
}

fn base(pipelines: usize) -> Summary<'static> {
    Summary {
        base: "main",
        tip: Some("9be04d1a".repeat(5).parse().unwrap()),
        pipelines,
        requests: Some(7),
        took: Some(Duration::from_millis(1234)),
        files: Link::parse("https://github.com/acme/gitops/blob/9be04d1/"),
        ..Summary::default()
    }
}

/// The summary, its breaks made visible.
fn text(summary: &Summary<'_>) -> String {
    let text = summary.markdown().unwrap();
    assert!(!text.contains("\n\n\n"), "{text}");
    text.replace('\u{200b}', "·")
}

#[test]
fn an_ordinary_summary_says_first_what_needs_a_person() {
    let mut rows = vec![
        row(
            LifeState::Waiting,
            "podinfo",
            "dev",
            "1 of 2 approvals",
            "dave or erin",
        ),
        row(
            LifeState::Landed,
            "web",
            "dev",
            "merged",
            "soak ends 18:30 UTC",
        ),
        row(
            LifeState::Waiting,
            "api",
            "qa",
            "office-hours shut",
            "Mon 09:00 Berlin",
        ),
        row(
            LifeState::NeedsPerson,
            "billing",
            "qa",
            "frank pushed to the branch",
            "close it, then run the workflow with `command: promote` (or `rollback`)",
        ),
    ];
    rows[0].pull = pull(127);
    rows[1].commit = Some((
        "4d0c2aab".repeat(5).parse().unwrap(),
        Link::parse("https://github.com/acme/gitops/commit/4d0c2aa"),
    ));
    rows[2].pull = pull(129);
    rows[3].pull = pull(131);
    let erin = by("erin");
    let findings = [finding(
        "target-moves",
        "clusters/prod/old.yaml",
        "prod follows `master` by itself",
    )];
    let moving = [pipeline("podinfo")];
    let notices = ["12 non-YAML files passed over".to_owned()];
    let summary = Summary {
        rows,
        ahead: vec![Ahead {
            service: "ledger",
            stage: "prod",
            by: &erin,
            link: None,
            taken_away: false,
        }],
        in_sync: 195,
        not_moved: 0,
        findings: &findings,
        moving: moving.iter().collect(),
        notices: &notices,
        ..base(200)
    };
    insta::assert_snapshot!(text(&summary), @r#"
    ### Sluice: 1 needs you, 1 landed, 2 waiting · 1 ahead, 195 in sync

    - ⛔ needs you · **billing → prod** qa · [#131](https://github.com/acme/gitops/pull/131)\
      frank pushed to the branch · close it, then run the workflow with `command: promote` (or `rollback`)
    - ✅ landed · **web → prod** dev · [`4d0c2aa`](https://github.com/acme/gitops/commit/4d0c2aa)\
      merged · soak ends 18:30 UTC
    - ⏳ waiting · **podinfo → prod** dev · [#127](https://github.com/acme/gitops/pull/127)\
      1 of 2 approvals · dave or erin
    - ⏳ waiting · **api → prod** qa · [#129](https://github.com/acme/gitops/pull/129)\
      office-hours shut · Mon 09:00 Berlin

    **Ahead of source**
    - ledger/prod: set by hand in `a81f03e` (erin, 2026-11-20 02:14 UTC)

    **Warnings**
    - `target-moves` [clusters/prod/old.yaml:9](https://github.com/acme/gitops/blob/9be04d1/clusters/prod/old.yaml#L9) prod follows `master` by itself

    <details><summary>The pipelines that move</summary>

    ```mermaid
    flowchart LR
      subgraph p0["podinfo"]
        p0s0["<b>dev</b>"]
        p0s1["<b>prod</b>"]
        p0s0 -->|"podinfo (APPROVAL)"| p0s1
      end
    ```

    </details>

    <sub>main `9be04d1` · 200 pipelines · 7 requests · 1.2 s · 12 non-YAML files passed over</sub>
    "#);
}

#[test]
fn nothing_to_say_is_said_in_two_lines() {
    let in_sync = Summary {
        in_sync: 1,
        ..base(1)
    };
    insta::assert_snapshot!(format!("{}\n====\n{}", text(&base(0)), text(&in_sync)), @r"
    ### Sluice: nothing to promote

    There is no Pipeline on main, so there is nothing to promote.

    <sub>main `9be04d1` · 0 pipelines · 7 requests · 1.2 s</sub>
    ====
    ### Sluice: 1 in sync

    Nothing had to move.

    <sub>main `9be04d1` · 1 pipeline · 7 requests · 1.2 s</sub>
    ");
}

#[test]
fn stages_that_nothing_promotes_are_counted_apart_and_said() {
    let summary = |not_moved| Summary {
        in_sync: 3,
        not_moved,
        ..base(1)
    };
    insta::assert_snapshot!(format!("{}\n====\n{}", text(&summary(1)), text(&summary(2))), @r"
    ### Sluice: 3 in sync, 1 not moved

    Nothing had to move.

    1 stage is not moved: no service of it takes anything from another. `sluice init` shows the `serviceRef` to add, `sluice plan` says why.

    <sub>main `9be04d1` · 1 pipeline · 7 requests · 1.2 s</sub>
    ====
    ### Sluice: 3 in sync, 2 not moved

    Nothing had to move.

    2 stages are not moved: no service of them takes anything from another. `sluice init` shows the `serviceRef` to add, `sluice plan` says why.

    <sub>main `9be04d1` · 1 pipeline · 7 requests · 1.2 s</sub>
    ");
}

#[test]
fn errors_alone_come_first_and_say_what_to_do() {
    let findings = [
        error("cycle", "dev → qa → dev").help("remove one of the edges"),
        error("unknown-stage", "`prd` is no stage; did you mean `prod`?"),
    ];
    let summary = Summary {
        findings: &findings,
        banner: Some("A dry run: nothing was written."),
        ..base(1)
    };
    insta::assert_snapshot!(text(&summary), @r"
    ### Sluice: 2 errors

    A dry run: nothing was written.

    **Errors**
    - `cycle` [clusters/prod/old.yaml:9](https://github.com/acme/gitops/blob/9be04d1/clusters/prod/old.yaml#L9) dev → qa → dev *remove one of the edges*
    - `unknown-stage` [clusters/prod/old.yaml:9](https://github.com/acme/gitops/blob/9be04d1/clusters/prod/old.yaml#L9) `prd` is no stage; did you mean `prod`?

    <sub>main `9be04d1` · 1 pipeline · 7 requests · 1.2 s</sub>
    ");
}

#[test]
fn a_hostile_summary_has_only_the_elements_of_the_layout() {
    let mut rows = vec![row(LifeState::Error, HOSTILE, HOSTILE, HOSTILE, HOSTILE)];
    rows[0].to = HOSTILE;
    let evil = by(HOSTILE);
    let mut findings = vec![finding("target-moves", "a.yaml", "x"); 10];
    findings.push(finding("target-moves", HOSTILE, HOSTILE));
    let moving = [pipeline(HOSTILE)];
    let notices = [HOSTILE.to_owned()];
    let summary = Summary {
        banner: Some(HOSTILE),
        rows,
        ahead: vec![Ahead {
            service: HOSTILE,
            stage: HOSTILE,
            by: &evil,
            link: None,
            taken_away: true,
        }],
        findings: &findings,
        moving: moving.iter().collect(),
        notices: &notices,
        base: HOSTILE,
        ..base(2)
    };
    insta::assert_snapshot!(text(&summary), @r#"
    ### Sluice: 1 error · 1 ahead

    a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0

    - ✖ error · **a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0 → a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0** a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0\
      a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0 · a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0

    **Ahead of source**
    - a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0/a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0: set by hand in `a81f03e` (a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0, 2026-11-20 02:14 UTC); its source has not caught up, and **the promotion takes it away**

    <details><summary>11 warnings</summary>

    - `target-moves` [a.yaml:9](https://github.com/acme/gitops/blob/9be04d1/a.yaml#L9) x
    - `target-moves` [a.yaml:9](https://github.com/acme/gitops/blob/9be04d1/a.yaml#L9) x
    - `target-moves` [a.yaml:9](https://github.com/acme/gitops/blob/9be04d1/a.yaml#L9) x
    - `target-moves` [a.yaml:9](https://github.com/acme/gitops/blob/9be04d1/a.yaml#L9) x
    - `target-moves` [a.yaml:9](https://github.com/acme/gitops/blob/9be04d1/a.yaml#L9) x
    - `target-moves` [a.yaml:9](https://github.com/acme/gitops/blob/9be04d1/a.yaml#L9) x
    - `target-moves` [a.yaml:9](https://github.com/acme/gitops/blob/9be04d1/a.yaml#L9) x
    - `target-moves` [a.yaml:9](https://github.com/acme/gitops/blob/9be04d1/a.yaml#L9) x
    - `target-moves` [a.yaml:9](https://github.com/acme/gitops/blob/9be04d1/a.yaml#L9) x
    - `target-moves` [a.yaml:9](https://github.com/acme/gitops/blob/9be04d1/a.yaml#L9) x
    - `target-moves` [a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0:9](https://github.com/acme/gitops/blob/9be04d1/a%0Ab%5D%28http://x%29%3Cimg%20src=y%3E%20@everyone%20%231%20::error::z%20%23%23%5Bw%20%E2%80%AEr%20%5Bskip%20ci%5D%20%60c%60%60d%60%20%7Ce%7C%20%2A%2Af%2A%2A%20Sluice-Plan:%200#L9) a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0

    </details>

    <details><summary>The pipelines that move</summary>

    ```mermaid
    flowchart LR
      subgraph p0["a#92;u#123;a#125;b#93;(http://x)#60;img src=y#62; @everyone #35;1 ::error::z #35;#35;#91;w #92;u#123;202e#125;r #91;skip ci#93; #96;c#96;#96;d#96; #124;e#124; **f** Sluice-Plan: 0"]
        p0s0["<b>dev</b>"]
        p0s1["<b>prod</b>"]
        p0s0 -->|"a#92;u#123;a#125;b#93;(http://x)#60;img src=y#62; @everyone #35;1 ::error::z #35;#35;#91;w #92;u#123;202e#125;r #91;skip ci#93; #96;c#96;#96;d#96; #124;e#124; **f** Sluice-Plan: 0 (APPROVAL)"| p0s1
      end
    ```

    </details>

    <sub>a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0 `9be04d1` · 2 pipelines · 7 requests · 1.2 s · a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0</sub>
    "#);
    let markdown = summary.markdown().unwrap();
    let (mut links, mut html) = (0, Vec::new());
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    let arena = Arena::new();
    for node in parse_document(&arena, &markdown, &options).descendants() {
        match &node.data.borrow().value {
            NodeValue::Link(link) => {
                assert!(
                    link.url.starts_with("https://github.com/acme/gitops/blob/"),
                    "{link:?}"
                );
                links += 1;
            }
            NodeValue::HtmlInline(tag) => html.push(tag.clone()),
            NodeValue::HtmlBlock(block) => html.push(block.literal.chars().take(9).collect()),
            NodeValue::CodeBlock(block) => assert_eq!(block.info, "mermaid"),
            NodeValue::Image(_) | NodeValue::BlockQuote | NodeValue::Table(_) => {
                panic!("{markdown}")
            }
            _ => {}
        }
    }
    assert_eq!(links, 11, "{markdown}");
    assert_eq!(
        html,
        [
            "<details>",
            "</details",
            "<details>",
            "</details",
            "<sub>",
            "</sub>"
        ]
    );
}

#[test]
fn counts_are_in_words_with_the_right_number() {
    let heading = |states: &[LifeState], not_opened, in_sync, findings: &[Finding]| {
        let summary = Summary {
            rows: states
                .iter()
                .map(|state| row(*state, "p", "dev", "", ""))
                .collect(),
            not_opened,
            in_sync,
            not_moved: 0,
            findings,
            ..base(1)
        };
        text(&summary).lines().next().unwrap().to_owned()
    };
    let one = [error("cycle", "")];
    let two = [error("cycle", ""), error("cycle", "")];
    use LifeState::{Error, Held, Landed, NeedsPerson, Waiting};
    assert_eq!(
        heading(&[Waiting, NeedsPerson, Held, Error, Landed], 0, 0, &one),
        "### Sluice: 1 needs you, 2 errors, 1 landed, 1 waiting, 1 held"
    );
    assert_eq!(
        heading(&[Waiting, Waiting, NeedsPerson, NeedsPerson], 3, 1, &two),
        "### Sluice: 2 need you, 2 errors, 2 waiting · 3 due later, 1 in sync"
    );
    assert_eq!(heading(&[], 0, 12, &[]), "### Sluice: 12 in sync");
    assert_eq!(heading(&[], 0, 0, &[]), "### Sluice: nothing to promote");
}

#[test]
fn two_hundred_rows_are_a_table_of_two_hundred_rows() {
    let moving: Vec<Pipeline> = (0..6).map(|_| pipeline("p")).collect();
    let summary = Summary {
        rows: (0..200)
            .map(|_| {
                row(
                    LifeState::Waiting,
                    "podinfo",
                    "dev",
                    "1 of 2 approvals",
                    "dave or erin",
                )
            })
            .collect(),
        moving: moving.iter().collect(),
        ..base(200)
    };
    let text = text(&summary);
    assert_eq!(
        text.lines()
            .filter(|line| line.starts_with("- ⏳ waiting ·"))
            .count(),
        200
    );
    assert!(!text.contains("mermaid") && !text.contains("truncated"));
    assert!(text.len() < 20_000);
}

#[test]
fn a_summary_that_github_would_not_show_is_cut_between_rows() {
    let long = "x".repeat(290);
    let summary = Summary {
        rows: (0..20_000)
            .map(|_| row(LifeState::Waiting, "podinfo", "dev", &long, "dave or erin"))
            .collect(),
        ..base(200)
    };
    let text = summary.markdown().unwrap();
    assert!(text.len() <= MAX_BYTES);
    let rows = text
        .lines()
        .filter(|line| line.starts_with("- ⏳ waiting ·"))
        .count();
    assert_eq!(rows, 2500);
    assert!(
        text.lines()
            .filter(|line| line.starts_with("  xxx"))
            .all(|line| line.ends_with(" · dave or erin"))
    );
    assert!(text.contains("*This summary is truncated: 17500 of 20000 promotions are left out. Everything is in the log.*"));
    assert!(text.trim_end().ends_with("</sub>"));
    assert!(text.starts_with("### Sluice: 20000 waiting\n"));
}
