-- What builds prove and deliver, so what is at risk where they run: for each, the requirements that its tests verify and the one its feature is for,
-- the most urgent first, each with its tests and how they went in this build. At most ten requirements a build and five tests a requirement, with
-- how many there are. No row for a build that has neither.
-- $1 projects, $2 builds, place by place
with asked as (
  select distinct g.project_id, g.build_id from unnest($1::uuid[], $2::uuid[]) g (project_id, build_id)
), ran as (
  select distinct on (a.build_id, r.test_case_id) a.project_id, a.build_id, r.test_case_id, r.status
  from asked a join quality.test_results r on r.project_id = a.project_id and r.build_id = a.build_id
  where /* readable test-results r.id */ true
  order by a.build_id, r.test_case_id, r.id desc
), proven as (
  select r.project_id, r.build_id, l.target_id as requirement_id, t.key, t.name, r.status
  from ran r
  join work.trace_links l on l.project_id = r.project_id and l.source_id = r.test_case_id and l.link_type = 'verifies' and /* readable trace-links l.id */ true
  join quality.test_cases t on t.project_id = r.project_id and t.id = r.test_case_id and t.deleted_at is null and /* readable test-cases t.id */ true
  group by r.project_id, r.build_id, l.target_id, t.key, t.name, r.status
), delivered as (
  select b.project_id, b.id as build_id, f.requirement_id
  from asked a
  join delivery.builds b on b.project_id = a.project_id and b.id = a.build_id
  join work.features f on f.project_id = b.project_id and f.id = b.feature_id and f.requirement_id is not null and /* readable features f.id */ true
), meant as (
  select project_id, build_id, requirement_id from proven union select project_id, build_id, requirement_id from delivered
), ranked as (
  select m.project_id, m.build_id, q.id, q.key, q.title, count(*) over (partition by m.build_id) as requirements,
         row_number() over (partition by m.build_id order by array_position(array['critical', 'high', 'medium', 'low'], q.priority_code), q.number) as place
  from meant m
  join work.requirements q on q.project_id = m.project_id and q.id = m.requirement_id and q.deleted_at is null and /* readable requirements q.id */ true
)
select r.build_id, r.key, r.title, r.requirements, t.tests, coalesce(t.keys, '{}') as test_keys, coalesce(t.names, '{}') as test_names,
       coalesce(t.statuses, '{}') as test_statuses
from ranked r
left join lateral (
  select max(n.tests) as tests, array_agg(n.key order by n.place) as keys, array_agg(n.name order by n.place) as names,
         array_agg(n.status order by n.place) as statuses
  from (
    select p.key, p.name, p.status, count(*) over () as tests,
           row_number() over (order by array_position(array['error', 'failed', 'skipped', 'passed'], p.status), p.key) as place
    from proven p where p.build_id = r.build_id and p.requirement_id = r.id) n
  where n.place <= 5) t on true
where r.place <= 10
order by r.build_id, r.place
