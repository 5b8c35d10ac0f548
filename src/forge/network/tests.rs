use super::*;

const API: &str = "https://ghe.acme.example/api/v3";
const HERE: &str = "http://127.0.0.1:8930";

fn through(api: &str, network: &Network) -> Option<String> {
    let found = proxy(&api.parse().unwrap(), network).unwrap();
    found.map(|found| found.uri().to_string())
}

fn secret(text: &str) -> Option<SecretString> {
    Some(text.to_owned().into())
}

#[test]
fn the_proxy_is_the_one_for_the_scheme_of_the_api() {
    let network = Network {
        https_proxy: secret("http://user:pass@proxy.example:3128"),
        http_proxy: secret("http://localhost:3129"),
        ..Network::default()
    };
    assert_eq!(
        through(API, &network).as_deref(),
        Some("http://proxy.example:3128/")
    );
    assert_eq!(
        through(HERE, &network).as_deref(),
        Some("http://localhost:3129/")
    );
    assert_eq!(through(API, &Network::default()), None);
    let bare = Network {
        https_proxy: secret("proxy.example:3128"),
        ..Network::default()
    };
    assert_eq!(
        through(API, &bare).as_deref(),
        Some("http://proxy.example:3128/")
    );
}

#[test]
fn plain_http_never_leaves_this_machine() {
    let network = Network {
        http_proxy: secret("http://proxy.example:3128"),
        ..Network::default()
    };
    assert_eq!(through(HERE, &network), None);
}

#[test]
fn a_host_of_no_proxy_is_reached_directly() {
    let direct = |no_proxy: &str| {
        let network = Network {
            https_proxy: secret("http://proxy.example:3128"),
            no_proxy: Some(no_proxy.to_owned()),
            ..Network::default()
        };
        through(API, &network).is_none()
    };
    for here in [
        "ghe.acme.example",
        "acme.example",
        ".acme.example",
        "other.example, ghe.acme.example",
        "ghe.acme.example:443",
        "*",
    ] {
        assert!(direct(here), "{here}");
    }
    for elsewhere in [
        "",
        "acme",
        "e.acme.example",
        "ghe.acme.example:8443",
        "10.0.0.0/8",
    ] {
        assert!(!direct(elsewhere), "{elsewhere}");
    }
}

#[test]
fn an_address_of_no_proxy_may_be_a_network_or_an_ipv6_address() {
    let network = |no_proxy: &str| Network {
        https_proxy: secret("http://proxy.example:3128"),
        no_proxy: Some(no_proxy.to_owned()),
        ..Network::default()
    };
    assert_eq!(
        through("https://10.1.2.3/api/v3", &network("10.0.0.0/8")),
        None
    );
    for entry in ["fd00::1", "[fd00::1]", "[fd00::1]:443"] {
        assert_eq!(
            through("https://[fd00::1]/api/v3", &network(entry)),
            None,
            "{entry}"
        );
    }
}

#[test]
fn a_proxy_address_that_is_not_valid_is_an_error_without_its_password() {
    for wrong in [
        "http://",
        "ftp://user:pa55@proxy",
        "socks5://user:pa55@proxy:1080",
        "http://user:pa55@",
    ] {
        let network = Network {
            https_proxy: secret(wrong),
            ..Network::default()
        };
        let error = proxy(&API.parse().unwrap(), &network)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("HTTPS_PROXY is not "), "{wrong}: {error}");
        assert!(!error.contains("pa55"), "{error}");
        assert!(!format!("{network:?}").contains("pa55"));
    }
}

fn certificate() -> (CertificateDer<'static>, String) {
    let made = rcgen::generate_simple_self_signed(["ghe.acme.example".to_owned()]).unwrap();
    (made.cert.der().clone(), made.cert.pem())
}

#[test]
fn a_bundle_is_trusted_besides_the_certificates_of_the_system() {
    let folder = tempfile::tempdir().unwrap();
    let (theirs, their_pem) = certificate();
    let (ours, our_pem) = certificate();
    let system = folder.path().join("system");
    std::fs::create_dir(&system).unwrap();
    std::fs::write(system.join("ca-certificates.crt"), their_pem).unwrap();
    let bundle = folder.path().join("bundle.pem");
    std::fs::write(&bundle, our_pem).unwrap();
    let system = load_certs_from_paths(None, Some(&system));
    let all = besides([system].into_iter(), &bundle).unwrap();
    assert_eq!(all.len(), 2);
    assert!(all.contains(&theirs) && all.contains(&ours));
}

#[test]
fn a_bundle_that_cannot_be_read_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle.pem");
    let error = || certificates(Some(&bundle)).unwrap_err().to_string();
    let named = format!(
        "SSL_CERT_FILE points to {}, which cannot be used: ",
        bundle.display()
    );
    let missing = error();
    assert!(missing.starts_with(&named), "{missing}");
    assert!(missing.contains("No such file"), "{missing}");
    std::fs::write(&bundle, "not a certificate").unwrap();
    assert_eq!(error(), format!("{named}it contains no PEM certificates"));
}
