-- The files that came in last, newest first. No row when none did.
select i.id, i.file_name, i.status, i.summary ->> 'status' as outcome, i.created_at
  from platform.imports i
 where i.project_id = $1
 order by i.id desc
 limit $2
