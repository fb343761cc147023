//! The requirements that features are for: a feature is shown on the page of its requirement.

use std::collections::HashMap;

use kernel::{Error, Tx};
use uuid::Uuid;

const REQUIREMENTS: &str = include_str!("../sql/requirements_of_features.sql");

/// The key of each feature's requirement, by feature. A feature that is not there, or has none, is left out.
///
/// # Errors
/// When the query fails.
pub async fn requirements_of_features(tx: &Tx, features: &[Uuid]) -> Result<HashMap<Uuid, String>, Error> {
    if features.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = tx.query(REQUIREMENTS, &[&features]).await?;
    rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("key")?))).collect()
}
