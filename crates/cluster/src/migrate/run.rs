//! Applies and undoes steps.

use super::error::{MigrateError, While};
use super::plan::{self, Row, Status};
use super::source::{Source, Step};
use rand::RngExt;
use std::time::{Duration, Instant};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use wire::Way;

/// The key of the session-level advisory lock that migrators of one database take turns with ("throughl" in ASCII).
const LOCK_KEY: i64 = 0x7468_726f_7567_686c;

/// The release that applies a step, kept beside it.
const SCHEMA_SEMVER: &str = env!("CARGO_PKG_VERSION");

/// The migrator's own table. Made by the migrator, because the first step must already be recorded in it.
const BOOTSTRAP: &str = "
create schema if not exists platform;
create table if not exists platform.schema_migrations (
  version        int primary key,
  name           text not null,
  schema_semver  text not null,
  checksum       bytea not null,
  undo_checksum  bytea not null,
  applied_at     timestamptz not null default now(),
  applied_by     text not null default current_user,
  execution_ms   int not null,
  rolled_back_at timestamptz
);
comment on table platform.schema_migrations is
  'One row a schema step that was ever applied. Written only by the migrator; belongs to no organisation.';
comment on column platform.schema_migrations.version is 'The number in the name of the file.';
comment on column platform.schema_migrations.name is 'The words in the name of the file.';
comment on column platform.schema_migrations.schema_semver is 'The release of the program that applied the step.';
comment on column platform.schema_migrations.checksum is 'SHA-256 of the V file, line ends as LF.';
comment on column platform.schema_migrations.undo_checksum is 'SHA-256 of the U file, line ends as LF.';
comment on column platform.schema_migrations.applied_at is 'When it was last applied.';
comment on column platform.schema_migrations.applied_by is 'The database role that applied it.';
comment on column platform.schema_migrations.execution_ms is 'How long its SQL took, in milliseconds.';
comment on column platform.schema_migrations.rolled_back_at is 'When it was undone. Null: it is in force.';
";

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// `up`: every step there is. `down`: only the newest applied step.
    Next,
    /// Up to and including this version, or down until this version is the newest in force; 0 undoes everything.
    To(i32),
}

/// What the migrator is doing, for a progress display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// Another process migrates this database at the moment; waiting for it. Reported once.
    Waiting,
    /// A step begins.
    Begin {
        /// The step's file.
        file: &'a str,
        /// Which of how many, from 1.
        number: usize,
        /// How many steps this run has.
        of: usize,
    },
    /// Another session holds a lock that the step needs; it is tried again after a pause.
    Blocked {
        /// The step's file.
        file: &'a str,
        /// How often it was tried.
        attempt: u32,
        /// How long the pause is.
        pause: Duration,
    },
    /// A step is done and recorded.
    Done {
        /// The step's file.
        file: &'a str,
        /// How long its SQL took.
        took: Duration,
    },
}

/// How long to wait for others.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long a step waits for one lock before it steps back and lets the queue behind it through. At most 2 s, so
    /// that a migration under load never makes requests time out.
    pub lock_timeout: Duration,
    /// How often a step is tried.
    pub attempts: u32,
    /// The first pause between two tries; it doubles each time up to 5 s, and varies by a quarter.
    pub first_pause: Duration,
    /// How long to wait for another migrator.
    pub turn: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_secs(2),
            attempts: 12,
            first_pause: Duration::from_millis(250),
            turn: Duration::from_secs(600),
        }
    }
}

/// Applies and undoes the steps of one [`Source`].
#[derive(Debug, Clone)]
pub struct Migrator {
    pub(super) source: Source,
    patience: Patience,
}

impl Migrator {
    /// A migrator for these steps.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self { source, patience: Patience::default() }
    }

    /// The same with other waiting times.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The steps.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Where the database stands. Changes nothing, and takes no lock.
    ///
    /// # Errors
    /// Only when the database does not answer; what is wrong with it is in [`Status::problems`].
    pub async fn status(&self, way: impl Into<Way>) -> Result<Status, MigrateError> {
        let session = Session::open(way).await?;
        let rows = if session.has_table().await? { session.rows().await? } else { Vec::new() };
        session.close().await;
        Ok(plan::status(&self.source, &rows))
    }

    /// Applies pending steps in order; returns how many. None is fine: the caller wanted the schema to be there.
    ///
    /// `way` must lead to the server itself or a pooler in session mode: the migrator's turn is a lock of its session.
    ///
    /// # Errors
    /// A refusal with every reason, or the step that failed. Steps before it stay applied.
    pub async fn up(
        &self,
        way: impl Into<Way>,
        target: Target,
        progress: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<usize, MigrateError> {
        let limit = match target {
            Target::Next => self.source.newest(),
            Target::To(version) => self.known(version)?,
        };
        let session = self.turn(way, progress).await?;
        session.client.batch_execute(BOOTSTRAP).await.when("make platform.schema_migrations")?;
        let rows = self.fitting_rows(&session).await?;
        let in_force = |version| rows.iter().any(|row| row.version == version && row.rolled_back_at.is_none());
        let steps: Vec<&Step> =
            self.source.steps().iter().filter(|step| step.version <= limit && !in_force(step.version)).collect();
        self.walk(&session, &steps, true, progress).await?;
        session.close().await;
        Ok(steps.len())
    }

    /// Undoes applied steps, newest first; returns how many.
    ///
    /// # Errors
    /// A refusal with every reason, or the undo that failed. Steps undone before it stay undone.
    pub async fn down(
        &self,
        way: impl Into<Way>,
        target: Target,
        progress: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<usize, MigrateError> {
        if let Target::To(version) = target {
            self.known(version)?;
        }
        let session = self.turn(way, progress).await?;
        let rows = if session.has_table().await? { self.fitting_rows(&session).await? } else { Vec::new() };
        let mut versions: Vec<i32> =
            rows.iter().filter(|row| row.rolled_back_at.is_none()).map(|row| row.version).collect();
        versions.sort_unstable_by(|a, b| b.cmp(a));
        match target {
            Target::Next => versions.truncate(1),
            Target::To(stop) => versions.retain(|version| *version > stop),
        }
        let steps: Vec<&Step> = versions.iter().filter_map(|version| self.source.step(*version)).collect();
        self.walk(&session, &steps, false, progress).await?;
        session.close().await;
        Ok(steps.len())
    }

    fn known(&self, version: i32) -> Result<i32, MigrateError> {
        if version == 0 || self.source.step(version).is_some() {
            Ok(version)
        } else {
            Err(MigrateError::NoSuchVersion { wanted: version, newest: self.source.newest() })
        }
    }

    async fn fitting_rows(&self, session: &Session) -> Result<Vec<Row>, MigrateError> {
        let rows = session.rows().await?;
        let problems = plan::status(&self.source, &rows).problems;
        if problems.is_empty() { Ok(rows) } else { Err(MigrateError::History(problems)) }
    }

    /// Connects and waits until no other migrator works on this database. The server frees the lock when we disconnect
    /// or die. Asking again and again, rather than waiting in the server, keeps no snapshot open meanwhile: a waiting
    /// statement would block `CREATE INDEX CONCURRENTLY` and vacuum.
    async fn turn(
        &self,
        way: impl Into<Way>,
        progress: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<Session, MigrateError> {
        let session = Session::open(way).await?;
        let began = Instant::now();
        let mut told = false;
        loop {
            let row = session.client.query_one("select pg_try_advisory_lock($1)", &[&LOCK_KEY]).await;
            if row.when("ask for the migration lock")?.get::<_, bool>(0) {
                return Ok(session);
            }
            if began.elapsed() >= self.patience.turn {
                return Err(MigrateError::Busy { waited_s: began.elapsed().as_secs(), key: LOCK_KEY });
            }
            if !told {
                progress(Event::Waiting);
                told = true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn walk(
        &self,
        session: &Session,
        steps: &[&Step],
        forward: bool,
        progress: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<(), MigrateError> {
        for (index, step) in steps.iter().enumerate() {
            let file = if forward { step.up_file() } else { step.down_file() };
            progress(Event::Begin { file: &file, number: index + 1, of: steps.len() });
            let took = self.insist(session, step, forward, &file, progress).await?;
            tracing::info!(migration.file = %file, duration_ms = took.as_millis() as u64, "migrated");
            progress(Event::Done { file: &file, took });
        }
        Ok(())
    }

    /// Tries a step until it gets its locks.
    async fn insist(
        &self,
        session: &Session,
        step: &Step,
        forward: bool,
        file: &str,
        progress: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<Duration, MigrateError> {
        let mut pause = self.patience.first_pause;
        for attempt in 1..=self.patience.attempts {
            let error = match self.attempt(session, step, forward, file).await {
                Ok(took) => return Ok(took),
                Err(error) => error,
            };
            // What the attempt left open must not reach the next one.
            let rolled_back = session.client.batch_execute("rollback").await;
            if rolled_back.is_err() || !error.is_about_locks() {
                return Err(error);
            }
            if attempt < self.patience.attempts {
                let jittered = pause.mul_f64(rand::rng().random_range(0.75..1.25));
                progress(Event::Blocked { file, attempt, pause: jittered });
                tokio::time::sleep(jittered).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
        }
        Err(MigrateError::Locked { file: file.to_owned(), attempts: self.patience.attempts })
    }

    /// One transaction: the step's SQL and its row.
    async fn attempt(
        &self,
        session: &Session,
        step: &Step,
        forward: bool,
        file: &str,
    ) -> Result<Duration, MigrateError> {
        let client = &session.client;
        let begin = format!(
            "begin; set local lock_timeout = '{}ms'; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0",
            self.patience.lock_timeout.as_millis().clamp(1, 2000)
        );
        client.batch_execute(&begin).await.when("begin a step")?;
        let transaction = session.transaction().await?;
        let began = Instant::now();
        let sql = if forward { &step.up } else { &step.down };
        client.batch_execute(sql).await.map_err(|source| step_failed(file, sql, source))?;
        let took = began.elapsed();
        if session.transaction().await? != transaction {
            return Err(MigrateError::OwnTransaction { file: file.to_owned() });
        }
        // A step may have changed who we are or how names are found.
        client
            .batch_execute("reset role; reset session authorization; set local search_path = pg_catalog")
            .await
            .when("record a step")?;
        if forward {
            let milliseconds = i32::try_from(took.as_millis()).unwrap_or(i32::MAX);
            client
                .execute(
                    "insert into platform.schema_migrations (version, name, schema_semver, checksum, undo_checksum, execution_ms)
                     values ($1, $2, $3, $4, $5, $6)
                     on conflict (version) do update set name = excluded.name, schema_semver = excluded.schema_semver,
                       checksum = excluded.checksum, undo_checksum = excluded.undo_checksum, applied_at = now(),
                       applied_by = current_user, execution_ms = excluded.execution_ms, rolled_back_at = null",
                    &[&step.version, &step.name, &SCHEMA_SEMVER, &step.checksum(), &step.undo_checksum(), &milliseconds],
                )
                .await
                .when("record a step in platform.schema_migrations")?;
        } else {
            client
                .execute(
                    "update platform.schema_migrations set rolled_back_at = now() where version = $1",
                    &[&step.version],
                )
                .await
                .when("record an undone step in platform.schema_migrations; does an undo drop the schema platform?")?;
        }
        client.batch_execute("commit").await.map_err(|source| step_failed(file, "", source))?;
        Ok(took)
    }
}

impl MigrateError {
    /// Whether trying again may help: a lock was not to be had in time, or two sessions waited for each other.
    fn is_about_locks(&self) -> bool {
        let code = match self {
            Self::Step { source, .. } | Self::Sql { source, .. } => source.code(),
            _ => None,
        };
        code == Some(&SqlState::LOCK_NOT_AVAILABLE) || code == Some(&SqlState::T_R_DEADLOCK_DETECTED)
    }
}

/// Says which line of which file failed, with the server's detail and hint.
fn step_failed(file: &str, sql: &str, source: tokio_postgres::Error) -> MigrateError {
    let (mut message, mut place) = (source.to_string(), String::new());
    if let Some(error) = source.as_db_error() {
        message = error.message().to_owned();
        for (label, text) in [("detail", error.detail()), ("hint", error.hint())] {
            if let Some(text) = text {
                message.push_str(&format!("; {label}: {text}"));
            }
        }
        if let Some(tokio_postgres::error::ErrorPosition::Original(position)) = error.position() {
            let before = (*position as usize).saturating_sub(1);
            let line = sql.chars().take(before).filter(|c| *c == '\n').count() + 1;
            place = format!(" line {line}");
        }
    }
    MigrateError::Step { file: file.to_owned(), place, message, source }
}

/// A connection with its conversation in the background.
pub(super) struct Session {
    pub(super) client: Client,
    conversation: tokio::task::JoinHandle<Result<(), tokio_postgres::Error>>,
}

impl Session {
    pub(super) async fn open(way: impl Into<Way>) -> Result<Self, MigrateError> {
        let mut way = way.into();
        way.config_mut().application_name("throughline migrate");
        let (client, connection) = way.connect().await?;
        Ok(Self { client, conversation: tokio::spawn(connection) })
    }

    /// Disconnects and waits for it, so that a following `drop database` finds nobody connected.
    pub(super) async fn close(self) {
        drop(self.client);
        let _ = self.conversation.await;
    }

    async fn has_table(&self) -> Result<bool, MigrateError> {
        let row = self.client.query_one("select to_regclass('platform.schema_migrations') is not null", &[]).await;
        Ok(row.when("look for platform.schema_migrations")?.get(0))
    }

    async fn rows(&self) -> Result<Vec<Row>, MigrateError> {
        let rows = self
            .client
            .query(
                "select version, name, checksum, undo_checksum, applied_at, applied_by, execution_ms, rolled_back_at
                   from platform.schema_migrations order by version",
                &[],
            )
            .await
            .when("read platform.schema_migrations")?;
        let read = |row: &tokio_postgres::Row| -> Result<Row, tokio_postgres::Error> {
            Ok(Row {
                version: row.try_get(0)?,
                name: row.try_get(1)?,
                checksum: row.try_get(2)?,
                undo_checksum: row.try_get(3)?,
                applied_at: row.try_get(4)?,
                applied_by: row.try_get(5)?,
                execution_ms: row.try_get(6)?,
                rolled_back_at: row.try_get(7)?,
            })
        };
        rows.iter().map(read).collect::<Result<_, _>>().when("understand platform.schema_migrations")
    }

    /// The identifier of the open transaction.
    async fn transaction(&self) -> Result<String, MigrateError> {
        let row = self.client.query_one("select pg_current_xact_id()::text", &[]).await;
        Ok(row.when("ask for the transaction's identifier")?.get(0))
    }
}
