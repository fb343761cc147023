//! What can go wrong below a door. Doors turn it into a [`Problem`] with [`crate::Catalogue::explain`].

use base::{Problem, ProblemKind};
use tokio_postgres::error::SqlState;

/// An error of an operation.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something to tell the caller.
    #[error("{0}")]
    Problem(Box<Problem>),
    /// PostgreSQL refused or failed; often a broken rule that has a sentence of its own.
    #[error("the database answered with an error")]
    Postgres(#[from] tokio_postgres::Error),
    /// No connection could be had in time.
    #[error("no database connection could be had")]
    Pool(#[source] deadpool_postgres::PoolError),
    /// A file or another local thing failed.
    #[error("{doing}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// A promise of our own is broken.
    #[error("{0}")]
    Broken(String),
}

impl Error {
    /// Whether the caller is told of a problem of their own making or nothing worse than that.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// Whether it is only that too many want the same just now.
    pub fn is_busy(&self) -> bool {
        match self {
            Self::Problem(problem) => problem.kind == ProblemKind::Unavailable,
            Self::Pool(error) => matches!(error, deadpool_postgres::PoolError::Timeout(_)),
            Self::Postgres(error) => error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE),
            Self::Io { .. } | Self::Broken(_) => false,
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<deadpool_postgres::PoolError> for Error {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        Self::Pool(error)
    }
}
