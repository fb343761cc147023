//! A repeated POST is answered with the first answer. The answer is kept in the transaction of the change itself, so
//! there is no moment in which one is there without the other.

use base::{Problem, ProblemKind};

use crate::{Ctx, Error, store::Tx};

/// What makes a repeated POST recognisable.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The `Idempotency-Key` header.
    pub key: String,
    /// The path of the request.
    pub path: String,
    /// SHA-256 over path, API token and body.
    pub fingerprint: [u8; 32],
}

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// `ETag`, where there is one.
    pub etag: Option<String>,
    /// `Location`, where there is one.
    pub location: Option<String>,
    /// The body to keep in place of `body`, where that holds a secret.
    pub kept_body: Option<Vec<u8>>,
}

const LOCK: &str =
    "select pg_try_advisory_xact_lock(hashtextextended($1::text || '/' || $2::uuid::text || '/' || $3::uuid::text, 7))";

const FIND: &str = "
select request_hash, response_status, response_body, response_headers->>'etag', response_headers->>'location'
  from platform.idempotency_keys
 where user_id = $1 and key = $2 and expires_at > $3";

const KEEP: &str = "
insert into platform.idempotency_keys (user_id, key, method, path, request_hash, response_status, response_headers,
                                       response_body, created_at, completed_at, expires_at)
values ($1, $2, 'POST', $3, $4, $5, jsonb_strip_nulls(jsonb_build_object('etag', $6::text, 'location', $7::text)), $8,
        $9, $9, $9::timestamptz + interval '24 hours')
on conflict (organization_id, user_id, key) do update
   set path = excluded.path, request_hash = excluded.request_hash, response_status = excluded.response_status,
       response_headers = excluded.response_headers, response_body = excluded.response_body,
       created_at = excluded.created_at, completed_at = excluded.completed_at, expires_at = excluded.expires_at";

impl Answer {
    /// The answer kept for this request, if it was made before.
    ///
    /// # Errors
    /// 409 while the first request is still running, 422 when the key was used for another request.
    pub async fn kept(ctx: &Ctx, tx: &Tx) -> Result<Option<Self>, Error> {
        let Some(idempotency) = &ctx.request.idempotency else { return Ok(None) };
        let (user, organization) = (ctx.principal.user_id, ctx.organization_id());
        let locked: bool = tx.query_one(LOCK, &[&idempotency.key, &organization, &user]).await?.try_get(0)?;
        if !locked {
            return Err(Problem::conflict(
                "A request with this Idempotency-Key is still running; wait for its answer.",
            )
            .retry_after(1)
            .into());
        }
        let Some(row) = tx.query_opt(FIND, &[&user, &idempotency.key, &ctx.now()]).await? else { return Ok(None) };
        let fingerprint: Vec<u8> = row.try_get(0)?;
        if fingerprint != idempotency.fingerprint {
            return Err(Problem::new(
                ProblemKind::Invalid,
                "This Idempotency-Key was used for another request; use a new key for a new request.",
            )
            .into());
        }
        Ok(Some(Self {
            status: u16::try_from(row.try_get::<_, i32>(1)?).unwrap_or(200),
            body: row.try_get(2)?,
            etag: row.try_get(3)?,
            location: row.try_get(4)?,
            kept_body: None,
        }))
    }

    /// Keeps the answer for 24 hours.
    ///
    /// # Errors
    /// When PostgreSQL refuses the row.
    pub async fn keep(&self, ctx: &Ctx, tx: &Tx) -> Result<(), Error> {
        let Some(idempotency) = &ctx.request.idempotency else { return Ok(()) };
        tx.execute(
            KEEP,
            &[
                &ctx.principal.user_id,
                &idempotency.key,
                &idempotency.path,
                &idempotency.fingerprint.as_slice(),
                &i32::from(self.status),
                &self.etag,
                &self.location,
                self.kept_body.as_ref().unwrap_or(&self.body),
                &ctx.now(),
            ],
        )
        .await?;
        Ok(())
    }
}
