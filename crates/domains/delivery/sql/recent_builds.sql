-- The latest builds of a project with the counts of their results, the newest first.
-- $1 project, $2 how many
select b.id, b.build_number, coalesce(b.version_tag, b.git_branch, ''), b.git_commit_hash, b.status,
       b.tests_passed, b.tests_failed, coalesce(b.completed_at, b.started_at, b.created_at)
  from delivery.builds b
 where b.project_id = $1 and /* readable builds b.id */ true
 order by b.build_number desc
 limit $2
