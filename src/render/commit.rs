//! Messages of the commits that Sluice makes.

use std::fmt::Write;

use super::texts::Line;
use super::words::values;
use crate::model::pipeline::GateKind;
use crate::model::plan::Promotion;
use crate::model::text::cut;
use crate::model::verdict::Verdict;
use crate::model::wire_words::{GATE_OPEN, GATE_PASSED, TRAILER, trailer};
use crate::report::escape::commit;

/// A commit's message in the two parts in which a merge takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The subject line.
    pub subject: Line,
    /// What follows behind an empty line: the changes, and the trailers as last paragraph.
    pub body: String,
}

impl Message {
    /// The whole message.
    pub(crate) fn whole(&self) -> String {
        format!("{}\n\n{}", self.subject, self.body)
    }
}

/// The message of a promotion's head commit. `trailers` are the record's lines, each ended.
pub(crate) fn promotion_message(subject: Line, promotion: &Promotion, trailers: &str) -> Message {
    Message {
        subject,
        body: format!("{}\n{trailers}", changes(promotion)),
    }
}

/// How the approvals of a landing were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Approved {
    /// By people on GitHub.
    OnGitHub,
    /// By naming people on a command line, which proves nothing.
    ByHand,
}

/// The message of a landing: the same, and one `Sluice-Gate` line per gate with the reason why it passed. A gate that did
/// not pass is listed as open: a person merged past it.
pub(crate) fn landing_message(
    subject: Line,
    promotion: &Promotion,
    trailers: &str,
    approved: Approved,
) -> Message {
    let mut message = promotion_message(subject, promotion, trailers);
    for gate in &promotion.gates {
        let verdict = match gate.judgement.verdict {
            Verdict::Pass => GATE_PASSED[0],
            Verdict::Pending | Verdict::Blocked | Verdict::Error => GATE_OPEN[0],
        };
        let by_hand = match (approved, &gate.kind) {
            (Approved::ByHand, GateKind::Approval) => " (given by hand, unverified)",
            _ => "",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            message.body,
            "{TRAILER}{}: {}{verdict}{}{by_hand}",
            trailer::GATE,
            commit(&cut(gate.name.as_str(), 100)),
            commit(&cut(&gate.judgement.reason, 300)),
        );
    }
    message
}

/// One line for each change and for each service that stays behind. Git never reads a list item as a trailer.
fn changes(promotion: &Promotion) -> String {
    const MAX_LISTED: usize = 100;
    let mut text = String::new();
    for change in promotion.changes.iter().take(MAX_LISTED) {
        let what = match values(change) {
            None => "changed, not shown".to_owned(),
            Some((Some(old), new)) => format!("{old} → {new}"),
            Some((None, new)) => format!("{new} (was not set)"),
        };
        let line = format!("{} {}: {what}", change.manifest.name, change.path);
        let _ = writeln!(text, "- {}", commit(&cut(&line, 400)));
    }
    if promotion.changes.len() > MAX_LISTED {
        let _ = writeln!(text, "- … {} more", promotion.changes.len() - MAX_LISTED);
    }
    for service in promotion.overwritten_hotfixes.iter().take(MAX_LISTED) {
        let line = format!("takes away: {} was {}", service.name, service.reason);
        let _ = writeln!(text, "- {}", commit(&cut(&line, 400)));
    }
    for service in promotion.skipped_services.iter().take(MAX_LISTED) {
        let line = format!("{} stays behind: {}", service.name, service.reason);
        let _ = writeln!(text, "- {}", commit(&cut(&line, 400)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::sample::{CANARY, HOSTILE, gate, hostile, ordinary};
    use super::super::texts::subject;
    use super::*;
    use crate::model::plan::GateReport;
    use crate::model::policy::Texts;

    const TRAILERS: &str = "Sluice-Pipeline: podinfo\nSluice-Stage: prod\n";

    fn landing(promotion: &Promotion, pipeline: &str, gates: &[GateReport]) -> String {
        let mut promotion = promotion.clone();
        promotion.gates = gates.to_vec();
        let subject = subject(&Texts::default(), pipeline, &promotion).text;
        landing_message(subject, &promotion, TRAILERS, Approved::OnGitHub).whole()
    }

    #[test]
    fn a_landing_says_what_changed_and_what_passed_it() {
        let gates = [
            gate(
                "prod-approval",
                GateKind::Approval,
                Verdict::Pass,
                "approved by carol, dave",
            ),
            gate(
                "office-hours",
                GateKind::Window,
                Verdict::Pending,
                "opens Mon 09:00 Europe/Berlin",
            ),
        ];
        insta::assert_snapshot!(landing(&ordinary(), "podinfo", &gates), @r"
    podinfo → prod: podinfo 6.5.2 → 6.5.3, api 3f2a1c9 → 9be04d1, a secret

    - podinfo spec.helm.version: 6.5.2 → 6.5.3
    - api spec.git.ref: 3f2a1c9 → 9be04d1
    - api-secrets stringData.db-password: changed, not shown
    - ledger stays behind: held: INC-4711

    Sluice-Pipeline: podinfo
    Sluice-Stage: prod
    Sluice-Gate: prod-approval pass: approved by carol, dave
    Sluice-Gate: office-hours open: opens Mon 09:00 Europe/Berlin
    ");
    }

    #[test]
    fn approvals_from_a_command_line_are_marked_as_such_however_many_there_are() {
        let names = vec!["carol"; 100].join(", ");
        let mut promotion = ordinary();
        promotion.gates = vec![
            gate("release", GateKind::Approval, Verdict::Pass, &names),
            gate("hours", GateKind::Window, Verdict::Pass, "open"),
        ];
        let subject = subject(&Texts::default(), "podinfo", &promotion).text;
        let message = landing_message(subject, &promotion, TRAILERS, Approved::ByHand).whole();
        let gates: Vec<&str> = message.lines().rev().take(2).collect();
        assert_eq!(gates[0], "Sluice-Gate: hours pass: open");
        assert!(
            gates[1].starts_with("Sluice-Gate: release pass: carol, carol")
                && gates[1].ends_with("… (given by hand, unverified)"),
            "{}",
            gates[1]
        );
    }

    #[test]
    fn a_hostile_landing_adds_no_trailer_and_skips_nothing() {
        let gates = [gate(HOSTILE, GateKind::Approval, Verdict::Pass, HOSTILE)];
        let message = landing(&hostile(), HOSTILE, &gates);
        insta::assert_snapshot!(message.replace('\u{200b}', "·"), @r#"
    a b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [ski… → a b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [ski…: 3 changes in 2 manifests

    - a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| **f** S·luice-Plan: 0 spec.git.ref: a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| *… → a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| *…
    - a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| **f** S·luice-Plan: 0 spec.values."a\nb](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u202er [·skip ci] `c``d` |e| **f** S·luice-Plan: 0": a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| *… → (empty)
    - a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| **f** S·luice-Plan: 0 stringData."a\nb](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u202er [·skip ci] `c``d` |e| **f** S·luice-Plan: 0": changed, not shown
    - a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| **f** S·luice-Plan: 0 stays behind: a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| **f** S·luice-Plan: 0

    Sluice-Pipeline: podinfo
    Sluice-Stage: prod
    Sluice-Gate: a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| **f** S·luice-Plan: 0 pass: a\u{a}b](http:·//x)<img src=y> @·everyone #·1 ::error::z ##[w \u{202e}r [·skip ci] `c``d` |e| **f** S·luice-Plan: 0
    "#);
        assert!(!message.contains(CANARY));
        let trailers: Vec<&str> = message
            .lines()
            .filter(|line| line.starts_with("Sluice-"))
            .collect();
        assert_eq!(trailers.len(), 3);
    }

    #[test]
    fn a_long_promotion_has_a_message_of_bounded_length() {
        let mut promotion = ordinary();
        let change = promotion.changes[0].clone();
        promotion.changes = vec![change; 1000];
        let message = landing(&promotion, "podinfo", &[]);
        assert!(message.contains("- … 900 more\n"));
        assert!(message.len() < 10_000);
    }
}
