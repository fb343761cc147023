//! `throughline migrate`

use std::{path::Path, process::ExitCode};

use cluster::{
    Database, Role,
    migrate::{Condition, Event, Migrator, Source, Status, Target},
};

use crate::{
    administration::{self, Command},
    cli::Migrate,
    database,
    failure::Failure,
};

/// Runs one move of the schema on the database in use. An embedded database that is not running is started for it.
pub(crate) async fn run(data: &Path, what: Migrate, json: bool) -> Result<ExitCode, Failure> {
    let database = database::open(data).await?;
    let moves = match &what {
        Migrate::Up { .. } => Some(("throughline migrate up", "Moved the schema forward")),
        Migrate::Down { .. } => Some(("throughline migrate down", "Moved the schema back")),
        Migrate::Status | Migrate::Verify => None,
    };
    let outcome = act(&database, what, json).await;
    if let Some((called, said)) = moves {
        let done = Command {
            event: "database.migrated",
            called,
            said,
            risk: "high",
            error: outcome.as_ref().err().map(ToString::to_string),
            besides: serde_json::json!({"program": env!("CARGO_PKG_VERSION")}),
        };
        administration::note(&database, done).await;
    }
    database.stop().await;
    outcome
}

async fn act(database: &Database, what: Migrate, json: bool) -> Result<ExitCode, Failure> {
    let migrator = Migrator::new(Source::embedded()?);
    let owner = database::owner(database)?;
    let mut say = |event: Event<'_>| {
        if !json {
            println!("{}", told(event));
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
            println!(
                "up, down and up again: {} steps, and the schema is the same ({} lines compared)",
                verified.steps, verified.dump_lines
            );
            return Ok(ExitCode::SUCCESS);
        }
    }
    let status = migrator.status(&owner).await?;
    if json {
        println!("{}", serde_json::json!({"current": status.current(), "pending": status.pending()}));
    } else {
        print(&status);
    }
    Ok(if status.pending() == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn told(event: Event<'_>) -> String {
    match event {
        Event::Waiting => "another process migrates this database; waiting for it".into(),
        Event::Begin { file, number, of } => format!("[{number}/{of}] {file}"),
        Event::Blocked { file, attempt, pause } => {
            format!(
                "{file}: somebody holds a lock it needs; try {attempt} failed, again in {:.1} s",
                pause.as_secs_f64()
            )
        }
        Event::Done { file, took } => format!("{file}: done in {} ms", took.as_millis()),
    }
}

fn print(status: &Status) {
    for step in &status.steps {
        let condition = match &step.condition {
            Condition::Pending => "pending".to_owned(),
            Condition::Applied { at, by, execution_ms } => format!("applied {at} by {by} in {execution_ms} ms"),
            Condition::Undone { at } => format!("undone {at}"),
        };
        println!("V{:03} {:40} {condition}", step.version, step.name);
    }
    for problem in &status.problems {
        println!("  ! {problem}");
    }
}
