//! Works on messages that wait, one after another.

use std::{collections::HashMap, future::Future, pin::Pin, sync::Arc, time::Duration};

use formats::webhook;
use jiff::{SignedDuration, Timestamp};
use kernel::{Ctx, Error, Kernel, Principal, Request};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tracing::{info, warn};
use uuid::Uuid;

use super::{
    connections::{lacking, provider},
    record::Recording,
};

/// Messages looked for at a time.
const AT_ONCE: i32 = 100;
/// How long a worker sleeps when nobody wakes it: another server may have stored a message.
const LOOK: Duration = Duration::from_secs(2);
/// A message that the database could not be asked about is tried so often.
const ATTEMPTS: i32 = 10;
/// A message that waits for something to happen is looked at for so long.
const PATIENCE: SignedDuration = SignedDuration::from_hours(30 * 24);

const DUE: &str = "select organization_id, id, acts_as from platform.due_webhook_deliveries($1, $2)";
const TAKE: &str = include_str!("../../sql/webhooks/take_delivery.sql");
const SAME: &str = include_str!("../../sql/webhooks/same_delivery.sql");
const END: &str = include_str!("../../sql/webhooks/end_delivery.sql");
const FAIL: &str = include_str!("../../sql/webhooks/fail_delivery.sql");

static WAITING: Notify = Notify::const_new();

/// Tells the worker of this process that a message came.
pub(super) fn wake() {
    WAITING.notify_one();
}

/// What is found of a member: none for somebody who may no longer sign in.
type Found = Pin<Box<dyn Future<Output = Result<Option<Principal>, Error>> + Send>>;
/// Finds the principal, with what they may do now, behind an organisation and a member of it. Handed in by the program, because
/// who people are is another domain's business.
pub type PrincipalOf = Arc<dyn Fn(Uuid, Uuid) -> Found + Send + Sync>;

/// Works on the messages of every organisation. Any number may run, here and on other servers: each message is locked while it is
/// worked on, and so is its project, so that two messages about one thing wait for each other.
pub struct Worker {
    kernel: Arc<Kernel>,
    principal_of: PrincipalOf,
}

/// How a message ended.
struct Ending {
    status: &'static str,
    delivery: webhook::Delivery,
    did: Vec<Value>,
    error: Option<String>,
    next: Option<Timestamp>,
    repeat_of: Option<Uuid>,
}

impl Worker {
    /// A worker on a database.
    pub fn new(kernel: Arc<Kernel>, principal_of: PrincipalOf) -> Self {
        Self { kernel, principal_of }
    }

    /// Works for as long as the server lives.
    pub async fn attend(self) {
        loop {
            match self.work().await {
                Ok(0) => {
                    let _ = tokio::time::timeout(LOOK, WAITING.notified()).await;
                }
                Ok(_) => {}
                Err(error) => {
                    warn!(%error, "whether messages of repository servers wait could not be asked; it is asked again soon");
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
    }

    /// Works on what is due now. Says how many messages were brought to an end or put off.
    ///
    /// # Errors
    /// When the database cannot say what is due.
    pub async fn work(&self) -> Result<usize, Error> {
        let rows = self.kernel.store.query_outside(DUE, &[&self.kernel.now(), &AT_ONCE]).await?;
        let mut people: HashMap<(Uuid, Uuid), Option<Arc<Principal>>> = HashMap::new();
        let mut worked = 0;
        for row in rows {
            let (organization, id, person): (Uuid, Uuid, Uuid) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let principal = match people.get(&(organization, person)) {
                Some(known) => known.clone(),
                None => {
                    let found = (self.principal_of)(organization, person).await?.map(Arc::new);
                    if found.is_none() {
                        warn!(user.id = %person, "messages of a repository server wait for a member who may not sign in; somebody has to take the connection over");
                    }
                    people.insert((organization, person), found.clone());
                    found
                }
            };
            let Some(principal) = principal else { continue };
            let request = Request {
                id: id.to_string(),
                endpoint: "POST /v1/webhooks".into(),
                reason: Some(format!("told by a repository server, message {id}")),
                ..Request::default()
            };
            let ctx = Ctx::new(self.kernel.clone(), principal, request);
            match one(&ctx, id).await {
                Ok(true) => worked += 1,
                Ok(false) => {}
                Err(error) => {
                    worked += 1;
                    put_off(&ctx, id, &error).await;
                }
            }
        }
        Ok(worked)
    }
}

/// Works on one message. False: somebody else has it in hand, or did it.
async fn one(ctx: &Ctx, id: Uuid) -> Result<bool, Error> {
    let mut tx = ctx.begin_patiently().await?;
    let Some(row) = tx.query_opt(TAKE, &[&id]).await? else { return Ok(false) };
    let (connection, project): (Uuid, Uuid) = (row.try_get("connection_id")?, row.try_get("project_id")?);
    let (event, payload): (String, String) = (row.try_get("event")?, row.try_get("payload")?);
    let received: Timestamp = row.try_get("received_at")?;
    let stored: String = row.try_get("provider")?;
    let only: Option<String> = row.try_get("only_repository")?;
    let delivery = match webhook::read(provider(&stored), &event, payload.as_bytes()) {
        Ok(delivery) => delivery,
        Err(error) => {
            let ending = Ending {
                status: "failed",
                delivery: webhook::Delivery { event, ..webhook::Delivery::default() },
                did: Vec::new(),
                error: Some(format!("The message could not be read: {error}. Nothing of it was recorded.")),
                next: None,
                repeat_of: None,
            };
            end(ctx, &tx, id, &ending).await?;
            tx.commit().await?;
            return Ok(true);
        }
    };
    let digest: Vec<u8> = row.try_get("payload_sha256")?;
    let same = tx.query_opt(SAME, &[&connection, &digest, &id, &delivery.event]).await?;
    let lacking = lacking(ctx, Some(project));
    let mut ending = Ending { status: "unused", delivery, did: Vec::new(), error: None, next: None, repeat_of: None };
    if let Some(same) = same {
        ending.status = "repeated";
        ending.repeat_of = Some(same.try_get(0)?);
    } else if let (Some(only), told) = (&only, ending.delivery.repository.as_ref().map(|one| one.full_name.as_str()))
        && !told.is_some_and(|told| told.eq_ignore_ascii_case(only))
    {
        let note = format!(
            "the message is about {}, and this connection is for {only} alone",
            told.unwrap_or("no repository")
        );
        ending.delivery.notes.push(note);
    } else if !lacking.is_empty() && !ending.delivery.facts.is_empty() {
        ending.status = "failed";
        ending.error = Some(format!(
            "Nothing was recorded: {}, with whose rights messages of this connection are worked on, lacks {} here. Give it back, or let \
             somebody take the connection over; then work on the message again.",
            ctx.principal.display_name,
            lacking.join(", ")
        ));
    } else {
        let label: Option<String> = row.try_get("issue_label")?;
        let mut recording = Recording::new(ctx, &mut tx, project, &stored, label);
        recording.all(&mut ending.delivery).await?;
        let (did, waits) = (recording.did, recording.waits);
        if !did.is_empty() {
            ending.status = "done";
        }
        if let Some(why) = waits {
            let age = ctx.now().duration_since(received);
            ending.delivery.notes.push(why);
            if age < PATIENCE {
                ending.status = "waiting";
                // A tenth of the time it has waited, from a minute to an hour.
                let pause = (age / 10).clamp(SignedDuration::from_mins(1), SignedDuration::from_hours(1));
                ending.next = ctx.now().checked_add(pause).ok();
            }
        }
        ending.did = did;
    }
    end(ctx, &tx, id, &ending).await?;
    tx.commit().await?;
    info!(webhook.delivery.id = %id, webhook.status = ending.status, webhook.event = ending.delivery.event, "worked on a message of a repository server");
    Ok(true)
}

async fn end(ctx: &Ctx, tx: &kernel::Tx, id: Uuid, ending: &Ending) -> Result<(), Error> {
    let clip = |text: &str, most: usize| text.chars().filter(|letter| *letter != '\0').take(most).collect::<String>();
    let notes = (!ending.delivery.notes.is_empty()).then(|| clip(&ending.delivery.notes.join("\n"), 10_000));
    let action = ending.delivery.action.as_deref().map(|action| clip(action, 100));
    let repository = ending.delivery.repository.as_ref().map(|one| clip(&one.full_name, 500));
    let error = ending.error.as_deref().map(|error| clip(error, 10_000));
    let event = clip(&ending.delivery.event, 100);
    let ended = ending.next.is_none().then(|| ctx.now());
    tx.execute(
        END,
        &[
            &id,
            &ending.status,
            &event,
            &action,
            &repository,
            &json!(ending.did),
            &notes,
            &error,
            &ending.repeat_of,
            &ending.next,
            &ended,
        ],
    )
    .await?;
    Ok(())
}

/// Says why a message could not be worked on. What the sender or the rights are to blame for ends it; anything else is tried
/// again a little later.
async fn put_off(ctx: &Ctx, id: Uuid, error: &Error) {
    let problem = ctx.catalogue().explain(error);
    let is_final = problem.status() < 500;
    let text: String = if is_final { problem.detail } else { format!("{} It is tried again.", problem.detail) };
    warn!(webhook.delivery.id = %id, %error, "a message of a repository server could not be worked on");
    let text: String = text.chars().take(10_000).collect();
    let outcome = async {
        let tx = ctx.begin_patiently().await?;
        tx.execute(FAIL, &[&id, &is_final, &text, &ctx.now(), &ATTEMPTS]).await?;
        tx.commit().await
    };
    if let Err(error) = outcome.await {
        warn!(webhook.delivery.id = %id, %error, "and that could not be written down; it is taken up again");
    }
}
