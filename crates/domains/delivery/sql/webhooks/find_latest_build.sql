-- The build of a commit, or of a version: the latest good one, or else the latest; no row when there is none.
select b.id from delivery.builds b
 where b.project_id = $1 and (b.repository_id = $2 or b.repository_id is null)
   and (b.git_commit_hash = $3 or b.version_tag = $4 or ($3::text is null and b.git_branch = $4))
 order by b.status = 'success' desc, b.id desc limit 1
