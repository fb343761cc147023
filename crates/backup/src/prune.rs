//! How long copies are kept: full ones thirty days, the log fourteen.

use crate::{
    error::Error,
    manifest::Manifest,
    repository::Repository,
    wal::{Log, position},
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// For how many days a full copy is kept; the newest is always.
pub const FULL_DAYS: i64 = 30;
/// For how many days any moment can be brought back.
pub const LOG_DAYS: i64 = 14;
/// After how many days what has no manifest was cut off and is not still being made.
const UNFINISHED_DAYS: i64 = 2;

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Full copies.
    pub backups: usize,
    /// Segments of the log.
    pub segments: usize,
}

/// Removes what is older than it has to be kept. A full copy holds the log that it needs itself, so it outlives the archive; of
/// the archive, what follows the newest full copy of more than fourteen days ago stays, so that each moment since can be reached.
///
/// # Errors
/// When the repository cannot be read or refuses to remove.
pub async fn prune(repository: &Repository, now: Timestamp) -> Result<Pruned, Error> {
    let days = |days: i64| now - SignedDuration::from_hours(24 * days);
    let mut pruned = Pruned::default();
    let copies = Manifest::all(repository).await?;
    let Some(newest) = copies.last() else { return Ok(pruned) };
    let anchor = copies.iter().rev().find(|copy| copy.finished_at <= days(LOG_DAYS)).or(copies.first());
    let size = newest.segment_bytes;
    let needed = anchor.and_then(|anchor| position(&anchor.start)).map_or(0, |start| start / size);
    let log = Log::read(repository, size).await?;
    for (segment, all) in log.segments.iter().filter(|(segment, _)| segment.number < needed) {
        let mut gone = false;
        for stored in all.iter().filter(|stored| stored.stored_at <= days(LOG_DAYS)) {
            repository.remove(&stored.name).await?;
            gone = true;
        }
        pruned.segments += usize::from(gone && segment.number < needed);
    }
    for copy in copies.iter().filter(|copy| copy.label != newest.label && copy.finished_at <= days(FULL_DAYS)) {
        // The manifest first: what is half removed is no backup.
        repository.remove(&Manifest::name(&copy.label)).await?;
        remove_all(repository, &copy.label).await?;
        pruned.backups += 1;
    }
    for label in Manifest::labels(repository).await? {
        let is_finished = copies.iter().any(|copy| copy.label == label);
        if !is_finished && Manifest::read(repository, &label).await.is_ok_and(|found| found.is_none()) {
            let stored = repository.list(&format!("full/{label}")).await?;
            let cut_off = |age: i64| age <= days(UNFINISHED_DAYS).as_millisecond();
            if stored.iter().all(|object| cut_off(object.last_modified.timestamp_millis())) {
                remove_all(repository, &label).await?;
            }
        }
    }
    Ok(pruned)
}

async fn remove_all(repository: &Repository, label: &str) -> Result<(), Error> {
    for object in repository.list(&format!("full/{label}")).await? {
        repository.remove(&repository.within(&object.location)).await?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        manifest::Object,
        wal::{Segment, in_words, name_of},
    };
    use std::{collections::BTreeSet, time::SystemTime};

    const SIZE: u64 = 16 << 20;

    /// A day's full copy that begins in segment 10 × day, and the ten segments of that day.
    async fn day(repository: &Repository, now: Timestamp, age: i64) {
        let moment = now - SignedDuration::from_hours(24 * age);
        let number = 10 * (100 - age).unsigned_abs();
        let manifest = Manifest {
            label: format!("day-{age:02}"),
            program: String::new(),
            system_identifier: "1".into(),
            postgres: "15.14".into(),
            schema: 1,
            timeline: 1,
            segment_bytes: SIZE,
            start: in_words(number * SIZE + 40),
            stop: in_words(number * SIZE + 80),
            started_at: moment,
            finished_at: moment,
            recipients: Vec::new(),
            objects: vec![Object { name: "base.tar.zst.age".into(), bytes: 1, sha256: String::new(), plain_bytes: 1 }],
            files: Vec::new(),
        };
        manifest.store(repository).await.unwrap();
        repository.put(&format!("full/{}/base.tar.zst.age", manifest.label), "x").await.unwrap();
        for number in number..number + 10 {
            let name = name_of(Segment { timeline: 1, number }, SIZE, None, "00");
            repository.put(&name, "x").await.unwrap();
            let file = std::fs::File::open(repository.directory().unwrap().join(name)).unwrap();
            file.set_modified(SystemTime::from(moment + SignedDuration::from_hours(12))).unwrap();
        }
    }

    #[tokio::test]
    async fn full_copies_stay_thirty_days_and_the_log_fourteen() {
        let place = tempfile::tempdir().unwrap();
        let repository = Repository::open(place.path().to_str().unwrap(), true).unwrap();
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        for age in 0..40 {
            day(&repository, now, age).await;
        }
        let pruned = prune(&repository, now).await.unwrap();
        let labels = Manifest::labels(&repository).await.unwrap();
        let expected: BTreeSet<String> = (0..30).map(|age| format!("day-{age:02}")).collect();
        assert_eq!(labels.into_iter().collect::<BTreeSet<_>>(), expected, "the one of day 30 ended thirty days ago");
        assert_eq!(pruned.backups, 10);
        // Any moment of fourteen days: the copy of day 14 and all of the log from there on.
        let log = Log::read(&repository, SIZE).await.unwrap();
        let numbers: Vec<u64> = log.segments.keys().map(|segment| segment.number).collect();
        assert_eq!(numbers, (10 * 86..10 * 101).collect::<Vec<_>>());
        assert_eq!(prune(&repository, now).await.unwrap(), Pruned::default(), "once is enough");
        // However old, the newest stays, and so does the log that follows it.
        prune(&repository, now + SignedDuration::from_hours(24 * 400)).await.unwrap();
        assert_eq!(Manifest::labels(&repository).await.unwrap(), ["day-00"]);
        assert_eq!(Log::read(&repository, SIZE).await.unwrap().segments.len(), 10);
    }

    #[tokio::test]
    async fn what_was_cut_off_goes_when_it_is_old_and_what_is_being_made_stays() {
        let place = tempfile::tempdir().unwrap();
        let repository = Repository::open(place.path().to_str().unwrap(), true).unwrap();
        let now = Timestamp::now();
        day(&repository, now, 1).await;
        repository.put("full/unfinished/base.tar.zst.age", "x").await.unwrap();
        prune(&repository, now).await.unwrap();
        assert_eq!(Manifest::labels(&repository).await.unwrap(), ["day-01", "unfinished"]);
        prune(&repository, now + SignedDuration::from_hours(49)).await.unwrap();
        assert_eq!(Manifest::labels(&repository).await.unwrap(), ["day-01"]);
    }
}
