//! Connections: how many there are, how long a client may take, and how they end.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use base::{Problem, ProblemKind};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tower::ServiceExt as _;
use tower_http::timeout::TimeoutBody;

/// How much clients may take.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Connections at once. Whoever comes when all are taken is told to come again.
    pub most: usize,
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
            head: Duration::from_secs(30),
            body: Duration::from_secs(30),
            drain: Duration::from_secs(25),
        }
    }
}

/// Said to whoever comes when all connections are taken.
const FULL: &str = "As many are connected as there can be; come again in a second.";

/// Serves `router` until `stop` is ready, then lets running requests end. Says whether they all did.
pub async fn serve(
    listener: TcpListener,
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
            tokio::spawn(turn_away(stream));
            continue;
        };
        // Small answers must not wait for more.
        let _ = stream.set_nodelay(true);
        let (router, patience) = (router.clone(), limits.body);
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(|body| Body::new(TimeoutBody::new(patience, body)));
            request.extensions_mut().insert(ConnectInfo::<SocketAddr>(address));
            answer(router.clone(), request)
        });
        let connection = graceful.watch(server.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A client that hangs up or is too slow is no event of ours.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_ok()
}

async fn answer(router: Router, request: Request<Body>) -> Result<axum::response::Response, Infallible> {
    router.oneshot(request).await
}

fn full() -> String {
    let body = Problem::new(ProblemKind::Unavailable, FULL).to_json().to_string();
    format!(
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\
         Content-Type: application/problem+json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn turn_away(mut stream: TcpStream) {
    let _ = tokio::time::timeout(Duration::from_secs(1), async {
        stream.write_all(full().as_bytes()).await?;
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
