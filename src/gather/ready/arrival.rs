//! Since when the server has had content on a branch: by the log of pushes, never by a commit's date.

use std::collections::HashSet;

use jiff::Timestamp;

use super::content::{Kind, Stretch};
use crate::model::ids::CommitId;
use crate::model::policy::Wait;
use crate::model::signal::Known;
use crate::repo::RepoError;

/// Pages of a hundred pushes that are read, one after the other as they are needed.
const PAGES: [usize; 4] = [1, 4, 16, 50];

/// A rewritten history is followed through at most this many older pushes.
const REWRITTEN: usize = 20;

/// Since when content has been on all of its stretches at once. `by_signal`: something else says when it was there, so
/// that it does not matter that no one records when a tag was moved.
pub(super) fn of_all(
    stretches: &[Stretch<'_>],
    now: Timestamp,
    soak: Option<Wait>,
    by_signal: bool,
) -> Known<Timestamp> {
    let mut latest: Option<Timestamp> = None;
    for stretch in stretches {
        match &stretch.kind {
            Kind::Fixed => {}
            Kind::Tag(_) if by_signal => {}
            Kind::Tag(name) => {
                return Known::Unsaid(format!(
                    "it is not recorded anywhere since when the tag {name} has pointed there: add a deployment, check or \
                     status to `ready`, or use a commit ID"
                ));
            }
            Kind::Branch { name, .. } => match of_branch(stretch, name, now, soak) {
                Known::Is(at) => latest = latest.max(Some(at)),
                other => return other,
            },
        }
    }
    latest.map_or_else(
        || Known::Unsaid("it cannot be determined since when it has been there".to_owned()),
        Known::Is,
    )
}

fn of_branch(
    stretch: &Stretch<'_>,
    branch: &str,
    now: Timestamp,
    soak: Option<Wait>,
) -> Known<Timestamp> {
    match try_of_branch(stretch, branch, now, soak) {
        Ok(Some(at)) => Known::Is(at),
        Ok(None) => Known::Unsaid(format!(
            "the log of pushes to {branch} does not list its arrival yet"
        )),
        Err(error) => Known::Failed(error.to_string()),
    }
}

fn try_of_branch(
    stretch: &Stretch<'_>,
    branch: &str,
    now: Timestamp,
    soak: Option<Wait>,
) -> Result<Option<Timestamp>, RepoError> {
    let Some(tip) = stretch.commits.first() else {
        return Ok(None);
    };
    let on: HashSet<String> = stretch.commits.iter().map(CommitId::to_string).collect();
    let mut found = None;
    for pages in PAGES {
        let answer = stretch.repo.pushes(branch, tip, pages)?;
        let (pushes, more) = (&answer.0, answer.1);
        let (since, ended) = walk(stretch, &on, pushes)?;
        found = since;
        // However much longer it has been there, it has been there long enough.
        let long_enough = since.zip(soak).is_some_and(|(since, soak)| {
            since
                .checked_add(soak.duration())
                .is_ok_and(|ends| ends <= now)
        });
        if ended || !more || long_enough {
            break;
        }
    }
    Ok(found)
}

/// The oldest push in an unbroken row that left the content there, and whether the row was seen to begin.
fn walk(
    stretch: &Stretch<'_>,
    on: &HashSet<String>,
    pushes: &[crate::forge::Push],
) -> Result<(Option<Timestamp>, bool), RepoError> {
    let mut since = None;
    let mut rewritten = 0;
    for push in pushes {
        let holds = if on.contains(&push.after) {
            true
        } else if rewritten > 0 {
            rewritten += 1;
            rewritten <= REWRITTEN && same(stretch, &push.after)?
        } else {
            false
        };
        match (holds, since) {
            // The log may lag behind the branch.
            (false, None) => continue,
            (false, Some(_)) => return Ok((since, true)),
            (true, _) => since = Some(push.at),
        }
        let before = on.contains(&push.before);
        if before || rewritten > 0 {
            continue;
        }
        if !push.forced || !same(stretch, &push.before)? {
            return Ok((since, true));
        }
        // The history was rewritten, and what was there before held the same.
        rewritten = 1;
    }
    Ok((since, false))
}

fn same(stretch: &Stretch<'_>, commit: &str) -> Result<bool, RepoError> {
    let (Some(same), Ok(commit)) = (&stretch.same, commit.parse::<CommitId>()) else {
        return Ok(false);
    };
    if commit.to_string().bytes().all(|digit| digit == b'0') {
        return Ok(false);
    }
    same(&commit)
}
