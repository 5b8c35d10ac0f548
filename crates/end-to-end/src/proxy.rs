//! An HTTP proxy on this machine that only makes tunnels (`CONNECT`), and keeps what it was asked for.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// A running proxy; it ends with its thread's runtime, when dropped.
pub struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

/// Listens on a free port, and serves each connection on a thread of its own until the sender is dropped.
pub fn listen<F, S>(serve: S) -> (SocketAddr, tokio::sync::oneshot::Sender<()>)
where
    S: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, mut stopped) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                tokio::select! {
                    _ = &mut stopped => return,
                    Ok((stream, _)) = listener.accept() => {
                        tokio::spawn(serve(stream));
                    }
                }
            }
        });
    });
    (address, stop)
}

impl Proxy {
    /// Starts one that leads every tunnel to `upstream`, whatever host it is asked for; `authorization`: the header without which it
    /// refuses.
    pub fn start(upstream: SocketAddr, authorization: Option<&'static str>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&asked);
        let (address, stop) = listen(move |mut stream| {
            let record = Arc::clone(&record);
            async move {
                let Some(head) = head(&mut stream).await else {
                    return;
                };
                let line = head.lines().next().unwrap_or_default().to_owned();
                record.lock().unwrap().push(line.clone());
                let welcome = authorization.is_none_or(|wanted| {
                    let mut lines = head.lines();
                    lines.any(|line| line.eq_ignore_ascii_case(wanted))
                });
                let answer = match (welcome, line.starts_with("CONNECT ")) {
                    (false, _) => "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
                    (true, false) => "HTTP/1.1 405 Method Not Allowed\r\n\r\n",
                    (true, true) => "HTTP/1.1 200 Connection established\r\n\r\n",
                };
                stream.write_all(answer.as_bytes()).await.ok();
                if answer.starts_with("HTTP/1.1 200") {
                    let mut upstream = TcpStream::connect(upstream).await.unwrap();
                    copy_bidirectional(&mut stream, &mut upstream).await.ok();
                }
            }
        });
        Self {
            address,
            asked,
            _stop: stop,
        }
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The request lines, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// The head of a request.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}
