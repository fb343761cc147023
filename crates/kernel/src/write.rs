//! Plain writes: one statement makes the change, its audit row and its outbox row.

use authz::Question;
use base::Problem;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Action, Create, Ctx, Delete, Error, Place as _, Record, Restore, Update,
    access::{self, Allowed, Collection, authorise},
    audit::{Trail, TrailOf},
    catalogue::{ProjectLink, Served},
    conditions, confer,
    encode::RawJson,
    guard, input,
    param::Param,
    rights,
    schema::ColumnType,
    select::Selection,
    store::Tx,
};

/// A record as it stands after a read or a write.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its identifier.
    pub id: String,
    /// What its ETag carries.
    pub version: String,
    /// The record.
    pub body: RawJson,
}

impl Served {
    fn trail_of(&self, event: &str, before: bool, after: bool) -> TrailOf<'_> {
        let aggregate = self
            .resource
            .key
            .iter()
            .find(|column| self.table.column(column).is_some_and(|column| column.kind == ColumnType::Uuid));
        TrailOf {
            event: format!("{}.{event}", self.resource.permission),
            resource_type: self.resource.permission,
            words: self.resource.words(),
            table: &self.table,
            key_text: self.key_text(),
            aggregate: aggregate.copied(),
            title: self.title_sql(),
            project: self.project_sql(),
            hidden: self.resource.hidden,
            before,
            after,
        }
    }

    pub(crate) fn key_condition(&self, first: usize) -> String {
        let parts: Vec<String> =
            self.resource.key.iter().enumerate().map(|(at, column)| format!("t.{column} = ${}", first + at)).collect();
        parts.join(" and ")
    }
}

/// Creates a record from a JSON object.
///
/// # Errors
/// 422 naming each field that does not fit, 403 when the actor may not create one there.
pub async fn create(ctx: &Ctx, tx: &mut Tx, served: &Served, body: &Value) -> Result<Written, Error> {
    let resource = served.resource;
    let values = input::read_object(body, &served.table, |name| {
        resource.writable.contains(&name) || resource.create_only.contains(&name)
    })?;
    make(ctx, tx, served, values, None).await
}

/// Makes a record that is gone for good again, with the values and the identifier it had. By the rules of creating, but for
/// the status, in which it may have been anything.
///
/// # Errors
/// Those of [`create`].
pub(crate) async fn recreate(
    ctx: &Ctx,
    tx: &mut Tx,
    served: &Served,
    values: Vec<(String, Param)>,
    id: &str,
) -> Result<Written, Error> {
    make(ctx, tx, served, values, Some(id)).await
}

async fn make(
    ctx: &Ctx,
    tx: &mut Tx,
    served: &Served,
    mut values: Vec<(String, Param)>,
    again: Option<&str>,
) -> Result<Written, Error> {
    let resource = served.resource;
    let Place { project, in_bin } = place(ctx, tx, served, &values).await?;
    // A grant that depends on what the record is like is held against it once it is there.
    let depends = !ctx.may(resource.permission, resource.needs(Create::NAME), project)
        && ctx.reach(resource.permission, resource.needs(Create::NAME)).touches(project);
    if !depends {
        let _allowed: Allowed<_, Create> = authorise(ctx, Collection { resource, project })?;
    }
    if let (Some(name), Some(project)) = (in_bin, project) {
        return Err(access::in_bin(&name, project).into());
    }
    require(served, &values)?;
    guard::check(ctx, tx, served, &values, project, None).await?;
    confer::check(ctx, tx, resource, &values, project).await?;
    check_references(ctx, tx, served, &values).await?;
    conditions::check(ctx, tx, served, &values, None).await?;
    let before = rights::Before::look(ctx, tx, served, &values, None).await?;
    if let Some(status) = &resource.status
        && again.is_none()
        && let Some((_, Param::Text(state))) = values.iter().find(|(name, _)| name == status.column)
        && !status.initial.contains(&state.as_str())
    {
        return Err(Problem::invalid(format!(
            "A new {} starts as {}; it is moved to `{state}` afterwards.",
            resource.words(),
            status.initial.join(" or ")
        ))
        .field(input::pointer(status.column), format!("must be one of {}", status.initial.join(", ")))
        .into());
    }
    let mut fill = |name: &str, value: Param| {
        if served.table.has(name) && !values.iter().any(|(taken, _)| taken == name) {
            values.push((name.to_owned(), value));
        }
    };
    if resource.key == ["id"] {
        let id = again.and_then(|id| Uuid::try_parse(id).ok());
        fill("id", Param::Uuid(id.unwrap_or_else(|| ctx.new_id())));
    }
    if let (Some(project), ProjectLink::Column) = (project, served.project) {
        fill("project_id", Param::Uuid(project));
    }
    fill("created_by", Param::Uuid(ctx.principal.user_id));
    fill("updated_by", Param::Uuid(ctx.principal.user_id));

    if served.project == ProjectLink::Itself {
        // Whoever makes a project owns it, unless they name another; a private one would vanish from their sight.
        fill("owner_user_id", Param::Uuid(ctx.principal.user_id));
    }
    let (names, mut params): (Vec<String>, Vec<Param>) = values.into_iter().unzip();
    let places = placeholders(served, &names, 1);
    let mut source = format!(
        "insert into {table} ({names}) values ({places}) returning *",
        table = resource.table,
        names = names.join(", "),
        places = places.join(", "),
    );
    if served.project == ProjectLink::Itself {
        // The audit row names the project, and row security shows a project only to statements after its own.
        let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
        let row = tx.query_one(&source, &refs).await?;
        params = vec![Param::Uuid(row.try_get::<_, Uuid>("id")?)];
        source = format!("select t.* from {} t where t.id = $1", resource.table);
    }
    let trail = Trail::of(ctx, tx, params.len() + 1, &served.trail_of("created", false, true));
    let selection = Selection::whole(served);
    let sql = format!(
        "with changed as ({source}), {trail}
         select {columns}, {key}, {version} from changed t",
        trail = trail.ctes,
        columns = selection.sql(),
        key = served.key_text(),
        version = version_of_changed(served),
    );
    params.extend(trail.params);
    let made =
        answer(tx, &sql, &params, &selection).await?.ok_or_else(|| Error::Broken("nothing was created".into()))?;
    if depends {
        still_allowed::<Create>(ctx, tx, served, &made.id).await?;
    }
    before.hold(ctx, tx, &made.id, false).await?;
    Ok(made)
}

/// Holds a record as it was written against grants that depend on what it is like: nobody makes, or moves out of their own
/// sight, what they could not have touched.
async fn still_allowed<A: Action>(ctx: &Ctx, tx: &Tx, served: &Served, id: &str) -> Result<(), Error> {
    let record = Record::find(tx, served, id, false).await?;
    let target = record.target();
    let question = Question {
        resource_type: record.resource_type(),
        action: record.needs(A::NAME),
        target,
        environment: &ctx.environment(),
    };
    if ctx.principal.grants.allows(&question) || record.belongs_to_actor(ctx) {
        return Ok(());
    }
    let reason = ctx.principal.grants.reason_of(&question);
    let detail = format!("You may not {} a {} like this: {reason}.", A::NAME, served.resource.words());
    Err(Problem::forbidden(detail).into())
}

/// Changes a record by a JSON object of the fields to change (RFC 7396 for top-level members).
///
/// # Errors
/// 422 naming each field that does not fit or a status move that is not allowed.
pub async fn update(
    ctx: &Ctx,
    tx: &mut Tx,
    served: &Served,
    record: Allowed<Record, Update>,
    body: &Value,
) -> Result<Written, Error> {
    let values = input::read_object(body, &served.table, |name| served.resource.writable.contains(&name))?;
    put(ctx, tx, served, record, values, true).await
}

/// Gives a record values that it had before, by the rules of changing it. What entering a status stamps is not stamped
/// again: it is among the values.
///
/// # Errors
/// Those of [`update`].
pub(crate) async fn put_back(
    ctx: &Ctx,
    tx: &mut Tx,
    served: &Served,
    record: Allowed<Record, Update>,
    values: Vec<(String, Param)>,
) -> Result<Written, Error> {
    put(ctx, tx, served, record, values, false).await
}

async fn put(
    ctx: &Ctx,
    tx: &mut Tx,
    served: &Served,
    record: Allowed<Record, Update>,
    mut values: Vec<(String, Param)>,
    stamps: bool,
) -> Result<Written, Error> {
    let resource = served.resource;
    if record.deleted {
        return Err(Problem::conflict(format!("This {} is deleted; restore it first.", resource.words())).into());
    }
    if values.is_empty() {
        return current(tx, served, &record).await;
    }
    guard::check(ctx, tx, served, &values, record.project, Some(&record)).await?;
    confer::check(ctx, tx, resource, &values, record.project).await?;
    check_references(ctx, tx, served, &values).await?;
    conditions::check(ctx, tx, served, &values, Some(&record)).await?;
    if let Some(status) = &resource.status
        && let Some((_, Param::Text(to))) = values.iter().find(|(name, _)| name == status.column).cloned()
        && let Some(from) = record.status.as_deref()
        && from != to
    {
        let next = status.after(from);
        if !next.contains(&to.as_str()) {
            let may = if next.is_empty() { "nothing: it is final".to_owned() } else { next.join(", ") };
            return Err(Problem::invalid(format!("A {} that is {from} can move to {may}.", resource.words()))
                .field(input::pointer(status.column), format!("cannot move from {from} to {to}; possible: {may}"))
                .into());
        }
        for (state, column) in status.stamps {
            if stamps && *state == to && !values.iter().any(|(name, _)| name == column) {
                let stamp = match served.table.column(column).map(|column| column.kind) {
                    Some(ColumnType::Date) => Param::Date(ctx.now().to_zoned(jiff::tz::TimeZone::UTC).date()),
                    _ => Param::Time(ctx.now()),
                };
                values.push(((*column).to_owned(), stamp));
            }
        }
    }
    if let Some((parent_column, _)) = resource.parent
        && values.iter().any(|(name, _)| name == parent_column)
    {
        check_parent(ctx, tx, served, &values).await?;
    }
    if served.table.has("updated_by") {
        values.push(("updated_by".into(), Param::Uuid(ctx.principal.user_id)));
    }
    let written = change(ctx, tx, served, &record, values, "updated").await?;
    if !ctx.principal.grants.is_plain() {
        still_allowed::<Update>(ctx, tx, served, &written.id).await?;
    }
    Ok(written)
}

/// Takes a record away: softly where it can be restored, for good elsewhere.
///
/// # Errors
/// 409 when something still refers to it.
pub async fn delete(ctx: &Ctx, tx: &mut Tx, served: &Served, record: Allowed<Record, Delete>) -> Result<(), Error> {
    if record.deleted {
        return Err(Problem::not_found(format!("{} `{}`", served.resource.words(), record.id)).into());
    }
    guard::check_removal(ctx, tx, served, &record).await?;
    if served.is_soft() {
        let values = vec![
            ("deleted_at".to_owned(), Param::Time(ctx.now())),
            ("deleted_by".to_owned(), Param::Uuid(ctx.principal.user_id)),
        ];
        change(ctx, tx, served, &record, values, "deleted").await?;
        return Ok(());
    }
    let before = rights::Before::look(ctx, tx, served, &[], Some(&record)).await?;
    let mut params = record.key.clone();
    let trail = Trail::of(ctx, tx, params.len() + 1, &served.trail_of("deleted", true, false));
    let sql = format!(
        "with before as (delete from {table} t where {condition} returning *), {trail} select 1 from before",
        table = served.resource.table,
        condition = served.key_condition(1),
        trail = trail.ctes,
    );
    params.extend(trail.params);
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
    if tx.query(&sql, &refs).await?.is_empty() {
        return Err(Problem::not_found(format!("{} `{}`", served.resource.words(), record.id)).into());
    }
    tx.note_recorded();
    before.hold(ctx, tx, &record.id, false).await
}

/// Brings a soft-deleted record back.
///
/// # Errors
/// 409 when it is not deleted, or when another record has taken its unique values meanwhile.
pub async fn restore(
    ctx: &Ctx,
    tx: &mut Tx,
    served: &Served,
    record: Allowed<Record, Restore>,
) -> Result<Written, Error> {
    if !record.deleted {
        return Err(Problem::conflict(format!("This {} is not deleted.", served.resource.words())).into());
    }
    let values = vec![("deleted_at".to_owned(), Param::Null), ("deleted_by".to_owned(), Param::Null)];
    change(ctx, tx, served, &record, values, "restored").await
}

async fn change(
    ctx: &Ctx,
    tx: &mut Tx,
    served: &Served,
    record: &Record,
    values: Vec<(String, Param)>,
    event: &str,
) -> Result<Written, Error> {
    let before = rights::Before::look(ctx, tx, served, &values, Some(record)).await?;
    let (names, mut params): (Vec<String>, Vec<Param>) = values.into_iter().unzip();
    let sets: Vec<String> =
        names.iter().zip(placeholders(served, &names, 1)).map(|(name, place)| format!("{name} = {place}")).collect();
    let key_at = params.len() + 1;
    params.extend(record.key.iter().cloned());
    let trail = Trail::of(ctx, tx, params.len() + 1, &served.trail_of(event, true, true));
    let selection = Selection::whole(served);
    let sql = format!(
        "with before as (select t.* from {table} t where {condition}),
              changed as (update {table} t set {sets} where {condition} returning t.*), {trail}
         select {columns}, {key}, {version} from changed t",
        table = served.resource.table,
        condition = served.key_condition(key_at),
        sets = sets.join(", "),
        trail = trail.ctes,
        columns = selection.sql(),
        key = served.key_text(),
        version = version_of_changed(served),
    );
    params.extend(trail.params);
    let written = answer(tx, &sql, &params, &selection)
        .await?
        .ok_or_else(|| Problem::not_found(format!("{} `{}`", served.resource.words(), record.id)))?;
    before.hold(ctx, tx, &written.id, event == "restored").await?;
    Ok(written)
}

async fn answer(tx: &mut Tx, sql: &str, params: &[Param], selection: &Selection<'_>) -> Result<Option<Written>, Error> {
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
    let Some(row) = tx.query_opt(sql, &refs).await? else { return Ok(None) };
    tx.note_recorded();
    let mut body = Vec::with_capacity(1024);
    selection.encoder().write(&mut body, &row)?;
    let width = selection.width();
    Ok(Some(Written { id: row.try_get(width)?, version: row.try_get(width + 1)?, body: RawJson(body) }))
}

async fn current(tx: &Tx, served: &Served, record: &Record) -> Result<Written, Error> {
    let selection = Selection::whole(served);
    let sql = format!(
        "select {}, {}, {} from {} t where {}",
        selection.sql(),
        served.key_text(),
        served.version_sql(),
        served.resource.table,
        served.key_condition(1)
    );
    let refs: Vec<_> = record.key.iter().map(Param::as_sql).collect();
    let row = tx.query_one(&sql, &refs).await?;
    let mut body = Vec::with_capacity(1024);
    selection.encoder().write(&mut body, &row)?;
    let width = selection.width();
    Ok(Written { id: row.try_get(width)?, version: row.try_get(width + 1)?, body: RawJson(body) })
}

/// A row made by this statement has no stable `xmin` to show through a common table expression; where there is no row
/// version, the transaction that wrote it is the one that runs.
fn version_of_changed(served: &Served) -> &'static str {
    if served.has_version() { "t.row_version::text" } else { "(pg_current_xact_id()::xid)::text" }
}

fn placeholders(served: &Served, names: &[String], first: usize) -> Vec<String> {
    names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let cast = served.table.column(name).map_or("", |column| column.kind.cast());
            format!("${}{cast}", first + at)
        })
        .collect()
}

/// Where a new record is made.
#[derive(Default)]
struct Place {
    /// Its project.
    project: Option<Uuid>,
    /// The project's name, when that is in the bin.
    in_bin: Option<String>,
}

/// The project in which a new record is made: its parent's, or the one it names.
async fn place(ctx: &Ctx, tx: &Tx, served: &Served, values: &[(String, Param)]) -> Result<Place, Error> {
    if served.resource.parent.is_some() {
        return check_parent(ctx, tx, served, values).await;
    }
    if served.project != ProjectLink::Column {
        return Ok(Place::default());
    }
    match values.iter().find(|(name, _)| name == "project_id").map(|(_, value)| value) {
        Some(Param::Uuid(project)) => {
            let sql = "select case when deleted_at is not null then name end from work.projects where id = $1";
            let found = tx.query_opt(sql, &[project]).await?.ok_or_else(|| no_such("project_id", "project"))?;
            Ok(Place { project: Some(*project), in_bin: found.try_get(0)? })
        }
        _ => Ok(Place::default()),
    }
}

/// The project of the parent that `values` name, once it is found and may be seen.
async fn check_parent(ctx: &Ctx, tx: &Tx, served: &Served, values: &[(String, Param)]) -> Result<Place, Error> {
    let Some((column, parent)) = served.resource.parent else { return Ok(Place::default()) };
    let parent =
        ctx.catalogue().get(parent).ok_or_else(|| Error::Broken(format!("the parent {parent} is not served")))?;
    match values.iter().find(|(name, _)| name == column).map(|(_, value)| value) {
        Some(Param::Uuid(id)) => {
            let found = Record::find(tx, parent, &id.to_string(), false)
                .await
                .and_then(|record| authorise::<crate::Read, _>(ctx, record));
            match found {
                Ok(record) if !record.deleted => {
                    Ok(Place { project: record.project, in_bin: record.into_inner().project_in_bin })
                }
                Ok(_) => Err(no_such(column, &parent.resource.words()).into()),
                Err(error) if error.problem().is_some() => Err(no_such(column, &parent.resource.words()).into()),
                Err(error) => Err(error),
            }
        }
        _ => Err(Problem::invalid(format!("A {} belongs to a {}.", served.resource.words(), parent.resource.words()))
            .field(input::pointer(column), format!("is required: the {} it belongs to", parent.resource.words()))
            .into()),
    }
}

/// Refuses to refer to a record in a project that the actor does not see: a foreign key asks no row security, so it
/// would confirm that the record is there. Keys that carry the project need no second look.
async fn check_references(ctx: &Ctx, tx: &Tx, served: &Served, values: &[(String, Param)]) -> Result<(), Error> {
    for (column, value) in values {
        let Param::Uuid(id) = value else { continue };
        let Some(key) = served.table.reference(column) else { continue };
        if key.columns.iter().any(|column| column == "project_id") {
            continue;
        }
        let Some(there) = ctx.catalogue().of_table(&key.target) else { continue };
        if there.project == ProjectLink::None || there.resource.key != ["id"] {
            continue;
        }
        let sql = format!("select 1 from {} t where t.id = $1", there.resource.table);
        if tx.query_opt(&sql, &[id]).await?.is_none() {
            return Err(no_such(column, &there.resource.words()).into());
        }
    }
    Ok(())
}

fn no_such(column: &str, what: &str) -> Problem {
    let detail = format!("names no {what} that is here");
    Problem::invalid(format!("`{column}` {detail}.")).field(input::pointer(column), detail)
}

/// Names every required field that is missing, at once.
fn require(served: &Served, values: &[(String, Param)]) -> Result<(), Error> {
    let errors: Vec<_> = served
        .required()
        .filter(|name| !values.iter().any(|(taken, _)| taken == name))
        .map(|name| base::FieldError { pointer: input::pointer(name), detail: "is required".into() })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::of_fields(errors).into()) }
}

impl Served {
    /// The columns a caller must give when creating.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        self.resource.writable.iter().chain(self.resource.create_only).copied().filter(|name| {
            let parent_fills = self.resource.parent.is_some() && *name == "project_id";
            !parent_fills
                && !self.resource.filled.contains(name)
                && self.table.column(name).is_some_and(|column| !column.nullable && !column.has_default)
        })
    }
}
