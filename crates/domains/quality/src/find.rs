//! The requirements that features are for: a feature is shown on the page of its requirement.

use std::collections::HashMap;

use kernel::{Ctx, Error, Tx, query_readable};
use uuid::Uuid;

const REQUIREMENTS: &str = include_str!("../sql/requirements_of_features.sql");

/// The key of each feature's requirement, by feature. A feature that is not there, or has none that the actor may read, is
/// left out.
///
/// # Errors
/// When the query fails.
pub async fn requirements_of_features(ctx: &Ctx, tx: &Tx, features: &[Uuid]) -> Result<HashMap<Uuid, String>, Error> {
    if features.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = query_readable(ctx, tx, None, REQUIREMENTS, &[&features]).await?;
    rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("key")?))).collect()
}
