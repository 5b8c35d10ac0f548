//! What the template of a pull request is filled with.

use minijinja::Value;
use serde::Serialize;

use super::content::{Commits, GateDetail, PullRequest, address};
use crate::model::change::Change;
use crate::model::commit_range::{self, CommitRangeSummary};
use crate::model::pipeline::GateKind;
use crate::model::plan::{GateReport, SkippedService, State};
use crate::model::policy::{ApprovalChannel, Land};
use crate::model::verdict::Verdict;
use crate::render::words::{any_of, counted, cut, sources, values};
use crate::report::escape::{markdown_code, shell};

/// How much is shown.
#[derive(Clone, Copy)]
pub(super) struct SizeBudget {
    /// Characters of one text.
    pub text: usize,
    /// Items of one list.
    items: usize,
    /// Commits of one service, and services with commits.
    commits: usize,
}

/// Ever less, until it fits.
pub(super) const BUDGETS: [SizeBudget; 3] = [
    SizeBudget {
        text: 300,
        items: 60,
        commits: 20,
    },
    SizeBudget {
        text: 200,
        items: 30,
        commits: 5,
    },
    SizeBudget {
        text: 80,
        items: 15,
        commits: 0,
    },
];

/// In this everything fits.
pub(super) const LEAST: SizeBudget = SizeBudget {
    text: 40,
    items: 5,
    commits: 0,
};

#[derive(Serialize)]
pub(super) struct View<'a> {
    from: String,
    to: &'a str,
    pipeline: &'a str,
    moves: bool,
    mark: &'static str,
    headline: String,
    who: String,
    emergency: Option<EmergencyView<'a>>,
    rollback: Option<RollbackView<'a>>,
    /// Services that do not go forward.
    backwards: Vec<Backwards<'a>>,
    backwards_word: &'static str,
    held_back: Option<HeldBack<'a>>,
    blocked: bool,
    waits: Option<&'static str>,
    approve: Value,
    refuse: Value,
    /// How an open gate is approved by a dispatch, if one lists that way.
    dispatch: Option<DispatchView>,
    lands: &'static str,
    hold_label: &'a str,
    hold_label_missing: bool,
    /// Gates that only a label opens which does not exist.
    no_label: Vec<NoLabel<'a>>,
    newer: Option<String>,
    changes: Vec<ChangeView<'a>>,
    more_changes: usize,
    /// Services whose hotfix it takes away.
    debts: Vec<Behind<'a>>,
    behind: Vec<Behind<'a>>,
    skipped: Vec<&'a str>,
    gates: Vec<GateView<'a>>,
    more_gates: usize,
    commits: Vec<CommitsView<'a>>,
    note: Value,
    plan: String,
    ready_since: Option<String>,
    replaces: Value,
}

#[derive(Serialize)]
struct DispatchView {
    /// The whole plan ID, never cut.
    plan: Value,
    /// The command, on one line; none if names are too long for one.
    command: Value,
}

#[derive(Serialize)]
struct EmergencyView<'a> {
    reason: &'a str,
    skips: String,
}

#[derive(Serialize)]
struct RollbackView<'a> {
    landing: String,
    plan: String,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Backwards<'a> {
    name: &'a str,
    warning: String,
}

#[derive(Serialize)]
struct HeldBack<'a> {
    commit: String,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct ChangeView<'a> {
    name: &'a str,
    /// `secret`, `code` (values in code spans) or `text`.
    kind: &'static str,
    /// What of the service it is, in words; or
    label: Option<&'static str>,
    /// by its path or key.
    key: Option<String>,
    old: Option<String>,
    new: String,
    said: Option<String>,
    /// That it does not go forward.
    warning: Option<String>,
    compare: Value,
}

#[derive(Serialize)]
struct Behind<'a> {
    name: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct GateView<'a> {
    mark: &'static str,
    name: &'a str,
    edge: Option<String>,
    reason: &'a str,
    link: Value,
}

#[derive(Serialize)]
struct NoLabel<'a> {
    gate: &'a str,
    label: &'a str,
}

#[derive(Serialize)]
struct CommitsView<'a> {
    title: String,
    listed: Vec<CommitView<'a>>,
    more: usize,
}

#[derive(Serialize)]
struct CommitView<'a> {
    id: &'a str,
    subject: &'a str,
    author: &'a str,
    number: Value,
    link: Value,
}

/// The view of a pull request, with so much room.
pub(super) fn of<'a>(pull: &'a PullRequest<'a>, budget: SizeBudget) -> View<'a> {
    let promotion = pull.promotion;
    let (mark, headline) = headline(pull);
    let by_people = promotion
        .gates
        .iter()
        .any(|gate| gate.kind == GateKind::Approval);
    let approve = approve(pull);
    let backwards = backwards(pull);
    let safe = |markdown: &str| Value::from_safe_string(markdown.to_owned());
    View {
        from: match &promotion.rollback {
            Some(_) => "rollback".to_owned(),
            None => sources(promotion),
        },
        to: promotion.stage.as_str(),
        pipeline: pull.pipeline,
        moves: promotion.state == State::Due && pull.blocked.is_none() && pull.held_back.is_none(),
        mark,
        headline,
        who: match &approve {
            Some(_) if pull.blocked.is_none() => any_of(&pull.can_approve),
            _ => String::new(),
        },
        emergency: promotion.emergency.as_ref().map(|emergency| EmergencyView {
            reason: pull.reason.unwrap_or("no reason is recorded"),
            skips: match emergency.skips.split_last() {
                None => "nothing".to_owned(),
                Some((last, [])) => (*last).to_owned(),
                Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            },
        }),
        rollback: promotion.rollback.as_ref().map(|to| RollbackView {
            landing: to.landing.short(),
            plan: to.plan.shown(),
            // An emergency has said it already.
            reason: pull.reason.filter(|_| promotion.emergency.is_none()),
        }),
        backwards_word: match backwards
            .iter()
            .any(|(way, _)| *way == commit_range::Direction::Back)
        {
            true => "GOES BACK",
            false => "GOES SIDEWAYS",
        },
        backwards: backwards
            .into_iter()
            .take(budget.items)
            .map(|(_, service)| service)
            .collect(),
        held_back: pull.held_back.map(|back| HeldBack {
            commit: back.commit.short(),
            reason: back.reason.as_deref(),
        }),
        blocked: pull.blocked.is_some(),
        waits: match promotion.state {
            State::Due if promotion.may_land() => None,
            State::Due => Some("once every gate is open"),
            State::Error => Some("once this can be read and every gate is open"),
            State::Held | State::Ahead | State::NotMoved | State::InSync => {
                Some("once nothing holds it and every gate is open")
            }
        },
        approve: approve.map_or(Value::from(()), Value::from_safe_string),
        refuse: safe(if by_people {
            "*Request changes*, or close"
        } else {
            "close"
        }),
        dispatch: dispatch(pull),
        lands: match pull.land {
            Land::Merge => "merges",
            Land::Exact => "lands it",
        },
        hold_label: pull.hold_label,
        hold_label_missing: pull.hold_label_missing,
        no_label: no_label(pull, budget),
        newer: pull.newer.map(|plan| plan.shown()),
        changes: promotion
            .changes
            .iter()
            .enumerate()
            .take(budget.items)
            .map(|(at, change)| {
                change_view(
                    change,
                    address(pull.compare.get(at).and_then(Option::as_ref)),
                    pull.brought.get(at).copied().flatten(),
                )
            })
            .collect(),
        more_changes: promotion.changes.len().saturating_sub(budget.items),
        debts: services(&promotion.debts, budget),
        behind: services(&promotion.left_out, budget),
        skipped: promotion
            .skipped
            .iter()
            .take(budget.items)
            .map(String::as_str)
            .collect(),
        gates: gates(pull, budget),
        more_gates: promotion.gates.len().saturating_sub(budget.items),
        commits: pull
            .commits
            .iter()
            .take(budget.commits)
            .map(|commits| commits_view(commits, budget))
            .collect(),
        note: pull.note.map_or(Value::from(()), safe),
        plan: promotion.plan.map(|plan| plan.shown()).unwrap_or_default(),
        ready_since: pull
            .ready_since
            .map(|since| since.strftime("%Y-%m-%d %H:%M UTC").to_string()),
        // One's own number is meant as the reference that it becomes.
        replaces: pull
            .replaces
            .map_or(Value::from(()), |number| safe(&format!("#{number}"))),
    }
}

/// What does not go forward; of a rollback that is said already.
fn backwards<'a>(pull: &PullRequest<'a>) -> Vec<(commit_range::Direction, Backwards<'a>)> {
    let promotion = pull.promotion;
    let changes = promotion.changes.iter().enumerate();
    let changes = changes.filter(|_| promotion.rollback.is_none());
    let found = changes.filter_map(|(at, change)| {
        let brings = pull.brought.get(at).copied().flatten();
        let backwards = Backwards {
            name: &change.manifest.name,
            warning: commit_range::warning(change, brings)?,
        };
        let way = brings.map_or(commit_range::Direction::Back, |brings| brings.way);
        Some((way, backwards))
    });
    found.collect()
}

fn services(services: &[SkippedService], budget: SizeBudget) -> Vec<Behind<'_>> {
    let shown = services.iter().take(budget.items);
    shown
        .map(|service| Behind {
            name: &service.name,
            reason: &service.reason,
        })
        .collect()
}

/// The sign and the words behind the target's name: what it waits for, or why it does not move.
fn headline(pull: &PullRequest<'_>) -> (&'static str, String) {
    let promotion = pull.promotion;
    if let Some(blocked) = &pull.blocked {
        return ("⛔", blocked.to_string());
    }
    if pull.held_back.is_some() {
        return ("⏸️", "held, since it was rolled back".to_owned());
    }
    match promotion.state {
        State::Due => {}
        State::Error => return ("❗", promotion.reason.to_string()),
        State::Held | State::Ahead | State::NotMoved | State::InSync => {
            return ("⏸️", promotion.reason.to_string());
        }
    }
    for (verdict, mark) in [(Verdict::Error, "❗"), (Verdict::Blocked, "⛔")] {
        if let Some(gate) = promotion
            .gates
            .iter()
            .find(|gate| gate.judgement.verdict == verdict)
        {
            return (mark, format!("{}: {}", gate.name, gate.judgement.reason));
        }
    }
    // People first: the other gates open by themselves.
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
fn no_label<'a>(pull: &'a PullRequest<'a>, budget: SizeBudget) -> Vec<NoLabel<'a>> {
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

/// How a person approves, as Markdown; `None` where no approval is missing, or none can be given as things stand.
fn approve(pull: &PullRequest<'_>) -> Option<String> {
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
        ways.push("**Files changed → Review → Approve**".to_owned());
    }
    if allows(ApprovalChannel::Label) {
        let mut labels: Vec<String> = by_people
            .iter()
            .flatten()
            .filter(|detail| detail.ways.contains(&ApprovalChannel::Label) && !detail.label_missing)
            // It is on already, for the one who set it: whoever else approves does it in another way.
            .filter(|detail| !detail.label_counts || detail.ways.len() == 1)
            .filter_map(|detail| detail.label.as_deref())
            .map(|label| markdown_code(&cut(label, 50)))
            .collect();
        labels.dedup();
        match labels.len() {
            0 => {}
            1 => ways.push(format!("set the label {}", labels[0])),
            2..=5 => ways.push(format!("set the labels {}", labels.join(" and "))),
            many => ways.push(format!("set the labels of its {many} gates")),
        }
    }
    if allows(ApprovalChannel::Dispatch) && pull.promotion.plan.is_some() {
        ways.push("*Run workflow → promote* with approve and the plan ID below".to_owned());
    }
    (!ways.is_empty()).then(|| ways.join(", or "))
}

/// How a person approves by a dispatch; `None` if no open gate lists that way.
fn dispatch(pull: &PullRequest<'_>) -> Option<DispatchView> {
    let plan = pull.promotion.plan.filter(|_| pull.blocked.is_none())?;
    let listed = open(pull).any(|(gate, detail)| {
        gate.kind == GateKind::Approval
            && detail.is_some_and(|detail| detail.ways.contains(&ApprovalChannel::Dispatch))
    });
    // One line that begins with the command's name cannot end the code block that it stands in.
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

fn change_view<'a>(
    change: &'a Change,
    compare: Value,
    brings: Option<&CommitRangeSummary>,
) -> ChangeView<'a> {
    let path = change.path.to_string();
    let (kind, label, key) = match (change.is_secret(), path.as_str()) {
        (true, _) => {
            let key = change.path.last_key().map_or(path, str::to_owned);
            ("secret", Some("secret"), Some(key))
        }
        (false, "spec.git.ref") => ("code", None, None),
        (false, "spec.helm.version") => ("text", Some("chart"), None),
        (false, "spec.helm.chart") => ("text", Some("chart name"), None),
        (false, _) => ("text", None, Some(path)),
    };
    // A secret's values do not even get here.
    let (old, new) = values(change).unwrap_or_default();
    ChangeView {
        name: &change.manifest.name,
        kind,
        label,
        key,
        old,
        new,
        said: said(change, brings),
        warning: commit_range::warning(change, brings),
        compare,
    }
}

/// `main 2026-11-20, 4 commits`.
fn said(change: &Change, brings: Option<&CommitRangeSummary>) -> Option<String> {
    let count = brings.and_then(CommitRangeSummary::incoming_count);
    match (&change.said, count) {
        (Some(said), Some(count)) => Some(format!("{said}, {count}")),
        (said, count) => said.clone().or(count),
    }
}

fn gates<'a>(pull: &'a PullRequest<'a>, budget: SizeBudget) -> Vec<GateView<'a>> {
    let gates = &pull.promotion.gates;
    let several = pull.promotion.edges.len() > 1;
    gates
        .iter()
        .enumerate()
        .take(budget.items)
        .map(|(at, gate)| GateView {
            mark: match gate.judgement.verdict {
                Verdict::Pass => "✅",
                Verdict::Pending => "⏳",
                Verdict::Blocked => "⛔",
                Verdict::Error => "❗",
            },
            name: gate.name.as_str(),
            edge: several.then(|| format!("{} → {}", gate.edge.from, gate.edge.to)),
            reason: &gate.judgement.reason,
            link: address(pull.gates.get(at).and_then(|detail| detail.link.as_ref())),
        })
        .collect()
}

fn commits_view<'a>(commits: &'a Commits<'a>, budget: SizeBudget) -> CommitsView<'a> {
    let total = commits.total.max(commits.listed.len());
    let more = if commits.more { " and more" } else { "" };
    let back = if commits.back { " taken back" } else { "" };
    let mut title = format!(
        "{}{more}{back} in {}",
        counted(total, "commit"),
        commits.service
    );
    // Of those that are not listed nobody knows whose they are.
    if commits.listed.len() == total && !commits.more {
        let people: std::collections::BTreeSet<&str> =
            commits.listed.iter().map(|commit| commit.author).collect();
        let count = people.len();
        title.push_str(&format!(
            ", by {count} {}",
            if count == 1 { "person" } else { "people" }
        ));
    }
    let listed: Vec<CommitView<'_>> = commits
        .listed
        .iter()
        .take(budget.commits)
        .map(|commit| CommitView {
            id: commit.id,
            subject: commit.subject,
            author: commit.author,
            // Inside a link it becomes no reference; alone it would be one to a pull request of this repository.
            number: match (
                commit.number.map(|number| format!("#{number}")),
                &commit.link,
            ) {
                (None, _) => Value::from(()),
                (Some(number), Some(_)) => Value::from_safe_string(number),
                (Some(number), None) => Value::from(number),
            },
            link: address(commit.link.as_ref().filter(|_| commit.number.is_some())),
        })
        .collect();
    CommitsView {
        title,
        more: total - listed.len(),
        listed,
    }
}
