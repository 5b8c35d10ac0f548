//! One repository of the forge, used with one token: its address, its requests and what they cost.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderName, HeaderValue, Method, Uri};
use hyper_util::rt::TokioExecutor;
use octocrab::service::middleware::auth_header::AuthHeaderLayer;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::backoff::Backoff;
use super::error::ForgeError;
use super::network::Network;
use super::network::is_loopback;
use super::paging::{MAX_PAGES, too_long};
use super::wire::{Answer, Ask, Calls, Kind, Patience, Wire};
use crate::model::slug::RepoSlug;

/// The address of the API, and the credentials for it.
#[derive(Clone, Debug)]
pub struct Access {
    /// The REST API's root: `GITHUB_API_URL`.
    pub api: String,
    /// The GraphQL API: `GITHUB_GRAPHQL_URL`.
    pub graphql: String,
    /// The token.
    pub token: SecretString,
    /// The way there.
    pub network: Network,
}

/// One repository of the forge, read with one token. What writes is a method of [`Writer`](super::writer::Writer).
#[derive(Clone)]
pub struct Forge {
    pub(super) wire: Rc<Wire>,
    pub(super) graphql_url: String,
    pub(super) slug: RepoSlug,
}

impl Forge {
    /// From now on, what an App opened from one of our branches counts as opened by this account. Only for commands that show what
    /// is open and write nothing: the account that reads is seldom the one that opens promotions.
    pub fn show_pulls_of_apps(&self) {
        self.wire.shows_pulls_of_apps.set(true);
    }

    /// Makes ready for calls; makes none. `stop` set means: no further write.
    ///
    /// # Errors
    /// [`ForgeError::Address`] if an address is not valid or not https (loopback excepted, R-3.23); [`ForgeError::Unauthorized`] if the
    /// token cannot be one; [`ForgeError::Proxy`] and [`ForgeError::Certificates`] as [`Network`] says.
    pub fn new(
        access: &Access,
        slug: RepoSlug,
        patience: Patience,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, ForgeError> {
        let api = address(&access.api)?;
        let graphql = address(&access.graphql)?;
        if api.authority() != graphql.authority() {
            return Err(ForgeError::Address {
                address: access.graphql.clone(),
                why: "is on a different host than the REST API",
            });
        }
        let client = client(access, &api)?;
        Ok(Self {
            wire: Rc::new(Wire::new(client, api, patience, stop)),
            graphql_url: graphql.to_string(),
            slug,
        })
    }

    /// Another repository through the same connection.
    pub fn of(&self, slug: RepoSlug) -> Self {
        Self {
            wire: Rc::clone(&self.wire),
            graphql_url: self.graphql_url.clone(),
            slug,
        }
    }

    /// The repository.
    pub fn slug(&self) -> &RepoSlug {
        &self.slug
    }

    /// How many calls were made so far.
    pub fn calls(&self) -> Calls {
        self.wire.calls()
    }

    /// How many calls (REST) or points (GraphQL) GitHub still accepts before the next reset, of whichever are fewer, as it said last.
    pub fn remaining(&self) -> Option<u64> {
        self.wire.limits().remaining()
    }

    /// The rate limit that ended the calls of this connection: a [`ForgeError::RateLimited`]. From then on every call fails with it
    /// without being made, except for one [`Writer::reset_success`](super::writer::Writer::reset_success).
    pub fn rate_limited(&self) -> Option<ForgeError> {
        self.wire.limits().ended_by()
    }

    /// Whether this connection waited for the end of a secondary rate limit, which it does at most once. What was read
    /// before the wait is outdated: the last look before a write starts again if this changed during the look.
    pub fn has_waited_for_rate_limit(&self) -> bool {
        self.wire.limits().waited()
    }

    /// Whether both use the same connection, so that its calls are counted once.
    pub fn shares_wire(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.wire, &other.wire)
    }

    /// Waits this many seconds if the run's budget allows; returns whether it did.
    pub async fn wait(&self, seconds: u32) -> bool {
        self.wire.wait(seconds).await
    }

    /// Waits before the next try of something; `false` if there is to be none: no wait is left, or the run's budget does not allow it.
    pub(crate) async fn wait_for(&self, backoff: &mut Backoff) -> bool {
        match backoff.next() {
            Some(seconds) => self.wait(seconds).await,
            None => false,
        }
    }

    /// Waits this many seconds for something that goes on elsewhere, such as a workflow's run; `false` if this run was told to stop. The
    /// caller says when it has waited long enough.
    pub async fn pause(&self, seconds: u32) -> bool {
        self.wire.pause(seconds).await
    }

    /// Waits until the next write may go out, so that a look that follows is followed by its write at once.
    pub async fn await_pause(&self) {
        self.wire.await_pause().await;
    }

    /// A path below this repository.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{}{rest}", self.slug.owner(), self.slug.name())
    }

    pub(super) async fn get(&self, path: String, operation: &str) -> Result<Answer, ForgeError> {
        let ask = Ask {
            kind: Kind::Read,
            method: Method::GET,
            path,
            body: None,
            resource: super::limit_kind::REST,
            operation: operation.to_owned(),
        };
        self.wire.send(&ask).await
    }

    /// All pages of a list.
    pub(super) async fn get_all(
        &self,
        path: String,
        operation: &str,
    ) -> Result<Vec<Value>, ForgeError> {
        let mut next = Some(path);
        let mut all = Vec::new();
        for _ in 0..MAX_PAGES {
            let Some(page) = next else { return Ok(all) };
            let answer = self.get(page, operation).await?;
            next = answer.next.clone();
            all.extend(answer.parse::<Vec<Value>>(operation)?);
        }
        Err(too_long(operation))
    }
}

/// octocrab without its own connector, retries and redirects.
pub(super) fn client(access: &Access, api: &Uri) -> Result<Octocrab, ForgeError> {
    let token = access.token.expose_secret();
    let header = match HeaderValue::from_str(&format!("Bearer {token}")) {
        Ok(mut header)
            if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            header.set_sensitive(true);
            header
        }
        _ => {
            return Err(ForgeError::Unauthorized(
                "the token is empty or contains characters that tokens never have".to_owned(),
            ));
        }
    };
    let headers = [
        (USER_AGENT, concat!("sluice/", env!("CARGO_PKG_VERSION"))),
        (ACCEPT, "application/vnd.github+json"),
        (
            HeaderName::from_static("x-github-api-version"),
            "2022-11-28",
        ),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    let connector = super::network::connector(api, &access.network)?;
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
    let built = OctocrabBuilder::new_empty()
        .with_service(client)
        .with_layer(&ExtraHeadersLayer::new(Arc::new(headers.to_vec())))
        .with_layer(&BaseUriLayer::new(api.clone()))
        .with_layer(&AuthHeaderLayer::new(
            Some(header),
            api.clone(),
            api.clone(),
        ))
        .with_auth(AuthState::None)
        .build();
    match built {
        Ok(client) => Ok(client),
        Err(never) => match never {},
    }
}

/// An address that a token may be sent to.
pub(super) fn address(text: &str) -> Result<Uri, ForgeError> {
    let wrong = |why: &'static str| ForgeError::Address {
        address: text.to_owned(),
        why,
    };
    let uri: Uri = text.parse().map_err(|_| wrong("is not a URL"))?;
    let host = uri.host().ok_or_else(|| wrong("has no host name"))?;
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if is_loopback(host) => Ok(uri),
        _ => Err(wrong("is not https")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_only_sent_over_https_or_to_this_machine() {
        for good in [
            "https://api.github.com",
            "https://ghe.acme.example/api/v3",
            "http://127.0.0.1:8930",
            "http://[::1]:1",
            "http://api.github.localhost",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.github.com",
            "ftp://x",
            "api.github.com",
            "http://localhost.evil.example",
            "",
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
