//! One record: a single round trip, the decision made on what came back.

use base::{FieldError, Problem, ProblemKind};

use crate::{
    Ctx, Error, Place, Read, Record,
    access::authorise,
    catalogue::Served,
    encode::RawJson,
    list::Included,
    param::Param,
    record::Asked,
    select::{ListQuery, Selection},
    write::Written,
};

/// The record that `id` names, by identifier or human key, with the relations of `pairs` (`include=`), or as it stood at
/// another moment (`as_of=`).
///
/// # Errors
/// 404 when there is none or the actor may not see it, 400 for a parameter that is not known.
pub async fn read(ctx: &Ctx, served: &Served, id: &str, pairs: &[(String, String)]) -> Result<Written, Error> {
    if served.resource.versions.is_some()
        && let Some((_, moment)) = pairs.iter().find(|(name, _)| name == "as_of")
    {
        return read_as_of(ctx, served, id, moment, pairs).await;
    }
    let include = relations(served, pairs)?;
    let missing =
        || Error::from(Problem::not_found(format!("{} `{}`", served.resource.words(), crate::access::clip(id))));
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

/// The record as it stood at `moment`, told from its versions. Who may read it now may read what it was; one that is in the
/// bin now, or that nobody may see, has no past either.
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
    let at: jiff::Timestamp = moment
        .parse()
        .map_err(|_| refused("must be a date and time with an offset (RFC 3339), such as 2026-01-31T12:00:00Z"))?;
    let Some((history, column)) = served.resource.versions else { return Err(refused("keeps no versions").into()) };
    let tx = ctx.begin_read().await?;
    let record = authorise::<Read, _>(ctx, Record::find(&tx, served, id, false).await?)?;
    let whole = served.whole();
    // The present row gives what its snapshots do not keep.
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
    let row = tx
        .query_opt(&sql, &[&record.uuid()?, &Param::Time(at)])
        .await?
        .ok_or_else(|| Problem::not_found(format!("{} at {at}", record.called())))?;
    tx.commit().await?;
    let mut body = Vec::with_capacity(1024);
    whole.encoder.write(&mut body, &row)?;
    Ok(Written { id: record.id.clone(), version: row.try_get(whole.width)?, body: RawJson(body) })
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
