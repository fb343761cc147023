//! UUID version 7 (RFC 9562 §5.7): ordered by time, so that a primary key is also a time index.

use jiff::Timestamp;
use uuid::{NoContext, Uuid};

/// Where new identifiers come from. A test hands over one that counts.
pub trait IdSource: Send + Sync {
    /// A new identifier whose embedded time is `now`.
    fn new_id(&self, now: Timestamp) -> Uuid;
}

/// Identifiers with 74 random bits after the millisecond.
#[derive(Debug, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn new_id(&self, now: Timestamp) -> Uuid {
        id_at(now)
    }
}

/// An identifier made from the time of an event, so that imported history lands in the partition of its own time.
/// Times before 1970 are taken as 1970.
pub fn id_at(time: Timestamp) -> Uuid {
    let seconds = u64::try_from(time.as_second()).unwrap_or(0);
    let nanos = u32::try_from(time.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos))
}

/// The smallest identifier of a millisecond, as `platform.uuid_v7_floor` has it: turns a stretch of time into a range of
/// identifiers. Times before 1970 are taken as 1970.
pub fn first_id_of(time: Timestamp) -> Uuid {
    let milliseconds = u64::try_from(time.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_carries_the_time_it_was_made_from() {
        let time: Timestamp = "2023-04-05T06:07:08.009Z".parse().expect("a valid time");
        let (seconds, nanos) = id_at(time).get_timestamp().expect("version 7 has a time").to_unix();
        assert_eq!((seconds as i64, nanos / 1_000_000), (time.as_second(), 9));
    }

    #[test]
    fn identifiers_of_later_moments_sort_later() {
        let early = id_at("2023-04-05T06:07:08.001Z".parse().expect("a valid time"));
        let late = id_at("2023-04-05T06:07:08.002Z".parse().expect("a valid time"));
        assert!(early < late);
    }

    #[test]
    fn the_first_identifier_of_a_moment_is_no_later_than_any_of_it() {
        let time: Timestamp = "2023-04-05T06:07:08.009Z".parse().expect("a valid time");
        assert_eq!(first_id_of(time).to_string(), "01875006-aee9-7000-8000-000000000000");
        assert!(first_id_of(time) <= id_at(time));
        assert!(first_id_of(time) > id_at("2023-04-05T06:07:08.008Z".parse().expect("a valid time")));
    }
}
