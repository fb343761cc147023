-- One build by its number. No row when there is none.
select b.id, b.build_number, b.version_tag, b.git_commit_hash, b.git_branch, b.status,
       coalesce(b.completed_at, b.started_at, b.created_at) as made_at, b.duration_seconds
  from delivery.builds b
 where b.project_id = $1 and b.build_number = $2 and /* readable builds b.id */ true
