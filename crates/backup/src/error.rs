//! What can go wrong with copies, said so that an operator knows the next step.

/// A failure to make, keep, check or restore a copy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The place where copies are kept did not do what it was asked.
    #[error("could not {doing}")]
    Store {
        /// What was being done, to what.
        doing: String,
        /// What the store said.
        #[source]
        source: object_store::Error,
    },
    /// A file, a pipe or a program could not be handled.
    #[error("could not {doing}")]
    Io {
        /// What was being done, to what.
        doing: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// A conversation with the database failed.
    #[error("could not {doing}")]
    Sql {
        /// What was being done.
        doing: String,
        /// What the server or the connection said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The cluster could not be handled.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// Something stored is not what was stored.
    #[error("{0}")]
    Damaged(String),
    /// It cannot be done as asked; the sentence says what to do.
    #[error("{0}")]
    Refused(String),
}

/// Attaches what was being done to an error.
pub(crate) trait Doing<T> {
    /// `doing` completes the sentence "could not …".
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T> Doing<T> for Result<T, std::io::Error> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::Io { doing: doing(), source })
    }
}

impl<T> Doing<T> for Result<T, object_store::Error> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::Store { doing: doing(), source })
    }
}

impl<T> Doing<T> for Result<T, tokio_postgres::Error> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::Sql { doing: doing(), source })
    }
}
