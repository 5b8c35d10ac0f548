//! What people may do, and whether they exist under that name still (A32).

use std::collections::BTreeMap;
use std::fmt::Write;

use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Forge;
use super::error::ForgeError;
use super::shapes::{ACTOR, ActorShape, shape};
use crate::model::evidence::{Actor, Looked, Permission, UserId};

impl Forge {
    /// The permission of each person, given with the login: one call for all of them, and one more for each whom that
    /// does not tell.
    pub async fn permissions(
        &self,
        people: &BTreeMap<UserId, String>,
    ) -> BTreeMap<UserId, Looked<Permission>> {
        let mut found = BTreeMap::new();
        if people.is_empty() {
            return found;
        }
        // Where the list of collaborators cannot be read, each person is asked for.
        if let Ok(listed) = self.collaborators(people).await {
            found.extend(
                listed
                    .into_iter()
                    .map(|(id, permission)| (id, Ok(permission))),
            );
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

    /// Whose token this is.
    ///
    /// # Errors
    /// Any [`ForgeError`].
    pub async fn bearer(&self) -> Result<Actor, ForgeError> {
        let doing = "read whose token this is";
        let query = format!("query {{ viewer {{ ...who }} }} {ACTOR}");
        let (mut data, _) = self.query(&query, json!({}), doing).await?;
        Ok(shape::<ActorShape>(data["viewer"].take(), doing)?.into())
    }

    /// Those of the people who are listed as collaborators under exactly their login and id. The list's search is for
    /// parts of a name, so every hit is compared.
    async fn collaborators(
        &self,
        people: &BTreeMap<UserId, String>,
    ) -> Result<BTreeMap<UserId, Permission>, ForgeError> {
        let doing = "read what people may do";
        let mut variables = json!({ "owner": self.slug().owner(), "name": self.slug().name() });
        let mut query = String::from("query($owner: String!, $name: String!");
        let mut fields = String::new();
        for (id, login) in people {
            variables[format!("p{id}")] = Value::from(login.as_str());
            // Writing to a String cannot fail.
            let _ = write!(query, ", $p{id}: String!");
            let _ = write!(
                fields,
                " p{id}: collaborators(query: $p{id}, affiliation: ALL, first: 100) {{ edges {{ permission node {{ databaseId }} }} }}"
            );
        }
        let query = format!("{query}) {{ repository(owner: $owner, name: $name) {{{fields} }} }}");
        let (data, _) = self.probe(&query, variables, doing).await?;
        let mut found = BTreeMap::new();
        for id in people.keys() {
            let hits = data["repository"][format!("p{id}")]["edges"].as_array();
            for edge in hits.into_iter().flatten() {
                let edge: EdgeShape = shape(edge.clone(), doing)?;
                if edge.node.id == Some(*id) {
                    found.insert(*id, of_enum(&edge.permission));
                }
            }
        }
        Ok(found)
    }

    async fn permission(&self, id: UserId, login: &str) -> Result<Permission, ForgeError> {
        let doing = format!("read what {login} may do");
        let name = percent_encoding::utf8_percent_encode(login, percent_encoding::NON_ALPHANUMERIC);
        let answer = self
            .get(
                self.path(&format!("/collaborators/{name}/permission")),
                &doing,
            )
            .await?;
        let found: PermissionShape = answer.parse(&doing)?;
        if found.user.is_none_or(|user| user.id != id) {
            return Err(ForgeError::NotUnderstood(format!(
                "the login {login} belongs to somebody else now"
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

fn of_enum(word: &str) -> Permission {
    match word {
        "ADMIN" | "MAINTAIN" | "WRITE" => Permission::Write,
        "TRIAGE" => Permission::Triage,
        _ => Permission::Less,
    }
}

#[derive(Deserialize)]
struct EdgeShape {
    permission: String,
    node: NodeShape,
}

#[derive(Deserialize)]
struct NodeShape {
    #[serde(rename = "databaseId")]
    id: Option<UserId>,
}

#[derive(Deserialize)]
struct PermissionShape {
    permission: String,
    role_name: Option<String>,
    user: Option<PersonShape>,
}

#[derive(Deserialize)]
struct PersonShape {
    id: UserId,
}
