-- What a build made. No row when nothing was recorded.
select coalesce(a.path, a.image_url, 'a stored file') as name, a.artifact_kind, a.size_bytes
  from delivery.build_artifacts a
 where a.project_id = $1 and a.build_id = $2 and /* readable artifacts a.id */ true
 order by a.id
 limit 200
