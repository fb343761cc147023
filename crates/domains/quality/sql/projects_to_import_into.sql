-- Slug and name of the active projects, by name: of those given, or all that row security shows (null). No row when there is none.
select p.slug, p.name
  from work.projects p
 where p.deleted_at is null and p.status = 'active' and ($1::uuid[] is null or p.id = any ($1))
 order by lower(p.name), p.id
 limit 200
