//! The database in use: the embedded one, or the one of `DATABASE_URL`.

use std::{path::Path, time::Duration};

use cluster::{
    Connections, Database, Options, Role,
    migrate::{Event, Migrator, Source, Target},
};
use tokio_postgres::Client;
use wire::Way;

use crate::{
    cli::{Db, RoleName},
    failure::Failure,
    settings,
};

/// Opens the database: starts the embedded one, or checks the external one.
pub(crate) async fn open(data: &Path) -> Result<Database, Failure> {
    let url = settings::said("database_url");
    Ok(Database::open(url.as_deref(), Options::new(data)).await?)
}

/// The same for what looks after a database: beside a server that already runs the embedded one.
pub(crate) async fn open_beside(data: &Path) -> Result<Database, Failure> {
    let url = settings::said("database_url");
    Ok(Database::open_beside(url.as_deref(), Options::new(data)).await?)
}

/// How the owner connects: for an external database by `THROUGHLINE_OWNER_URL`, where the application's own role may
/// not migrate.
pub(crate) fn owner(database: &Database) -> Result<Way, Failure> {
    match settings::said("owner_url") {
        Some(url) => Way::read(&url).map_err(|why| Failure::new(format!("THROUGHLINE_OWNER_URL {why}"))),
        None => Ok(database.way(Role::Owner)),
    }
}

/// Applies what is pending, saying so.
pub(crate) async fn migrate(database: &Database) -> Result<(), Failure> {
    let migrator = Migrator::new(Source::embedded()?);
    migrator
        .up(&owner(database)?, Target::To(migrator.source().newest()), &mut |event: Event<'_>| {
            if let Event::Done { file, took } = event {
                tracing::info!(file, duration_ms = took.as_millis() as u64, "migrated");
            }
        })
        .await?;
    if let Database::Embedded(cluster) = database {
        cluster.open_logins().await?;
    }
    Ok(())
}

/// Talks over a connection of its own, which ends with the talk: for what another role has to do, or what takes longer than a
/// request may.
pub(crate) async fn talk<T>(
    way: impl Into<Way>,
    what: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let way: Way = way.into();
    let (client, connection) = way.connect().await?;
    let driver = tokio::spawn(connection);
    let outcome = what(&client).await;
    drop(client);
    let _ = tokio::time::timeout(Duration::from_secs(1), driver).await;
    outcome
}

/// Refuses a role that row security does not hold for.
pub(crate) async fn refuse_strong_roles(way: &Way) -> Result<(), Failure> {
    let sql = "select r.rolname::text, r.rolsuper, r.rolbypassrls,
                    exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                             where c.relowner = r.oid and c.relkind in ('r', 'p')
                               and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_')
               from pg_roles r where r.rolname = current_user";
    let row = talk(way, async |client| Ok(client.query_one(sql, &[]).await?)).await?;
    let (name, superuser, bypasses, owns): (String, bool, bool, bool) =
        (row.get(0), row.get(1), row.get(2), row.get(3));
    let fault = match (superuser, bypasses, owns) {
        (true, _, _) => "is a superuser",
        (_, true, _) => "bypasses row security",
        (_, _, true) => "owns tables",
        _ => return Ok(()),
    };
    Err(Failure::new(format!(
        "refusing to serve as the role {name}: it {fault}, so row security would not hold. \
         Let DATABASE_URL name application_user, and THROUGHLINE_OWNER_URL the role that migrates."
    )))
}

/// `throughline db url`
pub(crate) fn print_url(data: &Path, what: &Db) -> Result<(), Failure> {
    let Db::Url { role } = what;
    let url = match settings::said("database_url") {
        Some(url) => url,
        None => Connections::read(data)?.url(match role {
            RoleName::Owner => Role::Owner,
            RoleName::Application => Role::Application,
            RoleName::Readonly => Role::Readonly,
        }),
    };
    println!("{url}");
    Ok(())
}
