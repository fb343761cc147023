-- The projects of the organisation that the actor may see, with what their cards show besides the evidence; by name.
-- $1 only these projects (null: all that row security shows)
select p.id, p.name, p.slug, coalesce(p.description, ''),
       (select count(*) from quality.defects d
         where d.project_id = p.id and d.status in ('open', 'assigned', 'in_progress') and d.deleted_at is null),
       b.build_number, b.tests_passed, b.tests_failed, coalesce(b.completed_at, b.started_at, b.created_at)
  from work.projects p
  left join lateral (
    select * from delivery.builds x where x.project_id = p.id order by x.build_number desc limit 1) b on true
 where p.deleted_at is null and p.status = 'active' and ($1::uuid[] is null or p.id = any ($1))
 order by lower(p.name), p.id
 limit 100
