-- The first build of a commit that the other system has not told of yet, at most one.
select b.id
from delivery.builds b
where b.project_id = $1 and b.git_commit_hash = $2
  and not exists (select from platform.external_references x where x.project_id = $1 and x.entity_id = b.id and x.system = $3)
order by b.id
limit 1
