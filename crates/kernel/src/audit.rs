//! What every change leaves behind, in its own transaction: one audit row and one outbox row; a change set with the reason,
//! once a transaction; a row for every column that changed; and a sentence for people. All of it is written by the one
//! statement that makes the change, so that no change can be without it and none costs a second round trip.

use serde_json::Value;
use uuid::Uuid;

use crate::{Catalogue, Ctx, Error, Table, param::Param, store::Tx};

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
pub(crate) const CONTEXT_COLUMNS: &str = "id, event_type, event_category, user_id, on_behalf_of_user_id, agent_run_id, session_id, \
     ip_address, user_agent, resource_type, api_endpoint, request_id, business_context, occurred_at";

/// The placeholders of [`context_params`], the first being `$first`.
pub(crate) fn context_places(first: usize) -> String {
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

/// How closely to look at an event.
fn risk(event: &str) -> &'static str {
    if event.ends_with(".break_glass") { "high" } else { "low" }
}

pub(crate) fn context_params(ctx: &Ctx, event: &str, resource_type: &str) -> Vec<Param> {
    let uuid = |id: Option<Uuid>| id.map_or(Param::Null, Param::Uuid);
    let text = |text: Option<String>| text.map_or(Param::Null, Param::Text);
    let (principal, request) = (&ctx.principal, &ctx.request);
    vec![
        Param::Uuid(ctx.new_id()),
        Param::Text(event.to_owned()),
        Param::Text(category(resource_type).to_owned()),
        // The server itself is nobody.
        uuid(Some(principal.user_id).filter(|id| !id.is_nil())),
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
    let table = table_of(ctx.catalogue(), change.resource_type);
    let mut params = context_params(ctx, change.event, change.resource_type);
    params.extend([
        Param::Text(change.resource_id.clone()),
        change.resource_name.clone().map_or(Param::Null, Param::Text),
        change.project.map_or(Param::Null, Param::Uuid),
        change.old.clone().map_or(Param::Null, Param::Json),
        change.new.clone().map_or(Param::Null, Param::Json),
        Param::Texts(fields.clone()),
        Param::Uuid(ctx.new_id()),
        Param::Uuid(Uuid::try_parse(&change.resource_id).unwrap_or(ctx.organization_id())),
        Param::Text(sentence(change, &fields)),
    ]);
    let (set, set_params) = Set::of(ctx, tx, params.len() + 1);
    params.extend(set_params);
    let sql = format!(
        "with image as (
           select $15::text as id, $16::text as title, $17::uuid as project, $18::jsonb as old, $19::jsonb as new,
                  $22::uuid as aggregate),
         differs as (
           select coalesce(n.key, o.key) as name, o.value as old, n.value as new
             from image i
             cross join lateral (select * from jsonb_each_text(coalesce(i.new, '{{}}'))) n
             full join (select x.* from image j cross join lateral jsonb_each_text(coalesce(j.old, '{{}}')) x) o on o.key = n.key
            where n.value is distinct from o.value),
         audited as (
           insert into audit.audit_logs ({CONTEXT_COLUMNS}, resource_id, resource_name, project_id, old_values,
                                         new_values, changed_fields, risk_level)
           select {context}, i.id, i.title, i.project, i.old, i.new, $20::text[], '{risk}' from image i),
         {trail}
         insert into platform.outbox_events (id, topic, aggregate_type, aggregate_id, event_type, payload, occurred_at)
         select $21::uuid, $10::text, $10::text, i.aggregate, $2::text,
                jsonb_build_object('id', i.id, 'project_id', i.project, 'changed', $20::text[]), $14::timestamptz
           from image i",
        context = context_places(1),
        risk = risk(change.event),
        trail = set.ctes(1, &Tracked {
            table: table.map_or(change.resource_type, |table| table.name.as_str()),
            types: &types_of(table),
            operation: match (&change.old, &change.new) {
                (None, Some(_)) => "INSERT",
                (Some(_), None) => "DELETE",
                _ => "UPDATE",
            },
            summary: "$23::text",
            entity: "$22::uuid",
        }),
    );
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
    tx.execute(&sql, &refs).await?;
    tx.note_recorded();
    Ok(())
}

/// The table that is served first for a permission type: an operation says what kind of thing it changed, not where it lies.
fn table_of<'a>(catalogue: &'a Catalogue, resource_type: &str) -> Option<&'a Table> {
    let mut fitting: Vec<_> =
        catalogue.resources().filter(|served| served.resource.permission == resource_type).collect();
    fitting.sort_by_key(|served| (served.resource.key != ["id"], served.resource.table.len()));
    fitting.first().map(|served| &served.table)
}

/// The types of a table's columns as a JSON object in SQL.
fn types_of(table: Option<&Table>) -> String {
    let columns = table.map_or(&[][..], |table| &table.columns);
    let pairs: Vec<String> =
        columns.iter().map(|column| format!("\"{}\": \"{}\"", column.name, column.kind.sql_name())).collect();
    format!("'{{{}}}'::jsonb", pairs.join(", "))
}

/// What an operation did, as the feed tells it.
fn sentence(change: &Change<'_>, fields: &[String]) -> String {
    let kind = change.resource_type.replace('_', " ");
    let verb = change.event.rsplit('.').next().unwrap_or(change.event).replace('_', " ");
    let mut verb_letters = verb.chars();
    let verb = verb_letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(verb_letters).collect());
    let name = change.resource_name.as_ref().map_or_else(String::new, |name| format!(" “{name}”"));
    let about = if verb == "Updated" && !fields.is_empty() {
        format!("Changed {} of {kind}{name}", fields.join(", ").replace('_', " "))
    } else {
        format!("{verb} {kind}{name}")
    };
    about.chars().take(1000).collect()
}

/// The change set of a transaction: made by its first change, named by all.
struct Set {
    /// The first placeholder of set, reason, justification and step.
    first: usize,
    is_new: bool,
}

/// What is told of the columns.
struct Tracked<'a> {
    table: &'a str,
    types: &'a str,
    operation: &'a str,
    /// The sentence, over `image i`.
    summary: &'a str,
    entity: &'a str,
}

impl Set {
    fn of(ctx: &Ctx, tx: &mut Tx, first: usize) -> (Self, Vec<Param>) {
        let step = tx.recorded();
        let text = |text: &Option<String>| text.clone().map_or(Param::Null, Param::Text);
        let mut params = vec![
            Param::Uuid(tx.change_set(|| ctx.new_id())),
            Param::I32(i32::try_from(step).unwrap_or(i32::MAX / 1000 - 1)),
        ];
        let is_new = step == 0;
        if is_new {
            params.extend([text(&ctx.request.reason), text(&ctx.request.justification)]);
        }
        (Self { first, is_new }, params)
    }

    /// The expressions behind `image` and `differs`. `context` is the first placeholder of the context.
    fn ctes(&self, context: usize, what: &Tracked<'_>) -> String {
        let (set, step) = (self.first, self.first + 1);
        let (event, user, session, address, agent, kind, now) =
            (context + 1, context + 3, context + 6, context + 7, context + 8, context + 9, context + 13);
        let head = if self.is_new {
            format!(
                "change_set as (
                   insert into audit.change_sets (id, changed_by, change_reason, business_justification, created_at)
                   select ${set}::uuid, ${user}::uuid, ${}::text, ${}::text, ${now}::timestamptz from image i),
                 ",
                set + 2,
                set + 3
            )
        } else {
            String::new()
        };
        format!(
            "{head}tracked as (
               insert into audit.change_tracking (audit_log_id, change_set_id, sequence_number, project_id, table_name, record_id,
                                                  operation_type, column_name, old_value, new_value, data_type, changed_at)
               select ${context}::uuid, ${set}::uuid, ${step}::int * 1000 + row_number() over (order by d.name), i.project, '{table}', i.id,
                      '{operation}', d.name, d.old, d.new, {types} ->> d.name, ${now}::timestamptz
                 from image i cross join differs d),
             told as (
               insert into audit.activity_logs (user_id, operation, entity_type, entity_id, project_id, summary,
                                                ip_address, user_agent, session_id, occurred_at)
               select ${user}::uuid, ${event}::text, ${kind}::text, {entity}, i.project, {summary}, ${address}::text::inet,
                      ${agent}::text, ${session}::uuid, ${now}::timestamptz from image i)",
            table = what.table,
            operation = what.operation,
            types = what.types,
            entity = what.entity,
            summary = what.summary,
        )
    }
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
    /// What a person calls it.
    pub(crate) words: String,
    pub(crate) table: &'a Table,
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

/// Columns that every change touches and that say nothing about it.
const STAMPS: &str = "'updated_at', 'updated_by', 'row_version'";
/// Columns that are filled when a record is made and that say nothing more than its audit row.
const BIRTH_MARKS: &str = "'id', 'created_at', 'created_by', 'updated_at', 'updated_by', 'row_version'";

impl Trail {
    pub(crate) fn of(ctx: &Ctx, tx: &mut Tx, first: usize, what: &TrailOf<'_>) -> Self {
        let mut params = context_params(ctx, &what.event, what.resource_type);
        params.push(Param::Uuid(ctx.new_id()));
        let (set, set_params) = Set::of(ctx, tx, first + params.len());
        params.extend(set_params);
        let hidden: Vec<String> =
            what.hidden.iter().chain(&["search_vector", "organization_id"]).map(|name| format!("'{name}'")).collect();
        let image = |alias: &str| format!("(to_jsonb({alias}) - array[{}])", hidden.join(", "));
        let old = if what.before { image("b") } else { "null::jsonb".into() };
        let new = if what.after { image("t") } else { "null::jsonb".into() };
        let from = match (what.before, what.after) {
            (true, true) => "changed t cross join before b".to_owned(),
            (true, false) => "before t cross join lateral (select t.*) b".to_owned(),
            _ => "changed t".to_owned(),
        };
        let (differs, operation) = match (what.before, what.after) {
            (true, true) => (
                format!(
                    "select n.key as name, i.old ->> n.key as old, i.new ->> n.key as new
                       from image i cross join lateral jsonb_each(i.new) n
                      where n.value is distinct from i.old -> n.key and n.key not in ({STAMPS})"
                ),
                "UPDATE",
            ),
            (true, false) => (
                format!(
                    "select o.key as name, o.value as old, null::text as new from image i
                      cross join lateral jsonb_each_text(i.old) o where o.value is not null and o.key not in ({BIRTH_MARKS})"
                ),
                "DELETE",
            ),
            _ => (
                format!(
                    "select n.key as name, null::text as old, n.value as new from image i
                      cross join lateral jsonb_each_text(i.new) n where n.value is not null and n.key not in ({BIRTH_MARKS})"
                ),
                "INSERT",
            ),
        };
        let verb = what.event.rsplit('.').next().unwrap_or_default();
        let (fields, beginning) = match verb {
            "updated" => (
                "array(select d.name from differs d order by 1)",
                "'Changed ' || coalesce((select string_agg(replace(d.name, '_', ' '), ', ' order by d.name) from differs d), 'nothing') || ' of '",
            ),
            "created" => ("null::text[]", "'Created '"),
            "deleted" if what.after => ("array(select d.name from differs d order by 1)", "'Deleted '"),
            "deleted" => ("null::text[]", "'Deleted '"),
            _ => ("array(select d.name from differs d order by 1)", "'Restored '"),
        };
        let aggregate = what.aggregate.map_or("platform.current_organization()".into(), |column| format!("t.{column}"));
        let summary = format!(
            "left({beginning} || '{words}' || coalesce(' “' || left(i.title, 300) || '”', ''), 1000)",
            words = what.words
        );
        let ctes = format!(
            "image as (
               select {key} as id, {title} as title, {project} as project, {aggregate} as aggregate, {old} as old, {new} as new
                 from {from}),
             differs as ({differs}),
             audited as (
               insert into audit.audit_logs ({CONTEXT_COLUMNS}, resource_id, resource_name, project_id, old_values,
                                             new_values, changed_fields)
               select {places}, i.id, i.title, i.project, i.old, i.new, {fields} from image i
               returning changed_fields),
             {trail},
             queued as (
               insert into platform.outbox_events (id, topic, aggregate_type, aggregate_id, event_type, payload,
                                                   occurred_at)
               select ${outbox}::uuid, ${kind}::text, ${kind}::text, i.aggregate, ${event}::text,
                      jsonb_build_object('id', i.id, 'project_id', i.project, 'changed', a.changed_fields), ${now}::timestamptz
                 from image i cross join audited a)",
            key = what.key_text,
            title = what.title,
            project = what.project,
            places = context_places(first),
            trail = set.ctes(first, &Tracked {
                table: &what.table.name,
                types: &types_of(Some(what.table)),
                operation,
                summary: &summary,
                entity: if what.aggregate.is_some() { "i.aggregate" } else { "null::uuid" },
            }),
            outbox = first + 14,
            kind = first + 9,
            event = first + 1,
            now = first + 13,
        );
        Self { ctes, params }
    }
}
