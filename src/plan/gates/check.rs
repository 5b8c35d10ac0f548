//! JOB and SENTINEL mapped to a check of one App: the newest check run of that name on exactly the head.

use crate::model::policy::CheckOf;
use crate::model::signal::{Ended, Signal};
use crate::model::verdict::{Judgement, Verdict};
use crate::plan::gate_subject::{Judged, Subject};

pub(super) fn evaluate(subject: &Subject<'_>, check: &CheckOf) -> Judged {
    let name = format!("the check {} of App {}", check.name, check.app);
    let facts = subject.facts;
    if !facts.on_forge {
        let assumed = facts.approvals.as_ref().is_some_and(|given| given.assumed);
        return Judged::of(match assumed {
            true => Judgement::new(Verdict::Pass, format!("{name} is assumed to succeed")),
            false => Judgement::new(Verdict::Pending, format!("{name} (unread: not on GitHub)")),
        });
    }
    let waits = || Judgement::new(Verdict::Pending, format!("waits for {name}"));
    let signals = match subject.evidence {
        None => return Judged::of(waits()),
        Some(Err(why)) => return Judged::of(Judgement::new(Verdict::Error, why.clone())),
        Some(Ok(evidence)) => evidence.checks.get(check),
    };
    match signals {
        None => Judged::of(Judgement::new(
            Verdict::Error,
            format!("{name} was not read"),
        )),
        Some(Err(why)) => Judged::of(Judgement::new(Verdict::Error, why.clone())),
        Some(Ok(signals)) => Judged {
            link: Signal::newest(signals).and_then(|signal| signal.url.clone()),
            ..Judged::of(judge(signals, &name).unwrap_or_else(waits))
        },
    }
}

fn judge(signals: &[Signal], name: &str) -> Option<Judgement> {
    let newest = Signal::newest(signals)?;
    Some(match &newest.ended {
        Ended::Well => Judgement::new(Verdict::Pass, format!("{name} succeeded")),
        Ended::Badly(word) => Judgement::new(Verdict::Blocked, format!("{name} ended with {word}")),
        Ended::NotYet => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(id: u64, second: i64, ended: Ended) -> Signal {
        Signal {
            at: jiff::Timestamp::from_second(second).unwrap(),
            id,
            ended,
            url: None,
        }
    }

    #[test]
    fn the_newest_run_that_ended_decides() {
        let bad = || Ended::Badly("failure".to_owned());
        let table: Vec<(&str, Vec<Signal>, Option<Verdict>)> = vec![
            ("none", vec![], None),
            ("under way", vec![signal(1, 5, Ended::NotYet)], None),
            ("well", vec![signal(1, 5, Ended::Well)], Some(Verdict::Pass)),
            ("badly", vec![signal(1, 5, bad())], Some(Verdict::Blocked)),
            (
                "badly, then well",
                vec![signal(1, 5, bad()), signal(2, 6, Ended::Well)],
                Some(Verdict::Pass),
            ),
            (
                "R-3.20 of one second the later number",
                vec![signal(2, 5, bad()), signal(1, 5, Ended::Well)],
                Some(Verdict::Blocked),
            ),
            (
                "well, then under way",
                vec![signal(1, 5, Ended::Well), signal(2, 6, Ended::NotYet)],
                Some(Verdict::Pass),
            ),
        ];
        for (name, mut signals, expected) in table {
            for _ in 0..2 {
                let judged = judge(&signals, "the check e2e").map(|judged| judged.verdict);
                assert_eq!(judged, expected, "{name}");
                signals.reverse();
            }
        }
    }
}
