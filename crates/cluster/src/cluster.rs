//! The private PostgreSQL of one data directory, from nothing to serving and back.

use crate::account::Account;
use crate::binaries::{Binaries, Version};
use crate::error::{Doing, Error};
use crate::layout::{Connections, DATABASE, Layout, OWNER_ROLE, Role};
use crate::lock::InstanceLock;
use crate::server::{Lifetime, Server, make_cluster};
use crate::settings::{Durability, held_back_mb, memory_bytes, pg_hba_conf, pg_ident_conf, postgresql_conf};
use crate::{processes, supervise};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The variable that names the account to become when started as root.
pub const USER_VARIABLE: &str = "THROUGHLINE_PG_USER";

/// How to start a private cluster.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where everything lives. Made if missing.
    pub data_dir: PathBuf,
    /// Where PostgreSQL's programs are; `None`: `THROUGHLINE_PG_BIN`, else the newest suitable of the usual places.
    pub binaries: Option<PathBuf>,
    /// The account to become when started as root; `None`: `THROUGHLINE_PG_USER`, else `postgres`, else `nobody`.
    /// Existing data keep the account that owns them.
    pub user: Option<String>,
    /// Whether commits wait for the disk.
    pub durability: Durability,
    /// How long the server may live.
    pub lifetime: Lifetime,
    /// How long to wait for the first connection; recovery after a crash takes as long as there is log to replay.
    pub start_patience: Duration,
    /// How long a fast shutdown may take before it becomes an immediate one.
    pub stop_patience: Duration,
}

impl Options {
    /// Durable, ending with this process, five minutes to start, ten seconds to stop.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            binaries: None,
            user: None,
            durability: Durability::Durable,
            lifetime: Lifetime::Process,
            start_patience: Duration::from_secs(300),
            stop_patience: Duration::from_secs(10),
        }
    }
}

/// What the server is doing at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It takes connections.
    Serving,
    /// It ended unexpectedly and is being started again; connections are refused.
    Recovering,
    /// It was stopped on purpose.
    Stopped,
}

/// A running private PostgreSQL. Stop it with [`Cluster::stop`]; dropping it stops it too, but blocks the thread.
#[derive(Debug)]
pub struct Cluster {
    pub(crate) inner: Arc<Inner>,
    supervisor: Option<tokio::task::JoinHandle<()>>,
}

/// What the supervisor shares with the handle.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) options: Options,
    pub(crate) binaries: Binaries,
    pub(crate) account: Account,
    pub(crate) layout: Layout,
    pub(crate) connections: Connections,
    pub(crate) state: watch::Sender<State>,
    server: Mutex<Option<Server>>,
    _lock: InstanceLock,
}

impl Cluster {
    /// Makes the cluster if there is none, ends what an earlier crash left behind, starts the server, and sees to the
    /// database and its owner. Returns once the server takes connections.
    ///
    /// # Errors
    /// Each [`Error`] says what to do: no programs, no account, unreachable or foreign data, a second instance.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let layout = Layout::prepare(&options.data_dir)?;
        let lock = InstanceLock::take(&layout.root)?;
        let binaries = Binaries::find(options.binaries.as_deref(), layout.existing_major())?;
        let wanted = options.user.clone().or_else(|| std::env::var(USER_VARIABLE).ok());
        let account = Account::choose(wanted.as_deref(), &layout.pgdata)?;
        layout.protect(&account)?;
        account.check_reach(&layout.root)?;

        processes::clear(&layout.pgdata).await?;
        if layout.existing_major().is_none() {
            make_cluster(&binaries, &account, &layout, options.durability == Durability::Durable).await?;
        }
        let (connections, new_passwords) = connections(&layout, &account)?;
        configure(&layout, &account, &connections, options.durability)?;

        let mut server = Server::spawn(&binaries, &account, &layout, &options.lifetime, &[])?;
        let client = server.ready(&layout, &connections.superuser(), options.start_patience).await?;
        furnish(&client, &connections, new_passwords).await?;
        tracing::info!(
            postgres.version = %binaries.version(), postmaster.pid = server.pid(), data_dir = %layout.root.display(),
            "PostgreSQL is serving"
        );
        let inner = Inner {
            options,
            binaries,
            account,
            layout,
            connections,
            state: watch::Sender::new(State::Serving),
            server: Mutex::new(Some(server)),
            _lock: lock,
        };
        Ok(Self { inner: Arc::new(inner), supervisor: None })
    }

    /// Starts the server again whenever it ends unexpectedly. Every committed transaction is there afterwards: that is
    /// what PostgreSQL's crash recovery does. [`Cluster::state`] tells when it serves again.
    #[must_use]
    pub fn supervise(mut self) -> Self {
        if self.supervisor.is_none() {
            self.supervisor = Some(tokio::spawn(supervise::run(Arc::clone(&self.inner))));
        }
        self
    }

    /// Follows what the server is doing, for readiness checks.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.inner.state.subscribe()
    }

    /// How to reach the database.
    #[must_use]
    pub fn connections(&self) -> &Connections {
        &self.inner.connections
    }

    /// The release of the server.
    #[must_use]
    pub fn version(&self) -> Version {
        self.inner.binaries.version()
    }

    /// The programs the server was started from, such as `pg_dump`.
    #[must_use]
    pub fn binaries(&self) -> &Binaries {
        &self.inner.binaries
    }

    /// The process id of the postmaster, while there is one.
    #[must_use]
    pub fn postmaster_pid(&self) -> Option<u32> {
        self.inner.server().as_ref().map(Server::pid)
    }

    /// Gives the roles that the migrations made (`application_user`, `readonly_user`) their passwords, so that they can
    /// sign in. Call it after migrating; repeating it is harmless.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn open_logins(&self) -> Result<(), Error> {
        let (client, connection) = self
            .inner
            .connections
            .superuser()
            .connect(tokio_postgres::NoTls)
            .await
            .doing(|| "connect to the private cluster".to_owned())?;
        let conversation = tokio::spawn(connection);
        let done = set_passwords(&client, &self.inner.connections).await;
        drop(client);
        let _ = conversation.await;
        done
    }

    /// Stops the server: open transactions are rolled back, everything committed is on disk. A server that shares its
    /// life with a heartbeat is stopped as well.
    pub async fn stop(mut self) {
        self.inner.state.send_replace(State::Stopped);
        if let Some(supervisor) = self.supervisor.take() {
            supervisor.abort();
            let _ = supervisor.await;
        }
        let server = self.inner.server().take();
        if let Some(server) = server {
            server.stop(self.inner.options.stop_patience).await;
        }
        self.inner.layout.remove_outside_socket(&self.inner.connections.socket_directory);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if *self.inner.state.borrow() == State::Stopped {
            return;
        }
        self.inner.state.send_replace(State::Stopped);
        if let Some(supervisor) = self.supervisor.take() {
            supervisor.abort();
        }
        let server = self.inner.server().take();
        if self.inner.options.lifetime == Lifetime::Process {
            drop(server);
            self.inner.layout.remove_outside_socket(&self.inner.connections.socket_directory);
        }
    }
}

impl Inner {
    /// The server, if it runs. The lock is never held across an await.
    pub(crate) fn server(&self) -> MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The remembered passwords, or new ones (then `true`), with a socket directory that exists.
pub(crate) fn connections(layout: &Layout, account: &Account) -> Result<(Connections, bool), Error> {
    let remembered = Connections::remembered(&layout.root)?;
    let previous = remembered.as_ref().map(|connections| connections.socket_directory.clone());
    let socket_directory = layout.socket_directory(account, previous.as_deref())?;
    let new_passwords = remembered.is_none();
    let mut connections = remembered.unwrap_or_else(|| Connections::generate(socket_directory.clone()));
    if new_passwords || connections.socket_directory != socket_directory {
        connections.socket_directory = socket_directory;
        connections.write(&layout.root)?;
    }
    Ok((connections, new_passwords))
}

/// Writes the server's configuration files where they differ from what they should say.
pub(crate) fn configure(
    layout: &Layout,
    account: &Account,
    connections: &Connections,
    durability: Durability,
) -> Result<(), Error> {
    let held_back = held_back_mb(&layout.pgdata);
    let main = postgresql_conf(&connections.socket_directory, durability, memory_bytes(), held_back);
    for (name, text) in
        [("postgresql.conf", main), ("pg_hba.conf", pg_hba_conf()), ("pg_ident.conf", pg_ident_conf(account))]
    {
        let path = layout.pgdata.join(name);
        if std::fs::read_to_string(&path).is_ok_and(|present| present == text) {
            continue;
        }
        account.write_file(&layout.pgdata, name, &text)?;
    }
    Ok(())
}

/// Sees to the owner role and the database. Every step can be repeated, because a crash may come between them.
pub(crate) async fn furnish(
    client: &tokio_postgres::Client,
    connections: &Connections,
    new_passwords: bool,
) -> Result<(), Error> {
    let doing = || "prepare the database and its owner".to_owned();
    let found = client
        .query_one(
            "select exists (select from pg_roles where rolname = $1), exists (select from pg_database where datname = $2)",
            &[&OWNER_ROLE, &DATABASE],
        )
        .await
        .doing(doing)?;
    let (has_owner, has_database): (bool, bool) = (found.get(0), found.get(1));
    if !has_owner {
        // May make roles for the application and scratch databases for `migrate verify`; may not see past row security.
        let sql = format!("create role {OWNER_ROLE} login nosuperuser nobypassrls createrole createdb");
        client.batch_execute(&sql).await.doing(doing)?;
    }
    // To see how long everybody's transactions are open; what they do to the rows of others stays out of its sight.
    client.batch_execute(&format!("grant pg_read_all_stats to {OWNER_ROLE}")).await.doing(doing)?;
    if !has_owner || new_passwords {
        for role in [Role::Owner, Role::Application, Role::Readonly] {
            set_password(client, connections, role).await?;
        }
    }
    if !has_database {
        let sql = format!("create database {DATABASE} owner {OWNER_ROLE} template template0");
        client.batch_execute(&sql).await.doing(doing)?;
        // Nobody but the owner and those the migrations name may connect.
        client.batch_execute(&format!("revoke all on database {DATABASE} from public")).await.doing(doing)?;
    }
    Ok(())
}

/// What [`Cluster::open_logins`] does, on a connection of the cluster's superuser.
///
/// # Errors
/// When the server refuses.
pub async fn set_passwords(client: &tokio_postgres::Client, connections: &Connections) -> Result<(), Error> {
    for role in [Role::Application, Role::Readonly] {
        set_password(client, connections, role).await?;
    }
    Ok(())
}

/// Sets the password of a role, if the role exists.
async fn set_password(client: &tokio_postgres::Client, connections: &Connections, role: Role) -> Result<(), Error> {
    let (name, password) = connections.credentials(role);
    // Passwords are hexadecimal digits and names are constants, so they can stand in the text.
    let sql = format!(
        "do $do$ begin if exists (select from pg_roles where rolname = '{name}') then \
         alter role {name} login password '{password}'; end if; end $do$"
    );
    client.batch_execute(&sql).await.doing(|| format!("set the password of {name}"))?;
    if role != Role::Owner {
        let sql = format!(
            "do $do$ begin if exists (select from pg_roles where rolname = '{name}') and \
             exists (select from pg_database where datname = '{DATABASE}') then \
             grant connect on database {DATABASE} to {name}; end if; end $do$"
        );
        client.batch_execute(&sql).await.doing(|| format!("let {name} connect"))?;
    }
    Ok(())
}
