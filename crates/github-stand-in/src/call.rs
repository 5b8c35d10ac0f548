//! One request, read: method, path, query, parameters of the matched route, body, who asks. Knows nothing of sockets.

use super::ids::{RepoId, UserId};
use super::reply::Refusal;
use super::session::{By, Session};
use super::world::World;
use git2::Oid;
use serde_json::Value;
use std::collections::HashMap;

/// A request as handlers see it.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path without `/api/v3`, percent-encoded as it came.
    pub path: String,
    /// Query pairs, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Parameters of the matched route, decoded.
    pub params: HashMap<&'static str, String>,
    /// The JSON body; null if there is none.
    pub body: Value,
    /// The `Accept` header.
    pub accept: String,
    /// Who asks.
    pub session: Session,
    /// The repository of the route.
    pub repo: RepoId,
}

/// Decodes `%41` (and, if asked, `+`).
pub fn decode(text: &str, plus: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let hex = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        match hex {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None if *first == b'+' && plus => bytes.push(b' '),
            None => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads a query string.
pub fn read_query(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key, true), decode(value, true)))
        .collect()
}

impl Call {
    /// A parameter of the route; empty if the route has none with that name.
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// A parameter of the route that is a number.
    pub fn number(&self, name: &str) -> Result<u64, Refusal> {
        self.param(name).parse().map_err(|_| Refusal::not_found())
    }

    /// A query value.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// A text member of the body.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name)?.as_str()
    }

    /// A text member of the body that must be there.
    pub fn need(&self, resource: &str, name: &str) -> Result<&str, Refusal> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Refusal::invalid(resource, name, "missing_field"))
    }

    /// A list of texts in the body.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        let list = self.body.get(name)?.as_array()?;
        Some(
            list.iter()
                .filter_map(|one| one.as_str().or_else(|| one.get("name")?.as_str()))
                .map(str::to_owned)
                .collect(),
        )
    }

    /// A full object id in the body.
    pub fn oid(&self, resource: &str, name: &str) -> Result<Oid, Refusal> {
        let text = self.need(resource, name)?;
        read_oid(text).ok_or_else(|| {
            Refusal::unprocessable(
                "The sha parameter must be exactly 40 characters and contain only [0-9a-f].",
            )
        })
    }

    /// Who does it.
    pub fn by(&self) -> By {
        By::of(&self.session)
    }

    /// The account that writes.
    pub fn actor(&self) -> Result<UserId, Refusal> {
        self.session
            .actor()
            .ok_or_else(|| Refusal::unauthorized("Requires authentication"))
    }

    /// The pull request of the route.
    pub fn pull<'w>(&self, world: &'w World) -> Result<&'w super::pull::Pull, Refusal> {
        let number = self.number("number")?;
        world
            .repo(self.repo)
            .pulls
            .get(&number)
            .ok_or_else(Refusal::not_found)
    }
}

/// Reads a full object id.
pub fn read_oid(text: &str) -> Option<Oid> {
    (text.len() == 40)
        .then(|| Oid::from_str(text).ok())
        .flatten()
}
