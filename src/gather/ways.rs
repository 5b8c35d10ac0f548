//! How the commits that targets would take relate to what they hold. What cannot be determined is an answer of its own
//! kind.

use std::collections::BTreeSet;

use super::repositories::Repositories;
use super::revisions::RevisionResolver;
use crate::copy::is_full_id;
use crate::model::commit_range::Direction;
use crate::model::facts::{Revision, WayQuery, Ways};
use crate::model::fetched::{Fetched, Unavailable};
use crate::model::ids::CommitId;
use crate::model::origin::Origin;
use crate::repo::{ReadObjects, Repo, RepoError};

/// Answers all queries.
pub(crate) fn answer_ways(repositories: &Repositories<'_>, queries: BTreeSet<WayQuery>) -> Ways {
    let answers = queries.into_iter().map(|query| {
        let way = answer(repositories, &query);
        (query, way)
    });
    answers.collect()
}

fn answer(repositories: &Repositories<'_>, query: &WayQuery) -> Fetched<Option<Direction>> {
    match &query.old.origin {
        Origin::Here => match &repositories.here {
            Some((here, tip)) => way(here.objects(), query, || {
                RevisionResolver::here(repositories, here, *tip)
            }),
            None => Err(Unavailable::new("this folder is no repository")),
        },
        Origin::Local(path) => match Repo::at(&repositories.root.join(path)) {
            Ok(Some(repo)) => way(&repo, query, || {
                RevisionResolver::elsewhere(repositories, &repo)
            }),
            Ok(None) => Err(Unavailable::new(format!(
                "{path} is not the top of a git repository"
            ))),
            Err(error) => Err(Unavailable::from(error)),
        },
        Origin::Remote(url) => match repositories.remotes.and_then(|remotes| remotes.of(url)) {
            Some(repo) => way(repo.as_ref(), query, || {
                Ok(RevisionResolver::remote(repositories))
            }),
            None => Err(Unavailable::new(format!("{url} was not read"))),
        },
        Origin::Unreadable(why) => Err(Unavailable::new(why.clone())),
        Origin::Unknown { .. } | Origin::Unsaid => {
            Err(Unavailable::new("nothing is known of its repository"))
        }
    }
}

fn way<'a>(
    repo: &dyn ReadObjects,
    query: &WayQuery,
    asked: impl FnOnce() -> Result<RevisionResolver<'a>, RepoError>,
) -> Fetched<Option<Direction>> {
    let name = &query.old.reference;
    let old = match is_full_id(name) {
        true => name.parse().map_err(|error| format!("`{name}`: {error}"))?,
        false => match asked().map_err(Unavailable::from)?.answer(repo, &query.old) {
            Revision::Resolved(found) if found.same_as_target => return Ok(None),
            Revision::Resolved(found) => found.commit,
            Revision::Failed { why, .. } => {
                return Err(Unavailable::new(format!("`{name}`: {why}")));
            }
            Revision::Unread => return Err(Unavailable::new(format!("`{name}` was not read"))),
        },
    };
    stands(repo, &old, &query.new).map_err(Unavailable::from)
}

fn stands(
    repo: &dyn ReadObjects,
    old: &CommitId,
    new: &CommitId,
) -> Result<Option<Direction>, RepoError> {
    if old == new {
        return Ok(None);
    }
    if repo.is_ancestor(old, new)? {
        return Ok(Some(Direction::Forward));
    }
    Ok(Some(match repo.is_ancestor(new, old)? {
        true => Direction::Back,
        false => Direction::Sideways,
    }))
}
