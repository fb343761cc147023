//! Rows as they stood at a moment: what is there now, with everything taken back that the trail says has happened since.
//! Nothing is stored for this; the trail keeps the image before each change.

use base::Problem;
use jiff::Timestamp;

use crate::{Error, Tx, Verb, catalogue::Served, param::Param};

/// Whether the trail since a moment has gaps: partitions that retention took out of it, or changes whose values were taken out,
/// because they told of somebody who was erased. What is empty although it says which fields it changed was emptied.
const GAPS: &str = "
select exists (
         select from platform.operation_runs r
          where r.kind in ('archive', 'partition_drop') and r.status = 'completed' and r.target like 'audit.audit\\_logs\\_%'
            and (r.details ->> 'until')::timestamptz > $1),
       exists (
         select from audit.audit_logs a
          where a.resource_type = $2::text and a.id >= platform.uuid_v7_floor($1::timestamptz - interval '1 minute')
            and a.occurred_at > $1 and a.status = 'success' and ($3::text is null or a.resource_id = $3)
            and a.old_values is null and a.new_values is null
            and (cardinality(a.changed_fields) > 0 or right(a.event_type, 8) = '.deleted'))";

/// Refuses to tell how rows stood at a moment when the trail cannot tell it any more: an answer with holes would be a wrong one.
///
/// # Errors
/// 409 that says what is missing.
pub(crate) async fn must_be_told(tx: &Tx, served: &Served, moment: Timestamp, id: Option<&str>) -> Result<(), Error> {
    let row = tx.query_one(GAPS, &[&moment, &served.resource.permission, &id]).await?;
    let words = served.resource.plural_words();
    let detail = match (row.try_get(0)?, row.try_get(1)?) {
        (true, _) => format!(
            "How {words} stood then cannot be told: the trail of that time was archived, as its retention says."
        ),
        (_, true) => format!(
            "How {words} stood then cannot be told: values of a change since then were taken out of the trail, because they told of \
             somebody who was erased. Ask for a later moment."
        ),
        (false, false) => return Ok(()),
    };
    Err(Problem::conflict(detail).into())
}

/// The one row that is looked for.
pub(crate) struct One<'a> {
    /// The condition that finds it, over the alias `t`.
    pub(crate) condition: &'a str,
    /// Its identifier as the trail writes it.
    pub(crate) id: &'a str,
}

impl Served {
    /// Whether the trail tells what its rows were: those that only the program itself writes are not told one by one.
    pub fn has_past(&self) -> bool {
        let writes = [Verb::Create, Verb::Update, Verb::Delete].iter().any(|verb| self.resource.offers(*verb));
        !self.table.is_view && (writes || self.resource.versions.is_some())
    }

    /// Whether rows that are gone for good may be told from the trail: not where row security hid some of them for reasons
    /// of their own, which nobody can ask any more.
    pub(crate) fn tells_of_gone(&self) -> bool {
        !self.is_soft() && !self.table.has_own_policy
    }

    /// The rows as they stood at `moment`, as a query in parentheses that stands in place of the table. `reach` are the
    /// conditions over `t` on what the actor may read: who may read a row now may read what it was.
    pub(crate) fn at_moment(
        &self,
        moment: Timestamp,
        reach: &[String],
        one: Option<&One<'_>>,
        params: &mut Vec<Param>,
    ) -> String {
        let mut place = |value: Param| {
            params.push(value);
            params.len()
        };
        let at = place(Param::Time(moment));
        let kind = place(Param::Text(self.resource.permission.to_owned()));
        let columns = place(Param::Texts(self.visible().map(|column| column.name.clone()).collect()));
        let id = one.map(|one| place(Param::Text(one.id.to_owned())));
        let (table, key) = (self.resource.table, self.key_text());
        let only = id.map_or_else(String::new, |id| format!(" and a.resource_id = ${id}::text"));
        let here: String = reach
            .iter()
            .map(String::as_str)
            .chain(one.map(|one| one.condition))
            .map(|condition| format!(" and {condition}"))
            .collect();
        let made = |alias: &str| match self.table.has("created_at") {
            true => format!(" and {alias}.created_at <= ${at}::timestamptz"),
            false => String::new(),
        };
        // An image keeps its own key, so nothing but the columns that are shown is ever taken from the trail.
        let gone = if self.tells_of_gone() {
            let same: Vec<String> = self.resource.key.iter().map(|column| format!("n.{column} = t.{column}")).collect();
            format!(
                " union all
                 select t.* from (select v.* from began b join was w on w.record = b.record
                                   cross join lateral jsonb_populate_record(null::{table}, w.fields) v where not b.is_new) t
                  where not exists (select from {table} n where {same}){made}{here}",
                same = same.join(" and "),
                made = made("t"),
            )
        } else {
            String::new()
        };
        format!(
            "(with later as materialized (
                select a.resource_id as record, a.event_type, a.old_values,
                       row_number() over (partition by a.resource_id order by a.occurred_at, a.id) as nth
                  from audit.audit_logs a
                 where a.resource_type = ${kind}::text and a.resource_id is not null and a.status = 'success'
                   and a.id >= platform.uuid_v7_floor(${at}::timestamptz - interval '1 minute')
                   and a.occurred_at > ${at}::timestamptz{only}),
              began as (select l.record, right(l.event_type, 8) = '.created' as is_new from later l where l.nth = 1),
              was as (
                select x.record, jsonb_object_agg(x.key, x.value) as fields
                  from (select distinct on (l.record, k.key) l.record, k.key, k.value
                          from later l
                         cross join lateral jsonb_each(
                                 case when jsonb_typeof(l.old_values) = 'object' then l.old_values else '{{}}' end) k
                         where k.key = any(${columns}::text[])
                         order by l.record, k.key, l.nth) x
                 group by x.record)
              select t.* from {table} t
               where not exists (select from began b where b.record = {key}){made_now}{here}
              union all
              select v.* from {table} t
                join began b on b.record = {key}
                left join was w on w.record = b.record
               cross join lateral jsonb_populate_record(t, coalesce(w.fields, '{{}}')) v
               where not b.is_new{made_then}{here}{gone})",
            made_now = made("t"),
            made_then = made("v"),
        )
    }
}
