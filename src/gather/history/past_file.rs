//! A manifest file as it was at a commit.

use super::wanted::{SET_ONCE, Wanted, several};
use crate::catalog::{FileManifests, read_file};
use crate::model::catalog::Unread;
use crate::model::facts::LastSet;
use crate::model::ids::CommitId;
use crate::model::policy::Policy;
use crate::model::reference::{Kind, ManifestKey};
use crate::yaml::Span;

/// A file as it was.
pub(super) struct PastFile {
    pub(super) found: FileManifests,
    /// Set if the file itself, or a manifest in it, could not be parsed: the text of the file and the reason.
    pub(super) broken: Option<(Unread, String)>,
}

impl PastFile {
    /// Reads a file that was at `file` then.
    pub(super) fn read(file: &str, bytes: &[u8], policy: &Policy) -> Self {
        let words = |at, why: &str, text: &[u8]| Unread {
            file: file.into(),
            at,
            why: why.to_owned(),
            may_hold: crate::model::catalog::MayHold::Ours,
            kind: crate::model::catalog::UnreadKind::Broken,
            words: Unread::words_of(text),
        };
        match read_file(&file.into(), bytes, policy) {
            Ok(found) => {
                let mut findings = found.findings.iter();
                // A template may only hide what is named in its own document.
                let broken = findings
                    .find(|one| !one.templated)
                    .or(found.findings.first());
                let broken = broken.map(|broken| {
                    let place = &broken.finding.place;
                    let at = crate::yaml::Position {
                        line: place.line,
                        column: place.column,
                    };
                    let why = format!("{place}: {}", broken.finding.message);
                    let unread = match broken.templated {
                        true => words(at, &broken.finding.message, &templates(bytes, &found)),
                        false => words(at, &broken.finding.message, bytes),
                    };
                    (unread, why)
                });
                Self { found, broken }
            }
            Err(error) => {
                let why = format!("{file}:{}: {}", error.position, error.message);
                Self {
                    found: FileManifests::default(),
                    broken: Some((words(error.position, &error.message, bytes), why)),
                }
            }
        }
    }

    pub(super) fn holds(&self, wanted: &Wanted<'_>) -> bool {
        let is = |key: &ManifestKey, written: Option<&str>| wanted.is(key, written);
        match wanted.key.kind {
            Kind::Secret => {
                let mut all = self.found.secrets.iter();
                all.any(|one| is(&one.key, one.written_namespace.as_deref()))
            }
            Kind::Pipeline => {
                let mut all = self.found.pipelines.iter();
                all.any(|one| is(&one.key(), one.written_namespace.as_deref()))
            }
            _ => {
                let mut all = self.found.services.iter();
                all.any(|one| is(&one.key, one.written_namespace.as_deref()))
            }
        }
    }
}

/// The documents of a file that are templates.
fn templates(bytes: &[u8], found: &FileManifests) -> Vec<u8> {
    let templated = found.findings.iter().filter(|one| one.templated);
    let mut spans: Vec<Span> = templated.map(|one| one.document).collect();
    spans.dedup();
    let texts = spans
        .iter()
        .filter_map(|span| bytes.get(span.start..span.end));
    texts.collect::<Vec<_>>().join(&b'\n')
}

/// Turns "missing" into "could not be determined" if the file contains something unreadable with that name, or two
/// manifests of which either may be meant.
pub(super) fn told<T>(
    wanted: &Wanted<'_>,
    found: Result<Option<T>, ()>,
    past: Option<&PastFile>,
    commit: &CommitId,
) -> Result<Option<T>, LastSet> {
    let failed = |why: String| LastSet::Failed {
        why,
        help: Some(SET_ONCE.to_owned()),
    };
    match found {
        Ok(Some(found)) => Ok(Some(found)),
        Ok(None) => match past.and_then(|past| past.broken.as_ref()) {
            Some((unread, why)) if unread.may_hold(wanted.key.kind, &wanted.key.name) => Err(
                failed(format!("at {} it could not be read: {why}", commit.short())),
            ),
            _ => Ok(None),
        },
        Err(()) => Err(several(wanted, commit)),
    }
}
