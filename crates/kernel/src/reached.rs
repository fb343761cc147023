//! The records of which somebody may do something: the same filter that lists have, for any action.

use authz::Environment;

use crate::{Ctx, Error, catalogue::Served, param::Param, reach};

/// A record that is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Its identifier as callers write it.
    pub id: String,
    /// What people call it.
    pub title: Option<String>,
}

/// The records of `served` to which the actor of `ctx` may do `action`, as `authz` calls it, in `environment`, in the order of their
/// identifiers, `limit` at most, those behind `after` when it is given. Records in the bin are left out.
///
/// # Errors
/// When the query fails.
pub async fn reached(
    ctx: &Ctx,
    served: &Served,
    action: &str,
    environment: &Environment,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Reached>, Error> {
    let resource = served.resource;
    let reach = ctx.principal.grants.reach(resource.permission, action, environment);
    let mut params = Vec::new();
    let mut conditions = reach::conditions(ctx, served, &reach, &mut params)?;
    if served.is_soft() {
        conditions.push("t.deleted_at is null".to_owned());
    }
    let id = served.key_text();
    if let Some(after) = after {
        params.push(Param::Text(after.to_owned()));
        conditions.push(format!("({id}) collate \"C\" > ${}", params.len()));
    }
    let filter = if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) };
    let sql = format!(
        "select {id}, {title} from {table} t{filter} order by ({id}) collate \"C\" limit {limit}",
        title = served.title_sql(),
        table = resource.table,
    );
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
    let tx = ctx.begin_read().await?;
    let rows = tx.query(&sql, &refs).await?;
    tx.commit().await?;
    rows.iter().map(|row| Ok(Reached { id: row.try_get(0)?, title: row.try_get(1)? })).collect()
}
