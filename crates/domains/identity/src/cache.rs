//! Who a token belongs to and what roles give, remembered for a moment. PostgreSQL announces every change of sessions, tokens, members
//! and roles; while that does not arrive, nothing is remembered, and nothing that was is used.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use authz::Roles;
use jiff::{SignedDuration, Timestamp};
use kernel::Principal;
use uuid::Uuid;

/// The longest an answer is reused, whatever is announced.
const FRESH: SignedDuration = SignedDuration::from_secs(30);
/// How long after a word of our own that arrived what is announced is taken to arrive: so long does a token work after it was revoked, at
/// worst, when announcements cease without a word. [`crate::listening`] says one more often than that.
pub(crate) const SILENCE: Duration = Duration::from_secs(6);
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
    /// When the last word was said that arrived; none while nothing does.
    heard: Mutex<Option<Instant>>,
    /// When something was remembered last.
    used: Mutex<Option<Instant>>,
    generation: AtomicU64,
    /// When the use of a session or a token was written down last. Of no weight for who may what, so it needs no announcements.
    noted: Mutex<HashMap<Uuid, Timestamp>>,
}

impl Cache {
    /// What is known of a token, while it still holds.
    pub(crate) fn get(&self, key: &Key, now: Timestamp) -> Option<Known> {
        let known = held(&self.known).get(key).cloned()?;
        (self.hears() && now < known.until && now.duration_since(known.found) < FRESH).then_some(known)
    }

    /// The generation to hand to [`Cache::put`]: what is announced in between keeps an old answer out.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Remembers an answer, unless something changed since `generation`.
    pub(crate) fn put(&self, key: Key, known: Known, generation: u64) {
        if !self.may_remember() {
            return;
        }
        let mut memory = held(&self.known);
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
        let memory = held(&self.roles);
        let (roles, found) = memory.get(&organization)?;
        (self.hears() && now.duration_since(*found) < FRESH).then(|| roles.clone())
    }

    /// Remembers the roles of an organisation, unless something changed since `generation`.
    pub(crate) fn put_roles(&self, organization: Uuid, roles: Arc<Roles>, now: Timestamp, generation: u64) {
        let may = self.may_remember();
        let mut memory = held(&self.roles);
        if may && self.generation() == generation {
            memory.insert(organization, (roles, now));
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let (mut known, mut roles) = (held(&self.known), held(&self.roles));
        self.generation.fetch_add(1, Ordering::AcqRel);
        known.clear();
        roles.clear();
    }

    /// A word of our own that was said at that moment has arrived, and with it everything that was announced before.
    pub(crate) fn hear(&self, said: Instant) {
        if held(&self.heard).replace(said).is_none() {
            self.clear();
        }
    }

    /// What is announced does not arrive.
    pub(crate) fn lose(&self) {
        *held(&self.heard) = None;
        self.clear();
    }

    /// Whether anything may be remembered that is young enough to be used.
    pub(crate) fn is_in_use(&self) -> bool {
        held(&self.used).is_some_and(|used| used.elapsed() < FRESH.unsigned_abs())
    }

    /// Whether the use of a session or a token is to be written down: not again while an answer about it would be reused.
    pub(crate) fn is_use_due(&self, credential: Uuid, now: Timestamp) -> bool {
        held(&self.noted).get(&credential).is_none_or(|noted| now.duration_since(*noted) >= FRESH)
    }

    /// The use of a session or a token was written down.
    pub(crate) fn note_use(&self, credential: Uuid, now: Timestamp) {
        let mut noted = held(&self.noted);
        if noted.len() >= MOST {
            noted.clear();
        }
        noted.insert(credential, now);
    }

    /// Whether what is announced arrives, as far as is known.
    fn hears(&self) -> bool {
        held(&self.heard).is_some_and(|said| said.elapsed() < SILENCE)
    }

    /// After a while in which nobody asked, only the next word shows again whether what is announced arrives. What is remembered until
    /// then is used after it.
    fn may_remember(&self) -> bool {
        let may = held(&self.heard).is_some();
        if may {
            *held(&self.used) = Some(Instant::now());
        }
        may
    }
}

fn held<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
