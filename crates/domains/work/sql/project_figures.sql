-- What the cards of some projects show besides the evidence: open defects and the latest build. A row for each project.
-- $1 projects
select p.id,
       (select count(*) from quality.defects d
         where d.project_id = p.id and d.status in ('open', 'assigned', 'in_progress') and d.deleted_at is null and /* readable defects d.id */ true),
       b.build_number, b.tests_passed, b.tests_failed, coalesce(b.completed_at, b.started_at, b.created_at)
  from unnest($1::uuid[]) p (id)
  left join lateral (
    select * from delivery.builds x where x.project_id = p.id and /* readable builds x.id */ true order by x.build_number desc limit 1) b on true
