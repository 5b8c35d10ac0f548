//! What waits: most urgent first, and of what is equally urgent the oldest first, after emergencies and rollbacks.

use jiff::Timestamp;
use serde::Serialize;

use super::ages::age;
use super::changes::{ChangeText, texts};
use super::documents::{Pipeline, Promotion, Stage, Standing, StatusDocument, Verdict};
use super::links::{self, Site};
use super::past::Past;
use super::state::{Group, Word};
use crate::model::text::cut_words;
use crate::model::when::utc;

/// More changes of a promotion are counted, not listed.
const MAX_CHANGES: usize = 4;
/// More open gates of a promotion are counted, not listed.
const MAX_GATES: usize = 3;
/// A reason that is longer is a sentence, not a name.
const MAX_SHORT: usize = 80;
/// More characters of a reason are not shown.
const MAX_REASON: usize = 300;

/// What waits, in one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct GroupRows {
    pub heading: &'static str,
    pub class: &'static str,
    pub rows: Vec<Waits>,
}

/// A promotion that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Waits {
    pub word: &'static str,
    pub class: &'static str,
    pub pipeline: String,
    pub from: String,
    /// Empty for a pipeline that is stopped as a whole.
    pub stage: String,
    pub changes: Vec<ChangeText>,
    pub more_changes: usize,
    /// `rollback`, `emergency: why`
    pub kind: String,
    /// Where it is decided: its pull request, or else what its gate names; empty without one.
    pub href: String,
    /// `#12`
    pub pull: String,
    /// The gate that it waits for, if it is one gate.
    pub gate: String,
    /// For whom or what.
    pub whom: String,
    /// What it waits for is a person or a thing, and not what a gate says about itself.
    pub is_for: bool,
    /// It is short enough to stand out.
    pub is_short: bool,
    /// The other gates that are not open.
    pub also: Vec<String>,
    pub more_also: usize,
    pub help: String,
    /// How long; empty if that could not be read.
    pub age: String,
    pub since: String,
    pub until: String,
}

/// All groups that are not empty.
pub(super) fn groups(
    status: &StatusDocument,
    past: &Past<'_>,
    site: Option<&Site>,
) -> Vec<GroupRows> {
    let mut all: Vec<(Group, Option<Timestamp>, Waits)> = Vec::new();
    for pipeline in &status.pipelines {
        let before = all.len();
        for stage in &pipeline.stages {
            for promotion in &stage.promotions {
                let word = Word::of(promotion.state);
                if let Some(group) = word.group() {
                    let since = since(pipeline, stage, promotion, past);
                    let row = row(status, pipeline, stage, promotion, since, site);
                    all.push((group, since, row));
                }
            }
        }
        // A finding stops it, so that nothing is known of its promotions.
        if all.len() == before && pipeline.state == Standing::Error {
            all.push((Group::NeedsYou, None, stopped(pipeline.name_in(status))));
        }
    }
    // An emergency or a rollback is why someone was woken. What has no age comes last: it is not known to be old.
    all.sort_by_key(|(_, since, row)| (row.kind.is_empty(), since.is_none(), *since));
    Group::ALL
        .into_iter()
        .filter_map(|group| {
            let rows: Vec<Waits> = all
                .iter()
                .filter(|(other, ..)| *other == group)
                .map(|(.., row)| row.clone())
                .collect();
            let (heading, class) = group.heading();
            (!rows.is_empty()).then_some(GroupRows {
                heading,
                class,
                rows,
            })
        })
        .collect()
}

/// How many promotions are in sync.
pub(super) fn in_sync(status: &StatusDocument) -> usize {
    let stages = status.pipelines.iter().flat_map(|one| &one.stages);
    let promotions = stages.flat_map(|stage| &stage.promotions);
    promotions
        .filter(|promotion| promotion.state == Standing::InSync)
        .count()
}

/// When the oldest of its changes came to the stage before.
fn since(
    pipeline: &Pipeline,
    stage: &Stage,
    promotion: &Promotion,
    past: &Past<'_>,
) -> Option<Timestamp> {
    let changes = promotion.changes.iter();
    changes
        .filter_map(|change| past.behind(pipeline, stage, promotion, change)?.since)
        .min()
}

fn row(
    status: &StatusDocument,
    pipeline: &Pipeline,
    stage: &Stage,
    promotion: &Promotion,
    since: Option<Timestamp>,
    site: Option<&Site>,
) -> Waits {
    let (word, class) = Word::of(promotion.state).text_and_class();
    let (changes, more_changes) = texts(&promotion.changes, MAX_CHANGES);
    let (gate, said) = match promotion.gate_of_reason() {
        Some((gate, said)) => (gate.name.clone(), said),
        None => (String::new(), promotion.reason.as_str()),
    };
    let after = said.strip_prefix("waits for ");
    let whom = after.unwrap_or(said);
    let mut also: Vec<String> = Vec::new();
    for other in &promotion.gates {
        let said = format!("{}: {}", other.name, cut_words(&other.reason, 120));
        if other.verdict != Verdict::Pass && other.name != gate && !also.contains(&said) {
            also.push(said);
        }
    }
    let more_also = also.len().saturating_sub(MAX_GATES);
    also.truncate(MAX_GATES);
    let mut kinds = Vec::new();
    if promotion.rollback.is_some() {
        kinds.push("rollback".to_owned());
    }
    if let Some(why) = &promotion.emergency {
        kinds.push(format!("emergency: {}", cut_words(why, MAX_REASON)));
    }
    let at_gate = || {
        let mut gates = promotion.gates.iter();
        let gate = gates.find(|other| other.name == gate)?;
        site?.foreign(gate.link.as_deref()?)
    };
    let from: Vec<&str> = promotion
        .edges
        .iter()
        .map(|edge| edge.from.as_str())
        .collect();
    let pull = promotion.pull.map(|number| links::pull(site, number));
    Waits {
        word,
        class,
        pipeline: pipeline.name_in(status),
        from: from.join(", "),
        stage: stage.stage.clone(),
        changes,
        more_changes,
        kind: kinds.join(", "),
        href: match &pull {
            Some(pull) => pull.href.clone(),
            None => at_gate().unwrap_or_default(),
        },
        pull: pull.map(|pull| pull.text).unwrap_or_default(),
        is_for: after.is_some(),
        is_short: whom.chars().count() <= MAX_SHORT,
        whom: cut_words(whom, MAX_REASON),
        gate,
        also,
        more_also,
        help: promotion
            .help
            .as_deref()
            .map(|help| cut_words(help, MAX_REASON))
            .unwrap_or_default(),
        age: since.map(|at| age(at, status.now)).unwrap_or_default(),
        since: since.map(|at| utc(at, status.now)).unwrap_or_default(),
        until: promotion
            .next
            .map(|at| utc(at, status.now))
            .unwrap_or_default(),
    }
}

fn stopped(pipeline: String) -> Waits {
    let (word, class) = Word::Error.text_and_class();
    Waits {
        word,
        class,
        pipeline,
        from: String::new(),
        stage: String::new(),
        changes: Vec::new(),
        more_changes: 0,
        kind: String::new(),
        href: String::new(),
        pull: String::new(),
        gate: String::new(),
        whom: "a finding stops all of it: see “What is wrong”".to_owned(),
        is_for: false,
        is_short: true,
        also: Vec::new(),
        more_also: 0,
        help: String::new(),
        age: String::new(),
        since: String::new(),
        until: String::new(),
    }
}
