//! Listening to what PostgreSQL announces of changed rights, and knowing whether anything arrives.
//!
//! A connection that said LISTEN proves nothing: a pooler that lends connections for a transaction answers it, and never passes on what
//! is announced. So a word of our own is announced as rights are, and only once it arrives is anything remembered. It is said on a
//! second connection: on the one that listens, PostgreSQL would bring it back within the answer to the statement, which even such a
//! pooler hands on.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream};
use tokio::{sync::mpsc, task::JoinSet, time::MissedTickBehavior};
use tokio_postgres::{AsyncMessage, Client};
use wire::{ConnectError, Way};

use crate::{Authenticator, cache::SILENCE};

/// How often a word is said while something is remembered: two may go missing before [`SILENCE`] is over. Each is a transaction that
/// writes a hundred bytes to PostgreSQL's log, so nothing is said while nothing is remembered: a server that nobody asks writes nothing.
const BEAT: Duration = Duration::from_secs(2);
/// How long after a connection that was lost another is made.
const SOON: Duration = Duration::from_millis(500);
/// How long after a way on which nothing arrives it is tried again.
const LATER: Duration = Duration::from_secs(60);
/// What words of our own begin with; what is announced of rights is an identifier or a star.
const WORD: &str = "word ";

/// Why it is not listened any more.
#[derive(Debug, thiserror::Error)]
enum Deaf {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Lost(#[from] tokio_postgres::Error),
    #[error("nothing that PostgreSQL announces arrives")]
    Never,
    #[error("what PostgreSQL announces does not arrive any more")]
    NoLonger,
    #[error("the connection ended")]
    Ended,
}

impl Authenticator {
    /// Listens to announcements of changed rights for ever, on connections of its own, so that a token that was
    /// revoked anywhere stops working here at once. Reconnects when the connection is lost, or nothing arrives on it.
    pub async fn listen(self: Arc<Self>, way: impl Into<Way>) {
        let way = way.into();
        let mut is_told = false;
        loop {
            let Err(deaf) = self.hear(&way).await;
            self.cache.lose();
            let pause = match deaf {
                Deaf::Never => {
                    if !is_told {
                        tracing::warn!(
                            "changes of access are not announced to this server, as behind a pooler that lends connections for a \
                             transaction: every request asks the database (docs/configuration.md, Through PgBouncer)"
                        );
                    }
                    is_told = true;
                    LATER
                }
                error => {
                    tracing::warn!(%error, "not listening to changes of access; every request asks the database");
                    is_told = false;
                    SOON
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Hears until it does not.
    async fn hear(&self, way: &Way) -> Result<Infallible, Deaf> {
        // What drives the connections ends with this.
        let mut drivers = JoinSet::new();
        let (client, mut connection) = way.connect().await?;
        let (speaker, other) = way.connect().await?;
        let speaker = Arc::new(speaker);
        let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
        let (announced, mut arrivals) = mpsc::channel(64);
        drivers.spawn(async move {
            while let Some(message) = messages.next().await {
                let arrival = match message {
                    Ok(AsyncMessage::Notification(notification)) => Ok(notification.payload().to_owned()),
                    Ok(_) => continue,
                    Err(error) => Err(error),
                };
                if announced.send(arrival).await.is_err() {
                    return;
                }
            }
        });
        drivers.spawn(async move { drop(other.await) });
        client.batch_execute("listen throughline_access").await?;

        let mut beats = tokio::time::interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The word that is under way, and since when.
        let mut word: Option<(String, Instant)> = None;
        let mut was_heard = false;
        loop {
            tokio::select! {
                arrival = arrivals.recv() => {
                    let arrival = arrival.ok_or(Deaf::Ended)??;
                    match &word {
                        Some((said, at)) if *said == arrival => {
                            self.cache.hear(*at);
                            (word, was_heard) = (None, true);
                        }
                        // Another server's.
                        _ if arrival.starts_with(WORD) => {}
                        _ => self.cache.clear(),
                    }
                }
                _ = beats.tick() => match &word {
                    Some((_, at)) if at.elapsed() < SILENCE => {}
                    Some(_) => return Err(if was_heard { Deaf::NoLonger } else { Deaf::Never }),
                    None if was_heard && !self.cache.is_in_use() => {}
                    None => {
                        let text = format!("{WORD}{}", base::id_at(self.kernel.now()));
                        tokio::spawn(say(speaker.clone(), text.clone()));
                        word = Some((text, Instant::now()));
                    }
                },
            }
        }
    }
}

/// Announces a word as rights are. Whether that worked shows in whether it arrives.
async fn say(speaker: Arc<Client>, word: String) {
    // Nobody needs it after a crash. For this statement alone: behind a pooler the connection is somebody else's afterwards.
    let sql =
        format!("select set_config('synchronous_commit', 'off', true), pg_notify('throughline_access', '{word}')");
    if let Err(error) = speaker.batch_execute(&sql).await {
        tracing::debug!(%error, "a word of our own could not be announced");
    }
}
