//! The way to a PostgreSQL: where it is and as whom, and how far the other end is looked at before anything is said to it.
//!
//! [`Way::read`] understands connection strings as libpq does, with `sslmode` and `sslrootcert`; everything that connects takes a
//! [`Way`], so that no part of the program speaks in the clear where another speaks TLS. [`client`] is TLS to any server that is
//! believed by a rule of our own.

mod belief;
mod binding;
mod tls;
mod words;

use tokio_postgres::{
    Client, Config, Connection, Socket,
    config::{Host, SslMode},
};

pub use belief::{Belief, client};
pub use tls::{Sealed, Tls};
pub use words::{Mode, Place};

/// Why a connection string cannot be used: completes a sentence that begins with the name of its setting, and repeats of it
/// only what is no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TextError(pub(crate) String);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The other end has no TLS, and it was asked for.
    #[error(
        "the PostgreSQL server at {host} offers no TLS, and the connection string asks for it: turn it on there (`ssl = on`, with a \
         certificate and its key), or, where nobody else is on the way, say sslmode=disable"
    )]
    NoTls {
        /// The server.
        host: String,
        /// The same in the words of the library.
        source: tokio_postgres::Error,
    },
    /// Anything else that the server or the connection said.
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
}

/// How to connect.
#[derive(Debug, Clone)]
pub struct Way {
    config: Config,
    tls: Tls,
}

impl Way {
    /// Understands a connection string, and reads the authorities it names.
    ///
    /// # Errors
    /// When it is none, asks for what does not go together, or names a file that cannot be used.
    pub fn read(text: &str) -> Result<Self, TextError> {
        Place::read(text)?.way()
    }

    pub(crate) fn new(mut config: Config, tls: Tls) -> Self {
        // No wire leaves the machine there, and PostgreSQL offers no TLS on a socket; libpq looks past sslmode too.
        let is_here = |host: &Host| matches!(host, Host::Unix(_));
        // An address beside a socket is where the connection goes.
        let goes_nowhere_else = config.get_hostaddrs().is_empty() && !config.get_hosts().is_empty();
        if goes_nowhere_else && config.get_hosts().iter().all(is_here) {
            config.ssl_mode(SslMode::Disable);
        }
        Self { config, tls }
    }

    /// Where to and as whom.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The same, to be changed: another database, a name for the connection.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// Both parts, for a pool.
    #[must_use]
    pub fn into_parts(self) -> (Config, Tls) {
        (self.config, self.tls)
    }

    /// Connects. The connection has to be polled for the client to get on, as tokio-postgres describes.
    ///
    /// # Errors
    /// When the server does not answer, refuses, or is not the one that was asked for.
    pub async fn connect(&self) -> Result<(Client, Connection<Socket, Sealed<Socket>>), ConnectError> {
        self.config.connect(self.tls.clone()).await.map_err(|source| {
            // The library has no kind for it that can be asked.
            let is_without = std::error::Error::source(&source)
                .is_some_and(|cause| cause.to_string() == "server does not support TLS");
            if !is_without {
                return ConnectError::Postgres(source);
            }
            let host = self.config.get_hosts().iter().find_map(|host| match host {
                Host::Tcp(name) => Some(name.clone()),
                Host::Unix(_) => None,
            });
            ConnectError::NoTls { host: host.unwrap_or_default(), source }
        })
    }
}

/// Without TLS: for a socket on this machine.
impl From<Config> for Way {
    fn from(mut config: Config) -> Self {
        config.ssl_mode(SslMode::Disable);
        Self { config, tls: Tls::none() }
    }
}

/// Without TLS: for a socket on this machine.
impl From<&Config> for Way {
    fn from(config: &Config) -> Self {
        config.clone().into()
    }
}

impl From<&Way> for Way {
    fn from(way: &Way) -> Self {
        way.clone()
    }
}
