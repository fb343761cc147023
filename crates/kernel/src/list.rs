//! Lists: one statement a page, one round trip when nothing is included or counted.

use uuid::Uuid;

use crate::{
    Ctx, Error, Read,
    access::permit,
    catalogue::{Relation, Served},
    encode::{Raw, RawJson, write_string},
    param::Param,
    past::must_be_told,
    reach,
    schema::ColumnType,
    select::{ListQuery, Selection},
    store::Tx,
    trail::disclosed,
};

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    /// The body: `{"data":[…],"next_cursor":…}` with `count` and `included` when asked for.
    pub body: RawJson,
    /// The cursor of the next page, when there is one.
    pub next: Option<String>,
}

/// Related records of one row at most, for each relation to many.
const RELATED: u32 = 100;

/// The rows of `served` that the actor may read, as asked.
///
/// # Errors
/// 403 when the actor may read none of these anywhere, 400 when a cursor does not fit.
pub async fn list(ctx: &Ctx, served: &Served, mut query: ListQuery) -> Result<Page, Error> {
    let reach = permit::<Read>(ctx, served.resource)?;
    query.within(ctx, served, &reach)?;
    if let Some(moment) = query.as_of() {
        let tx = ctx.begin_read().await?;
        must_be_told(&tx, served, moment, None).await?;
        tx.commit().await?;
    }
    let selection = query.selection(served);
    let (sql, params) = query.sql(served, &selection, Some(query.limit + 1))?;
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();

    let alone = query.include.is_empty() && !query.count;
    let (mut rows, tx) = if alone {
        (ctx.kernel.store.read_once(&ctx.principal, ctx.now(), &sql, &refs).await?, None)
    } else {
        let tx = ctx.begin_read().await?;
        (tx.query(&sql, &refs).await?, Some(tx))
    };
    if !rows.is_empty() {
        let shown: Vec<&str> =
            served.logged().filter(|name| selection.shown().any(|(shown, ..)| shown == *name)).collect();
        disclosed(ctx, served, None, &shown);
    }
    let more = rows.len() > query.limit as usize;
    rows.truncate(query.limit as usize);

    let mut out = Vec::with_capacity(rows.len() * 512 + 64);
    out.extend_from_slice(b"{\"data\":[");
    let encoder = selection.encoder();
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        encoder.write(&mut out, row)?;
    }
    out.extend_from_slice(b"],\"next_cursor\":");
    let next = match rows.last().filter(|_| more) {
        Some(last) => Some(query.cursor_after(&selection, last)?),
        None => None,
    };
    match &next {
        Some(cursor) => write_string(&mut out, cursor),
        None => out.extend_from_slice(b"null"),
    }
    if let Some(tx) = tx {
        if query.count {
            let (sql, params) = query.count_sql(served)?;
            let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
            let count: i64 = tx.query_one(&sql, &refs).await?.try_get(0)?;
            out.extend_from_slice(format!(",\"count\":{count}").as_bytes());
        }
        if !query.include.is_empty() {
            let included = Included { ctx, tx: &tx, served, selection: &selection };
            included.write(&mut out, &query.include, &rows).await?;
        }
        tx.commit().await?;
    }
    out.push(b'}');
    Ok(Page { body: RawJson(out), next })
}

/// Writes the related records of rows as `,"included":{relation:[…]}`.
pub(crate) struct Included<'a> {
    pub(crate) ctx: &'a Ctx,
    pub(crate) tx: &'a Tx,
    pub(crate) served: &'a Served,
    pub(crate) selection: &'a Selection<'a>,
}

impl Included<'_> {
    pub(crate) async fn write(
        &self,
        out: &mut Vec<u8>,
        names: &[String],
        rows: &[tokio_postgres::Row],
    ) -> Result<(), Error> {
        out.extend_from_slice(b",\"included\":{");
        for (at, name) in names.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_string(out, name);
            out.push(b':');
            self.relation(out, name, rows).await?;
        }
        out.push(b'}');
        Ok(())
    }

    async fn relation(&self, out: &mut Vec<u8>, name: &str, rows: &[tokio_postgres::Row]) -> Result<(), Error> {
        let unknown = || Error::Broken(format!("the relation {name} is not there"));
        let relation = self.served.relations.get(name).ok_or_else(unknown)?;
        let (resource, from) = match relation {
            Relation::One { resource, column } => (*resource, column.as_str()),
            Relation::Many { resource, .. } => (*resource, "id"),
        };
        let there = self.ctx.catalogue().get(resource).ok_or_else(unknown)?;
        let reach = permit::<Read>(self.ctx, there.resource)?;
        let at = self.selection.position(from).ok_or_else(unknown)?;
        let raw: Vec<&[u8]> = rows
            .iter()
            .filter_map(|row| row.try_get::<_, Raw<'_>>(at).map(|raw| raw.0).transpose())
            .collect::<Result<_, _>>()?;
        let is_uuid = self.served.table.column(from).is_some_and(|column| column.kind == ColumnType::Uuid);
        let mut keys = vec![if is_uuid {
            Param::Uuids(raw.into_iter().filter_map(|raw| Uuid::from_slice(raw).ok()).collect())
        } else {
            Param::Texts(raw.into_iter().filter_map(|raw| std::str::from_utf8(raw).ok().map(str::to_owned)).collect())
        }];
        let condition = reach::condition(there, &reach, &mut keys)?.unwrap_or_else(|| "true".to_owned());
        let selection = Selection::listed(there);
        let sql = match relation {
            Relation::One { .. } => format!(
                "select {} from {} t where t.{} = any($1) and {condition}",
                selection.sql(),
                there.resource.table,
                there.resource.key.last().copied().unwrap_or("id"),
            ),
            Relation::Many { column, .. } => format!(
                "select {columns} from unnest($1::uuid[]) wanted(id) cross join lateral (select t.* from {table} t \
                 where t.{column} = wanted.id and {condition}{live} order by {key} limit {RELATED}) t",
                columns = selection.sql(),
                table = there.resource.table,
                live = if there.is_soft() { " and t.deleted_at is null" } else { "" },
                key = there.resource.key.iter().map(|key| format!("t.{key}")).collect::<Vec<_>>().join(", "),
            ),
        };
        let refs: Vec<_> = keys.iter().map(Param::as_sql).collect();
        let encoder = selection.encoder();
        out.push(b'[');
        for (at, row) in self.tx.query(&sql, &refs).await?.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            encoder.write(out, row)?;
        }
        out.push(b']');
        Ok(())
    }
}
