//! What Sluice writes under a pull request, once. Each says what happened and what a person can do.

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

/// A pull request that is blocked, and what a person can do about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocked<'a> {
    /// Why, in plain words; may hold foreign text.
    pub why: &'a str,
    /// The pipeline, as a dispatch calls it.
    pub pipeline: &'a str,
    /// The stage, as a dispatch calls it.
    pub stage: &'a str,
    /// It is a rollback.
    pub rollback: bool,
}

impl Blocked<'_> {
    fn how_to_go_on(&self) -> String {
        format!(
            "To go on: close it, then *Run workflow → {}* with pipeline {} and stage {}.",
            match self.rollback {
                true => "rollback",
                false => "promote",
            },
            markdown_code(&cut(self.pipeline, 130)),
            markdown_code(&cut(self.stage, 63)),
        )
    }

    /// What is written under the pull request.
    pub(crate) fn comment(&self) -> String {
        format!(
            "Blocked: {}. Sluice neither merges nor changes this pull request any more.\n\n{}",
            prose(&cut(self.why, 300)),
            self.how_to_go_on()
        )
    }

    /// The description that takes the place of one that asks people to approve. `replaces`: the pull request that this one replaced.
    pub(crate) fn body(&self, replaces: Option<u64>) -> String {
        let mut text = format!(
            "> [!CAUTION]\n> **⛔ blocked: {}**\n> Sluice does not merge this pull request, and approvals of it do not count.\n\n{}\n",
            prose(&cut(self.why, 300)),
            self.how_to_go_on()
        );
        if let Some(number) = replaces {
            text.push_str(&format!("\n<sub>replaces #{number}</sub>\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::HOSTILE;
    use super::*;

    #[test]
    fn comments_say_what_happened_and_what_to_do() {
        let plan = "ab12cd34".repeat(8).parse().unwrap();
        let blocked = |why: &'static str, pipeline: &'static str, stage: &'static str| Blocked {
            why,
            pipeline,
            stage,
            rollback: false,
        };
        let pushed = blocked("frank pushed to the branch", "prod/podinfo", "prod");
        let rollback = Blocked {
            rollback: true,
            ..pushed
        };
        let texts = [
            replaced(127, Replaced::Newer(plan)),
            replaced(127, Replaced::BaseMoved),
            pushed.comment(),
            pushed.body(Some(7)),
            rollback.comment(),
            blocked(HOSTILE, HOSTILE, HOSTILE)
                .body(None)
                .replace('\u{200b}', "·"),
        ];
        insta::assert_snapshot!(texts.join("\n----\n"), @r"
        Replaced by #127: there is a newer plan, `ab12cd`. Approvals of this one do not count there.
        ----
        Replaced by #127: the files that it changes have changed on the base branch. The plan is the same; approvals start again.
        ----
        Blocked: frank pushed to the branch. Sluice neither merges nor changes this pull request any more.

        To go on: close it, then *Run workflow → promote* with pipeline `prod/podinfo` and stage `prod`.
        ----
        > [!CAUTION]
        > **⛔ blocked: frank pushed to the branch**
        > Sluice does not merge this pull request, and approvals of it do not count.

        To go on: close it, then *Run workflow → promote* with pipeline `prod/podinfo` and stage `prod`.

        <sub>replaces #7</sub>

        ----
        Blocked: frank pushed to the branch. Sluice neither merges nor changes this pull request any more.

        To go on: close it, then *Run workflow → rollback* with pipeline `prod/podinfo` and stage `prod`.
        ----
        > [!CAUTION]
        > **⛔ blocked: a\\u{a}b\](http:·//x)&lt;img src=y&gt; @·everyone #·1 ::error::z ##\[w \\u{202e}r \[·skip ci\] \`c\`\`d\` &#124;e&#124; \*\*f\*\* S·luice-Plan: 0**
        > Sluice does not merge this pull request, and approvals of it do not count.

        To go on: close it, then *Run workflow → promote* with pipeline ```a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| **f** S·luice-Plan: 0``` and stage `a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [ski…`.
        ");
    }
}
