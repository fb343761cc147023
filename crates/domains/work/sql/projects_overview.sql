-- The active projects of the organisation that the actor may read, by name. No row when there is none.
select p.id, p.name, p.slug, coalesce(p.description, '')
  from work.projects p
 where p.deleted_at is null and p.status = 'active' and /* readable projects p.id */ true
 order by lower(p.name), p.id
 limit 100
