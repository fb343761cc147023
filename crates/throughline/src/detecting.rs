//! Watching for security events: the server does it every minute, `throughline maintain` and `throughline security scan` once.

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use assurance::{
    detection::{self, Rule},
    sealing::{self, verify},
};
use clap::Subcommand;
use cluster::{Database, Role};
use kernel::{Ctx, Kernel};

use crate::{
    database,
    failure::Failure,
    sealing::{Sealing, known_key},
    server, within,
};

/// How often the server looks.
const LOOK: Duration = Duration::from_secs(60);

/// What to do about security events.
#[derive(Debug, Subcommand)]
pub(crate) enum Security {
    /// Hold the trail, sign-ins, grants and tokens of every organisation against its rules once. The server does so every minute; looking again
    /// finds nothing twice.
    Scan {
        /// Examine every audit trail as well, whether or not that is due: this reads all of it.
        #[arg(long)]
        examine: bool,
    },
}

/// What was done in all organisations together.
#[derive(Debug, Default, serde::Serialize)]
pub(crate) struct Watched {
    /// Organisations that were looked at.
    pub(crate) organizations: u64,
    /// Events that were made.
    pub(crate) made: u64,
    /// Open events that grew.
    pub(crate) grown: u64,
    /// Deadlines people were reminded of.
    pub(crate) reminders: u64,
    /// Trails that were examined.
    pub(crate) examined: u64,
    /// Trails of which something new was found that is not what was sealed.
    pub(crate) tampered: u64,
    /// Rules that could not be looked at in some organisation; the log says where, and why.
    pub(crate) failed: BTreeSet<String>,
}

/// `throughline security`
pub(crate) async fn run(data: &Path, what: Security, json: bool) -> Result<(), Failure> {
    let Security::Scan { examine } = what;
    let database = database::open_beside(data).await?;
    let outcome = once(&database, data, examine).await;
    database.stop().await;
    let watched = outcome?;
    if json {
        println!("{}", serde_json::to_string(&watched)?);
    } else {
        println!(
            "looked at {} organisations: {} new events, {} that go on, {} deadlines reminded of; {} audit trails examined, {} not what was sealed",
            watched.organizations, watched.made, watched.grown, watched.reminders, watched.examined, watched.tampered
        );
    }
    if watched.failed.is_empty() {
        return Ok(());
    }
    let failed: Vec<&str> = watched.failed.iter().map(String::as_str).collect();
    Err(Failure::new(format!("these could not be looked at everywhere; the log above says why: {}", failed.join(", "))))
}

async fn once(database: &Database, data: &Path, examine: bool) -> Result<Watched, Failure> {
    let kernel = server::kernel(database.way(Role::Application)).await?;
    let key = known_key(data)?;
    let sealing = key.as_ref().map(|key| Sealing::new(data, key)).transpose()?;
    let kernel = Arc::new(match key {
        Some(key) => kernel.with_signing_key(key),
        None => kernel,
    });
    everywhere(&kernel, sealing.as_ref(), examine).await
}

/// Looks at every organisation once, and examines the trails that are due, or all. What fails in one is told and keeps nobody from looking at the
/// others. Without `sealing` no trail is examined: where no server has made a key, nothing was ever sealed.
pub(crate) async fn everywhere(
    kernel: &Arc<Kernel>,
    sealing: Option<&Sealing>,
    examine: bool,
) -> Result<Watched, Failure> {
    let mut watched = look(kernel).await?;
    if let Some(sealing) = sealing {
        let trails = examine_trails(kernel, sealing, examine).await?;
        watched.examined = trails.examined;
        watched.tampered = trails.tampered;
        watched.failed.extend(trails.failed);
    }
    Ok(watched)
}

/// Holds every organisation against its rules once.
async fn look(kernel: &Arc<Kernel>) -> Result<Watched, Failure> {
    let mut watched = Watched::default();
    for organization in sealing::to_seal(kernel, true).await? {
        let ctx = within::organization(kernel, organization, "watching for security events");
        watched.organizations += 1;
        match detection::scan(&ctx).await {
            Ok(scanned) => {
                watched.made += scanned.made;
                watched.grown += scanned.grown;
                watched.reminders += scanned.reminders;
                watched.failed.extend(scanned.failed.iter().map(|rule| (*rule).to_owned()));
            }
            Err(error) => {
                watched.failed.insert("every rule".into());
                tracing::error!(organization.id = %organization, "security events could not be looked for: {}", Failure::from(error));
            }
        }
    }
    if watched.made > 0 {
        tracing::warn!(events = watched.made, "there are new security events");
    }
    Ok(watched)
}

/// Examines trails, one after the other: those that are due, or all.
async fn examine_trails(kernel: &Arc<Kernel>, sealing: &Sealing, all: bool) -> Result<Watched, Failure> {
    let mut watched = Watched::default();
    for organization in sealing::to_seal(kernel, true).await? {
        let ctx = within::organization(kernel, organization, "examining the audit trail");
        match examine_trail(&ctx, sealing, all).await {
            Ok(None) => {}
            Ok(Some(is_tampered)) => {
                watched.examined += 1;
                watched.tampered += u64::from(is_tampered);
            }
            Err(failure) => {
                watched.failed.insert(Rule::TrailTampered.key().into());
                tracing::error!(organization.id = %organization, "the audit trail could not be examined: {failure}");
            }
        }
    }
    if watched.tampered > 0 {
        tracing::warn!(events = watched.tampered, "there are new security events");
    }
    Ok(watched)
}

/// Whether something new is wrong with the trail. `None`: it was not due. What comes to nothing is due again at once.
async fn examine_trail(ctx: &Ctx, sealing: &Sealing, always: bool) -> Result<Option<bool>, Failure> {
    if !always && !detection::is_examination_due(ctx).await? {
        return Ok(None);
    }
    match is_tampered_anew(ctx, sealing).await {
        Ok(is_tampered) => Ok(Some(is_tampered)),
        Err(failure) => {
            if let Err(error) = detection::examination_failed(ctx).await {
                tracing::error!(organization.id = %ctx.organization_id(), "it is due again only after its window: {}", Failure::from(error));
            }
            Err(failure)
        }
    }
}

async fn is_tampered_anew(ctx: &Ctx, sealing: &Sealing) -> Result<bool, Failure> {
    let outside = sealing.heads.read(ctx.organization_id()).await?;
    let verdict = verify(ctx, &sealing.keys, &outside).await?;
    Ok(detection::examined(ctx, &verdict).await?)
}

/// Looks until the server ends, and tells the metrics how many events are open. Of several servers on one database, one looks at a rule of an
/// organisation at a time. Trails are examined beside it, one at a time, so that a long one holds up nobody.
pub(crate) async fn always(kernel: Arc<Kernel>, sealing: Sealing, app: Arc<rest::App>) {
    tokio::spawn(always_examining(kernel.clone(), sealing));
    loop {
        if let Err(failure) = look(&kernel).await {
            tracing::warn!("security events could not be looked for: {failure}");
        }
        match detection::open_events(&kernel).await {
            Ok(open) => app.metrics.tell_security(open),
            Err(error) => tracing::warn!("open security events could not be counted: {}", Failure::from(error)),
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn always_examining(kernel: Arc<Kernel>, sealing: Sealing) {
    loop {
        if let Err(failure) = examine_trails(&kernel, &sealing, false).await {
            tracing::warn!("audit trails could not be examined: {failure}");
        }
        tokio::time::sleep(LOOK).await;
    }
}
