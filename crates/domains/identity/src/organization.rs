//! The organisation of a request, by name.

use kernel::{Ctx, Error};

const NAME: &str = include_str!("../sql/organization_name.sql");

/// The name of the organisation that `ctx` acts in. Every member may know it.
///
/// # Errors
/// When the query fails.
pub async fn organization_name(ctx: &Ctx) -> Result<String, Error> {
    let tx = ctx.begin_read().await?;
    let row = tx.query_opt(NAME, &[]).await?;
    tx.commit().await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or_default())
}
