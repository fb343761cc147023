-- Those of the given imports that have not ended, with where their content waits; fewer rows when others are through.
select id, spool_path from platform.imports where id = any($1) and status in ('queued', 'running') order by id
