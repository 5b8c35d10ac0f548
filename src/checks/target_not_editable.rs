//! `target-not-editable`: a field that is due cannot be set without touching other bytes, or holds no single value.
//!
//! Every edit is made here, on the existing bytes: a refusal is never first found during the promotion.

use std::collections::{BTreeMap, HashSet};

use super::check::{Check, Compared, Context, only};
use super::problems;
use crate::model::change::Change;
use crate::model::finding::{Finding, Severity};
use crate::model::source_location::{RepoPath, SourceLocation};
use crate::yaml::edit::{Edit, EditError, Prober, apply};
use crate::yaml::{Limits, Stream};

pub(super) const CHECK: Check = Check {
    code: "target-not-editable",
    severity: Severity::Error,
    about: "A field cannot be set byte-exactly, or would not keep its type.",
    run,
};

/// A file is edited at most this often to find out which of its edits is refused.
const TRIES: usize = 64;

/// A change that would be made, and for whom.
struct Wanted<'a> {
    compared: &'a Compared<'a>,
    change: &'a Change,
    edit: Edit,
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = problems::of(context, CHECK.code);
    let mut by_file: BTreeMap<&RepoPath, Vec<Wanted<'_>>> = BTreeMap::new();
    for compared in &context.pairs {
        for change in &compared.comparison.changes {
            by_file.entry(&change.file).or_default().push(Wanted {
                compared,
                change,
                edit: change.edit(),
            });
        }
    }
    for (file, changes) in by_file {
        let Some(bytes) = (context.bytes)(file) else {
            continue;
        };
        let Ok(stream) = Stream::parse(&bytes, &Limits::default()) else {
            continue;
        };
        let mut refuse = |wanted: &Wanted<'_>, refusal: &EditError| {
            let change = wanted.change;
            let at = refusal.position.unwrap_or(change.at);
            let message = format!(
                "{} of {} cannot be set: {}",
                change.path, change.manifest.name, refusal.message
            );
            let stops = only(wanted.compared.pipeline);
            findings.push(Finding::error(
                CHECK.code,
                SourceLocation::new(file, at),
                message,
                stops,
            ));
        };
        let mut prober = Prober::of(&stream);
        let mut proved: Vec<Wanted<'_>> = Vec::new();
        for wanted in changes {
            match prober.try_edit(&wanted.edit) {
                Ok(()) => proved.push(wanted),
                Err(refusal) => refuse(&wanted, &refusal),
            }
        }
        for (wanted, refusal) in unproved(&bytes, proved) {
            refuse(&wanted, &refusal);
        }
    }
    findings
}

/// The edits of a file that cannot be proved, each with why. All are made at once, and then in ever smaller parts.
fn unproved<'a>(bytes: &[u8], wanted: Vec<Wanted<'a>>) -> Vec<(Wanted<'a>, EditError)> {
    // Two promotions that set one field are another finding.
    let mut seen = HashSet::new();
    let once = |one: &Wanted<'_>| seen.insert((one.edit.object.clone(), one.edit.path.clone()));
    let wanted: Vec<Wanted<'a>> = wanted.into_iter().filter(once).collect();
    let mut found = Vec::new();
    let mut open = vec![wanted];
    let mut tries = 0;
    while let Some(mut part) = open.pop() {
        let edits: Vec<Edit> = part.iter().map(|one| one.edit.clone()).collect();
        let Err(refusal) = apply(bytes, &edits) else {
            continue;
        };
        tries += 1;
        if part.len() > 1 && tries < TRIES {
            let rest = part.split_off(part.len() / 2);
            open.extend([rest, part]);
            continue;
        }
        found.extend(part.into_iter().map(|one| (one, refusal.clone())));
    }
    found
}
