//! Closed pull requests with the label `sluice/hold`: a hold that someone set there may still hold its stage.

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Forge;
use super::error::ForgeError;
use super::evidence::{EVENTS, label_events};
use super::paging::MAX_PAGES;
use super::pulls::ClosedShape;
use super::query_builder::QueryBuilder;
use super::shapes::{ACTOR, Nodes, shape, take};
use crate::model::evidence::LabelEvent;
use crate::model::fetched::Fetched;
use crate::model::ids::PullNumber;
use crate::model::label::HOLD;
use crate::model::pull::ClosedLabels;

/// This many are requested with each look: GitHub charges for the number requested.
const FIRST: u32 = 10;
/// The size of each further page, which is requested separately.
const MORE: u32 = 100;

/// A page of closed pull requests that carry the label.
pub(super) struct HeldPage {
    pub pulls: Vec<ClosedLabels>,
    pub next: Option<String>,
}

/// Asks for a page of closed pull requests that carry the label, under `held`.
pub(super) fn held_part(after: Option<&str>) -> QueryBuilder {
    let [kinds, events] = EVENTS;
    let count = if after.is_some() { MORE } else { FIRST };
    let mut part = QueryBuilder::default();
    let label = part.variable("hold", "String!", HOLD);
    let after = part.variable("heldAfter", "String", after);
    part.field(&format!(
        "held: pullRequests(states: [CLOSED], labels: [{label}], first: {count}, after: {after}, \
         orderBy: {{ field: UPDATED_AT, direction: DESC }}) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ number baseRefName headRefName \
         isCrossRepository viewerDidAuthor createdAt closedAt author {{ ...who }} \
         closings: timelineItems(last: 1, itemTypes: [CLOSED_EVENT]) {{ nodes {{ ... on ClosedEvent {{ actor {{ ...who }} }} }} }} \
         events: timelineItems(first: 100, {kinds}) {{ {events} }} }} }}"
    ));
    part.fragment(ACTOR);
    part
}

/// The page that the repository's answer to [`held_part`] holds.
pub(super) fn held_told(page: Value, operation: &str) -> Result<HeldPage, ForgeError> {
    let page: Nodes<Value> = shape(page, operation)?;
    let next = page.next();
    let pulls = page.nodes.into_iter().map(|node| {
        let events = label_events(&node["events"]);
        shape::<HeldShape>(node, operation)?.labels(events)
    });
    Ok(HeldPage {
        next,
        pulls: pulls.collect::<Result<_, _>>()?,
    })
}

impl Forge {
    /// The closed pull requests that carry the label, of which the first page was read already.
    ///
    /// # Errors
    /// In words, also if there are more pages than are read.
    pub(super) async fn all_held(&self, first: HeldPage) -> Fetched<Vec<ClosedLabels>> {
        let operation = format!("look for closed pull requests with the label {HOLD}");
        let (mut found, mut next) = (first.pulls, first.next);
        for _ in 0..MAX_PAGES {
            let Some(after) = next.take() else {
                return Ok(found);
            };
            let (query, variables) = self.build_named("HeldClosed", held_part(Some(&after)));
            let answer = self.query(&query, variables, &operation).await;
            let (mut data, _) = answer.map_err(|error| error.to_string())?;
            let page = held_told(take(&mut data, &["repository", "held"]), &operation);
            let page = page.map_err(|error| error.to_string())?;
            found.extend(page.pulls);
            next = page.next;
        }
        Err(format!(
            "more closed pull requests have the label {HOLD} than are read: remove it from old ones"
        ))
    }

    /// All that was done with the labels of a pull request: one call for a hundred events.
    ///
    /// # Errors
    /// In words, also if there are more events than are read.
    pub async fn label_events(&self, number: PullNumber) -> Fetched<Vec<LabelEvent>> {
        let operation = format!("read the label events of {number}");
        let [_, events] = EVENTS;
        let query = format!(
            "query($owner: String!, $name: String!, $number: Int!, $after: String) {{ repository(owner: $owner, name: $name) {{ \
             pullRequest(number: $number) {{ events: timelineItems(first: 100, after: $after, itemTypes: [LABELED_EVENT, UNLABELED_EVENT]) \
             {{ {events} }} }} }} }} {ACTOR}"
        );
        let mut found: Vec<LabelEvent> = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let variables = json!({
                "owner": self.slug().owner(), "name": self.slug().name(), "number": number.0, "after": after,
            });
            let answer = self.query(&query, variables, &operation).await;
            let (mut data, _) = answer.map_err(|error| error.to_string())?;
            let mut page = take(&mut data, &["repository", "pullRequest", "events"]);
            let info = take(&mut page, &["pageInfo"]);
            for mut event in label_events(&page)? {
                event.order = found.len() as u64;
                found.push(event);
            }
            match (info["hasNextPage"].as_bool(), info["endCursor"].as_str()) {
                (Some(false), _) => return Ok(found),
                (Some(true), Some(cursor)) => after = Some(cursor.to_owned()),
                _ => return Err(format!("the answer to {operation} has no pages")),
            }
        }
        Err(format!("{number} has more label events than are read"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeldShape {
    viewer_did_author: bool,
    #[serde(flatten)]
    closed: ClosedShape,
}

impl HeldShape {
    fn labels(self, events: Fetched<Vec<LabelEvent>>) -> Result<ClosedLabels, ForgeError> {
        Ok(ClosedLabels::new(
            self.closed.closed()?,
            self.viewer_did_author,
            events,
        ))
    }
}
