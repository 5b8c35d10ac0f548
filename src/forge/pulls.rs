//! Pull requests: opening, closing, describing, commenting.

use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::backoff::Backoff;
use super::client::Forge;
use super::error::ForgeError;
use super::paging::MAX_PAGES;
use super::pull_shape::{Closing, SAID, closed_by, pull_fragment, pull_of};
use super::query_builder::QueryBuilder;
use super::shapes::{ACTOR, ActorShape, IdShape, Nodes, id, shape, take, time};
use super::writer::Writer;
use crate::model::actor::UserId;
use crate::model::ids::{CommitId, PullNumber};
use crate::model::pull::{ClosedPull, Pull};
use crate::model::wire_words::BRANCHES;

/// A pull request to open.
#[derive(Clone, Debug)]
pub struct NewPull<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its description.
    pub body: &'a str,
    /// The short name of the branch that it asks to merge.
    pub branch: &'a str,
    /// The short name of the branch into which.
    pub base: &'a str,
    /// The repository's numeric id: only a pull request from a branch of this repository is ours.
    pub repository: u64,
}

/// A pull request that this account opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenedPull {
    /// Its number.
    pub number: PullNumber,
    /// The commit at its head.
    pub head: CommitId,
}

/// Closed pull requests, newest first.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Those that were found.
    pub pulls: Vec<ClosedPull>,
    /// There may be older ones.
    pub more: bool,
}

/// A page of closed pull requests of any base.
#[derive(Clone, Debug)]
pub struct ClosedPage {
    pulls: Vec<ClosedPull>,
    next: Option<String>,
}

/// At most this many people behind closed promotions have their permissions read before they are needed.
const CLOSERS: usize = 10;

impl ClosedPage {
    /// People who closed a pull request from one of our branches since then.
    pub fn closers(&self, since: Timestamp) -> BTreeMap<UserId, String> {
        let ours = self
            .pulls
            .iter()
            .filter(|pull| pull.at >= since && !pull.foreign && pull.branch.starts_with(BRANCHES));
        let people = ours.filter_map(|pull| {
            let by = pull.by.as_ref()?;
            Some((by.person()?, by.login.clone()))
        });
        people.take(CLOSERS).collect()
    }
}

/// With each look this many are requested: GitHub charges for the number requested.
const FIRST_CLOSED: u32 = 50;
/// The size of each further page, which is requested separately.
const MORE_CLOSED: u32 = 100;

const CLOSED: &str = "orderBy: { field: UPDATED_AT, direction: DESC }) { pageInfo { hasNextPage endCursor } \
    nodes { number baseRefName headRefName isCrossRepository createdAt closedAt author { ...who } \
    closings: timelineItems(last: 1, itemTypes: [CLOSED_EVENT]) { nodes { ... on ClosedEvent { actor { ...who } } } } } }";

/// Asks for a page of closed pull requests, under `closed`.
pub(super) fn closed_part(after: Option<&str>) -> QueryBuilder {
    let mut part = QueryBuilder::default();
    let count = match after {
        None => FIRST_CLOSED,
        Some(_) => MORE_CLOSED,
    };
    let after = part.variable("closedAfter", "String", after);
    part.field(&format!(
        "closed: pullRequests(states: [CLOSED], first: {count}, after: {after}, {CLOSED}"
    ));
    part.fragment(ACTOR);
    part
}

/// The page that the repository's answer to [`closed_part`] holds.
pub(super) fn closed_told(
    repository: &mut Value,
    operation: &str,
) -> Result<ClosedPage, ForgeError> {
    let page: Nodes<ClosedShape> = shape(take(repository, &["closed"]), operation)?;
    let next = page.next();
    let pulls = page.nodes.into_iter().map(ClosedShape::closed);
    Ok(ClosedPage {
        next,
        pulls: pulls.collect::<Result<_, _>>()?,
    })
}

impl Writer {
    /// Opens a pull request, or finds the one that this account opened from this branch.
    ///
    /// # Errors
    /// [`ForgeError::OpenedByAnother`] if another account has one open from this branch; any other [`ForgeError`], of which a refusal says in
    /// GitHub's words why none was opened.
    pub async fn open_pull(&self, new: &NewPull<'_>) -> Result<OpenedPull, ForgeError> {
        let operation = format!("open a pull request from {}", new.branch);
        let body = json!({
            "title": new.title, "body": new.body, "head": new.branch, "base": new.base, "maintainer_can_modify": false,
        });
        let mut waits = Backoff::linear(4);
        let mut first = true;
        loop {
            let answer = self
                .write(
                    Method::POST,
                    self.forge.path("/pulls"),
                    Some(body.clone()),
                    &operation,
                )
                .await;
            let error = match answer {
                Ok(answer) => {
                    let opened: ListedShape = answer.parse(&operation)?;
                    return Ok(OpenedPull {
                        number: PullNumber(opened.number),
                        head: id(&opened.head.sha)?,
                    });
                }
                Err(error) => error,
            };
            // A branch that was just made may not be known everywhere yet.
            let lag = error.said("head invalid") || error.said("head sha can't be blank");
            if !error.uncertain() && !error.said("already exists") && !lag {
                return Err(error);
            }
            if let Some(number) = self.forge.open_pull_of(new).await? {
                let found = self.forge.pull(number).await?;
                return match found.own {
                    true => Ok(OpenedPull {
                        number,
                        head: found.head,
                    }),
                    false => Err(ForgeError::OpenedByAnother(number)),
                };
            }
            let again = lag || std::mem::take(&mut first);
            if !again || !self.forge.wait_for(&mut waits).await {
                return Err(error);
            }
        }
    }

    /// Writes a new title and description.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn describe_pull(
        &self,
        number: PullNumber,
        title: &str,
        body: &str,
    ) -> Result<(), ForgeError> {
        let path = self.forge.path(&format!("/pulls/{}", number.0));
        let change = json!({ "title": title, "body": body });
        self.write_again(
            Method::PATCH,
            path,
            Some(change),
            &format!("describe {number}"),
        )
        .await?;
        Ok(())
    }

    /// Closes a pull request.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn close_pull(&self, number: PullNumber) -> Result<(), ForgeError> {
        let path = self.forge.path(&format!("/pulls/{}", number.0));
        self.write_again(
            Method::PATCH,
            path,
            Some(json!({ "state": "closed" })),
            &format!("close {number}"),
        )
        .await?;
        Ok(())
    }

    /// Comments, unless a comment already contains this marker: one by that account, or by anyone if none is given.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn comment_once(
        &self,
        number: PullNumber,
        by: Option<u64>,
        marker: &str,
        text: &str,
    ) -> Result<(), ForgeError> {
        let path = self.forge.path(&format!("/issues/{}/comments", number.0));
        let operation = format!("comment on {number}");
        for once_more in [true, false] {
            if self.forge.has_comment(number, by, marker).await? {
                return Ok(());
            }
            let body = json!({ "body": format!("{text}\n\n{marker}") });
            match self
                .write(Method::POST, path.clone(), Some(body), &operation)
                .await
            {
                Ok(_) => return Ok(()),
                Err(error) if once_more && error.uncertain() && self.forge.wait(1).await => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Forge {
    /// The open pull request from a branch of this very repository into the base.
    async fn open_pull_of(&self, new: &NewPull<'_>) -> Result<Option<PullNumber>, ForgeError> {
        let operation = format!("look for a pull request from {}", new.branch);
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let path = format!(
            "/pulls?state=open&per_page=100&base={}&head={}:{}",
            encode(new.base),
            encode(self.slug().owner()),
            encode(new.branch)
        );
        for row in self.get_all(self.path(&path), &operation).await? {
            let row: ListedShape = shape(row, &operation)?;
            let ours = row.head.repo.is_some_and(|repo| repo.id == new.repository);
            if ours && row.head.name == new.branch && row.base.name == new.base {
                return Ok(Some(PullNumber(row.number)));
            }
        }
        Ok(None)
    }

    /// Reads one pull request again.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn pull(&self, number: PullNumber) -> Result<Pull, ForgeError> {
        let operation = format!("read {number}");
        let mut part = QueryBuilder::default();
        let id = part.variable("number", "Int!", number.0);
        part.variable("said", "Int!", SAID);
        part.field(&format!("pullRequest(number: {id}) {{ ...pull }}"));
        part.fragment(pull_fragment());
        part.fragment(ACTOR);
        let (query, variables) = self.build(part);
        let (data, _) = self.query(&query, variables, &operation).await?;
        pull_of(&data["repository"]["pullRequest"], &operation)
    }

    /// Pull requests into `base` that were closed without a merge, last touched first, until `enough` says so of a page. The first page
    /// may have been read before.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn closed_pulls(
        &self,
        base: &str,
        first: Option<ClosedPage>,
        enough: impl Fn(&[ClosedPull]) -> bool,
    ) -> Result<Closed, ForgeError> {
        let operation = "look for closed promotions";
        let mut pulls = Vec::new();
        let mut read = first;
        let mut after = None;
        for _ in 0..MAX_PAGES {
            let page = match read.take() {
                Some(page) => page,
                None => {
                    let (query, variables) = self.build(closed_part(after.as_deref()));
                    let (mut data, _) = self.query(&query, variables, operation).await?;
                    closed_told(&mut take(&mut data, &["repository"]), operation)?
                }
            };
            pulls.extend(page.pulls.into_iter().filter(|pull| pull.base == base));
            match page.next {
                Some(cursor) if !enough(&pulls) => after = Some(cursor),
                more => {
                    return Ok(Closed {
                        pulls,
                        more: more.is_some(),
                    });
                }
            }
        }
        Ok(Closed { pulls, more: true })
    }

    /// Whether a comment contains this marker: one by that account, or by anyone if none is given.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn has_comment(
        &self,
        number: PullNumber,
        by: Option<u64>,
        marker: &str,
    ) -> Result<bool, ForgeError> {
        let path = self.path(&format!("/issues/{}/comments?per_page=100", number.0));
        let operation = format!("read the comments on {number}");
        for row in self.get_all(path, &operation).await? {
            let row: CommentShape = shape(row, &operation)?;
            let counts = by.is_none() || row.user.map(|user| user.id) == by;
            if counts && row.body.is_some_and(|body| body.contains(marker)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClosedShape {
    number: u64,
    base_ref_name: String,
    head_ref_name: String,
    is_cross_repository: bool,
    created_at: String,
    closed_at: Option<String>,
    author: Option<ActorShape>,
    closings: Nodes<Closing>,
}

impl ClosedShape {
    pub(super) fn closed(self) -> Result<ClosedPull, ForgeError> {
        Ok(ClosedPull {
            number: PullNumber(self.number),
            branch: self.head_ref_name,
            base: self.base_ref_name,
            foreign: self.is_cross_repository,
            author: self.author.map(Into::into),
            at: time(self.closed_at.as_deref().unwrap_or(&self.created_at))?,
            by: closed_by(self.closings),
        })
    }
}

#[derive(Deserialize)]
struct ListedShape {
    number: u64,
    head: EndShape,
    base: EndShape,
}

#[derive(Deserialize)]
struct EndShape {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    repo: Option<IdShape>,
}

#[derive(Deserialize)]
struct CommentShape {
    body: Option<String>,
    user: Option<IdShape>,
}
