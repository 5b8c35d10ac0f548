//! The last landings, and what came another way.

use std::cmp::Reverse;

use jiff::Timestamp;
use serde::Serialize;

use super::ages::{age, minute};
use super::changes::{ChangeText, texts};
use super::documents::{
    Deviation, DeviationKind, HistoryDocument, Landing, Outcome, StatusDocument,
};
use super::gates::{GateText, past_gates};
use super::links::{self, Link, Site};
use crate::model::text::cut_words;

/// This many landings are listed, and at most as many changes that came another way.
pub(super) const MAX_LANDINGS: usize = 50;
/// More changes of a landing are counted, not listed.
const MAX_CHANGES: usize = 3;

/// A landing, or a change that came another way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Landed {
    pub age: String,
    pub at: String,
    /// Empty for what came another way: it belongs to no promotion.
    pub pipeline: String,
    pub from: String,
    pub stage: String,
    pub changes: Vec<ChangeText>,
    pub more_changes: usize,
    /// Pull request and commit.
    pub refs: Vec<Link>,
    pub marks: Vec<Mark>,
    pub reason: String,
    pub gates: Vec<GateText>,
}

/// What is out of the ordinary about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Mark {
    pub class: &'static str,
    pub text: String,
}

/// The list, newest first, and how many changes that came another way since the oldest landing of it are left out.
pub(super) fn landings(
    history: &HistoryDocument,
    status: &StatusDocument,
    site: Option<&Site>,
) -> (Vec<Landed>, usize) {
    let listed = history.landings.iter().take(MAX_LANDINGS);
    let oldest = match history.landings.len() > MAX_LANDINGS {
        true => listed.clone().map(|landing| landing.date).min(),
        false => None,
    };
    let others = history.verified.iter().flat_map(|one| &one.deviations);
    let mut others = others.filter(|one| oldest.is_none_or(|oldest| one.date >= oldest));
    let shown = others
        .by_ref()
        .take(MAX_LANDINGS)
        .map(|one| (one.date, another_way(one, status.now, site)));
    let mut rows: Vec<(Timestamp, Landed)> = listed
        .map(|one| (one.date, landed(one, status, site)))
        .chain(shown)
        .collect();
    rows.sort_by_key(|(date, _)| Reverse(*date));
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    (rows, others.count())
}

fn landed(landing: &Landing, status: &StatusDocument, site: Option<&Site>) -> Landed {
    let (changes, more_changes) = texts(&landing.changes, MAX_CHANGES);
    let mut marks = Vec::new();
    let mut mark = |class, text: String| marks.push(Mark { class, text });
    if let Some(to) = &landing.rollback {
        mark(
            "held",
            format!("rollback to {}", links::commit(None, to).text),
        );
    }
    if let Some(skipped) = &landing.emergency {
        mark(
            "stop",
            format!("emergency: skipped {}", cut_words(skipped, 80)),
        );
    }
    let open: Vec<&str> = landing
        .gates
        .iter()
        .filter(|gate| gate.outcome == Some(Outcome::Open))
        .filter_map(|gate| gate.name.as_deref())
        .collect();
    if !open.is_empty() {
        mark(
            "stop",
            format!("merged past the gates: {}", open.join(", ")),
        );
    }
    if landing.gates.is_empty() {
        mark("none", "gates not recorded".to_owned());
    }
    let from: Vec<&str> = landing
        .edges
        .iter()
        .map(|edge| edge.from.as_str())
        .collect();
    Landed {
        age: age(landing.date, status.now),
        at: minute(landing.date),
        pipeline: status.name_of(landing.namespace.as_deref(), &landing.pipeline),
        from: from.join(", "),
        stage: landing.stage.clone(),
        changes,
        more_changes,
        refs: refs(landing.pull, &landing.commit, site),
        marks,
        reason: landing
            .reason
            .as_deref()
            .map(|why| cut_words(why, 200))
            .unwrap_or_default(),
        gates: past_gates(landing),
    }
}

fn another_way(one: &Deviation, now: Timestamp, site: Option<&Site>) -> Landed {
    let (changes, more_changes) = texts(&one.changes, MAX_CHANGES);
    let by = cut_words(&one.author, 40);
    let text = match one.kind {
        DeviationKind::Drift => format!("not a landing: set by {by}"),
        DeviationKind::FalseRecord => format!("false record, by {by}"),
        DeviationKind::NotRecomputable => format!("record that cannot be recomputed, by {by}"),
        DeviationKind::MoreThanItsPlan => "landing that changed more than its plan".to_owned(),
    };
    Landed {
        age: age(one.date, now),
        at: minute(one.date),
        pipeline: String::new(),
        from: String::new(),
        stage: String::new(),
        changes,
        more_changes,
        refs: refs(one.pull, &one.commit, site),
        marks: vec![Mark {
            class: "stop",
            text,
        }],
        reason: one
            .why
            .as_deref()
            .map(|why| cut_words(why, 200))
            .unwrap_or_default(),
        gates: Vec::new(),
    }
}

fn refs(pull: Option<u64>, commit: &str, site: Option<&Site>) -> Vec<Link> {
    let pull = pull.map(|number| links::pull(site, number));
    let commit = links::commit(site, commit);
    pull.into_iter().chain([commit]).collect()
}
