//! Why a migration was refused or failed, and what to do.

use std::path::PathBuf;

/// A refusal or a failure of the migrator. Unless it says otherwise, the database is as it was before the failing step.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The set of files is not a proper sequence of pairs.
    #[error("the migrations are not in order:\n{}", list(.0))]
    Source(Vec<String>),

    /// What the database records does not fit the files.
    #[error("the database and the migrations do not fit:\n{}", list(.0))]
    History(Vec<String>),

    /// The version to migrate to does not exist.
    #[error("there is no migration {wanted}; the newest is {newest}")]
    NoSuchVersion {
        /// The version asked for.
        wanted: i32,
        /// The newest version among the files.
        newest: i32,
    },

    /// A step's SQL failed; it was rolled back.
    #[error("{file}{place} failed and was rolled back: {message}")]
    Step {
        /// The file.
        file: String,
        /// The line, when the server told the position.
        place: String,
        /// What the server said, with its detail and hint.
        message: String,
        /// The same as the server's error.
        #[source]
        source: tokio_postgres::Error,
    },

    /// Another session held a lock that the step needs, every time.
    #[error(
        "{file} needs a lock that another session holds; gave up after {attempts} attempts. Nothing was changed. Look for \
             long transactions (`select pid, xact_start, query from pg_stat_activity order by xact_start`), end them, and \
             migrate again"
    )]
    Locked {
        /// The file.
        file: String,
        /// How often it was tried.
        attempts: u32,
    },

    /// A file ended the transaction that it runs in.
    #[error(
        "{file} ends its own transaction (COMMIT or ROLLBACK), so a failure could leave it half done and it was not recorded; \
             remove that statement, and undo by hand what it did"
    )]
    OwnTransaction {
        /// The file.
        file: String,
    },

    /// Another process holds the migration lock for too long.
    #[error(
        "another process has been migrating this database for {waited_s} s; wait for it, or end it (it holds the advisory lock \
             {key}, see pg_locks), and try again"
    )]
    Busy {
        /// How long was waited, in seconds.
        waited_s: u64,
        /// The key of the advisory lock.
        key: i64,
    },

    /// Up, down, up did not lead back to the same schema.
    #[error("{what}; first differences (`-` before, `+` after):\n{}", differences.join("\n"))]
    Different {
        /// Which two schemas differ.
        what: &'static str,
        /// The first lines that differ.
        differences: Vec<String>,
    },

    /// `pg_dump` could not run or failed.
    #[error("pg_dump ({}) failed: {message}", program.display())]
    Dump {
        /// The program.
        program: PathBuf,
        /// What it said.
        message: String,
    },

    /// A directory of migrations could not be read.
    #[error("could not read the migrations in {}", path.display())]
    Read {
        /// The directory or file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },

    /// The database did not take the connection.
    #[error("could not connect to the database to migrate")]
    Connect(#[from] wire::ConnectError),

    /// A conversation with the server failed outside of a step.
    #[error("could not {doing}")]
    Sql {
        /// What was being done.
        doing: &'static str,
        /// What the server or the connection said.
        #[source]
        source: tokio_postgres::Error,
    },
}

fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n")
}

/// Names what was being done when the server refused.
pub(super) trait While<T> {
    /// `doing` completes the sentence "could not …".
    fn when(self, doing: &'static str) -> Result<T, MigrateError>;
}

impl<T> While<T> for Result<T, tokio_postgres::Error> {
    fn when(self, doing: &'static str) -> Result<T, MigrateError> {
        self.map_err(|source| MigrateError::Sql { doing, source })
    }
}
