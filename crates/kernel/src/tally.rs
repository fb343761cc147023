//! How many rows of a filter fall into each of some stretches of time, for a timeline.

use uuid::Uuid;

use crate::{Ctx, Error, Read, access::permit, catalogue::Served, param::Param, select::ListQuery};

/// The most rows counted of one stretch. Beyond it a timeline says "or more": counting a busy day to its end would read
/// all of it.
pub const COUNTED: i64 = 2000;

/// The rows of `served` that the filter of `query` lets through and the actor may read, counted for each of `stretches`:
/// from the first identifier up to, but not including, the second. No count is greater than [`COUNTED`].
///
/// Each stretch is a range of identifiers in an index that begins with what the filter asks for, read to [`COUNTED`]
/// entries; a filter without an index reads what lies in the stretches.
///
/// # Errors
/// 403 when the actor may read none of these anywhere.
pub async fn tally(
    ctx: &Ctx,
    served: &Served,
    mut query: ListQuery,
    stretches: &[(Uuid, Uuid)],
) -> Result<Vec<i64>, Error> {
    let reach = permit::<Read>(ctx, served.resource)?;
    query.within(ctx, served, &reach)?;
    let (rows, mut params) = query.plain(served, "t.id")?;
    let (from, until): (Vec<Uuid>, Vec<Uuid>) = stretches.iter().copied().unzip();
    params.extend([Param::Uuids(from), Param::Uuids(until)]);
    let glue = if rows.contains(" where ") { "and" } else { "where" };
    let sql = format!(
        "select (select count(*) from ({rows} {glue} t.id >= w.from_id and t.id < w.until_id limit {COUNTED}) found)
           from unnest(${}::uuid[], ${}::uuid[]) with ordinality as w (from_id, until_id, nth) order by w.nth",
        params.len() - 1,
        params.len(),
    );
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
    let rows = ctx.kernel.store.read_once(&ctx.principal, ctx.now(), &sql, &refs).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}
