//! What changed in a run, as plain text for a chat. It is empty if nothing did, so that a workflow can send it as it is.
//!
//! Chats read different markup, so there is none: foreign text passes [`escape::chat`], and the only addresses are ours.

use crate::model::life::LIFE_STATES;
use crate::model::text::{counted, cut};
use crate::render::summary::{Pull, Row};
use crate::report::escape;

/// The first line is what a phone shows of a notification.
const MAX_HEADING: usize = 150;
/// More promotions than this are counted, not listed. With [`MAX_TEXT`], a message has at most 20,000 characters; Slack takes
/// 40,000.
const MAX_ROWS: usize = 20;
/// Characters of one reason or one next step.
const MAX_TEXT: usize = 300;

/// A pull request that was closed because nothing is left to promote.
#[derive(Clone, Debug)]
pub(crate) struct ClosedPull<'a> {
    /// The pipeline.
    pub pipeline: &'a str,
    /// The stage.
    pub to: &'a str,
    /// Its number and page.
    pub pull: Pull,
}

/// The message about these promotions, which all changed in this run. `repository`: OWNER/NAME.
pub(crate) fn chat_message(
    repository: &str,
    rows: &[&Row<'_>],
    closed: &[ClosedPull<'_>],
) -> String {
    let counts = LIFE_STATES.into_iter().filter_map(|state| {
        let number = rows.iter().filter(|row| row.state == state).count();
        (number > 0).then(|| state.counted(number))
    });
    let closings = (!closed.is_empty()).then(|| format!("{} closed", closed.len()));
    let counts: Vec<String> = counts.chain(closings).collect();
    if counts.is_empty() {
        return String::new();
    }
    let heading = format!(
        "Sluice in {}: {}",
        escape::chat(repository),
        counts.join(", ")
    );
    let mut parts = vec![cut(&heading, MAX_HEADING)];
    let mut sorted = rows.to_vec();
    sorted.sort_by_key(|row| row.state);
    parts.extend(sorted.into_iter().map(of_row));
    parts.extend(closed.iter().map(of_closed));
    let more = parts.len().saturating_sub(1 + MAX_ROWS);
    parts.truncate(1 + MAX_ROWS);
    if more > 0 {
        parts.push(format!("and {}", counted(more, "other")));
    }
    parts.join("\n\n")
}

fn of_row(row: &Row<'_>) -> String {
    let part = |text: &str| escape::chat(&cut(text, MAX_TEXT));
    let kind = row.kind.map(|kind| format!(" · {kind}"));
    let what = match row.what {
        "" => String::new(),
        what => format!(" {}", part(what)),
    };
    let pull = row.pull.as_ref();
    let number = pull.map(|pull| format!(" #{}", pull.number));
    let mut lines = vec![format!(
        "{} {}{} · {} → {}{what}{}",
        row.state.mark(),
        row.state.word(),
        kind.unwrap_or_default(),
        part(row.pipeline),
        part(row.to),
        number.unwrap_or_default()
    )];
    if !row.why.is_empty() && row.why != row.state.word() {
        lines.push(part(&row.why));
    }
    if !row.next.is_empty() {
        lines.push(format!("next: {}", part(&row.next)));
    }
    let of_pull = pull.and_then(|pull| pull.link.as_ref());
    let of_commit = row.commit.as_ref().and_then(|(_, link)| link.as_ref());
    if let Some(link) = row.approve.as_ref().or(of_pull).or(of_commit) {
        lines.push(link.as_str().to_owned());
    }
    lines.join("\n")
}

fn of_closed(closed: &ClosedPull<'_>) -> String {
    let mut text = format!(
        "– closed · {} → {} #{}: nothing is left to promote",
        escape::chat(closed.pipeline),
        escape::chat(closed.to),
        closed.pull.number
    );
    if let Some(link) = &closed.pull.link {
        text.push('\n');
        text.push_str(link.as_str());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::life::LifeState;
    use crate::render::link::Link;
    use crate::render::sample::HOSTILE;

    fn pull(number: u64) -> Pull {
        let link = Link::parse(&format!("https://github.com/acme/gitops/pull/{number}"));
        Pull { number, link }
    }

    fn row(state: LifeState, why: &str, next: &str) -> Row<'static> {
        Row {
            state,
            kind: None,
            pipeline: "web",
            to: "prod",
            what: "1.4.0 → 1.5.0",
            pull: Some(pull(1)),
            why: why.to_owned(),
            commit: None,
            approve: None,
            next: next.to_owned(),
        }
    }

    #[test]
    fn nothing_that_changed_is_no_message() {
        assert_eq!(chat_message("acme/gitops", &[], &[]), "");
    }

    #[test]
    fn what_needs_a_person_comes_first_and_each_has_one_link() {
        let landed = row(LifeState::Landed, "landed", "");
        let mut opened = row(
            LifeState::Opened,
            "waits for 1 approval by sre",
            "approve it",
        );
        opened.approve = Link::parse("https://github.com/acme/gitops/pull/1/files");
        opened.kind = Some("emergency");
        let failed = row(
            LifeState::NeedsPerson,
            "integration-tests failed",
            "run it again or close #1",
        );
        let closed = ClosedPull {
            pipeline: "api",
            to: "qa",
            pull: pull(4),
        };
        insta::assert_snapshot!(
            chat_message("acme/gitops", &[&landed, &opened, &failed], &[closed]).replace('\u{200b}', "·"),
            @r"
        Sluice in acme/gitops: 1 needs you, 1 landed, 1 opened, 1 closed

        ⛔ needs you · web → prod 1.4.0 → 1.5.0 #1
        integration-tests failed
        next: run it again or close #·1
        https://github.com/acme/gitops/pull/1

        ✅ landed · web → prod 1.4.0 → 1.5.0 #1
        https://github.com/acme/gitops/pull/1

        ⏳ opened · emergency · web → prod 1.4.0 → 1.5.0 #1
        waits for 1 approval by sre
        next: approve it
        https://github.com/acme/gitops/pull/1/files

        – closed · api → qa #4: nothing is left to promote
        https://github.com/acme/gitops/pull/4
        "
        );
    }

    #[test]
    fn hostile_names_call_no_one_and_link_nowhere() {
        let mut hostile = row(LifeState::Blocked, HOSTILE, HOSTILE);
        hostile.pipeline = HOSTILE;
        hostile.what = HOSTILE;
        let text = chat_message("acme/gitops", &[&hostile], &[]);
        for word in ["@everyone", "](", "http://x", "<img", "\u{202e}"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        assert_eq!(text.matches("://").count(), 1, "{text}");
        assert_eq!(text.lines().count(), 6, "{text}");
    }

    #[test]
    fn a_message_is_short_whatever_a_run_did() {
        let long = row(
            LifeState::NeedsPerson,
            &"x".repeat(5_000),
            &"@".repeat(5_000),
        );
        let many: Vec<&Row<'_>> = std::iter::repeat_n(&long, 1_000).collect();
        let repository = format!("{}/{}", "o".repeat(39), "r".repeat(100));
        let text = chat_message(&repository, &many, &[]);
        assert_eq!(text.lines().next().unwrap().chars().count(), MAX_HEADING);
        assert!(text.ends_with("\n\nand 980 others"), "{text}");
        assert!(text.chars().count() < 20_000, "{}", text.chars().count());
    }
}
