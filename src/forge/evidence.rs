//! What happened on one pull request: reviews, label events, pushes.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Forge;
use super::error::ForgeError;
use super::paging::{MAX_PAGES, too_long};
use super::shapes::{ACTOR, ActorShape, IdShape, Nodes, Oid, id, shape, take, time};
use crate::model::actor::{Actor, UserId};
use crate::model::evidence::{Evidence, LabelEvent, Opinion, Review};
use crate::model::fetched::Fetched;
use crate::model::ids::PullNumber;
use crate::model::pull::Pull;

/// GraphQL for the commits of a pull request, as far as evidence looks at them.
pub(super) const COMMITS: &str =
    "nodes { commit { oid author { user { databaseId } } committer { user { databaseId } } } }";
/// GraphQL for its reviews.
pub(super) const REVIEWS: &str = "pageInfo { hasNextPage endCursor } \
    nodes { fullDatabaseId state submittedAt commit { oid } author { ...who } }";
/// GraphQL for what was done at it: the kinds of events, and what is read of each.
pub(super) const EVENTS: [&str; 2] = [
    "itemTypes: [LABELED_EVENT, UNLABELED_EVENT, HEAD_REF_FORCE_PUSHED_EVENT, HEAD_REF_RESTORED_EVENT, REOPENED_EVENT, \
    BASE_REF_CHANGED_EVENT]",
    "pageInfo { hasNextPage endCursor } nodes { __typename \
    ... on LabeledEvent { createdAt label { name updatedAt } actor { ...who } } \
    ... on UnlabeledEvent { createdAt label { name updatedAt } actor { ...who } } \
    ... on HeadRefForcePushedEvent { createdAt } ... on HeadRefRestoredEvent { createdAt } \
    ... on ReopenedEvent { createdAt } ... on BaseRefChangedEvent { createdAt } }",
];

fn query() -> String {
    let [kinds, events] = EVENTS;
    format!(
        "query($owner: String!, $name: String!, $number: Int!, $reviews: String, $events: String) {{ \
         repository(owner: $owner, name: $name) {{ pullRequest(number: $number) {{ headRefOid createdAt author {{ ...who }} \
         labels(first: 100) {{ nodes {{ name }} }} commits(first: 100) {{ {COMMITS} }} \
         reviews(first: 100, after: $reviews) {{ {REVIEWS} }} \
         events: timelineItems(first: 100, after: $events, {kinds}) {{ {events} }} }} }} }} {ACTOR}"
    )
}

/// The evidence about an open pull request, if an answer with the first pages of everything is complete: nothing
/// continues on another page, and its head and base were never replaced.
pub(super) fn said(node: &Value, number: PullNumber) -> Result<Option<Evidence>, ForgeError> {
    let page: PullShape = shape(
        node.clone(),
        &format!("read the reviews and labels of {number}"),
    )?;
    if (page.reviews.next(), page.events.next()) != (None, None) {
        return Ok(None);
    }
    let found = Found::of(page)?;
    if found.replaced.is_some() {
        return Ok(None);
    }
    let (arrived, pushers) = (Ok(found.created), Ok(found.committers.clone()));
    Ok(Some(found.evidence(number, arrived, pushers)))
}

/// What was done with the labels of a pull request, of an answer that asks for a first page of its events.
pub(super) fn label_events(events: &Value) -> Fetched<Vec<LabelEvent>> {
    let operation = "read label events";
    let page: Nodes<EventShape> =
        shape(events.clone(), operation).map_err(|error| error.to_string())?;
    if page.next().is_some() {
        return Err("it has more label events than are read".to_owned());
    }
    let mut found = Vec::new();
    for event in page.nodes {
        let event = event.label_event().map_err(|error| error.to_string())?;
        found.extend(event);
    }
    number(&mut found);
    Ok(found)
}

impl Forge {
    /// All evidence about a pull request except people's permissions. No call if the answer with the pull request
    /// contained all of it; otherwise one for a hundred reviews and events, and one more if its head or base was ever
    /// replaced.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn evidence(&self, pull: &Pull) -> Result<Evidence, ForgeError> {
        if let Some(said) = &pull.said {
            return Ok(said.as_ref().clone());
        }
        let operation = format!("read the reviews and labels of {}", pull.number);
        let query = query();
        let (mut reviews, mut events) = (None::<String>, None::<String>);
        let mut found: Option<Found> = None;
        for _ in 0..MAX_PAGES {
            let variables = json!({
                "owner": self.slug().owner(), "name": self.slug().name(), "number": pull.number.0,
                "reviews": reviews, "events": events,
            });
            let (mut data, _) = self.query(&query, variables, &operation).await?;
            let page: PullShape =
                shape(take(&mut data, &["repository", "pullRequest"]), &operation)?;
            let next = (page.reviews.next(), page.events.next());
            let page = Found::of(page)?;
            let known = match found.take() {
                None => page,
                Some(mut known) => {
                    if known.head != page.head {
                        return Err(ForgeError::Unreachable {
                            operation,
                            why: "its head moved while it was being read".to_owned(),
                        });
                    }
                    known.add(page);
                    known
                }
            };
            if next == (None, None) {
                return self.complete(pull, known).await;
            }
            found = Some(known);
            reviews = next.0.or(reviews);
            events = next.1.or(events);
        }
        Err(too_long(&operation))
    }

    /// Marks the events of labels that REST shows under another name: one call for a hundred events of a pull request.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn compare_label_names(
        &self,
        number: PullNumber,
        events: &mut [LabelEvent],
    ) -> Result<(), ForgeError> {
        let operation = format!("read the events of {number}");
        let path = self.path(&format!("/issues/{}/events?per_page=100", number.0));
        let mut known: Vec<(bool, String, Option<UserId>, Timestamp)> = Vec::new();
        for row in self.get_all(path, &operation).await? {
            let row: RestEventShape = shape(row, &operation)?;
            if let (Some(label), "labeled" | "unlabeled") = (row.label, row.event.as_str()) {
                let by = row.actor.map(|actor| actor.id);
                known.push((
                    row.event == "labeled",
                    label.name,
                    by,
                    time(&row.created_at)?,
                ));
            }
        }
        for event in events {
            let by = event.by.as_ref().and_then(|by| by.id);
            event.renamed = !known.iter().any(|(set, label, who, at)| {
                event.is_of(label) && (*set, *who, *at) == (event.set, by, event.at)
            });
        }
        Ok(())
    }

    async fn complete(&self, pull: &Pull, found: Found) -> Result<Evidence, ForgeError> {
        let mut pushers = Ok(found.committers.clone());
        let mut arrived = Ok(found.created);
        if let Some(latest) = found.replaced {
            match self.pushes(&pull.branch, MAX_PAGES).await {
                Ok((_, true)) => {
                    let why = "the log of pushes to the branch is longer than is read".to_owned();
                    arrived = Err(why.clone());
                    pushers = Err(why);
                }
                // A branch that moved has at least one push: a server without one keeps no log.
                Ok((pushes, false)) if pushes.is_empty() => {
                    let why = "it is unknown who pushed to the branch: there is no log of pushes";
                    arrived = Err(why.to_owned());
                    pushers = Err(why.to_owned());
                }
                Ok((pushes, false)) => {
                    let head = pushes
                        .iter()
                        .filter(|push| push.after == found.head.to_string());
                    let newest = head.map(|push| push.at).max();
                    arrived = newest
                        .map(|at| at.max(latest).max(found.created))
                        .ok_or_else(|| "the log of pushes does not list this head".to_owned());
                    if let Ok(known) = &mut pushers {
                        known.extend(pushes.iter().filter_map(|push| push.by.as_ref()?.id));
                    }
                }
                Err(error) => {
                    let why = format!("it is unknown who pushed to the branch: {error}");
                    arrived = Err(why.clone());
                    pushers = Err(why);
                }
            }
        }
        Ok(found.evidence(pull.number, arrived, pushers))
    }
}

/// What the pages say together.
struct Found {
    head: crate::model::ids::CommitId,
    created: Timestamp,
    author: Option<Actor>,
    labels: BTreeSet<String>,
    committers: BTreeSet<UserId>,
    reviews: Vec<Review>,
    events: Vec<LabelEvent>,
    /// When its head or base was replaced last, or it was reopened.
    replaced: Option<Timestamp>,
}

impl Found {
    fn of(page: PullShape) -> Result<Self, ForgeError> {
        let mut found = Self {
            head: id(&page.head_ref_oid)?,
            created: time(&page.created_at)?,
            author: page.author.map(Into::into),
            labels: page
                .labels
                .into_iter()
                .flat_map(|labels| labels.nodes)
                .map(|label| label.name)
                .collect(),
            committers: BTreeSet::new(),
            reviews: Vec::new(),
            events: Vec::new(),
            replaced: None,
        };
        for node in page.commits.nodes {
            let people = [node.commit.author, node.commit.committer];
            let users = people
                .into_iter()
                .flatten()
                .filter_map(|person| person.user);
            found.committers.extend(users.filter_map(|user| user.id));
        }
        for review in page.reviews.nodes {
            found.reviews.push(review.review()?);
        }
        for event in page.events.nodes {
            // An event of an unknown type has no time, and decides nothing.
            if !event.is_of_label() {
                let at = event.created_at.as_deref().map(time).transpose()?;
                found.replaced = found.replaced.max(at);
            }
            found.events.extend(event.label_event()?);
        }
        number(&mut found.events);
        Ok(found)
    }

    fn add(&mut self, page: Self) {
        self.reviews.extend(page.reviews);
        // If one list continues and the other has ended, the last page of the other is returned again.
        self.events.extend(page.events);
        self.replaced = self.replaced.max(page.replaced);
        self.labels = page.labels;
        number(&mut self.events);
    }

    fn evidence(
        mut self,
        pull: PullNumber,
        arrived: Fetched<Timestamp>,
        pushers: Fetched<BTreeSet<UserId>>,
    ) -> Evidence {
        self.reviews.sort_by_key(|review| review.id);
        self.reviews.dedup_by_key(|review| review.id);
        Evidence {
            pull,
            head: self.head,
            author: self.author,
            arrived,
            labels: self.labels,
            reviews: Ok(self.reviews),
            label_events: Ok(self.events),
            pushers,
            requester: None,
            permissions: std::collections::BTreeMap::new(),
            dispatched: None,
            change_authors: None,
            checks: std::collections::BTreeMap::new(),
            jobs: None,
        }
    }
}

/// The timeline is in order; the index distinguishes events within one second.
fn number(events: &mut [LabelEvent]) {
    for (order, event) in events.iter_mut().enumerate() {
        event.order = order as u64;
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullShape {
    head_ref_oid: String,
    created_at: String,
    author: Option<ActorShape>,
    labels: Option<Nodes<LabelShape>>,
    commits: Nodes<CommitNode>,
    reviews: Nodes<ReviewShape>,
    events: Nodes<EventShape>,
}

#[derive(Deserialize)]
struct LabelShape {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventLabelShape {
    name: String,
    updated_at: Option<String>,
}

#[derive(Deserialize)]
struct RestEventShape {
    event: String,
    created_at: String,
    actor: Option<IdShape>,
    label: Option<LabelShape>,
}

#[derive(Deserialize)]
struct CommitNode {
    commit: CommitPeople,
}

#[derive(Deserialize)]
struct CommitPeople {
    author: Option<GitActor>,
    committer: Option<GitActor>,
}

#[derive(Deserialize)]
struct GitActor {
    user: Option<UserShape>,
}

#[derive(Deserialize)]
struct UserShape {
    #[serde(rename = "databaseId")]
    id: Option<UserId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReviewShape {
    full_database_id: Option<Value>,
    state: String,
    submitted_at: Option<String>,
    commit: Option<Oid>,
    author: Option<ActorShape>,
}

impl ReviewShape {
    fn review(self) -> Result<Review, ForgeError> {
        let number = match self.full_database_id {
            Some(Value::String(text)) => text.parse().ok(),
            Some(Value::Number(number)) => number.as_u64(),
            _ => None,
        };
        Ok(Review {
            id: number.ok_or_else(|| ForgeError::NotUnderstood("a review has no ID".to_owned()))?,
            by: self.author.map(Into::into),
            opinion: match self.state.as_str() {
                "APPROVED" => Opinion::Approved,
                "CHANGES_REQUESTED" => Opinion::ChangesRequested,
                "DISMISSED" => Opinion::Dismissed,
                _ => Opinion::None,
            },
            commit: self.commit.as_ref().map(Oid::commit).transpose()?,
            at: self.submitted_at.as_deref().map(time).transpose()?,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventShape {
    #[serde(rename = "__typename")]
    kind: String,
    created_at: Option<String>,
    label: Option<EventLabelShape>,
    actor: Option<ActorShape>,
}

impl EventShape {
    fn is_of_label(&self) -> bool {
        matches!(self.kind.as_str(), "LabeledEvent" | "UnlabeledEvent")
    }

    /// The event, if it is one of a label.
    fn label_event(self) -> Result<Option<LabelEvent>, ForgeError> {
        let is_of_label = self.is_of_label();
        let (Some(label), Some(at), true) = (self.label, self.created_at, is_of_label) else {
            return Ok(None);
        };
        Ok(Some(LabelEvent {
            order: 0,
            changed: label.updated_at.as_deref().map(time).transpose()?,
            renamed: false,
            label: label.name,
            set: self.kind == "LabeledEvent",
            by: self.actor.map(Into::into),
            at: time(&at)?,
        }))
    }
}
