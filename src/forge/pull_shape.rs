//! GraphQL for a pull request, and the shape of its answer.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::error::ForgeError;
use super::evidence::{COMMITS, EVENTS, REVIEWS, label_events, said};
use super::shapes::{ActorShape, Nodes, Oid, id, shape, time};
use crate::model::actor::Actor;
use crate::model::ids::PullNumber;
use crate::model::merge_state::{Mergeable, ReviewDecision};
use crate::model::pull::{Pull, PullState};

/// How many reviews and events of a pull request are returned with it: more are read separately.
pub(super) const SAID: u32 = 100;

/// GraphQL for a pull request; `$said` is the number of reviews and events.
static PULL: LazyLock<String> = LazyLock::new(|| {
    let [kinds, events] = EVENTS;
    format!(
        "fragment pull on PullRequest {{ number id title body url state isDraft isCrossRepository \
         createdAt closedAt mergedAt baseRefName headRefName headRefOid viewerDidAuthor author {{ ...who }} mergedBy {{ ...who }} \
         mergeable reviewDecision mergeCommit {{ oid }} \
         commits(first: 100) {{ totalCount {COMMITS} }} labels(first: 100) {{ nodes {{ name }} }} \
         reviews(first: $said) {{ totalCount {REVIEWS} }} events: timelineItems(first: $said, {kinds}) {{ {events} }} \
         moves: timelineItems(last: 100, itemTypes: [HEAD_REF_FORCE_PUSHED_EVENT, BASE_REF_FORCE_PUSHED_EVENT, CLOSED_EVENT]) {{ \
         pageInfo {{ hasPreviousPage }} nodes {{ __typename ... on ClosedEvent {{ actor {{ ...who }} }} }} }} \
         autoMergeRequest {{ enabledAt }} isInMergeQueue }}"
    )
});

/// GraphQL for a pull request: the fragment `pull`, which needs `ACTOR` and the variable `$said`.
pub(super) fn pull_fragment() -> &'static str {
    &PULL
}

#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PullShape {
    number: u64,
    id: String,
    title: String,
    body: String,
    url: String,
    state: String,
    is_draft: bool,
    is_cross_repository: bool,
    created_at: String,
    closed_at: Option<String>,
    merged_at: Option<String>,
    base_ref_name: String,
    head_ref_name: String,
    head_ref_oid: String,
    viewer_did_author: bool,
    author: Option<ActorShape>,
    merged_by: Option<ActorShape>,
    mergeable: String,
    review_decision: Option<String>,
    merge_commit: Option<Oid>,
    commits: Count,
    labels: Option<Nodes<Named>>,
    reviews: Option<Count>,
    /// Force-pushes of head and base, and closings: GitHub charges for each list, so they are one.
    moves: Moves,
    events: Nodes<KindShape>,
    auto_merge_request: Option<Value>,
    #[serde(default)]
    is_in_merge_queue: bool,
}

#[derive(Deserialize)]
pub(super) struct KindShape {
    #[serde(rename = "__typename")]
    kind: String,
}

/// The newest events by which a pull request was moved.
#[derive(Deserialize)]
struct Moves {
    #[serde(rename = "pageInfo")]
    page: OlderPage,
    nodes: Vec<MoveShape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OlderPage {
    has_previous_page: bool,
}

#[derive(Deserialize)]
struct MoveShape {
    #[serde(rename = "__typename")]
    kind: String,
    /// Of a closing: who.
    actor: Option<ActorShape>,
}

impl Moves {
    fn has(&self, kind: &str) -> bool {
        self.nodes.iter().any(|event| event.kind == kind)
    }

    /// Who closed it last.
    fn closed_by(self) -> Option<Actor> {
        let mut newest_first = self.nodes.into_iter().rev();
        let closing = newest_first.find(|event| event.kind == "ClosedEvent")?;
        closing.actor.map(Into::into)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Count {
    total_count: u64,
}

#[derive(Deserialize)]
pub(super) struct Closing {
    actor: Option<ActorShape>,
}

/// Who closed it, of its last closing.
pub(super) fn closed_by(closings: Nodes<Closing>) -> Option<Actor> {
    let mut closings = closings.nodes.into_iter();
    closings.find_map(|closing| closing.actor).map(Into::into)
}

/// A pull request as [`pull_fragment`] asks for it.
pub(super) fn pull_of(node: &Value, operation: &str) -> Result<Pull, ForgeError> {
    let mut pull = shape::<PullShape>(node.clone(), operation)?.pull()?;
    pull.label_events = label_events(&node["events"]);
    if pull.is_open() {
        // What cannot be parsed here is read separately, and is an error of that pull request alone.
        pull.said = said(node, pull.number).ok().flatten().map(Box::new);
    }
    Ok(pull)
}

impl PullShape {
    fn pull(self) -> Result<Pull, ForgeError> {
        // What an older page holds may be one of the head.
        let head_force_pushed =
            self.moves.page.has_previous_page || self.moves.has("HeadRefForcePushedEvent");
        let base_force_pushed = self.moves.has("BaseRefForcePushedEvent");
        let moment = |text: &Option<String>, other: &str| time(text.as_deref().unwrap_or(other));
        let state = match self.state.as_str() {
            "OPEN" => PullState::Open,
            "MERGED" => PullState::Merged {
                at: moment(&self.merged_at, &self.created_at)?,
                by: self.merged_by.map(Into::into),
                commit: self.merge_commit.as_ref().map(Oid::commit).transpose()?,
            },
            "CLOSED" => PullState::Closed {
                at: moment(&self.closed_at, &self.created_at)?,
                by: self.moves.closed_by(),
            },
            other => {
                return Err(ForgeError::NotUnderstood(format!(
                    "pull request #{} has the unknown state {other}",
                    self.number
                )));
            }
        };
        let mergeable = match self.mergeable.as_str() {
            "MERGEABLE" => Mergeable::Yes,
            "CONFLICTING" => Mergeable::No,
            _ => Mergeable::Unknown,
        };
        let review = self.review_decision.map(|word| match word.as_str() {
            "APPROVED" => ReviewDecision::Approved,
            "CHANGES_REQUESTED" => ReviewDecision::ChangesRequested,
            _ => ReviewDecision::ReviewRequired,
        });
        Ok(Pull {
            number: PullNumber(self.number),
            node: self.id,
            title: self.title,
            body: self.body,
            url: self.url,
            state,
            draft: self.is_draft,
            author: self.author.map(Into::into),
            own: self.viewer_did_author,
            base: self.base_ref_name,
            branch: self.head_ref_name,
            head: id(&self.head_ref_oid)?,
            foreign: self.is_cross_repository,
            created: time(&self.created_at)?,
            commits: self.commits.total_count,
            head_force_pushed,
            base_force_pushed,
            mergeable,
            review,
            labels: self
                .labels
                .into_iter()
                .flat_map(|labels| labels.nodes)
                .map(|label| label.name)
                .collect(),
            reviews: self.reviews.map_or(0, |reviews| reviews.total_count),
            // What a further page holds may be one too.
            unlabeled: self.events.next().is_some() || self.events.has("UnlabeledEvent"),
            label_events: Ok(Vec::new()),
            said: None,
            auto_merge: self
                .auto_merge_request
                .is_some_and(|request| !request.is_null()),
            queued: self.is_in_merge_queue,
        })
    }
}

impl Nodes<KindShape> {
    /// Whether the page holds an event of this type.
    fn has(&self, kind: &str) -> bool {
        self.nodes.iter().any(|event| event.kind == kind)
    }
}
