//! What every change leaves behind, in its own transaction: one audit row and one outbox row.

use serde_json::Value;
use uuid::Uuid;

use crate::{Ctx, Error, param::Param, store::Tx};

/// A change made by an operation's own SQL.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// What happened, such as `deployment.approved`.
    pub event: &'a str,
    /// The permission type of what it happened to.
    pub resource_type: &'a str,
    /// Its identifier as callers write it.
    pub resource_id: String,
    /// Its title, for people.
    pub resource_name: Option<String>,
    /// Its project.
    pub project: Option<Uuid>,
    /// The values before, of what changed.
    pub old: Option<Value>,
    /// The values after, of what changed. Never a secret.
    pub new: Option<Value>,
}

/// Columns of an audit row that come from the context, in the order of [`context_params`].
const CONTEXT_COLUMNS: &str = "id, event_type, event_category, user_id, on_behalf_of_user_id, agent_run_id, session_id, \
     ip_address, user_agent, resource_type, api_endpoint, request_id, business_context, occurred_at";

/// The placeholders of [`context_params`], the first being `$first`.
fn context_places(first: usize) -> String {
    const TYPES: [&str; 14] = [
        "uuid",
        "text",
        "text",
        "uuid",
        "uuid",
        "uuid",
        "uuid",
        "text::inet",
        "text",
        "text",
        "text",
        "text",
        "text",
        "timestamptz",
    ];
    let places: Vec<String> = TYPES.iter().enumerate().map(|(at, kind)| format!("${}::{kind}", first + at)).collect();
    places.join(", ")
}

/// The kind of event: what happens to credentials is told apart from what happens to data.
const fn category(resource_type: &str) -> &'static str {
    match resource_type.as_bytes() {
        b"session" | b"api_token" => "authentication",
        b"role" | b"membership" => "authorization",
        _ => "data_change",
    }
}

fn context_params(ctx: &Ctx, event: &str, resource_type: &str) -> Vec<Param> {
    let uuid = |id: Option<Uuid>| id.map_or(Param::Null, Param::Uuid);
    let text = |text: Option<String>| text.map_or(Param::Null, Param::Text);
    let (principal, request) = (&ctx.principal, &ctx.request);
    vec![
        Param::Uuid(ctx.new_id()),
        Param::Text(event.to_owned()),
        Param::Text(category(resource_type).to_owned()),
        Param::Uuid(principal.user_id),
        uuid(principal.on_behalf_of),
        uuid(principal.agent_run),
        uuid(principal.session_id()),
        text(request.address.map(|address| address.to_string())),
        text(request.user_agent.clone()),
        Param::Text(resource_type.to_owned()),
        text((!request.endpoint.is_empty()).then(|| request.endpoint.clone())),
        text((!request.id.is_empty()).then(|| request.id.clone())),
        text(request.reason.clone()),
        Param::Time(ctx.now()),
    ]
}

/// Writes the audit row and the outbox row of a change that an operation made with its own SQL.
///
/// # Errors
/// When PostgreSQL refuses a row.
pub async fn record(ctx: &Ctx, tx: &mut Tx, change: &Change<'_>) -> Result<(), Error> {
    let fields = changed_fields(change.old.as_ref(), change.new.as_ref());
    let mut params = context_params(ctx, change.event, change.resource_type);
    params.extend([
        Param::Text(change.resource_id.clone()),
        change.resource_name.clone().map_or(Param::Null, Param::Text),
        change.project.map_or(Param::Null, Param::Uuid),
        change.old.clone().map_or(Param::Null, Param::Json),
        change.new.clone().map_or(Param::Null, Param::Json),
        Param::Texts(fields),
        Param::Uuid(ctx.new_id()),
        Param::Uuid(Uuid::try_parse(&change.resource_id).unwrap_or(ctx.organization_id())),
    ]);
    let sql = format!(
        "with audited as (
           insert into audit.audit_logs ({CONTEXT_COLUMNS}, resource_id, resource_name, project_id, old_values,
                                         new_values, changed_fields)
           values ({}, $15::text, $16::text, $17::uuid, $18::jsonb, $19::jsonb, $20::text[])
           returning resource_type, event_type, resource_id, project_id, changed_fields)
         insert into platform.outbox_events (id, topic, aggregate_type, aggregate_id, event_type, payload, occurred_at)
         select $21::uuid, a.resource_type, a.resource_type, $22::uuid, a.event_type,
                jsonb_build_object('id', a.resource_id, 'project_id', a.project_id, 'changed', a.changed_fields), $14::timestamptz
           from audited a",
        context_places(1)
    );
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
    tx.execute(&sql, &refs).await?;
    tx.note_recorded();
    Ok(())
}

fn changed_fields(old: Option<&Value>, new: Option<&Value>) -> Vec<String> {
    let empty = serde_json::Map::new();
    let old = old.and_then(Value::as_object).unwrap_or(&empty);
    let new = new.and_then(Value::as_object).unwrap_or(&empty);
    let mut fields: Vec<String> =
        old.keys().chain(new.keys()).filter(|name| old.get(*name) != new.get(*name)).cloned().collect();
    fields.sort();
    fields.dedup();
    fields
}

/// The common table expressions that record a change of the rows `changed` (and `before`, where there is one), to be
/// put behind the one that makes the change. Its parameters start at `first`.
pub(crate) struct Trail {
    pub(crate) ctes: String,
    pub(crate) params: Vec<Param>,
}

/// What the trail of a plain write needs to know of the table.
pub(crate) struct TrailOf<'a> {
    pub(crate) event: String,
    pub(crate) resource_type: &'a str,
    /// The text of the identifier over the alias `t`.
    pub(crate) key_text: String,
    /// The first key column that is a UUID.
    pub(crate) aggregate: Option<&'a str>,
    pub(crate) title: String,
    pub(crate) project: &'a str,
    pub(crate) hidden: &'a [&'a str],
    pub(crate) before: bool,
    pub(crate) after: bool,
}

impl Trail {
    pub(crate) fn of(ctx: &Ctx, first: usize, what: &TrailOf<'_>) -> Self {
        let mut params = context_params(ctx, &what.event, what.resource_type);
        params.push(Param::Uuid(ctx.new_id()));
        let hidden: Vec<String> =
            what.hidden.iter().chain(&["search_vector", "organization_id"]).map(|name| format!("'{name}'")).collect();
        let image = |alias: &str| format!("(to_jsonb({alias}) - array[{}])", hidden.join(", "));
        let row = if what.after { "changed" } else { "before" };
        let old = if what.before { image("b") } else { "null::jsonb".into() };
        let new = if what.after { image("t") } else { "null::jsonb".into() };
        let from = match (what.before, what.after) {
            (true, true) => "changed t cross join before b".to_owned(),
            (true, false) => "before t cross join lateral (select t.*) b".to_owned(),
            _ => "changed t".to_owned(),
        };
        let fields = if what.before && what.after {
            format!(
                "array(select n.key from jsonb_each({new}) n where n.value is distinct from {old} -> n.key \
                 and n.key not in ('updated_at', 'updated_by', 'row_version') order by 1)"
            )
        } else {
            "null::text[]".to_owned()
        };
        let ctes = format!(
            "audited as (
               insert into audit.audit_logs ({CONTEXT_COLUMNS}, resource_id, resource_name, project_id, old_values,
                                             new_values, changed_fields)
               select {places}, {key}, {title}, {project}, {old}, {new}, {fields} from {from}
               returning changed_fields),
             queued as (
               insert into platform.outbox_events (id, topic, aggregate_type, aggregate_id, event_type, payload,
                                                   occurred_at)
               select ${outbox}::uuid, ${kind}::text, ${kind}::text, {aggregate}, ${event}::text,
                      jsonb_build_object('id', {key}, 'project_id', {project}, 'changed', a.changed_fields), ${now}::timestamptz
                 from {row} t cross join audited a)",
            places = context_places(first),
            key = what.key_text,
            title = what.title,
            project = what.project,
            outbox = first + 14,
            kind = first + 9,
            event = first + 1,
            now = first + 13,
            aggregate = what.aggregate.map_or("platform.current_organization()".into(), |column| format!("t.{column}")),
        );
        Self { ctes, params }
    }
}
