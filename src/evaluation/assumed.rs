//! What a simulation assumes about repositories that it cannot read: the branch that is followed has one more commit.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::copy::{is_full_id, looks_like_tag};
use crate::model::commit_range::Direction;
use crate::model::facts::{ResolvedRevision, Revision, RevisionQuery, Ways};
use crate::model::ids::CommitId;
use crate::model::origin::Origin;

/// Replaces every revision that was not read by an assumed commit: one per repository for its branches, one per tag,
/// and for a commit ID that commit itself. Returns the repositories for which a new commit was assumed.
pub(crate) fn revisions(found: &mut BTreeMap<RevisionQuery, Revision>) -> BTreeSet<String> {
    let mut assumed = BTreeSet::new();
    for (query, revision) in found {
        let Origin::Remote(url) = &query.origin else {
            continue;
        };
        if *revision != Revision::Unread {
            continue;
        }
        let url = url.to_string();
        let reference = query.reference.as_str();
        let resolved = if is_full_id(reference) {
            reference.parse().ok().map(|commit| (commit, None, false))
        } else if reference.starts_with("refs/tags/") || looks_like_tag(reference) {
            let commit = commit(&[&url, reference]);
            commit.map(|commit| (commit, Some(reference.to_owned()), false))
        } else {
            assumed.insert(url.clone());
            commit(&[&url]).map(|commit| (commit, Some(format!("{reference}, assumed")), true))
        };
        if let Some((commit, name, moving)) = resolved {
            *revision = Revision::Resolved(ResolvedRevision {
                commit,
                name,
                moving,
                same_as_target: query.target == Some(commit),
                outside: Vec::new(),
                everything: None,
            });
        }
    }
    assumed
}

/// Assumes that every revision that could not be compared is newer.
pub(crate) fn ways(found: &mut Ways) {
    for (query, way) in found {
        if matches!(query.old.origin, Origin::Remote(_)) && way.is_err() {
            let same = query.old.reference == query.new.to_string();
            *way = Ok((!same).then_some(Direction::Forward));
        }
    }
}

fn commit(parts: &[&str]) -> Option<CommitId> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digits: String = hash
        .finalize()
        .iter()
        .take(20)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    digits.parse().ok()
}
