//! What is proved about labels: whether this token can create one, and what the event of one says.

use http::Method;
use serde_json::{Value, json};

use super::super::error::ForgeError;
use super::Bench;
use crate::model::ids::PullNumber;
use crate::model::label::NewLabel;

const TIMELINE: &str = "query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) { \
    pullRequest(number: $number) { some: timelineItems(first: 100, itemTypes: [LABELED_EVENT]) { nodes { __typename } } \
    all: timelineItems(first: 100) { nodes { __typename } } } } }";

const EVENTS: &str = "query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) { \
    pullRequest(number: $number) { timelineItems(last: 1, itemTypes: [LABELED_EVENT]) { nodes { ... on LabeledEvent { \
    createdAt label { name updatedAt } } } } } } }";

impl Bench<'_> {
    pub(super) async fn labels(&mut self, number: PullNumber) {
        let Some(name) = self.label_created(number).await else {
            for code in ["timeline-types", "label-actor", "label-renamed"] {
                self.untold(code, "there is no label to add");
            }
            return;
        };
        self.timeline_types(number).await;
        self.label_actor(number, &name).await;
        self.label_renamed(number, &name).await;
    }

    /// Creates one label separately and one by adding it, which are two permissions to GitHub. Returns the label that
    /// is on the pull request now: exactly one is, if any could be created.
    async fn label_created(&mut self, number: PullNumber) -> Option<String> {
        let code = "label-created";
        let (created, added) = (self.branch("created"), self.branch("added"));
        let label = NewLabel {
            name: created.clone(),
            colour: "ededed",
            description: "Made by sluice doctor --live".to_owned(),
        };
        let by_itself = self.writer.create_label(&label).await;
        let by_adding = self.writer.add_label(number, &added).await;
        let told = |answer: &Result<(), ForgeError>| match answer {
            Ok(()) => Some("created".to_owned()),
            Err(error) if error.refused() => Some(error.to_string()),
            Err(_) => None,
        };
        match (told(&by_itself), told(&by_adding)) {
            (Some(first), Some(second)) => {
                self.report(code, format!("separately: {first}; by adding it: {second}"));
            }
            _ => {
                let error = by_itself.as_ref().err().or(by_adding.as_ref().err());
                self.untold(code, error.map(ToString::to_string).unwrap_or_default());
            }
        }
        if by_adding.is_ok() {
            return Some(added);
        }
        by_itself.ok()?;
        self.writer.add_label(number, &created).await.ok()?;
        Some(created)
    }

    fn variables(&self, number: PullNumber) -> Value {
        let slug = self.forge.slug();
        json!({ "owner": slug.owner(), "name": slug.name(), "number": number.0 })
    }

    async fn timeline_types(&mut self, number: PullNumber) {
        let code = "timeline-types";
        let operation = "read a timeline";
        match self
            .forge
            .query(TIMELINE, self.variables(number), operation)
            .await
        {
            Ok((data, _)) => {
                let kinds = |part: &str| -> Vec<String> {
                    let nodes = data["repository"]["pullRequest"][part]["nodes"].as_array();
                    let nodes = nodes.into_iter().flatten();
                    nodes
                        .map(|node| node["__typename"].as_str().unwrap_or_default().to_owned())
                        .collect()
                };
                let (some, all) = (kinds("some"), kinds("all"));
                let right = some.len() == 1
                    && some.iter().all(|kind| kind == "LabeledEvent")
                    && all.len() > some.len();
                let seen = format!("{} of {} events", some.len(), all.len());
                self.judge(code, right, seen);
            }
            Err(error) => self.untold(code, error.to_string()),
        }
    }

    async fn label_actor(&mut self, number: PullNumber, name: &str) {
        let code = "label-actor";
        let evidence = match self.forge.pull(number).await {
            Ok(pull) => self.forge.evidence(&pull).await,
            Err(error) => Err(error),
        };
        match evidence {
            Ok(evidence) => {
                let events = evidence.label_events.unwrap_or_default();
                let by = events.iter().find(|event| event.label == name);
                let by = by.and_then(|event| event.by.as_ref());
                let seen = by.map_or_else(
                    || "no one is named".to_owned(),
                    |by| match by.id {
                        Some(id) => format!("{} (ID {id})", by.login),
                        None => format!("{} without an ID", by.login),
                    },
                );
                self.judge(code, by.is_some_and(|by| by.id.is_some()), seen);
            }
            Err(error) => self.untold(code, error.to_string()),
        }
    }

    /// Renames the label that is on the pull request, and reads the event of its adding in both ways.
    async fn label_renamed(&mut self, number: PullNumber, old: &str) {
        let code = "label-renamed";
        let new = self.branch("renamed");
        match self.rename_and_read(number, old, &new).await {
            Ok((graphql, rest, changed)) => {
                let which = |name: &str| match name {
                    name if name == old => "the name at that time".to_owned(),
                    name if name == new => "the present name".to_owned(),
                    other => format!("another name, “{other}”"),
                };
                let changed = match changed {
                    true => "the label is dated after its event",
                    false => "nothing shows that the label was changed since",
                };
                let (graphql, rest) = (which(&graphql), which(&rest));
                self.report(code, format!("GraphQL: {graphql}; REST: {rest}; {changed}"));
            }
            Err(error) => self.untold(code, error.to_string()),
        }
    }

    /// The name in GraphQL and in REST, and whether the label was last changed after its event.
    async fn rename_and_read(
        &self,
        number: PullNumber,
        old: &str,
        new: &str,
    ) -> Result<(String, String, bool), ForgeError> {
        let forge = self.forge;
        let name = percent_encoding::utf8_percent_encode(old, percent_encoding::NON_ALPHANUMERIC);
        let path = forge.path(&format!("/labels/{name}"));
        let body = json!({ "new_name": new });
        self.writer
            .write(Method::PATCH, path, Some(body), "rename a label")
            .await?;
        let operation = "read the event of a label";
        let missing = |how: &str| ForgeError::NotUnderstood(format!("{how} shows no such event"));
        let (data, _) = forge
            .query(EVENTS, self.variables(number), operation)
            .await?;
        let event = &data["repository"]["pullRequest"]["timelineItems"]["nodes"][0];
        let graphql = event["label"]["name"].as_str();
        let graphql = graphql.ok_or_else(|| missing("GraphQL"))?.to_owned();
        let time = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
        let (set, updated): (Option<jiff::Timestamp>, Option<jiff::Timestamp>) = (
            time(&event["createdAt"]),
            time(&event["label"]["updatedAt"]),
        );
        let path = forge.path(&format!("/issues/{}/events?per_page=100", number.0));
        let rows = forge.get_all(path, operation).await?;
        let rest = rows.iter().rev().find(|row| row["event"] == "labeled");
        let rest = rest.and_then(|row| row["label"]["name"].as_str());
        let rest = rest.ok_or_else(|| missing("REST"))?.to_owned();
        let changed = matches!((set, updated), (Some(set), Some(updated)) if updated > set);
        Ok((graphql, rest, changed))
    }
}
