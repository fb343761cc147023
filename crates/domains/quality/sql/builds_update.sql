-- Fills what is not known of a build, and ends one that was not ended. What is known stays, and the way it ended too.
update delivery.builds b
set git_commit_hash = n.git_commit_hash, git_branch = n.git_branch, status = n.status, started_at = n.started_at, completed_at = n.completed_at
from (
  select o.id, coalesce(o.git_commit_hash, $2::text) as git_commit_hash, coalesce(o.git_branch, $3::text) as git_branch,
         case when o.status = 'pending' or o.status = 'building' and $4 <> 'pending' then $4 else o.status end as status,
         coalesce(o.started_at, least($5::timestamptz, o.completed_at)) as started_at,
         case when o.completed_at is null and $6::timestamptz is not null
              then greatest($6::timestamptz, coalesce(o.started_at, $5::timestamptz)) else o.completed_at end as completed_at
  from delivery.builds o where o.id = $1) n
where b.id = n.id and (b.git_commit_hash, b.git_branch, b.status, b.started_at, b.completed_at)
  is distinct from (n.git_commit_hash, n.git_branch, n.status, n.started_at, n.completed_at)
