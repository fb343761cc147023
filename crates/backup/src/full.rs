//! A full copy of a running cluster.

use crate::{
    archive::ensure_slot,
    error::{Doing as _, Error},
    files,
    key::Key,
    manifest::{Manifest, Object},
    repository::Repository,
    stream::Tally,
    wal::{in_words, position},
};
use jiff::{Timestamp, tz::TimeZone};
use std::{
    io::{Read as _, Write},
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};
use tokio_postgres::Client;

/// What is copied.
#[derive(Debug, Clone)]
pub struct Source {
    /// The data directory of the cluster and of what lies beside it.
    pub data: PathBuf,
    /// The file with the signing key, wherever it lies.
    pub signing_key: Option<PathBuf>,
    /// Places in the data directory that are not kept: the key of the backups, and the backups.
    pub left_out: Vec<PathBuf>,
}

/// Makes a full copy while the cluster serves. `client` is its superuser's, in the database of the application. Nothing waits for it.
///
/// A copy that was cut off has no manifest and is not one; `prune` removes it.
///
/// # Errors
/// When PostgreSQL refuses the copy, or the repository takes nothing.
pub async fn take(
    client: &Client,
    source: &Source,
    repository: &Repository,
    key: &Arc<Key>,
) -> Result<Manifest, Error> {
    let doing = || "ask the database what it is".to_owned();
    // PostgreSQL then keeps the log that the copy needs until it has it.
    ensure_slot(client).await?;
    let row = client
        .query_one(
            "select (select system_identifier::text from pg_control_system()), split_part(version(), ' ', 2),
                    (select coalesce(max(version), 0) from platform.schema_migrations where rolled_back_at is null),
                    (select setting::int8 from pg_settings where name = 'wal_segment_size')",
            &[],
        )
        .await
        .doing(doing)?;
    let system_identifier: String = row.get(0);
    repository.belongs_to(&system_identifier).await?;
    let started_at = now(client).await?;
    let label = started_at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    if Manifest::read(repository, &label).await?.is_some() {
        return Err(Error::Refused(format!("there is a backup {label} already; try again in a second")));
    }

    let base = "base.tar.zst.age";
    let data = source.data.clone();
    let (said, plain, tally) = repository
        .put_sealed(&format!("full/{label}/{base}"), key.clone(), move |output| copy_cluster(&data, output))
        .await?;
    let span = Span::said(&said)?;
    let base = object(base, plain, tally);

    let beside = "files.tar.zst.age";
    let what = source.clone();
    let (files, plain, tally) = repository
        .put_sealed(&format!("full/{label}/{beside}"), key.clone(), move |output| {
            files::write(&what.data, what.signing_key.as_deref(), &what.left_out, output)
        })
        .await?;
    let manifest = Manifest {
        label,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        system_identifier,
        postgres: row.get(1),
        schema: row.get(2),
        timeline: span.timeline,
        segment_bytes: row.get::<_, i64>(3).unsigned_abs(),
        start: in_words(span.start),
        stop: in_words(span.stop),
        started_at,
        finished_at: now(client).await?,
        recipients: key.recipients(),
        objects: vec![base, object(beside, plain, tally)],
        files,
    };
    manifest.store(repository).await?;
    Ok(manifest)
}

fn object(name: &str, plain_bytes: u64, tally: Tally) -> Object {
    Object { name: name.to_owned(), bytes: tally.bytes, sha256: tally.sha256, plain_bytes }
}

/// The time of the database, whole seconds and fractions up to a millisecond.
async fn now(client: &Client) -> Result<Timestamp, Error> {
    let row = client.query_one("select (extract(epoch from clock_timestamp()) * 1000)::int8", &[]).await;
    let row = row.doing(|| "ask the database what time it is".to_owned())?;
    Timestamp::from_millisecond(row.get(0))
        .map_err(|_| Error::Damaged("the clock of the database is beyond reason".into()))
}

/// Writes the tar of the cluster, and returns what `pg_basebackup` said.
fn copy_cluster(data: &Path, output: &mut dyn Write) -> Result<String, Error> {
    let doing = || "run pg_basebackup".to_owned();
    let mut child = cluster::base_copy(data)?.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().doing(doing)?;
    let mut errors = child.stderr.take();
    // Read beside, or it would stand still once the pipe is full.
    let said = std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(errors) = &mut errors {
            let _ = errors.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    let copied = match child.stdout.take() {
        Some(mut tar) => std::io::copy(&mut tar, output).map(|_| ()),
        None => Err(std::io::ErrorKind::BrokenPipe.into()),
    };
    if copied.is_err() {
        let _ = child.kill();
    }
    let status = child.wait().doing(doing)?;
    let said = said.join().unwrap_or_default();
    copied.doing(|| "store what pg_basebackup gives".to_owned())?;
    if !status.success() {
        return Err(Error::Refused(format!("pg_basebackup made no copy ({status}): {}", said.trim())));
    }
    Ok(said)
}

/// The part of the log that a copy needs.
struct Span {
    timeline: u32,
    start: u64,
    stop: u64,
}

impl Span {
    /// Reads what `pg_basebackup -v` says.
    fn said(text: &str) -> Result<Self, Error> {
        let after = |phrase: &str| text.lines().find_map(|line| line.split_once(phrase)).map(|(_, rest)| rest.trim());
        let read = || {
            let (start, timeline) = after("write-ahead log start point:")?.split_once(" on timeline ")?;
            Some(Self {
                timeline: timeline.trim().parse().ok()?,
                start: position(start)?,
                stop: position(after("write-ahead log end point:")?)?,
            })
        };
        read()
            .ok_or_else(|| Error::Damaged(format!("pg_basebackup did not say where its copy begins and ends: {text}")))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_pg_basebackup_says_is_understood() {
        let text = "pg_basebackup: initiating base backup, waiting for checkpoint to complete\n\
                    pg_basebackup: checkpoint completed\n\
                    pg_basebackup: write-ahead log start point: 0/2000028 on timeline 3\n\
                    pg_basebackup: write-ahead log end point: 0/2000100\n\
                    pg_basebackup: base backup completed\n";
        let span = Span::said(text).unwrap();
        assert_eq!((span.timeline, span.start, span.stop), (3, 0x200_0028, 0x200_0100));
        assert!(Span::said("pg_basebackup: error").is_err());
    }
}
