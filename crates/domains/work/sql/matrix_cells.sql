-- What some records of a project are linked to among the records of one kind, by trace links in either direction and by what they are part of: a test
-- counts for the requirement of its feature. Each pair and type once, with the criteria that are meant, whether a link is suspect, and of a test what its
-- latest result says, in which build, and when it last changed its mind. No row for a record that is linked to none.
-- $1 project, $2 records, $3 kind of the others, $4 a type of link or null for any
with pair (row_id, column_id, link_type, criterion_id, is_suspect) as (
  select l.source_id, l.target_id, l.link_type, l.criterion_id, l.suspect_since is not null
    from work.trace_links l where l.project_id = $1 and l.source_id = any ($2::uuid[]) and /* readable trace-links l.id */ true
  union all
  select l.target_id, l.source_id, l.link_type, l.criterion_id, l.suspect_since is not null
    from work.trace_links l where l.project_id = $1 and l.target_id = any ($2::uuid[]) and /* readable trace-links l.id */ true
  union all
  select f.requirement_id, f.id, 'implements', null, false
    from work.features f where f.project_id = $1 and f.requirement_id = any ($2::uuid[])
  union all
  select f.id, f.requirement_id, 'implements', null, false
    from work.features f where f.project_id = $1 and f.id = any ($2::uuid[])
  union all
  select t.feature_id, t.id, 'verifies', null, false
    from quality.test_cases t where t.project_id = $1 and t.feature_id = any ($2::uuid[])
  union all
  select t.id, t.feature_id, 'verifies', null, false
    from quality.test_cases t where t.project_id = $1 and t.id = any ($2::uuid[]) and t.feature_id is not null
  union all
  select f.requirement_id, l.source_id, 'verifies', null, l.suspect_since is not null
    from work.features f
    join work.trace_links l on l.project_id = f.project_id and l.target_id = f.id and l.link_type = 'verifies' and /* readable trace-links l.id */ true
   where f.project_id = $1 and f.requirement_id = any ($2::uuid[]) and f.deleted_at is null and /* readable features f.id */ true
  union all
  select l.source_id, f.requirement_id, 'verifies', null, l.suspect_since is not null
    from work.trace_links l
    join work.features f on f.project_id = l.project_id and f.id = l.target_id and f.deleted_at is null and /* readable features f.id */ true
   where l.project_id = $1 and l.source_id = any ($2::uuid[]) and l.link_type = 'verifies' and /* readable trace-links l.id */ true
  union all
  select f.requirement_id, t.id, 'verifies', null, false
    from work.features f
    join quality.test_cases t on t.project_id = f.project_id and t.feature_id = f.id
   where f.project_id = $1 and f.requirement_id = any ($2::uuid[]) and f.deleted_at is null and /* readable features f.id */ true
  union all
  select t.id, f.requirement_id, 'verifies', null, false
    from quality.test_cases t
    join work.features f on f.project_id = t.project_id and f.id = t.feature_id and f.deleted_at is null and /* readable features f.id */ true
   where t.project_id = $1 and t.id = any ($2::uuid[])
), linked as (
  select p.row_id, p.column_id, p.link_type, bool_or(p.is_suspect) as is_suspect,
         array_remove(array_agg(distinct i.position order by i.position), null) as criteria
    from pair p
    -- Looked up one by one (offset 0): the planner takes the few links of a part for thousands, and would read every criterion there is.
    left join lateral (
      select i.position from work.requirement_items i
       where i.project_id = $1 and i.id = p.criterion_id and /* readable requirement-items i.id */ true offset 0) i on p.criterion_id is not null
   where $4::text is null or p.link_type = $4
   group by p.row_id, p.column_id, p.link_type
)
select l.row_id, e.id, k.key, e.title, e.status, l.link_type, l.is_suspect, l.criteria, c.last_run_status, c.last_flipped_at, c.last_run_at, b.build_number
  from linked l
  join platform.entities e on e.id = l.column_id and e.project_id = $1 and e.entity_type = $3 and e.deleted_at is null
   and case e.entity_type
         when 'requirement' then /* readable requirements e.id */ true
         when 'feature' then /* readable features e.id */ true
         when 'task' then /* readable tasks e.id */ true
         when 'change_request' then /* readable change-requests e.id */ true
         when 'decision' then /* readable decisions e.id */ true
         when 'document' then /* readable documents e.id */ true
         when 'test_case' then /* readable test-cases e.id */ true
         when 'defect' then /* readable defects e.id */ true
         when 'vulnerability' then /* readable vulnerabilities e.id */ true
         when 'commit' then /* readable commits e.id */ true
         when 'build' then /* readable builds e.id */ true
         when 'deployment' then /* readable deployments e.id */ true
         else false end
  left join lateral (
    select x.key from work.entity_keys x where x.project_id = $1 and x.entity_id = e.id order by x.created_at desc, x.key limit 1) k on true
  left join quality.test_cases c on $3 = 'test_case' and c.project_id = $1 and c.id = e.id
  left join delivery.builds b on $3 = 'build' and b.project_id = $1 and b.id = e.id
 order by l.row_id, length(k.key), k.key, e.id, l.link_type
