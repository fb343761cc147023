//! What went wrong between the server and its database since the start, counted.
//!
//! Only what is no fault of whoever asked: a value that breaks a rule or a key that is taken is an answer, not a trouble.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio_postgres::error::SqlState;

/// How often each kind of trouble came, since the start.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Troubled {
    /// Statements that failed: out of time, out of resources, in a deadlock, cut off, or wrong in themselves.
    pub statements: u64,
    /// Statements that gave up waiting for a lock.
    pub lock_timeouts: u64,
    /// Connections that could not be made.
    pub connections: u64,
    /// Requests that found no free connection in time.
    pub waits: u64,
}

/// The counters behind [`Troubled`].
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    statements: AtomicU64,
    lock_timeouts: AtomicU64,
    connections: AtomicU64,
    waits: AtomicU64,
}

impl Troubles {
    pub(crate) fn counted(&self) -> Troubled {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Troubled {
            statements: read(&self.statements),
            lock_timeouts: read(&self.lock_timeouts),
            connections: read(&self.connections),
            waits: read(&self.waits),
        }
    }

    /// Counts a statement that failed, if it is no answer to whoever asked.
    pub(crate) fn note(&self, error: &tokio_postgres::Error) {
        match error.code() {
            Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE => &self.lock_timeouts,
            Some(code) if is_answer(code.code()) => return,
            _ => &self.statements,
        }
        .fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a connection that could not be had.
    pub(crate) fn note_pool(&self, error: &deadpool_postgres::PoolError) {
        match error {
            deadpool_postgres::PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => &self.waits,
            _ => &self.connections,
        }
        .fetch_add(1, Ordering::Relaxed);
    }
}

/// Classes of SQLSTATE with which the database says what is wrong with what it was asked to store: no data, broken data, a broken
/// rule, a right that is missing, an exception of our own functions.
fn is_answer(code: &str) -> bool {
    ["02", "21", "22", "23", "44", "P0", "TL"].iter().any(|class| code.starts_with(class)) || code == "42501"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_broke_is_no_trouble() {
        for answer in [
            &SqlState::UNIQUE_VIOLATION,
            &SqlState::CHECK_VIOLATION,
            &SqlState::INVALID_TEXT_REPRESENTATION,
            &SqlState::INSUFFICIENT_PRIVILEGE,
            &SqlState::RAISE_EXCEPTION,
        ] {
            assert!(is_answer(answer.code()), "{answer:?}");
        }
        for trouble in [
            &SqlState::QUERY_CANCELED,
            &SqlState::T_R_DEADLOCK_DETECTED,
            &SqlState::DISK_FULL,
            &SqlState::TOO_MANY_CONNECTIONS,
            &SqlState::ADMIN_SHUTDOWN,
            &SqlState::UNDEFINED_TABLE,
        ] {
            assert!(!is_answer(trouble.code()), "{trouble:?}");
        }
    }
}
