//! JOB and SENTINEL mapped to a check of one App: the newest check run of that name on exactly the head.

use super::{Judged, Subject};
use crate::model::policy::CheckOf;
use crate::model::signal::{Ended, Signal};
use crate::model::verdict::{Judgement, Verdict};

pub(super) fn evaluate(subject: &Subject<'_>, check: &CheckOf) -> Judged {
    let name = format!("the check {} of App {}", check.name, check.app);
    let facts = subject.facts;
    let Some(evidence) = &facts.evidence else {
        let assumed = facts.approvals.as_ref().is_some_and(|given| given.assumed);
        return Judged::of(match assumed {
            true => Judgement::new(Verdict::Pass, format!("{name} is assumed to succeed")),
            false => Judgement::new(Verdict::Pending, format!("{name} (unread: no forge)")),
        });
    };
    let waits = || Judgement::new(Verdict::Pending, format!("waits for {name}"));
    let signals = match subject.plan.and_then(|plan| evidence.get(plan)) {
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
