//! What differs between two moments: of one record, and of a list.

use base::{Cursor, FieldError, Problem, ProblemKind};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    Ctx, Error, ListQuery, Read, access::permit, catalogue::Served, param::Param, past::must_be_told, read::read,
    select::moment,
};

/// Columns that every change touches and that say nothing about it.
const STAMPS: [&str; 3] = ["updated_at", "updated_by", "row_version"];
/// What cursors of this list say they belong to.
const SORT: &str = "difference";

/// A field that says something else.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FieldDifference {
    /// Its name.
    pub field: String,
    /// What it said; null: nothing.
    pub before: Value,
    /// What it says; null: nothing.
    pub after: Value,
}

/// How a record differs between two moments.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RecordDifference {
    /// Its identifier.
    pub id: String,
    /// Its title on the later side, or on the earlier one where it is not there later.
    pub title: Option<String>,
    /// `added`, `removed`, `changed` or `same`.
    pub change: &'static str,
    /// The fields that differ, by name; all that say something when it was added or removed.
    pub fields: Vec<FieldDifference>,
}

/// How a list differs between two moments.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ListDifference {
    /// The earlier moment.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// The later moment.
    #[schemars(with = "String")]
    pub until: Timestamp,
    /// The records that came into the list, left it or say something else, by identifier.
    pub data: Vec<RecordDifference>,
    /// Where it goes on; null at its end.
    pub next_cursor: Option<String>,
}

/// Query parameters.
type Pairs = Vec<(String, String)>;

/// Two moments, read from `from` and `until` of `pairs`; without the second, now. What is left of the pairs comes back.
fn moments(ctx: &Ctx, served: &Served, pairs: &[(String, String)]) -> Result<(Timestamp, Timestamp, Pairs), Problem> {
    let wrong = |name: &str, detail: String| {
        let field = FieldError { pointer: format!("?{name}"), detail };
        Problem { kind: ProblemKind::BadRequest, ..Problem::of_fields(vec![field]) }
    };
    if !served.has_past() {
        return Err(wrong("from", "of these records no past is kept".into()));
    }
    let (mut from, mut until, mut rest) = (None, None, Vec::new());
    for (name, value) in pairs {
        match name.as_str() {
            "from" => from = Some(moment(value).map_err(|detail| wrong("from", detail))?),
            "until" => until = Some(moment(value).map_err(|detail| wrong("until", detail))?),
            _ => rest.push((name.clone(), value.clone())),
        }
    }
    let from = from.ok_or_else(|| wrong("from", "must say the earlier moment".into()))?;
    let until = until.unwrap_or_else(|| ctx.now());
    if from > until {
        return Err(wrong("until", "must not be before `from`".into()));
    }
    Ok((from, until, rest))
}

/// How the record `id` differs between the moments of `pairs` (`from`, and `until` or now).
///
/// # Errors
/// 404 when it was there at neither, or the actor may not read it; 400 for a parameter that is not known.
pub async fn difference(
    ctx: &Ctx,
    served: &Served,
    id: &str,
    pairs: &[(String, String)],
) -> Result<RecordDifference, Error> {
    let (from, until, rest) = moments(ctx, served, pairs)?;
    if let Some((name, _)) = rest.first() {
        let detail = "is no parameter here; `from` and `until` are".to_owned();
        let field = FieldError { pointer: format!("?{}", crate::access::clip(name)), detail };
        return Err(Problem { kind: ProblemKind::BadRequest, ..Problem::of_fields(vec![field]) }.into());
    }
    let before = at(ctx, served, id, from).await?;
    let after = at(ctx, served, id, until).await?;
    if before.is_none() && after.is_none() {
        return Err(Problem::not_found(format!("{} `{}`", served.resource.words(), crate::access::clip(id))).into());
    }
    let name = after.as_ref().or(before.as_ref()).and_then(|fields| fields.get("id")).and_then(Value::as_str);
    let id = name.unwrap_or(id).to_owned();
    Ok(compared(served, id, before, after))
}

async fn at(ctx: &Ctx, served: &Served, id: &str, moment: Timestamp) -> Result<Option<Map<String, Value>>, Error> {
    let pairs = [("as_of".to_owned(), moment.to_string())];
    match read(ctx, served, id, &pairs).await {
        Ok(written) => Ok(written.body.parse()?.as_object().cloned()),
        Err(error) if error.problem().is_some_and(|problem| problem.kind == ProblemKind::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn compared(
    served: &Served,
    id: String,
    before: Option<Map<String, Value>>,
    after: Option<Map<String, Value>>,
) -> RecordDifference {
    // What is in the bin is there and is not: a list does not show it.
    let shown = |side: &Option<Map<String, Value>>| {
        side.as_ref().is_some_and(|fields| fields.get("deleted_at").is_none_or(Value::is_null))
    };
    let (was, is) = (shown(&before), shown(&after));
    let latest = after.as_ref().or(before.as_ref());
    let title = latest.and_then(|fields| fields.get(served.resource.title)).and_then(|title| match title {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    });
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let side = |fields: &Map<String, Value>, name: &str| fields.get(name).cloned().unwrap_or_default();
    let fields: Vec<FieldDifference> = names
        .into_iter()
        .filter(|name| !STAMPS.contains(&name.as_str()))
        .map(|name| FieldDifference { field: name.clone(), before: side(&before, name), after: side(&after, name) })
        .filter(|field| field.before != field.after)
        .collect();
    let change = match (was, is) {
        (false, true) => "added",
        (true, false) => "removed",
        _ if fields.is_empty() => "same",
        _ => "changed",
    };
    RecordDifference { id, title, change, fields }
}

/// How the list that `pairs` ask for differs between two moments (`from`, and `until` or now). The filters hold at each of
/// them, so a record that no longer fits is one that was removed.
///
/// # Errors
/// 403 when the actor may read none of these anywhere, 400 for a parameter that is not known.
pub async fn list_difference(ctx: &Ctx, served: &Served, pairs: &[(String, String)]) -> Result<ListDifference, Error> {
    let reach = permit::<Read>(ctx, served.resource)?;
    let (from, until, rest) = moments(ctx, served, pairs)?;
    let after = cursor(&rest)?;
    let rest: Vec<_> = rest.into_iter().filter(|(name, _)| name != "cursor").collect();
    let image = format!(
        "{} as record, to_jsonb(t) - array[{}]::text[] as image",
        served.key_text(),
        served
            .resource
            .hidden
            .iter()
            .chain(&["organization_id", "search_vector"])
            .map(|name| format!("'{name}'"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    let side = |moment: Timestamp, params: Vec<Param>| -> Result<(String, Vec<Param>, i64), Error> {
        let mut query = ListQuery::parse_behind(served, &rest, params)?.at(moment);
        if !query.include.is_empty() || query.count {
            return Err(
                Problem::bad_request("A difference takes filters, `limit` and `cursor`, and nothing else.").into()
            );
        }
        query.within(ctx, served, &reach)?;
        query.touched_between(served, from, until);
        let limit = i64::from(query.limit);
        let (sql, params) = query.plain(served, &image)?;
        Ok((sql, params, limit))
    };
    let (earlier, params, _) = side(from, Vec::new())?;
    let (later, mut params, limit) = side(until, params)?;
    params.extend([after.map_or(Param::Null, Param::Text), Param::I64(limit + 1)]);
    let stamps = STAMPS.map(|name| format!("'{name}'")).join(", ");
    let sql = format!(
        "select coalesce(o.record, n.record), o.image, n.image
           from ({earlier}) o full join ({later}) n on n.record = o.record
          where o.image - array[{stamps}] is distinct from n.image - array[{stamps}]
            and (${at}::text is null or coalesce(o.record, n.record) > ${at}::text)
          order by 1 limit ${rows}::bigint",
        at = params.len() - 1,
        rows = params.len(),
    );
    let tx = ctx.begin_read().await?;
    must_be_told(&tx, served, from, None).await?;
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
    let found = tx.query(&sql, &refs).await?;
    tx.commit().await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut data = Vec::new();
    for row in found.iter().take(limit) {
        let image = |column| {
            Ok::<_, Error>(row.try_get::<_, Option<Value>>(column)?.and_then(|image| image.as_object().cloned()))
        };
        data.push(compared(served, row.try_get(0)?, image(1)?, image(2)?));
    }
    let last = data.last().filter(|_| found.len() > limit);
    let next_cursor =
        last.map(|last| Cursor { sort: SORT.into(), values: vec![Value::String(last.id.clone())] }.encode());
    Ok(ListDifference { from, until, data, next_cursor })
}

fn cursor(pairs: &[(String, String)]) -> Result<Option<String>, Problem> {
    let Some((_, text)) = pairs.iter().find(|(name, _)| name == "cursor") else { return Ok(None) };
    let read = || {
        let cursor = Cursor::decode(text).ok().filter(|cursor| cursor.sort == SORT)?;
        cursor.values.first()?.as_str().filter(|text| !text.contains('\0')).map(str::to_owned)
    };
    let wrong = || {
        let field = FieldError { pointer: "?cursor".into(), detail: base::CursorError.to_string() };
        Problem { kind: ProblemKind::BadRequest, ..Problem::of_fields(vec![field]) }
    };
    read().map(Some).ok_or_else(wrong)
}
