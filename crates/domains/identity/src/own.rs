//! What people see of their own account: sessions, tokens, roles. It needs no grant, because it is theirs.

use std::net::IpAddr;

use base::{Problem, ProblemKind};
use jiff::Timestamp;
use kernel::{Ctx, Error};
use uuid::Uuid;

use crate::authenticator::IDLE;

const SESSIONS: &str = include_str!("../sql/own_sessions.sql");
const TOKENS: &str = include_str!("../sql/own_tokens.sql");
const ROLE: &str = include_str!("../sql/own_role.sql");

/// A session that is still good.
#[derive(Debug, Clone)]
pub struct OwnSession {
    /// Its identifier.
    pub id: Uuid,
    /// What the browser called itself.
    pub user_agent: Option<String>,
    /// Where it came from.
    pub address: Option<IpAddr>,
    /// When it was used last, to the minute.
    pub last_active_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// An API token that is still good.
#[derive(Debug, Clone)]
pub struct OwnToken {
    /// Its identifier.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its first characters.
    pub prefix: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

fn own(ctx: &Ctx) -> Result<Uuid, Error> {
    ctx.own().ok_or_else(|| Problem::new(ProblemKind::Forbidden, "Sign in as yourself to see your account.").into())
}

/// The actor's sessions, the last used first, at most 100.
///
/// # Errors
/// 403 for an API token.
pub async fn own_sessions(ctx: &Ctx) -> Result<Vec<OwnSession>, Error> {
    let (user, now) = (own(ctx)?, ctx.now());
    let since = now.checked_sub(IDLE).map_err(|error| Error::Broken(error.to_string()))?;
    let tx = ctx.begin_read().await?;
    let rows = tx.query(SESSIONS, &[&user, &now, &since]).await?;
    tx.commit().await?;
    rows.iter()
        .map(|row| {
            Ok(OwnSession {
                id: row.try_get(0)?,
                user_agent: row.try_get(1)?,
                address: row.try_get(2)?,
                last_active_at: row.try_get(3)?,
                expires_at: row.try_get(4)?,
            })
        })
        .collect()
}

/// The actor's API tokens, the newest first, at most 200.
///
/// # Errors
/// 403 for an API token.
pub async fn own_tokens(ctx: &Ctx) -> Result<Vec<OwnToken>, Error> {
    let user = own(ctx)?;
    let tx = ctx.begin_read().await?;
    let rows = tx.query(TOKENS, &[&user, &ctx.now()]).await?;
    tx.commit().await?;
    rows.iter()
        .map(|row| {
            Ok(OwnToken {
                id: row.try_get(0)?,
                name: row.try_get(1)?,
                prefix: row.try_get(2)?,
                scopes: row.try_get(3)?,
                last_used_at: row.try_get(4)?,
                expires_at: row.try_get(5)?,
            })
        })
        .collect()
}

/// The actor's roles in the organisation, in words; `None` without one.
///
/// # Errors
/// 403 for an API token.
pub async fn own_role(ctx: &Ctx) -> Result<Option<String>, Error> {
    let user = own(ctx)?;
    let tx = ctx.begin_read().await?;
    let row = tx.query_one(ROLE, &[&user, &ctx.now()]).await?;
    tx.commit().await?;
    Ok(row.try_get(0)?)
}
