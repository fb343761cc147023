//! Segments of PostgreSQL's log: how they are called, and which of them a repository holds.

use crate::{error::Error, repository::Repository, stream::Tally};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// One segment: its timeline, and its place in the log counted in segments from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Segment {
    pub(crate) timeline: u32,
    pub(crate) number: u64,
}

impl Segment {
    /// PostgreSQL's name of the file, for segments of `size` bytes.
    pub(crate) fn file(self, size: u64) -> String {
        let per_id = 0x1_0000_0000 / size;
        format!("{:08X}{:08X}{:08X}", self.timeline, self.number / per_id, self.number % per_id)
    }

    /// The segment of a file's name.
    pub(crate) fn named(name: &str, size: u64) -> Option<Self> {
        if name.len() != 24 || !name.is_ascii() {
            return None;
        }
        let part = |from: usize| u64::from_str_radix(&name[from..from + 8], 16).ok();
        let timeline = u32::try_from(part(0)?).ok()?;
        Some(Self { timeline, number: part(8)? * (0x1_0000_0000 / size) + part(16)? })
    }
}

/// A place in the log, as PostgreSQL writes it (`16/B374D848`).
pub(crate) fn position(text: &str) -> Option<u64> {
    let (high, low) = text.trim().split_once('/')?;
    Some(u64::from_str_radix(high, 16).ok()? << 32 | u64::from_str_radix(low, 16).ok()?)
}

/// The same in PostgreSQL's words.
pub(crate) fn in_words(position: u64) -> String {
    format!("{:X}/{:X}", position >> 32, position & 0xFFFF_FFFF)
}

/// A stored segment, or the beginning of one.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) tally: Tally,
    /// How far it goes, when it was not complete yet.
    pub(crate) part: Option<u64>,
    pub(crate) stored_at: Timestamp,
}

/// The log in a repository.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Everything stored of each segment; the best last.
    pub(crate) segments: BTreeMap<Segment, Vec<Stored>>,
    /// The histories of timelines.
    pub(crate) histories: BTreeMap<u32, Stored>,
}

impl Log {
    /// Reads which segments there are.
    pub(crate) async fn read(repository: &Repository, size: u64) -> Result<Self, Error> {
        let mut log = Self::default();
        for object in repository.list("wal").await? {
            let name = repository.within(&object.location);
            let file = name.rsplit('/').next().unwrap_or_default();
            let words: Vec<&str> = file.split('.').collect();
            let stored = |sha256: &str, part| Stored {
                name: name.clone(),
                tally: Tally { bytes: object.size, sha256: sha256.to_owned() },
                part,
                stored_at: Timestamp::from_millisecond(object.last_modified.timestamp_millis()).unwrap_or_default(),
            };
            match words[..] {
                [file, sha256, "zst", "age"] => {
                    if let Some(segment) = Segment::named(file, size) {
                        log.segments.entry(segment).or_default().push(stored(sha256, None));
                    }
                }
                [file, "part", upto, sha256, "zst", "age"] => {
                    if let (Some(segment), Ok(upto)) = (Segment::named(file, size), u64::from_str_radix(upto, 16)) {
                        log.segments.entry(segment).or_default().push(stored(sha256, Some(upto)));
                    }
                }
                [timeline, "history", sha256, "zst", "age"] => {
                    if let Ok(timeline) = u32::from_str_radix(timeline, 16) {
                        log.histories.insert(timeline, stored(sha256, None));
                    }
                }
                _ => {}
            }
        }
        for all in log.segments.values_mut() {
            // A complete one is worth more than any part, and a longer part more than a shorter one.
            all.sort_by_key(|one| (one.part.unwrap_or(u64::MAX), one.stored_at));
        }
        Ok(log)
    }

    /// The best there is of a segment.
    pub(crate) fn best(&self, segment: Segment) -> Option<&Stored> {
        self.segments.get(&segment)?.last()
    }

    /// The newest timeline.
    pub(crate) fn newest_timeline(&self) -> u32 {
        let with_log = self.segments.keys().map(|segment| segment.timeline);
        with_log.chain(self.histories.keys().copied()).max().unwrap_or(1)
    }
}

/// The names in the store.
pub(crate) fn name_of(segment: Segment, size: u64, part: Option<u64>, sha256: &str) -> String {
    let part = part.map_or_else(String::new, |upto| format!(".part.{upto:016X}"));
    format!("wal/{:08X}/{}{part}.{sha256}.zst.age", segment.timeline, segment.file(size))
}

/// What a timeline's history says: its forefathers, and where each was left. The oldest first.
pub(crate) fn forefathers(history: &str) -> Vec<(u32, u64)> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.parse().ok()?, position(words.next()?)?))
    };
    history.lines().filter_map(line).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_called_as_postgresql_calls_them() {
        // As pg_walfile_name answers for 16/B374D848 on timeline 1.
        let size = 16 << 20;
        let segment = Segment { timeline: 1, number: position("16/B374D848").unwrap() / size };
        assert_eq!(segment.file(size), "0000000100000016000000B3");
        assert_eq!(Segment::named("0000000100000016000000B3", size), Some(segment));
        assert_eq!(Segment::named("00000002.history", size), None);
        assert_eq!(in_words(position("16/B374D848").unwrap()), "16/B374D848");
        assert_eq!(position("nonsense"), None);
    }

    #[test]
    fn a_history_names_the_forefathers() {
        let text = "1\t0/5000000\tbefore 2026-11-29 12:00:05+00\n\n2\t0/7000098\tno recovery target specified\n";
        assert_eq!(forefathers(text), [(1, 0x500_0000), (2, 0x700_0098)]);
    }
}
