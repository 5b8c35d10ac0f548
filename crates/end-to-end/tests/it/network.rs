//! Runs behind a proxy, and against a server with its own certificate authority.

use std::net::SocketAddr;

use end_to_end::proxy::Proxy;
use end_to_end::site::Site;
use end_to_end::tls::Front;
use sluice::error::Exit;
use tempfile::TempDir;

const HOST: &str = "ghe.acme.example";
/// `user:pa55` as it is sent to a proxy.
const AUTHORIZATION: &str = "Proxy-Authorization: Basic dXNlcjpwYTU1";

fn set(site: &mut Site, name: &str, value: &str) {
    site.environment.insert(name.to_owned(), value.to_owned());
}

fn stand_in(site: &Site) -> SocketAddr {
    site.hub
        .url()
        .trim_start_matches("http://")
        .parse()
        .unwrap()
}

/// The stand-in behind TLS at this authority; the front, and the folder in which its certificate lies.
async fn behind_tls(authority: impl Fn(&Front) -> String) -> (Site, Front, TempDir) {
    let mut site = Site::of("k3s-upgrade-version").await;
    let front = Front::start(stand_in(&site), &[HOST, "localhost"]);
    let at = authority(&front);
    set(&mut site, "GITHUB_API_URL", &format!("https://{at}"));
    set(
        &mut site,
        "GITHUB_GRAPHQL_URL",
        &format!("https://{at}/graphql"),
    );
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("own-ca.pem");
    std::fs::write(&bundle, &front.authority).unwrap();
    set(&mut site, "SSL_CERT_FILE", bundle.to_str().unwrap());
    (site, front, folder)
}

fn localhost(front: &Front) -> String {
    format!("localhost:{}", front.address.port())
}

#[tokio::test]
async fn a_run_goes_through_the_proxy_that_the_runner_names() {
    let (mut site, front, _folder) = behind_tls(|_| HOST.to_owned()).await;
    let proxy = Proxy::start(front.address, Some(AUTHORIZATION));
    let address = format!("http://user:pa55@{}", proxy.address());
    set(&mut site, "HTTPS_PROXY", &address);
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(site.repo().pulls(true), [1]);
    let asked = proxy.asked();
    assert!(!asked.is_empty());
    for line in asked {
        assert_eq!(line, format!("CONNECT {HOST}:443 HTTP/1.1"));
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_and_its_password_is_not() {
    let (mut site, front, _folder) = behind_tls(|_| HOST.to_owned()).await;
    let proxy = Proxy::start(front.address, Some(AUTHORIZATION));
    let address = format!("http://user:wr0ng@{}", proxy.address());
    set(&mut site, "https_proxy", &address);
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Failed, "{}", run.text);
    let words = format!("through the proxy http://{}", proxy.address());
    assert!(run.text.contains(&words), "{}", run.text);
    assert!(
        run.text.contains("proxy authorization required"),
        "{}",
        run.text
    );
    assert!(
        !run.text.contains("wr0ng") && !run.text.contains("user:"),
        "{}",
        run.text
    );
    assert!(site.hub.calls().is_empty());
}

#[tokio::test]
async fn a_host_of_no_proxy_is_reached_directly() {
    let (mut site, front, _folder) = behind_tls(localhost).await;
    let proxy = Proxy::start(front.address, None);
    set(
        &mut site,
        "HTTPS_PROXY",
        &format!("http://{}", proxy.address()),
    );
    set(&mut site, "no_proxy", &localhost(&front));
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert_eq!(proxy.asked(), Vec::<String>::new());
    site.environment.remove("no_proxy");
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    assert!(!proxy.asked().is_empty());
}

#[tokio::test]
async fn an_api_on_this_machine_may_be_reached_through_a_proxy_on_it() {
    let mut site = Site::of("k3s-upgrade-version").await;
    let proxy = Proxy::start(stand_in(&site), None);
    set(&mut site, "http_proxy", &proxy.address());
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Done, "{}", run.text);
    let wanted = format!("CONNECT {} HTTP/1.1", stand_in(&site));
    assert_eq!(proxy.asked().first(), Some(&wanted));
}

#[tokio::test]
async fn without_its_authority_a_server_is_not_trusted_and_the_run_says_what_to_do() {
    let (mut site, _front, _folder) = behind_tls(localhost).await;
    let trusted = site.run().await;
    assert_eq!(trusted.exit, Exit::Done, "{}", trusted.text);
    site.environment.remove("SSL_CERT_FILE");
    site.hub.forget_calls();
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Failed);
    insta::assert_snapshot!(run.text, @r#"
    the certificate of localhost, or of a proxy in between, is not trusted: invalid peer certificate: UnknownIssuer
    if the server has its own certificate authority, or the proxy looks into TLS, set SSL_CERT_FILE to a PEM file with the certificate of that authority: see "Behind a proxy, or with your own certificate authority" in docs/install.md
    "#);
    assert!(site.hub.calls().is_empty());
}

#[tokio::test]
async fn a_bundle_that_cannot_be_read_ends_the_run_before_any_call() {
    let mut site = Site::of("k3s-upgrade-version").await;
    set(&mut site, "SSL_CERT_FILE", "/nowhere/own-ca.pem");
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Usage, "{}", run.text);
    assert!(
        run.text
            .starts_with("SSL_CERT_FILE points to /nowhere/own-ca.pem, which cannot be used: "),
        "{}",
        run.text
    );
    assert!(site.hub.calls().is_empty());
}

#[tokio::test]
async fn a_proxy_address_that_is_not_valid_ends_the_run_before_any_call() {
    let (mut site, _front, _folder) = behind_tls(localhost).await;
    set(&mut site, "HTTPS_PROXY", "socks5://user:pa55@proxy:1080");
    let run = site.run().await;
    assert_eq!(run.exit, Exit::Usage, "{}", run.text);
    assert!(run.text.starts_with("HTTPS_PROXY is not "), "{}", run.text);
    assert!(!run.text.contains("pa55"), "{}", run.text);
    assert!(site.hub.calls().is_empty());
}
