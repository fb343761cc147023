-- Makes a build that a report was the first to name. What was tested has been built, so it counts as such.
insert into delivery.builds (id, project_id, build_number, version_tag, git_commit_hash, status, triggered_by)
values ($1, $2, $3::int, $4::text, $5::text, 'success', $6)
returning build_number
