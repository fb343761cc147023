//! Columns that take more than the right to change a record: they decide who sees it or who answers for it, or have values
//! that only the server itself writes.

use base::Problem;
use uuid::Uuid;

use crate::{Ctx, Error, Record, Resource, catalogue::Served, input, param::Param, schema::ColumnType, store::Tx};

/// The default of a column, as PostgreSQL writes it. Null when it has none.
const DEFAULT: &str = "
select pg_get_expr(d.adbin, d.adrelid)
  from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where a.attrelid = $1::text::regclass and a.attname = $2";

/// Refuses values of guarded columns that the actor may not give, and values that are the server's own. What stays as it is,
/// or as it would be without being given, needs no more than the write itself.
///
/// # Errors
/// 403 naming the field and the permission it needs; 422 for a value that no caller may give.
pub(crate) async fn check(
    ctx: &Ctx,
    tx: &Tx,
    served: &Served,
    values: &[(String, Param)],
    project: Option<Uuid>,
    record: Option<&Record>,
) -> Result<(), Error> {
    reserved(served.resource, values)?;
    for (column, value) in values {
        let Some((kind, action)) = served.resource.guard_of(column) else { continue };
        if ctx.may(kind, action, project) {
            continue;
        }
        let stays = match record {
            Some(record) => unchanged(tx, served, record, column, value).await?,
            None => *value == Param::Uuid(ctx.principal.user_id) || is_default(tx, served, column, value).await?,
        };
        if !stays {
            let detail = format!("needs the permission {kind}:{action}");
            return Err(Problem::forbidden(format!("You may not set `{column}`: that {detail}."))
                .field(input::pointer(column), detail)
                .into());
        }
    }
    Ok(())
}

/// Refuses a value that only the server itself writes.
fn reserved(resource: &Resource, values: &[(String, Param)]) -> Result<(), Error> {
    let Some((reserved, beginnings)) = resource.reserved else { return Ok(()) };
    for (column, value) in values {
        if let Param::Text(value) = value
            && column == reserved
            && let Some(beginning) = beginnings.iter().find(|beginning| value.starts_with(**beginning))
        {
            let detail = format!("must not begin with `{beginning}`: what does is written by the server alone");
            return Err(Problem::invalid(format!("`{column}` {detail}.")).field(input::pointer(column), detail).into());
        }
    }
    Ok(())
}

/// Refuses to take away a record with a guarded flag that the actor may not take off: a new one without the flag would
/// stand in its place.
///
/// # Errors
/// 403 naming the flag and the permission it needs.
pub(crate) async fn check_removal(ctx: &Ctx, tx: &Tx, served: &Served, record: &Record) -> Result<(), Error> {
    for (column, kind, action) in served.resource.guarded {
        let is_flag = served.table.column(column).is_some_and(|column| column.kind == ColumnType::Bool);
        if !is_flag || ctx.may(kind, action, record.project) {
            continue;
        }
        if unchanged(tx, served, record, column, &Param::Bool(true)).await? {
            let words = served.resource.words();
            let detail = format!(
                "You may not delete this {words}: with `{column}` set, that needs the permission {kind}:{action}."
            );
            return Err(Problem::forbidden(detail).into());
        }
    }
    Ok(())
}

async fn unchanged(tx: &Tx, served: &Served, record: &Record, column: &str, value: &Param) -> Result<bool, Error> {
    let sql = format!(
        "select t.{column} is not distinct from ${at}{cast} from {table} t where {condition}",
        at = record.key.len() + 1,
        cast = served.table.column(column).map_or("", |column| column.kind.cast()),
        table = served.resource.table,
        condition = served.key_condition(1),
    );
    let refs: Vec<_> = record.key.iter().chain([value]).map(Param::as_sql).collect();
    Ok(tx.query_one(&sql, &refs).await?.try_get(0)?)
}

async fn is_default(tx: &Tx, served: &Served, column: &str, value: &Param) -> Result<bool, Error> {
    let row = tx.query_one(DEFAULT, &[&served.resource.table, &column]).await?;
    let Some(default) = row.try_get::<_, Option<String>>(0)? else { return Ok(*value == Param::Null) };
    let cast = served.table.column(column).map_or("", |column| column.kind.cast());
    let sql = format!("select $1{cast} is not distinct from ({default})");
    Ok(tx.query_one(&sql, &[value.as_sql()]).await?.try_get(0)?)
}
