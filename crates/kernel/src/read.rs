//! One record: a single round trip, the decision made on what came back.

use base::{FieldError, Problem, ProblemKind};

use crate::{
    Ctx, Error, Read, Record,
    access::authorise,
    catalogue::Served,
    encode::RawJson,
    list::Included,
    param::Param,
    select::{ListQuery, Selection},
    write::Written,
};

/// The record that `id` names, by identifier or human key, with the relations of `pairs` (`include=`).
///
/// # Errors
/// 404 when there is none or the actor may not see it, 400 for a parameter that is not known.
pub async fn read(ctx: &Ctx, served: &Served, id: &str, pairs: &[(String, String)]) -> Result<Written, Error> {
    let include = relations(served, pairs)?;
    let missing =
        || Error::from(Problem::not_found(format!("{} `{}`", served.resource.words(), crate::access::clip(id))));
    let (condition, params) = served.locate(id).ok_or_else(missing)?;
    let whole = served.whole();
    let sql = format!("{}{condition} limit 2", whole.select);
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
    let (rows, tx) = if include.is_empty() {
        (ctx.kernel.store.read_once(&ctx.principal, &sql, &refs).await?, None)
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
        key: params,
        id: id.to_owned(),
        version: row.try_get(width)?,
        status: None,
        project: row.try_get(width + 1)?,
        deleted: row.try_get(width + 2)?,
        title: None,
        owner: row.try_get(width + 3)?,
        project_in_bin: None,
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
