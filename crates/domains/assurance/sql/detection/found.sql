-- What one rule sees: for each subject how much within its window, and how much of that is new since its latest event, which is named.
-- Parameters: since when it counts, now, the threshold, the rule, how much there has to be.
with asked as materialized (select $1::timestamptz as since, $2::timestamptz as now, $3::bigint as threshold),
hits as materialized (
  {hits}),
known as (
  select s.subject, e.id, e.is_resolved, e.newest_seen_id, e.occurrence_count
    from (select distinct h.subject from hits h) s
   cross join lateral (
     select k.id, k.is_resolved, k.newest_seen_id, k.occurrence_count from security.security_events k
      where k.fingerprint = $4::text || ':' || s.subject order by k.id desc limit 1) e),
found as (
  select h.subject, ({measure})::bigint as amount, coalesce(({measure} filter (where k.newest_seen_id is null or h.id > k.newest_seen_id))::bigint, 0) as fresh,
         min(h.at) as first_at, max(h.at) as last_at,
         min(h.at) filter (where k.newest_seen_id is null or h.id > k.newest_seen_id) as fresh_at,
         (array_agg(h.id order by h.id desc))[1:50] as rows,
         (array_agg(h.address order by h.id desc) filter (where h.address is not null))[1] as address,
         (array_agg(h.user_agent order by h.id desc) filter (where h.user_agent is not null))[1] as user_agent,
         (array_agg(h.target_id order by h.id desc) filter (where h.target_id is not null))[1] as target_id,
         (array_agg(h.source_id order by h.id desc) filter (where h.source_id is not null))[1] as source_id,
         count(distinct h.target_id) as people, count(distinct h.address) as addresses
    from hits h left join known k on k.subject = h.subject
   group by h.subject
  having ({measure})::bigint >= $5::bigint)
select f.subject, f.amount, f.fresh, f.first_at, f.last_at, f.fresh_at, f.rows, host(f.address) as address, f.user_agent, f.people, f.addresses,
       (select m.user_id from identity.memberships m where m.user_id = f.target_id) as target_id,
       (select u.display_name from identity.users u where u.id = f.target_id) as target_name,
       (select m.user_id from identity.memberships m where m.user_id = f.source_id) as source_id,
       (select u.display_name from identity.users u where u.id = f.source_id) as source_name,
       k.id as event_id, k.is_resolved as event_is_resolved, k.occurrence_count as event_amount
  from found f left join known k on k.subject = f.subject
 order by f.subject
