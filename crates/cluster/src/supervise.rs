//! Notices that the server ended although nobody stopped it, and starts it again.

use crate::cluster::{Inner, State};
use crate::error::Error;
use crate::processes;
use crate::server::Server;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// How often to look when no signal tells of a child's end.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The longest pause between two attempts to start.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Runs until the cluster is stopped.
pub(crate) async fn run(inner: Arc<Inner>) {
    let mut child_ended = signal(SignalKind::child()).ok();
    loop {
        match &mut child_ended {
            Some(signals) => {
                let _ = tokio::time::timeout(LOOK_EVERY, signals.recv()).await;
            }
            None => tokio::time::sleep(LOOK_EVERY).await,
        }
        if *inner.state.borrow() == State::Stopped {
            return;
        }
        let ended = {
            let mut server = inner.server();
            let ended = server.as_mut().and_then(Server::ended);
            if ended.is_some() {
                *server = None;
            }
            ended
        };
        if let Some(status) = ended {
            tracing::error!(%status, "PostgreSQL ended unexpectedly; starting it again");
            inner.state.send_if_modified(|state| {
                *state == State::Serving && {
                    *state = State::Recovering;
                    true
                }
            });
            recover(&inner).await;
        }
    }
}

/// Tries until the server serves again: there is nothing better to do, and the cause may go away (a full disk).
async fn recover(inner: &Inner) {
    let began = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        match restart(inner).await {
            Ok(server) => {
                *inner.server() = Some(server);
                inner.state.send_if_modified(|state| {
                    *state == State::Recovering && {
                        *state = State::Serving;
                        true
                    }
                });
                tracing::info!(duration_ms = began.elapsed().as_millis() as u64, "PostgreSQL is serving again");
                return;
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "PostgreSQL could not be started again");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn restart(inner: &Inner) -> Result<Server, Error> {
    processes::clear(&inner.layout.pgdata).await?;
    let mut server = Server::spawn(&inner.binaries, &inner.account, &inner.layout, &inner.options.lifetime, &[])?;
    server.ready(&inner.layout, &inner.connections.superuser(), inner.options.start_patience).await?;
    Ok(server)
}
