//! Who a token belongs to and what roles give, remembered for a moment. PostgreSQL announces every change of sessions, tokens, members
//! and roles; while nobody listens, nothing is remembered.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use authz::Roles;
use jiff::{SignedDuration, Timestamp};
use kernel::Principal;
use uuid::Uuid;

/// The longest an answer is reused, whatever is announced.
const FRESH: SignedDuration = SignedDuration::from_secs(30);
/// Tokens remembered at most.
const MOST: usize = 20_000;

/// The digest of a token, and the member it is used for besides its own.
pub(crate) type Key = ([u8; 32], Option<Uuid>);

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
    known: Mutex<HashMap<Key, Known>>,
    roles: Mutex<HashMap<Uuid, (Arc<Roles>, Timestamp)>>,
    listening: AtomicBool,
    generation: AtomicU64,
}

impl Cache {
    /// What is known of a token, while it still holds.
    pub(crate) fn get(&self, key: &Key, now: Timestamp) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()?;
        (now < known.until && now.duration_since(known.found) < FRESH).then_some(known)
    }

    /// The generation to hand to [`Cache::put`]: what is announced in between keeps an old answer out.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Remembers an answer, unless something changed since `generation`.
    pub(crate) fn put(&self, key: Key, known: Known, generation: u64) {
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
        memory.insert(key, known);
    }

    /// The roles of an organisation, compiled, while nothing about them changed.
    pub(crate) fn roles(&self, organization: Uuid, now: Timestamp) -> Option<Arc<Roles>> {
        let memory = self.roles.lock().unwrap_or_else(PoisonError::into_inner);
        let (roles, found) = memory.get(&organization)?;
        (now.duration_since(*found) < FRESH).then(|| roles.clone())
    }

    /// Remembers the roles of an organisation, unless something changed since `generation`.
    pub(crate) fn put_roles(&self, organization: Uuid, roles: Arc<Roles>, now: Timestamp, generation: u64) {
        let mut memory = self.roles.lock().unwrap_or_else(PoisonError::into_inner);
        if self.listening.load(Ordering::Acquire) && self.generation() == generation {
            memory.insert(organization, (roles, now));
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut roles = self.roles.lock().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::AcqRel);
        known.clear();
        roles.clear();
    }

    /// Says whether announcements arrive.
    pub(crate) fn set_listening(&self, listening: bool) {
        self.listening.store(listening, Ordering::Release);
        self.clear();
    }
}
