//! Who a token belongs to, remembered for a moment. PostgreSQL announces every change of sessions, tokens, members
//! and roles; while nobody listens, nothing is remembered.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use kernel::Principal;

/// The longest an answer is reused, whatever is announced.
const FRESH: SignedDuration = SignedDuration::from_secs(30);
/// Tokens remembered at most.
const MOST: usize = 20_000;

/// What was found out about a token.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) principal: Arc<Principal>,
    /// When the token ends, or the idle time of the session does.
    pub(crate) until: Timestamp,
    found: Timestamp,
}

impl Known {
    pub(crate) fn new(principal: Arc<Principal>, until: Timestamp, now: Timestamp) -> Self {
        Self { principal, until, found: now }
    }
}

/// The memory.
#[derive(Default)]
pub(crate) struct Cache {
    known: Mutex<HashMap<[u8; 32], Known>>,
    listening: AtomicBool,
    generation: AtomicU64,
}

impl Cache {
    /// What is known of the token with this digest, while it still holds.
    pub(crate) fn get(&self, digest: &[u8; 32], now: Timestamp) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()?;
        (now < known.until && now.duration_since(known.found) < FRESH).then_some(known)
    }

    /// The generation to hand to [`Cache::put`]: what is announced in between keeps an old answer out.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Remembers an answer, unless something changed since `generation`.
    pub(crate) fn put(&self, digest: [u8; 32], known: Known, generation: u64) {
        if !self.listening.load(Ordering::Acquire) {
            return;
        }
        let mut memory = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if self.generation() != generation {
            return;
        }
        if memory.len() >= MOST {
            memory.clear();
        }
        memory.insert(digest, known);
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let mut memory = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::AcqRel);
        memory.clear();
    }

    /// Says whether announcements arrive.
    pub(crate) fn set_listening(&self, listening: bool) {
        self.listening.store(listening, Ordering::Release);
        self.clear();
    }
}
