//! Import profiles as people look at them.

use jiff::Timestamp;
use kernel::{Allowed, Ctx, Error, Read, Tx, Within, permit_in};
use serde_json::Value;
use uuid::Uuid;

use crate::IMPORT_PROFILES;

const LIST: &str = include_str!("../sql/list_profiles.sql");

/// How the words of another tool become ours, in a project.
#[derive(Debug, Clone)]
pub struct ImportProfile {
    /// Its identifier.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// What records become: `as_usual`, `requirements` or `defects`.
    pub target: String,
    /// The system the records are known in. None: that of the format.
    pub system: Option<String>,
    /// What means what.
    pub mapping: Value,
    /// Its version, for a change.
    pub version: String,
    /// When it last changed.
    pub at: Timestamp,
}

/// The profiles of a project that the actor may see, by name; or the one with this identifier.
///
/// # Errors
/// 403 when the actor may see none there.
pub async fn import_profiles(
    ctx: &Ctx,
    tx: &Tx,
    project: Uuid,
    only: Option<Uuid>,
) -> Result<Vec<ImportProfile>, Error> {
    let allowed: Allowed<Within, Read> = permit_in(ctx, &IMPORT_PROFILES, project)?;
    let found = allowed.query(ctx, tx, LIST, &[&project, &only]).await?;
    found
        .iter()
        .map(|row| {
            Ok(ImportProfile {
                id: row.try_get("id")?,
                name: row.try_get("name")?,
                target: row.try_get("target")?,
                system: row.try_get("system")?,
                mapping: row.try_get("mapping")?,
                version: row.try_get("version")?,
                at: row.try_get("updated_at")?,
            })
        })
        .collect()
}
