//! What is proved by reading, and by one dispatch that names inputs which no workflow has.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value, json};

use super::super::error::ForgeError;
use super::Bench;
use crate::model::actor::UserId;

const TREE: &str = "query($owner: String!, $name: String!, $oid: GitObjectID!) { repository(owner: $owner, name: $name) { \
    object(oid: $oid) { ... on Commit { tree { entries { name mode type } } } } } }";

const COLLABORATORS: &str = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { \
    collaborators(first: 1, affiliation: ALL) { edges { node { login databaseId } } } } }";

impl Bench<'_> {
    pub(super) async fn read(&mut self) {
        self.date_header().await;
        self.actions_app_id().await;
        self.permission_readable().await;
        self.entry_mode().await;
        self.dispatch_inputs().await;
    }

    async fn date_header(&mut self) {
        let answer = self
            .forge
            .get("/rate_limit".to_owned(), "read the server's time")
            .await;
        match answer {
            Ok(answer) => {
                let seen = answer.date.map(|date| date.to_string());
                let right = seen.is_some();
                self.judge(
                    "date-header",
                    right,
                    seen.unwrap_or("no `Date` header".to_owned()),
                );
            }
            Err(error) => self.untold("date-header", error.to_string()),
        }
    }

    async fn actions_app_id(&mut self) {
        match self.forge.app("github-actions").await {
            Ok(app) => self.judge("actions-app-id", app.id == 15368, format!("App {}", app.id)),
            Err(why) => self.untold("actions-app-id", why.to_string()),
        }
    }

    async fn permission_readable(&mut self) {
        let code = "permission-readable";
        let forge = self.forge;
        let variables = json!({ "owner": forge.slug().owner(), "name": forge.slug().name() });
        let operation = "list a collaborator";
        let (id, login, listed) = match forge.query(COLLABORATORS, variables, operation).await {
            Ok((data, _)) => {
                let node = &data["repository"]["collaborators"]["edges"][0]["node"];
                let login = node["login"].as_str().map(str::to_owned);
                (
                    node["databaseId"].as_u64(),
                    login,
                    "the list can also be read",
                )
            }
            // The owner is one, if it is a person.
            Err(_) => {
                let owner = forge.slug().owner();
                let path = format!("/users/{owner}");
                let answer = forge.get(path, "look for the owner").await;
                let body = answer.map(|answer| answer.body).unwrap_or_default();
                let id = body["id"].as_u64().filter(|_| body["type"] == "User");
                (id, Some(owner.to_owned()), "the list cannot be read")
            }
        };
        let (Some(id), Some(login)) = (id, login) else {
            return self.untold(code, "no collaborator is known");
        };
        let people: BTreeMap<UserId, String> = BTreeMap::from([(id, login.clone())]);
        match forge.permissions(&people).await.remove(&id) {
            Some(Ok(permission)) => {
                self.judge(code, true, format!("{login}: {permission:?}; {listed}"));
            }
            Some(Err(why)) => self.judge(code, false, why),
            None => self.untold(code, "GitHub did not answer it"),
        }
    }

    async fn entry_mode(&mut self) {
        let code = "entry-mode";
        let slug = self.forge.slug();
        let variables = json!({ "owner": slug.owner(), "name": slug.name(), "oid": self.live.tip });
        match self.forge.query(TREE, variables, "read a tree").await {
            Ok((data, _)) => {
                let entries = data["repository"]["object"]["tree"]["entries"].as_array();
                let entry = entries
                    .into_iter()
                    .flatten()
                    .find(|entry| entry["type"] == "blob");
                match entry {
                    None => self.untold(code, "there is no file at the top"),
                    Some(entry) => {
                        let mode = entry["mode"].as_u64();
                        let right = [0o100_644, 0o100_755, 0o120_000].map(Some).contains(&mode);
                        self.judge(code, right, format!("mode {}", entry["mode"]));
                    }
                }
            }
            Err(error) => self.untold(code, error.to_string()),
        }
    }

    /// A dispatch with inputs that the workflow does not have starts nothing; the message of the refusal shows whether
    /// their number was the reason.
    async fn dispatch_inputs(&mut self) {
        let code = "dispatch-inputs";
        let path = self.forge.path("/actions/workflows?per_page=100");
        let listed = match self.forge.get(path, "list the workflows").await {
            Ok(answer) => answer.body["workflows"].as_array().cloned(),
            Err(error) => return self.untold(code, error.to_string()),
        };
        let mut seen = Vec::new();
        let mut right = None;
        for workflow in listed.unwrap_or_default() {
            let Some(id) = workflow["id"].as_u64() else {
                continue;
            };
            for number in [10, 25, 26] {
                let said = match self.dispatch(id, number).await {
                    Ok(()) => "accepted, and a run was started".to_owned(),
                    Err(ForgeError::Refused { said, .. }) => said,
                    Err(error) => return self.untold(code, error.to_string()),
                };
                let lower = said.to_lowercase();
                if lower.contains("does not have 'workflow_dispatch'") {
                    break;
                }
                let counted = lower.contains("properties") || lower.contains("too many");
                if number == 10 {
                    right = Some(!counted);
                }
                let start = said.floor_char_boundary(100);
                let more = if start < said.len() { "…" } else { "" };
                seen.push(format!("{number}: {}{more}", &said[..start]));
            }
            if right.is_some() {
                break;
            }
        }
        match right {
            Some(right) => self.judge(code, right, seen.join("; ")),
            None => self.untold(
                code,
                "the repository has no workflow with `workflow_dispatch` to try",
            ),
        }
    }

    async fn dispatch(&self, workflow: u64, number: usize) -> Result<(), ForgeError> {
        let inputs: Map<String, Value> = (1..=number)
            .map(|number| (format!("sluice-proof-{number}"), Value::from("1")))
            .collect();
        let body = json!({ "ref": self.live.base, "inputs": inputs });
        let path = self
            .forge
            .path(&format!("/actions/workflows/{workflow}/dispatches"));
        let operation = "dispatch a workflow with inputs that it does not have";
        self.writer
            .write(Method::POST, path, Some(body), operation)
            .await?;
        Ok(())
    }
}
