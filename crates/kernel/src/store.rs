//! The pool, and the only way to run SQL: a transaction bound to one organisation and one actor.
//!
//! The settings are made with `SET LOCAL`, so they end with the transaction and hold behind a pooler in transaction
//! mode. A transaction that is dropped without [`Tx::commit`] is rolled back before its connection serves anyone else.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use base::{Problem, ProblemKind};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use futures_util::future::try_join3;
use jiff::Timestamp;
use postgres_types::ToSql;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::{Row, RowStream, Statement};
use uuid::Uuid;
use wire::Way;

use crate::{
    Error, Principal,
    troubles::{Troubled, Troubles},
    within::MARK,
};

/// Prepared statements kept per connection before all are let go: filters can be combined without end.
const STATEMENTS_KEPT: usize = 400;

/// How many connections, and how long to wait for one.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Connections at most.
    pub size: usize,
    /// How long a request waits for a connection before it is answered 503.
    pub wait: Duration,
    /// The longest a statement may run.
    pub statement_timeout: Duration,
    /// The longest a statement waits for a lock. Long work that has to wait longer says so in its own transaction.
    pub lock_timeout: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            size: 16,
            wait: Duration::from_millis(500),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(1),
        }
    }
}

/// How the pool stands.
#[derive(Debug, Clone, Copy)]
pub struct StoreStatus {
    /// Connections open.
    pub open: usize,
    /// Connections idle.
    pub idle: usize,
    /// Requests that wait for one.
    pub waiting: usize,
    /// What went wrong with the database since the start.
    pub troubles: Troubled,
}

/// The database, as the application role sees it.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    // Those who wait for a lock keep their connection; readers must always find another.
    writers: Arc<Semaphore>,
    wait: Duration,
    troubles: Arc<Troubles>,
}

impl Store {
    /// A pool of connections made by `way`. Connects when first used.
    ///
    /// # Errors
    /// When the pool cannot be built.
    pub fn new(way: impl Into<Way>, options: &PoolOptions) -> Result<Self, Error> {
        let (mut config, tls) = way.into().into_parts();
        // Bounds at the server, so that a lost client cannot hold a lock for ever.
        let settings = format!(
            "-c statement_timeout={} -c idle_in_transaction_session_timeout=60000 -c lock_timeout={} -c timezone=UTC",
            options.statement_timeout.as_millis(),
            options.lock_timeout.as_millis(),
        );
        config.options(settings).application_name("throughline");
        let manager = Manager::from_config(config, tls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager)
            .max_size(options.size)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts { wait: Some(options.wait), create: Some(Duration::from_secs(5)), recycle: None })
            .build()
            .map_err(|error| Error::Broken(error.to_string()))?;
        let kept_for_readers = (crate::export::AT_ONCE + 2).min(options.size / 2);
        let writers = Arc::new(Semaphore::new((options.size - kept_for_readers).max(1)));
        Ok(Self { pool, writers, wait: options.wait, troubles: Arc::default() })
    }

    /// How the pool stands.
    pub fn status(&self) -> StoreStatus {
        let status = self.pool.status();
        StoreStatus {
            open: status.size,
            idle: status.available,
            waiting: status.waiting,
            troubles: self.troubles.counted(),
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        let client = self.connection().await?;
        client.batch_execute("select 1").await?;
        Ok(())
    }

    /// One query outside any organisation: for start-up, sign-in functions and the reading of the schema. The role
    /// sees no tenant's rows here, because no organisation is set.
    ///
    /// # Errors
    /// When the query fails.
    pub async fn query_outside(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        let client = self.connection().await?;
        let asked = async { client.query(&client.prepare_cached(sql).await?, params).await };
        Ok(asked.await.inspect_err(|error| self.troubles.note(error))?)
    }

    pub(crate) async fn begin(&self, principal: &Arc<Principal>, now: Timestamp) -> Result<Tx, Error> {
        let turn = tokio::time::timeout(self.wait, self.writers.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            let detail = "Too many changes wait for each other just now; nothing was done, send the request again.";
            return Err(Problem::new(ProblemKind::Unavailable, detail).retry_after(1).into());
        };
        let mut tx = self.open("begin", principal, now).await?;
        tx.turn = Some(turn);
        Ok(tx)
    }

    pub(crate) async fn begin_read(&self, principal: &Arc<Principal>, now: Timestamp) -> Result<Tx, Error> {
        self.open("begin transaction read only", principal, now).await
    }

    async fn open(&self, begin: &str, principal: &Arc<Principal>, now: Timestamp) -> Result<Tx, Error> {
        let tx = Tx::over(self.client().await?, principal.clone(), self.troubles.clone());
        tx.noted(tx.client()?.batch_execute(&opening(begin, principal, now)).await)?;
        Ok(tx)
    }

    async fn connection(&self) -> Result<Object, Error> {
        Ok(self.pool.get().await.inspect_err(|error| self.troubles.note_pool(error))?)
    }

    async fn client(&self) -> Result<Object, Error> {
        let client = self.connection().await?;
        if client.statement_cache.size() > STATEMENTS_KEPT {
            client.statement_cache.clear();
        }
        Ok(client)
    }

    /// One query in one round trip: opening, query and end of the transaction are sent together.
    pub(crate) async fn read_once(
        &self,
        principal: &Arc<Principal>,
        now: Timestamp,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let client = self.client().await?;
        // Prepared first: a query that is not yet prepared would reach the server after the COMMIT behind it.
        let statement = client.prepare_cached(sql).await.inspect_err(|error| self.troubles.note(error))?;
        let mut tx = Tx::over(client, principal.clone(), self.troubles.clone());
        let opening = opening("begin transaction read only", principal, now);
        let client = tx.client()?;
        let sent =
            try_join3(client.batch_execute(&opening), client.query(&statement, params), client.batch_execute("commit"))
                .await;
        let (_, rows, _) = tx.noted(sent)?;
        tx.client = None;
        Ok(rows)
    }
}

/// The statements that open a transaction for `principal`. Built from parsed identifiers only.
fn opening(begin: &str, principal: &Principal, now: Timestamp) -> String {
    let access = if principal.sees_all_projects(now) { "all" } else { "member" };
    let mut sql = format!(
        "{begin}; set local app.current_organization_id = '{}'; set local app.current_user_id = '{}'; \
         set local app.project_access = '{access}'",
        principal.organization_id, principal.user_id,
    );
    if let Some(person) = principal.on_behalf_of {
        let _ = write!(sql, "; set local app.on_behalf_of_user_id = '{person}'");
    }
    if let Some(run) = principal.agent_run {
        let _ = write!(sql, "; set local app.agent_run_id = '{run}'");
    }
    sql
}

/// A transaction bound to one organisation and one actor.
pub struct Tx {
    client: Option<Object>,
    principal: Arc<Principal>,
    recorded: u32,
    change_set: Option<Uuid>,
    failed: AtomicBool,
    // A writer's place; given back when its connection is.
    turn: Option<OwnedSemaphorePermit>,
    troubles: Arc<Troubles>,
}

impl Tx {
    fn over(client: Object, principal: Arc<Principal>, troubles: Arc<Troubles>) -> Self {
        Self {
            client: Some(client),
            principal,
            recorded: 0,
            change_set: None,
            failed: AtomicBool::new(false),
            turn: None,
            troubles,
        }
    }

    /// Remembers a failure: PostgreSQL answers the COMMIT of a failed transaction with a silent ROLLBACK.
    fn noted<T>(&self, result: Result<T, tokio_postgres::Error>) -> Result<T, Error> {
        if let Err(error) = &result {
            self.failed.store(true, Ordering::Relaxed);
            self.troubles.note(error);
        }
        Ok(result?)
    }

    fn client(&self) -> Result<&Object, Error> {
        self.client.as_ref().ok_or_else(|| Error::Broken("the transaction has ended".into()))
    }

    /// Who it is bound to.
    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    async fn prepared(&self, sql: &str) -> Result<(&Object, Statement), Error> {
        debug_assert!(!sql.contains(MARK), "a query that marks what may be read is run by `Allowed::query`: {sql}");
        let client = self.client()?;
        Ok((client, self.noted(client.prepare_cached(sql).await)?))
    }

    /// Runs a query. Its text is prepared once a connection.
    ///
    /// # Errors
    /// When PostgreSQL refuses it.
    pub async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        let (client, statement) = self.prepared(sql).await?;
        self.noted(client.query(&statement, params).await)
    }

    /// Runs a query that gives at most one row.
    ///
    /// # Errors
    /// When PostgreSQL refuses it or there are several rows.
    pub async fn query_opt(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>, Error> {
        let (client, statement) = self.prepared(sql).await?;
        self.noted(client.query_opt(&statement, params).await)
    }

    /// Runs a query that gives exactly one row.
    ///
    /// # Errors
    /// When PostgreSQL refuses it or there is not exactly one row.
    pub async fn query_one(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Row, Error> {
        let (client, statement) = self.prepared(sql).await?;
        self.noted(client.query_one(&statement, params).await)
    }

    /// Runs a statement and says how many rows it touched.
    ///
    /// # Errors
    /// When PostgreSQL refuses it.
    pub async fn execute(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        let (client, statement) = self.prepared(sql).await?;
        self.noted(client.execute(&statement, params).await)
    }

    /// Streams the rows of a query, with back-pressure.
    ///
    /// # Errors
    /// When PostgreSQL refuses it.
    pub async fn stream(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<RowStream, Error> {
        let (client, statement) = self.prepared(sql).await?;
        self.noted(client.query_raw(&statement, params.iter().copied()).await)
    }

    /// Runs statements without parameters, one after another.
    ///
    /// # Errors
    /// When PostgreSQL refuses one.
    pub async fn batch(&self, sql: &str) -> Result<(), Error> {
        self.noted(self.client()?.batch_execute(sql).await)
    }

    /// Marks a point to which [`Tx::undo`] comes back.
    ///
    /// # Errors
    /// When the savepoint itself cannot be made or left.
    pub async fn savepoint(&mut self) -> Result<(), Error> {
        self.batch("savepoint step").await
    }

    /// Keeps what was done since [`Tx::savepoint`].
    ///
    /// # Errors
    /// When a statement since then failed.
    pub async fn keep(&mut self) -> Result<(), Error> {
        self.batch("release savepoint step").await
    }

    /// Undoes what was done since [`Tx::savepoint`].
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn undo(&mut self, recorded_before: u32) -> Result<(), Error> {
        self.batch("rollback to savepoint step; release savepoint step").await?;
        self.failed.store(false, Ordering::Relaxed);
        self.recorded = recorded_before;
        Ok(())
    }

    /// Makes what was done permanent.
    ///
    /// # Errors
    /// When an earlier statement failed, or the commit itself does.
    pub async fn commit(mut self) -> Result<(), Error> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(Error::Broken("a statement of this transaction failed, so nothing was committed".into()));
        }
        self.noted(self.client()?.batch_execute("commit").await)?;
        self.client = None;
        Ok(())
    }

    /// How many changes were recorded in the audit trail by this transaction.
    pub fn recorded(&self) -> u32 {
        self.recorded
    }

    /// The change set of this transaction; `make` gives its identifier when it is asked for first.
    pub(crate) fn change_set(&mut self, make: impl FnOnce() -> Uuid) -> Uuid {
        *self.change_set.get_or_insert_with(make)
    }

    pub(crate) fn note_recorded(&mut self) {
        self.recorded += 1;
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        let turn = self.turn.take();
        match tokio::runtime::Handle::try_current() {
            // The rollback is queued behind whatever was cut off, so the connection comes back clean or not at all.
            Ok(runtime) => {
                runtime.spawn(async move {
                    if client.batch_execute("rollback").await.is_err() {
                        drop(Object::take(client));
                    }
                    drop(turn);
                });
            }
            Err(_) => drop(Object::take(client)),
        }
    }
}
