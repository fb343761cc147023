//! A database of one's own, cloned from a migrated template.

use crate::shared::{self, Failure};
use cluster::migrate::{Migrator, Source, Target};
use cluster::{Connections, OWNER_ROLE, Role};
use sha2::{Digest, Sha256};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio_postgres::{Client, Config, NoTls};

/// Puts something into a database once, for all that are cloned from it.
pub(crate) type Settle = for<'a> fn(&'a Database) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// How often to begin again when the shared server went away between being found and being used.
const ATTEMPTS: usize = 3;

/// A migrated, empty database that nobody else uses. Dropping it drops the database.
#[derive(Debug)]
pub struct Database {
    /// Its name in the shared cluster.
    pub name: String,
    /// Connects as the role that owns the schema.
    pub owner_config: Config,
    /// Connects as the role that serves requests and is subject to row security. It can sign in once the migrations make
    /// the role `application_user`.
    pub application_config: Config,
    superuser: Config,
    log: PathBuf,
}

impl Database {
    /// A fresh database with the migrations that belong to this build.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or a migration fails.
    pub async fn fresh() -> Result<Self, Failure> {
        Self::with(Source::embedded()?).await
    }

    /// A fresh database with other migrations.
    ///
    /// # Errors
    /// As [`Database::fresh`].
    pub async fn with(source: Source) -> Result<Self, Failure> {
        Self::within(&shared::directory(), source).await
    }

    /// A fresh database with the migrations that belong to this build and what `settle` put into the first of its kind. It is
    /// settled once for each program of tests: a program that was built again settles its own.
    pub(crate) async fn settled(settle: Settle) -> Result<Self, Failure> {
        Self::cloned(&shared::directory(), Source::embedded()?, Some(settle)).await
    }

    pub(crate) async fn within(directory: &Path, source: Source) -> Result<Self, Failure> {
        Self::cloned(directory, source, None).await
    }

    async fn cloned(directory: &Path, source: Source, settle: Option<Settle>) -> Result<Self, Failure> {
        let mut last: Option<Failure> = None;
        for _ in 0..ATTEMPTS {
            match clone(directory, &source, settle).await {
                Ok(database) => return Ok(database),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| "no attempt was made".into()))
    }

    fn named(name: String, directory: &Path, connections: &Connections) -> Self {
        let config = |role| {
            let mut config = connections.config(role);
            config.dbname(&name);
            config
        };
        let (owner_config, application_config) = (config(Role::Owner), config(Role::Application));
        Self {
            name,
            owner_config,
            application_config,
            superuser: connections.superuser(),
            log: directory.join("data/postgres.log"),
        }
    }
}

fn template_of(source: &Source) -> String {
    format!("template_{}", &source.fingerprint()[..16])
}

/// Sixteen characters for the running program as it was last built, over that template: eight for where it lies.
fn program(template: &str) -> Result<String, Failure> {
    let path = std::env::current_exe()?;
    let about = std::fs::metadata(&path)?;
    let built = about.modified()?.duration_since(std::time::SystemTime::UNIX_EPOCH)?.as_nanos();
    let short = |text: &[u8]| Sha256::digest(text).iter().take(4).map(|byte| format!("{byte:02x}")).collect::<String>();
    let place = short(path.as_os_str().as_encoded_bytes());
    Ok(place + &short(format!("{template} {built} {}", about.len()).as_bytes()))
}

impl Database {
    /// What the server has written down about this database since its log was `from` bytes long, and how long it is now.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn log(&self, from: u64) -> Result<(String, u64), Failure> {
        let mut file = std::fs::File::open(&self.log)?;
        file.seek(SeekFrom::Start(from))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let of_this = format!("@{} ", self.name);
        let (mut lines, mut keep) = (String::new(), false);
        for line in String::from_utf8_lossy(&text).lines() {
            // What follows a line is indented and belongs to it.
            keep = if line.starts_with('\t') { keep } else { line.contains(&of_this) };
            if keep {
                lines += line;
                lines.push('\n');
            }
        }
        Ok((lines, from + text.len() as u64))
    }

    /// Connects as a role that row security does not hold for: to look at what a test did, never to do it.
    pub fn superuser_config(&self) -> &Config {
        &self.superuser
    }
}

impl Drop for Database {
    /// Best effort: what stays is dropped by a later test process.
    fn drop(&mut self) {
        let (superuser, name) = (self.superuser.clone(), self.name.clone());
        // A test's own runtime may be ending at this moment, so the conversation gets one of its own.
        let conversation = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async {
                let client = connect(&superuser).await.ok()?;
                send_away(&client, &name).await.ok()?;
                client.batch_execute(&format!("drop database if exists \"{name}\" with (force)")).await.ok()
            })
        });
        let _ = conversation.join();
    }
}

/// Ends the connections to a database and looks often whether they are gone: `drop database` looks ten times a second.
async fn send_away(client: &Client, name: &str) -> Result<(), tokio_postgres::Error> {
    let connected = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1";
    for _ in 0..500 {
        if client.query(connected, &[&name]).await?.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

async fn clone(directory: &Path, source: &Source, settle: Option<Settle>) -> Result<Database, Failure> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let (connections, client) = shared::connect(directory).await?;
    let mut template = template_of(source);
    if !exists(&client, &template).await? {
        make_template(directory, &client, &connections, source, &template).await?;
    }
    if let Some(settle) = settle {
        let settled = format!("settled_{}", program(&template)?);
        if !exists(&client, &settled).await? {
            let _turn = shared::turn(directory).await?;
            if !exists(&client, &settled).await? {
                make_settled(directory, &client, &connections, &template, &settled, settle).await?;
            }
        }
        template = settled;
    }
    if NUMBER.load(Ordering::Relaxed) == 0 {
        sweep(&client).await;
    }
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}_{:08x}", std::process::id(), rand::random::<u32>());
    copy(&client, &name, &template).await?;
    Ok(Database::named(name, directory, &connections))
}

/// Copies file by file: writing the copy to the log as well, which is the default, takes three times as long.
async fn copy(client: &Client, name: &str, template: &str) -> Result<(), Failure> {
    let sql = format!("create database {name} owner {OWNER_ROLE} template {template} strategy file_copy");
    Ok(client.batch_execute(&sql).await?)
}

/// Nobody may connect to a template: one connection would make cloning fail for everybody.
async fn close_as(client: &Client, name: &str, template: &str) -> Result<(), Failure> {
    client.batch_execute(&format!("alter database {name} with allow_connections false")).await?;
    client.batch_execute(&format!("alter database {name} rename to {template}")).await?;
    Ok(())
}

/// Settles a database aside, with statistics for what is in it: nothing gathers them later, and without them the questions
/// every request asks are answered by plans for tables of another size.
async fn make_settled(
    directory: &Path,
    client: &Client,
    connections: &Connections,
    template: &str,
    settled: &str,
    settle: Settle,
) -> Result<(), Failure> {
    // What the same program left before it was built again.
    let before = "select datname::text from pg_database where starts_with(datname, $1)";
    for row in client.query(before, &[&&settled[..settled.len() - 8]]).await? {
        client.batch_execute(&format!("drop database if exists {} with (force)", row.get::<_, String>(0))).await?;
    }
    let building = format!("{settled}_building");
    copy(client, &building, template).await?;
    // Were it a `Database`, it would drop itself at the end under a name it no longer has.
    let database = std::mem::ManuallyDrop::new(Database::named(building.clone(), directory, connections));
    settle(&database).await?;
    let mut superuser = connections.superuser();
    let inside = connect(superuser.dbname(&building)).await?;
    let filled = "select oid::regclass::text from pg_class where relkind = 'r' and not relisshared and pg_relation_size(oid) > 0";
    for row in inside.query(filled, &[]).await? {
        inside.batch_execute(&format!("analyze {}", row.get::<_, String>(0))).await?;
    }
    send_away(client, &building).await?;
    close_as(client, &building, settled).await
}

/// Migrates a database aside and gives it the template's name at the end, so that a template is whole or not there.
async fn make_template(
    directory: &Path,
    client: &Client,
    connections: &Connections,
    source: &Source,
    template: &str,
) -> Result<(), Failure> {
    let _turn = shared::turn(directory).await?;
    if exists(client, template).await? {
        return Ok(());
    }
    let building = format!("{template}_building");
    client.batch_execute(&format!("drop database if exists {building} with (force)")).await?;
    client.batch_execute(&format!("create database {building} owner {OWNER_ROLE} template template0")).await?;
    let mut config = connections.config(Role::Owner);
    config.dbname(&building);
    Migrator::new(source.clone()).up(&config, Target::Next, &mut |_| {}).await?;
    cluster::set_passwords(client, connections).await?;
    close_as(client, &building, template).await
}

/// Drops some databases of test processes that are gone: a few at a time, so that no test waits long for it.
async fn sweep(client: &Client) {
    let Ok(rows) = client.query("select datname::text from pg_database where datname like 'test\\_%'", &[]).await
    else {
        return;
    };
    let names = rows.iter().map(|row| row.get::<_, String>(0));
    let abandoned = names.filter(|name| {
        name.split('_').nth(1).and_then(|pid| pid.parse().ok()).is_some_and(|pid| !cluster::is_alive(pid))
    });
    for name in abandoned.take(3) {
        // Another process may be dropping it at the same moment.
        let _ = client.batch_execute(&format!("drop database if exists \"{name}\" with (force)")).await;
    }
}

async fn exists(client: &Client, name: &str) -> Result<bool, Failure> {
    Ok(client.query_one("select exists (select from pg_database where datname = $1)", &[&name]).await?.get(0))
}

async fn connect(config: &Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn source(table: &str) -> Source {
        let up = format!(
            "create table {table} (n int);
             do $$ begin
               if not exists (select from pg_roles where rolname = 'application_user') then
                 create role application_user login noinherit nobypassrls;
               end if;
             end $$;
             grant select, insert on {table} to application_user;"
        );
        Source::from_files([("V001__a.sql".into(), up), ("U001__a.sql".into(), format!("drop table {table};"))])
            .unwrap()
    }

    fn home() -> tempfile::TempDir {
        let home = tempfile::Builder::new().prefix("throughline-testkit-").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        home
    }

    async fn count(config: &Config, sql: &str) -> i64 {
        connect(config).await.unwrap().query_one(sql, &[]).await.unwrap().get(0)
    }

    #[tokio::test]
    async fn databases_are_apart_and_both_roles_can_sign_in() {
        let home = home();
        let first = Database::within(home.path(), source("t")).await.unwrap();
        let second = Database::within(home.path(), source("t")).await.unwrap();
        connect(&first.application_config).await.unwrap().batch_execute("insert into t values (1)").await.unwrap();
        assert_eq!(count(&first.owner_config, "select count(*) from t").await, 1);
        assert_eq!(count(&second.owner_config, "select count(*) from t").await, 0);

        let (superuser, name) = (first.superuser.clone(), first.name.clone());
        drop(first);
        let left = format!("select count(*) from pg_database where datname = '{name}'");
        assert_eq!(count(&superuser, &left).await, 0, "dropping it drops the database");
        assert_eq!(
            count(&superuser, &format!("select count(*) from pg_database where datname = '{}'", second.name)).await,
            1
        );

        let other = Database::within(home.path(), source("u")).await.unwrap();
        assert_eq!(
            count(&other.owner_config, "select count(*) from u").await,
            0,
            "other migrations get another template"
        );
        drop((second, other));
        shared::stop(home.path()).await.unwrap();
        assert!(!home.path().exists());
    }

    #[tokio::test]
    async fn many_that_come_at_once_share_one_server_and_one_template() {
        let home = home();
        let path = home.path().to_path_buf();
        let mut comers = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let path = path.clone();
            comers.spawn(async move {
                let database = Database::within(&path, source("t")).await.unwrap();
                let server =
                    count(&database.superuser, "select extract(epoch from pg_postmaster_start_time())::bigint").await;
                assert_eq!(count(&database.owner_config, "select count(*) from t").await, 0);
                tokio::task::spawn_blocking(move || drop(database)).await.unwrap();
                server
            });
        }
        let servers: std::collections::BTreeSet<i64> = comers.join_all().await.into_iter().collect();
        assert_eq!(servers.len(), 1);
        shared::stop(&path).await.unwrap();
    }

    #[tokio::test]
    async fn an_interrupted_run_leaves_no_server_behind() {
        let home = home();
        drop(Database::within(home.path(), source("t")).await.unwrap());
        let pid_file = home.path().join("data/postgres/postmaster.pid");
        assert!(pid_file.exists(), "the server outlives its users for a while");
        let heartbeat = std::fs::File::options().write(true).open(home.path().join("heartbeat")).unwrap();
        let began = std::time::Instant::now();
        while pid_file.exists() {
            assert!(began.elapsed() < std::time::Duration::from_secs(30), "the server still runs without a heartbeat");
            heartbeat.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(600)).unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        // And the next run finds its way from there.
        drop(Database::within(home.path(), source("t")).await.unwrap());
        shared::stop(home.path()).await.unwrap();
    }

    #[tokio::test]
    async fn what_a_dead_process_left_is_swept_and_the_living_keep_theirs() {
        let home = home();
        let mine = Database::within(home.path(), source("t")).await.unwrap();
        let mut gone = std::process::Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        let client = connect(&mine.superuser).await.unwrap();
        client.batch_execute(&format!("create database test_{}_0_00000000", gone.id())).await.unwrap();
        sweep(&client).await;
        let left = count(&mine.superuser, "select count(*) from pg_database where datname like 'test\\_%'").await;
        assert_eq!(left, 1, "only the living one's database is left");
        assert!(exists(&client, &mine.name).await.unwrap());
        drop((client, mine));
        shared::stop(home.path()).await.unwrap();
    }
}
