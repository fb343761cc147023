//! `throughline backup` and `throughline restore`, for the embedded database.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use backup::{Key, Manifest, Repository};
use clap::{Args, Subcommand};
use cluster::{Cluster, Options, Role};
use jiff::Timestamp;

use crate::{
    administration::{self, Command},
    backing_up::{self, Plan},
    cli::BackupPlace,
    database,
    failure::Failure,
    rehearse, settings,
};

/// What to back up, and where to.
#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    #[command(flatten)]
    place: BackupPlace,
    #[command(subcommand)]
    what: Option<What>,
}

/// What to do with backups.
#[derive(Debug, Subcommand)]
enum What {
    /// Make a key in a new file. Keep a copy of it elsewhere: without it nobody can read the backups.
    Key {
        /// The file to make.
        file: PathBuf,
    },
    /// List the full backups.
    List,
    /// Read everything that is stored and say whether it is what was stored, without restoring and without the key. Exit
    /// code 1: something is damaged, missing, or has a gap.
    Verify {
        /// Only the newest full backup and the log since.
        #[arg(long)]
        newest: bool,
    },
    /// Remove what is older than it has to be kept: full backups 30 days, the log 14. A backup does the same.
    Prune,
    /// Restore into a scratch place, compare every row, check the audit trail, and say how much would have been lost and how
    /// long it took. Exit code 1: something differs, or a goal is missed.
    Drill {
        /// The scratch place; it must not be there yet, and is removed afterwards.
        #[arg(long, value_name = "DIR")]
        scratch: Option<PathBuf>,
    },
}

/// What to bring back.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    #[command(flatten)]
    place: BackupPlace,
    /// The moment to go back to, such as 2026-11-29T12:00:05Z: everything committed until then is there, and nothing after.
    /// Without it: all there is.
    #[arg(long, value_name = "MOMENT")]
    to: Option<Timestamp>,
    /// The full backup to begin with, such as 20261129T010000Z; the newest from before the moment when nothing is said.
    #[arg(long, value_name = "LABEL")]
    backup: Option<String>,
    /// The timeline to follow, where an earlier restore has branched one off; the newest when nothing is said.
    #[arg(long, value_name = "NUMBER")]
    timeline: Option<u32>,
    /// For how many hours PostgreSQL may replay the log.
    #[arg(long, default_value_t = 24, value_name = "HOURS")]
    patience: u64,
}

/// `throughline backup`
pub(crate) async fn run(data: &Path, arguments: BackupArguments, json: bool) -> Result<ExitCode, Failure> {
    let place = &arguments.place;
    match arguments.what {
        Some(What::Key { file }) => make_key(&file, json),
        Some(What::List) => list(&repository(place)?, json).await,
        Some(What::Verify { newest }) => verify(&repository(place)?, newest, json).await,
        Some(What::Prune) => {
            let pruned = backup::prune(&repository(place)?, Timestamp::now()).await?;
            if json {
                println!("{}", serde_json::to_string(&pruned)?);
            } else {
                println!("removed {} full backups and {} segments of the log", pruned.backups, pruned.segments);
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(What::Drill { scratch }) => {
            let plan = plan(place, data)?;
            rehearse::run(data, &plan, scratch, json).await
        }
        None => {
            let plan = plan(place, data)?;
            let database = database::open_beside(data).await?;
            let outcome = match backing_up::superuser(&database) {
                Some(superuser) => backing_up::full(&plan, &superuser).await,
                None => Err(elsewhere()),
            };
            let done = Command {
                event: "backup.made",
                called: "throughline backup",
                said: "Made a full backup",
                risk: "high",
                error: outcome.as_ref().err().map(ToString::to_string),
                besides: serde_json::json!({"label": outcome.as_ref().ok().map(|manifest| manifest.label.to_string())}),
            };
            administration::note(&database, done).await;
            database.stop().await;
            let manifest = outcome?;
            if json {
                println!("{}", serde_json::to_string(&manifest)?);
            } else {
                println!(
                    "made the backup {}: {} of {} stored in {}",
                    manifest.label,
                    megabytes(manifest.bytes()),
                    megabytes(manifest.plain_bytes()),
                    plan.repository.place()
                );
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// A database of somebody else's.
pub(crate) fn elsewhere() -> Failure {
    Failure::new(
        "the database of DATABASE_URL runs elsewhere and is backed up there: docs/backup-and-recovery.md has the \
         configuration for pgBackRest",
    )
}

fn plan(place: &BackupPlace, data: &Path) -> Result<Plan, Failure> {
    let signing_key = settings::said("signing_key").map(PathBuf::from);
    Plan::of(place, data, signing_key)?.ok_or_else(no_place)
}

fn no_place() -> Failure {
    Failure::usage("no place for backups is named: --backup-repository DIRECTORY, or s3://BUCKET/PREFIX")
}

/// The place, for what needs no key.
fn repository(place: &BackupPlace) -> Result<Repository, Failure> {
    let named = place.backup_repository.as_ref().ok_or_else(no_place)?;
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Repository::open(named, false)?)
}

fn make_key(file: &Path, json: bool) -> Result<ExitCode, Failure> {
    let public = Key::make(file)?;
    if json {
        println!("{}", serde_json::json!({"file": file, "public_key": public}));
    } else {
        println!(
            "made {}; its public half is {public}\nKeep a copy of this file elsewhere, apart from the backups: without it \
             nobody can read them, and nobody can make it again.",
            file.display()
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(repository: &Repository, json: bool) -> Result<ExitCode, Failure> {
    let all = Manifest::all(repository).await?;
    if json {
        println!("{}", serde_json::to_string(&all)?);
        return Ok(ExitCode::SUCCESS);
    }
    for one in &all {
        println!("{}  {:>10}  PostgreSQL {}, schema {}", one.label, megabytes(one.bytes()), one.postgres, one.schema);
    }
    if all.is_empty() {
        println!("there are no backups in {}: make one with `throughline backup`", repository.place());
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(repository: &Repository, newest: bool, json: bool) -> Result<ExitCode, Failure> {
    let report = backup::verify(repository, newest).await?;
    if json {
        println!("{}", serde_json::json!({"ok": report.faults.is_empty(), "report": report}));
    } else {
        for one in &report.backups {
            let state = if one.sound { "sound  " } else { "DAMAGED" };
            println!(
                "{}  {state}  {:>10}  restores any moment from {:.0} to {:.0}",
                one.label,
                megabytes(one.bytes),
                one.from,
                one.to
            );
        }
        println!("read {} and {} segments of the log", megabytes(report.bytes), report.segments);
        for fault in &report.faults {
            println!("!! {fault}");
        }
    }
    Ok(if report.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// `throughline restore`
pub(crate) async fn restore(data: &Path, arguments: RestoreArguments, json: bool) -> Result<ExitCode, Failure> {
    let repository = repository(&arguments.place)?;
    let Some(file) = &arguments.place.backup_key else {
        return Err(Failure::usage(
            "name the file with the key of the backups with --backup-key; without it nobody can read them",
        ));
    };
    let key = Arc::new(Key::read(file)?);
    let plan = backup::Plan {
        moment: arguments.to,
        point: None,
        label: arguments.backup,
        timeline: arguments.timeline,
        patience: Duration::from_secs(arguments.patience.saturating_mul(3600)),
    };
    let restored = backup::restore(&repository, &key, &Options::new(data), &plan).await?;
    let besides = serde_json::json!({"to": arguments.to, "label": restored.label, "reaches": restored.log_reaches});
    if let Err(failure) = note_restore(data, besides).await {
        tracing::warn!("`throughline restore` could not be written into the audit trail: {failure}");
    }
    if json {
        println!("{}", serde_json::to_string(&restored)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "restored {} from the backup {} and {} segments of the log, in {:.1} + {:.1} s (fetched, replayed)",
        data.display(),
        restored.label,
        restored.segments,
        restored.fetched_seconds,
        restored.replayed_seconds
    );
    for line in &restored.said {
        println!("  PostgreSQL: {line}");
    }
    if let (Some(moment), Some(reaches)) = (arguments.to, restored.log_reaches)
        && reaches < moment
    {
        println!("  the archive of the log ends at {reaches}: what came after it, until {moment}, is not there");
    }
    println!("\nStart it with:  throughline serve --data {}", data.display());
    println!("Before, if the program is newer than the backup:  throughline migrate up --data {}", data.display());
    Ok(ExitCode::SUCCESS)
}

/// Leaves a row in the trail that was restored: it ends at the moment of the backup, and only this says why what came after is gone.
async fn note_restore(data: &Path, besides: serde_json::Value) -> Result<(), Failure> {
    let cluster = Cluster::start(Options::new(data)).await?;
    let done = Command {
        event: "backup.restored",
        called: "throughline restore",
        said: "Restored the database from a backup",
        risk: "high",
        error: None,
        besides,
    };
    // Not the database of the settings: that may be another.
    administration::note_as(&cluster.connections().config(Role::Owner).into(), done).await;
    cluster.stop().await;
    Ok(())
}

/// A size for people.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
