//! From a raw request to a raw response: prefix, token, budget, route, paging, ETag, headers. No sockets, no faults.

use super::call::{Call, decode, read_query};
use super::clock::http_date;
use super::record::Seen;
use super::reply::{Answer, Body, Outcome, Refusal};
use super::secondary_limit::Secondary;
use super::session::{Session, TokenKind};
use super::world::World;
use super::{budget, graphql, queue, routes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use git2::{ObjectType, Oid};
use serde_json::{Value, json};

/// The one version of the API that there is.
const API_VERSION: &str = "2022-11-28";

/// What goes back over the wire.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// It refuses the call because of a rate limit.
    pub limited: bool,
}

impl Response {
    /// A plain response.
    pub fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            body: body.into(),
            limited: false,
        }
    }

    fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.to_string())
    }

    fn header(&mut self, name: &str, value: impl std::fmt::Display) {
        self.headers.push((name.to_owned(), value.to_string()));
    }
}

/// Splits a request path into the prefix of Enterprise Servers and the path of the API.
pub fn split_prefix(path: &str) -> (&'static str, String) {
    if path == "/api/graphql" {
        return ("/api", "/graphql".to_owned());
    }
    match path.strip_prefix("/api/v3") {
        Some("") => ("/api/v3", "/".to_owned()),
        Some(rest) if rest.starts_with('/') => ("/api/v3", rest.to_owned()),
        _ => ("", path.to_owned()),
    }
}

/// The token of an `Authorization` header: `Bearer x`, `token x`, or `Basic` with the token as password.
pub fn token(header: &str) -> Option<String> {
    let (scheme, rest) = header.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "token" => Some(rest.trim().to_owned()),
        "basic" => {
            let text = String::from_utf8(BASE64.decode(rest.trim()).ok()?).ok()?;
            Some(text.split_once(':')?.1.to_owned())
        }
        _ => None,
    }
}

/// Answers one request. `prefix` is what [`split_prefix`] cut off.
pub fn respond(world: &mut World, seen: &Seen, prefix: &str) -> Response {
    let host = seen.header("host").unwrap_or("127.0.0.1").to_owned();
    world.api = format!(
        "http://{host}{}",
        if prefix == "/api" { "/api/v3" } else { prefix }
    );
    world.html = format!("http://{}", host.strip_prefix("api.").unwrap_or(&host));
    world.serial += 1;
    let mut session = Session::default();
    let mut response = match seen.header("authorization").map(token) {
        Some(given) => match given.and_then(|text| world.session(&text)) {
            Some(found) => {
                session = found;
                route(world, seen, &session)
            }
            None => refuse(&Refusal::unauthorized("Bad credentials")),
        },
        None => route(world, seen, &session),
    };
    if !seen.write {
        world.pass_read();
    }
    finish(world, seen, &session, &mut response);
    response
}

fn refuse(refusal: &Refusal) -> Response {
    Response::json(refusal.status, &refusal.body())
}

fn route(world: &mut World, seen: &Seen, session: &Session) -> Response {
    if seen.header("user-agent").is_none() {
        let text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required).";
        return Response::new(403, "text/plain", text);
    }
    queue::evict(world);
    if let Some((left, secondary)) = budget::slowed_down(world, session) {
        return too_fast(seen, left, secondary);
    }
    if let Some(asked) = seen.header("x-github-api-version")
        && asked != API_VERSION
    {
        let refusal = Refusal {
            status: 400,
            ..Refusal::unprocessable(format!(
                "API version '{asked}' is not a supported version. Please use a supported version."
            ))
        };
        return refuse(&refusal);
    }
    let resource = resource(seen);
    let cost = match seen.path.as_str() {
        "/graphql" => graphql::points(&seen.body),
        _ => 1,
    };
    if seen.path != "/rate_limit" && !budget::take(world, session, resource, cost) {
        return over_limit(world, session, resource);
    }
    if seen.write {
        world.clock.tick();
    }
    if seen.path == "/graphql" {
        if session.token.is_none() {
            let refusal = Refusal::unauthorized("This endpoint requires you to be authenticated.");
            return refuse(&refusal);
        }
        let (status, body) = graphql::answer(world, session, &seen.body);
        return Response::json(status, &body);
    }
    let body = if seen.body.is_empty() {
        Value::Null
    } else {
        match serde_json::from_slice(&seen.body) {
            Ok(body) => body,
            Err(_) => {
                let refusal = Refusal {
                    status: 400,
                    ..Refusal::unprocessable("Problems parsing JSON")
                };
                return refuse(&refusal);
            }
        }
    };
    let mut call = Call {
        method: if seen.method == "HEAD" {
            "GET".to_owned()
        } else {
            seen.method.clone()
        },
        path: seen.path.clone(),
        query: read_query(&seen.query),
        body,
        accept: seen.header("accept").unwrap_or_default().to_owned(),
        session: session.clone(),
        ..Call::default()
    };
    let outcome = routes::answer(world, &mut call);
    print(world, &call, outcome)
}

/// The bucket that a call is charged to.
pub fn resource(seen: &Seen) -> &'static str {
    if seen.path == "/graphql" {
        "graphql"
    } else {
        "core"
    }
}

/// The primary limit, as GitHub words it; GraphQL says it in an answer of status 200.
fn over_limit(world: &World, session: &Session, resource: &str) -> Response {
    let who = match session.token.as_ref().map(|token| &token.kind) {
        None => "127.0.0.1".to_owned(),
        Some(TokenKind::Installation(app, ..)) => format!("installation ID {app}"),
        Some(TokenKind::Workflow(repo, _)) => format!("installation ID {}", 8_000_000 + repo),
        Some(_) => format!("user ID {}", session.actor().unwrap_or_default()),
    };
    let mut response = if resource == "graphql" {
        let error = match world.switches.rate_limited_as_before {
            true => {
                json!({"type": "RATE_LIMITED", "message": format!("API rate limit exceeded for {who}.")})
            }
            false => json!({
                "type": "RATE_LIMIT", "code": "graphql_rate_limit",
                "message": format!("API rate limit already exceeded for {who}."),
            }),
        };
        Response::json(200, &json!({"errors": [error]}))
    } else {
        refuse(&Refusal::forbidden(format!(
            "API rate limit exceeded for {who}."
        )))
    };
    response.limited = true;
    response
}

/// The secondary limit, as GitHub words it. In status 200 it is an error of GraphQL's.
fn too_fast(seen: &Seen, left: u64, secondary: Secondary) -> Response {
    let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub \
                   Support for help, please include the request ID 0000:000000.";
    let status = match seen.path.as_str() {
        "/graphql" => secondary.graphql_status,
        _ => secondary.status,
    };
    let body = match status {
        200 => json!({"errors": [{"type": "RATE_LIMITED", "message": message}]}),
        _ => json!({
            "documentation_url": "https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
            "message": message,
        }),
    };
    let mut response = Response::json(status, &body);
    if secondary.end_is_said {
        response.header("retry-after", left);
    }
    response.limited = true;
    response
}

/// Prints an outcome, cut into its page.
fn print(world: &World, call: &Call, outcome: Outcome) -> Response {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(refusal) => return refuse(&refusal),
    };
    let Answer { status, body } = answer;
    match body {
        Body::Json(body) => Response::json(status, &body),
        Body::Raw(kind, bytes) => Response::new(status, kind, bytes),
        Body::Empty => Response {
            status,
            ..Response::default()
        },
        Body::List(items) => {
            let (items, link) = page(world, call, items);
            let mut response = Response::json(status, &Value::Array(items));
            if let Some(link) = link {
                response.header("link", link);
            }
            response
        }
        Body::Wrapped(key, items, mut extra) => {
            let total = items.len();
            let (items, link) = page(world, call, items);
            extra.insert("total_count".to_owned(), json!(total));
            extra.insert(key.to_owned(), Value::Array(items));
            let mut response = Response::json(status, &Value::Object(extra));
            if let Some(link) = link {
                response.header("link", link);
            }
            response
        }
    }
}

/// One page of a list, and its `Link` header. The activity log is paged by a cursor, everything else by number.
fn page(world: &World, call: &Call, mut items: Vec<Value>) -> (Vec<Value>, Option<String>) {
    let asked = call
        .query("per_page")
        .and_then(|text| text.parse::<usize>().ok());
    let size = asked
        .unwrap_or(30)
        .clamp(1, 100)
        .min(world.switches.page.unwrap_or(usize::MAX));
    let cursor = call.path.ends_with("/activity");
    let number = if cursor {
        call.query("after")
            .and_then(|text| text.strip_prefix("page-")?.parse::<usize>().ok())
    } else {
        call.query("page")
            .and_then(|text| text.parse::<usize>().ok())
    }
    .unwrap_or(1)
    .max(1);
    let last = items.len().div_ceil(size).max(1);
    let rest = items.split_off(((number - 1) * size).min(items.len()));
    let shown: Vec<Value> = rest.into_iter().take(size).collect();
    let url = |number: usize| {
        let (key, value) = if cursor {
            ("after", format!("page-{number}"))
        } else {
            ("page", number.to_string())
        };
        let mut pairs: Vec<String> = call
            .query
            .iter()
            .filter(|(name, _)| name != key)
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        pairs.push(format!("{key}={value}"));
        format!("{}{}?{}", world.api, call.path, pairs.join("&"))
    };
    let mut links = Vec::new();
    if number > 1 {
        links.push(format!("<{}>; rel=\"prev\"", url(number - 1)));
    }
    if number < last {
        links.push(format!("<{}>; rel=\"next\"", url(number + 1)));
        if !cursor {
            links.push(format!("<{}>; rel=\"last\"", url(last)));
        }
    }
    if number > 1 {
        links.push(format!("<{}>; rel=\"first\"", url(1)));
    }
    (shown, (!links.is_empty()).then(|| links.join(", ")))
}

/// Percent-encodes a query value.
fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    debug_assert_eq!(decode(&out, false), text);
    out
}

/// The headers of every answer, and 304 if nothing changed.
fn finish(world: &mut World, seen: &Seen, session: &Session, response: &mut Response) {
    if !seen.write && response.status == 200 && seen.path != "/graphql" {
        let id = Oid::hash_object(ObjectType::Blob, &response.body).map(|oid| oid.to_string());
        let tag = format!("W/\"{}\"", id.unwrap_or_default());
        if seen.header("if-none-match") == Some(&tag) {
            response.status = 304;
            response.body.clear();
            budget::refund(world, session, resource(seen));
        }
        response.header("etag", &tag);
        response.header("cache-control", "private, max-age=60, s-maxage=60");
        response.header("vary", "Accept, Authorization, Cookie, X-GitHub-OTP");
    }
    let left = budget::view(world, session, resource(seen));
    for name in ["limit", "remaining", "used", "reset"] {
        response.header(&format!("x-ratelimit-{name}"), &left[name]);
    }
    response.header("x-ratelimit-resource", resource(seen));
    date(world, response);
    response.header("x-github-request-id", format!("0000:{:06X}", world.serial));
    response.header("x-github-media-type", "github.v3; format=json");
    response.header("x-github-api-version-selected", API_VERSION);
    response.header("server", "github.com");
    if let Some(TokenKind::Classic(scopes)) = session.token.as_ref().map(|token| &token.kind) {
        response.header("x-oauth-scopes", scopes.join(", "));
        response.header("x-accepted-oauth-scopes", "repo");
    }
}

/// Puts the clock's time on an answer.
pub fn date(world: &World, response: &mut Response) {
    response.header("date", http_date(world.now()));
}
