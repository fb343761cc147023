//! Search for those who may read some kinds of record only under a condition, or only single ones: what fits the words is found as
//! if they might read all of a kind, held to their grants on its own table, and counted anew.

use std::collections::BTreeMap;

use authz::Reach;
use uuid::Uuid;

use crate::{Error, Served, Tx, param::Param, reach, search::Counted};

/// Values of one facet, at most.
const VALUES: &str = "24";

/// A kind of record, and where it may be read.
pub(crate) type Limited<'a> = (&'a Served, Reach);

/// Those of `ids` that are of no limited kind, or that the grants reach; in the same order.
pub(crate) async fn readable(tx: &Tx, ids: &[Uuid], limited: &[Limited<'_>]) -> Result<Vec<Uuid>, Error> {
    let mut params = vec![Param::Uuids(ids.to_vec())];
    let mut kinds = Vec::with_capacity(limited.len());
    for (served, reach) in limited {
        let condition = reach::condition(served, reach, &mut params)?.unwrap_or_else(|| "true".to_owned());
        kinds.push(format!(
            "when '{}' then exists (select from {} t where t.id = e.id and {condition})",
            served.resource.permission, served.resource.table
        ));
    }
    let sql = format!(
        "select e.id from unnest($1::uuid[]) with ordinality as wanted (id, place) \
         join platform.entities e on e.id = wanted.id \
         where case e.entity_type {} else true end order by wanted.place",
        kinds.join(" ")
    );
    let refs: Vec<_> = params.iter().map(Param::as_sql).collect();
    tx.query(&sql, &refs).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// How many of `ids` have each value, as platform.search counts them.
pub(crate) async fn facets(tx: &Tx, ids: &[Uuid]) -> Result<BTreeMap<String, Vec<Counted>>, Error> {
    let sql = format!(
        "with found as (select e.* from platform.entities e where e.id = any ($1)), counted as (
           select case grouping(f.entity_type, f.project_id, f.status, f.owner_user_id, m.month)
                    when 15 then 'type' when 23 then 'project' when 27 then 'status' when 29 then 'owner' else 'month' end as facet,
             coalesce(f.entity_type, f.project_id::text, f.status, f.owner_user_id::text, m.month) as value, count(*) as count
           from found f cross join lateral (select to_char(f.created_at at time zone 'UTC', 'YYYY-MM') as month) m
           group by grouping sets (f.entity_type, f.project_id, f.status, f.owner_user_id, m.month)
           union all
           select 'tag', t.name, count(*) from work.entity_tags x join reference.tags t on t.id = x.tag_id
           where x.entity_id = any ($1) group by t.name),
         placed as (
           select facet, value, count, row_number() over (partition by facet order by count desc, value) as place
           from counted where value is not null)
         select facet, value, count from placed where place <= {VALUES} order by facet, place"
    );
    let mut facets: BTreeMap<String, Vec<Counted>> = BTreeMap::new();
    for row in tx.query(&sql, &[&ids]).await? {
        facets.entry(row.try_get(0)?).or_default().push(Counted { value: row.try_get(1)?, count: row.try_get(2)? });
    }
    Ok(facets)
}
