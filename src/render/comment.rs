//! What Sluice writes under a pull request, once. Each says what happened and what a person can do.

use super::pull_request::Blocked;
use crate::model::ids::PlanId;
use crate::model::text::cut;
use crate::report::escape::{markdown_code, prose};

/// Why a pull request was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replaced {
    /// By a newer plan.
    Newer(PlanId),
    /// By the same plan on the present base.
    BaseMoved,
}

/// Under a pull request that is closed because another one, of this number, takes its place.
pub(crate) fn replaced(by: u64, why: Replaced) -> String {
    match why {
        Replaced::Newer(plan) => format!(
            "Replaced by #{by}: there is a newer plan, {}. Approvals of this one do not count there.",
            markdown_code(&plan.shown())
        ),
        Replaced::BaseMoved => format!(
            "Replaced by #{by}: the files that it changes have changed on the base branch. The plan is the same; approvals start again."
        ),
    }
}

/// Under a pull request that Sluice does not touch any more. `pipeline` and `stage` are what a dispatch calls them.
pub(crate) fn blocked(blocked: &Blocked<'_>, pipeline: &str, stage: &str) -> String {
    format!(
        "Blocked: {}. Sluice neither merges nor overwrites this pull request any more.\n\nTo go on: close it, then *Run workflow → \
         promote* with pipeline {} and stage {}.",
        prose(&cut(&blocked.to_string(), 300)),
        markdown_code(&cut(pipeline, 130)),
        markdown_code(&cut(stage, 63)),
    )
}

#[cfg(test)]
mod tests {
    use super::super::sample::HOSTILE;
    use super::*;

    #[test]
    fn comments_say_what_happened_and_what_to_do() {
        let plan = "ab12cd34".repeat(8).parse().unwrap();
        let pushed = Blocked::HeadMoved { by: Some("frank") };
        let texts = [
            replaced(127, Replaced::Newer(plan)),
            replaced(127, Replaced::BaseMoved),
            blocked(&pushed, "prod/podinfo", "prod"),
            blocked(&Blocked::Other(HOSTILE), HOSTILE, HOSTILE).replace('\u{200b}', "·"),
        ];
        insta::assert_snapshot!(texts.join("\n----\n"), @r"
    Replaced by #127: there is a newer plan, `ab12cd`. Approvals of this one do not count there.
    ----
    Replaced by #127: the files that it changes have changed on the base branch. The plan is the same; approvals start again.
    ----
    Blocked: frank pushed to the branch. Sluice neither merges nor overwrites this pull request any more.

    To go on: close it, then *Run workflow → promote* with pipeline `prod/podinfo` and stage `prod`.
    ----
    Blocked: a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0. Sluice neither merges nor overwrites this pull request any more.

    To go on: close it, then *Run workflow → promote* with pipeline ```a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| **f** S·luice-Plan: 0``` and stage `a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [ski…`.
    ");
    }
}
