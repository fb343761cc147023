-- How many requirements, tests and open defects of a project its navigation shows. Counting stops at 10,001 rows of each kind, so that the frame of a
-- page costs the same in a large project as in a small one.
-- $1 project
select (select count(*) from (select 1 from work.requirements r
          where r.project_id = $1 and r.status <> 'rejected' and r.deleted_at is null and /* readable requirements r.id */ true limit 10001) counted),
       (select count(*) from (select 1 from quality.test_cases t
          where t.project_id = $1 and t.status = 'active' and t.deleted_at is null and /* readable test-cases t.id */ true limit 10001) counted),
       (select count(*) from (select 1 from quality.defects d
          where d.project_id = $1 and d.status in ('open', 'assigned', 'in_progress') and d.deleted_at is null and /* readable defects d.id */ true
          limit 10001) counted)
