-- Builds of a project, newest first. No row when none fits.
-- Parameters: project, statuses, branches, pattern, text, the number of the last one of the page before, rows.
select b.id, b.build_number, b.version_tag, b.git_commit_hash, b.git_branch, b.status,
       coalesce(b.completed_at, b.started_at, b.created_at) as made_at, b.duration_seconds
  from delivery.builds b
 where b.project_id = $1 and /* readable builds b.id */ true
   and ($2::text[] is null or b.status = any ($2))
   and ($3::text[] is null or b.git_branch = any ($3))
   and ($4::text is null or b.version_tag ilike $4 or b.git_branch ilike $4 or starts_with(b.git_commit_hash, lower($5))
        or b.build_number::text = ltrim($5, '#'))
   and ($6::int is null or b.build_number < $6)
 order by b.build_number desc
 limit $7
