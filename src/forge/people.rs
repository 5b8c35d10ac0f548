//! What people may do, and whether they exist under that name still (A32).

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::json;

use super::client::Forge;
use super::error::ForgeError;
use super::object_query::{ObjectAnswer, ObjectQuery};
use super::query_builder::QueryBuilder;
use super::shapes::{ACTOR, ActorShape, IdShape, shape, take};
use super::shapes::{EdgeShape, of_enum};
use crate::model::actor::{Actor, ActorKind, UserId};
use crate::model::evidence::Permission;
use crate::model::fetched::Fetched;
use crate::model::roster::Known;

impl Forge {
    /// The permission of each person, given with the login: one call for all of them, and one more for each person
    /// missing from it.
    pub async fn permissions(
        &self,
        people: &BTreeMap<UserId, String>,
    ) -> BTreeMap<UserId, Fetched<Permission>> {
        let wanted: Vec<ObjectQuery> = people
            .iter()
            .map(|(id, login)| ObjectQuery::May(*id, login.clone()))
            .collect();
        let mut found = BTreeMap::new();
        // If the list of collaborators cannot be read, or does not contain them, each person is read individually.
        for (id, told) in people.keys().zip(self.query_objects(&wanted).await) {
            if let Ok(ObjectAnswer::May(Some(permission))) = told {
                found.insert(*id, Ok(permission));
            }
        }
        let rest = people.iter().filter(|(id, _)| !found.contains_key(*id));
        let rest: Vec<(UserId, &String)> = rest.map(|(id, login)| (*id, login)).collect();
        let looks = rest.iter().map(|(id, login)| async move {
            let looked = self.permission(*id, login).await;
            (*id, looked.map_err(|error| error.to_string()))
        });
        found.extend(join_all(looks).await);
        found
    }

    /// The active members of a team, `organisation/team`, by id with their logins.
    ///
    /// # Errors
    /// As text: also if the team does not exist or cannot be read, which GitHub does not distinguish.
    pub async fn team_members(&self, team: &str) -> Fetched<BTreeMap<UserId, String>> {
        let (organisation, slug) = team.split_once('/').unwrap_or((team, ""));
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let path = format!(
            "/orgs/{}/teams/{}/members?per_page=100",
            encode(organisation),
            encode(slug)
        );
        let operation = format!("read the team {team}");
        let rows = match self.get_all(path, &operation).await {
            Ok(rows) => rows,
            Err(ForgeError::NotFound { .. } | ForgeError::Forbidden { .. }) => {
                return Err(format!(
                    "the token cannot read the team {team}: it needs the organisation's permission Members: read, which \
                     only an App or a person's token can have (input `read-token`); or the team does not exist"
                ));
            }
            Err(error) => return Err(error.to_string()),
        };
        rows.into_iter()
            .map(|row| {
                let row: MemberShape = shape(row, &operation).map_err(|error| error.to_string())?;
                Ok((row.id, row.login))
            })
            .collect()
    }

    /// People by login, in lower case, as far as they work here: one call for a hundred of them.
    pub async fn people(
        &self,
        logins: &BTreeSet<String>,
    ) -> BTreeMap<String, Fetched<Option<Known>>> {
        let all: Vec<&String> = logins.iter().collect();
        let mut found = BTreeMap::new();
        for part in all.chunks(100) {
            match self.people_here(part).await {
                Ok(people) => {
                    found.extend(people.into_iter().map(|(login, known)| (login, Ok(known))));
                }
                Err(error) => found.extend(
                    part.iter()
                        .map(|login| ((*login).clone(), Err(error.to_string()))),
                ),
            }
        }
        found
    }

    async fn people_here(
        &self,
        logins: &[&String],
    ) -> Result<BTreeMap<String, Option<Known>>, ForgeError> {
        let operation = "read the permissions of people";
        let mut part = QueryBuilder::default();
        for (at, login) in logins.iter().enumerate() {
            let login = part.variable(&format!("l{at}"), "String!", login.as_str());
            part.field(&format!(
                "l{at}: collaborators(query: {login}, affiliation: ALL, first: 100) {{ edges {{ permission node {{ login databaseId }} }} }}"
            ));
        }
        let (query, variables) = self.build(part);
        let (data, _) = self.query(&query, variables, operation).await?;
        let mut found = BTreeMap::new();
        for (at, login) in logins.iter().enumerate() {
            let hits = data["repository"][format!("l{at}")]["edges"].as_array();
            let mut known = None;
            for edge in hits.into_iter().flatten() {
                let is_it = edge["node"]["login"]
                    .as_str()
                    .is_some_and(|name| name.eq_ignore_ascii_case(login));
                let edge: EdgeShape = shape(edge.clone(), operation)?;
                if let (true, Some(id)) = (is_it, edge.node.id) {
                    known = Some(Known {
                        id,
                        permission: of_enum(&edge.permission),
                    });
                }
            }
            found.insert((*login).clone(), known);
        }
        Ok(found)
    }

    /// The account with an ID, under its present login; `None` if it is gone.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn account_of(&self, id: UserId) -> Result<Option<Actor>, ForgeError> {
        let operation = format!("read the account with the ID {id}");
        let found = self.account(format!("/user/{id}"), &operation).await?;
        match found.as_ref().and_then(|account| account.id) {
            Some(other) if other != id => Err(ForgeError::NotUnderstood(format!(
                "the account with the ID {id} has the ID {other}"
            ))),
            _ => Ok(found),
        }
    }

    /// The account with this login; `None` if there is none: accounts are public.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn account_named(&self, login: &str) -> Result<Option<Actor>, ForgeError> {
        let name = percent_encoding::utf8_percent_encode(login, percent_encoding::NON_ALPHANUMERIC);
        let operation = format!("read the account {login}");
        self.account(format!("/users/{name}"), &operation).await
    }

    async fn account(&self, path: String, operation: &str) -> Result<Option<Actor>, ForgeError> {
        let answer = match self.get(path, operation).await {
            Ok(answer) => answer,
            Err(ForgeError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let found: AccountShape = answer.parse(operation)?;
        Ok(Some(Actor {
            id: Some(found.id),
            login: found.login,
            kind: match found.kind.as_str() {
                "User" => ActorKind::User,
                "Bot" => ActorKind::Bot,
                _ => ActorKind::Other,
            },
        }))
    }

    /// Whose token this is.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn bearer(&self) -> Result<Actor, ForgeError> {
        let operation = "identify the token's account";
        let query = format!("query {{ viewer {{ ...who }} }} {ACTOR}");
        let (mut data, _) = self.query(&query, json!({}), operation).await?;
        Ok(shape::<ActorShape>(take(&mut data, &["viewer"]), operation)?.into())
    }

    async fn permission(&self, id: UserId, login: &str) -> Result<Permission, ForgeError> {
        let operation = format!("read the permissions of {login}");
        let name = percent_encoding::utf8_percent_encode(login, percent_encoding::NON_ALPHANUMERIC);
        let answer = self
            .get(
                self.path(&format!("/collaborators/{name}/permission")),
                &operation,
            )
            .await?;
        let found: PermissionShape = answer.parse(&operation)?;
        if found.user.is_none_or(|user| user.id != id) {
            return Err(ForgeError::NotUnderstood(format!(
                "the login {login} now belongs to another account"
            )));
        }
        Ok(
            match (found.permission.as_str(), found.role_name.as_deref()) {
                ("admin" | "write", _) => Permission::Write,
                (_, Some("triage")) => Permission::Triage,
                _ => Permission::Less,
            },
        )
    }
}

#[derive(Deserialize)]
struct MemberShape {
    id: UserId,
    login: String,
}

#[derive(Deserialize)]
struct AccountShape {
    id: UserId,
    login: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct PermissionShape {
    permission: String,
    role_name: Option<String>,
    user: Option<IdShape>,
}
