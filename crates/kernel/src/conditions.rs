//! Conditions are read when they are written: one that could not be read later would never be met, or never be noticed.

use authz::condition::Condition;
use base::{FieldError, Problem};
use serde_json::Value;
use uuid::Uuid;

use crate::{Ctx, Error, Record, catalogue::Served, input, param::Param, resource::About, store::Tx};

/// Refuses a condition that cannot be read, with the place in it. `kind` is the permission type it is about; without one it
/// may ask of subject, action and circumstances only. `pointer` is the field.
///
/// # Errors
/// 422 with one error, whose pointer is the field and the place in the document.
pub fn check_condition(ctx: &Ctx, pointer: &str, document: &Value, kind: Option<&str>) -> Result<(), Error> {
    fault(ctx, pointer, document, kind).map_or(Ok(()), |fault| Err(Problem::of_fields(vec![fault]).into()))
}

fn fault(ctx: &Ctx, pointer: &str, document: &Value, kind: Option<&str>) -> Option<FieldError> {
    let words = kind.map_or_else(|| ctx.catalogue().words_of_context(), |kind| ctx.catalogue().words_of(kind));
    let error = Condition::parse(document, &words).err()?;
    Some(FieldError { pointer: format!("{pointer}{}", error.pointer), detail: error.reason })
}

/// Checks the declared conditions among the values of a plain write.
pub(crate) async fn check(
    ctx: &Ctx,
    tx: &Tx,
    served: &Served,
    values: &[(String, Param)],
    record: Option<&Record>,
) -> Result<(), Error> {
    let mut faults = Vec::new();
    for (column, about) in served.resource.conditions {
        let Some((_, Param::Json(document))) = values.iter().find(|(name, _)| name == column) else { continue };
        let kind = match about {
            About::Context => None,
            About::Type(column) | About::Permission(column) => {
                let Some(id) = named(tx, served, values, record, column).await? else { continue };
                let sql = match about {
                    About::Type(_) => "select name from authz.resource_types where id = $1",
                    _ => {
                        "select t.name from authz.permissions p join authz.resource_types t on t.id = p.resource_type_id \
                         where p.id = $1"
                    }
                };
                // What is not there is refused by its reference, which says so.
                let Some(row) = tx.query_opt(sql, &[&id]).await? else { continue };
                Some(row.try_get::<_, String>(0)?)
            }
        };
        faults.extend(fault(ctx, &input::pointer(column), document, kind.as_deref()));
    }
    if faults.is_empty() { Ok(()) } else { Err(Problem::of_fields(faults).into()) }
}

/// What a column names: by the values, or as it stands.
async fn named(
    tx: &Tx,
    served: &Served,
    values: &[(String, Param)],
    record: Option<&Record>,
    column: &str,
) -> Result<Option<Uuid>, Error> {
    if let Some((_, value)) = values.iter().find(|(name, _)| name == column) {
        return Ok(if let Param::Uuid(id) = value { Some(*id) } else { None });
    }
    let Some(record) = record else { return Ok(None) };
    let sql = format!("select t.{column} from {} t where {}", served.resource.table, served.key_condition(1));
    let refs: Vec<_> = record.key.iter().map(Param::as_sql).collect();
    Ok(tx.query_one(&sql, &refs).await?.try_get(0)?)
}
