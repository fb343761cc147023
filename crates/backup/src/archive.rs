//! The log goes into the repository while it is written.
//!
//! The segments are read where PostgreSQL writes them. A physical replication slot keeps PostgreSQL from removing one before it
//! is stored, and is moved on when it is; `max_slot_wal_keep_size` bounds how much may wait, so that a repository that takes
//! nothing never fills the disk: the slot is lost then, which [`ensure_slot`] tells. The segment that is being written is stored
//! again and again as far as it has come, so that a lost disk costs seconds and not the rest of a segment.

use crate::{
    error::{Doing as _, Error},
    key::Key,
    manifest::Head,
    repository::Repository,
    stream,
    wal::{self, Log, Segment, in_words, position},
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_postgres::Client;

/// The name of the slot.
pub const SLOT: &str = "throughline_archive";
/// How often the head is written when nothing else is.
const HEAD_EVERY: SignedDuration = SignedDuration::from_secs(20);

/// What became of the slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// It was there and has kept everything.
    Kept,
    /// There was none: the log is kept from now on.
    Made,
    /// The archive was behind for so long that log was given up, and was made anew. The archive has a gap.
    Lost,
}

/// Sees to the slot. After [`Slot::Made`] and [`Slot::Lost`] a full copy is due: the log before cannot be continued.
///
/// # Errors
/// When the database refuses.
pub async fn ensure_slot(client: &Client) -> Result<Slot, Error> {
    let doing = || "see to the replication slot of the backups".to_owned();
    let found = client
        .query_opt("select wal_status is distinct from 'lost' from pg_replication_slots where slot_name = $1", &[&SLOT])
        .await
        .doing(doing)?;
    let slot = match found.map(|row| row.get::<_, bool>(0)) {
        Some(true) => return Ok(Slot::Kept),
        Some(false) => {
            client.execute("select pg_drop_replication_slot($1)", &[&SLOT]).await.doing(doing)?;
            Slot::Lost
        }
        None => Slot::Made,
    };
    client.execute("select pg_create_physical_replication_slot($1, true)", &[&SLOT]).await.doing(doing)?;
    Ok(slot)
}

/// What one step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Everything acknowledged before this moment is in the repository.
    pub confirmed_at: Timestamp,
    /// Whole segments that were stored.
    pub segments: u64,
    /// Bytes that were stored.
    pub bytes: u64,
}

/// Carries the log of one running cluster into a repository.
#[derive(Debug)]
pub struct Archiver {
    repository: Repository,
    key: Arc<Key>,
    directory: PathBuf,
    size: u64,
    whole: BTreeSet<Segment>,
    histories: BTreeSet<u32>,
    parts: Vec<(Segment, u64, String)>,
    head: Option<Head>,
}

impl Archiver {
    /// Looks at what is stored already, of the log that is written in `directory`.
    ///
    /// # Errors
    /// When the repository cannot be read, or is another cluster's.
    pub async fn begin(
        client: &Client,
        repository: Repository,
        key: Arc<Key>,
        directory: &Path,
    ) -> Result<Self, Error> {
        let row = client
            .query_one(
                "select (select system_identifier::text from pg_control_system()),
                        (select setting::int8 from pg_settings where name = 'wal_segment_size')",
                &[],
            )
            .await
            .doing(|| "ask the database about its log".to_owned())?;
        let (system, size): (String, i64) = (row.get(0), row.get(1));
        repository.belongs_to(&system).await?;
        let size = size.unsigned_abs();
        let log = Log::read(&repository, size).await?;
        let mut archiver = Self {
            repository,
            key,
            directory: directory.to_path_buf(),
            size,
            whole: BTreeSet::new(),
            histories: log.histories.keys().copied().collect(),
            parts: Vec::new(),
            head: None,
        };
        for (segment, stored) in log.segments {
            for one in stored {
                match one.part {
                    None => drop(archiver.whole.insert(segment)),
                    Some(upto) => archiver.parts.push((segment, upto, one.name)),
                }
            }
        }
        Ok(archiver)
    }

    /// Stores all that was written until now and is not stored yet.
    ///
    /// # Errors
    /// When the repository takes nothing, or a segment is gone; the next step goes on from where this one came to.
    pub async fn step(&mut self, client: &Client) -> Result<Step, Error> {
        let row = client
            .query_one(
                "select pg_current_wal_flush_lsn()::text, left(pg_walfile_name(pg_current_wal_flush_lsn()), 8),
                        (select restart_lsn::text from pg_replication_slots where slot_name = $1 and wal_status <> 'lost'),
                        (extract(epoch from statement_timestamp()) * 1000)::int8",
                &[&SLOT],
            )
            .await
            .doing(|| "ask how far the log is written".to_owned())?;
        let nonsense = || Error::Damaged("the database says nonsense about its log".into());
        let flushed = position(row.get(0)).ok_or_else(nonsense)?;
        let timeline = u32::from_str_radix(row.get(1), 16).map_err(|_| nonsense())?;
        let Some(kept) = row.get::<_, Option<String>>(2).as_deref().and_then(position) else {
            return Err(Error::Refused(
                "the log was given up before it was stored: the archive has a gap, and a full backup is due".into(),
            ));
        };
        let confirmed_at = Timestamp::from_millisecond(row.get(3)).map_err(|_| nonsense())?;
        let mut step = Step { confirmed_at, segments: 0, bytes: 0 };

        let left = self.history(timeline).await?;
        let current = flushed / self.size;
        for number in (kept / self.size).max(left / self.size)..current {
            let segment = Segment { timeline, number };
            if !self.whole.contains(&segment) {
                step.bytes += self.store(segment, None).await?;
                step.segments += 1;
                self.whole.insert(segment);
            }
        }
        let segment = Segment { timeline, number: current };
        let is_new = !self.parts.iter().any(|(of, upto, _)| *of == segment && *upto == flushed);
        if flushed % self.size > 0 && is_new {
            step.bytes += self.store(segment, Some(flushed)).await?;
        }
        self.clean(segment, flushed).await?;

        let begin = in_words(current * self.size);
        client
            .execute(
                "select pg_replication_slot_advance($1, $2::text::pg_lsn) from pg_replication_slots
                  where slot_name = $1 and restart_lsn < $2::text::pg_lsn",
                &[&SLOT, &begin],
            )
            .await
            .doing(|| "let go of the log that is stored".to_owned())?;
        let head = Head { position: in_words(flushed), confirmed_at };
        let is_due = self.head.as_ref().is_none_or(|last| {
            last.position != head.position || head.confirmed_at.duration_since(last.confirmed_at) >= HEAD_EVERY
        });
        if is_due {
            self.repository.put_json(&Head::name(timeline), &head).await?;
            self.head = Some(head);
        }
        Ok(step)
    }

    /// Stores the history of a timeline that was branched off, and says where its own log begins.
    async fn history(&mut self, timeline: u32) -> Result<u64, Error> {
        if timeline == 1 {
            return Ok(0);
        }
        let file = format!("{timeline:08X}.history");
        let text = match tokio::fs::read(self.directory.join(&file)).await {
            Ok(text) => text,
            // Long ago, and cleaned up since.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error).doing(|| format!("read {file} of the log")),
        };
        if !self.histories.contains(&timeline) {
            let (stored, tally) = stream::seal(&self.key, &text).doing(|| format!("encrypt {file}"))?;
            let name = format!("wal/{timeline:08X}/{file}.{}.zst.age", tally.sha256);
            self.repository.put(&name, stored).await?;
            self.histories.insert(timeline);
        }
        let last = wal::forefathers(&String::from_utf8_lossy(&text)).pop();
        Ok(last.map_or(0, |(_, left)| left))
    }

    async fn store(&mut self, segment: Segment, part: Option<u64>) -> Result<u64, Error> {
        let file = segment.file(self.size);
        let plain = tokio::fs::read(self.directory.join(&file)).await.doing(|| format!("read {file} of the log"))?;
        if plain.len() as u64 != self.size {
            return Err(Error::Damaged(format!("{file} of the log has {} bytes, not {}", plain.len(), self.size)));
        }
        let key = self.key.clone();
        let sealed = tokio::task::spawn_blocking(move || stream::seal(&key, &plain)).await;
        let (stored, tally) =
            sealed.map_err(std::io::Error::other).flatten().doing(|| format!("compress and encrypt {file}"))?;
        let name = wal::name_of(segment, self.size, part, &tally.sha256);
        self.repository.put(&name, stored).await?;
        if let Some(upto) = part {
            self.parts.push((segment, upto, name));
        }
        Ok(tally.bytes)
    }

    /// Removes the parts that something longer has taken the place of.
    async fn clean(&mut self, current: Segment, flushed: u64) -> Result<(), Error> {
        let (mut stay, mut go) = (Vec::new(), Vec::new());
        for part in std::mem::take(&mut self.parts) {
            let replaced = self.whole.contains(&part.0) || (part.0 == current && part.1 < flushed);
            if replaced { go.push(part) } else { stay.push(part) }
        }
        self.parts = stay;
        while let Some(part) = go.pop() {
            if let Err(error) = self.repository.remove(&part.2).await {
                self.parts.push(part);
                self.parts.extend(go);
                return Err(error);
            }
        }
        Ok(())
    }
}
