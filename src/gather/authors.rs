//! What a promotion brings, commit by commit, and who wrote it.

use std::rc::Rc;

use super::remotes::Remotes;
use crate::copy::{Pair, is_full_id};
use crate::model::brought::{Brings, Brought, Way};
use crate::model::change::Change;
use crate::model::evidence::{ChangeAuthors, Looked};
use crate::model::ids::CommitId;
use crate::model::policy::Refs;
use crate::repo::{FoundBy, ReadObjects, RepoError, Watch};

/// What one change of a git ref brings.
pub struct Found {
    /// The repository, as `owner/name`.
    pub repository: String,
    /// The commit before.
    pub old: CommitId,
    /// The commit after.
    pub new: CommitId,
    /// The commits in between.
    pub brought: Rc<Brought>,
}

/// Whether a branch or tag that may be promoted leads to every commit that the changes set.
///
/// # Errors
/// In words.
pub fn promotable(remotes: &Remotes, refs: &Refs, pairs: &[(Pair<'_>, &Change)]) -> Looked<bool> {
    let mut all = true;
    let mut missing = None;
    for (pair, change) in pairs {
        let new = change.new.expose();
        if !change.sets_git_ref() || pair.unknown_origin() || !is_full_id(new) {
            continue;
        }
        let repo = pair.source_origin.and_then(|origin| remotes.at(origin));
        let (Some(repo), Ok(commit)) = (repo, new.parse()) else {
            continue;
        };
        match repo.promotable(&commit, FoundBy::Id, refs) {
            Ok(may) => all &= may.unwrap_or(false),
            Err(error) => missing = Some(error.to_string()),
        }
    }
    missing.map_or(Ok(all), Err)
}

/// The commits that one change of a git ref brings; `None` for any other change, and where its repository is unknown.
///
/// # Errors
/// Where they could not be read.
pub fn brought(
    remotes: &Remotes,
    pair: &Pair<'_>,
    change: &Change,
) -> Result<Option<Found>, RepoError> {
    if !change.sets_git_ref() || pair.unknown_origin() {
        return Ok(None);
    }
    let Some(repo) = pair.source_origin.and_then(|origin| remotes.at(origin)) else {
        return Ok(None);
    };
    let watched = pair.watched();
    let watch = Watch {
        folders: watched.clone(),
        ..Watch::default()
    };
    let id = |text: &str| -> Result<Option<CommitId>, RepoError> {
        if is_full_id(text) {
            return Ok(text.parse().ok());
        }
        let hits = repo.resolve(text, None)?;
        // A branch stands for the newest commit that touched what is watched, here as where it is taken: its tip may be any
        // number of other commits further on.
        match hits.branch {
            Some(tip) => repo.newest_change(&tip, &watch),
            None => Ok(hits.tag),
        }
    };
    let Some(old) = &change.old else {
        return Ok(None);
    };
    let (old, new) = (id(old.expose()), id(change.new.expose()));
    let (Some(old), Some(new)) = (old?, new?) else {
        return Ok(None);
    };
    let brought = match old == new {
        // A name that is pinned where it stands.
        true => Rc::new(Brought {
            way: Way::Forward,
            commits: Vec::new(),
            cut: false,
        }),
        false => repo.between(&old, &new, &watched)?,
    };
    Ok(Some(Found {
        repository: repo.slug().to_string(),
        old,
        new,
        brought,
    }))
}

/// What all changes of a stage's pairs bring; what brings nothing, or cannot be read, is left out, for it decides nothing.
pub fn brings(remotes: &Remotes, pairs: &[(Pair<'_>, &Change)]) -> Vec<Brings> {
    let found = pairs.iter().filter_map(|(pair, change)| {
        let found = brought(remotes, pair, change).ok()??;
        if found.old == found.new {
            return None;
        }
        Some(Brings::of(
            &pair.target.key.name,
            Some(found.repository),
            found.old,
            found.new,
            &found.brought,
        ))
    });
    found.collect()
}

/// Everyone who wrote a commit that the changes bring; what cannot be told is named as such.
///
/// # Errors
/// In words.
pub fn change_authors(remotes: &Remotes, pairs: &[(Pair<'_>, &Change)]) -> Looked<ChangeAuthors> {
    let mut authors = ChangeAuthors::default();
    let mut missing = None;
    for (pair, change) in pairs {
        if !change.sets_git_ref() {
            continue;
        }
        match brought(remotes, pair, change) {
            Ok(Some(found)) => {
                found.brought.authors(&mut authors);
                if found.brought.cut {
                    authors.unmapped.insert(format!(
                        "some authors of {} (too many commits)",
                        pair.target.key.name
                    ));
                }
            }
            Ok(None) => {
                authors.unmapped.insert(format!(
                    "the authors of what {} brings",
                    pair.target.key.name
                ));
            }
            Err(error) => missing = Some(error.to_string()),
        }
    }
    missing.map_or(Ok(authors), Err)
}
