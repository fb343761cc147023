//! What is given to users under one version, for pages.

use jiff::{Timestamp, civil::Date};
use kernel::{Allowed, Ctx, Error, Read, Tx, permit_in};
use uuid::Uuid;

use crate::RELEASES;

const LIST: &str = include_str!("../sql/releases.sql");

/// A release as pages list it.
#[derive(Debug, Clone)]
pub struct ReleaseLine {
    /// Its identifier.
    pub id: Uuid,
    /// As users read it.
    pub version: String,
    /// What people call it.
    pub name: Option<String>,
    /// `planned`, `released` or `withdrawn`.
    pub status: String,
    /// The day it is promised for.
    pub planned_on: Option<Date>,
    /// When it was given out.
    pub released_at: Option<Timestamp>,
    /// When and why it was taken back.
    pub withdrawn: Option<(Timestamp, String)>,
    /// The build: identifier and number, for who may read it.
    pub build: Option<(Uuid, i32)>,
}

/// At most `rows` releases of a project that the actor may read, the newest first, behind `before`.
///
/// # Errors
/// 403 when they may read none there.
pub async fn releases(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    before: Option<Uuid>,
    rows: i64,
) -> Result<Vec<ReleaseLine>, Error> {
    let allowed: Allowed<_, Read> = permit_in(ctx, &RELEASES, project)?;
    let found = allowed.query(ctx, tx, LIST, &[&project, &before, &rows]).await?;
    found
        .iter()
        .map(|row| {
            let withdrawn: Option<Timestamp> = row.try_get(6)?;
            let (why, build): (Option<String>, Option<Uuid>) = (row.try_get(7)?, row.try_get(8)?);
            Ok(ReleaseLine {
                id: row.try_get(0)?,
                version: row.try_get(1)?,
                name: row.try_get(2)?,
                status: row.try_get(3)?,
                planned_on: row.try_get(4)?,
                released_at: row.try_get(5)?,
                withdrawn: withdrawn.map(|at| (at, why.unwrap_or_default())),
                build: build.zip(row.try_get(9)?),
            })
        })
        .collect()
}
