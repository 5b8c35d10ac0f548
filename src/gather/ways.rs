//! How the commits that targets would take relate to what they hold. What cannot be determined is an answer of its own
//! kind.

use std::collections::BTreeSet;

use super::repositories::Repositories;
use super::revisions::RevisionResolver;
use crate::copy::is_full_id;
use crate::model::commit_range::Direction;
use crate::model::facts::{Revision, WayQuery, Ways};
use crate::model::fetched::Fetched;
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
            None => Err("this folder is not a git repository".to_owned()),
        },
        Origin::Local(path) => match Repo::at(&repositories.root.join(path)) {
            Ok(Some(repo)) => way(&repo, query, || {
                RevisionResolver::elsewhere(repositories, &repo)
            }),
            Ok(None) => Err(format!("{path} is not the top of a git repository")),
            Err(error) => Err(error.to_string()),
        },
        Origin::Remote(url) => match repositories.remotes.and_then(|remotes| remotes.of(url)) {
            Some(repo) => way(repo.as_ref(), query, || {
                Ok(RevisionResolver::remote(repositories))
            }),
            None => Err(format!("{url} was not read")),
        },
        Origin::Unreadable(why) => Err(why.clone()),
        Origin::Unknown { .. } | Origin::Unsaid => Err("its repository is unknown".to_owned()),
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
        false => match asked()
            .map_err(|error| error.to_string())?
            .answer(repo, &query.old)
        {
            Revision::Resolved(found) if found.same_as_target => return Ok(None),
            Revision::Resolved(found) => found.commit,
            Revision::Failed { why, .. } => return Err(format!("`{name}`: {why}")),
            Revision::Unread => return Err(format!("`{name}` was not read")),
        },
    };
    stands(repo, &old, &query.new).map_err(|error| error.to_string())
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
