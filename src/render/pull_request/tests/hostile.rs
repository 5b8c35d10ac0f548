//! Hostile names and values: what a pull request is made of stays its own layout.

use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};

use super::*;
use crate::render::sample::HOSTILE;

#[test]
fn a_hostile_pull_request_has_only_the_elements_of_the_layout() {
    let promotion = hostile();
    let mut pull = full(&promotion);
    pull.pipeline = HOSTILE;
    pull.gates[0].label = Some(HOSTILE.to_owned());
    pull.gates[0].missing = Some(HOSTILE.to_owned());
    pull.can_approve = vec![HOSTILE.to_owned()];
    pull.commits[0].service = HOSTILE;
    pull.commits[0].listed[0].subject = HOSTILE;
    pull.commits[0].listed[0].author = HOSTILE;
    insta::assert_snapshot!(body(&pull), @r#"
    **a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0, b → a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0** · ⏳ waits for a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0 (a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0 can approve)

    - **a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0** ```a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| *…``` → **```a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| *…```**: a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0
    - **a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0** ```spec.values."a\nb](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u202er [·skip ci] `c``d` |e| **f** S·luice-Plan: 0"``` a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*… → **(empty)** ([compare](https://github.com/acme/api/compare/3f2a1c9...9be04d1))
    - **a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0** secret ```a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| **f** S·luice-Plan: 0```: changed, not shown

    - stays behind: **a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0** (a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0)
    - not copied: a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0

    **Files changed → Review changes → Approve**, or add the label `a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z…`. Sluice merges; please do not press Merge or push here.

    <details><summary>Gates, refuse, pause, undo</summary>

    - ⏳ waiting · **a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0** (dev → prod): a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0
    - ✅ passed · **a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0** (dev → prod): a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0 ([run](https://github.com/acme/gitops/actions/runs/7))
    - To refuse: *Request changes*, or close. To pause: label `sluice/hold`.
    - To undo: *Run workflow → rollback*.

    </details>

    <details><summary>4 commits in a&#92;u{a}b&#93;&#40;http:·//x&#41;&lt;img src=y&gt; @·everyone #·1 ::error::z ##&#91;w &#92;u{202e}r &#91;·skip ci&#93; &#96;c&#96;&#96;d&#96; &#124;e&#124; &#42;&#42;f&#42;&#42; S·luice-Plan: 0, by 3 people</summary>

    - `9be04d1` a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0, a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0, [#412](https://github.com/acme/api/pull/412)
    - `9be04d1` Log less, grace, [#412](https://github.com/acme/api/pull/412)
    - `9be04d1` Count retries, frank, [#412](https://github.com/acme/api/pull/412)
    - `9be04d1` Bump hyper, frank, [#412](https://github.com/acme/api/pull/412)

    </details>

    Runbook: <https://wiki.example/prod>

    <sub>plan `7c1e09` · ready since 2026-11-20 14:02 UTC · replaces #118 · approvals apply to this plan only</sub>
    "#);
    // Its values are as long, so it has a list, too.
    let mut calm = ordinary();
    calm.changes[0].old = Some(crate::model::change::Text::Plain("v1.".repeat(20)));
    assert_eq!(
        shape(&pull.body().unwrap()),
        shape(&full(&calm).body().unwrap())
    );
}

/// How many elements of each kind a body has that a name could forge.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shape {
    links: usize,
    html: Vec<String>,
    others: Vec<String>,
}

fn shape(body: &str) -> Shape {
    fn walk<'a>(node: &'a AstNode<'a>, shape: &mut Shape) {
        match &node.data.borrow().value {
            NodeValue::Link(_) => shape.links += 1,
            NodeValue::HtmlInline(tag) => shape.html.push(tag.clone()),
            NodeValue::HtmlBlock(block) => shape.html.push(block.literal.chars().take(9).collect()),
            NodeValue::Document
            | NodeValue::Paragraph
            | NodeValue::Text(_)
            | NodeValue::Code(_)
            | NodeValue::SoftBreak
            | NodeValue::Strong
            | NodeValue::Emph
            | NodeValue::List(_)
            | NodeValue::Item(_)
            | NodeValue::Heading(_) => {}
            other => shape.others.push(format!("{other:?}")),
        }
        for child in node.children() {
            walk(child, shape);
        }
    }
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.extension.math_dollars = true;
    let arena = Arena::new();
    let mut shape = Shape::default();
    walk(parse_document(&arena, body, &options), &mut shape);
    shape
}
