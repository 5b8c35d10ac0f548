//! TLS in front of a server on this machine, with a certificate authority of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};

use crate::proxy::listen;

/// A running front; it ends when dropped.
pub struct Front {
    /// The address on which it listens.
    pub address: SocketAddr,
    /// The certificate of its authority, as PEM.
    pub authority: String,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Front {
    /// Starts one with a certificate for these hosts.
    pub fn start(upstream: SocketAddr, hosts: &[&str]) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(hosts).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (address, stop) = listen(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                // A client that does not trust the certificate hangs up here.
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut upstream = TcpStream::connect(upstream).await.unwrap();
                copy_bidirectional(&mut stream, &mut upstream).await.ok();
            }
        });
        Self {
            address,
            authority: authority.as_ref().pem(),
            _stop: stop,
        }
    }
}
