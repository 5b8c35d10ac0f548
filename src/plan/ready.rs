//! Whether what a stage holds may leave it: its `ready` rule, by evidence about the very content (semantics: when a
//! promotion is due, 2). Pure.

use jiff::Timestamp;

use crate::model::policy::Ready;
use crate::model::signal::{ContentEvidence, Ended, Known, Signal};
use crate::model::verdict::{Judgement, Verdict};
use crate::model::when;

/// What a `ready` rule says about the content of one service.
pub(super) fn evaluate(
    rule: &Ready,
    evidence: &ContentEvidence,
    now: Timestamp,
    skip_soak: bool,
) -> Judgement {
    let mut began: Option<Timestamp> = None;
    let mut asks_signals = false;
    for (wanted, known) in lines(rule, evidence) {
        asks_signals = true;
        let signals = match known {
            Known::Is(signals) => signals,
            Known::Unsaid(why) => return Judgement::new(Verdict::Pending, why.clone()),
            Known::Failed(why) => return Judgement::new(Verdict::Error, why.clone()),
        };
        match Signal::newest(signals).map(|signal| &signal.ended) {
            Some(Ended::Well) => {}
            Some(Ended::Badly(word)) => {
                return Judgement::new(
                    Verdict::Pending,
                    format!("{wanted} ended with {word}; waits for one that succeeds"),
                );
            }
            Some(Ended::NotYet) | None => {
                return Judgement::new(Verdict::Pending, format!("waits for {wanted}"));
            }
        }
        // The first success starts the clock: running the same again does not set it back.
        let first = signals
            .iter()
            .filter(|signal| signal.ended == Ended::Well)
            .map(|signal| signal.at)
            .min();
        began = began.max(first);
    }
    let Some(soak) = rule.soak.filter(|_| !skip_soak) else {
        return Judgement::new(Verdict::Pass, "ready");
    };
    if !asks_signals {
        match &evidence.since {
            Known::Is(since) => began = Some(*since),
            Known::Unsaid(why) => return Judgement::new(Verdict::Pending, why.clone()),
            Known::Failed(why) => return Judgement::new(Verdict::Error, why.clone()),
        }
    }
    let Some(began) = began else {
        return Judgement::new(Verdict::Error, "it is unknown since when it soaks");
    };
    let Ok(ends) = began.checked_add(soak.duration()) else {
        return Judgement::new(Verdict::Error, "the end of its soak cannot be determined");
    };
    if now < ends {
        return Judgement::new(
            Verdict::Pending,
            format!(
                "soak ends {} ({} since {})",
                when::utc(ends, now),
                when::length(soak.duration()),
                when::utc(began, now)
            ),
        )
        .until(Some(ends));
    }
    Judgement::new(
        Verdict::Pass,
        format!("soaked since {}", when::utc(began, now)),
    )
}

/// What the rule requires besides time, as text, with what is known about it.
fn lines<'a>(
    rule: &'a Ready,
    evidence: &'a ContentEvidence,
) -> impl Iterator<Item = (String, &'a Known<Vec<Signal>>)> {
    let deployment = rule.deployment.as_ref().map(|environment| {
        let wanted = format!("a deployment to {environment}");
        (wanted, &evidence.deployments)
    });
    let check = rule.check.as_ref().map(|check| {
        let wanted = format!("the check {}", check.name);
        (wanted, &evidence.checks)
    });
    let status = rule.status.as_ref().map(|status| {
        let wanted = format!("the status {}", status.context);
        (wanted, &evidence.statuses)
    });
    [deployment, check, status].into_iter().flatten()
}

/// The worst of several judgements; of equal ones the first. The next change is the soonest of all.
pub(super) fn worst(all: Vec<Judgement>) -> Option<Judgement> {
    let next = all.iter().filter_map(|one| one.next).min();
    let mut found: Option<Judgement> = None;
    for one in all {
        if found
            .as_ref()
            .is_none_or(|known| one.verdict > known.verdict)
        {
            found = Some(one);
        }
    }
    found.map(|judgement| judgement.until(next))
}

#[cfg(test)]
mod tests;
