//! Connections: how many there are, how long a client may take, whether they are TLS, and how they end.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use base::{Problem, ProblemKind};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use shared::OverTls;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;
use tower_http::timeout::TimeoutBody;

/// How much clients may take.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Connections at once. Whoever comes when all are taken is told to come again.
    pub most: usize,
    /// How long shaking hands for TLS may take.
    pub handshake: Duration,
    /// How long the head of a request may take to arrive, also on a connection that waits for its next one.
    pub head: Duration,
    /// How long a client may leave the body of its request lying.
    pub body: Duration,
    /// How long running requests may take to end after the server has been asked to stop.
    pub drain: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            most: 1024,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(30),
            body: Duration::from_secs(30),
            drain: Duration::from_secs(25),
        }
    }
}

/// Said to whoever comes when all connections are taken.
const FULL: &str = "As many are connected as there can be; come again in a second.";
/// Said to whoever speaks plain HTTP where TLS is spoken.
const PLAIN: &str = "This port speaks TLS and nothing else; begin the address with https://.";
/// The first byte of a client that speaks TLS: a record that carries a handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

/// Serves `router` until `stop` is ready, then lets running requests end. Says whether they all did. With `tls`, that is
/// all that is spoken.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: &ConnectionLimits,
    stop: impl Future<Output = ()>,
) -> bool {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let room = Arc::new(Semaphore::new(limits.most));
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    wait_after(&error).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let Ok(place) = room.clone().try_acquire_owned() else {
            // Shaking hands in order to say no would be work for whoever wants to make work.
            if tls.is_none() {
                tokio::spawn(turn_away(stream, ProblemKind::Unavailable, FULL));
            }
            continue;
        };
        // Small answers must not wait for more.
        let _ = stream.set_nodelay(true);
        let visit = Visit {
            server: server.clone(),
            watcher: graceful.watcher(),
            router: router.clone(),
            address,
            patience: limits.body,
        };
        let (tls, handshake) = (tls.clone(), limits.handshake);
        tokio::spawn(async move {
            match tls {
                None => visit.attend(stream, None).await,
                Some(tls) => {
                    // A client that hangs up, is too slow or speaks something else is no event of ours.
                    let shaken = tokio::time::timeout(handshake, shake_hands(&tls, stream)).await;
                    if let Ok(Some(stream)) = shaken {
                        visit.attend(stream, Some(OverTls)).await;
                    }
                }
            }
            drop(place);
        });
    }
    drop(listener);
    tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_ok()
}

/// One client, until it goes.
struct Visit {
    server: http1::Builder,
    watcher: Watcher,
    router: Router,
    address: SocketAddr,
    patience: Duration,
}

impl Visit {
    async fn attend(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, tls: Option<OverTls>) {
        let Self { server, watcher, router, address, patience } = self;
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(|body| Body::new(TimeoutBody::new(patience, body)));
            request.extensions_mut().insert(ConnectInfo::<SocketAddr>(address));
            if let Some(tls) = tls {
                request.extensions_mut().insert(tls);
            }
            answer(router.clone(), request)
        });
        let _ = watcher.watch(server.serve_connection(TokioIo::new(stream), service)).await;
    }
}

async fn shake_hands(tls: &TlsAcceptor, stream: TcpStream) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let mut first = [HANDSHAKE];
    stream.peek(&mut first).await.ok()?;
    if first != [HANDSHAKE] {
        turn_away(stream, ProblemKind::BadRequest, PLAIN).await;
        return None;
    }
    tls.accept(stream).await.ok()
}

async fn answer(router: Router, request: Request<Body>) -> Result<axum::response::Response, Infallible> {
    router.oneshot(request).await
}

/// An answer to whoever is not listened to.
fn unheard(kind: ProblemKind, detail: &str) -> String {
    let body = Problem::new(kind, detail).to_json().to_string();
    let (status, again) = match kind {
        ProblemKind::Unavailable => ("503 Service Unavailable", "Retry-After: 1\r\n"),
        _ => ("400 Bad Request", ""),
    };
    format!(
        "HTTP/1.1 {status}\r\n{again}Connection: close\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn turn_away(mut stream: TcpStream, kind: ProblemKind, detail: &str) {
    let _ = tokio::time::timeout(Duration::from_secs(1), async {
        stream.write_all(unheard(kind, detail).as_bytes()).await?;
        stream.shutdown().await?;
        // What the client has sent is read, or its kernel would throw the answer away.
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        io::Result::Ok(())
    })
    .await;
}

/// Out of file descriptors, accepting would fail again at once, as fast as it can.
async fn wait_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "a connection cannot be taken");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
