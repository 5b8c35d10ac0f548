//! What the template of a pull request is filled with.

use minijinja::Value;
use serde::Serialize;

use super::budget::SizeBudget;
use super::content::{Commits, PullRequest, address};
use super::gate_view::{
    DispatchView, GateView, NoLabel, approve, dispatch, gates, headline, no_label,
};
use crate::model::change::Change;
use crate::model::commit_range::{self, CommitRangeSummary};
use crate::model::pipeline::GateKind;
use crate::model::plan::Promotion;
use crate::model::plan::{SkippedService, State};
use crate::model::policy::Land;
use crate::model::text::{counted, list};
use crate::render::words::{any_of, sources, values};
use crate::report::escape;

#[derive(Serialize)]
pub(super) struct View<'a> {
    /// The kind of GitHub's alert, if there is something to be warned of.
    alert: Option<&'static str>,
    /// What the pull request does.
    subject: Value,
    to: &'a str,
    mark: &'static str,
    headline: String,
    who: String,
    emergency: Option<EmergencyView<'a>>,
    rollback: Option<RollbackView<'a>>,
    /// Services that do not go forward.
    backwards: Vec<Backwards<'a>>,
    backwards_word: &'static str,
    held_back: Option<HeldBack<'a>>,
    landed: Option<LandedView<'a>>,
    pipeline: &'a str,
    /// What lets it go on, if something holds it.
    held: Option<&'a str>,
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
    /// How changes are shown: `line`, `table` or `list`.
    changes_as: &'static str,
    changes: Vec<ChangeView<'a>>,
    more_changes: usize,
    /// Services whose hotfix it overwrites.
    overwritten_hotfixes: Vec<Behind<'a>>,
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
struct EmergencyView<'a> {
    reason: &'a str,
    skips: String,
}

#[derive(Serialize)]
struct RollbackView<'a> {
    landing: String,
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
    /// The part of the service that it is, as text; or
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

#[derive(Serialize)]
struct LandedView<'a> {
    commit: &'a str,
    link: Value,
}

/// The view of a pull request, with this much room.
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
        alert: alert(pull, !backwards.is_empty()),
        subject: safe(&subject(promotion)),
        to: promotion.stage.as_str(),
        mark,
        headline,
        who: match &approve {
            Some(_) => any_of(&pull.can_approve),
            None => String::new(),
        },
        emergency: promotion.emergency.as_ref().map(|emergency| EmergencyView {
            reason: pull.reason.unwrap_or("no reason is recorded"),
            skips: match emergency.skips.is_empty() {
                true => "nothing".to_owned(),
                false => list(&emergency.skips, "and"),
            },
        }),
        rollback: promotion.rollback.as_ref().map(|to| RollbackView {
            landing: to.landing.short(),
            // An emergency already says it.
            reason: pull.reason.filter(|_| promotion.emergency.is_none()),
        }),
        backwards_word: match backwards
            .iter()
            .any(|(way, _)| *way == commit_range::Direction::Back)
        {
            true => "Goes back",
            false => "Goes sideways",
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
        landed: pull.landed.as_ref().map(|landed| LandedView {
            commit: &landed.commit,
            link: address(landed.link.as_ref()),
        }),
        pipeline: pull.pipeline,
        held: pull.held.map(|held| held.next),
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
        changes_as: changes_as(&promotion.changes, budget),
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
        overwritten_hotfixes: services(&promotion.overwritten_hotfixes, budget),
        behind: services(&promotion.skipped_services, budget),
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

/// The kind of alert at the top: what goes back, skips rules or is held must not be overlooked.
fn alert(pull: &PullRequest<'_>, backwards: bool) -> Option<&'static str> {
    let promotion = pull.promotion;
    match promotion.rollback.is_some() || promotion.emergency.is_some() {
        _ if pull.landed.is_some() => None,
        true => Some("CAUTION"),
        false if pull.held.is_some() || pull.held_back.is_some() || backwards => Some("WARNING"),
        false => None,
    }
}

/// What it does, as Markdown: `dev → prod`, `Rollback of prod to 1.5.0`.
fn subject(promotion: &Promotion) -> String {
    let stage = escape::markdown(promotion.stage.as_str());
    let what = match &promotion.rollback {
        Some(_) => format!("Rollback of {stage}"),
        None => format!("{} → {stage}", escape::markdown(&sources(promotion))),
    };
    match &promotion.emergency {
        Some(_) => format!("EMERGENCY: {what}"),
        None => what,
    }
}

/// More changes than this are a list, which a phone shows better than a long table.
const MOST_ROWS: usize = 8;
/// A longer value does not fit beside another one on a phone.
const LONGEST_VALUE: usize = 24;

fn changes_as(changes: &[Change], budget: SizeBudget) -> &'static str {
    let is_long = |change: &Change| {
        let (old, new) = values(change).unwrap_or_default();
        let length = |text: &str| text.chars().count();
        old.as_deref().map_or(0, length).max(length(&new)) > LONGEST_VALUE
    };
    match changes.len() {
        1 => "line",
        many if many > MOST_ROWS.min(budget.items) || changes.iter().any(is_long) => "list",
        _ => "table",
    }
}

/// Warnings about going back; a rollback already says so.
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

fn commits_view<'a>(commits: &'a Commits<'a>, budget: SizeBudget) -> CommitsView<'a> {
    let total = commits.total.max(commits.listed.len());
    let more = if commits.more { " and more" } else { "" };
    let back = if commits.back { " taken back" } else { "" };
    let mut title = format!(
        "{}{more}{back} in {}",
        counted(total, "commit"),
        commits.service
    );
    // The owners of those that are not listed are unknown.
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
