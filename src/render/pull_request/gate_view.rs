//! The gates of a promotion in its pull request: what it waits for, and how a person approves it.

use minijinja::Value;
use serde::Serialize;

use super::budget::SizeBudget;
use super::content::{GateDetail, PullRequest, address};
use crate::model::life::LifeState;
use crate::model::pipeline::GateKind;
use crate::model::plan::{GateReport, State};
use crate::model::policy::ApprovalChannel;
use crate::model::text::{counted, cut};
use crate::model::verdict::Verdict;
use crate::report::escape::{markdown_code, shell};

#[derive(Serialize)]
pub(super) struct DispatchView {
    /// The whole plan ID, never cut.
    plan: Value,
    /// The command, on one line; none if names are too long for one.
    command: Value,
}

#[derive(Serialize)]
pub(super) struct GateView<'a> {
    mark: &'static str,
    word: &'static str,
    name: &'a str,
    edge: Option<String>,
    reason: &'a str,
    link: Value,
}

#[derive(Serialize)]
pub(super) struct NoLabel<'a> {
    gate: &'a str,
    label: &'a str,
}

/// The sign and the words behind the target's name: what it waits for, or why it does not move.
pub(super) fn headline(pull: &PullRequest<'_>) -> (&'static str, String) {
    let promotion = pull.promotion;
    if pull.landed.is_some() {
        return (
            LifeState::Landed.mark(),
            LifeState::Landed.word().to_owned(),
        );
    }
    if let Some(held) = &pull.held {
        return ("⏸", held.why.to_owned());
    }
    if pull.held_back.is_some() {
        return ("⏸", "held because it was rolled back".to_owned());
    }
    match promotion.state {
        State::Due => {}
        State::Error => return ("✖", promotion.reason.to_string()),
        State::Held | State::Ahead | State::NotMoved | State::InSync => {
            return ("⏸", promotion.reason.to_string());
        }
    }
    for (verdict, mark) in [(Verdict::Error, "✖"), (Verdict::Blocked, "⛔")] {
        if let Some(gate) = promotion
            .gates
            .iter()
            .find(|gate| gate.judgement.verdict == verdict)
        {
            return (mark, format!("{}: {}", gate.name, gate.judgement.reason));
        }
    }
    // People first: the other gates open automatically.
    let mut missing: Vec<(bool, String)> = open(pull)
        .map(|(gate, detail)| {
            let words = detail.and_then(|detail| detail.missing.clone());
            (
                gate.kind != GateKind::Approval,
                words.unwrap_or_else(|| gate.name.to_string()),
            )
        })
        .collect();
    missing.sort_by_key(|(later, _)| *later);
    let mut words: Vec<String> = missing.into_iter().map(|(_, words)| words).collect();
    words.dedup();
    match words.len() {
        0 if promotion.gates.is_empty() => ("✅", "ready".to_owned()),
        0 => ("✅", "every gate is open".to_owned()),
        1..=3 => ("⏳", format!("waits for {}", words.join(", then "))),
        many => (
            "⏳",
            format!("waits for {}, then {}", words[0], counted(many - 1, "gate")),
        ),
    }
}

/// The gates that do not pass yet, with what else is known of them.
fn open<'a>(
    pull: &'a PullRequest<'a>,
) -> impl Iterator<Item = (&'a GateReport, Option<&'a GateDetail<'a>>)> {
    pull.promotion
        .gates
        .iter()
        .enumerate()
        .filter(|(_, gate)| gate.judgement.verdict != Verdict::Pass)
        .map(|(at, gate)| (gate, pull.gates.get(at)))
}

/// The gates that wait for a label which does not exist, and can be approved in no other way.
pub(super) fn no_label<'a>(pull: &'a PullRequest<'a>, budget: SizeBudget) -> Vec<NoLabel<'a>> {
    let gates = open(pull).filter_map(|(gate, detail)| {
        let detail = detail?;
        let label = detail.label.as_deref()?;
        let closed =
            detail.label_missing && detail.ways.iter().all(|way| *way == ApprovalChannel::Label);
        closed.then_some(NoLabel {
            gate: gate.name.as_str(),
            label,
        })
    });
    gates.take(budget.items).collect()
}

/// How a person approves, as Markdown; `None` if no approval is missing, or none can be given at the moment.
pub(super) fn approve(pull: &PullRequest<'_>) -> Option<String> {
    let by_people: Vec<_> = open(pull)
        .filter(|(gate, _)| gate.kind == GateKind::Approval)
        .map(|(_, detail)| detail)
        .collect();
    if by_people.is_empty() {
        return None;
    }
    let allows = |way: ApprovalChannel| {
        by_people
            .iter()
            .flatten()
            .any(|detail| detail.ways.contains(&way))
    };
    let unknown = by_people
        .iter()
        .all(|detail| detail.is_none_or(|detail| detail.ways.is_empty()));
    let mut ways = Vec::new();
    if allows(ApprovalChannel::Review) || unknown {
        ways.push("**Files changed → Review changes → Approve**".to_owned());
    }
    if allows(ApprovalChannel::Label) {
        let mut labels: Vec<String> = by_people
            .iter()
            .flatten()
            .filter(|detail| detail.ways.contains(&ApprovalChannel::Label) && !detail.label_missing)
            // It is already on, for the person who added it: anyone else approves in another way.
            .filter(|detail| !detail.label_counts || detail.ways.len() == 1)
            .filter_map(|detail| detail.label.as_deref())
            .map(|label| markdown_code(&cut(label, 50)))
            .collect();
        labels.dedup();
        match labels.len() {
            0 => {}
            1 => ways.push(format!("add the label {}", labels[0])),
            2..=5 => ways.push(format!("add the labels {}", labels.join(" and "))),
            many => ways.push(format!("add the labels of its {many} gates")),
        }
    }
    if allows(ApprovalChannel::Dispatch) && pull.promotion.plan.is_some() {
        ways.push("*Run workflow → promote* with approve and the plan ID below".to_owned());
    }
    (!ways.is_empty()).then(|| ways.join(", or "))
}

/// How a person approves by a dispatch; `None` if no open gate lists that way.
pub(super) fn dispatch(pull: &PullRequest<'_>) -> Option<DispatchView> {
    let plan = pull.promotion.plan?;
    let listed = open(pull).any(|(gate, detail)| {
        gate.kind == GateKind::Approval
            && detail.is_some_and(|detail| detail.ways.contains(&ApprovalChannel::Dispatch))
    });
    // One line that begins with the command's name cannot end its code block.
    let command = format!(
        "gh workflow run sluice-promote.yml {}-f command=promote -f pipeline={} -f to={} -f plan={plan} -f approve=true",
        pull.repository
            .map(|name| format!("--repo {} ", shell(name)))
            .unwrap_or_default(),
        shell(pull.pipeline),
        shell(pull.promotion.stage.as_str()),
    );
    listed.then(|| DispatchView {
        plan: Value::from_safe_string(markdown_code(&plan.to_string())),
        // Cut, it would be another command.
        command: match command.len() <= MAX_COMMAND_LENGTH {
            true => Value::from_safe_string(command),
            false => Value::from(()),
        },
    })
}

/// A command of more bytes is left out.
const MAX_COMMAND_LENGTH: usize = 1000;

pub(super) fn gates<'a>(pull: &'a PullRequest<'a>, budget: SizeBudget) -> Vec<GateView<'a>> {
    let gates = &pull.promotion.gates;
    let several = pull.promotion.edges.len() > 1;
    gates
        .iter()
        .enumerate()
        .take(budget.items)
        .map(|(at, gate)| GateView {
            mark: sign(gate.judgement.verdict).0,
            word: sign(gate.judgement.verdict).1,
            name: gate.name.as_str(),
            edge: several.then(|| format!("{} → {}", gate.edge.from, gate.edge.to)),
            reason: &gate.judgement.reason,
            link: address(pull.gates.get(at).and_then(|detail| detail.link.as_ref())),
        })
        .collect()
}

/// The mark of a verdict, and the word beside it.
fn sign(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Pass => ("✅", "passed"),
        Verdict::Pending => ("⏳", "waiting"),
        Verdict::Blocked => ("⛔", "needs you"),
        Verdict::Error => ("✖", "error"),
    }
}
