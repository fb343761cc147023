//! A copy becomes a cluster again, as it was at a given moment.

use crate::{
    error::{Doing as _, Error},
    key::Key,
    manifest::{Head, Manifest, Object},
    repository::Repository,
    wal::{self, Log, Segment, Stored, position},
};
use cluster::{Options, Restoration, Until};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// Segments that are fetched at the same time.
const AT_ONCE: usize = 4;
/// How far two clocks may be apart: a copy that began this much after a moment holds nothing from before it.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// What to bring back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Everything committed until then; `None`: all there is.
    pub moment: Option<Timestamp>,
    /// A restore point to stop at, instead of the moment, which it was made after.
    pub point: Option<String>,
    /// The full copy to begin with; `None`: the newest from before the moment.
    pub label: Option<String>,
    /// The timeline, where a restored cluster has branched one off; `None`: the newest.
    pub timeline: Option<u32>,
    /// How long PostgreSQL may replay.
    pub patience: Duration,
}

/// What was brought back.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Restored {
    /// The full copy that was the beginning.
    pub label: String,
    /// The timeline whose log was replayed.
    pub timeline: u32,
    /// Segments of the log beyond the full copy.
    pub segments: usize,
    /// Stored bytes that were read.
    pub bytes: u64,
    /// What the cluster takes on disk before the log is replayed.
    pub plain_bytes: u64,
    /// The files beside the database.
    pub files: Vec<String>,
    /// Up to which moment the archive of the log is complete.
    pub log_reaches: Option<Timestamp>,
    /// What PostgreSQL said about where it stopped.
    pub said: Vec<String>,
    /// Seconds to fetch and unpack.
    pub fetched_seconds: f64,
    /// Seconds to replay the log.
    pub replayed_seconds: f64,
}

/// Restores into the data directory of `options`, which must not be there yet.
///
/// # Errors
/// When there is no copy from before the moment, the log has a gap on the way to it, something is damaged, or the key does not fit.
pub async fn restore(
    repository: &Repository,
    key: &Arc<Key>,
    options: &Options,
    plan: &Plan,
) -> Result<Restored, Error> {
    key.must_open()?;
    let began = Instant::now();
    let all = Manifest::all(repository).await?;
    let size = all.last().map_or(16 << 20, |manifest| manifest.segment_bytes);
    let log = Log::read(repository, size).await?;
    let timeline = plan.timeline.unwrap_or_else(|| {
        let of_copies = all.iter().map(|manifest| manifest.timeline).max().unwrap_or(1);
        log.newest_timeline().max(of_copies)
    });
    let way = Way::to(timeline, &log, repository, key).await?;
    let base = choose(repository, &all, &way, plan)?;
    let upto = plan.moment.and_then(|moment| {
        let later = all.iter().find(|other| other.started_at > moment + LEEWAY && way.holds(other))?;
        position(&later.stop).map(|stop| stop / size)
    });
    let needed = way.segments(&log, base, size, upto, plan.moment)?;
    let head = Head::read(repository, timeline).await?;

    let place = Restoration::begin(options, base.major()?)?;
    let of = |object: &Object| format!("full/{}/{}", base.label, object.name);
    let cluster = base.object("base.tar.zst.age")?;
    unpack(repository, key, &of(cluster), cluster, place.cluster_directory()).await?;
    place.check()?;
    let beside = base.object("files.tar.zst.age")?;
    unpack(repository, key, &of(beside), beside, place.data_directory()).await?;
    let directory = place.log_directory();
    let mut bytes = base.bytes();
    for (number, text) in &way.histories {
        let file = directory.join(format!("{number:08X}.history"));
        std::fs::write(&file, text).doing(|| format!("write {}", file.display()))?;
    }
    let fetches = needed.iter().map(|(segment, stored)| {
        let into = directory.join(segment.file(size));
        fetch(repository, key, stored, into, size)
    });
    stream::iter(fetches).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    bytes += needed.values().map(|stored| stored.tally.bytes).sum::<u64>();
    let fetched = began.elapsed();

    let until = match (&plan.point, plan.moment) {
        (Some(point), _) => Until::Point(point.clone()),
        (None, Some(moment)) => Until::Moment(in_numbers(moment)),
        (None, None) => Until::End,
    };
    let began = Instant::now();
    let said = place.recover(&until, timeline, plan.patience).await?;
    Ok(Restored {
        label: base.label.clone(),
        timeline,
        segments: needed.len(),
        bytes,
        plain_bytes: cluster.plain_bytes,
        files: base.files.clone(),
        log_reaches: head.map(|head| head.confirmed_at).or(Some(base.finished_at)),
        said,
        fetched_seconds: fetched.as_secs_f64(),
        replayed_seconds: began.elapsed().as_secs_f64(),
    })
}

/// A moment in numbers alone, to the microsecond: PostgreSQL reads this setting before it knows names of time zones, `Z` among them.
fn in_numbers(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S%.6f+00").to_string()
}

/// The copy to begin with.
fn choose<'a>(repository: &Repository, all: &'a [Manifest], way: &Way, plan: &Plan) -> Result<&'a Manifest, Error> {
    let place = repository.place();
    if let Some(label) = &plan.label {
        let found = all.iter().find(|manifest| manifest.label == *label);
        let found = found.ok_or_else(|| Error::Refused(format!("there is no backup {label} in {place}")))?;
        if plan.moment.is_some_and(|moment| moment < found.finished_at) {
            return Err(Error::Refused(format!(
                "the backup {label} ended at {}, after the moment that is asked for: choose an earlier one",
                found.finished_at
            )));
        }
        return Ok(found);
    }
    let suits =
        |manifest: &&Manifest| way.holds(manifest) && plan.moment.is_none_or(|moment| manifest.finished_at <= moment);
    let found = all.iter().filter(suits).max_by_key(|manifest| manifest.finished_at);
    found.ok_or_else(|| {
        Error::Refused(match (all.iter().map(|manifest| manifest.finished_at).min(), plan.moment) {
            (None, _) => format!("there is no backup in {place}"),
            (Some(first), Some(moment)) => {
                format!(
                    "no backup in {place} is from before {moment}; the earliest moment that can be restored is {first}"
                )
            }
            (Some(_), None) => format!("no backup in {place} belongs to that timeline"),
        })
    })
}

/// The way through the log to the end of one timeline: which timeline holds which part.
pub(crate) struct Way {
    /// Timeline, where it begins and where it was left.
    pieces: Vec<(u32, u64, u64)>,
    histories: BTreeMap<u32, Vec<u8>>,
}

impl Way {
    pub(crate) async fn to(timeline: u32, log: &Log, repository: &Repository, key: &Arc<Key>) -> Result<Self, Error> {
        let mut histories = BTreeMap::new();
        for (number, stored) in log.histories.range(..=timeline) {
            let text = repository
                .with_opened(&stored.name, key.clone(), stored.tally.clone(), |plain| {
                    let mut text = Vec::new();
                    plain.read_to_end(&mut text).doing(|| "read a history of the log".to_owned())?;
                    Ok(text)
                })
                .await?;
            histories.insert(*number, text);
        }
        let history = histories.get(&timeline).map(|text| String::from_utf8_lossy(text).into_owned());
        Ok(Self { pieces: pieces(timeline, history.as_deref()), histories })
    }

    /// Whether a copy lies on this way.
    pub(crate) fn holds(&self, manifest: &Manifest) -> bool {
        let stop = position(&manifest.stop).unwrap_or(u64::MAX);
        self.pieces.iter().any(|(timeline, _, left)| *timeline == manifest.timeline && stop <= *left)
    }

    /// The segments to replay after `base`, up to the number `upto`, in unbroken order.
    pub(crate) fn segments<'a>(
        &self,
        log: &'a Log,
        base: &Manifest,
        size: u64,
        upto: Option<u64>,
        moment: Option<Timestamp>,
    ) -> Result<BTreeMap<Segment, &'a Stored>, Error> {
        let bad = || Error::Damaged(format!("{} does not say where it begins and ends", base.label));
        let start = position(&base.start).ok_or_else(bad)?;
        let stop = position(&base.stop).ok_or_else(bad)?;
        let mut needed = BTreeMap::new();
        let mut number = start / size;
        let mut last: Option<&Stored> = None;
        loop {
            let mut here: Option<&Stored> = None;
            for (timeline, from, left) in &self.pieces {
                let segment = Segment { timeline: *timeline, number };
                let Some(best) = log.best(segment) else { continue };
                if (from / size..=left / size).contains(&number) {
                    here = Some(best);
                    // The copy itself has the log up to its end.
                    if best.part.is_none_or(|upto| upto > stop) {
                        needed.insert(segment, best);
                    }
                }
            }
            let is_within = number <= stop / size;
            match here {
                Some(found) => last = Some(found),
                None if is_within => {}
                None => break,
            }
            if upto.is_some_and(|upto| number >= upto) || (!is_within && here.is_some_and(|one| one.part.is_some())) {
                break;
            }
            number += 1;
        }
        let is_beyond =
            |segment: &Segment| segment.number > number && self.pieces.iter().any(|one| one.0 == segment.timeline);
        let broken = upto.is_none_or(|upto| number < upto) && log.segments.keys().any(is_beyond);
        let reached = last.map_or(base.finished_at, |last| last.stored_at.max(base.finished_at));
        if broken && moment.is_none_or(|moment| moment > reached) {
            return Err(Error::Damaged(format!(
                "the archive of the log has a gap at {}: with the backup {} nothing after {reached} can be restored; \
                 choose an earlier moment, or a backup from after the gap with --backup",
                Segment { timeline: self.pieces.last().map_or(1, |one| one.0), number }.file(size),
                base.label
            )));
        }
        Ok(needed)
    }
}

/// What each timeline contributes, by the history of the last one.
fn pieces(timeline: u32, history: Option<&str>) -> Vec<(u32, u64, u64)> {
    let mut from = 0;
    let mut pieces = Vec::new();
    for (forefather, left) in history.map(wal::forefathers).unwrap_or_default() {
        pieces.push((forefather, from, left));
        from = left;
    }
    pieces.push((timeline, from, u64::MAX));
    pieces
}

async fn unpack(
    repository: &Repository,
    key: &Arc<Key>,
    name: &str,
    object: &Object,
    into: &Path,
) -> Result<(), Error> {
    let into = into.to_path_buf();
    let about = name.to_owned();
    repository
        .with_opened(name, key.clone(), object.tally(), move |plain| {
            tar::Archive::new(plain).unpack(&into).doing(|| format!("unpack {about} into {}", into.display()))
        })
        .await
}

async fn fetch(
    repository: &Repository,
    key: &Arc<Key>,
    stored: &Stored,
    into: PathBuf,
    size: u64,
) -> Result<(), Error> {
    let name = stored.name.clone();
    repository
        .with_opened(&stored.name, key.clone(), stored.tally.clone(), move |plain| {
            let doing = || format!("unpack {name}");
            let mut file = std::fs::File::create(&into).doing(doing)?;
            let copied = std::io::copy(plain, &mut file).doing(doing)?;
            if copied == size {
                Ok(())
            } else {
                Err(Error::Damaged(format!("{name} holds {copied} bytes, not {size}")))
            }
        })
        .await
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{stream::Tally, wal::in_words};

    const SIZE: u64 = 16 << 20;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 60 * minute).unwrap()
    }

    fn stored(minute: i64, part: Option<u64>) -> Stored {
        let tally = Tally { bytes: 1, sha256: String::new() };
        Stored { name: format!("stored at {minute}"), tally, part, stored_at: at(minute) }
    }

    /// A copy that needs segment 5 and ends in its middle.
    fn base() -> Manifest {
        Manifest {
            label: "base".into(),
            program: String::new(),
            system_identifier: "1".into(),
            postgres: "15.14".into(),
            schema: 1,
            timeline: 1,
            segment_bytes: SIZE,
            start: in_words(5 * SIZE + 40),
            stop: in_words(5 * SIZE + 8000),
            started_at: at(4),
            finished_at: at(5),
            recipients: Vec::new(),
            objects: Vec::new(),
            files: Vec::new(),
        }
    }

    fn needed(log: &Log, way: &[(u32, u64, u64)], moment: Option<i64>) -> Result<Vec<(u32, u64)>, String> {
        let way = Way { pieces: way.to_vec(), histories: BTreeMap::new() };
        let found = way.segments(log, &base(), SIZE, None, moment.map(at));
        found
            .map(|found| found.keys().map(|segment| (segment.timeline, segment.number)).collect())
            .map_err(|error| error.to_string())
    }

    fn log(segments: &[(u32, u64, Option<u64>)]) -> Log {
        let mut log = Log::default();
        for (timeline, number, part) in segments {
            let segment = Segment { timeline: *timeline, number: *number };
            log.segments.entry(segment).or_default().push(stored(i64::try_from(*number).unwrap(), *part));
        }
        log
    }

    #[test]
    fn a_moment_is_told_to_postgresql_in_numbers() {
        let moment: Timestamp = "2026-11-29T14:36:28.769768476+02:00".parse().unwrap();
        assert_eq!(in_numbers(moment), "2026-11-29 12:36:28.769768+00");
    }

    #[test]
    fn the_log_is_followed_without_a_gap_or_not_at_all() {
        let one = [(1, 0, u64::MAX)];
        let whole = log(&[(1, 5, None), (1, 6, None), (1, 7, Some(7 * SIZE + 100))]);
        assert_eq!(needed(&whole, &one, None).unwrap(), [(1, 5), (1, 6), (1, 7)]);
        // The copy alone is enough for its end, and a shorter part does not take the place of what it holds.
        assert_eq!(needed(&Log::default(), &one, None).unwrap(), []);
        assert_eq!(needed(&log(&[(1, 5, Some(5 * SIZE + 100))]), &one, None).unwrap(), []);
        let gap = log(&[(1, 5, None), (1, 6, None), (1, 8, None)]);
        assert!(needed(&gap, &one, None).unwrap_err().contains("a gap at 000000010000000000000007"));
        assert!(needed(&gap, &one, Some(9)).is_err(), "what was asked for lies beyond the gap");
        assert_eq!(needed(&gap, &one, Some(6)).unwrap(), [(1, 5), (1, 6)], "and here before it");
        // A part that something follows was never completed: a gap too.
        let cut = log(&[(1, 5, None), (1, 6, Some(6 * SIZE + 9)), (1, 7, None)]);
        assert!(needed(&cut, &one, None).is_err());
    }

    #[test]
    fn a_timeline_is_reached_through_its_forefathers_and_not_past_where_it_left_them() {
        let left = 6 * SIZE + 77;
        let log = log(&[(1, 5, None), (1, 6, None), (1, 7, None), (2, 6, None), (2, 7, Some(7 * SIZE + 5))]);
        let history = "1\t0/600004D\tbefore a moment\n";
        assert_eq!(pieces(2, Some(history)), [(1, 0, 0x600_004D), (2, 0x600_004D, u64::MAX)]);
        let second = [(1, 0, left), (2, left, u64::MAX)];
        assert_eq!(needed(&log, &second, None).unwrap(), [(1, 5), (1, 6), (2, 6), (2, 7)]);
        assert_eq!(needed(&log, &[(1, 0, u64::MAX)], None).unwrap(), [(1, 5), (1, 6), (1, 7)]);
        let way = Way { pieces: second.to_vec(), histories: BTreeMap::new() };
        let later = Manifest { stop: in_words(left + 1), ..base() };
        assert!(way.holds(&base()) && !way.holds(&later), "made on the first after the second had left it");
    }
}
