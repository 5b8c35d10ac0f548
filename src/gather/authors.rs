//! Who wrote what a promotion brings.

use super::brought::{Bringing, brought};
use super::remotes::Remotes;
use crate::model::evidence::{ChangeAuthors, Looked};

/// Everyone who wrote a commit that the changes bring; what cannot be told is named as such.
///
/// # Errors
/// In words.
pub fn change_authors(remotes: &Remotes, changes: &[Bringing<'_>]) -> Looked<ChangeAuthors> {
    let mut authors = ChangeAuthors::default();
    let mut missing = None;
    for bringing in changes {
        if !bringing.change.sets_git_ref() {
            continue;
        }
        let name = &bringing.pair.target.key.name;
        match brought(remotes, bringing) {
            Ok(Some(found)) => {
                found.brought.authors(&mut authors);
                if found.brought.cut {
                    authors
                        .unmapped
                        .insert(format!("some authors of {name} (too many commits)"));
                }
            }
            Ok(None) => {
                authors
                    .unmapped
                    .insert(format!("the authors of what {name} brings"));
            }
            Err(error) => missing = Some(error.to_string()),
        }
    }
    missing.map_or(Ok(authors), Err)
}
