//! Security events that are found by rules: rows that say what is watched for, one query over the trail, sign-ins, grants and tokens for each of
//! them, and one event for what goes on, however often it is looked at. And the clock of the law that an event may start: 72 hours to tell the
//! authority (GDPR Art. 33(1)).

mod clock;
mod looking;
mod rules;
mod scan;
mod telling;

pub use clock::{Clock, remind};
pub use looking::{
    EventFilter, EventLine, EventRecord, RuleLine, TrailRow, detection_rules, find_event, handlers, list_events,
    rows_behind,
};
pub use rules::{DETECTION_RULES, Rule, Unit};
pub use scan::{Scanned, examination_failed, examined, is_examination_due, open_events, scan};

use kernel::Operation;

/// The operations on security events.
pub(crate) fn operations() -> Vec<Operation> {
    vec![clock::recording()]
}
