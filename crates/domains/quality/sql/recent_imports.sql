-- The files that came in last, newest first. No row when none did.
select i.id, i.file_name, i.status, i.created_at,
       (select count(*) from platform.import_rejections j where j.project_id = i.project_id and j.import_id = i.id) as rejected
  from platform.imports i
 where i.project_id = $1 and /* readable imports i.id */ true
 order by i.id desc
 limit $2
