//! One record: a single round trip, the decision made on what came back.

use base::{FieldError, Problem, ProblemKind};
use jiff::Timestamp;

use crate::{
    Ctx, Error, Read, Record, Tx,
    access::{authorise, permit},
    catalogue::Served,
    encode::RawJson,
    list::Included,
    param::Param,
    past::{One, must_be_told},
    reach,
    record::Asked,
    select::{self, ListQuery, Selection},
    trail::disclosed,
    write::Written,
};

/// The record that `id` names, by identifier or human key, with the relations of `pairs` (`include=`), or as it stood at
/// another moment (`as_of=`).
///
/// # Errors
/// 404 when there is none or the actor may not see it, 400 for a parameter that is not known.
pub async fn read(ctx: &Ctx, served: &Served, id: &str, pairs: &[(String, String)]) -> Result<Written, Error> {
    if served.has_past()
        && let Some((_, moment)) = pairs.iter().find(|(name, _)| name == "as_of")
    {
        return read_as_of(ctx, served, id, moment, pairs).await;
    }
    let include = relations(served, pairs)?;
    let missing = || crate::record::missing(served, id);
    let (mut condition, mut params) = served.locate(id).ok_or_else(missing)?;
    let key = params.clone();
    if let Some(column) = served.resource.tells_of {
        params.push(Param::Texts(ctx.readable_types()));
        condition = format!("{condition} and t.{column} = any(${})", params.len());
    }
    let whole = served.whole();
    let asked = Asked::of(served, &ctx.principal.grants);
    let sql =
        format!("select {}{} from {} t where {condition} limit 2", whole.columns, asked.columns, served.resource.table);
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
    let (rows, tx) = if include.is_empty() {
        (ctx.kernel.store.read_once(&ctx.principal, ctx.now(), &sql, &refs).await?, None)
    } else {
        let tx = ctx.begin_read().await?;
        (tx.query(&sql, &refs).await?, Some(tx))
    };
    let row = match rows.as_slice() {
        [] => return Err(missing()),
        [row] => row,
        _ => {
            return Err(Problem::conflict(format!(
                "Several projects have this key; name the project too, as in `project-slug:{}`.",
                crate::access::clip(id)
            ))
            .into());
        }
    };
    let width = whole.width;
    let found = Record {
        resource: served.resource,
        key,
        id: id.to_owned(),
        version: row.try_get(width)?,
        status: None,
        project: row.try_get(width + 1)?,
        deleted: row.try_get(width + 2)?,
        title: None,
        owner: row.try_get(width + 3)?,
        project_in_bin: None,
        besides: asked.read(row, width + 4)?,
    };
    let record = authorise::<Read, _>(ctx, found)?;
    disclosed(ctx, served, Some(&*record), &served.logged().collect::<Vec<_>>());
    let mut body = Vec::with_capacity(1024);
    whole.encoder.write(&mut body, row)?;
    if let Some(tx) = tx {
        body.pop();
        Included { ctx, tx: &tx, served, selection: &Selection::whole(served) }
            .write(&mut body, &include, &rows)
            .await?;
        body.push(b'}');
        tx.commit().await?;
    }
    Ok(Written { id: record.id.clone(), version: record.version.clone(), body: RawJson(body) })
}

/// The record as it stood at `moment`: of projects told from their versions, of all others from the trail. Who may read it
/// now may read what it was.
async fn read_as_of(
    ctx: &Ctx,
    served: &Served,
    id: &str,
    moment: &str,
    pairs: &[(String, String)],
) -> Result<Written, Error> {
    let refused = |detail: &str| {
        let mut problem = Problem::of_fields(vec![FieldError { pointer: "?as_of".into(), detail: detail.into() }]);
        problem.kind = ProblemKind::BadRequest;
        problem
    };
    if pairs.len() > 1 {
        return Err(refused("cannot be combined with another parameter").into());
    }
    let at = select::moment(moment).map_err(|detail| refused(&detail))?;
    let tx = ctx.begin_read().await?;
    let found = match served.resource.versions {
        Some((history, column)) => version_at(ctx, &tx, served, id, at, (history, column)).await?,
        None => row_at(ctx, &tx, served, id, at).await?,
    };
    tx.commit().await?;
    found.ok_or_else(|| {
        Problem::not_found(format!("{} `{}` as of {at}", served.resource.words(), crate::access::clip(id))).into()
    })
}

/// From the table of versions; the present row gives what its snapshots do not keep.
async fn version_at(
    ctx: &Ctx,
    tx: &Tx,
    served: &Served,
    id: &str,
    at: Timestamp,
    (history, column): (&str, &str),
) -> Result<Option<Written>, Error> {
    let record = authorise::<Read, _>(ctx, Record::find(tx, served, id, false).await?)?;
    let whole = served.whole();
    let sql = format!(
        "select {columns} from (
           select v.*
             from {table} now_row
             join {history} h on h.organization_id = now_row.organization_id and h.{column} = now_row.id
            cross join lateral jsonb_populate_record(now_row, h.snapshot) v
            where now_row.id = $1 and h.changed_at <= $2
            order by h.row_version desc limit 1) t",
        columns = whole.columns,
        table = served.resource.table,
    );
    let Some(row) = tx.query_opt(&sql, &[&record.uuid()?, &Param::Time(at)]).await? else { return Ok(None) };
    let mut body = Vec::with_capacity(1024);
    whole.encoder.write(&mut body, &row)?;
    Ok(Some(Written { id: record.id.clone(), version: row.try_get(whole.width)?, body: RawJson(body) }))
}

/// From the trail.
async fn row_at(ctx: &Ctx, tx: &Tx, served: &Served, id: &str, at: Timestamp) -> Result<Option<Written>, Error> {
    let missing =
        || Error::from(Problem::not_found(format!("{} `{}`", served.resource.words(), crate::access::clip(id))));
    let found = match Record::find(tx, served, id, false).await {
        Ok(record) => Some(authorise::<Read, _>(ctx, record)?.into_inner()),
        Err(error) if error.problem().is_some_and(|problem| problem.kind == ProblemKind::NotFound) => None,
        Err(error) => return Err(error),
    };
    let (key, id) = match &found {
        Some(record) => (record.key.clone(), record.id.clone()),
        // What is gone for good is found by its identifier alone, and only where the trail may tell of it.
        None if served.tells_of_gone() && id.split('~').count() == served.resource.key.len() => {
            (served.locate(id).ok_or_else(missing)?.1, id.to_owned())
        }
        None => return Err(missing()),
    };
    let reach = permit::<Read>(ctx, served.resource).map_err(|_| missing())?;
    let mut params = key;
    let reached = match found {
        // That record was allowed as a whole, by grants that a list may put in other words.
        Some(_) => Vec::new(),
        None => reach::conditions(ctx, served, &reach, &mut params)?,
    };
    must_be_told(tx, served, at, Some(&id)).await?;
    let one = One { condition: &served.key_condition(1), id: &id };
    let rows = served.at_moment(at, &reached, Some(&one), &mut params);
    let selection = Selection::whole(served);
    let version = if served.has_version() { "t.row_version::text" } else { "null::text" };
    let sql = format!("select {}, {version} from {rows} t", selection.sql());
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
    let Some(row) = tx.query_opt(&sql, &refs).await? else { return Ok(None) };
    let mut body = Vec::with_capacity(1024);
    selection.encoder().write(&mut body, &row)?;
    let version: Option<String> = row.try_get(selection.width())?;
    Ok(Some(Written { id, version: version.unwrap_or_else(|| at.to_string()), body: RawJson(body) }))
}

fn relations(served: &Served, pairs: &[(String, String)]) -> Result<Vec<String>, Problem> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    if let Some((name, _)) = pairs.iter().find(|(name, _)| name != "include") {
        let detail = "is no parameter here; only `include` is".to_owned();
        let mut problem =
            Problem::of_fields(vec![FieldError { pointer: format!("?{}", crate::access::clip(name)), detail }]);
        problem.kind = ProblemKind::BadRequest;
        return Err(problem);
    }
    Ok(ListQuery::parse(served, pairs)?.include)
}
