//! How GitHub is reached: directly or through a proxy, and which certificates are trusted.
//!
//! A connection has one destination, the API's host, so that the proxy is chosen once. Only tunnels (`CONNECT`) are made: what goes
//! through the proxy is as encrypted as without it. Plain HTTP is for this machine alone, and so is a proxy for it: anywhere else a
//! token would be readable on its way.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpStream;
use tower_service::Service;

use super::error::ForgeError;

/// How long connecting may take, a tunnel and TLS included.
const CONNECT: Duration = Duration::from_secs(10);

/// What the environment says about the way to GitHub.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// `HTTPS_PROXY`: a URL or `HOST:PORT`, with a user and a password if the proxy asks for them.
    pub https_proxy: Option<SecretString>,
    /// `HTTP_PROXY`, in the same form: for an API on this machine that is reached without TLS.
    pub http_proxy: Option<SecretString>,
    /// `NO_PROXY`: hosts that are reached directly, separated by commas: a name (which includes the names below it), `NAME:PORT`, an
    /// IP address, a network such as `10.0.0.0/8`, or `*`.
    pub no_proxy: Option<String>,
    /// `SSL_CERT_FILE`: a bundle of PEM certificates that are trusted besides the system's.
    pub certificates: Option<PathBuf>,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Connects to the API, in TLS if its address says https.
pub(super) type Connector = HttpsConnector<Route>;

/// The connector for an API.
///
/// # Errors
/// [`ForgeError::Proxy`] if the proxy's address is not valid; [`ForgeError::Certificates`] if the bundle cannot be read.
pub(super) fn connector(api: &Uri, network: &Network) -> Result<Connector, ForgeError> {
    let config = trusting(certificates(network.certificates.as_deref())?)?;
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    let tunnel = proxy(api, network)?.map(|found| {
        // A proxy may itself be reached by https.
        let to_proxy = HttpsConnectorBuilder::new()
            .with_tls_config(config.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp.clone());
        let tunnel = Tunnel::new(found.uri().clone(), to_proxy);
        Proxy {
            address: found.uri().to_string().trim_end_matches('/').to_owned(),
            tunnel: match found.basic_auth() {
                Some(auth) => tunnel.with_auth(auth.clone()),
                None => tunnel,
            },
        }
    });
    Ok(HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(Route { tcp, tunnel }))
}

/// The proxy through which an API is reached; `None`: directly.
fn proxy(api: &Uri, network: &Network) -> Result<Option<Intercept>, ForgeError> {
    let plain = api.scheme() == Some(&Scheme::HTTP);
    let (variable, given) = match plain {
        true => ("HTTP_PROXY", &network.http_proxy),
        false => ("HTTPS_PROXY", &network.https_proxy),
    };
    let Some(given) = given else { return Ok(None) };
    let port = api.port_u16().unwrap_or(if plain { 80 } else { 443 });
    let direct = direct(network.no_proxy.as_deref().unwrap_or_default(), port);
    let builder = || Matcher::builder().all(given.expose_secret());
    // The value may hold a password, so that it is not part of the error.
    let wrong = |why| ForgeError::Proxy { variable, why };
    let found = builder()
        .build()
        .intercept(api)
        .ok_or_else(|| wrong("is not a valid proxy address, such as http://proxy.example:3128"))?;
    if !matches!(found.uri().scheme_str(), Some("http" | "https")) {
        return Err(wrong(
            "is not the address of an HTTP proxy; SOCKS is not supported",
        ));
    }
    if plain && !found.uri().host().is_some_and(is_loopback) {
        return Ok(None);
    }
    Ok(builder().no(direct).build().intercept(api))
}

/// `NO_PROXY` as the library reads it, which knows no ports: an entry with another port than the API's is left out.
fn direct(no_proxy: &str, port: u16) -> String {
    let entries = no_proxy.split(',').map(str::trim).filter_map(|entry| {
        match entry.rsplit_once(':') {
            // An IPv6 address has more than one colon.
            Some((host, named)) if !host.contains(':') || host.ends_with(']') => {
                (named.parse() == Ok(port)).then(|| host.trim_matches(['[', ']']))
            }
            _ => Some(entry.trim_matches(['[', ']'])),
        }
    });
    entries.collect::<Vec<_>>().join(",")
}

/// The certificates that are trusted: the system's, and those of a bundle.
fn certificates(bundle: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, ForgeError> {
    let Some(bundle) = bundle else {
        // A process has a forge for each token: what the system trusts is read once, some 140 files.
        static SYSTEM: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
        return Ok(SYSTEM.get_or_init(|| load_native_certs().certs).clone());
    };
    let native = load_native_certs();
    // With SSL_CERT_FILE in the environment of this process `load_native_certs` reads that file instead of the system's.
    let system = openssl_probe::candidate_cert_dirs();
    let system = system.map(|folder| load_certs_from_paths(None, Some(folder)));
    besides(system.chain([native]), bundle)
}

fn besides(
    system: impl Iterator<Item = CertificateResult>,
    bundle: &Path,
) -> Result<Vec<CertificateDer<'static>>, ForgeError> {
    let own = load_certs_from_paths(Some(bundle), None);
    let wrong = |why: String| ForgeError::Certificates {
        file: bundle.display().to_string(),
        why,
    };
    if let Some(error) = own.errors.first() {
        return Err(wrong(error.to_string()));
    }
    if own.certs.is_empty() {
        return Err(wrong("it contains no PEM certificates".to_owned()));
    }
    let mut all: Vec<_> = system.flat_map(|found| found.certs).collect();
    all.extend(own.certs);
    all.sort_unstable_by(|one, other| one.as_ref().cmp(other.as_ref()));
    all.dedup();
    Ok(all)
}

fn trusting(certificates: Vec<CertificateDer<'static>>) -> Result<ClientConfig, ForgeError> {
    let mut roots = RootCertStore::empty();
    // A system certificate that cannot be used is ignored, as everywhere.
    roots.add_parsable_certificates(certificates);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ForgeError::NotUnderstood(format!("TLS could not be set up: {error}")))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[derive(Clone)]
struct Proxy {
    /// Its address, without user and password.
    address: String,
    tunnel: Tunnel<HttpsConnector<HttpConnector>>,
}

/// Connects to a host, directly or through a proxy, without TLS to that host.
#[derive(Clone)]
pub(super) struct Route {
    tcp: HttpConnector,
    tunnel: Option<Proxy>,
}

/// A connection that could not be made through a proxy.
#[derive(Debug, thiserror::Error)]
#[error("through the proxy {address}")]
struct ThroughProxy {
    address: String,
    source: BoxError,
}

impl Service<Uri> for Route {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // Neither connector ever waits here.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let route = self.clone();
        Box::pin(async move {
            match tokio::time::timeout(CONNECT, route.connect(to)).await {
                Ok(connected) => connected,
                Err(_) => Err(format!("no connection within {} s", CONNECT.as_secs()).into()),
            }
        })
    }
}

impl Route {
    async fn connect(mut self, to: Uri) -> Result<Stream, BoxError> {
        match self.tunnel {
            None => Ok(MaybeHttpsStream::Http(self.tcp.call(to).await?)),
            Some(mut proxy) => proxy.tunnel.call(to).await.map_err(|error| {
                ThroughProxy {
                    address: proxy.address,
                    source: error.into(),
                }
                .into()
            }),
        }
    }
}

/// Why a server's certificate was not accepted, if that is what an error comes from.
pub(super) fn distrust(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(why)) = error.downcast_ref::<rustls::Error>()
        {
            return Some(rustls::Error::InvalidCertificate(why.clone()).to_string());
        }
        // An I/O error shows what the error in it comes from, and not that error.
        let inside = error.downcast_ref::<std::io::Error>();
        next = match inside.and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// Whether a host of a URL is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<std::net::IpAddr>();
    bare == "localhost"
        || bare.ends_with(".localhost")
        || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
