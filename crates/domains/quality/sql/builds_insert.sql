-- A build that another system was the first to tell of.
insert into delivery.builds (id, project_id, git_commit_hash, git_branch, status, started_at, completed_at, triggered_by)
values ($1, $2, $3::text, $4::text, $5, $6::timestamptz, greatest($7::timestamptz, case when $7 is not null then $6 end), $8)
