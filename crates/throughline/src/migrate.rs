//! `throughline migrate`

use std::{path::Path, process::ExitCode};

use cluster::{
    Database, Role,
    migrate::{Event, Migrator, Source, Target},
};

use crate::{cli::Migrate, database, failure::Failure};

/// Runs one move of the schema on the database in use. An embedded database that is not running is started for it.
pub(crate) async fn run(data: &Path, what: Migrate, json: bool) -> Result<ExitCode, Failure> {
    let database = database::open(data).await?;
    let outcome = act(&database, what, json).await;
    database.stop().await;
    outcome
}

async fn act(database: &Database, what: Migrate, json: bool) -> Result<ExitCode, Failure> {
    let migrator = Migrator::new(Source::embedded()?);
    let owner = database::owner(database)?;
    let mut say = |event: Event<'_>| {
        if !json {
            println!("{event}");
        }
    };
    match what {
        Migrate::Up { to } => {
            let newest = migrator.source().newest();
            migrator.up(&owner, Target::To(to.unwrap_or(newest)), &mut say).await?;
            if let Database::Embedded(cluster) = database {
                cluster.open_logins().await?;
            }
        }
        Migrate::Down { to } => {
            migrator.down(&owner, to.map_or(Target::Next, Target::To), &mut say).await?;
        }
        Migrate::Status => {}
        Migrate::Verify => {
            let Database::Embedded(cluster) = database else {
                return Err(Failure::new(
                    "verify needs a scratch database and pg_dump; run it on the embedded database",
                ));
            };
            let admin = cluster.connections().superuser();
            let verified = migrator
                .verify(&admin, &cluster.connections().config(Role::Owner), &cluster.binaries().program("pg_dump"))
                .await?;
            println!("{verified}");
            return Ok(ExitCode::SUCCESS);
        }
    }
    let status = migrator.status(&owner).await?;
    if json {
        println!("{}", serde_json::json!({"current": status.current(), "pending": status.pending()}));
    } else {
        println!("{status}");
    }
    Ok(if status.pending() == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
