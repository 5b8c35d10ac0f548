//! The sockets: hyper on a thread of its own. Reads requests, lets hooks and faults act, asks [`super::api`] for the answer, records.

use super::api::{self, Response};
use super::faults::{Fault, Hook, When};
use super::record::{Operation, Seen};
use super::world::World;
use super::{Contract, budget, graphql, lock, routes};
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// What tests and server share: settings, and the record.
#[derive(Default)]
pub struct Desk {
    /// Faults that wait.
    pub faults: Vec<(When, Fault)>,
    /// Hooks that wait.
    pub hooks: Vec<(When, Hook)>,
    /// Delay of every answer.
    pub latency: Duration,
    /// What honest answers are held to.
    pub contract: Option<Contract>,
    /// What was called, in the order of arrival.
    pub calls: Vec<Seen>,
    /// How many calls have arrived.
    pub arrived: usize,
    /// What went wrong in the stand-in itself.
    pub violations: Vec<String>,
    /// Calls under way.
    pub in_flight: usize,
    /// The most there ever were.
    pub most_in_flight: usize,
}

/// The server's thread.
pub struct Running {
    /// The address on which it listens.
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Stops listening and waits for the thread.
    pub fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

#[derive(Clone)]
struct Shared {
    world: Arc<Mutex<World>>,
    desk: Arc<Mutex<Desk>>,
}

type ResponseBody = UnsyncBoxBody<Bytes, io::Error>;

/// Starts the thread. Port 0 takes any free one.
pub fn start(port: u16, world: Arc<Mutex<World>>, desk: Arc<Mutex<Desk>>) -> Running {
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let shared = Shared { world, desk };
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(listen(listener, shared, stopped));
    });
    Running {
        address,
        stop: Some(stop),
        thread: Some(thread),
    }
}

async fn listen(
    listener: std::net::TcpListener,
    shared: Shared,
    mut stopped: oneshot::Receiver<Infallible>,
) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    loop {
        let accepted = tokio::select! {
            _ = &mut stopped => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        let shared = shared.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| serve(shared.clone(), request));
            // A fault that closes the connection ends here as an error, which is meant.
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
                .ok();
        });
    }
}

async fn read(request: hyper::Request<Incoming>) -> io::Result<(Seen, &'static str)> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let (prefix, path) = api::split_prefix(head.uri.path());
    let mut headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|(key, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (key.as_str().to_owned(), value)
        })
        .collect();
    // Through a proxy setting the whole address comes in the request line.
    if let Some(authority) = head.uri.authority() {
        headers.retain(|(key, _)| key != "host");
        headers.push(("host".to_owned(), authority.to_string()));
    }
    let operation = (path == "/graphql").then(|| graphql::peek(&body));
    let write = operation
        .as_ref()
        .map_or_else(|| routes::writes(head.method.as_str()), |one| one.mutation);
    let seen = Seen {
        method: head.method.as_str().to_owned(),
        path,
        query: head.uri.query().unwrap_or_default().to_owned(),
        operation,
        write,
        headers,
        body: body.to_vec(),
        ..Seen::default()
    };
    Ok((seen, prefix))
}

/// Counts a call as under way as long as it lives, however its future ends.
struct InFlight(Arc<Mutex<Desk>>);

impl InFlight {
    fn new(desk: &Arc<Mutex<Desk>>) -> Self {
        let mut open = lock(desk);
        open.in_flight += 1;
        open.most_in_flight = open.most_in_flight.max(open.in_flight);
        Self(Arc::clone(desk))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        lock(&self.0).in_flight -= 1;
    }
}

async fn serve(
    shared: Shared,
    request: hyper::Request<Incoming>,
) -> io::Result<hyper::Response<ResponseBody>> {
    let _under_way = InFlight::new(&shared.desk);
    let began = Instant::now();
    let (mut seen, prefix) = read(request).await?;
    let (fault, latency) = {
        let mut desk = lock(&shared.desk);
        desk.arrived += 1;
        (seen.index, seen.began) = (desk.arrived, Some(began));
        let mut met = None;
        for (when, fault) in &mut desk.faults {
            if when.meets(&seen) && met.is_none() {
                met = Some(fault.clone());
            }
        }
        desk.faults.retain(|(when, _)| !when.spent());
        (met, desk.latency)
    };
    let slow = match &fault {
        Some(Fault::Slow(more)) => *more,
        _ => Duration::ZERO,
    };
    if latency + slow > Duration::ZERO {
        tokio::time::sleep(latency + slow).await;
    }
    let response = carry_out(&shared, &mut seen, prefix, fault.as_ref());
    let shown = response
        .as_ref()
        .map(|response| deliver(response, fault.as_ref()));
    seen.ended = Some(Instant::now());
    let mut desk = lock(&shared.desk);
    let at = desk.calls.partition_point(|one| one.index < seen.index);
    desk.calls.insert(at, seen);
    drop(desk);
    shown.unwrap_or_else(|| Err(io::Error::other("closed on purpose")))
}

/// Runs the hooks, carries the call out if the fault allows it, and records the answer. None: close the connection.
fn carry_out(
    shared: &Shared,
    seen: &mut Seen,
    prefix: &str,
    fault: Option<&Fault>,
) -> Option<Response> {
    let hooks = match fault {
        // A client that was killed has not called.
        Some(Fault::CloseBeforeApply) => Vec::new(),
        _ => met_hooks(&shared.desk, seen),
    };
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut world = lock(&shared.world);
        for hook in &hooks {
            lock(hook)(&mut world, seen);
        }
        let honest = fault
            .is_none_or(Fault::applies)
            .then(|| api::respond(&mut world, seen, prefix));
        match fault {
            Some(fault) => spoil(&mut world, seen, fault, honest),
            None => honest,
        }
    }));
    let mut desk = lock(&shared.desk);
    // The contract may panic too, but it does so outside of the world's lock.
    let response = result.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        desk.violations
            .push(format!("{}: {}", seen.line(), text.unwrap_or_default()));
        Some(Response::new(500, "text/plain", "the stand-in panicked"))
    });
    if let Some(response) = &response {
        seen.status = Some(response.status);
        seen.answer_headers.clone_from(&response.headers);
        seen.answer.clone_from(&response.body);
        seen.limited = response.limited;
    }
    seen.fault = fault.map(|fault| format!("{fault:?}"));
    if let Some(contract) = desk
        .contract
        .clone()
        .filter(|_| fault.is_none_or(Fault::honest))
    {
        desk.violations.extend(contract(seen));
    }
    response
}

/// The hooks that this call meets.
fn met_hooks(desk: &Mutex<Desk>, seen: &Seen) -> Vec<Hook> {
    let mut desk = lock(desk);
    let mut met = Vec::new();
    for (when, hook) in &mut desk.hooks {
        if when.meets(seen) {
            met.push(Arc::clone(hook));
        }
    }
    desk.hooks.retain(|(when, _)| !when.spent());
    met
}

/// What a fault makes of an answer. None: nothing at all.
fn spoil(
    world: &mut World,
    seen: &Seen,
    fault: &Fault,
    honest: Option<Response>,
) -> Option<Response> {
    let message = |status: u16, text: &str| {
        let body = serde_json::json!({"message": text, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()});
        Response::new(status, "application/json; charset=utf-8", body.to_string())
    };
    let page = "<!DOCTYPE html>\n<html><body><h1>Unicorn!</h1></body></html>\n";
    let mut response = match fault {
        Fault::ServerError => message(500, "Server Error"),
        Fault::BadGatewayAfterApply => message(502, "Server Error"),
        Fault::CloseAfterApply | Fault::CloseBeforeApply => return None,
        Fault::SecondaryLimit(_)
        | Fault::SecondaryLimitWithoutEnd(_)
        | Fault::SecondaryLimitInGraphQl(_)
        | Fault::TooManyRequests(_)
        | Fault::PrimaryLimit => {
            let token = seen.header("authorization").and_then(api::token);
            let session = token.and_then(|token| world.session(&token));
            let session = session.unwrap_or_default();
            match fault.secondary() {
                Some(secondary) => budget::slow_down(world, &session, secondary),
                None => budget::exhaust(world, &session, api::resource(seen)),
            }
            return Some(api::respond(world, seen, ""));
        }
        Fault::NotFound => message(404, "Not Found"),
        Fault::Html => Response::new(200, "text/html", page),
        Fault::TruncatedJson => Response::new(
            200,
            "application/json; charset=utf-8",
            r#"{"id": 1, "state": "op"#,
        ),
        Fault::Slow(_) | Fault::CutBody => return honest,
        Fault::EndlessBody => Response::new(200, "application/json; charset=utf-8", "["),
        Fault::Status(status, text) => message(*status, text),
        Fault::StopsAfterFirstMutation | Fault::GatewayAfterFirstMutation => {
            let several = |operation: &&Operation| operation.mutation && operation.fields.len() > 1;
            match seen.operation.as_ref().filter(several) {
                Some(_) => {
                    let before = world.switches.first_mutations.replace(1);
                    let partial = api::respond(world, seen, "");
                    world.switches.first_mutations = before;
                    match fault {
                        Fault::StopsAfterFirstMutation => return Some(partial),
                        _ => message(502, "Server Error"),
                    }
                }
                None => message(500, "Server Error"),
            }
        }
        Fault::BrokenOff => match &seen.operation {
            Some(operation) => broken_off(&operation.keys),
            None => message(500, "Server Error"),
        },
        Fault::GraphQlError(kind, text) => match &seen.operation {
            Some(operation) => graphql_error(&operation.keys, kind, text),
            None => message(500, "Server Error"),
        },
    };
    api::date(world, &mut response);
    Some(response)
}

/// What GraphQL answers if it breaks a query off.
fn broken_off(keys: &[String]) -> Response {
    let nulls = keys
        .iter()
        .map(|key| (key.clone(), serde_json::Value::Null));
    let data: serde_json::Map<String, serde_json::Value> = nulls.collect();
    let error = serde_json::json!({
        "type": "RESOURCE_LIMITS_EXCEEDED", "path": ["repository", "o1", "p0"],
        "message": "Resource limits for this query exceeded.",
    });
    let body = serde_json::json!({"data": data, "errors": [error]});
    Response::new(200, "application/json; charset=utf-8", body.to_string())
}

/// What GraphQL answers when it fails: 200, null under each of these root keys, and why.
fn graphql_error(keys: &[String], kind: &str, text: &str) -> Response {
    let nulls = keys
        .iter()
        .map(|key| (key.clone(), serde_json::Value::Null));
    let data: serde_json::Map<String, serde_json::Value> = nulls.collect();
    let mut error = serde_json::json!({"message": text});
    if !kind.is_empty() {
        error["type"] = serde_json::json!(kind);
    }
    let body = serde_json::json!({"data": data, "errors": [error]});
    Response::new(200, "application/json; charset=utf-8", body.to_string())
}

/// Puts a response on the wire.
fn deliver(
    response: &Response,
    fault: Option<&Fault>,
) -> io::Result<hyper::Response<ResponseBody>> {
    let mut builder = hyper::Response::builder().status(response.status);
    for (key, value) in &response.headers {
        builder = builder.header(key, value);
    }
    let whole = Bytes::from(response.body.clone());
    let body = match fault {
        Some(Fault::CutBody) => {
            builder = builder.header("content-length", whole.len());
            let half = Ok(Frame::data(whole.slice(..whole.len() / 2)));
            let end = Err(io::Error::other("cut on purpose"));
            StreamBody::new(futures_util::stream::iter([half, end])).boxed_unsync()
        }
        Some(Fault::EndlessBody) => {
            let chunk = Bytes::from(vec![b' '; 64 * 1024]);
            let chunks = std::iter::once(whole).chain(std::iter::repeat(chunk));
            let frames = chunks.map(|chunk| Ok(Frame::data(chunk)));
            StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
        }
        _ => Full::new(whole)
            .map_err(|never| match never {})
            .boxed_unsync(),
    };
    builder.body(body).map_err(io::Error::other)
}
