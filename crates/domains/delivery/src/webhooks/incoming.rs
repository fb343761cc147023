//! A message on its way in: verified over the bytes that came, stored, acknowledged.

use std::sync::Arc;

use base::{Problem, ProblemKind};
use jiff::Timestamp;
use kernel::{Ctx, Error, Kernel};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use vault::{seal::SealingKey, webhook::Proof};

use super::{connections::place, worker};

/// The largest message, in bytes: what GitHub sends at most.
pub const MOST_BYTES: usize = formats::webhook::MOST_BYTES;

const FIND: &str = "
select organization_id, project_id, provider, is_active, acts_as, secret_ciphertext, old_secret_ciphertext, old_secret_until
  from platform.webhook_connection($1)";
const INSERT: &str = include_str!("../../sql/webhooks/insert_delivery.sql");

/// Headers that are kept: they tell what a message is and hold no secret.
const KEPT: [&str; 20] = [
    "content-type",
    "user-agent",
    "x-github-event",
    "x-github-delivery",
    "x-github-hook-id",
    "x-github-hook-installation-target-id",
    "x-github-hook-installation-target-type",
    "x-github-enterprise-host",
    "x-gitlab-event",
    "x-gitlab-event-uuid",
    "x-gitlab-webhook-uuid",
    "x-gitlab-instance",
    "idempotency-key",
    "x-forgejo-event",
    "x-forgejo-event-type",
    "x-forgejo-delivery",
    "x-gitea-event",
    "x-gitea-event-type",
    "x-gitea-delivery",
    "webhook-id",
];

/// The place behind an address, with what a message has to prove.
pub struct Incoming {
    id: Uuid,
    /// The organisation it belongs to.
    pub organization_id: Uuid,
    /// The member with whose rights its messages are worked on.
    pub acts_as: Uuid,
    project_id: Uuid,
    provider: String,
    is_active: bool,
    secrets: Vec<String>,
}

/// What became of a message at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is kept and worked on in a moment.
    New(Uuid),
    /// It is here already.
    Known(Uuid),
}

/// The connection with this identifier. `None`: there is no such place.
///
/// # Errors
/// When the database cannot say, or the secret cannot be opened with the key of this installation.
pub async fn connection(kernel: &Arc<Kernel>, id: Uuid) -> Result<Option<Incoming>, Error> {
    let rows = kernel.store.query_outside(FIND, &[&id]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let organization_id: Uuid = row.try_get(0)?;
    let until: Option<Timestamp> = row.try_get(7)?;
    let old: Option<Vec<u8>> = row.try_get(6)?;
    let old = old.filter(|_| until.is_some_and(|until| kernel.now() < until));
    let key = SealingKey::of(kernel.signing_key()?);
    let place = place(organization_id, id);
    let mut secrets = Vec::new();
    for sealed in [Some(row.try_get::<_, Vec<u8>>(5)?), old].into_iter().flatten() {
        match key.open(&place, &sealed).map(String::from_utf8) {
            Ok(Ok(secret)) => secrets.push(secret),
            _ => tracing::warn!(
                webhook.connection.id = %id,
                "a secret cannot be opened with the key of this installation; rotate it on the page of the connection"
            ),
        }
    }
    Ok(Some(Incoming {
        id,
        organization_id,
        acts_as: row.try_get(4)?,
        project_id: row.try_get(1)?,
        provider: row.try_get(2)?,
        is_active: row.try_get(3)?,
        secrets,
    }))
}

impl Incoming {
    /// Whether the headers bring any proof at all; without, nobody reads the body.
    pub fn is_signed<'h>(&self, header: &impl Fn(&str) -> Option<&'h str>) -> bool {
        self.proof(header).is_some()
    }

    /// What the headers bring. Forgejo's own header counts before the one that it sends for Gitea's sake.
    fn proof<'h>(&self, header: &impl Fn(&str) -> Option<&'h str>) -> Option<Proof<'h>> {
        match self.provider.as_str() {
            "gitlab" => {
                let standard = header("webhook-signature").and_then(|signatures| {
                    Some(Proof::Standard {
                        id: header("webhook-id")?,
                        seconds: header("webhook-timestamp")?,
                        signatures,
                    })
                });
                standard.or_else(|| header("x-gitlab-token").map(Proof::Token))
            }
            "forgejo" => header("x-forgejo-signature")
                .or_else(|| header("x-gitea-signature"))
                .or_else(|| header("x-hub-signature-256"))
                .map(Proof::Hex),
            _ => header("x-hub-signature-256").map(Proof::Hex),
        }
    }

    /// Refuses what is not signed by a secret of this connection.
    ///
    /// # Errors
    /// 401 with the same words whatever is wrong with the proof, 403 for a connection that is switched off.
    pub fn verify<'h>(
        &self,
        header: &impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Error> {
        let proof = self.proof(header);
        let seconds = now.as_second();
        // Every secret is tried, so that the time tells nobody which one it was.
        let holds = proof
            .is_some_and(|proof| self.secrets.iter().filter(|secret| proof.holds(secret, body, seconds)).count() > 0);
        if !holds {
            return Err(unsigned().into());
        }
        if !self.is_active {
            let detail = "This connection is switched off; switch it on in Throughline, or remove the webhook.";
            return Err(Problem::forbidden(detail).into());
        }
        Ok(())
    }

    /// Keeps a message whose signature was right. The same message again is acknowledged and not kept twice; one that could
    /// not be worked on before is worked on again.
    ///
    /// # Errors
    /// 400 for a form without a payload, and when the database cannot keep it.
    pub async fn store<'h>(
        &self,
        ctx: &Ctx,
        header: &impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
    ) -> Result<Stored, Error> {
        let of = |names: [&str; 3]| names.iter().find_map(|name| header(name)).map(|text| clip(text, 200));
        let (event, delivery) = match self.provider.as_str() {
            "gitlab" => (of(["x-gitlab-event", "", ""]), of(["idempotency-key", "webhook-id", "x-gitlab-event-uuid"])),
            "forgejo" => (
                of(["x-forgejo-event-type", "x-gitea-event-type", "x-forgejo-event"])
                    .or_else(|| of(["x-gitea-event", "x-github-event", ""])),
                of(["x-forgejo-delivery", "x-gitea-delivery", "x-github-delivery"]),
            ),
            _ => (of(["x-github-event", "", ""]), of(["x-github-delivery", "", ""])),
        };
        let event = event.map_or_else(|| "unknown".to_owned(), |event| clip(&event, 100));
        let kept: Map<String, Value> = KEPT
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), Value::String(clip(header(name)?, 500)))))
            .collect();
        let is_form = header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let digest = Sha256::digest(body).to_vec();
        let text = if is_form { from_form(body)? } else { String::from_utf8_lossy(body).into_owned() };
        let text = if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text };
        let tx = ctx.begin_patiently().await?;
        let row = tx
            .query_one(
                INSERT,
                &[
                    &ctx.new_id(),
                    &self.project_id,
                    &self.id,
                    &delivery,
                    &event,
                    &Value::Object(kept),
                    &text,
                    &digest,
                    &ctx.now(),
                ],
            )
            .await?;
        let (id, is_new): (Uuid, bool) = (row.try_get(0)?, row.try_get(1)?);
        tx.commit().await?;
        worker::wake();
        Ok(if is_new { Stored::New(id) } else { Stored::Known(id) })
    }
}

/// What whoever cannot prove anything is told.
fn unsigned() -> Problem {
    Problem::new(
        ProblemKind::Unauthenticated,
        "The message is not signed with the secret of this connection. Enter the secret at the repository server, or rotate it \
         in Throughline when it is lost.",
    )
}

fn clip(text: &str, most: usize) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(most).collect()
}

/// The payload of a form: GitHub and Gitea can send one, with the JSON in the field `payload`.
fn from_form(body: &[u8]) -> Result<String, Error> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body).unwrap_or_default();
    let payload = pairs.into_iter().find(|(name, _)| name == "payload").map(|(_, value)| value);
    payload.ok_or_else(|| {
        Problem::bad_request("The form has no field `payload`; let the repository server send `application/json`.")
            .into()
    })
}
