-- Records that imports refused, in the order of the files and their lines, and how many there are in all. No row when nothing was refused.
select i.file_name, j.line, j.reason, count(*) over () as whole
  from platform.import_rejections j
  join platform.imports i on i.project_id = j.project_id and i.id = j.import_id
 where j.project_id = $1 and j.import_id = any ($2) and /* readable imports i.id */ true and /* readable import-rejections j.id */ true
 order by j.import_id, j.line nulls first, j.id
 limit $3
