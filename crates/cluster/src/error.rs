//! What can go wrong with the embedded cluster, said so that an operator knows the next step.

use std::path::PathBuf;

/// A failure to find, make, start or stop PostgreSQL.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No PostgreSQL that is new enough was found.
    #[error(
        "no suitable PostgreSQL found (15.14, 16.10, 17.6, or any 18 or newer is needed{wanted}); looked at:\n{looked_at}\n\
         install it (Debian, Ubuntu: `apt-get install postgresql`; macOS: `brew install postgresql@17`), \
         or set THROUGHLINE_PG_BIN to the directory that holds `postgres` and `initdb`"
    )]
    NoBinaries {
        /// An additional requirement, such as the major version of existing data.
        wanted: String,
        /// One line for each place, with what was found there.
        looked_at: String,
    },

    /// A server that is managed elsewhere is too old to be safe.
    #[error(
        "the PostgreSQL server is version {version}, which leaks statistics past row security (CVE-2025-8713); \
         update it to 15.14, 16.10, 17.6, or any 18 or newer"
    )]
    OldServer {
        /// The version that the server reported.
        version: String,
    },

    /// Started as root, and nobody to become.
    #[error(
        "PostgreSQL refuses to run as root, and there is no account {tried}; create one \
         (`useradd --system postgres`) or name an existing one in THROUGHLINE_PG_USER"
    )]
    NoAccount {
        /// The names that were tried.
        tried: String,
    },

    /// The account that runs PostgreSQL cannot enter a directory on the way to the data.
    #[error(
        "PostgreSQL will run as `{account}`, which may not enter {} (mode {mode:04o}); put the data elsewhere \
         with --data (for example /var/lib/throughline), or run `chmod o+x {}`",
        directory.display(), directory.display()
    )]
    Unreachable {
        /// The account that will run the server.
        account: String,
        /// The first directory that is closed to it.
        directory: PathBuf,
        /// Permission bits of that directory.
        mode: u32,
    },

    /// The data belong to somebody else.
    #[error(
        "the data in {} belong to user id {owner}, and this process runs as {ours}; start it as that user or as root, \
         or hand the data over with `chown -R`",
        directory.display()
    )]
    WrongOwner {
        /// The data directory of PostgreSQL.
        directory: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who we are.
        ours: u32,
    },

    /// Another process uses the same data.
    #[error(
        "another Throughline (process {}) already uses {}; stop it first, or choose another directory with --data",
        holder.map_or_else(|| "of unknown id".to_owned(), |pid| pid.to_string()), directory.display()
    )]
    InUse {
        /// The process that holds the lock.
        holder: Option<u32>,
        /// The data directory.
        directory: PathBuf,
    },

    /// A restored copy needs a place of its own.
    #[error(
        "{} is not empty, and a copy is never restored over anything; name a directory that is not there yet with --data",
        directory.display()
    )]
    NotEmpty {
        /// The directory that was asked for.
        directory: PathBuf,
    },

    /// A process that used these data before does not end.
    #[error("process {pid} of an earlier PostgreSQL still uses {} and could not be stopped; end it and try again", directory.display())]
    Leftover {
        /// The process that stays.
        pid: i32,
        /// The data directory of PostgreSQL.
        directory: PathBuf,
    },

    /// A program of PostgreSQL ended with an error.
    #[error("{program} failed ({status}):\n{output}")]
    Program {
        /// `initdb`, `postgres`, or `pg_dump`.
        program: &'static str,
        /// How it ended.
        status: String,
        /// The last lines of what it printed.
        output: String,
    },

    /// The server did not answer in time.
    #[error("PostgreSQL did not accept connections within {seconds} s; the last lines of {}:\n{output}", log.display())]
    NotReady {
        /// How long was waited.
        seconds: u64,
        /// The server's log file.
        log: PathBuf,
        /// Its last lines.
        output: String,
    },

    /// A file or directory could not be handled.
    #[error("could not {doing}")]
    Io {
        /// What was being done, to what.
        doing: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },

    /// A file of ours does not hold what we wrote there.
    #[error("{} is damaged; if the data are to be kept, move the file away and start again: new passwords are then made", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },

    /// A connection string cannot be used.
    #[error("{setting} {why}")]
    Text {
        /// The name of the setting that it is in.
        setting: &'static str,
        /// What is wrong with it, and what to do.
        why: wire::TextError,
    },

    /// A server did not take the connection.
    #[error("could not {doing}")]
    Connect {
        /// What was being done.
        doing: String,
        /// What the server or the connection said.
        #[source]
        source: wire::ConnectError,
    },

    /// A conversation with the server failed.
    #[error("could not {doing}")]
    Sql {
        /// What was being done.
        doing: String,
        /// What the server or the connection said.
        #[source]
        source: tokio_postgres::Error,
    },
}

/// Attaches what was being done to an I/O error.
pub(crate) trait Doing<T> {
    /// `doing` completes the sentence "could not …".
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T> Doing<T> for Result<T, std::io::Error> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::Io { doing: doing(), source })
    }
}

impl<T> Doing<T> for Result<T, wire::ConnectError> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::Connect { doing: doing(), source })
    }
}

impl<T> Doing<T> for Result<T, tokio_postgres::Error> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::Sql { doing: doing(), source })
    }
}
