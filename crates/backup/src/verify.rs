//! Whether what is stored is what was stored, told without restoring it and without its key.

use crate::{
    error::Error,
    manifest::{Head, Manifest},
    repository::{Repository, differs},
    stream::Tally,
    wal::{Log, Segment, position},
};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;

/// What was found in a repository.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Full copies, the oldest first.
    pub backups: Vec<Found>,
    /// Segments of the log.
    pub segments: usize,
    /// Stored bytes that were read and held against their sha-256.
    pub bytes: u64,
    /// Up to which moment the log is complete.
    pub log_reaches: Option<Timestamp>,
    /// What is wrong, as sentences.
    pub faults: Vec<String>,
}

/// A full copy and what can be brought back with it.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// Its name.
    pub label: String,
    /// Whether all of it is there and what it was.
    pub sound: bool,
    /// Stored bytes.
    pub bytes: u64,
    /// The earliest moment it can bring back.
    pub from: Timestamp,
    /// The last moment it can bring back with the log that follows it without a gap.
    pub to: Timestamp,
}

/// Reads everything in the repository. With `newest`, only the newest full copy and the log since.
///
/// # Errors
/// When the repository cannot be read. What is damaged is in the report.
pub async fn verify(repository: &Repository, newest: bool) -> Result<Report, Error> {
    let mut report = Report::default();
    if repository.label().await?.is_none() {
        return Err(Error::Refused(format!("there are no backups in {}", repository.place())));
    }
    let mut copies = Vec::new();
    let labels = Manifest::labels(repository).await?;
    for label in &labels {
        match Manifest::read(repository, label).await {
            Ok(Some(manifest)) => copies.push(manifest),
            // One that is being made, or was cut off: no backup, and nobody counts on it.
            Ok(None) => {}
            Err(Error::Damaged(what)) => report.faults.push(what),
            Err(error) => return Err(error),
        }
    }
    if newest {
        copies = copies.split_off(copies.len().saturating_sub(1));
    }
    if copies.is_empty() {
        report.faults.push(format!("there is no full backup in {}: run `throughline backup`", repository.place()));
    }
    let size = copies.last().map_or(16 << 20, |manifest| manifest.segment_bytes);
    let log = Log::read(repository, size).await?;
    let mut sound = Vec::new();
    for manifest in &copies {
        let mut whole = true;
        for object in &manifest.objects {
            let name = format!("full/{}/{}", manifest.label, object.name);
            whole &= report.hold(repository, &name, &object.tally()).await?;
        }
        sound.push(whole);
    }
    let since = copies.first().and_then(|first| position(&first.start)).unwrap_or(0) / size;
    let mut broken = BTreeSet::new();
    for (segment, all) in &log.segments {
        for stored in all.iter().filter(|_| segment.number >= since || !newest) {
            if !report.hold(repository, &stored.name, &stored.tally).await? {
                broken.insert(*segment);
            }
        }
        report.segments += 1;
    }
    for stored in log.histories.values() {
        report.hold(repository, &stored.name, &stored.tally).await?;
    }
    report.log_reaches = Head::newest(repository).await?.map(|head| head.confirmed_at);
    for (manifest, sound) in copies.iter().zip(sound) {
        let to = reach(repository, &log, manifest, &broken).await?;
        report.backups.push(Found {
            label: manifest.label.clone(),
            sound,
            bytes: manifest.bytes(),
            from: manifest.finished_at,
            to,
        });
    }
    let gaps = gaps(&log, copies.first(), size);
    report.faults.extend(gaps.into_iter().map(|gap| {
        format!(
            "the archive of the log has a gap before {gap}: moments between it and the next backup cannot be restored"
        )
    }));
    Ok(report)
}

impl Report {
    /// Whether an object is there and what it was.
    async fn hold(&mut self, repository: &Repository, name: &str, expected: &Tally) -> Result<bool, Error> {
        match repository.digest(name, |_| async { true }).await? {
            None => self.faults.push(format!("{name} is missing")),
            Some(found) if found != *expected => self.faults.push(differs(name, &found, expected).to_string()),
            Some(found) => {
                self.bytes += found.bytes;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The last moment that a copy can bring back on its own timeline.
async fn reach(
    repository: &Repository,
    log: &Log,
    manifest: &Manifest,
    broken: &BTreeSet<Segment>,
) -> Result<Timestamp, Error> {
    let size = manifest.segment_bytes;
    let stop = position(&manifest.stop).unwrap_or(0);
    let mut segment = Segment { timeline: manifest.timeline, number: stop / size };
    let mut to = manifest.finished_at;
    while let Some(stored) = log.best(segment).filter(|_| !broken.contains(&segment)) {
        to = to.max(stored.stored_at);
        segment.number += 1;
    }
    // At the end of the log, the head knows better than the clock of the store.
    let head = Head::read(repository, manifest.timeline).await?;
    let ends_there = |head: &Head| position(&head.position).is_some_and(|head| head.div_ceil(size) <= segment.number);
    Ok(head.filter(ends_there).map_or(to, |head| head.confirmed_at.max(manifest.finished_at)))
}

/// The segments before which one is missing, from the first copy on.
fn gaps(log: &Log, first: Option<&Manifest>, size: u64) -> Vec<String> {
    let start = first.and_then(|first| position(&first.start)).map_or(0, |start| start / size);
    let mut gaps = Vec::new();
    let mut previous: Option<(Segment, bool)> = None;
    for (segment, stored) in log.segments.iter().filter(|(segment, _)| segment.number >= start) {
        let is_part = stored.last().is_some_and(|best| best.part.is_some());
        if let Some((before, was_part)) = previous
            && before.timeline == segment.timeline
            && (was_part || before.number + 1 < segment.number)
        {
            gaps.push(segment.file(size));
        }
        previous = Some((*segment, is_part));
    }
    gaps
}
