//! A cell of the matrix: what a service runs in a stage, its state, since when, and how far it is behind.

use jiff::Timestamp;
use serde::Serialize;

use super::ages::{age, minute};
use super::changes::{ChangeText, texts, value};
use super::documents::{Change, Pipeline, Promotion, Service, Stage, Value};
use super::gates::{GateText, gates, past_gates};
use super::links::{self, Link, Site};
use super::past::Past;
use super::state::Word;
use crate::model::text::{counted, cut_words};

/// A service in a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Cell {
    pub service: String,
    /// What it runs.
    pub chip: String,
    /// The branch or tag of the commit that it runs.
    pub note: String,
    pub word: &'static str,
    /// Shape and colour.
    pub class: &'static str,
    pub age: String,
    /// `3 versions, 6 d behind qa`
    pub behind: String,
    /// What it runs besides the chip.
    pub more: Vec<FieldText>,
    /// Who set it, by which pull request, and through which gates, as the record of the landing says.
    pub set: Option<Story>,
    /// The promotion into it that has not landed.
    pub next: Option<Story>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct FieldText {
    pub field: String,
    pub value: String,
}

/// What an opened cell says: how what runs got there, or what is to replace it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Story {
    pub changes: Vec<ChangeText>,
    pub text: String,
    /// Its pull request, or else its commit.
    pub refs: Vec<Link>,
    pub gates: Vec<GateText>,
}

/// What a cell is made from besides its place.
pub(super) struct Sheet<'a> {
    pub now: Timestamp,
    pub past: &'a Past<'a>,
    pub site: Option<&'a Site>,
}

/// The cell of a service.
pub(super) fn cell(
    pipeline: &Pipeline,
    stage: &Stage,
    service: &Service,
    sheet: &Sheet<'_>,
) -> Cell {
    let values: Vec<&Value> = stage
        .values
        .iter()
        .filter(|value| value.service == service.service)
        .collect();
    let (word, promotion) = standing(stage, service, &values);
    let (word, class) = match word {
        Some(word) => word.text_and_class(),
        None => ("source", "none"),
    };
    let changes: Vec<&Change> = promotion
        .iter()
        .flat_map(|promotion| &promotion.changes)
        .filter(|change| is_of(change, service, &values))
        .collect();
    let (chip, note, more) = shown(&values, &changes);
    Cell {
        service: service.service.clone(),
        chip,
        note,
        word,
        class,
        age: service
            .since
            .as_ref()
            .map(|set| age(set.at, sheet.now))
            .unwrap_or_default(),
        behind: promotion
            .map(|promotion| behind(pipeline, stage, promotion, &changes, sheet))
            .unwrap_or_default(),
        more,
        set: set(service, sheet),
        next: promotion.map(|promotion| Story {
            changes: texts(changes.iter().copied(), 8).0,
            text: match left_out(promotion, service) {
                Some(why) => why.to_owned(),
                // The gates below say it.
                None if promotion.gate_of_reason().is_some() => String::new(),
                None => promotion.reason.clone(),
            },
            refs: promotion
                .pull
                .map(|number| links::pull(sheet.site, number))
                .into_iter()
                .collect(),
            gates: gates(&promotion.gates, sheet.site),
        }),
    }
}

/// The state of a service, and the promotion that it is about; `None` if nothing is promoted into the service and it is
/// what others are promoted from.
fn standing<'a>(
    stage: &'a Stage,
    service: &Service,
    values: &[&Value],
) -> (Option<Word>, Option<&'a Promotion>) {
    let of = |promotion: &'a Promotion| {
        let word = Word::of(promotion.state);
        let changes = &promotion.changes;
        if changes.iter().any(|change| is_of(change, service, values)) {
            return Some((word, promotion));
        }
        let mut skipped = promotion.left_out.iter();
        if let Some(skipped) = skipped.find(|other| other.name == service.service) {
            // What a person set is ahead; what a hold names is held.
            let word = match skipped.commit {
                Some(_) => Word::Ahead,
                None => Word::Held,
            };
            return Some((word, promotion));
        }
        let all = changes.is_empty() && promotion.left_out.is_empty();
        let waits = word.group().is_some() || word == Word::Ahead;
        (all && waits).then_some((word, promotion))
    };
    if service.source.is_none() {
        // Into the first stages nothing is promoted; into another one, nothing for this service.
        let is_first = stage.promotions.is_empty();
        return ((!is_first).then_some(Word::NotMoved), None);
    }
    let mut words = stage
        .promotions
        .iter()
        .map(|promotion| Word::of(promotion.state));
    let worst = stage.promotions.iter().filter_map(of);
    match worst.min_by_key(|(word, _)| *word) {
        Some((word, promotion)) => (Some(word), Some(promotion)),
        None if words.all(|word| word == Word::NotMoved) => (Some(Word::NotMoved), None),
        None => (Some(Word::InSync), None),
    }
}

/// Whether a change is one of this service: of its manifest, or of a `Secret` with a key of it.
fn is_of(change: &Change, service: &Service, values: &[&Value]) -> bool {
    match change.kind.as_str() {
        "ServiceDeployment" => change.name == service.service,
        _ => values
            .iter()
            .any(|value| value.secret && change.path.ends_with(&value.field)),
    }
}

fn left_out<'a>(promotion: &'a Promotion, service: &Service) -> Option<&'a str> {
    let mut all = promotion.left_out.iter();
    let found = all.find(|other| other.name == service.service)?;
    Some(&found.reason)
}

/// The chip, its note, and what else there is. What a promotion changes is what people want to see.
fn shown(values: &[&Value], changes: &[&Change]) -> (String, String, Vec<FieldText>) {
    let plain = |one: &&&Value| one.value.is_some();
    let changed = |one: &&&Value| {
        let mut changes = changes.iter();
        changes.any(|change| change.path.ends_with(&one.field))
    };
    let of = |field: &str| values.iter().filter(plain).find(|one| one.field == field);
    let first = values
        .iter()
        .filter(plain)
        .find(changed)
        .or_else(|| of("ref").filter(|one| one.name.is_some()))
        .or_else(|| of("version"))
        .or_else(|| values.iter().find(plain));
    let Some(first) = first else {
        let chip = match values.is_empty() {
            true => "–",
            false => "secret",
        };
        return (chip.to_owned(), String::new(), Vec::new());
    };
    let text = |one: &Value| match &one.value {
        Some(text) => value(text),
        None => "secret, not shown".to_owned(),
    };
    let more = values
        .iter()
        .filter(|one| !std::ptr::eq(**one, *first))
        .map(|one| FieldText {
            field: one.field.clone(),
            value: text(one),
        })
        .collect();
    let note = first.name.as_deref().map(|name| cut_words(name, 40));
    (text(first), note.unwrap_or_default(), more)
}

fn behind(
    pipeline: &Pipeline,
    stage: &Stage,
    promotion: &Promotion,
    changes: &[&Change],
    sheet: &Sheet<'_>,
) -> String {
    let all = changes.iter().filter_map(|change| {
        // Of several fields, the one that is furthest behind.
        sheet.past.behind(pipeline, stage, promotion, change)
    });
    let Some(furthest) =
        all.max_by_key(|behind| (behind.versions, behind.since.map(std::cmp::Reverse)))
    else {
        return String::new();
    };
    let versions = furthest.versions.map(|number| counted(number, "version"));
    let since = furthest.since.map(|since| age(since, sheet.now));
    let parts: Vec<String> = versions.into_iter().chain(since).collect();
    format!("{} behind {}", parts.join(", "), furthest.from)
        .trim_start()
        .to_owned()
}

fn set(service: &Service, sheet: &Sheet<'_>) -> Option<Story> {
    let set = service.since.as_ref()?;
    let landing = sheet.past.landing(&set.commit);
    let pull = set.pull.or_else(|| landing?.pull);
    let how = match landing.is_some() || set.pull.is_some() {
        true => "promoted".to_owned(),
        false => format!("set by {}", cut_words(&set.by, 40)),
    };
    // The page of the pull request leads to the commit.
    let from = match pull {
        Some(number) => links::pull(sheet.site, number),
        None => links::commit(sheet.site, &set.commit),
    };
    Some(Story {
        changes: Vec::new(),
        text: format!("{how}, {}", minute(set.at)),
        refs: vec![from],
        gates: landing.map(past_gates).unwrap_or_default(),
    })
}
