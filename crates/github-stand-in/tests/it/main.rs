//! The stand-in GitHub's own tests, one file for each class of its behaviour. Every honest answer is held to GitHub's published
//! contract as well.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "helpers of tests may panic; they are read where they are used"
)]

mod actions;
mod answers;
mod contract_holds;
mod faults;
mod gh;
mod git;
mod graphql;
mod identity;
mod labels;
mod limits;
mod merge_methods;
mod merging;
mod paging;
mod permissions;
mod pulls;
mod queue;
mod reads;
mod reviews;
mod runs;
mod scene;
mod test_merges;
mod traffic;
mod visibility;
mod workflow_permissions;

use github_stand_in::GitHub;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

/// A stand-in that is held to the contract.
async fn start() -> GitHub {
    GitHub::start_checked().await
}

/// An answer as it came over the wire.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: hyper::HeaderMap,
    bytes: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Status and message, for one-line assertions.
    fn said(&self) -> String {
        let body = self.json();
        let message = body["message"].as_str().unwrap_or_default();
        match &body["errors"][0] {
            Value::String(text) => format!("{} {text}", self.status),
            entry if entry["message"].is_string() => {
                format!("{} {}", self.status, entry["message"].as_str().unwrap())
            }
            entry if entry.is_object() => format!(
                "{} {} {}",
                self.status,
                entry["field"].as_str().unwrap_or_default(),
                entry["code"].as_str().unwrap_or_default()
            ),
            _ => format!("{} {message}", self.status),
        }
    }

    /// The address behind a relation of the `Link` header.
    fn link(&self, relation: &str) -> Option<String> {
        self.header("link").split(", ").find_map(|part| {
            let (address, name) = part.split_once(">; rel=")?;
            (name.trim_matches('"') == relation).then(|| address.trim_start_matches('<').to_owned())
        })
    }
}

/// Sends one request on a connection of its own. Err: the connection ended before the answer did.
async fn send(
    hub: &GitHub,
    token: &str,
    method: &str,
    path: &str,
    body: Value,
    headers: &[(&str, &str)],
) -> Result<Reply, String> {
    let address = hub.url().trim_start_matches("http://").to_owned();
    let stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let path = path.strip_prefix(&hub.url()).unwrap_or(path);
    let mut request = hyper::Request::builder()
        .method(method)
        .uri(path)
        .header("host", &address)
        .header("user-agent", "test");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    for (key, value) in headers {
        request = request.header(*key, *value);
    }
    let bytes = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    let request = request.body(Full::new(bytes::Bytes::from(bytes))).unwrap();
    let response = sender
        .send_request(request)
        .await
        .map_err(|error| error.to_string())?;
    let (head, body) = response.into_parts();
    let bytes = body
        .collect()
        .await
        .map_err(|error| error.to_string())?
        .to_bytes();
    Ok(Reply {
        status: head.status.as_u16(),
        headers: head.headers,
        bytes: bytes.to_vec(),
    })
}

async fn get(hub: &GitHub, token: &str, path: &str) -> Reply {
    send(hub, token, "GET", path, Value::Null, &[])
        .await
        .unwrap()
}

async fn call(hub: &GitHub, token: &str, method: &str, path: &str, body: Value) -> Reply {
    send(hub, token, method, path, body, &[]).await.unwrap()
}

/// A GraphQL request; gives the whole body.
async fn query(hub: &GitHub, token: &str, text: &str, variables: Value) -> Value {
    let body = json!({"query": text, "variables": variables});
    call(hub, token, "POST", "/graphql", body).await.json()
}

const R: &str = "/repos/acme/gitops";

/// `acme/gitops` with one file on main, carol and dave as writers, and a pull request of carol's from `change`.
async fn with_pull() -> (GitHub, u64) {
    use github_stand_in::Role;
    let hub = start().await;
    let repo = hub.repo("acme/gitops");
    repo.files(
        "main",
        &[("app.yaml", "v: 1\n"), ("other.yaml", "a: 1\nb: 2\nc: 3\n")],
    );
    repo.role("carol", Role::Write).role("dave", Role::Write);
    repo.by("carol").pushes(
        "change",
        &[("app.yaml", "v: 2\n")],
        "Set v to 2\n\nBecause.",
    );
    let number = repo.by("carol").opens("change", "main", "Bump v");
    (hub, number)
}

/// A personal token with every scope.
fn token(hub: &GitHub, login: &str) -> String {
    hub.personal_token(login, &["repo", "workflow", "read:org"])
}
