//! Pieces of the text: what a service runs, what would change, since when, and how pieces are put on lines.

use jiff::Timestamp;

use crate::model::change::Change;
use crate::model::facts::Slot;
use crate::model::plan::SkippedService;
use crate::model::status::{Running, Since};
use crate::model::text::cut_words;
use crate::model::when::utc;
use crate::report::escape::terminal;
use crate::report::plan_text::short;

/// A value longer than this is cut.
const MAX_LENGTH: usize = 40;
/// A person's name longer than this is cut.
const MAX_NAME: usize = 20;

/// What a field is called: of a path its last key.
pub(super) fn field(slot: &Slot) -> String {
    match slot {
        Slot::GitRef => "ref".to_owned(),
        Slot::HelmVersion => "version".to_owned(),
        Slot::HelmChart => "chart".to_owned(),
        Slot::Key(key) => key.clone(),
        Slot::Field(path) => path
            .last_key()
            .map_or_else(|| path.to_string(), str::to_owned),
    }
}

/// Each service with what it runs: `api 9be04d1 (main), chart 3.3.0`. Secrets are omitted.
pub(super) fn running(values: &[Running]) -> Vec<String> {
    values
        .chunk_by(|one, other| one.service == other.service)
        .map(|of_one| {
            let shown: Vec<&Running> = of_one
                .iter()
                .filter(|running| running.value.is_some())
                // If there is a version, it alone says what of the chart runs.
                .filter(|running| {
                    running.slot != Slot::HelmChart
                        || of_one.iter().all(|one| one.slot != Slot::HelmVersion)
                })
                .collect();
            let parts: Vec<String> = shown
                .iter()
                .map(|running| part(running, shown.len() > 1))
                .collect();
            let service = terminal(&of_one[0].service);
            format!("{service} {}", parts.join(", "))
                .trim_end()
                .to_owned()
        })
        .collect()
}

fn part(running: &Running, several: bool) -> String {
    let value = value(running.value.as_deref().unwrap_or_default());
    let name = match &running.name {
        Some(name) => format!(" ({})", terminal(&cut_words(name, MAX_LENGTH))),
        None => String::new(),
    };
    match &running.slot {
        Slot::GitRef => format!("{value}{name}"),
        Slot::HelmVersion if !several => value,
        Slot::HelmVersion | Slot::HelmChart => format!("chart {value}"),
        other => format!("{} {value}", terminal(&field(other))),
    }
}

/// Puts services on as few lines as they fit; one that is too long is broken between its values.
pub(super) fn services(all: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for service in all {
        let length = service.chars().count();
        match lines.last_mut() {
            Some(line) if line.chars().count() + 2 + length <= width => {
                line.push_str("  ");
                line.push_str(service);
            }
            _ if length <= width => lines.push(service.clone()),
            _ => {
                let values: Vec<String> = service.split(", ").map(str::to_owned).collect();
                let broken = packed(&values, ", ", width.saturating_sub(2));
                let broken = broken.into_iter().enumerate();
                lines.extend(broken.map(|(index, line)| match index {
                    0 => line,
                    _ => format!("  {line}"),
                }));
            }
        }
    }
    lines
}

/// What would change: `api 3f2a1c9 → 9be04d1`, or `db db-password changed` of a secret.
pub(super) fn changes(changes: &[Change]) -> Vec<String> {
    changes
        .iter()
        .map(|change| {
            let path = change.path.to_string();
            let label = match path.as_str() {
                "spec.git.ref" | "spec.helm.version" => String::new(),
                _ => format!(" {}", terminal(change.path.last_key().unwrap_or(&path))),
            };
            let name = terminal(&change.manifest.name);
            if change.is_secret() {
                return format!("{name}{label} changed");
            }
            let old = change.old.as_ref().and_then(|old| old.shown());
            format!(
                "{name}{label} {} → {}",
                old.map_or_else(|| "(nothing)".to_owned(), value),
                value(change.new.shown().unwrap_or_default())
            )
        })
        .collect()
}

fn value(text: &str) -> String {
    terminal(&cut_words(&short(text), MAX_LENGTH))
}

/// `since Fri 14:02 UTC  #121`.
pub(super) fn since(since: &Since, now: Timestamp) -> String {
    match since {
        Since::NoHistory => "no history here".to_owned(),
        Since::Unknown(_) => "since unknown".to_owned(),
        Since::Set(set) => {
            let by = match set.pull {
                Some(number) => number.to_string(),
                None => terminal(&cut_words(&set.by, MAX_NAME)),
            };
            format!("since {}  {by}", utc(set.at, now))
        }
    }
}

/// A service whose hotfix the promotion overwrites.
pub(super) fn debt(service: &SkippedService, now: Timestamp) -> String {
    let name = terminal(&service.name);
    let set = match &service.by {
        Some(by) => format!(
            "set by hand in {} ({}, {})",
            by.commit.short(),
            terminal(&cut_words(&by.author, MAX_NAME)),
            utc(by.date, now)
        ),
        None => terminal(&service.reason),
    };
    format!("takes away: {name}, {set}; its source has not caught up with that")
}

/// A service that stays behind.
pub(super) fn left_out(service: &SkippedService, now: Timestamp) -> String {
    let name = terminal(&service.name);
    match &service.by {
        Some(by) => format!(
            "ahead: {name}, set by hand in {} ({}, {})",
            by.commit.short(),
            terminal(&cut_words(&by.author, MAX_NAME)),
            utc(by.date, now)
        ),
        None => format!("stays behind: {name}, {}", terminal(&service.reason)),
    }
}

/// Puts pieces on as few lines as they fit; one that is too long has a line of its own.
pub(super) fn packed(pieces: &[String], between: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        match lines.last_mut() {
            Some(line)
                if (line.chars().count() + between.chars().count() + piece.chars().count())
                    <= width =>
            {
                line.push_str(between);
                line.push_str(piece);
            }
            Some(line) => {
                line.push_str(between.trim_end());
                lines.push(piece.clone());
            }
            None => lines.push(piece.clone()),
        }
    }
    lines
}

/// Breaks a sentence between words.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    packed(&words, " ", width)
}
