-- The projects that the reader may know of, by name; none when there are none.
select p.id, p.slug, p.name from work.projects p where p.deleted_at is null order by lower(p.name), p.id limit 500
