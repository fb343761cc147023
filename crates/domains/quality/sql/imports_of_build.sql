-- Files that were imported into a build, newest first, with how many of their records were refused. No row when none was.
select i.id, i.file_name, i.format, i.status, i.created_at,
       (select count(*) from platform.import_rejections j where j.project_id = i.project_id and j.import_id = i.id) as rejected
  from platform.imports i
 where i.project_id = $1 and i.build_id = $2 and /* readable imports i.id */ true
 order by i.id desc
 limit 50
