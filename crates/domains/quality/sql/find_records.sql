-- Records by key or words of their title, those of the given project first. No row when nothing fits.
-- Parameters: keys that are meant, pattern for the title, first words, project (null: none), types readable everywhere,
-- types readable in some projects and these projects (two arrays of one length), build number (null: none), rows.
with readable as materialized (select p.id, p.slug, p.name from work.projects p where p.deleted_at is null),
named as (
  select k.entity_id as id, 0 as rank from readable p
    join work.entity_keys k on k.project_id = p.id and k.key = any ($1)
  union all
  select b.id, 0 from readable p join delivery.builds b on b.project_id = p.id and b.build_number = $8::int),
here as (
  select e.id, case when e.title ilike $3 then 1 else 2 end as rank from platform.entities e
   where $2::text is not null and e.project_id = $4 and e.deleted_at is null and e.title ilike $2
   order by e.id desc limit 100),
elsewhere as (
  select e.id, case when e.title ilike $3 then 3 else 4 end as rank from platform.entities e
   where $2::text is not null and e.project_id is distinct from $4 and e.deleted_at is null and e.title ilike $2
   order by e.id desc limit 100)
select e.entity_type, e.title, e.status, p.slug, p.name, coalesce(t.key, d.key, q.key, f.key) as key, b.build_number, fq.key as requirement_key
  from (select id, min(rank) as rank from (select * from named union all select * from here union all select * from elsewhere) every group by id) found
  join platform.entities e on e.id = found.id and e.deleted_at is null
  join readable p on p.id = e.project_id
  left join quality.test_cases t on e.entity_type = 'test_case' and t.project_id = e.project_id and t.id = e.id
  left join quality.defects d on e.entity_type = 'defect' and d.project_id = e.project_id and d.id = e.id
  left join work.requirements q on e.entity_type = 'requirement' and q.project_id = e.project_id and q.id = e.id
  left join work.features f on e.entity_type = 'feature' and f.project_id = e.project_id and f.id = e.id
  left join work.requirements fq on fq.project_id = f.project_id and fq.id = f.requirement_id
  left join delivery.builds b on e.entity_type = 'build' and b.project_id = e.project_id and b.id = e.id
 where e.entity_type in ('project', 'requirement', 'feature', 'test_case', 'defect', 'build')
   and (e.entity_type = any ($5) or (e.entity_type, e.project_id) in (select * from unnest($6::text[], $7::uuid[])))
 order by found.rank, (e.project_id = $4) desc nulls last, array_position(array['project', 'requirement', 'defect', 'test_case', 'build', 'feature'], e.entity_type), e.id desc
 limit $9
