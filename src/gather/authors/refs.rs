//! The people behind the commits that a git ref brings.

use super::{AuthorsSearch, Untold};
use crate::copy::is_full_id;
use crate::gather::commit_range::{RevisionChange, commits_between};
use crate::gather::remote::{RemoteRepo, Tip};
use crate::model::authors::{ChangeAuthors, Changed};
use crate::model::commit_range::Direction;
use crate::repo::{ReadObjects, RepoError};

impl AuthorsSearch<'_> {
    pub(super) fn of_ref(&self, bringing: &RevisionChange<'_>) -> Result<ChangeAuthors, Untold> {
        let name = &bringing.pair.target.key.name;
        let Some(found) = commits_between(self.remotes, bringing)? else {
            return Err(Untold::Never(format!(
                "cannot identify the authors of what {name} brings: its old or new value is not a commit of a known repository; promote it \
                 through a gate without `change-authors`"
            )));
        };
        let mut authors = ChangeAuthors::default();
        // What goes back brings nothing.
        if found.brought.way != Direction::Back && !found.brought.commits.is_empty() {
            let repo = &*found.repo;
            let tip = tip_of(repo, bringing)?;
            let commits = found.brought.commits.iter();
            let commits: Vec<_> = commits.map(|one| (one.commit, Changed::Content)).collect();
            for one in self.people(repo, &tip, Some(&found.ends.0), &commits)? {
                authors.add(one);
            }
        }
        if found.brought.cut {
            authors.untold.insert(format!(
                "cannot identify all authors of what {name} brings: it brings more commits than are read; promote it in smaller steps"
            ));
        }
        Ok(authors)
    }
}

/// The branch that a source follows. For a tag or a commit ID it is not recorded to which branch it was pushed: the
/// default branch is assumed.
fn tip_of(repo: &RemoteRepo, bringing: &RevisionChange<'_>) -> Result<Tip, RepoError> {
    let followed = bringing.pair.source_ref().map(|value| value.text.as_str());
    if let Some(name) = followed
        && !is_full_id(name)
        && let Some(commit) = repo.resolve(name, None)?.branch
    {
        let branch = name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
        return Ok(Tip { branch, commit });
    }
    repo.default_tip()
}
