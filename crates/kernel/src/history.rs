//! The history of one record, from the audit trail.

use serde_json::{Value, json};

use crate::{Allowed, Ctx, Error, Read, Record};

const HISTORY: &str = "
select a.id, a.event_type, a.user_id, coalesce(u.display_name, u.email), a.on_behalf_of_user_id,
       coalesce(p.display_name, p.email), a.changed_fields, coalesce(a.old_values, w.old), coalesce(a.new_values, w.new), a.business_context,
       to_char(a.occurred_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), u.kind
  from audit.audit_logs a
  left join identity.users u on u.id = a.user_id
  left join identity.users p on p.id = a.on_behalf_of_user_id
  left join lateral (
    -- Of a row that was emptied, because somebody was erased, the columns still tell what changed.
    select jsonb_object_agg(t.column_name, t.old_value) as old, jsonb_object_agg(t.column_name, t.new_value) as new
      from audit.change_tracking t
     where a.old_values is null and a.new_values is null and t.table_name = $3 and t.record_id = $2 and t.audit_log_id = a.id) w on true
 where a.resource_type = $1 and a.resource_id = $2
   -- Who read it, took it away or was refused is for those who may read the trail.
   and a.event_category not in ('access', 'export')
 order by a.id desc
 limit 200";

/// What happened to a record, the latest first, at most 200 entries. Each names who did it and for whom.
///
/// # Errors
/// When the query fails.
pub async fn history(ctx: &Ctx, record: &Allowed<Record, Read>) -> Result<Value, Error> {
    let tx = ctx.begin_read().await?;
    let rows = tx.query(HISTORY, &[&record.resource.permission, &record.id, &record.resource.table]).await?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in &rows {
        let fields: Option<Vec<String>> = row.try_get(6)?;
        let (old, new): (Option<Value>, Option<Value>) = (row.try_get(7)?, row.try_get(8)?);
        let of = |image: &Option<Value>, field: &str| image.as_ref().and_then(|image| image.get(field).cloned());
        let changes: Vec<Value> = fields
            .unwrap_or_default()
            .iter()
            .map(|field| json!({"field": field, "from": of(&old, field), "to": of(&new, field)}))
            .collect();
        entries.push(json!({
            "id": row.try_get::<_, uuid::Uuid>(0)?,
            "event": row.try_get::<_, String>(1)?,
            "user_id": row.try_get::<_, Option<uuid::Uuid>>(2)?,
            "user": row.try_get::<_, Option<String>>(3)?,
            "user_kind": row.try_get::<_, Option<String>>(11)?,
            "on_behalf_of_user_id": row.try_get::<_, Option<uuid::Uuid>>(4)?,
            "on_behalf_of": row.try_get::<_, Option<String>>(5)?,
            "changes": changes,
            "reason": row.try_get::<_, Option<String>>(9)?,
            "occurred_at": row.try_get::<_, String>(10)?,
        }));
    }
    tx.commit().await?;
    Ok(json!({"data": entries}))
}
