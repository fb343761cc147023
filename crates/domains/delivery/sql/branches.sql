-- Branches of the latest builds, the most recently built first. No row when no build names one.
select git_branch from (
  select b.git_branch, b.build_number from delivery.builds b
   where b.project_id = $1 and b.git_branch is not null and /* readable builds b.id */ true
   order by b.build_number desc limit 500) recent
 group by git_branch
 order by max(build_number) desc
 limit 12
