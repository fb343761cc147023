//! Watching for security events: the server does it every minute, `throughline maintain` and `throughline security scan` once.

use std::{path::Path, sync::Arc, time::Duration};

use assurance::{
    detection::{self, Scanned},
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
    /// Organisations in which something could not be done; the log says what.
    pub(crate) failed: u64,
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
    match watched.failed {
        0 => Ok(()),
        failed => Err(Failure::new(format!("{failed} organisations could not be looked at; the log above says why"))),
    }
}

async fn once(database: &Database, data: &Path, examine: bool) -> Result<Watched, Failure> {
    let kernel = server::kernel(database.config(Role::Application)).await?;
    let key = known_key(data)?;
    let sealing = key.as_ref().map(|key| Sealing::new(data, key)).transpose()?;
    let kernel = Arc::new(match key {
        Some(key) => kernel.with_signing_key(key),
        None => kernel,
    });
    everywhere(&kernel, sealing.as_ref(), examine).await
}

/// Looks at every organisation once. What fails in one is told and keeps nobody from looking at the others. Without `sealing` no trail is examined:
/// where no server has made a key, nothing was ever sealed.
pub(crate) async fn everywhere(
    kernel: &Arc<Kernel>,
    sealing: Option<&Sealing>,
    examine: bool,
) -> Result<Watched, Failure> {
    let mut watched = Watched::default();
    for organization in sealing::to_seal(kernel, true).await? {
        let ctx = within::organization(kernel, organization, "watching for security events");
        watched.organizations += 1;
        let outcome = async {
            if let Some(Scanned { made, grown, reminders, .. }) = detection::scan(&ctx).await? {
                watched.made += made;
                watched.grown += grown;
                watched.reminders += reminders;
            }
            if let Some(sealing) = sealing
                && (examine || detection::is_examination_due(&ctx).await?)
            {
                watched.examined += 1;
                watched.tampered += u64::from(is_tampered_anew(&ctx, sealing).await?);
            }
            Ok::<_, Failure>(())
        };
        if let Err(failure) = outcome.await {
            watched.failed += 1;
            tracing::error!(organization.id = %organization, "security events could not be looked for: {failure}");
        }
    }
    if watched.made + watched.tampered > 0 {
        tracing::warn!(events = watched.made + watched.tampered, "there are new security events");
    }
    Ok(watched)
}

async fn is_tampered_anew(ctx: &Ctx, sealing: &Sealing) -> Result<bool, Failure> {
    let outside = sealing.heads.read(ctx.organization_id()).await?;
    let verdict = verify(ctx, &sealing.keys, &outside).await?;
    Ok(detection::examined(ctx, &verdict).await?)
}

/// Looks until the server ends, and tells the metrics how many events are open. Of several servers on one database, one looks at an organisation
/// at a time.
pub(crate) async fn always(kernel: Arc<Kernel>, sealing: Sealing, app: Arc<rest::App>) {
    loop {
        if let Err(failure) = everywhere(&kernel, Some(&sealing), false).await {
            tracing::warn!("security events could not be looked for: {failure}");
        }
        match detection::open_events(&kernel).await {
            Ok(open) => app.metrics.tell_security(open),
            Err(error) => tracing::warn!("open security events could not be counted: {}", Failure::from(error)),
        }
        tokio::time::sleep(LOOK).await;
    }
}
