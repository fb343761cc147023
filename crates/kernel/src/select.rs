//! What a list request asks for: filters, order, page, fields, relations. Everything is checked against the schema
//! before any SQL is made; a name that is not known is refused, never ignored.

use base::{Cursor, FieldError, Problem, ProblemKind};
use jiff::Timestamp;

use crate::{
    Ctx,
    catalogue::{Relation, Served},
    encode::Row,
    filter::{self, Operator},
    input,
    param::Param,
    reach,
    schema::{Column, ColumnType},
};

/// The most rows of one page.
pub(crate) const MOST: u32 = 200;
/// The rows of a page that asks for no number.
const USUAL: u32 = 50;

/// Whether soft-deleted records are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deleted {
    /// Only records that are there.
    #[default]
    Exclude,
    /// Both.
    Include,
    /// Only deleted ones.
    Only,
}

/// One column of the order.
#[derive(Debug, Clone)]
struct Order {
    name: String,
    kind: ColumnType,
    nullable: bool,
    descending: bool,
}

impl Order {
    fn by(column: &Column, descending: bool) -> Self {
        Self { name: column.name.clone(), kind: column.kind, nullable: column.nullable, descending }
    }
}

/// A checked list request.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Rows at most.
    pub limit: u32,
    /// Relations to include.
    pub include: Vec<String>,
    /// Whether to count all rows.
    pub count: bool,
    /// Whether deleted ones are shown.
    pub deleted: Deleted,
    fields: Option<Vec<String>>,
    order: Vec<Order>,
    sort: String,
    cursor: Option<Cursor>,
    conditions: Vec<String>,
    params: Vec<Param>,
    /// The moment as of which the list is asked for.
    as_of: Option<Timestamp>,
    /// The rows as they stood then, in place of the table.
    past: Option<String>,
    /// What narrows the list, as it was asked for.
    asked: Vec<(String, String)>,
}

impl ListQuery {
    /// Reads query parameters.
    ///
    /// # Errors
    /// 400 naming each parameter that is not known or does not fit.
    pub fn parse(served: &Served, pairs: &[(String, String)]) -> Result<Self, Problem> {
        Self::parse_behind(served, pairs, Vec::new())
    }

    /// The same with placeholders that begin behind those of `params`, for a statement that holds several lists.
    pub(crate) fn parse_behind(
        served: &Served,
        pairs: &[(String, String)],
        params: Vec<Param>,
    ) -> Result<Self, Problem> {
        let mut query = Self {
            limit: USUAL,
            include: Vec::new(),
            count: false,
            deleted: Deleted::Exclude,
            fields: None,
            order: Vec::new(),
            sort: served.resource.default_sort.to_owned(),
            cursor: None,
            conditions: Vec::new(),
            params,
            as_of: None,
            past: None,
            asked: pairs
                .iter()
                .filter(|(name, _)| !["limit", "cursor", "count"].contains(&name.as_str()))
                .cloned()
                .collect(),
        };
        let mut errors = Vec::new();
        let mut seen = Vec::new();
        for (name, value) in pairs {
            let repeated = seen.contains(&name);
            seen.push(name);
            let taken = if repeated { Err("is given twice".to_owned()) } else { query.take(served, name, value) };
            if let Err(detail) = taken {
                errors.push(FieldError { pointer: format!("?{}", crate::access::clip(name)), detail });
            }
        }
        if let Err(detail) = query.set_order(served) {
            errors.push(FieldError { pointer: "?sort".into(), detail });
        }
        if let Some(cursor) = &query.cursor
            && (cursor.sort != query.sort || cursor.values.len() != query.order.len())
        {
            errors
                .push(FieldError { pointer: "?cursor".into(), detail: "belongs to another order of the list".into() });
        }
        if query.as_of.is_some() && !query.include.is_empty() {
            let detail = "cannot be combined with `include`: related records are told as they are now".into();
            errors.push(FieldError { pointer: "?as_of".into(), detail });
        }
        if errors.is_empty() {
            return Ok(query);
        }
        let mut problem = Problem::of_fields(errors);
        problem.kind = ProblemKind::BadRequest;
        Err(problem)
    }

    fn take(&mut self, served: &Served, name: &str, value: &str) -> Result<(), String> {
        match name {
            "limit" => {
                self.limit = value
                    .parse()
                    .ok()
                    .filter(|limit| (1..=MOST).contains(limit))
                    .ok_or_else(|| format!("must be a whole number from 1 to {MOST}"))?;
            }
            "cursor" => self.cursor = Some(Cursor::decode(value).map_err(|error| error.to_string())?),
            "sort" => value.clone_into(&mut self.sort),
            "q" => self.text(served, value)?,
            "include" => self.include = names(value, 10, |name| served.relations.contains_key(name))?,
            "fields" => {
                self.fields = Some(names(value, 100, |name| {
                    served.visible_column(name).is_some() || name == "id" && served.has_composed_id()
                })?);
            }
            "count" if value == "exact" => self.count = true,
            "count" => return Err("must be `exact` or left out".into()),
            "as_of" if !served.has_past() => return Err("of these records no past is kept".into()),
            "as_of" => self.as_of = Some(moment(value)?),
            "deleted" if !served.is_soft() => return Err("these records are not deleted softly".into()),
            "deleted" => {
                self.deleted = match value {
                    "exclude" => Deleted::Exclude,
                    "include" => Deleted::Include,
                    "only" => Deleted::Only,
                    _ => return Err("must be `exclude`, `include` or `only`".into()),
                };
            }
            _ => self.filter(served, name, value)?,
        }
        Ok(())
    }

    fn text(&mut self, served: &Served, value: &str) -> Result<(), String> {
        if value.chars().count() > 200 {
            return Err("must have at most 200 characters".into());
        }
        self.params.push(filter::pattern(value.trim())?);
        let place = self.params.len();
        let title = format!("t.{}", served.resource.title);
        self.conditions.push(if served.resource.human_key.is_some() {
            format!("({title} ilike '%' || ${place} || '%' or t.key ilike ${place} || '%')")
        } else {
            format!("{title}::text ilike '%' || ${place} || '%'")
        });
        Ok(())
    }

    fn filter(&mut self, served: &Served, name: &str, value: &str) -> Result<(), String> {
        let unknown = "is no parameter of this list; the API description names those that are";
        let inner = name.strip_prefix("filter[").and_then(|rest| rest.strip_suffix(']')).ok_or(unknown)?;
        let (field, operator) = match inner.split_once("][") {
            Some((field, operator)) => (field, Operator::named(operator).ok_or("uses an operator that is not known")?),
            None => (inner, Operator::Eq),
        };
        let column = served.visible_column(field).ok_or("filters by a field that is not there")?;
        if !operator.suits(column) {
            return Err("uses an operator that does not suit this field".into());
        }
        self.conditions.push(filter::condition(column, operator, value, &mut self.params)?);
        Ok(())
    }

    fn set_order(&mut self, served: &Served) -> Result<(), String> {
        for part in self.sort.split(',') {
            let (name, descending) = part.strip_prefix('-').map_or((part, false), |name| (name, true));
            let column = served
                .visible_column(name)
                .filter(|column| column.kind.is_ordered())
                .ok_or_else(|| format!("names `{}`, which this list cannot be sorted by", crate::access::clip(name)))?;
            if self.order.iter().any(|order| order.name == column.name) {
                return Err("names a field twice".into());
            }
            self.order.push(Order::by(column, descending));
        }
        if self.order.len() > 3 {
            return Err("names more than three fields".into());
        }
        // The key makes the order total, so that a page never skips or repeats a row.
        let descending = self.order.first().is_some_and(|order| order.descending);
        for name in served.resource.key {
            if !self.order.iter().any(|order| order.name == *name)
                && let Some(column) = served.table.column(name)
            {
                self.order.push(Order::by(column, descending));
            }
        }
        Ok(())
    }

    /// The moment as of which the list is asked for.
    pub(crate) fn as_of(&self) -> Option<Timestamp> {
        self.as_of
    }

    /// What narrows the list, as it was asked for.
    pub(crate) fn asked(&self) -> &[(String, String)] {
        &self.asked
    }

    /// Adds a condition on a column that a page or an operation needs; its value is a parameter.
    pub fn and_equal(&mut self, column: &str, value: Param) {
        self.params.push(value);
        self.conditions.push(format!("t.{column} = ${}", self.params.len()));
    }

    /// Limits the rows to what the actor may reach, or what is their own.
    pub(crate) fn within(&mut self, ctx: &Ctx, served: &Served, reach: &authz::Reach) -> Result<(), crate::Error> {
        let reached = reach::conditions(ctx, served, reach, &mut self.params)?;
        match self.as_of {
            None => self.conditions.extend(reached),
            Some(moment) => self.past = Some(served.at_moment(moment, &reached, None, &mut self.params)),
        }
        Ok(())
    }

    /// The same list as of a moment.
    #[must_use]
    pub(crate) fn at(mut self, moment: Timestamp) -> Self {
        self.as_of = Some(moment);
        self
    }

    /// Limits the rows to those of which the trail, or their own time, says that something happened to them between two
    /// moments.
    pub(crate) fn touched_between(&mut self, served: &Served, from: Timestamp, until: Timestamp) {
        self.params.extend([Param::Time(from), Param::Time(until), Param::Text(served.resource.permission.to_owned())]);
        let at = self.params.len() - 2;
        let made = match served.table.has("created_at") {
            true => format!(" or t.created_at > ${at}::timestamptz and t.created_at <= ${}::timestamptz", at + 1),
            false => String::new(),
        };
        self.conditions.push(format!(
            "({key} in (select a.resource_id from audit.audit_logs a
                         where a.resource_type = ${kind}::text and a.id >= platform.uuid_v7_floor(${at}::timestamptz - interval '1 minute')
                           and a.occurred_at > ${at}::timestamptz and a.occurred_at <= ${until}::timestamptz){made})",
            key = served.key_text(),
            kind = at + 2,
            until = at + 1,
        ));
    }

    /// What rows are selected from, under the alias `t`.
    fn source<'a>(&'a self, served: &'a Served) -> &'a str {
        self.past.as_deref().unwrap_or(served.resource.table)
    }

    /// The statement of all rows that are asked for, with the parameters of `before` in front of its own.
    pub(crate) fn plain(&self, served: &Served, columns: &str) -> Result<(String, Vec<Param>), Problem> {
        let mut params = self.params.clone();
        let conditions = self.where_clause(served, false, &mut params)?;
        Ok((format!("select {columns} from {} t{conditions}", self.source(served)), params))
    }

    /// The columns selected, with the positions that are shown.
    pub(crate) fn selection<'a>(&self, served: &'a Served) -> Selection<'a> {
        let shown = |column: &Column| match &self.fields {
            Some(fields) => fields.contains(&column.name),
            None => !served.resource.detail.contains(&column.name.as_str()),
        };
        let mut columns: Vec<&Column> = served.visible().filter(|column| shown(column)).collect();
        let visible = columns.len();
        for order in &self.order {
            if !columns.iter().any(|column| column.name == order.name)
                && let Some(column) = served.table.column(&order.name)
            {
                columns.push(column);
            }
        }
        for relation in self.include.iter().filter_map(|name| served.relations.get(name)) {
            let needed = match relation {
                Relation::One { column, .. } => column.as_str(),
                Relation::Many { .. } => "id",
            };
            if !columns.iter().any(|column| column.name == needed)
                && let Some(column) = served.table.column(needed)
            {
                columns.push(column);
            }
        }
        let composed = served.has_composed_id()
            && self.fields.as_ref().is_none_or(|fields| fields.iter().any(|field| field == "id"));
        Selection { columns, visible, composed_id: composed.then(|| served.key_text()) }
    }

    fn where_clause(&self, served: &Served, cursor: bool, params: &mut Vec<Param>) -> Result<String, Problem> {
        let mut conditions = self.conditions.clone();
        if served.is_soft() {
            match self.deleted {
                Deleted::Exclude => conditions.push("t.deleted_at is null".into()),
                Deleted::Only => conditions.push("t.deleted_at is not null".into()),
                Deleted::Include => {}
            }
        }
        if cursor && let Some(cursor) = &self.cursor {
            conditions.push(self.after(cursor, params)?);
        }
        Ok(if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) })
    }

    /// The statement of a page, or of everything when `limit` is `None`.
    pub(crate) fn sql(
        &self,
        served: &Served,
        selection: &Selection<'_>,
        limit: Option<u32>,
    ) -> Result<(String, Vec<Param>), Problem> {
        let mut params = self.params.clone();
        let conditions = self.where_clause(served, limit.is_some(), &mut params)?;
        let order: Vec<String> = self
            .order
            .iter()
            .map(|order| format!("t.{}{}", order.name, if order.descending { " desc" } else { "" }))
            .collect();
        let limit = limit.map_or(String::new(), |limit| format!(" limit {limit}"));
        let sql = format!(
            "select {} from {} t{conditions} order by {}{limit}",
            selection.sql(),
            self.source(served),
            order.join(", "),
        );
        Ok((sql, params))
    }

    /// The statement that counts all rows of the filter.
    pub(crate) fn count_sql(&self, served: &Served) -> Result<(String, Vec<Param>), Problem> {
        let mut params = self.params.clone();
        let conditions = self.where_clause(served, false, &mut params)?;
        Ok((format!("select count(*) from {} t{conditions}", self.source(served)), params))
    }

    /// The condition that skips everything up to the cursor's row.
    fn after(&self, cursor: &Cursor, params: &mut Vec<Param>) -> Result<String, Problem> {
        let stale =
            || Problem::bad_request(base::CursorError.to_string()).field("?cursor", base::CursorError.to_string());
        let mut places = Vec::with_capacity(self.order.len());
        for (order, value) in self.order.iter().zip(&cursor.values) {
            let text = match value {
                serde_json::Value::Null => None,
                serde_json::Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
            match text {
                None => places.push(None),
                Some(text) => {
                    params.push(input::from_text(order.kind, &text).map_err(|_| stale())?);
                    places.push(Some(format!("${}{}", params.len(), order.kind.cast())));
                }
            }
        }
        let uniform = self.order.iter().all(|order| order.descending == self.order[0].descending);
        if uniform && self.order.iter().all(|order| !order.nullable) {
            let columns: Vec<String> = self.order.iter().map(|order| format!("t.{}", order.name)).collect();
            let values: Vec<String> = places.into_iter().collect::<Option<_>>().ok_or_else(stale)?;
            let sign = if self.order[0].descending { "<" } else { ">" };
            return Ok(format!("({}) {sign} ({})", columns.join(", "), values.join(", ")));
        }
        // Nulls come last when ascending and first when descending, as PostgreSQL's indexes keep them.
        let mut alternatives = Vec::new();
        let mut equal: Vec<String> = Vec::new();
        for (order, place) in self.order.iter().zip(&places) {
            let name = format!("t.{}", order.name);
            let beyond = match (place, order.descending) {
                (Some(place), false) => format!("({name} > {place} or {name} is null)"),
                (Some(place), true) => format!("{name} < {place}"),
                (None, false) => "false".into(),
                (None, true) => format!("{name} is not null"),
            };
            let mut terms = equal.clone();
            terms.push(beyond);
            alternatives.push(format!("({})", terms.join(" and ")));
            equal.push(place.as_ref().map_or(format!("{name} is null"), |place| format!("{name} = {place}")));
        }
        Ok(format!("({})", alternatives.join(" or ")))
    }

    /// The cursor that stands after a row.
    pub(crate) fn cursor_after(
        &self,
        selection: &Selection<'_>,
        row: &tokio_postgres::Row,
    ) -> Result<String, crate::Error> {
        let mut values = Vec::with_capacity(self.order.len());
        for order in &self.order {
            let at = selection.position(&order.name).unwrap_or_default();
            let mut text = Vec::new();
            crate::encode::write_value(&mut text, order.kind, row.try_get::<_, crate::encode::Raw<'_>>(at)?.0)?;
            // A decimal keeps its digits as text; a JSON tree would make a float of it.
            values.push(if matches!(order.kind, ColumnType::Numeric(..)) && text != b"null" {
                serde_json::Value::String(String::from_utf8_lossy(&text).into_owned())
            } else {
                serde_json::from_slice(&text).unwrap_or_default()
            });
        }
        Ok(Cursor { sort: self.sort.clone(), values }.encode())
    }
}

/// The columns of a statement.
pub(crate) struct Selection<'a> {
    columns: Vec<&'a Column>,
    visible: usize,
    composed_id: Option<String>,
}

impl<'a> Selection<'a> {
    /// Every visible column of a record.
    pub(crate) fn whole(served: &'a Served) -> Self {
        let columns: Vec<&Column> = served.visible().collect();
        let visible = columns.len();
        Self { columns, visible, composed_id: served.has_composed_id().then(|| served.key_text()) }
    }

    /// The columns of a record that lists show.
    pub(crate) fn listed(served: &'a Served) -> Self {
        let columns: Vec<&Column> = served.listed().collect();
        let visible = columns.len();
        Self { columns, visible, composed_id: served.has_composed_id().then(|| served.key_text()) }
    }

    /// The select list over the alias `t`.
    pub(crate) fn sql(&self) -> String {
        let mut names: Vec<String> = self.columns.iter().map(|column| format!("t.{}", column.name)).collect();
        names.extend(self.composed_id.iter().map(|id| format!("{id} as id")));
        if names.is_empty() { "1".into() } else { names.join(", ") }
    }

    /// How many columns the statement gives.
    pub(crate) fn width(&self) -> usize {
        (self.columns.len() + usize::from(self.composed_id.is_some())).max(1)
    }

    /// Where a column stands.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The shown columns with their types.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&str, ColumnType, usize)> {
        let id = self.composed_id.as_ref().map(|_| ("id", ColumnType::Text, self.columns.len()));
        let columns = self.columns[..self.visible].iter().enumerate();
        id.into_iter().chain(columns.map(|(at, column)| (column.name.as_str(), column.kind, at)))
    }

    /// The encoder of the shown columns.
    pub(crate) fn encoder(&self) -> Row {
        Row::new(self.shown())
    }
}

/// A moment as parameters name it.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    let wrong = "must be a date and time with an offset (RFC 3339), such as 2026-01-31T12:00:00Z";
    match input::from_text(ColumnType::Timestamptz, text) {
        Ok(Param::Time(moment)) => Ok(moment),
        _ => Err(wrong.to_owned()),
    }
}

fn names(value: &str, most: usize, known: impl Fn(&str) -> bool) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = Vec::new();
    for name in value.split(',').map(str::trim) {
        let shown = crate::access::clip(name);
        if !known(name) {
            return Err(format!("names `{shown}`, which is not there"));
        }
        if names.iter().any(|taken| taken == name) {
            return Err(format!("names `{shown}` twice"));
        }
        names.push(name.to_owned());
    }
    if names.len() > most { Err(format!("names more than {most}")) } else { Ok(names) }
}
