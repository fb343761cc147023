//! A change as the trail tells of it, and how it can be taken back.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{
    UndoRequest,
    told::{Outcome, Undone, UndoneField},
};
use crate::{
    Ctx, Error, Verb,
    catalogue::Served,
    input,
    param::Param,
    schema::{Column, ColumnType},
    store::Tx,
};

/// A change.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) id: Uuid,
    pub(super) event: String,
    pub(super) kind: String,
    pub(super) record: String,
    pub(super) name: Option<String>,
    pub(super) project: Option<Uuid>,
    by: Option<String>,
    by_program: bool,
    on_behalf_of: Option<String>,
    at: Timestamp,
    why: Option<String>,
    pub(super) table: Option<String>,
    operation: Option<String>,
    set: Option<Uuid>,
    /// The first of its rows about columns: what came later has a greater one.
    pub(super) first: Option<Uuid>,
    /// What each column held before and after, as text.
    pub(super) columns: BTreeMap<String, (Option<String>, Option<String>)>,
}

/// How a change is taken back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// These columns get back what they held.
    PutBack(Vec<String>),
    /// What was made, or brought back, is deleted.
    Remove,
    /// What was put in the bin is taken out of it.
    Restore,
    /// What was deleted for good is made again, with its identifier.
    Recreate,
}

impl Way {
    const fn name(&self) -> &'static str {
        match self {
            Self::PutBack(_) => "put_back",
            Self::Remove => "delete",
            Self::Restore => "restore",
            Self::Recreate => "recreate",
        }
    }
}

/// The changes of a request, the latest first.
pub(super) async fn find(ctx: &Ctx, tx: &Tx, request: &UndoRequest, most: usize) -> Result<Vec<Change>, Error> {
    let (mut kinds, mut tables) = (Vec::new(), Vec::new());
    for served in ctx.catalogue().resources() {
        kinds.push(served.resource.permission.to_owned());
        tables.push(served.resource.table.to_owned());
    }
    let mut params = vec![Param::Texts(kinds), Param::Texts(tables)];
    let mut conditions = Vec::new();
    let mut condition = |sql: &str, value: Param| {
        params.push(value);
        conditions.push(sql.replace('$', &format!("${}", params.len())));
    };
    if let Some(changes) = &request.changes {
        condition("a.id = any($::uuid[])", Param::Uuids(changes.clone()));
    }
    if let Some(set) = request.change_set {
        condition(
            "a.id = any(array(select t.audit_log_id from audit.change_tracking t where t.change_set_id = $::uuid))",
            Param::Uuid(set),
        );
    }
    if let Some(run) = request.agent_run {
        condition("a.agent_run_id = $::uuid", Param::Uuid(run));
    }
    if let Some(request) = &request.request {
        condition("a.request_id = $::text", Param::Text(request.clone()));
    }
    if let Some(actor) = request.actor {
        condition("a.user_id = $::uuid", Param::Uuid(actor));
    }
    if let Some(from) = request.from {
        condition("a.occurred_at >= $::timestamptz", Param::Time(from));
        condition("a.id >= platform.uuid_v7_floor($::timestamptz - interval '1 minute')", Param::Time(from));
    }
    if let Some(until) = request.until {
        condition("a.occurred_at <= $::timestamptz", Param::Time(until));
    }
    // Of one transaction the columns tell the order; the clock of the database alone numbers them.
    let sql = format!(
        "select a.id, a.event_type, a.resource_type, a.resource_id, a.resource_name, a.project_id,
                coalesce(u.display_name, u.email), coalesce(u.kind <> 'person', false), coalesce(p.display_name, p.email), a.occurred_at,
                c.names[1], c.operations[1], c.sets[1], c.ids[1], c.fields,
                a.business_context
           from audit.audit_logs a
           left join identity.users u on u.id = a.user_id
           left join identity.users p on p.id = a.on_behalf_of_user_id
           left join lateral (
             select array_agg(t.table_name) as names, array_agg(t.operation_type) as operations, array_agg(t.change_set_id) as sets,
                    array_agg(t.id order by t.id) as ids,
                    jsonb_object_agg(t.column_name, jsonb_build_array(t.old_value, t.new_value)) as fields
               from unnest($1::text[], $2::text[]) w (kind, table_name)
               join audit.change_tracking t
                 on t.table_name = w.table_name and t.record_id = a.resource_id and t.audit_log_id = a.id
              where w.kind = a.resource_type) c on true
          where {conditions} and a.event_category <> 'authentication' and a.status = 'success' and a.resource_id is not null
            and (c.fields is not null or a.old_values is not null or a.new_values is not null)
          order by c.ids[1] desc nulls first, a.occurred_at desc, a.id desc limit {most}",
        conditions = conditions.join(" and "),
    );
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
    tx.query(&sql, &refs).await?.iter().map(Change::read).collect()
}

impl Change {
    fn read(row: &tokio_postgres::Row) -> Result<Self, Error> {
        let fields: Option<Value> = row.try_get(14)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let columns = fields
            .as_ref()
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, pair)| (name.clone(), (text(&pair[0]), text(&pair[1]))))
            .collect();
        Ok(Self {
            id: row.try_get(0)?,
            event: row.try_get(1)?,
            kind: row.try_get(2)?,
            record: row.try_get(3)?,
            name: row.try_get(4)?,
            project: row.try_get(5)?,
            by: row.try_get(6)?,
            by_program: row.try_get(7)?,
            on_behalf_of: row.try_get(8)?,
            at: row.try_get(9)?,
            why: row.try_get(15)?,
            table: row.try_get(10)?,
            operation: row.try_get(11)?,
            set: row.try_get(12)?,
            first: row.try_get(13)?,
            columns,
        })
    }

    /// What is served of the record's table.
    pub(super) fn served<'a>(&self, ctx: &'a Ctx) -> Option<&'a Served> {
        ctx.catalogue().of_table(self.table.as_deref()?)
    }

    fn verb(&self) -> &str {
        self.event.rsplit('.').next().unwrap_or_default()
    }

    /// How it can be taken back, or why it cannot.
    pub(super) fn way(&self, served: Option<&Served>) -> Result<Way, String> {
        if self.kind == "import" {
            return Err(
                "an import is one change with all its rows; import the earlier file again, or delete what it made"
                    .into(),
            );
        }
        let Some(served) = served else {
            return Err("nothing is kept of what it changed, column by column".into());
        };
        let words = served.resource.plural_words();
        let offers = |verb| served.resource.offers(verb);
        match (self.operation.as_deref(), self.verb()) {
            (Some("INSERT"), "created") if offers(Verb::Delete) => Ok(Way::Remove),
            (Some("INSERT"), "created") => Err(format!("{words} are kept once they are made: none can be deleted")),
            (Some("DELETE"), "deleted") if offers(Verb::Create) && served.tells_of_gone() => Ok(Way::Recreate),
            (Some("DELETE"), "deleted") => {
                Err(format!("it was deleted for good, and {words} cannot be made again as they were"))
            }
            (Some("UPDATE"), "deleted") if offers(Verb::Restore) => Ok(Way::Restore),
            (Some("UPDATE"), "restored") if offers(Verb::Delete) => Ok(Way::Remove),
            (Some("UPDATE"), verb) if offers(Verb::Update) => self.put_back(served, verb == "updated"),
            (_, verb) => Err(self.by_operation(verb)),
        }
    }

    fn by_operation(&self, verb: &str) -> String {
        format!(
            "“{}” is a decision with rules of its own, which plain changes do not take back",
            verb.replace('_', " ")
        )
    }

    /// The columns that get back what they held. What nobody can write follows from what they can; but an operation that
    /// changed such a column did something of its own.
    fn put_back(&self, served: &Served, is_plain: bool) -> Result<Way, String> {
        let stamped = |name: &str| {
            served
                .resource
                .status
                .as_ref()
                .is_some_and(|status| status.stamps.iter().any(|(_, column)| *column == name))
        };
        let is_writable = |name: &str| served.resource.writable.contains(&name);
        let mut columns = Vec::new();
        for name in self.columns.keys() {
            if served.visible_column(name).is_some() && (is_writable(name) || stamped(name)) {
                columns.push(name.clone());
            } else if !is_plain {
                return Err(self.by_operation(self.verb()));
            }
        }
        if !columns.iter().any(|name| is_writable(name)) {
            return Err("nothing was changed that people can change".into());
        }
        Ok(Way::PutBack(columns))
    }

    /// The values of these columns as they were before it.
    pub(super) fn old_values<'a>(
        &self,
        served: &Served,
        columns: impl IntoIterator<Item = &'a String>,
    ) -> Result<Vec<(String, Param)>, String> {
        let mut values = Vec::new();
        for name in columns {
            let Some(column) = served.table.column(name) else { continue };
            let Some((old, _)) = self.columns.get(name) else { continue };
            let value = from_kept(column, old.as_deref())
                .map_err(|detail| format!("what `{name}` held can no longer be written: it {detail}"))?;
            values.push((name.clone(), value));
        }
        Ok(values)
    }

    /// What is told of it before anything became of it.
    pub(super) fn told(&self, ctx: &Ctx) -> Undone {
        let served = self.served(ctx);
        let way = self.way(served);
        let is_shown = |name: &str| served.is_none_or(|served| served.visible_column(name).is_some());
        Undone {
            change: self.id,
            change_set: self.set,
            event: self.event.clone(),
            resource: served.map(|served| served.resource.name),
            record: self.record.clone(),
            name: self.name.clone(),
            project: self.project,
            by: self.by.clone(),
            on_behalf_of: self.on_behalf_of.clone(),
            by_program: self.by_program,
            at: self.at,
            why: self.why.clone(),
            way: way.as_ref().ok().map(Way::name),
            outcome: Outcome::Seen,
            reason: way.err(),
            fields: self
                .columns
                .iter()
                .filter(|(name, _)| is_shown(name))
                .map(|(name, (old, new))| UndoneField { field: name.clone(), from: new.clone(), to: old.clone() })
                .collect(),
            disputes: Vec::new(),
        }
    }
}

/// What fields held before the first of several changes: a field that holds it again needs nothing more, whichever of the
/// changes is looked at.
pub(super) struct Origin<'a>(HashMap<(&'a str, &'a str, &'a str), &'a Option<String>>);

impl<'a> Origin<'a> {
    /// From changes, the latest first.
    pub(super) fn of(found: &'a [Change]) -> Self {
        let mut before = HashMap::new();
        for change in found {
            let Some(table) = &change.table else { continue };
            for (name, (old, _)) in &change.columns {
                before.insert((table.as_str(), change.record.as_str(), name.as_str()), old);
            }
        }
        Self(before)
    }

    /// Whether the field held `now` before all of them.
    pub(super) fn holds(&self, change: &Change, name: &str, now: &Option<String>) -> bool {
        let Some(table) = &change.table else { return false };
        self.0.get(&(table.as_str(), change.record.as_str(), name)).is_some_and(|before| *before == now)
    }
}

/// A value from the text that change tracking keeps of it.
fn from_kept(column: &Column, text: Option<&str>) -> Result<Param, String> {
    let Some(text) = text else { return Ok(Param::Null) };
    match column.kind {
        ColumnType::Jsonb => serde_json::from_str(text).map(Param::Json).map_err(|_| "is no JSON".to_owned()),
        ColumnType::TextArray => {
            let value = serde_json::from_str(text).map_err(|_| "is no list".to_owned())?;
            input::from_json(column, &value)
        }
        ColumnType::UuidArray => serde_json::from_str(text).map(Param::Uuids).map_err(|_| "is no list".to_owned()),
        kind => input::from_text(kind, text),
    }
}
