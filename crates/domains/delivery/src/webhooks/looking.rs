//! Connections, messages and checks as people look at them.

use jiff::Timestamp;
use kernel::{Allowed, Ctx, Error, Read, Tx, permit_in};
use serde::Deserialize;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{CHECKS, WEBHOOK_CONNECTIONS, WEBHOOK_DELIVERIES};

const CONNECTIONS: &str = include_str!("../../sql/webhooks/connections.sql");
const DELIVERIES: &str = include_str!("../../sql/webhooks/deliveries.sql");
const FIND_DELIVERY: &str = include_str!("../../sql/webhooks/find_delivery.sql");
const CHECKS_OF_BUILD: &str = include_str!("../../sql/webhooks/checks_of_build.sql");

/// A connection as pages show it.
#[derive(Debug, Clone)]
pub struct ConnectionLine {
    /// Its identifier, which is in its address.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The server, as stored.
    pub provider: String,
    /// The one repository whose messages are used; `None`: of every one.
    pub repository: Option<String>,
    /// The label that makes an issue a defect; `None`: every issue is one.
    pub issue_label: Option<String>,
    /// Whether messages are taken.
    pub is_active: bool,
    /// With whose rights messages are worked on; `None`: with those of somebody who is no longer a member.
    pub acts_as: Option<String>,
    /// Since when its secret holds.
    pub secret_changed_at: Timestamp,
    /// Until when the secret before holds too.
    pub old_secret_until: Option<Timestamp>,
    /// When a message came last.
    pub last_received_at: Option<Timestamp>,
    /// Messages that are kept, those that failed, and those that wait.
    pub counts: [i64; 3],
    /// The optimistic lock.
    pub version: i64,
}

/// A message of a list.
#[derive(Debug, Clone)]
pub struct DeliveryLine {
    /// Its identifier.
    pub id: Uuid,
    /// The connection it came over: identifier and name.
    pub connection: (Uuid, String),
    /// The event, as its server calls it.
    pub event: String,
    /// What happened, as its server calls it.
    pub action: Option<String>,
    /// Owner and name of the repository.
    pub repository: Option<String>,
    /// What became of it, as stored.
    pub status: String,
    /// How many records it created and changed.
    pub records: [i64; 2],
    /// Why it could not be worked on.
    pub error: Option<String>,
    /// What was left aside.
    pub notes: Option<String>,
    /// When it came.
    pub received_at: Timestamp,
}

/// What was done to one record.
#[derive(Debug, Clone, Deserialize)]
pub struct Did {
    /// `created`, `changed`, `unchanged`, `older`, `left` or `deleted`.
    pub what: String,
    /// The kind of record, as in addresses.
    pub resource: String,
    /// The record.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
}

/// A message in full.
#[derive(Debug, Clone)]
pub struct DeliveryRecord {
    /// What a list shows of it.
    pub line: DeliveryLine,
    /// What its server calls it.
    pub provider_delivery_id: Option<String>,
    /// The headers that are kept.
    pub headers: Vec<(String, String)>,
    /// The whole message.
    pub payload: String,
    /// What was done.
    pub did: Vec<Did>,
    /// How often it was worked on.
    pub attempts: i32,
    /// When it is worked on next.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was worked on to the end.
    pub completed_at: Option<Timestamp>,
    /// The message before with the same content.
    pub repeat_of: Option<Uuid>,
}

/// A check of a build.
#[derive(Debug, Clone)]
pub struct CheckLine {
    /// Its name.
    pub name: String,
    /// Who makes it.
    pub source: Option<String>,
    /// How far it has come, as stored.
    pub status: String,
    /// How it ended, in the words of its server.
    pub conclusion: Option<String>,
    /// Where people look at it.
    pub url: Option<String>,
    /// How long it took, in seconds.
    pub seconds: Option<f64>,
}

fn connection(row: &Row) -> Result<ConnectionLine, Error> {
    Ok(ConnectionLine {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        provider: row.try_get("provider")?,
        repository: row.try_get("repository")?,
        issue_label: row.try_get("issue_label")?,
        is_active: row.try_get("is_active")?,
        acts_as: row.try_get("acts_as_name")?,
        secret_changed_at: row.try_get("secret_changed_at")?,
        old_secret_until: row.try_get("old_secret_until")?,
        last_received_at: row.try_get("last_received_at")?,
        counts: [row.try_get("kept")?, row.try_get("failed")?, row.try_get("waiting")?],
        version: row.try_get("row_version")?,
    })
}

fn line(row: &Row) -> Result<DeliveryLine, Error> {
    Ok(DeliveryLine {
        id: row.try_get("id")?,
        connection: (row.try_get("connection_id")?, row.try_get("connection_name")?),
        event: row.try_get("event")?,
        action: row.try_get("action")?,
        repository: row.try_get("repository")?,
        status: row.try_get("status")?,
        records: [row.try_get("created")?, row.try_get("changed")?],
        error: row.try_get("error")?,
        notes: row.try_get("notes")?,
        received_at: row.try_get("received_at")?,
    })
}

/// The connections of a project that the actor may read, by name; at most 200.
///
/// # Errors
/// 403 when they may read none there.
pub async fn connections(ctx: &Ctx, tx: &Tx, project: Uuid) -> Result<Vec<ConnectionLine>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &WEBHOOK_CONNECTIONS, project)?;
    let rows = allowed.query(ctx, tx, CONNECTIONS, &[&project, &None::<Uuid>, &ctx.now()]).await?;
    rows.iter().map(connection).collect()
}

/// One of them. `None` too when the actor may not read it.
///
/// # Errors
/// 403 when they may read none there.
pub async fn find_connection(ctx: &Ctx, tx: &Tx, project: Uuid, id: Uuid) -> Result<Option<ConnectionLine>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &WEBHOOK_CONNECTIONS, project)?;
    let rows = allowed.query(ctx, tx, CONNECTIONS, &[&project, &Some(id), &ctx.now()]).await?;
    rows.first().map(connection).transpose()
}

/// At most `rows` messages of a project that the actor may read, the latest first, before `before`: of one connection, with one
/// outcome, or all.
///
/// # Errors
/// 403 when they may read none there.
pub async fn deliveries(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    (of, status): (Option<Uuid>, Option<&str>),
    before: Option<Uuid>,
    rows: i64,
) -> Result<Vec<DeliveryLine>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &WEBHOOK_DELIVERIES, project)?;
    let found = allowed.query(ctx, tx, DELIVERIES, &[&project, &of, &status, &before, &rows]).await?;
    found.iter().map(line).collect()
}

/// One message in full. `None` too when the actor may not read it.
///
/// # Errors
/// 403 when they may read none there.
pub async fn find_delivery(ctx: &Ctx, tx: &Tx, project: Uuid, id: Uuid) -> Result<Option<DeliveryRecord>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &WEBHOOK_DELIVERIES, project)?;
    let found = allowed.query(ctx, tx, FIND_DELIVERY, &[&project, &id]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let headers: Value = row.try_get("headers")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(Some(DeliveryRecord {
        line: line(row)?,
        provider_delivery_id: row.try_get("provider_delivery_id")?,
        headers: headers
            .as_object()
            .map(|all| all.iter().map(|(name, value)| (name.clone(), text(value))).collect())
            .unwrap_or_default(),
        payload: row.try_get("payload")?,
        did: serde_json::from_value(row.try_get("result")?).unwrap_or_default(),
        attempts: row.try_get("attempts")?,
        next_attempt_at: row.try_get("next_attempt_at")?,
        completed_at: row.try_get("completed_at")?,
        repeat_of: row.try_get("repeat_of")?,
    }))
}

/// The checks of a build, those that failed first, at most 200.
///
/// # Errors
/// 403 when the actor may see no check there.
pub async fn checks_of_build(ctx: &Ctx, tx: &Tx, (project, build): (Uuid, Uuid)) -> Result<Vec<CheckLine>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &CHECKS, project)?;
    let found = allowed.query(ctx, tx, CHECKS_OF_BUILD, &[&project, &build]).await?;
    found
        .iter()
        .map(|row| {
            Ok(CheckLine {
                name: row.try_get("name")?,
                source: row.try_get("source")?,
                status: row.try_get("status")?,
                conclusion: row.try_get("conclusion")?,
                url: row.try_get("url")?,
                seconds: row.try_get("seconds")?,
            })
        })
        .collect()
}
